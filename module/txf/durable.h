/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - making the file system's state durable
 */
#ifndef _KTM_TXF_DURABLE_H
#define _KTM_TXF_DURABLE_H

struct txf_part;

/**
 * txf_durable_content - write back all staged files
 * @part: the part, owned by the caller
 *
 * Starts them all, then waits for them all.
 *
 * Return: 0 or a negative errno.
 */
int txf_durable_content(struct txf_part *part);

/**
 * txf_durable_commit - have the file system commit its journal, once
 * @part: the part, owned by the caller
 * Return: 0 or a negative errno.
 */
int txf_durable_commit(struct txf_part *part);

#endif /* _KTM_TXF_DURABLE_H */
