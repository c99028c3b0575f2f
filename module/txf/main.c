// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - transactional files
 *
 * A resource manager of ktm for the files of ordinary Linux file systems. What a
 * transaction writes goes to private files in a staging directory of the same
 * file system; commit renames it into place.
 */
#include <linux/ktm.h>
#include <linux/module.h>

#include "dev.h"
#include "txf_format.h"

static int __init txf_init(void)
{
	BUILD_BUG_ON(sizeof(struct ktm_disk_txf_record) != 16);
	BUILD_BUG_ON(sizeof(struct ktm_disk_txf_step) != 40);
	BUILD_BUG_ON(sizeof(struct ktm_disk_txf_attr) != 64);
	BUILD_BUG_ON(sizeof(struct ktm_disk_txf_identity) != 48);
	return txf_dev_init();
}

/* Nothing is enabled any more: what is enabled holds the module. */
static void __exit txf_exit(void)
{
	txf_dev_exit();
}

module_init(txf_init);
module_exit(txf_exit);

MODULE_DESCRIPTION("Transactional files");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(KTM_NS);
