/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A function's address is kept as that of an object is (POSIX, dlsym). */
#define LIBSSL_PLAIN /* the names are those in libssl here */
#include "eap/libssl.h"

#include <dlfcn.h>
#include <string.h>

#define TEXT_OF(n) #n
#define NAME(n)    "libssl.so." TEXT_OF(n)
#define ROW(f)     { #f, &libssl.f },

struct libssl libssl;

static bool find_all(void *library)
{
	static const struct {
		const char *name;
		void *at;
	} rows[] = { LIBSSL_FUNCTIONS(ROW) };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		void *found = dlsym(library, rows[i].name);

		if (!found)
			return false;
		memcpy(rows[i].at, &found, sizeof found);
	}
	return true;
}

bool libssl_load(void)
{
	static bool loaded;

	if (!loaded) {
		void *library = dlopen(NAME(OPENSSL_SHLIB_VERSION), RTLD_NOW | RTLD_LOCAL);

		loaded = library && find_all(library);
	}
	return loaded;
}
