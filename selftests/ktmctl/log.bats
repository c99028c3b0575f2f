#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# ktmctl log: what it makes and repairs, the kernel attaches
# shellcheck disable=SC2154 # helpers.bash sets tmp

load helpers.bash

setup() { clean_start; }
teardown() { clean_up; }

uuid=00112233-4455-6677-8899-aabbccddeeff

# forged WORD...: a log at $tmp/log with these records; see forge_log.py. No two transactions may
# have an enlistment in common.
forged()
{
	ktmctl log create --size 2M --uuid "$uuid" "$tmp/log"
	python3 "$KTM_SRC/userlib/tests/forge_log.py" "$tmp/log" "$@"
}

# transactions: numbers and states of those that were recovered
transactions()
{
	ktmctl list transactions --json | jq -cr '[.[] | "\(.uuid[7:8]) \(.state)"] | sort | join(", ")'
}

@test "what create makes can be attached" {
	run -0 ktmctl log create --size 2M --uuid "$uuid" --name one "$tmp/new"
	run -0 ktmctl attach "$tmp/new"
	[ "$output" = "$uuid" ]
	run -0 ktmctl detach one
	truncate -s 4M "$tmp/blank"
	run -0 ktmctl log create --size 2M --name two "$tmp/blank"
	run -0 ktmctl attach "$tmp/blank"
	run -0 ktmctl log create --name three --size 4M --json "$KTM_LOG_DEV"
	uuid_of_three=$(jq -r .uuid <<< "$output")
	run -0 ktmctl attach "$KTM_LOG_DEV"
	[ "$output" = "$uuid_of_three" ]
	run -0 ktmctl detach two
	run -0 ktmctl detach three
	# what the kernel has left is good
	for log in "$tmp/new" "$tmp/blank" "$KTM_LOG_DEV"; do
		run -0 ktmctl log repair "$log"
		has "nothing to repair"
		run -0 ktmctl log stat "$log"
		has "held          by nobody"
	done
	# and a UUID that was here before means nothing
	run -0 ktmctl log create --force --uuid "$uuid" "$tmp/new"
	run -0 ktmctl attach "$tmp/new"
	[ "$output" = "$uuid" ]
}

@test "what is in use is left alone" {
	run -0 ktmctl log create --size 2M "$tmp/new"
	run -0 ktmctl attach "$tmp/new"
	run -1 ktmctl log create --force "$tmp/new"
	has "loop device"
	run -1 ktmctl log repair --yes "$tmp/new"
	has "loop device"
	run -0 ktmctl log repair "$tmp/new"
	run -0 ktmctl log create "$KTM_LOG_DEV"
	run -0 ktmctl attach "$KTM_LOG_DEV"
	run -1 ktmctl log repair --yes "$KTM_LOG_DEV"
	has "in use"
	run -0 ktmctl log stat "$KTM_LOG_DEV"
}

@test "stat counts what the kernel recovers" {
	forged redo:1:1 vote:1:1 commit:1:1 / redo:2:6 / redo:3:3 vote:3:3 promise:3:1:9 / \
		redo:4:4 vote:4:4 / redo:5:5 vote:5:5 commit:5:1 end:5 /
	run -0 ktmctl log stat --json "$tmp/log"
	[ "$(jq -r '.transactions | "\(.in_doubt) \(.committed)"' <<< "$output")" = "1 1" ]
	held=$(jq -r '.held[].lsn' <<< "$output")
	run -0 ktmctl attach "$tmp/log"
	[ "$(transactions)" = "1 committing, 3 orphaned" ] || [ "$(transactions)" = "1 committing, 3 prepared" ]
	run -0 ktmctl detach "$uuid"
	# the kernel has moved the tail to where stat said
	run -0 ktmctl log stat --json "$tmp/log"
	[ "$(jq .tail <<< "$output")" = "$held" ]
}

@test "repair of a superblock" {
	forged redo:1:1 vote:1:1 commit:1:1 / super killsuper:B
	run -1 ktmctl log repair "$tmp/log"
	run -0 ktmctl log repair --yes "$tmp/log"
	run -0 ktmctl attach "$tmp/log"
	[ "$(transactions)" = "1 committing" ]
}

@test "a torn end needs no repair" {
	forged redo:1:1 vote:1:1 commit:1:1 / redo:2:6 vote:2:6 commit:2:1 / torn
	run -0 ktmctl log repair "$tmp/log"
	run -0 ktmctl attach "$tmp/log"
	[ "$(transactions)" = "1 committing" ]
}

@test "repair of the middle: decided and in doubt stay so" {
	forged redo:1:1 vote:1:1 redo:1:2 redo:4:4 vote:4:4 / vote:1:2 redo:3:3 vote:3:3 / \
		commit:1:2 / promise:3:1:9 / redo:2:6 vote:2:6 commit:2:1 / redo:5:5 vote:5:5 / flip:2
	run -1 ktmctl attach "$tmp/log"
	has "damaged"
	run -1 ktmctl log repair "$tmp/log"
	has "unknown     transaction 00000004" "incomplete  transaction 00000001" "1 of 2 votes" \
		"incomplete  transaction 00000003" "nothing was changed"
	run -1 ktmctl attach "$tmp/log"
	run -0 ktmctl log repair --yes "$tmp/log"
	run -0 ktmctl attach "$tmp/log"
	state=$(transactions)
	[[ $state == "1 committing, 2 committing, 3 "* ]]
	[[ $state != *" 4"* && $state != *" 5"* ]]
	run -0 ktmctl list enlistments --json
	has 00000001-0000-4000-8000-000000000002
	# of the first one: the enlistment whose vote is lost is not there
	[[ $output != *00000002-0000-4000-8000-000000000002* ]]
	run -0 ktmctl detach "$uuid"
	run -0 ktmctl log check "$tmp/log"
	run -0 ktmctl attach "$tmp/log"
	[ "$(transactions)" = "$state" ]
}

@test "repair of a large part, over the end of the ring, on a device" {
	run -0 ktmctl log create --force --uuid "$uuid" --size 2M "$KTM_LOG_DEV"
	python3 "$KTM_SRC/userlib/tests/forge_log.py" "$KTM_LOG_DEV" lap redo:1:1 vote:1:1 commit:1:1 / \
		redo:2:6 / redo:2:6 / redo:2:6:60000 redo:2:6:60000 / redo:3:3 vote:3:3 commit:3:1 / \
		burn:2 burn:3 burn:4
	sync "$KTM_LOG_DEV"
	run -1 ktmctl attach "$KTM_LOG_DEV"
	run -0 ktmctl log repair --yes "$KTM_LOG_DEV"
	run -0 ktmctl attach "$KTM_LOG_DEV"
	[ "$(transactions)" = "1 committing, 3 committing" ]
}

@test "an archive can be attached in place of the log" {
	forged redo:1:1 vote:1:1 commit:1:1 / redo:3:3 vote:3:3 promise:3:1:9 /
	run -0 ktmctl log archive "$tmp/log" "$tmp/archive"
	run -0 ktmctl attach "$tmp/log"
	state=$(transactions)
	[[ $state == "1 committing, 3 "* ]]
	run -1 ktmctl log archive "$tmp/log" "$tmp/other"
	has "loop device"
	run -0 ktmctl detach "$uuid"
	run -0 --separate-stderr ktmctl attach "$tmp/archive"
	[ "$output" = "$uuid" ]
	[ "$(transactions)" = "$state" ]
}
