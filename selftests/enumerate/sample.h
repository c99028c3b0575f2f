/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Images for the kernel, with what it must find in them
 *
 * DIR/N.img is the log disk, DIR/N.expected has a line for each thing:
 *
 *	commit TX RM		an enlistment that is told to commit
 *	indoubt TX RM		one that waits for the superior
 *	asked TX RM		the superior's own
 *	note KIND TX RM		a promise that was made before
 */
#ifndef _ENUMERATE_SAMPLE_H
#define _ENUMERATE_SAMPLE_H

#include "judge.h"

/* sample_write - write image @number as judged, with the promises before @cut */
void sample_write(const struct judge *judge, const char *dir, unsigned long number, size_t cut);

/* sample_notes - the promises of image @number, as made from the start */
void sample_notes(struct promises *promises, const char *dir, unsigned long number);

#endif /* _ENUMERATE_SAMPLE_H */
