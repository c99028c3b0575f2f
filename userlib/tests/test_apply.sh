#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What `ktmctl apply` finds to do; --dry-run needs no kernel module.
set -u
# shellcheck source=SCRIPTDIR/tap.sh
. "$(dirname "$0")/tap.sh"

ktmctl=$dir/asan/ktmctl
cd "$tmp" || exit 1

# two equal trees
fresh()
{
	rm -rf s t
	mkdir -p s/dir/sub
	echo one > s/one
	echo two > s/dir/two
	echo three > s/dir/sub/three
	ln -s one s/link
	mkfifo s/pipe
	cp -a s t
}

# steps OPTION...: the steps, without the summary
steps()
{
	"$ktmctl" apply --dry-run "$@" s t > out 2> err || { cat err; return 1; }
	sed '$d' out
}

# finds TEXT WANTED [OPTION...]
finds()
{
	text=$1
	wanted=$2
	shift 2
	ok "$text" same "$(printf '%b' "$wanted")" "$(steps "$@")"
}

fresh
finds "equal trees need nothing" ""
ok "the summary counts the names" grep -q '^8 names: 0 added, 0 changed, 0 removed' out

fresh; echo new > s/dir/new; touch -d @1 s/dir
finds "a new file" "file     dir/new\nattr     dir (mtime)"
fresh; echo longer > s/one
finds "another size" "file     one\nattr     . (mtime)"
fresh; echo eno > s/one; touch -r t/one s/one
finds "the same size and time are trusted" ""
finds "--checksum trusts nothing" "file     one\nattr     . (mtime)" --checksum
fresh; touch -d @1 s/one
finds "another time is another content" "file     one\nattr     . (mtime)"
finds "--checksum sees that only the time differs" "attr     one (mtime)" --checksum
fresh; chmod 0600 s/one
finds "another mode" "attr     one (mode)"
fresh; setfattr -n user.a -v b s/dir/two 2> /dev/null
if getfattr -n user.a s/dir/two > /dev/null 2>&1; then
	finds "an attribute more" "attr     dir/two (xattr)"
	fresh; setfattr -n user.a -v b t/dir/two
	finds "an attribute less" "attr     dir/two (xattr)"
	fresh; setfattr -n user.a -v b s/one; setfattr -n user.a -v c t/one
	finds "another value" "attr     one (xattr)"
else
	echo "# no user attributes in $tmp"
fi
if setfacl -m u:1234:r s/one 2> /dev/null; then
	fresh; setfacl -m u:1234:r s/one
	finds "an ACL" "attr     one (xattr)"
fi
if [ "$(id -u)" -eq 0 ]; then
	fresh; chown 1:1 s/dir
	finds "another owner" "attr     dir (mode, owner, xattr)"
	fresh; mknod s/null c 1 3; mknod t/null c 1 5; touch -r s t; touch -r s/null t/null
	finds "another device" "remove   null\nnode     null\nattr     . (mtime)"
fi

fresh; ln -sfn two s/link; touch -h -r t/link s/link; touch -r t s
finds "another link text" "remove   link\nsymlink  link\nattr     . (mtime)"
fresh; rm -r s/dir; touch -r t s
finds "a tree less" \
	"remove   dir/sub/three\nrmdir    dir/sub\nremove   dir/two\nrmdir    dir\nattr     . (mtime)"
finds "--keep-extra keeps it" "" --keep-extra
fresh; rm -r s/dir; echo file > s/dir; touch -r t s
finds "a directory becomes a file" \
	"remove   dir/sub/three\nrmdir    dir/sub\nremove   dir/two\nrmdir    dir\nfile     dir\nattr     . (mtime)"
fresh; rm t/one; mkdir t/one; touch -r s t
finds "a file was a directory" "rmdir    one\nfile     one\nattr     . (mtime)"
fresh; rm -r t/dir; touch -r s t
finds "a tree more" "mkdir    dir\nmkdir    dir/sub\nfile     dir/sub/three\n\
attr     dir/sub (mode, owner, mtime, xattr)\nfile     dir/two\n\
attr     dir (mode, owner, mtime, xattr)\nattr     . (mtime)"
fresh; : > "$(printf 's/a\nb')"; touch -r t s
finds "a newline in a name" 'file     a\\012b\nattr     . (mtime)'
fresh; rm s/pipe t/pipe; mkfifo s/pipe; mkdir t/pipe; touch -r s t
finds "a pipe is never opened" "rmdir    pipe\nnode     pipe\nattr     . (mtime)"

# hard links
fresh; ln s/one s/same; touch -r t s
finds "a new link" "link     same to one\nattr     . (mtime)"
fresh; ln s/one s/same; ln t/one t/same; touch -r t s
finds "equal links" ""
fresh; ln t/one t/same; cp -p s/one s/same; touch -r t s
finds "two files that were one" "file     same\nattr     . (mtime)"
fresh; ln s/one s/same; cp -p t/one t/same; touch -r t s
finds "one file that was two" "remove   same\nlink     same to one\nattr     . (mtime)"
fresh; ln s/one s/same; ln t/one t/same; echo other > s/one; touch -r t s
finds "links to a file that changes" \
	"file     one\nremove   same\nlink     same to one\nattr     . (mtime)"
fresh; ln s/one s/same; ln t/one t/same; chmod 0600 s/one; touch -r t s
finds "attributes of links change once" "attr     one (mode)"
fresh; ln t/one elsewhere; chmod 0600 s/one
finds "a link outside does not change along" "file     one\nattr     . (mtime)"
rm elsewhere

# trees that cannot be
ok "one tree in the other" status 1 "$ktmctl" apply -n s s/dir
ok "the other way round" status 1 "$ktmctl" apply -n s/dir s
ok "one and the same" status 1 "$ktmctl" apply -n s s
ok "no source" status 1 "$ktmctl" apply -n nothing t
ok "no target" status 1 "$ktmctl" apply -n s nothing
ok "a file for a source" status 1 "$ktmctl" apply -n s/one t

# a deep tree, and a wide one in time that grows with its size only
fresh
deep=s
i=0
while [ $i -lt 400 ]; do deep=$deep/d; i=$((i + 1)); done
mkdir -p "$deep"; touch -r t s
ok "400 levels deep" sh -c "'$ktmctl' apply -n s t | grep -q '^408 names: 400 added'"
fresh
mkdir s/wide
(cd s/wide && seq 1 20000 | xargs touch)
touch -r t s
ok "20000 names in one directory" \
	timeout 60 sh -c "'$ktmctl' apply -n s t | grep -q '^20009 names: 20001 added'"
ok "JSON" sh -c "'$ktmctl' apply -n --json s t | jq -e '.added == 20001 and .committed == false'"
tap_done
