# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the crash tests share; each is a program for scripts/crash/campaign.

PATH=$O/userlib:$O/demo:$O/crash-programs:$KTM_SRC/scripts/vm:$PATH

# build (on the host): whatever the guest will run
build()
{
	{
		"$KTM_SRC/scripts/kernel/modules.sh" stock "$O/modules-stock" W=1
		make -s -C "$KTM_SRC/userlib" O="$O/userlib" all
		make -s -C "$KTM_SRC/scripts/demo" O="$O/demo" KTM_LIB="$O/userlib"
		make -s -C "$KTM_SRC/selftests/crash/src" O="$O/crash-programs" KTM_LIB="$O/userlib"
	} >&2
}

# load [MODULE]
load()
{
	insmod "$O/modules-stock/ktm.ko"
	for module; do
		insmod "$O/modules-stock/$module.ko"
	done
}

# unload [MODULE]; they must come out: whoever still uses one has forgotten something
unload()
{
	for module; do
		rmmod "$module"
	done
	rmmod ktm
}

# After a failure nothing may stay behind: the next cut is judged on its own.
tidy()
{
	[ $? != 0 ] || return 0
	set +e
	rmmod ktm_txf
	awk '$2 ~ "^/mnt" { print $2 }' /proc/mounts | xargs -r umount
	rmmod ktm
}
[ "$1" = disks ] || trap tidy EXIT

# last_mark WORD: the number of the last mark "WORD number" that had been reached, or 0
last_mark()
{
	awk -v word="$1" '$1 == word { last = $2 } END { print last + 0 }' "$KTM_MARKS"
}
