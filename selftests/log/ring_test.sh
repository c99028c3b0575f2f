#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The log ring alone, driven by ktm_log_test.ko: load over many laps, room made by the owner, a full
# ring, errors of writes and flushes, and what recovery finds after each.
set -u

RUN=/sys/module/ktm_log_test/parameters/run
KTMCTL=$KTM_BIN/ktmctl
number=0
bad=0
# The debug kernel is slow: an eighth of the load there.
scale=1
[ -e /sys/kernel/debug/kmemleak ] && scale=8

result()
{
	number=$((number + 1))
	echo "$1 $number - $2"
	[ "$1" = ok ] || bad=1
}

# verify NAME CONDITION...
verify()
{
	local name=$1
	shift
	if "$@"; then
		result ok "$name"
	else
		result "not ok" "$name: $(cat "$RUN")"
	fi
}

# run COMMAND: 0, or 1 with the error's name in $why
run()
{
	why=$( (echo "$1" > "$RUN") 2>&1) && return 0
	why=${why##*: }
	return 1
}

# expect NAME COMMAND [ERROR]
expect()
{
	if run "$2"; then
		verify "$1" [ -z "${3:-}" ]
	elif [ "$why" = "${3:-}" ]; then
		result ok "$1"
	else
		result "not ok" "$1: $why"
	fi
}

value() { sed -n "s/.*$1=\([^ ]*\).*/\1/p" "$RUN"; }

device() { echo "$(($(stat -Lc 0x%t "$1"))):$(($(stat -Lc 0x%T "$1")))"; }

# An empty log of SIZE bytes on a loop device over a file in memory.
make_loop()
{
	rm -f /tmp/ring.log
	"$KTMCTL" log create --size "$1" /tmp/ring.log && loop=$(losetup -f --show /tmp/ring.log)
}

check_log()
{
	if "$KTMCTL" log check "$1" | sed 's/^/# /'; [ "${PIPESTATUS[0]}" = "$2" ]; then
		result ok "$3"
	else
		result "not ok" "$3"
	fi
}

# forget what a test left
tidy()
{
	run detach
	run forget
	if [ -n "${loop:-}" ]; then
		losetup -d "$loop"
		loop=
	fi
}

test_laps()
{
	make_loop 1152K || return 1
	expect "attach an empty log" "attach $(device "$loop")"
	expect "16 writers over many laps" "load 16 $((2000 / scale))"
	verify "the ring was used many times" [ "$(value head)" -gt $((20 * $(value size) / scale)) ]
	expect "detach" detach
	check_log "$loop" 0 "the log is good"
	expect "attach again" "attach $(device "$loop")"
	tidy
}

test_make_room()
{
	make_loop 1152K || return 1
	expect "attach" "attach $(device "$loop")"
	expect "hold the tail" "set hold 1"
	expect "8 writers, room is made" "load 8 $((1600 / scale))"
	verify "room was made" [ "$(value rooms)" -gt 0 ]
	expect "detach" detach
	check_log "$loop" 0 "the log is good"
	expect "recovery finds all that was kept" "attach $(device "$loop")"
	expect "and the log goes on" "load 8 $((200 / scale))"
	expect "detach again" detach
	expect "recovery again" "attach $(device "$loop")"
	tidy
}

test_full()
{
	make_loop 2M || return 1
	expect "attach" "attach $(device "$loop")"
	expect "some load first, so that the end is anywhere" "load 3 77"
	expect "hold the tail" "set hold 1"
	expect "no room" "set stuck 1"
	expect "a full ring keeps its promises" full
	expect "detach" detach
	check_log "$loop" 0 "the full log is good"
	expect "recovery of a full ring" "attach $(device "$loop")"
	expect "still no room" "load 1 1" "No space left on device"
	expect "room again" "set stuck 0"
	expect "and the log goes on" "load 4 $((300 / scale))"
	expect "detach again" detach
	expect "recovery again" "attach $(device "$loop")"
	tidy
}

# test_fault KIND: the log fails under load, and nothing that was acknowledged is lost. The ring is
# small, so that superblocks are written all the time.
test_fault()
{
	local kind=$1 dev
	dmsetup create --noudevsync ring --table "0 4096 linear $KTM_FAULT_DEV 0" || return 1
	dev=/dev/$(dmsetup info --columns --noheadings -o blkdevname ring)
	"$KTMCTL" log create --force "$dev" || return 1
	expect "$kind: attach" "attach $(device "$dev")"
	expect "$kind: hold the tail" "set hold 1"
	expect "$kind: load" "load 8 $((300 / scale))"
	(sleep 0.3; "$KTM_SRC/scripts/vm/control" fault fault "$kind") > /dev/null &
	expect "$kind: the log fails" "load 8 100000" "Input/output error"
	wait $!
	expect "$kind: and stays so" "load 1 1" "Input/output error"
	expect "$kind: detach" detach "Input/output error"
	"$KTM_SRC/scripts/vm/control" fault fault none > /dev/null
	expect "$kind: recovery finds all that was acknowledged" "attach $(device "$dev")"
	expect "$kind: and the log goes on" "load 8 $((300 / scale))"
	expect "$kind: detach again" detach
	expect "$kind: recovery again" "attach $(device "$dev")"
	tidy
	dmsetup remove --noudevsync ring
}

# one write and one flush for a lone commit; loads of 3 records have one commit
test_flushes()
{
	local flushes writes records=$((288 / scale)) commits
	"$KTMCTL" log create --force "$KTM_LOG2_DEV" || return 1
	expect "attach" "attach $(device "$KTM_LOG2_DEV")"
	flushes=$(value flushes) writes=$(value writes)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		run "load 1 3" || result "not ok" "load: $why"
	done
	flushes=$(($(value flushes) - flushes)) writes=$(($(value writes) - writes))
	verify "10 commits, $flushes flushes, $writes writes" [ "$flushes $writes" = "10 10" ]
	flushes=$(value flushes)
	run "load 32 $records" || result "not ok" "load: $why"
	commits=$((32 * records / 3))
	flushes=$(($(value flushes) - flushes))
	verify "$commits commits of 32 writers share $flushes flushes" [ "$flushes" -lt $commits ]
	tidy
}

test_damaged()
{
	local ring tail
	make_loop 2M || return 1
	expect "attach" "attach $(device "$loop")"
	expect "hold the tail" "set hold 1"
	expect "load" "load 4 40"
	expect "detach" detach
	ring=$("$KTMCTL" log check --json "$loop" | jq .ring_size)
	tail=$("$KTMCTL" log check --json "$loop" | jq .tail)
	printf 'x' | dd of=/tmp/ring.log bs=1 seek=$((131072 + tail % ring + 300)) conv=notrunc status=none
	check_log "$loop" 1 "check finds the damage"
	expect "a damaged log is refused" "attach $(device "$loop")" "Structure needs cleaning"
	tidy
}

test_refused()
{
	local fixed
	make_loop 2M || return 1
	expect "attach" "attach $(device "$loop")"
	run detach
	truncate -s 1M /tmp/ring.log
	losetup -c "$loop"
	expect "a device shorter than its log" "attach $(device "$loop")" "No space left on device"
	losetup -d "$loop"
	dd if=/dev/zero of=/tmp/ring.log bs=1M count=2 status=none
	loop=$(losetup -f --show /tmp/ring.log)
	expect "no log" "attach $(device "$loop")" "No such device"
	losetup -d "$loop"
	make_loop 2M || return 1
	losetup -d "$loop"
	fixed=$(losetup -r -f --show /tmp/ring.log)
	expect "a read-only device" "attach $(device "$fixed")" "Read-only file system"
	losetup -d "$fixed"
	loop=$(losetup -f --show -b 4096 /tmp/ring.log)
	expect "blocks of 4096 bytes" "attach $(device "$loop")"
	expect "load there" "load 4 100"
	expect "attached already" "attach $(device "$loop")" "Device or resource busy"
	tidy

	"$KTMCTL" log create --force "$KTM_FAULT_DEV" || return 1
	"$KTM_SRC/scripts/vm/control" fault fault read > /dev/null
	expect "a device that cannot be read" "attach $(device "$KTM_FAULT_DEV")" "Input/output error"
	"$KTM_SRC/scripts/vm/control" fault fault none > /dev/null
}

[ -e "$RUN" ] || { echo "1..0 # SKIP ktm_log_test.ko is not loaded"; exit 4; }
[ -x "$KTMCTL" ] || { echo "Bail out! no ktmctl in $KTM_BIN"; exit 1; }
test_laps || result "not ok" "laps: no log"
test_make_room || result "not ok" "room: no log"
test_full || result "not ok" "full: no log"
test_flushes || result "not ok" "flushes: no log"
test_fault flush/once || result "not ok" "fault: no log"
test_fault write/once || result "not ok" "fault: no log"
test_fault flush || result "not ok" "fault: no log"
test_fault write@0 || result "not ok" "fault: no log"
test_damaged || result "not ok" "damaged: no log"
test_refused || result "not ok" "refused: no log"
echo "1..$number"
exit $bad
