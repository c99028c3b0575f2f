#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What is installed can be used, and uninstall leaves nothing.
set -u
# shellcheck source=SCRIPTDIR/tap.sh
. "$(dirname "$0")/tap.sh"

root=$tmp/root
# run_make TARGET
run_make()
{
	make -s -C "$lib" O="$dir/strict" CC="$CC" CFLAGS="-O2 -g -Werror" PREFIX=/usr \
		LIBDIR=/usr/lib/here DESTDIR="$root" "$1"
}

ok "install" run_make install
ok "the program runs" "$root/usr/sbin/ktmctl" help
ok "the program does not need the shared library" \
	sh -c "! readelf -d '$root/usr/sbin/ktmctl' | grep -q libktm"
cat > "$tmp/use.c" << 'END'
#include <ktm/ktm.h>
#include <ktm/ktm_txf.h>
#include <ktm/ktm_uring.h>

int main(void)
{
	unsigned char uuid[KTM_UUID_SIZE];

	return ktm_uuid_parse("00112233-4455-6677-8899-aabbccddeeff", uuid) || uuid[1] != 0x11;
}
END
if command -v pkg-config > /dev/null; then
	PKG_CONFIG_PATH=$root/usr/lib/here/pkgconfig
	PKG_CONFIG_SYSROOT_DIR=$root
	export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
	flags=$(pkg-config --cflags --libs libktm)
else
	flags="-I$root/usr/include -L$root/usr/lib/here -lktm"
fi
# shellcheck disable=SC2086 # the flags are words
ok "a program is linked to the shared library" "$CC" -o "$tmp/shared" "$tmp/use.c" $flags
ok "and runs" env LD_LIBRARY_PATH="$root/usr/lib/here" "$tmp/shared"
ok "it needs libktm.so.1" sh -c "readelf -d '$tmp/shared' | grep -q 'NEEDED.*libktm.so.1'"
ok "a program is linked to the static library" "$CC" -I"$root/usr/include" -o "$tmp/static" \
	"$tmp/use.c" "$root/usr/lib/here/libktm.a"
ok "and runs" "$tmp/static"
ok "each call has a page" sh -c "
	sed -n 's/^\t\(ktm_[a-z0-9_]*\);$/\1/p' '$lib/lib/libktm.map' | while read -r name; do
		[ -e '$root/usr/share/man/man3/'\$name.3 ] || { echo \$name; exit 1; }
	done"
ok "uninstall" run_make uninstall
ok "uninstall leaves nothing" same "" "$(find "$root" ! -type d)"
tap_done
