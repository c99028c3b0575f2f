/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - the kernel's harness, with patience
 *
 * Its 30 s are not enough for some tests on the debug kernel, emulated on a machine
 * that does other work as well; a test that hangs is found all the same.
 */
#ifndef _SELFTESTS_HARNESS_H
#define _SELFTESTS_HARNESS_H

#include "kselftest_harness.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	300	/* seconds */

#endif /* _SELFTESTS_HARNESS_H */
