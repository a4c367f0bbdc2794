/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/commands.h"

#include "daemon/certs.h"
#include "daemon/clock.h"

#include <errno.h>

static void say_drop(struct commands *o, const struct addr *from, enum radius_dae_drop why)
{
	static const char *const whys[RADIUS_DAE_DROPS] = {
		[RADIUS_DAE_MALFORMED] = "it is none",
		[RADIUS_DAE_FORGED] = "it was not made with the secret of the section daemon.radius.dae",
		[RADIUS_DAE_OLD] =
			"it is of another time: somebody repeats it, or one of the clocks is wrong",
		[RADIUS_DAE_REPLAYED] = "it was obeyed before: somebody repeats it",
	};
	struct arena arena = { 0 };
	char text[ADDR_TEXT];
	unsigned held;

	if (whys[why] && gate_pass(&o->lines, clock_ms(), &held))
		certs_say(o->certs, "radius", NULL,
			arena_printf(&arena, "an order of a RADIUS server, from %s, was dropped: %s",
				addr_print(from, text), whys[why]));
	arena_free(&arena);
}

static void pass_on(struct commands *o, const struct addr *from, const struct radius_order *order)
{
	const struct ipc_message m = { .kind = IPC_ORDER,
		.ticket = order->number,
		.order = { order->match, order->disconnect, order->timeout,
			{ order->filters, order->n_filters } } };

	o->from[order->number % RADIUS_ORDERS_MAX] = (struct commander){ order->number, *from };
	certs_answer(o->certs, &m);
}

static void on_order(void *ctx, const struct addr *from, struct bytes datagram)
{
	struct commands *o = ctx;
	struct radius_dae_out out;

	radius_dae_take(o->dae, from, datagram, (uint64_t)clock_wall(), &out);
	switch (out.what) {
	case RADIUS_DAE_DROP: say_drop(o, from, out.drop); break;
	case RADIUS_DAE_ANSWER: relay_port_answer(o->port, from, out.answer); break;
	case RADIUS_DAE_ORDER: pass_on(o, from, &out.order); break;
	}
}

bool commands_take_obeyed(void *ctx, const struct ipc_message *m)
{
	struct commands *o = &((struct certs *)ctx)->commands;
	struct commander *from = &o->from[m->ticket % RADIUS_ORDERS_MAX];
	struct bytes answer;

	/* So many orders may have come meanwhile that this one is forgotten; or nobody is heard any more. */
	if (!o->port || !from->number || from->number != m->ticket)
		return true;
	answer = radius_dae_answer(
		o->dae, from->number, m->obeyed.matched ? RADIUS_ERROR_NONE : RADIUS_ERROR_SESSION_NOT_FOUND);
	if (answer.n)
		relay_port_answer(o->port, &from->from, answer);
	return true;
}

static void forget(struct commands *o)
{
	relay_port_free(o->port);
	radius_dae_free(o->dae);
	*o = (struct commands){ .certs = o->certs, .lines = o->lines };
}

static bool is_heard(const struct commands *o, const struct ipc_dae *dae)
{
	const struct radius_secret secret = holder_secret(&o->certs->holder, dae->secret);

	return o->port && addr_eq(&o->listen, &dae->listen) &&
	       radius_dae_is(o->dae, &secret, dae->nas_identifier, dae->filters);
}

void commands_set(struct commands *o, const struct ipc_dae *dae)
{
	const struct radius_secret secret = holder_secret(&o->certs->holder, dae->secret);
	struct arena arena = { 0 };
	char text[ADDR_TEXT];

	if (is_heard(o, dae))
		return;
	forget(o);
	if (!dae->secret)
		return;
	o->listen = dae->listen;
	o->dae = radius_dae_new(&secret, dae->nas_identifier, dae->filters);
	o->port = relay_port_listen(o->certs->base, &dae->listen, on_order, o);
	if (!o->port) {
		certs_say(o->certs, "radius", NULL,
			arena_printf(&arena, "orders of RADIUS servers cannot be heard at %s: %s",
				addr_print(&dae->listen, text), strerror(errno)));
		forget(o);
	}
	arena_free(&arena);
}

void commands_start(struct commands *o, struct certs *c)
{
	*o = (struct commands){ .certs = c };
}

void commands_stop(struct commands *o)
{
	forget(o);
}
