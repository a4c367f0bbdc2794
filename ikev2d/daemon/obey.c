/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/obey.h"

#include "daemon/accounts.h"
#include "daemon/engine.h"
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

static void end(struct world *w, const struct sa_record *r)
{
	say(r, "a RADIUS server ends the session");
	accounts_cause(w, r->id, RADIUS_CAUSE_ADMIN_RESET);
	engine_feed(w, &(struct ike_event){
			       .kind = EVENT_COMMAND, .command = { .kind = COMMAND_DOWN, .ike_id = r->id } });
}

static void limit(struct world *w, const struct sa_record *r, uint32_t seconds)
{
	struct arena arena = { 0 };

	say(r, arena_printf(&arena, "a RADIUS server lets the session last %u s from now on", seconds));
	arena_free(&arena);
	engine_feed(w, &(struct ike_event){ .kind = EVENT_COMMAND,
			       .command = { .kind = COMMAND_LIMIT, .ike_id = r->id, .seconds = seconds } });
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
			if (m->order.disconnect)
				end(w, &r);
			else
				limit(w, &r, m->order.timeout);
			a.obeyed.matched++;
		}
	(void)!member_tell(&w->trust.certs, IPC_IKE, &a);
	arena_free(&arena);
	return true;
}
