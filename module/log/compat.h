/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - differences between the supported kernels that concern the log
 */
#ifndef _KTM_LOG_COMPAT_H
#define _KTM_LOG_COMPAT_H

#include <linux/version.h>
#include <linux/blkdev.h>
#include <linux/workqueue.h>

/* A work runs on the CPU that queues it: from 6.18 on that must be said. */
#if KERNEL_VERSION(6, 18, 0) <= LINUX_VERSION_CODE
#define KTM_COMPAT_WQ_PERCPU	WQ_PERCPU
#else
#define KTM_COMPAT_WQ_PERCPU	0
#endif

/**
 * struct ktm_compat_bdev - a block device that we hold open
 * @bdev: the device
 * @file: what holds it open, from 6.9 on
 */
struct ktm_compat_bdev {
	struct block_device *bdev;
#if KERNEL_VERSION(6, 9, 0) <= LINUX_VERSION_CODE
	struct file *file;
#endif
};

/**
 * ktm_compat_bdev_open - claim a block device for reading and writing
 * @dev: the device
 * @holder: claims it
 * @out: set if 0 is returned
 * Context: process context, may sleep.
 * Return: 0 or a negative errno.
 */
static inline int ktm_compat_bdev_open(dev_t dev, void *holder,
				       struct ktm_compat_bdev *out)
{
#if KERNEL_VERSION(6, 9, 0) <= LINUX_VERSION_CODE
	out->file = bdev_file_open_by_dev(dev, BLK_OPEN_READ | BLK_OPEN_WRITE,
					  holder, NULL);
	if (IS_ERR(out->file))
		return PTR_ERR(out->file);
	out->bdev = file_bdev(out->file);
#else
	out->bdev = blkdev_get_by_dev(dev, FMODE_READ | FMODE_WRITE | FMODE_EXCL,
				      holder);
	if (IS_ERR(out->bdev))
		return PTR_ERR(out->bdev);
#endif
	return 0;
}

/**
 * ktm_compat_bdev_close - release it
 * @bdev: from ktm_compat_bdev_open()
 * Context: process context, may sleep.
 */
static inline void ktm_compat_bdev_close(struct ktm_compat_bdev *bdev)
{
#if KERNEL_VERSION(6, 9, 0) <= LINUX_VERSION_CODE
	bdev_fput(bdev->file);
#else
	blkdev_put(bdev->bdev, FMODE_READ | FMODE_WRITE | FMODE_EXCL);
#endif
}

#endif /* _KTM_LOG_COMPAT_H */
