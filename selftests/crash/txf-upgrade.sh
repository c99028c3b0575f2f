# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Crash test: the tree of a package is upgraded, downgraded and upgraded again, each time in one
# transaction, on the file system $fs. After a cut it is, in every name, attribute and byte, as it
# was after the last step that was acknowledged, or as after the next one; and nothing is left of
# transactions that have not committed. The sample has some 150 files, KTM_POINTS=all the whole
# package.

# shellcheck source=/dev/null
. "${0%/*}/common.sh"
fs=${0##*-}
log=/dev/disk/ktm/log
data=/dev/disk/ktm/data
demo=$KTM_SRC/scripts/demo
# The tree at the start, and after each step.
states=(old new old new)
last=$((${#states[@]} - 1))

# The file system has no damage that its own tools could see.
sound()
{
	case $fs in
	ext4) fsck.ext4 -fn $data ;;
	xfs) xfs_repair -n $data ;;
	btrfs) btrfs check $data ;;
	esac
}

work()
{
	local number tree size=small
	[ "$KTM_POINTS" != all ] || size=

	load ktm_txf
	tm=$(ktmctl init $log)
	case $fs in
	# A small journal, so that the file system itself breaks the renames into pieces.
	ext4) mkfs.ext4 -q -b 1024 -J size=1 $data ;;
	*) "mkfs.$fs" -q $data ;;
	esac
	mount $data /mnt
	"$demo/unpack-trees" "$O/trees" /mnt $size
	for tree in old new; do
		"$demo/manifest" /mnt/$tree > "$KTM_OUT/$tree.manifest"
	done
	cp -a /mnt/old /mnt/tree
	"$demo/manifest" /mnt/tree | cmp - "$KTM_OUT/old.manifest"
	sync
	ktmctl txf enable /mnt
	control mark start
	for number in $(seq $last); do
		ktmctl apply "/mnt/${states[$number]}" /mnt/tree
		control mark "done $number"
	done
	"$demo/manifest" /mnt/tree | cmp - "$KTM_OUT/new.manifest"
	ktmctl txf disable /mnt
	umount /mnt
	ktmctl detach "$tm"
	control mark detached
	unload ktm_txf
}

verify()
{
	local number next state status=1 manifests=${KTM_OUT%/*}/work
	number=$(last_mark "done")
	next=$((number < last ? number + 1 : last))

	load ktm_txf
	tm=$(ktmctl attach $log)
	mount $data /mnt
	ktmctl txf enable /mnt
	"$demo/manifest" /mnt/tree > /run/now.manifest
	for state in "${states[$number]}" "${states[$next]}"; do
		! cmp -s /run/now.manifest "$manifests/$state.manifest" || status=0
	done
	if [ $status != 0 ]; then
		echo "acknowledged $number, but the tree is not as before or after:"
		diff "$manifests/$state.manifest" /run/now.manifest | head -n 20
	fi
	ktmctl txf disable /mnt
	# Nothing staged is left: only the name of the resource manager.
	[ "$(ls -A /mnt/.ktm-txf)" = identity ] || { ls -AR /mnt/.ktm-txf; status=1; }
	umount /mnt
	ktmctl detach "$tm"
	unload ktm_txf
	sound > /run/fsck.log 2>&1 || { cat /run/fsck.log; status=1; }
	return $status
}

case $1 in
disks)
	build
	"$demo/packages" "$O/trees" >&2
	echo name=log,size=4M
	echo name=data,size=400M,atomic=4K
	;;
work|verify) "$1" ;;
esac
