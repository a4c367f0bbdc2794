/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers and payloads in words. */
#include "wire/print.h"

#include "wire/payload.h"

void message_print_header(const struct wire_header *h, struct text *out)
{
	text_add(out, "%s %s %u", exchange_name(h->exchange),
		h->flags & FLAG_RESPONSE ? "response" : "request", h->mid);
}

static void print_notify(const struct wire_notify *n, const char **comma, struct text *out)
{
	if (n->type == NAT_DETECTION_DESTINATION_IP)
		return;
	if (n->type == NAT_DETECTION_SOURCE_IP)
		text_add(out, "%sNATD", *comma);
	else
		text_add(out, "%sN(%s)", *comma, notify_name(n->type));
	*comma = ", ";
}

void message_print_payloads(const struct message *m, struct text *out)
{
	const char *comma = "";

	for (const struct payload *p = payload_table; p->type; p++) {
		if (p->type == PAYLOAD_NOTIFY || p->type == PAYLOAD_DELETE || p->type == PAYLOAD_SK ||
			!(m->has & PAYLOAD_BIT(p->type)))
			continue;
		text_add(out, "%s%s", comma, p->name);
		comma = ", ";
	}
	for (unsigned i = 0; i < m->n_deletes; i++, comma = ", ")
		text_add(out, "%sD(%s)", comma, proposal_protocol(m->deletes[i].protocol));
	for (unsigned i = 0; i < m->n_notifies; i++)
		print_notify(&m->notifies[i], &comma, out);
}
