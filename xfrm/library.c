/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A function's address is kept as that of an object is (POSIX, dlsym). */
#include "xfrm/library.h"

#include <dlfcn.h>
#include <string.h>

bool library_load(const char *name, const struct library_function *functions, unsigned n)
{
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL), *symbol = library;

	for (unsigned i = 0; i < n && symbol; i++) {
		symbol = dlsym(library, functions[i].name);
		memcpy(functions[i].at, &symbol, sizeof symbol);
	}
	return symbol;
}
