/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in a ticket (RFC 5723): any octets, as if they had been sealed with our key. What can be read is
 * written as it was. */
#include "ike/ticket.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = { 0 };
	struct bytes plain = bytes_of(data, n);
	struct ticket t;

	if (n <= TICKET_MAX && !ticket_parse(plain, &arena, &t) && !bytes_eq(ticket_print(&t, &arena), plain))
		abort();
	arena_free(&arena);
	return 0;
}
