#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# ktmctl txf: which file systems, and whose

load helpers.bash

setup()
{
	clean_start
	tm=$(ktmctl init --name main "$KTM_LOG_DEV")
}

teardown() { clean_up; }

enable_and_disable()
{
	make_fs "$1"
	run -0 ktmctl txf enable "$mnt"
	rm_uuid=$output
	run -0 ktmctl txf status --json "$mnt"
	[ "$(jq -r '.[] | "\(.path) \(.uuid) \(.tm) \(.state)"' <<< "$output")" = \
		"$mnt $rm_uuid $tm online" ]
	run -0 ktmctl list rms --json
	[ "$(jq -r '.[] | "\(.uuid) \(.state) \(.kernel)"' <<< "$output")" = "$rm_uuid online true" ]
	# it is held
	run -32 umount "$mnt"
	run -1 ktmctl detach "$tm"
	has "resource managers"
	run -0 ktmctl txf disable "$mnt"
	# the same resource manager in its next life
	run -0 ktmctl txf enable "$mnt"
	[ "$output" = "$rm_uuid" ]
	run -0 ktmctl txf disable --forget "$mnt"
	[ ! -e "$mnt/.ktm-txf" ]
	run -0 ktmctl txf status
	has "No file system is enabled"
	umount "$mnt"
}

@test "ext4" { enable_and_disable ext4; }
@test "xfs" { enable_and_disable xfs; }
@test "btrfs" { enable_and_disable btrfs; }

@test "only root can look into the staging directory" {
	make_fs ext4
	run -0 ktmctl txf enable "$mnt"
	[ "$(stat -c '%a %u' "$mnt/.ktm-txf")" = "700 0" ]
}

@test "a file system is enabled once" {
	make_fs ext4
	run -0 ktmctl txf enable "$mnt"
	run -1 ktmctl txf enable "$mnt"
	has "enabled already"
}

@test "a directory below the mount point is refused, if it is a mount of its own" {
	make_fs ext4
	mkdir "$mnt/dir" "$tmp/bound"
	mount --bind "$mnt/dir" "$tmp/bound"
	run ktmctl txf enable "$tmp/bound"
	umount "$tmp/bound"
	[ "$status" = 1 ]
	has "not the root of a file system"
}

@test "tmpfs is refused" {
	mount -t tmpfs none "$mnt"
	run -1 ktmctl txf enable "$mnt"
	has "cannot take part" "ext4, xfs and btrfs"
}

@test "a file system that is read-only is refused" {
	make_fs ext4
	mount -o remount,ro "$mnt"
	run -1 ktmctl txf enable "$mnt"
	has "read-only"
}

@test "what is not enabled cannot be disabled or looked at" {
	make_fs ext4
	run -1 ktmctl txf disable "$mnt"
	has "not enabled"
	run -1 ktmctl txf status "$mnt"
	has "not enabled"
	run -1 ktmctl txf enable "$mnt/nothing"
	has "does not exist"
}

@test "of two transaction managers one must be named" {
	make_fs ext4
	ktmctl init --name other "$KTM_LOG2_DEV"
	run -1 ktmctl txf enable "$mnt"
	has "there are 2 transaction managers"
	run -0 ktmctl txf enable --tm main "$mnt"
	[ "$(ktmctl txf status --json | jq -r '.[].tm')" = "$tm" ]
}

@test "the staging directory of another transaction manager is left alone" {
	make_fs ext4
	ktmctl init --name other "$KTM_LOG2_DEV"
	run -0 ktmctl txf enable --tm main "$mnt"
	run -0 ktmctl txf disable "$mnt"
	run -1 ktmctl txf enable --tm other "$mnt"
	has "belongs to another transaction manager"
	run -0 ktmctl txf enable --tm main "$mnt"
}

@test "disable waits for nobody: a transaction that holds it is named" {
	make_fs ext4
	touch "$mnt/file"
	run -0 ktmctl txf enable "$mnt"
	hold_transaction "$tm" "$mnt/file"
	run -1 ktmctl txf disable "$mnt"
	has "has not ended" "ktmctl list transactions"
	release_transaction
	run -0 ktmctl txf disable "$mnt"
	[ -e "$mnt/file" ]
}

@test "kept: nothing, of one and of all" {
	make_fs ext4
	run -1 ktmctl txf kept "$mnt"
	has "never enabled"
	run -0 ktmctl txf enable "$mnt"
	run -0 ktmctl txf kept "$mnt"
	[ "$output" = "Nothing is kept." ]
	run -0 ktmctl txf kept
	[ "$output" = "Nothing is kept." ]
	run -0 ktmctl txf kept --json
	[ "$(jq length <<< "$output")" = 0 ]
}

@test "kept: only what was kept" {
	local as=kept-00000000-1111-2222-3333-444444444444-12
	make_fs ext4
	run -0 ktmctl txf enable "$mnt"
	touch "$mnt/.ktm-txf/kept-something"
	echo data > "$mnt/.ktm-txf/$as.old"
	setfattr -n trusted.ktm_txf.path -v /etc/passwd "$mnt/.ktm-txf/$as.old"
	run -0 ktmctl txf kept
	[ "${#lines[@]}" = 2 ]
	has displaced "$mnt/etc/passwd" "$mnt/.ktm-txf/$as.old"
	run -0 ktmctl txf kept --json
	[ "$(jq -r '.[] | "\(.why) \(.path) \(.transaction) \(.size)"' <<< "$output")" = \
		"displaced /etc/passwd 00000000-1111-2222-3333-444444444444 5" ]
}

@test "others may not" {
	make_fs ext4
	install -m 755 "$KTM_BIN/ktmctl" "$tmp/ktmctl"
	chmod 755 /run/ktmctl-test "$tmp" "$mnt"
	chmod 666 /dev/ktm /dev/ktm_txf
	ktmctl detach "$tm"
	ktmctl attach --mode 0666 "$KTM_LOG_DEV"
	run -1 as_nobody "$tmp/ktmctl" txf enable "$mnt"
	has "you may not"
	run -0 ktmctl txf enable "$mnt"
	run -1 as_nobody "$tmp/ktmctl" txf disable "$mnt"
	has "you may not"
}
