#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: run.sh BUILD_DIR [TEST...]
# Builds strictly and with sanitizers in BUILD_DIR, and runs the tests (all, if none is named).
# Prints TAP lines. CC is the compiler.
set -eu

dir=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
lib=$(cd "$here/.." && pwd)
: "${CC:=cc}"
export CC dir lib

mkdir -p "$dir"
make -s -C "$lib" O="$dir/strict" CC="$CC" CFLAGS="-O2 -g -Werror" all
sanitize="-O1 -g -Werror -fno-omit-frame-pointer -fsanitize=address,undefined"
sanitize="$sanitize -fno-sanitize-recover=all"
# a shared library leaves the symbols of the sanitizers to the program
make -s -C "$lib" O="$dir/asan" CC="$CC" CFLAGS="$sanitize" "$dir/asan/ktmctl"

# build NAME SOURCE...: a test program, linked to the library and to its sources
build()
{
	name=$1
	shift
	# shellcheck disable=SC2086 # the flags are words
	"$CC" -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Wall -Wextra $sanitize \
		-Wl,--wrap=ioctl -I"$lib/lib/include" -I"$lib/../uapi" -I"$lib/ktmctl" \
		-o "$dir/$name" "$here/$name.c" "$here/tap.c" "$@" "$dir/asan/libktm.a"
}
build test_libktm "$here/fake_ioctl.c"
build test_libktm_stream "$here/fake_ioctl.c"
build test_libktm_txf "$here/fake_ioctl.c"
build test_ktmctl "$here/fake_ioctl.c" "$lib/ktmctl/text.c" "$lib/ktmctl/json.c" \
	"$lib/ktmctl/apply_links.c" "$lib/ktmctl/apply_dirs.c"
"$CC" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC -o "$dir/cut_writes.so" \
	"$here/cut_writes.c"

[ $# -gt 0 ] || set -- test_libktm test_libktm_stream test_libktm_txf test_ktmctl \
	test_api.sh test_apply.sh test_command_line.sh test_log.sh test_log_repair.sh test_install.sh test_documents.sh
status=0
for test in "$@"; do
	echo "# $test"
	case $test in
	*.sh) "$here/$test" || status=1 ;;
	*) "$dir/$test" || status=1 ;;
	esac
done
exit $status
