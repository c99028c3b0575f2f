#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
set -eu

usage()
{
	cat <<-EOF
	usage: modules.sh KERNEL OUT [MAKE_ARGUMENT...]
	       modules.sh --install | --uninstall KERNEL OUT [DESTDIR]

	Builds our modules for KERNEL (stock, debug, a release with headers installed, or a suite of the
	distribution such as trixie: see suite.sh) in the folder OUT, as a mirror of links to the sources: kbuild writes beside the sources, and two
	kernels would overwrite each other's objects there.
	EOF
}

mode=build
case ${1:-} in
--help|-h) usage; exit 0 ;;
--install|--uninstall) mode=${1#--}; shift ;;
esac
[ $# -ge 2 ] || { usage >&2; exit 2; }

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
kernel=$1 out=$2
shift 2
mkdir -p "$out"
out=$(cd "$out" && pwd)

case $kernel in
debug)
	dir=$("$here/build.sh" --dir)
	# Undefined behaviour in the whole kernel would double the boot time; ours is worth it.
	[ "$mode" != build ] || set -- UBSAN_SANITIZE=y "$@"
	;;
stock)
	dir=/lib/modules/$("$here/stock.sh" | cut -d' ' -f1)/build
	;;
[0-9]*)
	dir=/lib/modules/$kernel/build
	;;
*)
	# With the suite's own compiler, and only to test with.
	[ "$mode" = build ] || { usage >&2; exit 2; }
	found=$("$here/suite.sh" "$kernel")
	release=${found%% *}
	dir=/lib/modules/$release/build
	suite=$kernel
	;;
esac

[ -n "${suite:-}" ] ||
	release=$(sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' "$dir/include/generated/utsrelease.h")

# An O= on the command line of our own Makefile would be taken for that of kbuild.
unset MAKEFLAGS MAKEOVERRIDES

# Links new files in, lets go of deleted ones.
mirror()
{
	for part in Kbuild module uapi selftests/kmod; do
		[ -e "$top/$part" ] || continue
		mkdir -p "$out/$(dirname "$part")"
		(cd "$top" && find "$part" -name '*.[ch]' -o -name Kbuild -o -name Makefile) |
			while read -r file; do
				mkdir -p "$out/$(dirname "$file")"
				[ -L "$out/$file" ] || ln -sf "$top/$file" "$out/$file"
			done
	done
	find "$out" -xtype l -delete
}

case $mode in
build)
	# Two builds at once in one folder would ruin each other.
	exec 9> "$out/.lock"
	flock 9
	mirror
	set -- make -j"$(nproc)" -C "$dir" M="$out" "$@" modules
	[ -z "${suite:-}" ] || set -- "$here/suite.sh" --run "$suite" "$top" "$out" -- "$@"
	"$@"
	;;
install)
	make -C "$dir" M="$out" INSTALL_MOD_PATH="${1:-}" modules_install
	# The modules of the tests are built along, but are not for use.
	find "${1:-}/lib/modules/$release" -path '*/selftests/*' -name '*.ko' -delete
	;;
uninstall)
	find "$out" -name '*.ko' | while read -r ko; do
		find "${1:-}/lib/modules/$release" -name "$(basename "$ko")" -delete
	done
	[ -n "${1:-}" ] || depmod "$release"
	;;
esac
