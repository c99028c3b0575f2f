#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Exit status and messages of ktmctl, as far as no kernel module is needed.
set -u
# shellcheck source=SCRIPTDIR/tap.sh
. "$(dirname "$0")/tap.sh"

ktmctl=$dir/asan/ktmctl
commands=$("$ktmctl" help | sed -n 's/^  \([a-z]*\) .*/\1/p')

ok "there are 13 commands" same 13 "$(echo "$commands" | wc -w)"
ok "no command" status 2 "$ktmctl"
ok "an unknown command" status 2 "$ktmctl" frobnicate
ok "--help" status 0 "$ktmctl" --help
ok "--version" sh -c "'$ktmctl' --version | grep -qE '^ktmctl [0-9]+\.[0-9]+\.[0-9]+$'"
ok "help of an unknown command" status 2 "$ktmctl" help frobnicate
for command in $commands; do
	ok "$command --help" sh -c "'$ktmctl' $command --help | grep -q '^Usage: ktmctl $command'"
	ok "help $command says the same" \
		same "$("$ktmctl" "$command" --help)" "$("$ktmctl" help "$command")"
	ok "$command refuses an unknown option" status 2 "$ktmctl" "$command" --frobnicate
	ok "$command fits on 90 columns" \
		[ -z "$("$ktmctl" "$command" --help | awk 'length > 90')" ]
done
for wrong in "status a b" "list nothing" "list a b" "attach" "attach a b" "attach -m 9 x" \
	"attach -u 1 x" "attach -o -1 x" "detach" "detach a b" \
	"adopt" "adopt a b" "adopt -u 1 a" "adopt -k a" "adopt -k -n x -t m a" \
	"adopt -k -n x -u 00112233-4455-6677-8899-aabbccddeeff a" \
	"freeze" "freeze -t 0 a" "freeze -l x a" "freeze -t 300 -l 301 a" "thaw" "thaw a b" \
	"recover" "recover a b" "recover -c 0 a" "recover -c x a" "recover -d a" "txf" "txf enable" "txf paint x" \
	"txf --tm x disable y" "txf --forget enable y" "txf status a b" "apply" "apply a" \
	"apply a b c" "apply -t x a b" "init a b" "init --size 1X" "init --size 64K" \
	"init --mode 0999" "init --log x y" "log" "log check" "log paint x" \
	"init --name $(printf '%064d' 0)"; do
	# shellcheck disable=SC2086 # words
	ok "wrong: ktmctl $wrong" status 2 "$ktmctl" $wrong
done
if [ ! -e /dev/ktm ]; then
	for right in status list "attach x" "detach x" "recover x" "freeze x" "thaw x" "init --log $tmp/log"; do
		# shellcheck disable=SC2086 # words
		ok "no module: $right" status 1 "$ktmctl" $right
		# shellcheck disable=SC2086
		"$ktmctl" $right 2> "$tmp/err"
		ok "no module: $right says what to do" grep -q modprobe "$tmp/err"
	done
	ok "no module: init has made nothing" [ ! -e "$tmp/log" ]
fi
ok "a full output is an error" sh -c "'$ktmctl' help > /dev/full; [ \$? -eq 1 ]"
ok "log create" status 0 "$ktmctl" log create --size 2M --name me "$tmp/new/log"
ok "it has the size" same 2097152 "$(stat -c %s "$tmp/new/log")"
ok "it is not sparse" [ "$(stat -c '%b * %B / 1048576' "$tmp/new/log" | xargs expr)" -ge 2 ]
ok "it is for its owner only" same 600 "$(stat -c %a "$tmp/new/log")"
ok "log check" sh -c "'$ktmctl' log check '$tmp/new/log' | grep -q me"
ok "log create does not overwrite" status 1 "$ktmctl" log create --size 2M "$tmp/new/log"
ok "no parent's parent" status 1 "$ktmctl" log create --size 2M "$tmp/a/b/c/log"
ok "nothing else is left" same log "$(ls -A "$tmp/new")"
tap_done
