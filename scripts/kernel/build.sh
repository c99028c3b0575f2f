#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
set -eu

usage()
{
	cat <<-EOF
	usage: build.sh [--cached | --dir | --rebuild | --help] [VARIANT]

	Builds a kernel from the distribution's linux-source package, outside the tree, once: the
	folder is named after the source version, the compiler and the configuration fragments.
	VARIANT is the fragment laid over base.config: debug (default).

	  (nothing)   build if needed; print "RELEASE IMAGE MODULES_ROOT"
	  --cached    print the same, fail when it is not built yet
	  --dir       print the build folder, for make -C DIR M=...; fail when it is not built yet
	  --rebuild   build again even if it is there

	KTM_CACHE   where to build (default ~/.cache/ktm)
	KTM_JOBS    parallel jobs (default: number of processors)
	EOF
}

die()
{
	echo "build.sh: $*" >&2
	exit 1
}

# Every symbol that a fragment asks for must have survived: Kconfig drops silently what depends
# on something missing, and the kernel would then check less than we think.
check_config()
{
	grep -hE '^(# )?CONFIG_' "$@" | while read -r line; do
		case $line in
		\#*)
			sym=${line#\# }
			sym=${sym%% *}
			! grep -q "^$sym=" "$build/.config" || echo "$sym is set"
			;;
		*)
			grep -qxF "$line" "$build/.config" || echo "$line is lost"
			;;
		esac
	done > "$build/lost"
	[ ! -s "$build/lost" ] || die "configuration: $(tr '\n' ';' < "$build/lost")"
}

build()
{
	src=$("$here/source.sh")
	mkdir -p "$build"
	rm -f "$build/done"
	echo "build.sh: building in $build (log: build.log); about 10 minutes on two idle cores" >&2
	make -s -C "$src" O="$build" tinyconfig > "$build/config.log" 2>&1
	"$src/scripts/kconfig/merge_config.sh" -m -O "$build" "$build/.config" "$@" \
		>> "$build/config.log" 2>&1
	make -s -C "$src" O="$build" olddefconfig >> "$build/config.log" 2>&1
	check_config "$@"

	nice -n 19 make -C "$build" -j"${KTM_JOBS:-$(nproc)}" bzImage modules \
		> "$build/build.log" 2>&1 &
	pid=$!
	trap 'kill $pid 2>/dev/null' EXIT INT TERM
	while kill -0 $pid 2>/dev/null; do
		sleep 10
		[ ! -t 2 ] || printf '\r%s objects ' "$(grep -c '^ *\(CC\|AS\)' "$build/build.log")" >&2
	done
	wait $pid || { tail -n 20 "$build/build.log" >&2; die "failed, see $build/build.log"; }
	trap - EXIT INT TERM
	make -s -C "$build" INSTALL_MOD_PATH="$build/root" modules_install > "$build/install.log" 2>&1
	make -s -C "$build" kernelrelease > "$build/done"
}

show()
{
	echo "$(cat "$build/done") $build/arch/x86/boot/bzImage $build/root"
}

here=$(cd "$(dirname "$0")" && pwd)
mode=build
case ${1:-} in
--help|-h) usage; exit 0 ;;
--cached|--dir|--rebuild) mode=${1#--}; shift ;;
-*) usage >&2; exit 2 ;;
esac
variant=${1:-debug}
set -- "$here/base.config" "$here/$variant.config"
[ -e "$2" ] || die "no fragment $variant.config"

cache=${KTM_CACHE:-$HOME/.cache/ktm}
version=$(dpkg-query -W -f '${Version}' linux-source-6.1 2>/dev/null) || die "linux-source-6.1 is not installed"
key=$({ echo "$version"; gcc -dumpfullversion; cat "$@"; } | sha256sum | cut -c1-12)
build=$cache/kernel-$variant-$key

case $mode in
cached|dir)
	[ -e "$build/done" ] || die "the $variant kernel is not built; run scripts/kernel/build.sh"
	;;
build)
	[ -e "$build/done" ] || build "$@"
	;;
rebuild)
	build "$@"
	;;
esac
if [ "$mode" = dir ]; then
	echo "$build"
else
	show
fi
