#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Prints the folder with the kernel's own kselftest.h and kselftest_harness.h (in no package but
# the kernel source), for cc -I.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=$("$here/source.sh")/tools/testing/selftests
[ -e "$dir/kselftest_harness.h" ] || { echo "kselftest.sh: no harness in $dir" >&2; exit 1; }
echo "$dir"
