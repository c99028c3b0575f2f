/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - listing of objects
 */
#ifndef _KTM_INTERFACE_LIST_H
#define _KTM_INTERFACE_LIST_H

#include <linux/ktm.h>

#include "../object/object.h"

struct ktm_enlistment;
struct ktm_rm;
struct ktm_tm;

/**
 * ktm_list_registry - name the objects of a registry
 * @list: the argument of the call
 * @registry: what is listed
 * @put: drops a reference; returns false for an object that is not to be named
 * Context: process context.
 * Return: 0, -EINVAL, -EFAULT.
 */
int ktm_list_registry(struct ktm_list *list, struct ktm_registry *registry,
		      bool (*put)(struct ktm_object *object));

/**
 * ktm_list_put_tx - drop a reference on a transaction
 * @object: its head
 * Return: true.
 */
bool ktm_list_put_tx(struct ktm_object *object);

/**
 * ktm_list_put_rm - drop a reference on an RM
 * @object: its head
 * Return: true.
 */
bool ktm_list_put_rm(struct ktm_object *object);

/**
 * ktm_list_enlistments - KTM_IOC_EN_LIST: those that have joined and not left
 * @list: the argument of the call
 * @tm: the TM
 * @of: a transaction or an RM of it, or NULL for those of all
 *
 * Looks at every enlistment of the TM, whose number quotas bound.
 *
 * Context: process context.
 * Return: 0, -EINVAL, -EFAULT, -EINTR.
 */
int ktm_list_enlistments(struct ktm_list *list, struct ktm_tm *tm, const void *of);

/**
 * ktm_list_tms - KTM_IOC_TM_LIST: the TMs whose mode lets the caller look
 * @list: the argument of the call
 * Return: 0, -EINVAL, -EFAULT.
 */
int ktm_list_tms(struct ktm_list *list);

/**
 * ktm_rm_fill_info - what user space may know of an RM
 * @info: to be filled in
 * @rm: the RM
 */
void ktm_rm_fill_info(struct ktm_rm_info *info, struct ktm_rm *rm);

/**
 * ktm_en_fill_info - what user space may know of an enlistment
 * @info: to be filled in
 * @en: the enlistment
 * @key: to tell
 */
void ktm_en_fill_info(struct ktm_en_info *info, struct ktm_enlistment *en, u64 key);

#endif /* _KTM_INTERFACE_LIST_H */
