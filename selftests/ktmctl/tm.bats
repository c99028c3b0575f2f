#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# ktmctl init, attach, detach, status, list and log, with the kernel module

load helpers.bash

setup() { clean_start; }
teardown() { clean_up; }

@test "init makes a log file, binds it and attaches it" {
	run -0 ktmctl init --log "$tmp/a/log" --size 8M --name first
	uuid=$output
	[ "$(stat -c '%s %a' "$tmp/a/log")" = "8388608 600" ]
	run -0 ktmctl status --json
	run -0 jq -r '.[] | "\(.uuid) \(.name) \(.state) \(.durable) \(.mode) \(.uid)"' <<< "$output"
	[ "$output" = "$uuid first online true 0660 0" ]
	run -0 losetup --noheadings -O BACK-FILE,AUTOCLEAR -j "$tmp/a/log"
	[ "$(echo $output)" = "$tmp/a/log 1" ]
}

@test "init again changes nothing and prints the same UUID" {
	run -0 ktmctl init --log "$tmp/log" --size 2M
	uuid=$output
	run -0 --separate-stderr ktmctl init --log "$tmp/log"
	[ "$output" = "$uuid" ]
	[[ $stderr == *"attached already"* ]]
	[ "$(ktmctl list --json | jq length)" = 1 ]
	[ "$(losetup --noheadings -j "$tmp/log" | wc -l)" = 1 ]
}

@test "init after a detach attaches the same log" {
	run -0 ktmctl init --log "$tmp/log" --size 2M
	uuid=$output
	run -0 ktmctl detach "$uuid"
	[ -z "$(losetup --noheadings -j "$tmp/log")" ]
	run -0 ktmctl init --log "$tmp/log"
	[ "$output" = "$uuid" ]
}

@test "attach without recovery, then recover" {
	run -0 ktmctl init --log "$tmp/log" --size 2M
	uuid=$output
	run -0 ktmctl detach "$uuid"
	run -0 ktmctl attach --no-recover "$tmp/log"
	run -0 ktmctl status --json
	[ "$(jq -r '.[].state' <<< "$output")" = recovering ]
	run -0 ktmctl recover --clock 1 "$uuid"
	[ "$output" = "0 unfinished transactions up to that clock, 0 after it" ]
	run -0 ktmctl recover --clock 1 --discard "$uuid"
	[ "$output" = "0 unfinished transactions recovered, 0 discarded" ]
	run -0 ktmctl status --json
	[ "$(jq -r '.[].state' <<< "$output")" = online ]
	run -1 ktmctl recover "$uuid"
}

@test "freeze runs a command and thaws" {
	run -0 ktmctl init --log "$tmp/log" --size 2M --name one
	run -0 ktmctl freeze one ktmctl status --json
	[ "$(jq -r '.[].frozen' <<< "$output")" = true ]
	run -0 ktmctl freeze one ktmctl status
	has "online, durable, frozen;"
	run -0 ktmctl status --json
	[ "$(jq -r '.[].frozen' <<< "$output")" = false ]
	run -1 ktmctl freeze one false
	has "exit status 1"
	run -1 ktmctl freeze one /nowhere/at/all
	# its time is over while the command runs
	run -1 ktmctl freeze --timeout 1 --limit 1 one sleep 3
	has "time limit" "Do not use"
	# somebody else ends it
	run -1 ktmctl freeze one ktmctl thaw one
	has "somebody else has thawed it"
	run -1 ktmctl freeze one ktmctl freeze one true
	has "somebody else freezes it"
	run -1 ktmctl thaw one
	has "not frozen"
}

@test "freeze without a command waits for thaw" {
	run -0 ktmctl init --log "$tmp/log" --size 2M --name one
	mkfifo "$tmp/said"
	ktmctl freeze one > "$tmp/said" &
	read -r said < "$tmp/said"
	[ "$said" = frozen ]
	run -1 ktmctl detach one
	run -0 ktmctl thaw one
	wait $!
	# the end of the program that froze is the end of it
	ktmctl freeze one > "$tmp/said" &
	read -r said < "$tmp/said"
	kill $!
	wait $! || true
	run -1 ktmctl thaw one
}

@test "adopt: a cloned log beside the original" {
	run -0 ktmctl init --log "$tmp/log" --size 2M --name one
	uuid=$output
	cp "$tmp/log" "$tmp/copy"
	run -1 ktmctl attach "$tmp/copy"
	run -1 ktmctl adopt "$tmp/log"
	has "in use"
	run -0 ktmctl adopt --name two "$tmp/copy"
	new=$output
	[ "$new" != "$uuid" ]
	run -0 ktmctl log check --json "$tmp/copy"
	[ "$(jq -r '.uuid + .ring_uuid + .name' <<< "$output")" = "$new${uuid}two" ]
	run -0 ktmctl log check "$tmp/copy"
	has "it was made as $uuid"
	run -0 ktmctl attach "$tmp/copy"
	[ "$(ktmctl list --json | jq length)" = 2 ]
	run -0 ktmctl detach two
	run -0 ktmctl adopt --keep --name three "$tmp/copy"
	run -0 ktmctl init --log "$tmp/copy"
	[ "$output" = "$new" ]
	run -0 ktmctl detach three
	run -0 ktmctl detach one
	# back to that of its birth
	run -0 ktmctl adopt --uuid "$uuid" "$tmp/copy"
	run -0 ktmctl log check "$tmp/copy"
	[[ $output != *"made as"* ]]
	# a log that is damaged, or none
	dd if=/dev/zero of="$tmp/copy" bs=4096 count=32 conv=notrunc status=none
	run -1 ktmctl adopt "$tmp/copy"
	has "no log"
}

@test "two inits at once make one transaction manager" {
	ktmctl init --log "$tmp/log" --size 2M > "$tmp/one" &
	run -0 --separate-stderr ktmctl init --log "$tmp/log" --size 2M
	wait $!
	[ "$(cat "$tmp/one")" = "$output" ]
	[ "$(ktmctl list --json | jq length)" = 1 ]
}

@test "init uses direct I/O where the file system can" {
	make_fs ext4
	run -0 ktmctl init --log "$mnt/log" --size 2M
	loop=$(losetup --noheadings -O NAME -j "$mnt/log")
	[ "$(cat "/sys/block/${loop##*/}/loop/dio")" = 1 ]
	# allocated and written: no later write has to change the file's metadata
	run -0 filefrag -v "$mnt/log"
	[[ $output != *unwritten* ]]
}

@test "init on a block device" {
	run -0 ktmctl init --name disk "$KTM_LOG_DEV"
	uuid=$output
	run -0 --separate-stderr ktmctl init "$KTM_LOG_DEV"
	[ "$output" = "$uuid" ]
	run -0 ktmctl detach disk
	run -0 ktmctl init "$KTM_LOG_DEV"
	[ "$output" = "$uuid" ]
}

@test "init overwrites nothing without --force" {
	mkfs.ext4 -q -F -E nodiscard "$KTM_LOG_DEV" 8M
	run -1 ktmctl init "$KTM_LOG_DEV"
	has "ext4 file system" "--force"
	run -0 blkid -o value -s TYPE -p "$KTM_LOG_DEV"
	[ "$output" = ext4 ]
	run -0 ktmctl init --force "$KTM_LOG_DEV"
	wipe_uuid=$output
	run -0 ktmctl detach "$wipe_uuid"
	run -0 ktmctl init --force "$KTM_LOG_DEV"
	[ "$output" != "$wipe_uuid" ]
}

@test "init does not overwrite data that has no signature" {
	printf x | dd of="$KTM_LOG_DEV" bs=1 seek=70000 conv=notrunc status=none
	run -1 ktmctl init "$KTM_LOG_DEV"
	has "data that is not a log"
	run -1 ktmctl attach "$KTM_LOG_DEV"
	has "there is no log on it"
}

@test "init --force leaves a log alone that is attached" {
	run -0 ktmctl init "$KTM_LOG_DEV"
	uuid=$output
	run -1 ktmctl init --force "$KTM_LOG_DEV"
	has "in use" "ktmctl status"
	run -1 ktmctl log create --force "$KTM_LOG_DEV"
	has "in use"
	run -0 ktmctl detach "$uuid"
}

@test "a mounted device is refused" {
	make_fs ext4
	run -1 ktmctl init --force "$KTM_DATA_DEV"
	has "in use"
}

@test "a device or file that is too small is refused" {
	truncate -s 1M "$tmp/small"
	run -1 ktmctl init --log "$tmp/small"
	has "1152 KiB at least"
	run -2 ktmctl init --log "$tmp/new" --size 1M
	[ ! -e "$tmp/new" ]
	[ -z "$(losetup --noheadings -j "$tmp/small")" ]
}

@test "a full file system leaves no half log" {
	mount -t tmpfs -o size=4M none "$mnt"
	run -1 ktmctl init --log "$mnt/log" --size 8M
	has "full"
	[ -z "$(ls -A "$mnt")" ]
}

@test "attach refuses what is not a log" {
	run -1 ktmctl attach "$tmp/nothing"
	has "does not exist"
	run -1 ktmctl attach "$tmp"
	run -1 ktmctl attach /dev/null
	truncate -s 2M "$tmp/blank"
	run -1 ktmctl attach "$tmp/blank"
	has "there is no log on it" "ktmctl init"
	[ -z "$(losetup --noheadings -j "$tmp/blank")" ]
}

@test "attach refuses the log of another" {
	run -0 ktmctl init "$KTM_LOG_DEV"
	uuid=$output
	run -0 ktmctl detach "$uuid"
	run -1 ktmctl attach --uuid 00000000-0000-4000-8000-000000000000 "$KTM_LOG_DEV"
	has "another transaction manager"
	run -0 ktmctl attach --uuid "$uuid" "$KTM_LOG_DEV"
	[ "$output" = "$uuid" ]
}

@test "attach refuses a log that is attached, and a copy of it" {
	run -0 ktmctl init --log "$tmp/log" --size 2M
	run -1 ktmctl attach "$tmp/log"
	has "in use"
	cp "$tmp/log" "$tmp/copy"
	run -1 ktmctl attach "$tmp/copy"
	has "a transaction manager with this UUID is attached"
}

@test "attach refuses a damaged log" {
	run -0 ktmctl init "$KTM_LOG_DEV"
	run -0 ktmctl detach "$output"
	for offset in 200 65736; do
		printf garbage | dd of="$KTM_LOG_DEV" bs=1 seek=$offset conv=notrunc,fsync status=none
	done
	run -1 ktmctl attach "$KTM_LOG_DEV"
	has "damaged" "ktmctl log check"
	run -1 ktmctl log check "$KTM_LOG_DEV"
	run -1 ktmctl init "$KTM_LOG_DEV"
}

@test "attach survives the loss of one superblock, or refuses, but never starts anew" {
	run -0 ktmctl init "$KTM_LOG_DEV"
	uuid=$output
	run -0 ktmctl detach "$uuid"
	dd if=/dev/zero of="$KTM_LOG_DEV" bs=4096 count=1 conv=notrunc,fsync status=none
	run ktmctl attach "$KTM_LOG_DEV"
	[ "$status" = 1 ] || [ "$output" = "$uuid" ]
}

@test "attach refuses a log that was cut" {
	run -0 ktmctl init --log "$tmp/log" --size 4M
	run -0 ktmctl detach "$output"
	truncate -s 2M "$tmp/log"
	run -1 ktmctl attach "$tmp/log"
	has "shorter"
}

@test "attach refuses a device that is read-only" {
	run -0 ktmctl init "$KTM_LOG_DEV"
	run -0 ktmctl detach "$output"
	blockdev --setro "$KTM_LOG_DEV"
	run ktmctl attach "$KTM_LOG_DEV"
	blockdev --setrw "$KTM_LOG_DEV"
	[ "$status" = 1 ]
	has "read-only"
}

@test "mode and owner decide who may look" {
	install -m 755 "$KTM_BIN/ktmctl" "$tmp/ktmctl"
	chmod 755 /run/ktmctl-test "$tmp"
	run -0 ktmctl init "$KTM_LOG_DEV"
	uuid=$output
	chmod 666 /dev/ktm
	run -0 as_nobody "$tmp/ktmctl" list --json
	[ "$(jq length <<< "$output")" = 0 ]
	run -1 as_nobody "$tmp/ktmctl" detach "$uuid"
	run -1 as_nobody "$tmp/ktmctl" attach "$KTM_LOG2_DEV"
	ktmctl detach "$uuid"
	run -0 ktmctl attach --mode 0664 "$KTM_LOG_DEV"
	run -0 as_nobody "$tmp/ktmctl" list --json
	[ "$(jq -r '.[].uuid' <<< "$output")" = "$uuid" ]
	run -1 as_nobody "$tmp/ktmctl" detach "$uuid"
	has "you may not"
	ktmctl detach "$uuid"
	run -0 ktmctl attach --mode 0600 --owner 65534 --group 65534 "$KTM_LOG_DEV"
	run -0 as_nobody "$tmp/ktmctl" status --json
	[ "$(jq -r '.[] | "\(.uid) \(.gid) \(.mode)"' <<< "$output")" = "65534 65534 0600" ]
}

@test "a device that the caller may not open is refused" {
	install -m 755 "$KTM_BIN/ktmctl" "$tmp/ktmctl"
	chmod 755 /run/ktmctl-test "$tmp"
	chmod 666 /dev/ktm
	run -1 as_nobody "$tmp/ktmctl" init "$KTM_LOG_DEV"
	has "you may not"
	truncate -s 2M "$tmp/log"
	chown 65534 "$tmp/log"
	run -1 as_nobody "$tmp/ktmctl" init --log "$tmp/log"
	has "you may not"
}

@test "without the module every command says so" {
	for command in status list "detach x" "attach $KTM_LOG_DEV" "init $KTM_LOG_DEV"; do
		run -1 unshare -m sh -c "mount -t tmpfs none /dev && ktmctl $command"
		has "the kernel module is not loaded" "modprobe ktm"
	done
	run -1 unshare -m sh -c "mount -t tmpfs none /dev && ktmctl txf status"
	has "modprobe ktm_txf"
}

@test "a UUID may be shortened, if that is enough" {
	run -0 ktmctl init --name one "$KTM_LOG_DEV"
	one=$output
	run -0 ktmctl init --name two "$KTM_LOG2_DEV"
	run -1 ktmctl detach ""
	run -1 ktmctl detach zz
	has "there is no transaction manager 'zz'"
	run -0 ktmctl list rms --tm "${one%%-*}"
	run -0 ktmctl detach "${one:0:13}"
	run -0 ktmctl detach two
	run -0 ktmctl list --json
	[ "$(jq length <<< "$output")" = 0 ]
}

@test "list and detach see a transaction that is active" {
	run -0 ktmctl init "$KTM_LOG_DEV"
	uuid=$output
	hold_transaction "$uuid"
	run -0 ktmctl list transactions
	has "$held" active "held by a test"
	run -0 ktmctl list transactions --json --tm "$uuid"
	[ "$(jq -r '.[] | "\(.uuid) \(.tm) \(.state) \(.pid)"' <<< "$output")" = \
		"$held $uuid active $holder" ]
	run -0 ktmctl list enlistments --tm "$uuid"
	has "ENLISTMENT" "RESOURCE MANAGER"
	[ "$(ktmctl list enlistments --json | jq length)" = 0 ]
	[ "$(ktmctl status --json | jq '.[].active')" = 1 ]
	run -1 ktmctl detach "$uuid"
	has "active transactions" "ktmctl list transactions"
	release_transaction
	run -0 ktmctl detach "$uuid"
}

@test "log check and dump agree with status" {
	run -0 ktmctl init --name checked "$KTM_LOG_DEV"
	uuid=$output
	run -0 ktmctl detach "$uuid"
	run -0 ktmctl log check "$KTM_LOG_DEV"
	has "$uuid" checked good
	run -0 ktmctl log dump --json "$KTM_LOG_DEV"
	jq -e . <<< "$output" > /dev/null
}
