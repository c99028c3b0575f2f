/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - steps to redo records and back
 */
#ifndef _KTM_TXF_REDO_H
#define _KTM_TXF_REDO_H

struct ktm_enlistment;
struct txf_part;

/**
 * txf_redo_write - write the steps of a part to the log
 * @part: the part, owned by the caller
 * @en: its enlistment
 * Return: 0, -ENOMEM, or what ktm_enlistment_log() says.
 */
int txf_redo_write(struct txf_part *part, struct ktm_enlistment *en);

/**
 * txf_redo_read - read the steps of a recovered part
 * @part: the part
 * @en: its enlistment
 * Return: 0, -EUCLEAN (not redo of ours), -ENOMEM, or an errno of the log or
 * the file system.
 */
int txf_redo_read(struct txf_part *part, struct ktm_enlistment *en);

#endif /* _KTM_TXF_REDO_H */
