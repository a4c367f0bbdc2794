/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests and the fuzzer of the message codec share. */
#pragma once

#include "wire/message.h"

/* The octets that TEXT says in hexadecimal digits; blanks do not count. From ARENA. */
struct bytes wire_hex(const char *text, struct arena *arena);

/* Whether A and B carry the same payloads, as far as message_put writes them: sealed ones do not count, and
 * notifies may stand in the order in which they are written. */
bool wire_equal(const struct message *a, const struct message *b);

/* Sets the payload of TYPE in M to something that R decides, which the wire can say; one or several where it
 * may come several times. Octets and lists are from ARENA. */
void wire_random(struct message *m, uint8_t type, struct rng *r, struct arena *arena);
