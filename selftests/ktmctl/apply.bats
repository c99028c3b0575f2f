#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# ktmctl apply: the target is like the source, or as it was

load helpers.bash

setup()
{
	clean_start
	tm=$(ktmctl init --name main "$KTM_LOG_DEV")
}

teardown()
{
	chattr -R -i "$mnt" 2> /dev/null || true
	clean_up
}

# enabled TYPE [NAME...]: a file system with a real tree (all of it, or these parts), two more
# states of it, and every kind of file
enabled()
{
	make_fs "$1"
	shift
	ktmctl txf enable "$mnt"
	mkdir -p "$tmp/new/zoneinfo"
	if [ $# = 0 ]; then
		set -- .
		# the debug kernel is slow: a third of the tree there
		[ ! -e /sys/kernel/debug/kmemleak ] || set -- Africa Asia tzdata.zi
	fi
	(cd /usr/share/zoneinfo && cp -a --parents "$@" "$tmp/new/zoneinfo/")
	cp -a "$tmp/new" "$mnt/tree"
	cp -a "$tmp/new" "$tmp/old"
	change_source
	extend_source
}

change_source()
(
	cd "$tmp/new"
	find zoneinfo -type f -name '*a*' | while read -r file; do echo changed >> "$file"; done
	rm -r zoneinfo/Africa
	chmod 640 zoneinfo/Asia/T*
	chown -R 12:13 zoneinfo/Asia
	chmod 4711 zoneinfo/tzdata.zi
	ln -sfn elsewhere zoneinfo/localtime
)

extend_source()
(
	cd "$tmp/new"
	mkdir -p more/empty
	echo hard > more/hard
	ln more/hard hard2
	ln more/hard zoneinfo/hard3
	truncate -s 1M more/sparse
	printf end >> more/sparse
	mkfifo more/pipe
	mknod more/null c 1 3
	: > "$(printf 'more/new\nline')"
	setfattr -n trusted.test -v value more/hard
	touch -d '1970-01-02 00:00:00.123456789 UTC' more/sparse more
	chmod 1777 more/empty
)

upgrade()
{
	enabled "$1"
	run -0 ktmctl apply --json "$tmp/new" "$mnt/tree"
	[ "$(jq .committed <<< "$output")" = true ]
	same_trees "$tmp/new" "$mnt/tree"
	run -0 ktmctl apply --checksum "$tmp/new" "$mnt/tree"
	has " 0 added, 0 changed, 0 removed"
	# and back
	run -0 ktmctl apply "$tmp/old" "$mnt/tree"
	same_trees "$tmp/old" "$mnt/tree"
	[ "$(ktmctl txf status --json | jq '.[] | .committed, .transactions, .staged' | xargs)" = \
		"2 0 0" ]
	# it is on the disk, not only in memory
	ktmctl txf disable "$mnt"
	umount "$mnt"
	mount "$KTM_DATA_DEV" "$mnt"
	same_trees "$tmp/old" "$mnt/tree"
}

@test "a real tree is upgraded and downgraded on ext4" { upgrade ext4; }
@test "a real tree is upgraded and downgraded on xfs" { upgrade xfs; }
@test "a real tree is upgraded and downgraded on btrfs" { upgrade btrfs; }

@test "attributes and ACLs are made the same" {
	make_fs ext4
	ktmctl txf enable "$mnt"
	mkdir "$mnt/source" "$mnt/tree"
	echo a > "$mnt/source/file"
	mkdir "$mnt/source/dir"
	setfacl -m u:1234:rw,g:99:r "$mnt/source/file"
	setfacl -d -m u:1234:rwx "$mnt/source/dir"
	setfattr -n user.name -v value "$mnt/source/file"
	head -c 3000 /dev/urandom | base64 -w0 > "$tmp/long"
	setfattr -n user.long -v "$(head -c 3000 "$tmp/long")" "$mnt/source/dir"
	run -0 ktmctl apply "$mnt/source" "$mnt/tree"
	same_trees "$mnt/source" "$mnt/tree"
	# less and other, on a file that stays
	setfattr -x user.name "$mnt/source/file"
	setfacl -b "$mnt/source/file"
	setfattr -n user.long -v short "$mnt/source/dir"
	setfacl -k "$mnt/source/dir"
	run -0 ktmctl apply "$mnt/source" "$mnt/tree"
	has " 0 added, 2 changed, 0 removed"
	same_trees "$mnt/source" "$mnt/tree"
	# a new file below a default ACL has what the source has, not what it would inherit
	setfacl -d -m u:77:rwx "$mnt/tree"
	setfacl -d -m u:77:rwx "$mnt/source"
	echo b > "$mnt/source/plain"
	setfacl -b "$mnt/source/plain"
	run -0 ktmctl apply "$mnt/source" "$mnt/tree"
	same_trees "$mnt/source" "$mnt/tree"
}

@test "the root of a file system can be the target" {
	make_fs ext4
	ktmctl txf enable "$mnt"
	mkdir "$tmp/new"
	echo content > "$tmp/new/file"
	run -0 ktmctl apply "$tmp/new" "$mnt"
	[ -d "$mnt/lost+found" ]
	[ -d "$mnt/.ktm-txf" ]
	[ "$(cat "$mnt/file")" = content ]
}

@test "--keep-extra removes nothing, --dry-run changes nothing" {
	enabled ext4 Africa Asia tzdata.zi
	echo extra > "$mnt/tree/extra"
	listing "$mnt/tree" > "$tmp/before"
	run -0 ktmctl apply --dry-run "$tmp/new" "$mnt/tree"
	has "remove   extra" "(not done)"
	listing "$mnt/tree" | diff "$tmp/before" -
	run -0 ktmctl apply --keep-extra "$tmp/new" "$mnt/tree"
	[ "$(cat "$mnt/tree/extra")" = extra ]
	[ -d "$mnt/tree/zoneinfo/Africa" ]
}

@test "a step that fails leaves no trace" {
	enabled ext4 Africa Asia tzdata.zi
	# late in the order of the tree
	chattr +i "$mnt/tree/zoneinfo/tzdata.zi"
	listing "$mnt/tree" > "$tmp/before"
	run -1 ktmctl apply "$tmp/new" "$mnt/tree"
	has "zoneinfo/tzdata.zi" "Operation not permitted" "nothing was changed"
	listing "$mnt/tree" | diff "$tmp/before" -
	[ "$(ktmctl txf status --json | jq '.[] | .transactions, .staged, .locks' | xargs)" = "0 0 0" ]
	chattr -i "$mnt/tree/zoneinfo/tzdata.zi"
	run -0 ktmctl apply "$tmp/new" "$mnt/tree"
	same_trees "$tmp/new" "$mnt/tree"
}

@test "a full file system leaves no trace" {
	enabled ext4 Africa Asia tzdata.zi
	listing "$mnt/tree" > "$tmp/before"
	fallocate -l "$(($(stat -f -c '%a * %S' "$mnt") - 1048576))" "$mnt/filler"
	head -c 4M /dev/urandom > "$tmp/new/zzz"
	run -1 ktmctl apply "$tmp/new" "$mnt/tree"
	has "the file system is full" "nothing was changed"
	listing "$mnt/tree" | diff "$tmp/before" -
	rm "$mnt/filler"
	run -0 ktmctl apply "$tmp/new" "$mnt/tree"
	same_trees "$tmp/new" "$mnt/tree"
}

@test "being killed leaves no trace" {
	enabled ext4
	head -c 64M /dev/zero > "$tmp/new/zzz"
	listing "$mnt/tree" > "$tmp/before"
	ktmctl apply --progress "$tmp/new" "$mnt/tree" 2> "$tmp/progress" &
	# it has begun to change when it shows the first progress
	until [ -s "$tmp/progress" ]; do kill -0 $!; done
	kill -9 $!
	killed=0
	wait $! || killed=$?
	[ "$killed" = 137 ]
	until [ "$(ktmctl txf status --json | jq '.[].transactions')" = 0 ]; do :; done
	listing "$mnt/tree" | diff "$tmp/before" -
	run -0 ktmctl apply "$tmp/new" "$mnt/tree"
	same_trees "$tmp/new" "$mnt/tree"
}

@test "what another transaction holds is named" {
	enabled ext4 Africa Asia tzdata.zi
	hold_transaction "$tm" "$mnt/tree/zoneinfo/tzdata.zi"
	listing "$mnt/tree" > "$tmp/before"
	run -1 ktmctl apply "$tmp/new" "$mnt/tree"
	has "zoneinfo/tzdata.zi" "another transaction holds it" "nothing was changed"
	listing "$mnt/tree" | diff "$tmp/before" -
	release_transaction
	run -0 ktmctl apply "$tmp/new" "$mnt/tree"
	same_trees "$tmp/new" "$mnt/tree"
}

@test "a deadline that passes rolls back" {
	enabled ext4
	head -c 64M /dev/zero > "$tmp/new/zzz"
	listing "$mnt/tree" > "$tmp/before"
	ktmctl apply --progress --timeout 2 "$tmp/new" "$mnt/tree" 2> "$tmp/progress" &
	# stopped in the middle until the deadline has passed
	until [ -s "$tmp/progress" ]; do kill -0 $! || break; done
	! kill -STOP $! || until [ "$(ktmctl status --json | jq '.[].active')" = 0 ]; do :; done
	kill -CONT $! || true
	failed=0
	wait $! || failed=$?
	[ "$failed" = 1 ]
	grep -q "its deadline passed" "$tmp/progress"
	listing "$mnt/tree" | diff "$tmp/before" -
}

@test "a failing log is an error, not a success" {
	clean_up
	mkdir -p "$tmp"
	wipe "$KTM_FAULT_DEV"
	tm=$(ktmctl init "$KTM_FAULT_DEV")
	enabled ext4 Africa Asia tzdata.zi
	"$KTM_SRC/scripts/vm/control" fault fault flush/once
	run ktmctl apply "$tmp/new" "$mnt/tree"
	"$KTM_SRC/scripts/vm/control" fault fault none
	[ "$status" = 1 ]
	run -0 ktmctl status --json
	[ "$(jq -r '.[].state' <<< "$output")" = offline ]
	run -0 ktmctl status
	has "offline, durable: Input/output error"
	# after a new attach the tree is entirely one of the two
	ktmctl txf disable "$mnt"
	ktmctl detach "$tm"
	run -0 ktmctl attach "$KTM_FAULT_DEV"
	run -0 ktmctl txf enable "$mnt"
	same_trees "$tmp/new" "$mnt/tree" || same_trees "$tmp/old" "$mnt/tree"
}

@test "a target that is not enabled is refused" {
	mkdir "$tmp/a" "$tmp/b"
	touch "$tmp/a/file"
	run -1 ktmctl apply "$tmp/a" "$tmp/b"
	has "not enabled" "ktmctl txf enable"
	[ -z "$(ls -A "$tmp/b")" ]
}

@test "many small files take one flush of the log" {
	enabled ext4 Africa Asia tzdata.zi
	before=$(ktmctl status --json | jq '.[].log.flushes')
	run -0 ktmctl apply "$tmp/new" "$mnt/tree"
	after=$(ktmctl status --json | jq '.[].log.flushes')
	# one for the decision; the end record may have taken another by now
	[ $((after - before)) -ge 1 ]
	[ $((after - before)) -le 2 ]
}
