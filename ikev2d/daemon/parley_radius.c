/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations that a RADIUS server leads. */
#include "daemon/parley_state.h"

#include "daemon/accounts.h"
#include "daemon/groups.h"
#include "daemon/lead.h"
#include "eap/eap.h"

static struct lead *lead_begin(struct parley *p, const struct path *path)
{
	struct arena arena = { 0 };
	const struct radius_conf *c = &config_now(&p->world->config)->settings.radius;
	const struct lead_about about = { .identity = parley_name(&p->remote, &arena),
		.ask = parley_asks_identity(p),
		.session = { .connection = bytes_str(p->peer->name),
			.id = bytes_str(c->accounting ? accounts_id(p->world, p->number, &arena) : ""),
			.port = p->number,
			.local = path->local,
			.remote = path->remote,
			.ports = c->station_id_with_port } };
	struct lead *l = lead_new(p->world, &about);

	arena_free(&arena);
	return l;
}

/* What the server has proved of the peer; as what it knows it, or as what the peer was asked for. */
static void succeed(struct parley *p, const struct ipc_relayed *r)
{
	struct ike_answer *a = &p->answer->a;
	struct arena *arena = &p->answer->arena;
	struct bytes user = r->user.n ? r->user : lead_name(p->lead);

	a->eap.over = true;
	a->eap.mutual = eap_type_mutual(p->method) && r->msk.n;
	a->eap.method = "radius";
	a->eap.id = id_of_octets(user, arena);
	a->eap.groups = groups_relayed(&config_now(&p->world->config)->settings.radius, r, arena);
	a->shared = arena_bytes(arena, r->msk);
	a->valid = r->session_timeout;
	a->idle = r->idle_timeout;
	accounts_let_in(p->world, p->number, user, r);
}

/* The method of a request in PACKET; 0: it is none, or of none. */
static uint8_t method_in(struct bytes packet)
{
	enum { REQUEST = 1, TYPE_AT = 4 };

	return packet.n > TYPE_AT && packet.p[0] == REQUEST && packet.p[TYPE_AT] > EAP_NAK ? packet.p[TYPE_AT]
											   : 0;
}

static void on_lead(void *ctx, const struct ipc_relayed *r)
{
	struct parley *p = ctx;
	struct ike_answer *a = &p->answer->a;
	struct arena *arena = &p->answer->arena;

	a->eap.packet = arena_bytes(arena, r->packet);
	if (method_in(r->packet))
		p->method = method_in(r->packet);
	if (r->what == RADIUS_SUCCEEDED) {
		succeed(p, r);
	} else if (r->what == RADIUS_FAILED) {
		a->why.what = r->why ? arena_str(arena, r->why) : NULL;
		a->why.where = source_print(&p->auth->at, "auth", arena);
	}
	parley_give(p, r->what == RADIUS_FAILED ? ERR_AUTH : ERR_OK, NULL);
}

void parley_lead(struct parley *p, const struct ike_question *q)
{
	if (!p->lead)
		p->lead = lead_begin(p, &q->eap.path);
	lead_take(p->lead, q->eap.packet, on_lead, p);
}
