/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - making objects
 */
#ifndef _KTM_TXF_CREATE_H
#define _KTM_TXF_CREATE_H

struct txf_call;
struct txf_new;
struct txf_obj;
struct txf_place;

/**
 * txf_create - make an object at a place where nothing is
 * @call: the call
 * @place: the place; its path and part are set
 * @new: what to make; where it belongs is filled in
 * Return: the object, or ERR_PTR of -EEXIST or any errno of permission, space
 * and locks.
 */
struct txf_obj *txf_create(struct txf_call *call, struct txf_place *place,
			   struct txf_new *new);

#endif /* _KTM_TXF_CREATE_H */
