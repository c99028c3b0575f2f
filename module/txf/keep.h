/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - nothing of anybody is lost where newer work has come between
 *
 * Between prepare and commit a plain program can take a name away, or write to a
 * file that is to be replaced or removed. It wins: the step is skipped, and what
 * should have been put there is kept for the administrator.
 *
 * Content is written without the locks of directories. So a file gets one more
 * name in the part's directory before it is replaced or removed, and is looked at
 * again when that is done. If it was written to in between, it is kept.
 *
 * Power fails before the link is durable: so is nothing that follows, and redo
 * begins with the step again. After that: redo finds the link, whether the step is
 * done or not, and looks at it in the same way. The part's directory is removed,
 * and with it what is not kept, after txf_durable_commit(), so that what is kept
 * is durable by then.
 */
#ifndef _KTM_TXF_KEEP_H
#define _KTM_TXF_KEEP_H

struct txf_part;
struct txf_step;

/**
 * txf_keep_link - give the file that a step replaces or removes one more name
 * @part: the part
 * @step: the step; nothing is done for one without a stamp
 *
 * If it is not possible, there is no second look.
 *
 * Return: 0, or -EACCES if a policy forbids it to the kernel.
 */
int txf_keep_link(struct txf_part *part, const struct txf_step *step);

/**
 * txf_keep_displaced - keep the file that a step has replaced or removed, if it
 *	was written to in between and has no other name
 * @part: the part
 * @step: the step, carried out or skipped
 * Return: 0 or a negative errno of the file system.
 */
int txf_keep_displaced(struct txf_part *part, const struct txf_step *step);

/**
 * txf_keep_overtaken - keep what can't be put where a step wants it
 * @part: the part
 * @step: an INSTALL
 * Return: TXF_DONE; TXF_SKIPPED if it is not in the part's directory any more; or
 * a negative errno of the file system.
 */
int txf_keep_overtaken(struct txf_part *part, const struct txf_step *step);

#endif /* _KTM_TXF_KEEP_H */
