#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: stock.sh [RELEASE]
# Prints "RELEASE IMAGE MODULES_ROOT" of a kernel installed in /boot, by default the newest with
# headers to build modules against. The image is uncompressed once into the cache: booting the
# ELF file saves 5 s of 9 s under emulation.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${KTM_CACHE:-$HOME/.cache/ktm}

release=${1:-}
if [ -z "$release" ]; then
	for image in $(find /boot -maxdepth 1 -name 'vmlinuz-*' | sort -V); do
		r=${image#/boot/vmlinuz-}
		[ -e "/lib/modules/$r/build" ] && release=$r
	done
fi
image=/boot/vmlinuz-$release
if [ -z "$release" ] || [ ! -e "$image" ]; then
	echo "stock.sh: no kernel ${release:-with headers} in /boot" >&2
	exit 1
fi

out=$cache/vmlinux-$release-$(stat -c %s-%Y "$image")
if [ ! -s "$out" ]; then
	mkdir -p "$cache"
	src=$("$here/source.sh")
	"$src/scripts/extract-vmlinux" "$image" > "$out.$$"
	mv "$out.$$" "$out"
fi
echo "$release $out /"
