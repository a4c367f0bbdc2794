/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encrypted payload (RFC 7296, 3.14) and fragments of one (RFC 7383, 2.5): what opens them is elsewhere. */
#include "wire/payload.h"

/* Nothing sealed stands in what was sealed. */
static void refuse_second(struct rd *r, const struct message *m, uint8_t other)
{
	if (m->has & PAYLOAD_BIT(other))
		r->bad = true;
}

void wire_sk_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	refuse_second(r, out, PAYLOAD_SKF);
	out->sk = (struct wire_sk){ .inner = at->next, .offset = at->offset, .body = rd_rest(r) };
}

void wire_skf_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	struct wire_sk *sk = &out->sk;

	refuse_second(r, out, PAYLOAD_SK);
	sk->inner = at->next;
	sk->fragment = rd_u16(r);
	sk->total = rd_u16(r);
	sk->offset = at->offset + FRAGMENT_HEADER;
	sk->body = rd_rest(r);
	if (!sk->fragment || sk->fragment > sk->total)
		r->bad = true;
}
