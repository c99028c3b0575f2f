// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - making and removing things in the staging directory
 *
 * Everything here is done with the kernel's credentials: what the caller may do
 * has been checked at the place where the object will be.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/kernel.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/stringhash.h>

#include "compat.h"
#include "label.h"
#include "memory.h"
#include "rename.h"
#include "stage.h"
#include "tree.h"
#include "tx.h"
#include "volume.h"

struct cred *txf_stage_cred(void)
{
	struct cred *cred = prepare_kernel_cred(&init_task);

	if (!cred)
		return NULL;
	cred->fsuid = current_fsuid();
	cred->fsgid = current_fsgid();
	/* Reserved blocks and quota are for those who have the right. */
	if (!capable(CAP_SYS_RESOURCE))
		cap_lower(cred->cap_effective, CAP_SYS_RESOURCE);
	return cred;
}

static int part_name(const struct txf_part *part, char *name)
{
	return snprintf(name, TXF_STAGE_NAME_MAX, "tx-%pUb", &part->uuid);
}

/* Begin work in staging with the kernel's credentials. */
static int work_begin(struct txf_part *part, const struct cred **old)
{
	int error = mnt_want_write(part->vol->mnt);

	if (!error)
		*old = override_creds(part->vol->cred);
	return error;
}

static void work_end(struct txf_part *part, const struct cred *old)
{
	revert_creds(old);
	mnt_drop_write(part->vol->mnt);
}

int txf_stage_open(struct txf_part *part)
{
	struct dentry *staging = part->vol->staging, *dentry;
	char name[TXF_STAGE_NAME_MAX];
	const struct cred *old;
	int len = part_name(part, name);
	int error;

	error = work_begin(part, &old);
	if (error)
		return error;
	inode_lock_nested(d_inode(staging), I_MUTEX_PARENT);
	dentry = txf_lookup(name, staging, len);
	if (IS_ERR(dentry)) {
		error = PTR_ERR(dentry);
	} else if (d_is_positive(dentry)) {
		error = -EEXIST;
		dput(dentry);
	} else {
		error = txf_vfs_mkdir(d_inode(staging), &dentry, 0700);
		if (!error && d_unhashed(dentry))
			error = -ESTALE;
		if (error)
			dput(dentry);
		else
			part->dir = dentry;
	}
	inode_unlock(d_inode(staging));
	work_end(part, old);
	return error;
}

int txf_stage_find(struct txf_part *part)
{
	char name[TXF_STAGE_NAME_MAX];
	const struct cred *old;
	struct dentry *dentry;
	int len = part_name(part, name);
	int error;

	old = override_creds(part->vol->cred);
	dentry = txf_lookup_unlocked(name, part->vol->staging, len);
	revert_creds(old);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (d_is_dir(dentry)) {
		part->dir = dentry;
		return 0;
	}
	error = d_is_positive(dentry) ? -EUCLEAN : 0;
	dput(dentry);
	return error;
}

/*
 * Take a directory that is not needed any more out of the names that recovery
 * looks for: "rm-" is what is being removed, "tx-" is always whole.
 *
 * Power fails before the rename is durable: the directory is whole, and redo
 * finds every step done. After that: there is no directory, which says that all
 * was carried out, however little of "rm-" is left; the next enable removes it.
 */
static int retire(struct txf_part *part)
{
	struct dentry *staging = part->vol->staging;
	char name[TXF_STAGE_NAME_MAX];
	const struct cred *old;
	struct txf_rename rename;
	int len, error;

	len = snprintf(name, sizeof(name), "rm-%pUb", &part->uuid);
	error = work_begin(part, &old);
	if (error)
		return error;
	error = txf_rename_begin(&rename, part->dir, staging, name, len);
	if (!error) {
		error = -ESTALE;
		if (rename.from == staging)
			error = vfs_rename(&rename.data);
		txf_rename_end(&rename);
	}
	work_end(part, old);
	return error;
}

void txf_stage_remove(struct txf_part *part)
{
	int error;

	if (!part->dir || d_unhashed(part->dir))
		return;
	do {
		error = retire(part);
	} while (txf_wait_for_memory(error));
	if (!error)
		error = txf_tree_remove(part->vol, part->dir);
	if (error)
		pr_warn("%s: staging directory of %pUb was not removed (error %d)\n",
			part->vol->mnt->mnt_sb->s_id, &part->uuid, error);
}

/**
 * struct sweep - looking for directories to be swept away
 * @vol: the volume
 * @name: the first that was found
 * @found: one was found
 */
struct sweep {
	struct txf_volume *vol;
	char name[TXF_STAGE_NAME_MAX];
	bool found;
};

static bool is_known(struct txf_volume *vol, const char *name)
{
	struct txf_part *part;
	char known[TXF_STAGE_NAME_MAX];
	bool found = false;

	spin_lock(&vol->state_lock);
	list_for_each_entry(part, &vol->parts, in_volume) {
		part_name(part, known);
		/* whichever of the two prefixes it has */
		found = !strcmp(name + 3, known + 3);
		if (found)
			break;
	}
	spin_unlock(&vol->state_lock);
	return found;
}

static bool find_leftover(void *ctx, const char *name, int len, u64 ino,
			  unsigned int type, loff_t pos)
{
	struct sweep *sweep = ctx;

	if (len >= TXF_STAGE_NAME_MAX || len < 3 ||
	    (memcmp(name, "tx-", 3) && memcmp(name, "rm-", 3)))
		return true;
	memcpy(sweep->name, name, len);
	sweep->name[len] = '\0';
	sweep->found = !is_known(sweep->vol, sweep->name);
	return !sweep->found;
}

int txf_stage_sweep(struct txf_volume *vol)
{
	struct sweep sweep = { .vol = vol };
	const struct cred *old;
	struct dentry *dentry;
	loff_t pos;
	int error;

	old = override_creds(vol->cred);
	do {
		pos = 0;
		sweep.found = false;
		error = txf_tree_read(vol->mnt, vol->staging, &pos,
				      find_leftover, &sweep);
		if (error || !sweep.found)
			break;
		dentry = txf_lookup_unlocked(sweep.name, vol->staging,
					     strlen(sweep.name));
		if (IS_ERR(dentry)) {
			error = PTR_ERR(dentry);
			break;
		}
		if (d_is_dir(dentry))
			error = txf_tree_remove(vol, dentry);
		else
			error = d_is_positive(dentry) ? -EUCLEAN : 0;
		dput(dentry);
	} while (!error);
	revert_creds(old);
	return error;
}

/**
 * struct heritage - what a new object gets from the directory it will be in
 * @mode: type and permission
 * @gid: group, if @set_gid
 * @set_gid: the group is that of the directory
 * @acl: ACL, or NULL
 * @def: default ACL, or NULL
 */
struct heritage {
	umode_t mode;
	kgid_t gid;
	bool set_gid;
	struct posix_acl *acl;
	struct posix_acl *def;
};

static int inherit(struct heritage *heir, struct inode *parent, umode_t mode)
{
	memset(heir, 0, sizeof(*heir));
	heir->mode = mode;
	if (S_ISLNK(mode))
		heir->mode |= 0777;
	else if (!IS_POSIXACL(parent))
		heir->mode &= ~current_umask();
	if (parent->i_mode & S_ISGID) {
		heir->gid = parent->i_gid;
		heir->set_gid = true;
		if (S_ISDIR(mode))
			heir->mode |= S_ISGID;
		else
			heir->mode = mode_strip_sgid(TXF_IDMAP, parent,
						     heir->mode);
	}
	if (S_ISLNK(mode))
		return 0;
	return posix_acl_create(parent, &heir->mode, &heir->def, &heir->acl);
}

static void inherit_end(struct heritage *heir)
{
	posix_acl_release(heir->acl);
	posix_acl_release(heir->def);
}

/* Give the new object what the file system could not know. */
static int bequeath(struct dentry *dentry, const struct heritage *heir)
{
	struct inode *inode = d_inode(dentry);
	struct iattr attr = { .ia_valid = 0 };
	int error = 0;

	if (heir->set_gid && !gid_eq(inode->i_gid, heir->gid)) {
		attr.ia_valid |= ATTR_GID;
		attr.ia_gid = heir->gid;
	}
	if (!S_ISLNK(inode->i_mode) && inode->i_mode != heir->mode) {
		attr.ia_valid |= ATTR_MODE;
		attr.ia_mode = heir->mode;
	}
	if (attr.ia_valid) {
		attr.ia_valid |= ATTR_CTIME;
		inode_lock(inode);
		error = notify_change(TXF_IDMAP, dentry, &attr, NULL);
		inode_unlock(inode);
	}
	if (!error && heir->def)
		error = txf_acl_set(dentry, ACL_TYPE_DEFAULT, heir->def);
	if (!error && heir->acl)
		error = txf_acl_set(dentry, ACL_TYPE_ACCESS, heir->acl);
	return error;
}

/* Make @made in @dir, which is locked; it may be another one then. */
static int make_locked(struct dentry *dir, struct dentry **made,
		       const struct txf_new *new, umode_t mode)
{
	struct inode *inode = d_inode(dir);
	struct dentry *dentry = *made;
	int error;

	switch (mode & S_IFMT) {
	case S_IFREG:
		error = txf_vfs_create(inode, dentry, mode);
		break;
	case S_IFDIR:
		error = txf_vfs_mkdir(inode, made, mode & S_IALLUGO);
		dentry = *made;
		break;
	case S_IFLNK:
		error = txf_vfs_symlink(inode, dentry, new->target);
		break;
	default:
		error = txf_vfs_mknod(inode, dentry, mode, new->rdev);
		break;
	}
	/* A file system may leave it to a lookup to find the new inode. */
	if (!error && (d_unhashed(dentry) || d_is_negative(dentry)))
		error = -EOPNOTSUPP;
	return error;
}

/* Make @name in @dir with a heritage. */
static struct dentry *make(struct dentry *dir, const char *name, int len,
			   const struct txf_new *new,
			   const struct heritage *heir)
{
	struct dentry *dentry;
	int error = -EEXIST;

	inode_lock_nested(d_inode(dir), I_MUTEX_PARENT);
	dentry = txf_lookup(name, dir, len);
	if (IS_ERR(dentry)) {
		inode_unlock(d_inode(dir));
		return dentry;
	}
	if (d_is_negative(dentry))
		error = make_locked(dir, &dentry, new, heir->mode);
	inode_unlock(d_inode(dir));
	if (!error) {
		error = bequeath(dentry, heir);
		if (error) {
			inode_lock_nested(d_inode(dir), I_MUTEX_PARENT);
			if (d_is_dir(dentry))
				txf_vfs_rmdir(d_inode(dir), dentry);
			else
				vfs_unlink(TXF_IDMAP, d_inode(dir), dentry,
					   NULL);
			inode_unlock(d_inode(dir));
		}
	}
	if (error) {
		dput(dentry);
		dentry = ERR_PTR(error);
	}
	return dentry;
}

/* The same with the caller's user and group and the label of the target. */
static struct dentry *make_as_caller(struct txf_part *part, struct dentry *dir,
				     const struct qstr *name,
				     const struct txf_new *new)
{
	const struct cred *old;
	struct heritage heir;
	struct dentry *dentry;
	struct cred *cred;
	int error;

	/* Still as the caller: it needs the group to make something set-gid. */
	error = inherit(&heir, d_inode(new->dir), new->mode);
	if (error)
		return ERR_PTR(error);
	cred = txf_stage_cred();
	if (!cred) {
		dentry = ERR_PTR(-ENOMEM);
		goto out_heir;
	}
	if (new->like)
		error = txf_label_like(cred, new->like);
	else
		error = txf_label_by_place(cred, new->dir, new->name, new->mode);
	if (!error)
		error = mnt_want_write(part->vol->mnt);
	if (error) {
		dentry = ERR_PTR(error);
		goto out_cred;
	}
	old = override_creds(cred);
	dentry = make(dir, (const char *)name->name, name->len, new, &heir);
	revert_creds(old);
	mnt_drop_write(part->vol->mnt);
out_cred:
	put_cred(cred);
out_heir:
	inherit_end(&heir);
	return dentry;
}

static struct qstr next_name(struct txf_part *part, char *text)
{
	int len = snprintf(text, TXF_STAGE_NAME_MAX, "%llu",
			   part->next_number++);

	return (struct qstr)QSTR_INIT(text, len);
}

struct dentry *txf_stage_create(struct txf_part *part,
				const struct txf_new *new)
{
	char text[TXF_STAGE_NAME_MAX];
	struct qstr name = next_name(part, text);

	return make_as_caller(part, part->dir, &name, new);
}

struct dentry *txf_stage_create_in(struct txf_part *part, struct dentry *dir,
				   const struct qstr *name,
				   const struct txf_new *new)
{
	struct txf_new here = *new;

	here.dir = dir;
	here.name = name;
	here.like = NULL;
	return make_as_caller(part, dir, name, &here);
}

struct dentry *txf_stage_link(struct txf_part *part, struct dentry *old,
			      struct dentry *dir, const struct qstr *want)
{
	char text[TXF_STAGE_NAME_MAX];
	struct qstr name = dir ? *want : next_name(part, text);
	const struct cred *cred;
	struct dentry *dentry;
	int error;

	if (!dir)
		dir = part->dir;
	error = work_begin(part, &cred);
	if (error)
		return ERR_PTR(error);
	inode_lock_nested(d_inode(dir), I_MUTEX_PARENT);
	dentry = txf_lookup((const char *)name.name, dir, name.len);
	if (!IS_ERR(dentry)) {
		error = -EEXIST;
		if (d_is_negative(dentry))
			error = vfs_link(old, TXF_IDMAP, d_inode(dir), dentry,
					 NULL);
		if (error) {
			dput(dentry);
			dentry = ERR_PTR(error);
		}
	}
	inode_unlock(d_inode(dir));
	work_end(part, cred);
	return dentry;
}

struct dentry *txf_stage_move(struct txf_part *part, struct dentry *old,
			      struct dentry *dir, const struct qstr *want)
{
	char text[TXF_STAGE_NAME_MAX];
	struct qstr name = dir ? *want : next_name(part, text);
	struct txf_rename rename;
	const struct cred *cred;
	int error;

	if (!dir)
		dir = part->dir;
	error = work_begin(part, &cred);
	if (error)
		return ERR_PTR(error);
	error = txf_rename_begin(&rename, old, dir, (const char *)name.name,
				 name.len);
	if (!error) {
		error = vfs_rename(&rename.data);
		txf_rename_end(&rename);
	}
	work_end(part, cred);
	return error ? ERR_PTR(error) : dget(old);
}

int txf_stage_unlink(struct txf_part *part, struct dentry *dentry)
{
	struct dentry *parent = dget_parent(dentry);
	struct inode *dir = d_inode(parent);
	const struct cred *old;
	int error;

	error = work_begin(part, &old);
	if (error)
		goto out;
	inode_lock_nested(dir, I_MUTEX_PARENT);
	if (dentry->d_parent != parent || d_unhashed(dentry))
		error = -ESTALE;
	else if (d_is_dir(dentry))
		error = txf_vfs_rmdir(dir, dentry);
	else
		error = vfs_unlink(TXF_IDMAP, dir, dentry, NULL);
	inode_unlock(dir);
	work_end(part, old);
out:
	dput(parent);
	return error;
}

struct dentry *txf_stage_lookup(struct txf_part *part, u64 number)
{
	char text[TXF_STAGE_NAME_MAX];
	int len = snprintf(text, sizeof(text), "%llu", number);

	return txf_lookup_unlocked(text, part->dir, len);
}

u64 txf_stage_number(struct dentry *dentry)
{
	u64 number;

	if (kstrtou64((const char *)dentry->d_name.name, 10, &number))
		return 0;
	return number;
}
