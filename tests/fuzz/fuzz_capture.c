/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that ipsec capture sees: looked at, and parted. The parts are of the same connection, and no longer
 * than the whole with headers for each. */
#include "tools/ipsec/capture_filter.h"
#include "tools/ipsec/capture_split.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct filter all; /* IKE and ESP of everybody */
	struct bytes whole = bytes_of(data, size);
	uint8_t *part = malloc(size + 1);
	size_t at = 0, before, n;

	if (!part)
		abort();
	(void)filter_takes(&all, whole);
	for (before = 0; (n = capture_part(whole, &at, part)); before = at)
		if (n > size || at <= before || at > size)
			abort();
	if (size && at != size)
		abort();
	free(part);
	return 0;
}
