/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/descriptors.h"

#include "tests/unit/unit.h"

#include <dirent.h>

unsigned descriptors_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}
