#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# --help, getopt, the manual and the completion agree; the manual is well formed.
set -u
# shellcheck source=SCRIPTDIR/tap.sh
. "$(dirname "$0")/tap.sh"

ktmctl=$dir/asan/ktmctl
man=$lib/man
completion=$lib/completion/ktmctl
commands=$("$ktmctl" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | grep -vx help)

# options COMMAND: the long options that --help names
options()
{
	"$ktmctl" "$1" --help | grep -oE '^ +-[a-z], --[a-z-]+' | grep -oE -e '--[a-z-]+' | sort
}

# in_source COMMAND: the long options that getopt_long() is given
in_source()
{
	sed -n 's/^\t\t{ "\([a-z-]*\)", [a-z]*_argument, NULL, .*/--\1/p' \
		"$lib/ktmctl/cmd_$1.c" | sort
}

# in_manual COMMAND: those that the manual describes
in_manual()
{
	grep -oE '^\.It Fl [a-z] (Ar [A-Z]+ )?, Fl -[a-z-]+' "$man/ktmctl-$1.8" |
		grep -oE 'Fl -[a-z-]+' | sed 's/Fl /-/' | sort
}

for command in $commands; do
	ok "$command: --help names the options that there are" \
		same "$(in_source "$command")" "$(options "$command")"
	ok "$command: so does the manual" same "$(options "$command")" "$(in_manual "$command")"
	ok "ktmctl(8) names $command" grep -q "^\.It Xr ktmctl-$command 8" "$man/ktmctl.8"
done

# complete_words WORD...: what is offered for the last word
complete_words()
{
	bash -c '
		PATH=$(dirname "$0"):$PATH
		. "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_ktmctl
		printf "%s\n" "${COMPREPLY[@]}"' "$ktmctl" "$completion" "$@" | sort
}

ok "the completion offers the commands" \
	same "$("$ktmctl" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | sort)" \
	"$(complete_words ktmctl "")"
for command in $commands; do
	ok "$command: the completion offers the options" \
		same "$(options "$command")" "$(complete_words ktmctl "$command" --)"
done
ok "the completion offers kinds" same "$(printf 'enlistments\nrms\nstreams\ntms\ntransactions')" \
	"$(complete_words ktmctl list "")"
ok "the completion offers what txf can do" same "$(printf 'disable\nenable\nkept\nstatus')" \
	"$(complete_words ktmctl txf "")"
ok "the completion offers what log can do" same "$(printf 'archive\ncheck\ncreate\ndump\nrepair\nstat')" \
	"$(complete_words ktmctl log "")"
complete_words ktmctl txf enable / > "$tmp/mounts"
ok "the completion offers mount points" grep -qx / "$tmp/mounts"
ok "shellcheck of the completion" shellcheck "$completion"

for page in "$man"/*.[38]; do
	name=$(basename "$page")
	ok "$name is well formed" \
		sh -c "! (cd '$lib' && mandoc -T lint -W warning 'man/$name') | grep ."
done

# each call is a name of exactly one page, which has its prototype
sed -n 's/^\t\(ktm_[a-z0-9_]*\);$/\1/p' "$lib/lib/libktm.map" > "$tmp/names"
while read -r name; do
	page=$(grep -lE "^\.Nm $name( ,)?$" "$man"/*.3)
	ok "$name has a page" [ -f "$page" ]
	ok "$name has its prototype there" grep -qE "^\.F[no] $name( |$)" "$page"
done < "$tmp/names"
tap_done
