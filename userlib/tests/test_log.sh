#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# ktmctl log: logs in files, made here and forged (forge_log.py).
set -u
# shellcheck source=SCRIPTDIR/tap.sh
. "$(dirname "$0")/tap.sh"

ktmctl=$dir/asan/ktmctl
forge=$(dirname "$0")/forge_log.py
uuid=00112233-4455-6677-8899-aabbccddeeff
image=$tmp/image

# says TEXT COMMAND...: does the command print it, to stdout or stderr?
says()
{
	text_wanted=$1
	shift
	"$@" > "$tmp/.said" 2>&1
	grep -qF -- "$text_wanted" "$tmp/.said" && return
	cat "$tmp/.said"
	return 1
}

# value EXPRESSION COMMAND...: what jq makes of the output
value()
{
	expression=$1
	shift
	"$@" | jq -cr "$expression"
}

# log WORD...: a new log with these records; see forge_log.py
log()
{
	rm -f "$image"
	"$ktmctl" log create --size 2M --name forged "$image" || return
	"$forge" "$image" "$@"
}

# create

ok "create --json" same "$uuid me" \
	"$(value '.uuid + " " + .name' "$ktmctl" log create -j -s 2M -n me -u $uuid "$tmp/a")"
ok "the log has the UUID" same $uuid "$(value .uuid "$ktmctl" log check --json "$tmp/a")"
ok "create overwrites no log" says "there is a log" "$ktmctl" log create "$tmp/a"
ok "not even with a UUID" status 1 "$ktmctl" log create --uuid $uuid "$tmp/a"
cp "$tmp/a" "$tmp/b"
ok "create --force does" status 0 "$ktmctl" log create --force "$tmp/b"
ok "and gives a new UUID" [ "$(value .uuid "$ktmctl" log check --json "$tmp/b")" != $uuid ]
truncate -s 4M "$tmp/c"
printf x | dd of="$tmp/c" bs=1 seek=70000 conv=notrunc status=none
ok "create overwrites no data" says "data that is not a log" "$ktmctl" log create "$tmp/c"
truncate -s 8M "$tmp/d"
mkfs.ext4 -q -F "$tmp/d"
sum=$(cksum "$tmp/d")
ok "create overwrites no file system" says "ext2, ext3 or ext4" "$ktmctl" log create "$tmp/d"
ok "the file system is as it was" same "$sum" "$(cksum "$tmp/d")"
ok "create --force overwrites it" status 0 "$ktmctl" log create -f "$tmp/d"
truncate -s 8M "$tmp/e"
ok "create in a blank file" status 0 "$ktmctl" log create "$tmp/e"
ok "the ring takes all of it" same $((8 * 1048576 - 131072)) \
	"$(value .ring_size "$ktmctl" log check -j "$tmp/e")"
truncate -s 8M "$tmp/f"
ok "create --size in a file that exists" status 0 "$ktmctl" log create -s 4M "$tmp/f"
ok "the ring takes what it may" same $((4 * 1048576 - 131072)) \
	"$(value .ring_size "$ktmctl" log check -j "$tmp/f")"
truncate -s 2M "$tmp/g"
ok "a file that is smaller than --size" says "smaller" "$ktmctl" log create -s 4M "$tmp/g"
truncate -s 1M "$tmp/h"
ok "a file that is too small" says "1152 KiB" "$ktmctl" log create "$tmp/h"
ok "neither device nor file" says "neither" "$ktmctl" log create /dev/null
ok "a file that somebody has locked" says "in use" \
	flock "$tmp/e" "$ktmctl" log create --force "$tmp/e"
log redo:1:1 vote:1:1 / > "$tmp/.lsns"
old=$(value .uuid "$ktmctl" log check -j "$image")
ok "--uuid of a log that was there" status 0 "$ktmctl" log create -f -u "$old" "$image"
ok "nothing of that one is left" same "0 false" \
	"$(value '"\(.records) \(.damaged)"' "$ktmctl" log check -j "$image")"
for wrong in "create -u 1 x" "create -d x" "check -f x" "stat -s 2M x" "stat" "stat a b" \
	"create -s 0 x" "dump -u $uuid x"; do
	# shellcheck disable=SC2086 # words
	ok "wrong: ktmctl log $wrong" status 2 "$ktmctl" log $wrong
done

# stat

ok "stat of an empty log" says "held          by nobody" "$ktmctl" log stat "$tmp/a"
log redo:1:1 vote:1:1 commit:1:1 / redo:2:1 / redo:3:1 vote:3:1 promise:3:1:9 / \
	redo:4:1:1000 vote:4:1 / redo:5:2 vote:5:2 commit:5:1 end:5 / > "$tmp/.lsns"
first=$(sed -n '1s/ .*//p' "$tmp/.lsns")
counts='"\(.active) \(.prepared) \(.in_doubt) \(.committed) \(.ended)"'
ok "stat counts transactions" same "1 1 1 1 1" \
	"$(value ".transactions | $counts" "$ktmctl" log stat --json "$image")"
ok "and names who holds the tail" same "$first 00000001-0000-4000-8000-000000000001 committed" \
	"$(value '.held[] | "\(.lsn) \(.tx) \(.state)"' "$ktmctl" log stat --json "$image")"
ok "and counts kinds" same "redo 5 0 1472 prepare 4 0 416 commit 2 0 208 end 1 0 96 promise 1 0 104" \
	"$(value '[.kinds[] | "\(.kind) \(.records) \(.copies) \(.bytes)"] | join(" ")' \
		"$ktmctl" log stat --json "$image")"
ok "and streams" same "7 1 2" \
	"$(value '[.streams[].records | tostring] | join(" ")' "$ktmctl" log stat --json "$image")"
ok "and bytes" same "20480 true" \
	"$(value '"\(.used) \(.used + .free == .ring_size)"' "$ktmctl" log stat -j "$image")"
ok "stat for people" says "1 active, 1 prepared, 1 in doubt, 1 committed, 1 ended" \
	"$ktmctl" log stat "$image"
log redo:1:1 vote:1:1 commit:1:1 / copy:redo:1:1 / copy:vote:1:1 copy:commit:1:1 / > "$tmp/.lsns"
ok "a copy holds the tail alone" same "$(sed -n '2s/ .*//p' "$tmp/.lsns")" \
	"$(value '.held[].lsn' "$ktmctl" log stat --json "$image")"
ok "and is counted" same 3 "$(value '[.kinds[].copies] | add' "$ktmctl" log stat --json "$image")"
log redo:1:1 / redo:2:1 / redo:3:1 / flip:2 > "$tmp/.lsns"
ok "stat of a damaged log" status 1 "$ktmctl" log stat "$image"
ok "tells up to where" says "DAMAGED at LSN $(sed -n '2s/ .*//p' "$tmp/.lsns")" \
	"$ktmctl" log stat "$image"
ok "stat of no log" says "there is no log" "$ktmctl" log stat "$tmp/c"
ok "stat of nothing" status 1 "$ktmctl" log stat "$tmp/none"

# archive: a log of its own, with the same records

log lap redo:1:1 vote:1:1 commit:1:1 / fill redo:2:1:50000 redo:2:1:50000 / redo:3:1 vote:3:1 promise:3:1:9 / \
	redo:4:1 / torn > "$tmp/.lsns"
# what stands in the ring, but not in the log
printf old | dd of="$image" bs=1 seek=1000000 conv=notrunc status=none
ok "archive" status 0 "$ktmctl" log archive "$image" "$tmp/archive"
"$ktmctl" log dump --data "$image" | grep -v '^  \(superblocks\|state\) ' > "$tmp/.records"
"$ktmctl" log dump --data "$tmp/archive" | grep -v '^  \(superblocks\|state\) ' > "$tmp/.archived"
ok "dump shows the same" cmp "$tmp/.records" "$tmp/.archived"
ok "of some records" [ "$(grep -c '^  [0-9]' "$tmp/.records")" = 8 ]
ok "check finds it good" status 0 "$ktmctl" log check "$tmp/archive"
ok "both superblocks are" same "good good" \
	"$(value '"\(.super_a) \(.super_b)"' "$ktmctl" log check -j "$tmp/archive")"
ok "nothing else was copied" sh -c "! grep -q old '$tmp/archive'"
ok "it is sparse" [ "$(stat -c %b "$tmp/archive")" -lt "$(($(stat -c %s "$image") / 512 / 4))" ]
ok "it overwrites nothing" says "it exists" "$ktmctl" log archive "$image" "$tmp/archive"
ok "archive of an archive" same 8 \
	"$(value .records "$ktmctl" log archive --json "$tmp/archive" "$tmp/again")"
log redo:1:1 / redo:2:1 / flip:1 > "$tmp/.lsns"
ok "not of a damaged log" says "is damaged" "$ktmctl" log archive "$image" "$tmp/third"
ok "nothing is left then" [ ! -e "$tmp/third" ]
ok "not of one that is in use" says "in use" flock "$image" "$ktmctl" log archive "$image" "$tmp/third"
chmod 400 "$tmp/archive"
ok "wrong: archive without a file" status 2 "$ktmctl" log archive "$image"

# progress: a ring so large that reading it takes a while, all holes
truncate -s 8G "$tmp/large"
"$ktmctl" log create "$tmp/large"
"$forge" "$tmp/large" redo:1:1 / > "$tmp/.lsns"
ok "long work tells how far it is" says "GiB read" \
	script -qec "'$ktmctl' log check '$tmp/large'" /dev/null
ok "but not where nobody looks" sh -c "! '$ktmctl' log check '$tmp/large' 2>&1 | grep -q 'GiB read'"
rm -f "$tmp/large"

tap_done
