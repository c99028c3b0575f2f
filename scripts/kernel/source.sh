#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Prints the folder of the unpacked kernel source, unpacking the distribution's tarball into the
# cache when it is not there yet.
set -eu

cache=${KTM_CACHE:-$HOME/.cache/ktm}
tarball=$(find /usr/src -maxdepth 1 -name 'linux-source-*.tar.xz' | sort -V | tail -n 1)
[ -n "$tarball" ] || { echo "source.sh: no /usr/src/linux-source-*.tar.xz; run 'make deps'" >&2; exit 1; }
name=$(basename "$tarball" .tar.xz)
dir=$cache/$name

# The folder remembers its tarball: a newer package is unpacked anew.
stamp=$(stat -c '%s %Y' "$tarball")
if [ "$(cat "$dir/.tarball" 2>/dev/null)" != "$stamp" ]; then
	mkdir -p "$cache"
	# Two checks may want it at once; the second waits for the first.
	exec 9> "$cache/.unpack-lock"
	flock 9
	if [ "$(cat "$dir/.tarball" 2>/dev/null)" != "$stamp" ]; then
		rm -rf "$dir"
		echo "unpacking $tarball" >&2
		tar -C "$cache" -xf "$tarball"
		echo "$stamp" > "$dir/.tarball"
	fi
fi
echo "$dir"
