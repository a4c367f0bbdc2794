/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of keeper, certs, eap and tokens, each of which somebody has taken over, to guard: one is what was
 * asked for, or is of no consequence, or its sender is replaced. The input is a row of things that happen,
 * each behind which it is and its length: one of them says something, or guard or the core asks for
 * something. What guard waits for is answered with what stands behind that, and then as it should be. */
#include "daemon/engine_inside.h"
#include "daemon/parley_state.h"
#include "daemon/vault_state.h"
#include "tests/unit/conf_help.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What happens. The first six are by which channel somebody says something. */
enum {
	KEEPER,
	KEEPER_OF_IKE,
	CERTS,
	CERTS_OF_IKE,
	EAPS,
	EAPS_OF_IKE,
	LOAD,
	ASK,
	LOOP,
	TOKENS,
	ERRAND,
	THINGS
};

enum { CONVERSATIONS = 3 };

static const char text[] =
	"connections {\n"
	" a { local { auth = psk\n id = moon }\n remote { auth = eap\n eap_id = %any }\n children { n { } } "
	"}\n"
	" b { local { auth = eap\n eap_id = carol }\n remote { auth = pubkey }\n children { n { } } }\n"
	" c { local { auth = psk\n id = moon }\n remote { auth = psk\n id = sun }\n children { n { } } } }\n"
	"secrets { ike-x { id = sun\n secret = \"of both\" }\n eap-x { id = carol\n secret = \"carol's\" }\n"
	" ppk-x { id = ppk\n secret = \"later\" } }\n";

/* The one of RFC 8410, 10.3. */
static const char private_key[] = "-----BEGIN PRIVATE KEY-----\n"
				  "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
				  "-----END PRIVATE KEY-----\n";

static const struct options one = { .one = true };

struct bench {
	struct world world;
	struct engine engine;
	struct arena arena;
	struct rd in;
	struct key *key; /* kept by keeper */
	uint32_t tickets;
	unsigned errands; /* are being run */
};

static struct bench *here;

/* ---------------------------------------------------------------- who was taken over */

static struct member *who(unsigned thing)
{
	struct world *w = &here->world;

	if (thing >= EAPS)
		return &w->parleys->eaps;
	return thing >= CERTS ? &w->trust.certs : &w->vault->keeper;
}

/* Of one that lives long another is there at once, so that nobody sleeps. */
static void age(void)
{
	for (unsigned thing = KEEPER; thing < (here->world.parleys ? LOAD : EAPS); thing++)
		who(thing)->since = 1;
	if (here->world.vault->tokens->keeper.base)
		here->world.vault->tokens->keeper.since = 1;
}

static struct bytes next(void)
{
	const size_t n = rd_u16(&here->in);

	return rd_bytes(&here->in, n < here->in.n ? n : here->in.n);
}

/* Who says that guard, or what is in one process with it, is not itself any more ends it. */
static bool ends_us(struct bytes octets)
{
	struct arena arena = { 0 };
	struct ipc_message m;
	const bool ends = !ipc_decode(octets, &arena, &m) && m.kind == IPC_BLAME &&
			  (m.blame.process == IPC_GUARD || m.blame.process == IPC_IKE);

	arena_free(&arena);
	return ends;
}

static void say(const struct ipc_channel *far, struct bytes octets)
{
	if (octets.n && far->fd >= 0 && !ends_us(octets))
		(void)!send(far->fd, octets.p, octets.n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* What M has said and nobody has heard. */
static void drain(const struct member *m)
{
	static uint8_t room[IPC_MAX];

	for (unsigned i = 0; i < FAMILY_CHANNELS && m->base; i++)
		while (m->near[i].fd >= 0 && recv(m->near[i].fd, room, sizeof room, MSG_DONTWAIT) > 0)
			;
}

/* The answer to M that guard would wait for without end; false: it waits for none. */
static bool answer_to(const struct ipc_message *m, struct ipc_message *a)
{
	static const uint8_t mark[IPC_MARK_SIZE];

	*a = (struct ipc_message){ .ticket = m->ticket };
	switch (m->kind) {
	case IPC_SECRET:
	case IPC_USERS:
		a->kind = IPC_KEPT;
		a->kept.mark = bytes_of(mark, sizeof mark);
		return true;
	case IPC_FILE:
	case IPC_READ:
	case IPC_READ_ON:
		a->kind = IPC_OPENED;
		a->opened.result = ERR_SYNTAX;
		a->opened.what = "there is nothing in it";
		return true;
	case IPC_LIST: a->kind = IPC_LISTED; return true;
	default: return false;
	}
}

/* What guard has said, by FAR. */
static void hear(void *ctx, struct ipc_channel *far)
{
	static uint8_t room[IPC_MAX];
	struct arena arena = { 0 };
	struct ipc_message m, a;
	ssize_t n;

	(void)ctx;
	age();
	while ((n = recv(far->fd, room, sizeof room, MSG_DONTWAIT)) > 0) {
		if (ipc_decode(bytes_of(room, (size_t)n), &arena, &m))
			abort();
		if (answer_to(&m, &a)) {
			say(far, next());
			(void)!ipc_tell(far, &a);
		}
		arena_free(&arena);
	}
}

/* -------------------------------------------------------------- what guard wants */

static void keep_something(struct vault *v)
{
	static const struct id owner = { .type = ID_FQDN };
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct secret s = { .kind = SECRET_IKE,
		.name = "x",
		.owners = &owner,
		.n_owners = 1,
		.data = arena_bytes(&arena, bytes_str("something")) };

	if (!vault_keep_secret(v, &s, &why))
		kept_unref(s.kept);
	else if (!why.n)
		abort();
	arena_free(&arena);
}

static void open_something(struct vault *v)
{
	struct arena arena = { 0 };
	struct bundle b = { 0 };
	struct why why = { 0 };

	if (vault_open(v, bytes_str("something"), NULL, &arena, &b, &why) && b.n_certs + b.n_crls)
		abort();
	bundle_free(&b);
	arena_free(&arena);
}

static void keep_users(struct vault *v)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);

	if (vault_keep_users(v, bytes_str("carol:x"), &why) && !why.n)
		abort();
	arena_free(&arena);
}

static void list_what_was_fetched(struct world *w)
{
	struct arena arena = { 0 };
	struct ipc_message m;
	uint32_t at = 0;

	while (here->in.n && trust_fetched(w, &at, NULL, &arena, &m))
		;
	arena_free(&arena);
}

/* What was not heard of that is heard no more: the answers that should have been. */
static void load(struct world *w, uint8_t what)
{
	switch (what % 4) {
	case 0: keep_something(w->vault); break;
	case 1: open_something(w->vault); break;
	case 2: keep_users(w->vault); break;
	default: list_what_was_fetched(w); break;
	}
	for (unsigned thing = KEEPER; thing < LOAD; thing++)
		drain(who(thing));
}

/* ------------------------------------------------------------ errands to tokens */

static void on_said(void *ctx, const struct said *s)
{
	if (ctx != here || !s->e != !!s->bundle.key || (s->e && !s->why.what))
		abort();
}

struct ran {
	struct bench *bench;
	struct key_conf key;
	bool certs;
};

/* What was wanted was said: nobody waits for it. */
static void is_known(const struct ran *r)
{
	struct arena arena = { 0 };
	struct bundle b;
	struct why why = { 0 };
	const struct key_conf *k = r->certs ? NULL : &r->key;
	enum err e = vault_fetch(r->bench->world.vault, "file:/a", k, &arena, &b, &why);

	if (!e != !!(k ? b.key != NULL : b.n_certs) || (e && !why.what))
		abort();
	bundle_free(&b);
	arena_free(&arena);
}

static void on_ran(void *ctx, bool given_up)
{
	struct ran *r = ctx;

	if (r->bench != here || !here->errands--)
		abort();
	if (!given_up)
		is_known(r);
	kept_unref(r->key.kept);
	free(r);
}

/* Tokens is there, and is not itself. */
static void take_tokens(struct world *w)
{
	struct vault *v = w->vault->tokens;
	struct arena arena = { 0 };
	struct text why = text_in(&arena);

	if (!v->keeper.base && vault_be_there(v, &why))
		abort();
	v->keeper.spec.serve = hear;
	arena_free(&arena);
}

static void run(struct bench *b, uint8_t what)
{
	struct ran *r = calloc(1, sizeof *r);
	struct arena arena = { 0 };
	struct errand *e;

	if (!r)
		abort();
	take_tokens(&b->world);
	e = errand_new(b->world.vault);
	*r = (struct ran){ .bench = b, .key = { .uri = "file:/a" }, .certs = what & 1 };
	if (what & 2)
		r->key.secret = arena_bytes(&arena, bytes_str("1234"));
	errand_want(e, "file:/a", r->certs ? NULL : &r->key);
	if (what & 4)
		errand_want_offered(e, "file:/b", bytes_str("12345678"), on_said, b);
	b->errands++;
	errand_run(e, on_ran, r);
	arena_free(&arena);
}

/* ----------------------------------------------------------- what the core wants */

static const struct peer *peer(unsigned n)
{
	return config_now(&here->world.config)->peers[n];
}

static void is_ours(const void *ctx)
{
	if (ctx != here)
		abort();
}

static void on_name(void *ctx, const struct ip *ip, const char *why)
{
	(void)ip;
	(void)why;
	is_ours(ctx);
}

static void on_portal(void *ctx, const char *instead)
{
	(void)instead;
	is_ours(ctx);
}

static void on_relayed(void *ctx, const struct ipc_relayed *r)
{
	(void)r;
	is_ours(ctx);
}

static void on_told(void *ctx, struct bytes secret)
{
	(void)secret;
	is_ours(ctx);
}

static void speak_eap(struct world *w, struct ike_question *q, uint8_t what, struct answer *answer)
{
	struct parley *p;

	q->eap.conversation = 1 + what / 16 % CONVERSATIONS;
	q->eap.authenticator = q->eap.conversation != 2;
	q->peer = peer(q->eap.authenticator ? 0 : 1);
	q->auth = q->eap.authenticator ? &q->peer->remote : &q->peer->local;
	if (parley_waits(w, q->eap.conversation)) {
		answer_free(answer);
		parley_end(w, q->eap.conversation);
		return;
	}
	parley_ask(w, q, answer);
	w->parleys->eaps.spec.serve = hear;
	drain(&w->parleys->eaps);
	p = map_get(&w->parleys->open, q->eap.conversation);
	if (p && !p->key)
		p->key = key_ref(here->key);
}

static void ask(struct world *w, uint8_t what)
{
	static const uint8_t octets[64];
	static const struct ipc_relay relay = { .eap = { octets, 5 } };
	const struct conf *c = config_now(&w->config);
	struct answer *answer = answer_new(++here->tickets);
	struct ike_question q = { .peer = peer(2),
		.auth = &peer(2)->remote,
		.prf = transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0),
		.octets = bytes_of(octets, sizeof octets),
		.proof = bytes_of(octets, 32) };
	static const struct why wrong = { .what = "it is wrong" };

	switch (what % 12) {
	case 0: vault_prove(w->vault, &c->secrets[0], &q, answer); return;
	case 1: vault_check(w->vault, &c->secrets[0], &q, &wrong, answer); return;
	case 2:
		q.kind = ASK_PPK;
		vault_ppk(w->vault, &c->secrets[2], &q, answer);
		return;
	case 3: vault_sign(here->key, &schemes[0], &q, answer); return;
	case 4:
		q.auth = &peer(1)->remote;
		q.peer = peer(1);
		trust_check(w, &q, answer);
		return;
	case 5:
	case 6: speak_eap(w, &q, what, answer); return;
	default: break;
	}
	answer_free(answer);
	switch (what % 12) {
	case 7: vault_tell(w->vault, &c->secrets[1], &c->secrets[1].owners[0], on_told, here); break;
	case 8: trust_resolve(w, "moon", 4, on_name, here); break;
	case 9: trust_probe(w, "http://moon/", "success", on_portal, here); break;
	case 10: trust_relay(w, &relay, on_relayed, here); break;
	default: trust_account(w, 1, q.octets); break;
	}
}

/* ------------------------------------------------------------------------- all */

/* M says it, and is heard. */
static void speak(struct member *m, unsigned channel, struct bytes octets)
{
	struct arena arena = { 0 };

	say(&m->far[channel], octets);
	if (m->base && member_waits(m, m->spec.near[channel]))
		(void)!member_hear(m, m->spec.near[channel], 0, &arena);
	arena_free(&arena);
}

static void happen(struct bench *b, unsigned thing, struct bytes octets)
{
	struct world *w = &b->world;
	const uint8_t first = octets.n ? octets.p[0] : 0;

	age();
	switch (thing) {
	case LOAD: load(w, first); break;
	case ASK: ask(w, first); break;
	case LOOP: event_base_loop(w->base, EVLOOP_NONBLOCK); break;
	case ERRAND: run(b, first); break;
	case TOKENS:
		take_tokens(w);
		speak(&w->vault->tokens->keeper, 0, octets);
		break;
	default: speak(who(thing), thing & 1, octets); break;
	}
}

static void say_nothing(void *ctx, enum log_level level, const char *word, const char *line)
{
	(void)ctx;
	(void)level;
	(void)word;
	(void)line;
}

/* The folder of this process, in which nothing stays. */
static const char *folder(void)
{
	static char path[] = "/tmp/fuzz_answers.XXXXXX";
	static bool made;

	made = made || mkdtemp(path);
	if (!made)
		abort();
	return path;
}

static void must(bool done)
{
	if (!done)
		abort();
}

/* What was read once: to be taken, with secrets of its own. */
static struct conf configuration(void)
{
	static struct loaded l;
	struct conf c = { 0 };

	if (!l.conf.n_peers)
		l = load_text(text);
	must(!l.err && l.conf.n_peers == 3 && l.conf.n_secrets == 3);
	c.settings = l.conf.settings;
	c.n_peers = l.conf.n_peers;
	c.peers = ARENA_ARRAY(&c.arena, c.n_peers, struct peer *);
	for (unsigned i = 0; i < c.n_peers; i++)
		c.peers[i] = peer_ref(l.conf.peers[i]);
	c.n_secrets = l.conf.n_secrets;
	c.secrets = ARENA_ARRAY(&c.arena, c.n_secrets, struct secret);
	for (unsigned i = 0; i < c.n_secrets; i++) {
		c.secrets[i] = l.conf.secrets[i];
		c.secrets[i].data = arena_bytes(&c.arena, c.secrets[i].data);
	}
	return c;
}

/* By a keeper that does as it should. */
static void keep_all(struct bench *b)
{
	struct world *w = &b->world;
	struct conf conf = configuration();
	struct text why = text_in(&b->arena);
	struct bundle bundle;
	struct why no;

	for (unsigned i = 0; i < conf.n_secrets; i++)
		must(!vault_keep_secret(w->vault, &conf.secrets[i], &why));
	config_take(&w->config, NULL, &conf);
	must(!vault_open(w->vault, bytes_str(private_key), NULL, &b->arena, &bundle, &no));
	b->key = key_ref(bundle.key);
	bundle_free(&bundle);
}

static void begin(struct bench *b)
{
	struct world *w = &b->world;
	struct engine *e = &b->engine;
	struct text why = text_in(&b->arena);

	here = b;
	log_to(say_nothing, NULL);
	w->options = &one;
	w->base = event_base_new();
	entropy_start(&w->entropy);
	list_init(&w->answers);
	list_init(&w->patience);
	failures_start(&w->failures);
	w->control.ctl.near[0].fd = -1;
	e->world = w;
	e->ike.near[0].fd = e->ike.near[1].fd = -1;
	list_init(&e->orders);
	w->engine = e;
	recheck_start(w);
	must(!vault_start(w, folder(), &why));
	config_start(&w->config, w->vault);
	keep_all(b);
	must(!trust_start(w, folder(), folder(), &why));
	parleys_start(w, folder());
	w->vault->keeper.spec.serve = w->trust.certs.spec.serve = hear;
}

/* Keeper answers all that it was asked, when who asked has ended. */
static void answer_late(struct world *w)
{
	struct vault *v = w->vault;

	list_each (n, &v->asked) {
		const struct asked *a = node_owner(n, struct asked, node);
		struct ipc_message m = { .kind = IPC_USER, .ticket = a->message.ticket };

		if (!a->told)
			m = (struct ipc_message){
				.kind = IPC_PROOF, .ticket = m.ticket, .proof.result = ERR_AUTH
			};
		if (a->flying)
			(void)!ipc_tell(&v->keeper.far[1], &m);
	}
	event_base_loop(w->base, EVLOOP_NONBLOCK);
}

static void finish(struct bench *b)
{
	struct world *w = &b->world;

	key_unref(b->key);
	trust_stop(w);
	vault_leave_core(w->vault);
	parleys_stop(w);
	answer_late(w);
	config_stop(&w->config);
	vault_stop(w);
	if (b->errands)
		abort();
	recheck_stop(w);
	failures_stop(&w->failures);
	entropy_stop(&w->entropy);
	event_base_free(w->base);
	arena_free(&b->arena);
	(void)rmdir(folder());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = { .in = rd_of(bytes_of(data, size)) };

	begin(&b);
	while (b.in.n) {
		const unsigned thing = rd_u8(&b.in) % THINGS;

		happen(&b, thing, next());
	}
	finish(&b);
	return 0;
}
