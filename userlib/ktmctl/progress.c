// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl - tell people how far long work is
 */
#include <stdio.h>
#include <unistd.h>

#include "progress.h"
#include "text.h"

#define STEP_NS	500000000ULL

void progress_begin(struct progress *progress, const char *what)
{
	*progress = (struct progress){
		.what = what,
		.on = isatty(STDERR_FILENO),
		.next_ns = now_ns() + STEP_NS,
	};
}

void progress_add(struct progress *progress, uint64_t bytes)
{
	char text[TEXT_BYTES_SIZE];

	progress->bytes += bytes;
	if (!progress->on || now_ns() < progress->next_ns)
		return;
	fprintf(stderr, "\r%s %s \033[K", format_bytes(text, progress->bytes),
		progress->what);
	progress->shown = true;
	progress->next_ns = now_ns() + STEP_NS;
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
