/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cmocka wants included before itself, in its order. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Ends the test NAME here, skipped: tests/run shows the line. */
#define skip_for_lack(name, what) \
	do { \
		print_message("skipped: %s (kernel lacks %s)\n", name, what); \
		skip(); \
	} while (0)
