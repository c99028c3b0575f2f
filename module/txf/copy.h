/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - private copies of committed files
 */
#ifndef _KTM_TXF_COPY_H
#define _KTM_TXF_COPY_H

#include <linux/types.h>

struct dentry;
struct txf_part;
struct txf_place;

/**
 * txf_copy_make - make the private file that replaces a committed one
 * @place: where the committed file is; its part is set
 * @empty: without its content
 *
 * Shares the blocks if the file system can.
 *
 * Context: under txf_tx.lock; may take as long as copying takes; killable.
 * Return: the staged file or an ERR_PTR.
 */
struct dentry *txf_copy_make(const struct txf_place *place, bool empty);

#endif /* _KTM_TXF_COPY_H */
