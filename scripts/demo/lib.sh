# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# How the parts of the demo talk, and what they share in the guest.

PATH=$O/userlib:$O/demo:$KTM_SRC/scripts/vm:$KTM_SRC/scripts/demo:$PATH
claims_failed=0

say() { echo "  $*"; }

# show COMMAND...: as typed at a prompt, with its output
show()
{
	echo "  # $*"
	"$@" 2>&1 | sed 's/^/    /'
	return "${PIPESTATUS[0]}"
}

# claim TEXT COMMAND...: a statement, and the command that proves it
claim()
{
	local text=$1
	shift
	if "$@"; then
		echo "  [ok]     $text"
	else
		echo "  [FAILED] $text"
		claims_failed=$((claims_failed + 1))
	fi
}

# The exit status of a part; whoever reads its output counts the claims.
finish() { [ $claims_failed = 0 ]; }

load()
{
	insmod "$O/modules-stock/ktm.ko"
	insmod "$O/modules-stock/ktm_txf.ko"
}
