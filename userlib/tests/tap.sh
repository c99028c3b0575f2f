# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Test results as TAP, for shell tests: ok TEXT COMMAND...; tap_done at the end. What a failed
# command printed is shown. $dir is the build folder; $tmp is removed at the end.

# given by run.sh
: "${dir:?}" "${lib:?}" "${CC:?}"

nr=0
bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

ok()
{
	text=$1
	shift
	nr=$((nr + 1))
	if "$@" > "$tmp/.output" 2>&1; then
		echo "ok $nr - $text"
	else
		bad=$((bad + 1))
		echo "not ok $nr - $text"
		sed 's/^/# /' "$tmp/.output"
	fi
}

# same WANTED GOT
same()
{
	[ "$1" = "$2" ] && return
	printf 'wanted: %s\ngot:    %s\n' "$1" "$2"
	return 1
}

# status NUMBER COMMAND...: does the command end with this exit status?
status()
{
	wanted=$1
	shift
	got=0
	"$@" || got=$?
	same "$wanted" "$got"
}

tap_done()
{
	echo "1..$nr"
	[ "$bad" -eq 0 ] && [ "$nr" -gt 0 ]
}
