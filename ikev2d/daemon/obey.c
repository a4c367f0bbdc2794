/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/obey.h"

#include "daemon/accounts.h"
#include "daemon/engine.h"
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

static void end(struct world *w, const struct sa_record *r)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	line_add(&line, "connection", r->name);
	line_number(&line, "sa", r->id);
	line_add(&line, "msg", "a RADIUS server ends the session");
	log_say(LOG_NOTICE, "radius", "%s", text_str(&line));
	accounts_cause(w, r->id, RADIUS_CAUSE_ADMIN_RESET);
	engine_feed(w, &(struct ike_event){
			       .kind = EVENT_COMMAND, .command = { .kind = COMMAND_DOWN, .ike_id = r->id } });
	arena_free(&arena);
}

bool obey_take_order(void *ctx, const struct ipc_message *m)
{
	struct world *w = ((struct trust *)member_ctx(ctx))->world;
	struct ipc_message a = { .kind = IPC_OBEYED, .ticket = m->ticket };
	struct arena arena = { 0 };
	unsigned n;
	const uint64_t *keys = ike_sas(w->ike, &arena, &n);
	struct sa_record r;

	for (unsigned i = 0; i < n; i++)
		if (ike_record(w->ike, keys[i], &arena, &r) && is_meant(w, &m->order.match, &r, &arena)) {
			end(w, &r);
			a.obeyed.matched++;
		}
	(void)!member_tell(&w->trust.certs, IPC_IKE, &a);
	arena_free(&arena);
	return true;
}
