/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of the messages between ctl and guard. */
#include "daemon/ipc_fields.h"
#include "daemon/ipc_walk.h"

#include "vici/front.h"
#include "vici/vici.h"

static void client(struct walk *x, uint32_t *number)
{
	u32(x, number);
	if (!*number)
		fail(x, "a client has no number");
}

void ipc_fields_admit(struct walk *x, struct ipc_message *m)
{
	u32(x, &m->admit.owner);
	u32(x, &m->admit.group);
	u32(x, &m->admit.readers);
	flag(x, &m->admit.reads);
}

void ipc_fields_client(struct walk *x, struct ipc_message *m)
{
	client(x, &m->client.number);
}

/* All parts but the last are as long as they can be. */
void ipc_fields_request(struct walk *x, struct ipc_message *m)
{
	struct ipc_request *r = &m->request;
	uint32_t left;

	client(x, &r->client);
	u8(x, &r->command, IPC_COMMANDS_MAX + 1);
	u32(x, &r->total);
	u32(x, &r->at);
	octets(x, &r->text, IPC_REQUEST_PART);
	left = r->total - r->at;
	if (r->total > IPC_REQUEST_MAX || r->at > r->total || (r->at && r->at == r->total) ||
		r->text.n != (left < IPC_REQUEST_PART ? left : IPC_REQUEST_PART))
		fail(x, "a part of a request is not where it must be");
}

void ipc_fields_register(struct walk *x, struct ipc_message *m)
{
	client(x, &m->registers.client);
	u8(x, &m->registers.event, VICI_EVENTS_MAX);
	flag(x, &m->registers.on);
}

void ipc_fields_output(struct walk *x, struct ipc_message *m)
{
	client(x, &m->output.client);
	u8(x, &m->output.answered, 1u << ASKED_KINDS);
	flag(x, &m->output.ends);
	octets(x, &m->output.octets, IPC_OUTPUT_MAX);
}

void ipc_fields_taken(struct walk *x, struct ipc_message *m)
{
	client(x, &m->taken.client);
	u32(x, &m->taken.octets);
	flag(x, &m->taken.full);
}

void ipc_fields_gone(struct walk *x, struct ipc_message *m)
{
	client(x, &m->gone.client);
}

void ipc_fields_offer(struct walk *x, struct ipc_message *m)
{
	u64(x, &m->offer.number);
	octets(x, &m->offer.data, UINT16_MAX);
	if (!m->offer.number || !m->offer.data.n)
		fail(x, "nothing is offered");
}
