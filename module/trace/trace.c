// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - trace events
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
