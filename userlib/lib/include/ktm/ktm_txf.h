/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libktm - one call for each ioctl of ktm_txf, transactional files
 *
 * What a call does and which errors it has is written in <linux/ktm_txf.h>; the
 * rules of <ktm/ktm.h> hold here, too. Each call names the control node
 * /dev/ktm_txf by txf_fd, the transaction by tx_fd and the file by dirfd and
 * path, as the *at() system calls do.
 */
#ifndef _KTM_KTM_TXF_H
#define _KTM_KTM_TXF_H

#include <stddef.h>
#include <stdint.h>
#include <linux/ktm_txf.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The control node and file systems */

/**
 * ktm_txf_control_open - open /dev/ktm_txf
 *
 * Return: the fd, or -ENOENT when the module is not loaded, -EACCES, -EMFILE.
 */
int ktm_txf_control_open(void);

/**
 * ktm_txf_enable - make a file system transactional
 * @txf_fd: /dev/ktm_txf
 * @mount_fd: a directory on it
 * @tm_fd: durable TM
 * @uuid: out: the resource manager; may be NULL
 * @recovered: out: transactions of an earlier life that were carried out now;
 *	may be NULL
 *
 * Return: 0 or a negative errno as in struct ktm_txf_enable.
 */
int ktm_txf_enable(int txf_fd, int mount_fd, int tm_fd,
		   unsigned char uuid[KTM_UUID_SIZE], uint32_t *recovered);

/**
 * ktm_txf_disable - end what ktm_txf_enable() began
 * @txf_fd: /dev/ktm_txf
 * @mount_fd: any file on the file system
 * @flags: KTM_TXF_DISABLE_F_*
 *
 * Return: 0 or a negative errno as in struct ktm_txf_disable.
 */
int ktm_txf_disable(int txf_fd, int mount_fd, uint32_t flags);

/**
 * ktm_txf_adopt - let the copy of a file system go with the copy of its log
 * @txf_fd: /dev/ktm_txf
 * @mount_fd: a directory on it
 * @from: the TM that it belongs to; NULL, with @to, to ask only
 * @to: the TM that it shall belong to
 * @uuid: out: the resource manager; may be NULL
 * @tm_uuid: out: the TM that it belongs to now; may be NULL
 *
 * Return: 0 or a negative errno as in struct ktm_txf_adopt.
 */
int ktm_txf_adopt(int txf_fd, int mount_fd, const unsigned char *from,
		  const unsigned char *to, unsigned char uuid[KTM_UUID_SIZE],
		  unsigned char tm_uuid[KTM_UUID_SIZE]);

/**
 * ktm_txf_query - state and figures of an enabled file system
 * @txf_fd: /dev/ktm_txf
 * @status: flags, mount_fd, path, path_size and cursor filled in, all else
 *	zero; the rest is filled in
 * @size: sizeof(*status)
 *
 * Return: 0 or a negative errno as in struct ktm_txf_status.
 */
int ktm_txf_query(int txf_fd, struct ktm_txf_status *status, size_t size);

/* Changes under a transaction */

/**
 * ktm_txf_open - open, and perhaps create, a file
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the file
 * @open_flags: O_*, see struct ktm_txf_open
 * @mode: permission bits of a new file, else 0
 *
 * Return: fd of the file, or a negative errno as in struct ktm_txf_open.
 */
int ktm_txf_open(int txf_fd, int tx_fd, int dirfd, const char *path,
		 int open_flags, unsigned int mode);

/**
 * ktm_txf_mkdir - make a directory
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the directory
 * @mode: permission bits
 *
 * Return: 0 or a negative errno as in struct ktm_txf_create.
 */
int ktm_txf_mkdir(int txf_fd, int tx_fd, int dirfd, const char *path,
		  unsigned int mode);

/**
 * ktm_txf_mknod - make a special file or an empty one
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the file
 * @mode: type and permission bits
 * @dev_major: device number, for devices only
 * @dev_minor: device number, for devices only
 *
 * Return: 0 or a negative errno as in struct ktm_txf_create.
 */
int ktm_txf_mknod(int txf_fd, int tx_fd, int dirfd, const char *path,
		  unsigned int mode, unsigned int dev_major,
		  unsigned int dev_minor);

/**
 * ktm_txf_symlink - make a symbolic link
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @target: text of the link
 * @dirfd: where a relative path starts
 * @path: the link
 *
 * Return: 0 or a negative errno as in struct ktm_txf_symlink.
 */
int ktm_txf_symlink(int txf_fd, int tx_fd, const char *target, int dirfd,
		    const char *path);

/**
 * ktm_txf_unlink - remove a name that is not a directory's
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the name
 *
 * Return: 0 or a negative errno as in struct ktm_txf_remove.
 */
int ktm_txf_unlink(int txf_fd, int tx_fd, int dirfd, const char *path);

/**
 * ktm_txf_rmdir - remove an empty directory
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the directory
 *
 * Return: 0 or a negative errno as in struct ktm_txf_remove.
 */
int ktm_txf_rmdir(int txf_fd, int tx_fd, int dirfd, const char *path);

/**
 * ktm_txf_rename - give another name
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @olddirfd: where a relative old path starts
 * @oldpath: what is there
 * @newdirfd: where a relative new path starts
 * @newpath: the name wanted
 * @flags: KTM_TXF_RENAME_F_*
 *
 * Return: 0 or a negative errno as in struct ktm_txf_rename.
 */
int ktm_txf_rename(int txf_fd, int tx_fd, int olddirfd, const char *oldpath,
		   int newdirfd, const char *newpath, uint32_t flags);

/**
 * ktm_txf_link - give one more name
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @olddirfd: where a relative old path starts
 * @oldpath: what is there
 * @newdirfd: where a relative new path starts
 * @newpath: the name wanted
 * @flags: KTM_TXF_LINK_F_*
 *
 * Return: 0 or a negative errno as in struct ktm_txf_rename.
 */
int ktm_txf_link(int txf_fd, int tx_fd, int olddirfd, const char *oldpath,
		 int newdirfd, const char *newpath, uint32_t flags);

/**
 * ktm_txf_setattr - change mode, owner or times
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the file
 * @flags: KTM_TXF_F_*
 * @attr: valid, mode, uid, gid, atime and mtime are looked at
 * @size: sizeof(*attr)
 *
 * Return: 0 or a negative errno as in struct ktm_txf_setattr.
 */
int ktm_txf_setattr(int txf_fd, int tx_fd, int dirfd, const char *path,
		    uint32_t flags, const struct ktm_txf_setattr *attr,
		    size_t size);

/**
 * ktm_txf_setxattr - set an extended attribute
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the file
 * @flags: KTM_TXF_F_*
 * @name: its name
 * @value: its value
 * @size: bytes of the value
 * @xattr_flags: 0, XATTR_CREATE or XATTR_REPLACE
 *
 * Return: 0 or a negative errno as in struct ktm_txf_xattr.
 */
int ktm_txf_setxattr(int txf_fd, int tx_fd, int dirfd, const char *path,
		     uint32_t flags, const char *name, const void *value,
		     uint32_t size, uint32_t xattr_flags);

/**
 * ktm_txf_removexattr - remove an extended attribute
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the file
 * @flags: KTM_TXF_F_*
 * @name: its name
 *
 * Return: 0 or a negative errno as in struct ktm_txf_xattr.
 */
int ktm_txf_removexattr(int txf_fd, int tx_fd, int dirfd, const char *path,
			uint32_t flags, const char *name);

/* What the transaction sees */

/**
 * ktm_txf_stat - attributes of a file
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the file
 * @flags: KTM_TXF_F_*
 * @stat: filled in
 * @size: sizeof(*stat)
 *
 * Return: 0 or a negative errno as in struct ktm_txf_stat.
 */
int ktm_txf_stat(int txf_fd, int tx_fd, int dirfd, const char *path,
		 uint32_t flags, struct ktm_txf_stat *stat, size_t size);

/**
 * ktm_txf_readlink - text of a symbolic link
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the link
 * @buffer: filled with the text, no NUL
 * @size: bytes of room
 *
 * Return: number of bytes, or a negative errno as in struct ktm_txf_read.
 */
long ktm_txf_readlink(int txf_fd, int tx_fd, int dirfd, const char *path,
		      char *buffer, uint32_t size);

/**
 * ktm_txf_readdir - names in a directory
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the directory
 * @buffer: filled with struct ktm_txf_dirent records; step by their reclen
 * @size: bytes of room
 * @cursor: 0 to start; moved on by each call
 *
 * Return: number of bytes, 0 at the end, or a negative errno as in struct
 * ktm_txf_read.
 */
long ktm_txf_readdir(int txf_fd, int tx_fd, int dirfd, const char *path,
		     void *buffer, uint32_t size, uint64_t *cursor);

/**
 * ktm_txf_getxattr - value of an extended attribute
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the file
 * @flags: KTM_TXF_F_*
 * @name: its name
 * @value: filled with the value
 * @size: bytes of room, 0 to ask for the size only
 *
 * Return: bytes of the value, or a negative errno as in struct ktm_txf_xattr.
 */
long ktm_txf_getxattr(int txf_fd, int tx_fd, int dirfd, const char *path,
		      uint32_t flags, const char *name, void *value,
		      uint32_t size);

/**
 * ktm_txf_listxattr - names of the extended attributes
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: the file
 * @flags: KTM_TXF_F_*
 * @list: filled with the names, each with its NUL
 * @size: bytes of room, 0 to ask for the size only
 *
 * Return: bytes of the list, or a negative errno as in struct ktm_txf_xattr.
 */
long ktm_txf_listxattr(int txf_fd, int tx_fd, int dirfd, const char *path,
		       uint32_t flags, char *list, uint32_t size);

/**
 * ktm_txf_state_name - name of an enum ktm_txf_state
 * @state: the state
 *
 * Return: a word in lower case; "unknown" for an unknown state.
 */
const char *ktm_txf_state_name(uint32_t state);

#ifdef __cplusplus
}
#endif

#endif /* _KTM_KTM_TXF_H */
