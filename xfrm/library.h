/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Libraries that are loaded when they are first needed. */
#pragma once

#include <stdbool.h>

struct library_function {
	const char *name;
	void *at; /* a pointer to the function, which gets its address */
};

/* Loads the library of that NAME, as the linker knows it, and finds its N functions; what is loaded stays.
 * False: it is not on this machine, or lacks one. */
bool library_load(const char *name, const struct library_function *functions, unsigned n);
