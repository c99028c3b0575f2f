#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# ktmctl log repair: forged damage, what is told, what is there afterwards, and power cuts.
set -u
# shellcheck source=SCRIPTDIR/tap.sh
. "$(dirname "$0")/tap.sh"

ktmctl=$dir/asan/ktmctl
forge=$(dirname "$0")/forge_log.py
image=$tmp/image

# tx NUMBER: UUID of a transaction of forge_log.py
tx() { printf '%08x-0000-4000-8000-000000000001' "$1"; }

# log WORD...: a new log with these records; their buffers are in $lsns
lsns=$tmp/.lsns
log()
{
	rm -f "$image"
	"$ktmctl" log create --size 2M --name forged "$image" || return
	"$forge" "$image" "$@" > "$lsns"
}

# lsn N: start of the Nth buffer
lsn() { sed -n "$1s/ .*//p" "$lsns"; }

# told EXPRESSION: of what repair tells; nothing must be changed by it
told()
{
	cksum "$image" > "$tmp/.before"
	"$ktmctl" log repair --json "$image" 2> "$tmp/.err" > "$tmp/.told"
	cksum "$image" | cmp - "$tmp/.before" >&2 || echo changed
	jq -cr "$1" "$tmp/.told"
}

# stated EXPRESSION: of stat
stated() { "$ktmctl" log stat --json "$image" 2>&1 | jq -cr "$1"; }

counts='.transactions | "\(.active) \(.prepared) \(.in_doubt) \(.committed) \(.ended)"'
# names of transactions, their states and votes, of a list
listed='[.[] | "\(.tx[7:8]) \(.state) \(.votes)/\(.expected)"] | join(", ")'

# repaired: repair --yes, and all is good then
repaired()
{
	status 0 "$ktmctl" log repair --yes "$image" || return
	status 0 "$ktmctl" log check "$image" || return
	status 0 "$ktmctl" log repair "$image" || return
	same true "$(told .good)"
}

# nothing wrong

log redo:1:1 vote:1:1 commit:1:1 /
ok "a good log" status 0 "$ktmctl" log repair "$image"
ok "has nothing to repair" same "true  0" "$(told '"\(.good) \(.why_not) \(.gaps | length)"')"
sum=$(cksum "$image")
ok "also with --yes" status 0 "$ktmctl" log repair --yes "$image"
ok "which changes nothing" same "$sum" "$(cksum "$image")"
log redo:1:1 / redo:2:1 vote:2:1 / torn
ok "a torn end is no damage" same "true true" "$(told '"\(.good) \(.torn)"')"
ok "and is told" sh -c "'$ktmctl' log repair '$image' | grep -q 'cuts it off'"

# superblocks

for super in A B; do
	log redo:1:1 vote:1:1 commit:1:1 / super super killsuper:$super
	ok "superblock $super" same "$super false" "$(told '"\(.superblock) \(.good)"')"
	ok "superblock $super: a dry run ends with 1" status 1 "$ktmctl" log repair --dry-run "$image"
	ok "superblock $super: repair" repaired
	ok "superblock $super: both are good" same "good good false" \
		"$("$ktmctl" log check -j "$image" | jq -r '"\(.super_a) \(.super_b) \(.clean)"')"
	ok "superblock $super: the records are there" same "0 0 0 1 0" "$(stated "$counts")"
done
rm -f "$image"
"$ktmctl" log create --size 2M "$image"
ok "a log that was detached in order" same true "$("$ktmctl" log check -j "$image" | jq .clean)"
printf garbage | dd of="$image" bs=1 seek=$((65536 + 200)) conv=notrunc status=none
ok "repair" repaired
ok "only the lost superblock knew whether it was" same false \
	"$("$ktmctl" log check -j "$image" | jq .clean)"
log redo:1:1 / killsuper:A killsuper:B
ok "both superblocks" status 1 "$ktmctl" log repair --yes "$image"

# a gap

log redo:1:1 vote:1:1 commit:1:1 / redo:2:1 / redo:3:1 vote:3:1 commit:3:1 / end:1 / flip:2
ok "a changed buffer" same "[[$(lsn 2),$(lsn 3),$(lsn 4)]]" "$(told '[.gaps[] | [.lsn, .end, .proof]]')"
ok "is not repaired without --yes" status 1 "$ktmctl" log repair "$image"
ok "repair" repaired
ok "what is behind it counts" same "0 0 0 1 1" "$(stated "$counts")"
ok "who had all records there is gone" sh -c "! '$ktmctl' log dump '$image' | grep -q $(tx 2)"

log redo:1:1 vote:1:1 / commit:1:1 / redo:2:1 / redo:3:1 / burn:2
ok "a lost decision" same "1 prepared 0/0" "$(told ".unknown | $listed" | sed 's|1/0|0/0|')"
ok "nothing is made of it" repaired
ok "there is no decision" same "2 1 0 0 0" "$(stated "$counts")"

log redo:1:1 vote:1:1 redo:1:2 / vote:1:2 / commit:1:2 / redo:2:1 / flip:2
ok "a lost vote" same "1 committed 1/2" "$(told ".incomplete | $listed")"
ok "the enlistment is named" same 00000002-0000-4000-8000-000000000002 \
	"$(told '.incomplete[].lost[].enlistment')"
ok "repair" repaired
ok "the decision stays" same "1 0 0 1 0" "$(stated "$counts")"
ok "for those that are left" sh -c "'$ktmctl' log dump '$image' | grep 'commit (copy), 1 enl' | grep -q $(tx 1)"

log redo:1:1 / redo:1:1 / vote:1:1 commit:1:1 / redo:2:1 / flip:2
ok "lost redo is a lost vote" same "1 committed 0/1" "$(told ".incomplete | $listed")"
ok "repair" repaired
ok "the decision stays" same "1 0 0 1 0" "$(stated "$counts")"

log redo:1:1 / vote:1:1 / promise:1:1:9 / redo:2:1 / bad:2
ok "a lost vote of a promise" same "1 in doubt 0/1" "$(told ".incomplete | $listed")"
ok "repair" repaired
ok "it stays in doubt" same "1 0 1 0 0" "$(stated "$counts")"
ok "of the same superior" same 2 \
	"$("$ktmctl" log dump "$image" | grep promise | grep -c 00000009-0000-4000-8000-000000000003)"

log redo:1:1 vote:1:1 promise:1:1:9 / commit:1:1 / end:1 / redo:2:1 / burn:2 burn:3
ok "a lost decision of a superior" same "0 0" "$(told '"\(.unknown | length) \(.incomplete | length)"')"
ok "repair" repaired
ok "it stays in doubt" same "1 0 1 0 0" "$(stated "$counts")"

# where, and how much

log redo:1:1 / redo:2:1 / burn:1
ok "the first buffer" repaired
log redo:1:1 / redo:2:1 / super burn:2
ok "the last one, says the superblock" same "[[$(lsn 2),0]]" "$(told '[.gaps[] | [.lsn, .proof]]')"
ok "repair" repaired
log redo:1:1 / bad:1
ok "a buffer that nobody would have written, and nothing else" repaired
log redo:1:1 / redo:2:1:50000 redo:2:1:50000 redo:2:1:20000 / redo:3:1 / burn:2
ok "a large buffer" repaired
log redo:1:1 / redo:2:1:50000 / redo:2:1:50000 redo:2:1:60000 / redo:2:1:60000 / redo:3:1 / redo:4:1 / \
	redo:5:1 / flip:2 burn:3 flip:4 bad:6
ok "two gaps" same "[[$(lsn 2),$(lsn 5)],[$(lsn 6),$(lsn 7)]]" "$(told '[.gaps[] | [.lsn, .end]]')"
ok "repair" repaired
ok "the others are there" same "3 0 0 0 0" "$(stated "$counts")"
log lap redo:1:1 / redo:2:1 / redo:3:1 / redo:4:1 / redo:5:1 / burn:2 burn:3 burn:4
ok "a gap over the end of the ring" repaired
log lap redo:1:1 / fill redo:2:1 / redo:3:1 / burn:1
ok "before a filler" repaired

# what cannot be repaired

log redo:1:1 / redo:2:1 / lap redo:3:1 / fill redo:4:1 / killsuper:A
ok "an old superblock" status 1 "$ktmctl" log repair --yes "$image"
ok "and why not" same "the newest superblock is lost, and the log was written over since" "$(told .why_not)"
truncate -s 2M "$tmp/none"
ok "no log" status 1 "$ktmctl" log repair "$tmp/none"
log redo:1:1 / redo:2:1 / flip:1
ok "damage" same 1 "$(told '.gaps | length')"
ok "not while somebody works on it" status 1 flock "$image" "$ktmctl" log repair --yes "$image"
ok "a dry run may look" sh -c "flock '$image' '$ktmctl' log repair '$image' | grep -q 'damage  '"
ok "wrong: --dry-run and --yes" status 2 "$ktmctl" log repair -r -y "$image"

# power cuts: at each write, and then again while that is repaired

log redo:1:1 vote:1:1 redo:1:2 vote:1:2 redo:7:1 vote:7:1 / redo:2:1 redo:3:1 vote:3:1 / redo:4:1:50000 redo:4:1:50000 / \
	commit:1:2 / redo:5:1 / vote:5:1 / promise:5:1:9 / end:4 / commit:3:1 / redo:6:1 / \
	super super killsuper:B flip:2 burn:3 bad:6
cp "$image" "$tmp/damaged"
"$ktmctl" log repair --yes "$image" > "$tmp/.told" 2>&1
stated "$counts" > "$tmp/wanted"
cp "$tmp/damaged" "$image"
ok "two gaps and a superblock" same "2 B 1 2" \
	"$(told '"\(.gaps | length) \(.superblock) \(.unknown | length) \(.incomplete | length)"')"
# what is told before: where it is damaged, and who has lost what
before=$(told '[.gaps[0].lsn, .unknown]')
# as_before: the same is told, unless all that is left is the superblock
as_before()
{
	[ "$(told '"\(.gaps | length) \(.incomplete | length) \(.superblock)"')" = "0 0 B" ] ||
		same "$before" "$(told '[.gaps[0].lsn, .unknown]')"
}
# cut N: the image after a power cut at write N; false if there are not that many
cut()
{
	CUT_AT=$1 LD_PRELOAD=$dir/cut_writes.so "$dir/strict/ktmctl" log repair --yes "$image" > "$tmp/.cut" 2>&1
	[ $? -eq 99 ]
}
n=1
while cp "$tmp/damaged" "$image" && cut $n; do
	cp "$image" "$tmp/once"
	ok "cut at write $n: it is not good by half" \
		[ "$(told '"\(.good) \(.why_not)"')" = "false " ]
	ok "cut at write $n: the same is told" as_before
	ok "cut at write $n: repair" repaired
	ok "cut at write $n: the same is there" same "$(cat "$tmp/wanted")" "$(stated "$counts")"
	m=1
	while cp "$tmp/once" "$image" && cut $m; do
		ok "cut at writes $n and $m: repair" repaired
		ok "cut at writes $n and $m: the same is there" same "$(cat "$tmp/wanted")" \
			"$(stated "$counts")"
		m=$((m + 1))
	done
	n=$((n + 1))
done
ok "there were 5 writes at least" [ $n -gt 5 ]

tap_done
