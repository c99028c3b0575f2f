# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For the tests of ktmctl: where things are, and a clean machine before and after each test.
# Environment: KTM_BIN KTM_LOG_DEV KTM_LOG2_DEV KTM_DATA_DEV KTM_FAULT_DEV KTM_SRC, see
# scripts/vm/kselftests. Modules are loaded.

bats_require_minimum_version 1.5.0

: "${KTM_BIN:?}" "${KTM_LOG_DEV:?}" "${KTM_LOG2_DEV:?}" "${KTM_DATA_DEV:?}" "${KTM_FAULT_DEV:?}"
PATH=$KTM_BIN:$PATH

# mount point, and a folder on another file system
mnt=/run/ktmctl-test/mnt
tmp=/run/ktmctl-test/tmp

clean_up()
{
	local path uuid
	ktmctl txf status --json | jq -r '.[].path' | while read -r path; do
		ktmctl txf disable --forget "$path"
	done
	! mountpoint -q "$mnt" || umount "$mnt"
	ktmctl list --json | jq -r '.[].uuid' | while read -r uuid; do
		ktmctl detach "$uuid"
	done
	losetup -D
	rm -rf "$tmp"
}

# nothing attached, devices blank where ktmctl looks, empty folders
clean_start()
{
	local device
	clean_up
	mkdir -p "$mnt" "$tmp"
	for device in "$KTM_LOG_DEV" "$KTM_LOG2_DEV"; do
		wipe "$device"
	done
}

# wipe DEVICE: the first mebibyte; no test writes as much as to reach the last one
wipe() { dd if=/dev/zero of="$1" bs=1M count=1 conv=fsync status=none; }

# make_fs TYPE: a new file system of this type at $mnt
make_fs()
{
	case $1 in
	ext4) mkfs.ext4 -q -F -m 0 "$KTM_DATA_DEV" ;;
	xfs) mkfs.xfs -q -f "$KTM_DATA_DEV" ;;
	btrfs) mkfs.btrfs -q -f "$KTM_DATA_DEV" ;;
	esac
	mount -t "$1" "$KTM_DATA_DEV" "$mnt"
}

# as_nobody COMMAND...: without any right; the program must be where nobody can run it
as_nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all "$@"
}

# has TEXT...: the output of the last `run` has all of these
has()
{
	local text
	# shellcheck disable=SC2154 # set by run
	for text in "$@"; do
		[[ $output == *"$text"* ]] || { echo "no '$text' in: $output"; return 1; }
	done
}

# listing FOLDER: everything that apply makes the same, in a form that can be compared
listing()
{
	(
		cd "$1" || exit 1
		find . -path ./.ktm-txf -prune -o -path ./lost+found -prune -o -printf '%p %y %m %U %G %T@ %l\n' | sort
		find . -path ./.ktm-txf -prune -o -type f -print0 | sort -z | xargs -0r sha256sum
		find . -path ./.ktm-txf -prune -o -type f -links +1 -printf '%p %n\n' | sort
		find . -path ./.ktm-txf -prune -o \( -type b -o -type c \) -print0 | sort -z |
			xargs -0r stat -c '%n %t %T'
		find . -path ./.ktm-txf -prune -o -print0 | sort -z |
			xargs -0r getfattr -hdm '^(user|trusted|system\.posix)' -e hex 2>&1
	)
}

# same_trees A B
same_trees()
{
	listing "$1" > "$tmp/.listing1"
	listing "$2" > "$tmp/.listing2"
	diff "$tmp/.listing1" "$tmp/.listing2"
}

# hold_transaction TM [MOUNT FILE]: begin a transaction in the background, perhaps with FILE
# removed in it, and keep it until release_transaction
hold_transaction()
{
	coproc HOLDER { exec /usr/bin/python3 "$BATS_TEST_DIRNAME/hold_transaction.py" "$@" 2>&1; }
	holder=$HOLDER_PID
	read -r -u "${HOLDER[0]}" held
	[ "${#held}" = 36 ] || { echo "hold_transaction: $held"; return 1; }
}

release_transaction()
{
	kill "$holder"
	wait "$holder" || true
}
