#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
set -eu

usage()
{
	cat <<-EOF
	usage: suite.sh SUITE
	       suite.sh --run SUITE FOLDER... -- COMMAND...

	A kernel of another release of the distribution (trixie, trixie-backports, sid ...), with the
	compiler that belongs to it, in a root of its own in the cache: made when it is not there yet,
	600 MB and about a minute of downloads. Prints "RELEASE IMAGE MODULES_ROOT", as stock.sh does.
	With --run it runs COMMAND in that root, with each FOLDER there under its own path. Needs to be
	root, and mmdebstrap.
	EOF
}

here=$(cd "$(dirname "$0")" && pwd)
cache=${KTM_CACHE:-$HOME/.cache/ktm}

run=
case ${1:-} in
--help|-h) usage; exit 0 ;;
--run) run=yes; shift ;;
esac
[ $# -ge 1 ] || { usage >&2; exit 2; }
suite=$1
shift
root=$cache/suite-$suite
mirror=http://deb.debian.org/debian

# A suite of backports is an addition to the release that it is for.
make_root()
{
	base=${suite%-backports}
	list=$root.list
	echo "deb $mirror $base main" > "$list"
	set -- gcc make libc6-dev kmod
	if [ "$base" = "$suite" ]; then
		set -- "$@" linux-headers-amd64 linux-image-amd64
	else
		echo "deb $mirror $suite main" >> "$list"
		set -- "$@" "linux-headers-amd64/$suite" "linux-image-amd64/$suite"
	fi
	# Nobody boots this root: no initramfs. A mirror may serve an index past its date.
	mmdebstrap --quiet --mode=root --variant=apt --include="$(echo "$@" | tr ' ' ,)" \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt="APT::Default-Release \"$suite\"" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		"$base" "$root.new" "$list" >&2
	rm -f "$list"
	mv "$root.new" "$root"
}

mkdir -p "$cache"
# Two checks may want it at once; the second waits for the first.
exec 9> "$root.lock"
flock 9
if [ ! -d "$root" ]; then
	command -v mmdebstrap > /dev/null || {
		echo "suite.sh: no mmdebstrap; run 'apt-get install mmdebstrap'" >&2
		exit 1
	}
	rm -rf "$root.new"
	echo "suite.sh: making $root" >&2
	make_root
fi
exec 9>&-

if [ -z "$run" ]; then
	image=$(find "$root/boot" -name 'vmlinuz-*' | sort -V | tail -n 1)
	release=${image##*/vmlinuz-}
	out=$cache/vmlinux-$release-$(stat -c %s-%Y "$image")
	if [ ! -s "$out" ]; then
		"$("$here/source.sh")/scripts/extract-vmlinux" "$image" > "$out.$$"
		mv "$out.$$" "$out"
	fi
	echo "$release $out $root"
	exit 0
fi

folders=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	mkdir -p "$1" "$root$1"
	folders="$folders $1"
	shift
done
if [ "${1:-}" != -- ] || [ $# -lt 2 ]; then
	usage >&2
	exit 2
fi
shift
export folders root
# The mounts are gone with the process that sees them.
# shellcheck disable=SC2016 # expanded by the inner shell
exec unshare --mount sh -c '
	for folder in $folders; do
		mount --bind "$folder" "$root$folder" || exit 1
	done
	mount --bind /proc "$root/proc" || exit 1
	exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' sh "$@"
