#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: initramfs.sh RELEASE MODULES_DIR OUTPUT
# Writes the uncompressed cpio that boots kernel RELEASE from the 9p root. MODULES_DIR is the
# folder that holds lib/modules/RELEASE; modules built into the kernel need no file.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
release=$1 root=$2 output=$3
wanted="virtio_pci virtio_mmio virtio_blk virtio_console 9pnet_virtio 9p overlay loop"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/bin" "$tmp/proc" "$tmp/sys" "$tmp/dev" "$tmp/modules" \
	"$tmp/lower" "$tmp/share" "$tmp/rw" "$tmp/new"
cp "$(command -v busybox)" "$tmp/bin/busybox"
ln -s busybox "$tmp/bin/sh"
install -m 755 "$here/init" "$tmp/init"

: > "$tmp/modules/order"
for mod in $wanted; do
	/sbin/modprobe -d "$root" -S "$release" --show-depends "$mod" 2>/dev/null || true
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
	cp "$path" "$tmp/modules/"
	basename "$path" >> "$tmp/modules/order"
done
(cd "$tmp" && find . | cpio --quiet -o -H newc) > "$output.tmp"
mv "$output.tmp" "$output"
