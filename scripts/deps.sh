#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: deps.sh [--list] [demo|bench]
# Installs from the distribution what is missing of what building, checking and the demo need, or
# the demo alone. Needs only a shell and apt.
set -eu

# to build the modules and the library
packages="gcc make libc6-dev linux-headers-amd64 kmod"
# virtual machine
packages="$packages linux-image-amd64 xz-utils lz4 python3 qemu-system-x86 busybox-static cpio
	util-linux e2fsprogs"
# the demo
packages="$packages git attr libsqlite3-dev sqlite3"

list=
[ "${1:-}" != --list ] || { list=yes; shift; }
if [ "${1:-}" != demo ]; then
	# debug kernel, kselftest harness
	packages="$packages linux-source-6.1 flex bison bc libelf-dev libssl-dev"
	# tests
	packages="$packages xfsprogs btrfs-progs dmsetup acl jq bats pkg-config liburing-dev
		secilc apparmor clang libclang-rt-14-dev"
	# checks
	packages="$packages perl sparse shellcheck mandoc codespell spin"
fi
# brings some hundred MB of storage libraries
[ "${1:-}" != bench ] || packages="$packages fio"

if [ -n "$list" ]; then
	for package in $packages; do echo "$package"; done
	exit 0
fi

missing=
for package in $packages; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
$sudo apt-get update -q
# shellcheck disable=SC2086 # two lists of words
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing
