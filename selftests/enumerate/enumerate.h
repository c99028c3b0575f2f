/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every image that a power cut may leave of a recorded log, or very many of them
 */
#ifndef _ENUMERATE_ENUMERATE_H
#define _ENUMERATE_ENUMERATE_H

#include "types.h"

/**
 * struct options - what the user wants
 * @subsets: try all subsets of an epoch if there are so many at most
 * @random: else so many random ones
 * @torn: torn subsets of each epoch
 * @tears: tears of each write at most
 * @seed: of what is random
 * @jobs: processes
 * @sample: images to be written
 * @sample_dir: there
 * @only: the one image to look at, or 0
 * @recovered: where the images came from whose recovery was recorded, or NULL
 */
struct options {
	unsigned long subsets, random, torn, tears, seed, jobs, sample, only;
	const char *sample_dir;
	const char *recovered;
};

/**
 * struct result - figures
 * @images: looked at
 * @prefixes, @tears, @subsets, @torn: of these
 * @records: found in them
 * @violations: images that are not right
 */
struct result {
	unsigned long images, prefixes, tears, subsets, torn, records, violations;
};

struct run;

/* enumerate_open - read a recording, and look what is in it */
struct run *enumerate_open(const struct options *options, const char *recording);

/* enumerate_share - look at every image that is number @share of options->jobs */
const struct result *enumerate_share(struct run *run, unsigned int share);

#endif /* _ENUMERATE_ENUMERATE_H */
