#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The library shows what its map says and no more; its headers can be used by everybody.
set -u
# shellcheck source=SCRIPTDIR/tap.sh
. "$(dirname "$0")/tap.sh"

so=$dir/strict/libktm.so.1
archive=$dir/strict/libktm.a
headers=$lib/lib/include/ktm

sed -n 's/^\t\(ktm_[a-z0-9_]*\);$/\1/p' "$lib/lib/libktm.map" | sort > "$tmp/map"
nm -D --defined-only "$so" | awk '$2 == "T" { sub("@.*", "", $3); print $3 }' | sort > "$tmp/so"
nm -g --defined-only "$archive" | awk '$2 == "T" { print $3 }' | sort > "$tmp/archive"
# what the headers declare: a name at the beginning of a line or after its type
cat "$headers"/*.h | sed -n 's/^\(int\|long\|void\|const char\) \**\(ktm_[a-z0-9_]*\)(.*/\2/p' |
	sort > "$tmp/headers"

ok "the map names more than 50 symbols" [ "$(wc -l < "$tmp/map")" -gt 50 ]
ok "the map has each name once" [ -z "$(uniq -d "$tmp/map")" ]
ok "the shared library exports what the map says" diff "$tmp/map" "$tmp/so"
ok "the headers declare what the map says" diff "$tmp/map" "$tmp/headers"
ok "the static library has nothing but ktm_ names" \
	[ -z "$(grep -v '^ktm_' "$tmp/archive")" ]
ok "beyond the map it has ktm_priv_ names only" \
	[ -z "$(comm -13 "$tmp/map" "$tmp/archive" | grep -v '^ktm_priv_')" ]
ok "each symbol has a version" \
	[ -z "$(nm -D --defined-only "$so" | awk '$2 == "T" && $3 !~ /@@LIBKTM_/')" ]
ok "soname" sh -c "readelf -d '$so' | grep -q 'soname: \[libktm.so.1\]'"
# A pipe hides the exit status, and grep finding nothing is what is wanted.
ok "the library never prints, exits or aborts" \
	sh -c "! nm -D -u '$so' | grep -wE '(f|v|d)*printf|puts|fputs|perror|exit|abort|err|warn'"

flags="-I$lib/lib/include -I$lib/../uapi -fsyntax-only -Wall -Wextra -Werror"
for header in ktm.h ktm_log.h ktm_txf.h ktm_uring.h; do
	printf '#include <ktm/%s>\nint main(void) { return 0; }\n' "$header" > "$tmp/use.c"
	cp "$tmp/use.c" "$tmp/use.cc"
	# shellcheck disable=SC2086 # the flags are words
	ok "$header is C11" "$CC" -std=c11 -pedantic $flags "$tmp/use.c"
	# shellcheck disable=SC2086
	ok "$header is C99" "$CC" -std=c99 -pedantic $flags "$tmp/use.c"
	# shellcheck disable=SC2086
	ok "$header is C++" "$CC" -x c++ -std=c++11 $flags "$tmp/use.cc"
	ok "$header documents each of its calls" sh -c "
		grep -oE '^(int|long|void|const char) \**ktm_[a-z0-9_]*\(' '$headers/$header' |
		grep -oE 'ktm_[a-z0-9_]*' | while read -r name; do
			grep -q \"^ \* \$name - \" '$headers/$header' || { echo \"\$name\"; exit 1; }
		done"
done
tap_done
