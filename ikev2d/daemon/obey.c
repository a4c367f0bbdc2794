/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/obey.h"

#include "daemon/accounts.h"
#include "daemon/engine.h"
#include "daemon/groups.h"
#include "daemon/inquire.h"
#include "daemon/line.h"

/* Whether M means the IKE_SA R, of which as much is known as servers were told. */
static bool is_meant(
	struct world *w, const struct radius_match *m, const struct sa_record *r, struct arena *arena)
{
	bool ports = config_now(&w->config)->settings.radius.station_id_with_port;
	char with[ADDR_TEXT], without[IP_TEXT];
	const struct id *user = r->remote_eap_id.type == ID_ANY ? &r->remote_id : &r->remote_eap_id;
	const struct radius_match of = {
		.user = bytes_str(id_print(user, arena)),
		.session = bytes_str(r->login ? accounts_id(w, r->login, arena) : ""),
		.connection = bytes_str(r->name),
		.calling = bytes_str(
			ports ? addr_print(&r->path.remote, with) : ip_print(&r->path.remote.ip, without)),
		.port = r->login,
		.ip = accounts_ip(&r->remote_vips, 4),
		.ip6 = accounts_ip(&r->remote_vips, 6),
	};

	return (!m->has_port || r->login) && radius_matches(m, &of);
}

static void say(const struct sa_record *r, const char *what)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	line_add(&line, "connection", r->name);
	line_number(&line, "sa", r->id);
	line_add(&line, "msg", what);
	log_say(LOG_NOTICE, "radius", "%s", text_str(&line));
	arena_free(&arena);
}

static void end(struct world *w, const struct sa_record *r, const char *why)
{
	say(r, why);
	accounts_cause(w, r->id, RADIUS_CAUSE_ADMIN_RESET);
	engine_feed(w, &(struct ike_event){
			       .kind = EVENT_COMMAND, .command = { .kind = COMMAND_DOWN, .ike_id = r->id } });
}

static void limit(struct world *w, const struct sa_record *r, uint32_t seconds, struct arena *arena)
{
	say(r, arena_printf(arena, "a RADIUS server lets the session last %u s from now on", seconds));
	engine_feed(w, &(struct ike_event){ .kind = EVENT_COMMAND,
			       .command = { .kind = COMMAND_LIMIT, .ike_id = r->id, .seconds = seconds } });
}

/* The round of the connection NAME that is for some groups; NULL: it is for everybody, or is no more. */
static const struct auth_conf *choosy(struct world *w, const char *name)
{
	const struct conf *c = config_now(&w->config);

	for (unsigned i = 0; i < c->n_peers; i++) {
		const struct auth_conf *a = &c->peers[i]->remote;

		if (strcmp(c->peers[i]->name, name) != 0)
			continue;
		while (a && !a->groups.n)
			a = a->next;
		return a;
	}
	return NULL;
}

/* The user of R is in GROUPS from now on. False: its connection is for others, and it has to go. */
static bool regroup(
	struct world *w, const struct sa_record *r, const struct ipc_octets *groups, struct arena *arena)
{
	const struct auth_conf *a = choosy(w, r->name);
	struct text in = text_in(arena);

	for (unsigned i = 0; i < groups->n; i++)
		text_add(&in, "%s%s", i ? ", " : "", arena_text(arena, groups->v[i]));
	if (a && !groups_among(&a->groups, groups)) {
		end(w, r,
			arena_printf(arena,
				"a RADIUS server has put the user into %s, and the connection is for other "
				"groups (%s): the session ends",
				text_str(&in), source_print(&a->at, "groups", arena)));
		return false;
	}
	say(r, arena_printf(arena, "a RADIUS server has put the user into %s: the session goes on",
		       text_str(&in)));
	return true;
}

static void obey(struct world *w, const struct sa_record *r, const struct ipc_order *o, struct arena *arena)
{
	if (o->disconnect)
		end(w, r, "a RADIUS server ends the session");
	else if ((!o->filters.n || regroup(w, r, &o->filters, arena)) && o->timeout)
		limit(w, r, o->timeout, arena);
}

bool obey_take_order(void *ctx, const struct ipc_message *m)
{
	struct world *w = ((struct trust *)member_ctx(ctx))->world;
	struct ipc_message a = { .kind = IPC_OBEYED, .ticket = m->ticket };
	struct arena arena = { 0 };
	unsigned n;
	const uint64_t *keys = inquire_sas(w, &arena, &n);
	struct sa_record r;

	for (unsigned i = 0; i < n; i++)
		if (inquire_sa(w, keys[i], &arena, &r) && is_meant(w, &m->order.match, &r, &arena) &&
			(m->order.disconnect || !r.began)) {
			obey(w, &r, &m->order, &arena);
			a.obeyed.matched++;
		}
	(void)!member_tell(&w->trust.certs, IPC_IKE, &a);
	arena_free(&arena);
	return true;
}
