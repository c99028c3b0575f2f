/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - prepare: the last chance to refuse
 */
#ifndef _KTM_TXF_PREPARE_H
#define _KTM_TXF_PREPARE_H

struct ktm_enlistment;
struct txf_part;

/**
 * txf_prepare - check, make durable and log what a part wants, and answer
 * @part: the part, owned by the caller
 * @en: its enlistment
 */
void txf_prepare(struct txf_part *part, struct ktm_enlistment *en);

#endif /* _KTM_TXF_PREPARE_H */
