/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - one call that works under a transaction
 */
#ifndef _KTM_TXF_CALL_H
#define _KTM_TXF_CALL_H

#include <linux/types.h>

struct ktm_tx;
struct path;
struct txf_part;
struct txf_place;
struct txf_tx;

/**
 * struct txf_call - a call that runs
 * @ktx: the transaction for ktm, held
 * @tx: the same for us, held and locked
 */
struct txf_call {
	struct ktm_tx *ktx;
	struct txf_tx *tx;
};

/**
 * txf_call_begin - find and lock the transaction
 * @call: to be filled in
 * @tx_fd: fd of the transaction
 *
 * Holds txf_volumes_sem and txf_tx.lock until txf_call_end().
 *
 * Return: 0, or -EBADF, -EBADFD, -EPERM, -ECANCELED, -EPROTO, -EINTR, -ENOMEM.
 */
int txf_call_begin(struct txf_call *call, int tx_fd);

/**
 * txf_call_end - let go of what txf_call_begin() took
 * @call: the call
 * @error: how it went
 * Return: @error; or if that is -EBUSY, the same after counting it.
 */
int txf_call_end(struct txf_call *call, int error);

/**
 * txf_call_change_name - make sure that a name may be changed
 * @call: the call
 * @place: where; it is named
 *
 * Enlists in the transaction if it is the first change on the volume, and sets
 * @place->part. Says nothing about permission.
 *
 * Return: 0, -ENODEV, -EROFS, -EXDEV, -EOPNOTSUPP, -ENOENT (the directory was
 * removed), or what txf_part_enlist() says.
 */
int txf_call_change_name(struct txf_call *call, struct txf_place *place);

/**
 * txf_call_change_object - make sure that an object may be changed
 * @call: the call
 * @place: where; something is there
 *
 * As txf_call_change_name(), for the file system of what is there.
 *
 * Return: 0, -ENODEV, -EROFS, -EOPNOTSUPP, or what txf_part_enlist() says.
 */
int txf_call_change_object(struct txf_call *call, struct txf_place *place);

/**
 * txf_call_check_reach - can what is staged be renamed to this directory?
 * @part: the part on its file system
 * @dir: the directory
 *
 * Not into another subvolume, and not where the file system ties names to keys,
 * projects or letter case.
 *
 * Return: 0, -EXDEV or -EOPNOTSUPP.
 */
int txf_call_check_reach(const struct txf_part *part, const struct path *dir);

#endif /* _KTM_TXF_CALL_H */
