/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - carrying out steps
 */
#ifndef _KTM_TXF_EXEC_H
#define _KTM_TXF_EXEC_H

struct txf_part;

/**
 * txf_exec_steps - carry out the steps of a part
 * @part: the part, owned by the caller
 *
 * May be called again after a failure, also in a later life. Uses the kernel's
 * credentials.
 *
 * Return: 0, or the negative errno of what keeps the file system from working; EACCES
 * or EPERM if a policy forbids a step to the kernel.
 */
int txf_exec_steps(struct txf_part *part);

#endif /* _KTM_TXF_EXEC_H */
