/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a process that speaks IKE and that somebody has taken over, to guard: each is refused, or asks
 * for what the configuration says. The input is a row of messages, each behind which channel it comes by and
 * its length. */
#include "daemon/actions.h"
#include "daemon/engine_inside.h"
#include "daemon/parley.h"
#include "tests/unit/conf_help.h"
#include "tests/unit/talk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PEER = 1, BASE = 100 };

static const char text[] =
	"connections { a { ppk_id = key\n local { auth = psk\n id = moon } remote { auth = psk\n id = sun } "
	"children { net { local_ts = 10.1.0.0/16\n remote_ts = 10.2.0.0/16\n mark_in = 5\n mark_out = 5 } "
	"host { mode = transport\n ah_proposals = sha256\n esp_proposals = } no { mode = drop } } } }";

struct bench {
	struct world world;
	struct engine engine;
	struct talk talk;
	unsigned sent; /* messages of IKE_SA_INIT, and */
	unsigned proofs;
};

static struct bench *here;

/* ---------------------------------------------------------- what gets through */

static void within(struct tss all, const char *net)
{
	struct ts whole;

	if (ts_parse(net, &whole) || !all.n)
		abort();
	for (unsigned i = 0; i < all.n; i++)
		if (!ts_contains(&whole, &all.v[i]))
			abort();
}

static void one_address(struct tss all)
{
	for (unsigned i = 0; i < all.n; i++)
		if (!ip_eq(&all.v[i].lo, &all.v[i].hi) || ip_is_any(&all.v[i].lo))
			abort();
}

static void is_configured(
	const struct child_conf *c, struct tss local, struct tss remote, const struct sa_marks *marks)
{
	bool net = !strcmp(c->name, "net");
	uint32_t mark = net ? 5 : 0;

	if (net) {
		within(local, "10.1.0.0/16");
		within(remote, "10.2.0.0/16");
	} else {
		one_address(local);
		one_address(remote);
	}
	if (marks->in.value != mark || marks->out.value != mark || marks->if_id_in || marks->if_id_out)
		abort();
}

/* Every action that is taken comes here. */
void actions_carry_out(struct world *w, const struct ike_action *a)
{
	if (w != &here->world)
		abort();
	switch (a->kind) {
	case ACTION_SEND: here->sent++; break;
	case ACTION_ASK:
		if (a->ask.kind == ASK_PROOF && (++here->proofs > 2 * here->sent || a->ask.local.data.n != 4))
			abort();
		break;
	case ACTION_SA_ADD:
		if (a->sa_add.child <= BASE || (!a->sa_add.suite.encr && !a->sa_add.suite.integ))
			abort();
		is_configured(a->sa_add.conf, a->sa_add.local_ts, a->sa_add.remote_ts, &a->sa_add.marks);
		break;
	case ACTION_SA_DEL:
		if (a->sa_del.child <= BASE)
			abort();
		break;
	case ACTION_POLICY_ADD:
		is_configured(a->policy_add.conf, a->policy_add.local_ts, a->policy_add.remote_ts,
			&a->policy_add.marks);
		break;
	case ACTION_VIP_ADD: abort(); /* no connection has any */
	default: break;
	}
}

void actions_gather(struct world *w, bool on)
{
	(void)on;
	if (w != &here->world)
		abort();
}

/* --------------------------------------------------------------------- guard */

static void say_nothing(void *ctx, enum log_level level, const char *word, const char *line)
{
	(void)ctx;
	(void)level;
	(void)word;
	(void)line;
}

static const struct peer *peer(void)
{
	static struct loaded l;

	if (!l.conf.n_peers) {
		l = load_text(text);
		if (l.conf.n_peers != 1)
			abort();
		l.conf.peers[0]->number = PEER;
		log_to(say_nothing, NULL);
	}
	return l.conf.peers[0];
}

static void begin(struct bench *b)
{
	struct engine *e = &b->engine;

	here = b;
	b->world.engine = e;
	b->world.base = event_base_new();
	parleys_start(&b->world, "/nowhere");
	e->world = &b->world;
	e->base = BASE;
	e->ike.spec.ctx = e;
	list_init(&e->orders);
	begun_start(&e->begun);
	held_start(&e->held);
	held_start(&e->left);
	map_put(&e->handed, PEER, peer_ref((struct peer *)peer()));
	if (ipc_pair(IPC_IKE, &b->talk.guard, IPC_GUARD, &e->ike.near[0]) ||
		ipc_pair(IPC_IKE, &b->talk.ike, IPC_CTL, &e->ike.near[1]))
		abort();
	b->talk.to_guard = &e->ike.near[0];
	b->talk.to_ike = &e->ike.near[1];
	e->ike.near[0].phase = e->ike.near[1].phase = IPC_SERVING;
}

static void finish(struct bench *b)
{
	struct engine *e = &b->engine;

	parleys_stop(&b->world);
	event_base_free(b->world.base);
	engine_part(e);
	map_free(&e->handed);
	begun_stop(&e->begun);
	held_stop(&e->held);
	held_stop(&e->left);
	talk_end(&b->talk);
}

/* An answer is waited for, of the kind that the input wants. */
static void ask(struct bench *b, uint8_t kind)
{
	b->world.inquiry.ticket = 1;
	b->world.inquiry.kind = kind % IPC_INQUIRIES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = { 0 };
	struct rd r = rd_of(bytes_of(data, size));
	struct ipc_channel *at;
	enum err e = ERR_OK;

	begin(&b);
	while (!e && (ask(&b, rd_u8(&r)), at = talk_throw(&b.talk, &r))) {
		struct arena arena = { 0 };
		const char *wrong = NULL;

		e = ipc_take(at, &arena, &b.engine.ike, &wrong);
		if (e && !wrong)
			abort();
		arena_free(&arena);
	}
	finish(&b);
	return 0;
}
