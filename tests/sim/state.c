/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a world of the explorer is, put into numbers: all that decides what may come of it and nothing else.
 * SPIs, keys and ids are only names: the first that is met is 1, and so on. Of nonces the order counts
 * besides; times count from now; message ids from what the other end expects. Left out: when DPD asks (all
 * times of it are far), counters that decide nothing, and what the configuration says. */
#include "tests/pair/forge.h"
#include "tests/sim/explore.h"
#include "tests/sim/memory.h"

#include <stdlib.h>

enum { NAMES = 256, NONCES = 32, TOKENS = 48, FLIGHTS = 64, CACHE = 1 << 16, TICK = 100 };

/* What kind of name a number is: equal numbers of different kinds are different names. */
enum space { OF_MOON, OF_SUN, ESP_SPI, IKE_SPI, OCTETS, SPACES };

struct print {
	const struct world *w;
	uint64_t hash;
	struct text *text;
	uint64_t names[NAMES];
	unsigned n_names;
	uint8_t nonces[NONCES][NONCE_OCTETS];
	unsigned n_nonces;
};

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

static void put(struct print *p, const char *word, uint64_t v)
{
	p->hash = mix(p->hash, v);
	if (p->text)
		text_add(p->text, " %s=%llu", word, (unsigned long long)v);
}

static void line(struct print *p, const char *word)
{
	p->hash = mix(p->hash, 0x1717171717171717ULL);
	if (p->text)
		text_add(p->text, "\n%s", word);
}

static uint64_t name_of(struct print *p, enum space space, uint64_t v)
{
	uint64_t key = v * SPACES + space;

	for (unsigned i = 0; i < p->n_names; i++)
		if (p->names[i] == key)
			return i + 1;
	if (p->n_names == NAMES)
		abort();
	p->names[p->n_names] = key;
	return ++p->n_names;
}

static void put_name(struct print *p, const char *word, enum space space, uint64_t v)
{
	put(p, word, v ? name_of(p, space, v) : 0);
}

static uint64_t hash_of(struct bytes b)
{
	uint64_t h = b.n;

	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * 0x100000001b3ULL;
	return h % (UINT64_MAX / SPACES);
}

static void put_octets(struct print *p, const char *word, struct bytes b)
{
	put_name(p, word, OCTETS, b.n ? hash_of(b) : 0);
}

static void put_nonce(struct print *p, const char *word, struct bytes b)
{
	unsigned i = 0;

	if (b.n != NONCE_OCTETS) {
		put(p, word, 0);
		return;
	}
	while (i < p->n_nonces && memcmp(p->nonces[i], b.p, b.n) != 0)
		i++;
	if (i == NONCES)
		abort();
	if (i == p->n_nonces)
		memcpy(p->nonces[p->n_nonces++], b.p, b.n);
	put(p, word, i + 1);
}

static int by_octets(const void *a, const void *b)
{
	return memcmp(a, b, NONCE_OCTETS);
}

/* Which of the nonces, as they were met, is lower than which. */
static void put_order(struct print *p)
{
	uint8_t sorted[NONCES][NONCE_OCTETS];

	memcpy(sorted, p->nonces, sizeof sorted);
	qsort(sorted, p->n_nonces, sizeof *sorted, by_octets);
	line(p, "nonces");
	for (unsigned i = 0; i < p->n_nonces; i++)
		put_nonce(p, "next", bytes_of(sorted[i], NONCE_OCTETS));
}

static void put_time(struct print *p, const char *word, uint64_t at)
{
	uint64_t now = p->w->life.lab->now;

	put(p, word, !at ? 0 : at <= now ? 1 : 2 + (at - now + TICK - 1) / TICK);
}

static void put_word(struct print *p, const char *word, const char *s)
{
	put(p, word, s ? hash_of(bytes_str(s)) : 0);
}

/* ----------------------------------------------------------------- messages */

enum token_kind { TOKEN_NUMBER, TOKEN_SPI, TOKEN_IKE_SPI, TOKEN_OCTETS, TOKEN_NONCE };

/* A message as a list of what counts in it. Messages are many times looked at and never change: they are
 * opened once, and remembered by their octets. */
struct token {
	enum token_kind kind;
	uint64_t v;
	uint8_t nonce[NONCE_OCTETS];
};

struct opened {
	uint64_t key; /* 0: none */
	struct seen seen;
	unsigned n;
	struct token *tokens;
};

static struct opened cache[CACHE];

struct tokens {
	unsigned n;
	struct token v[TOKENS];
};

static struct token *token(struct tokens *t, enum token_kind kind, uint64_t v)
{
	if (t->n == TOKENS)
		abort();
	t->v[t->n] = (struct token){ .kind = kind, .v = v };
	return &t->v[t->n++];
}

static uint64_t number(struct bytes b)
{
	uint64_t v = 0;

	for (size_t i = 0; i < b.n && i < sizeof v; i++)
		v = v << 8 | b.p[i];
	return v;
}

static void tokens_lists(struct tokens *t, const struct message *m)
{
	for (unsigned i = 0; i < m->n_notifies; i++) {
		token(t, TOKEN_NUMBER, m->notifies[i].type);
		token(t, TOKEN_SPI, number(m->notifies[i].spi));
		if (m->notifies[i].type == ADDITIONAL_KEY_EXCHANGE)
			token(t, TOKEN_OCTETS, hash_of(m->notifies[i].data));
	}
	for (unsigned i = 0; i < m->n_deletes; i++) {
		token(t, TOKEN_NUMBER, m->deletes[i].protocol);
		for (unsigned k = 0; k < m->deletes[i].n; k++)
			token(t, TOKEN_SPI, m->deletes[i].spis[k]);
	}
}

static void tokens_of(struct tokens *t, const struct message *m)
{
	token(t, TOKEN_NUMBER, m->has);
	for (unsigned i = 0; i < m->sa.n; i++)
		token(t, m->sa.v[i].spi.n == 4 ? TOKEN_SPI : TOKEN_IKE_SPI, number(m->sa.v[i].spi));
	if (m->nonce.n == NONCE_OCTETS)
		memcpy(token(t, TOKEN_NONCE, 0)->nonce, m->nonce.p, NONCE_OCTETS);
	if (m->ke.data.n)
		token(t, TOKEN_OCTETS, hash_of(m->ke.data));
	for (unsigned i = 0; i < m->tsi.n; i++)
		token(t, TOKEN_NUMBER, number(ip_bytes(&m->tsi.v[i].lo)));
	tokens_lists(t, m);
}

static struct seen seen_in(const struct message *m)
{
	const struct wire_notify *rekey = message_notify(m, REKEY_SA), *error = message_error(m);
	struct seen s = {
		.header = m->header,
		.has = m->has,
		.spi = m->sa.n ? number(m->sa.v[0].spi) : 0,
		.rekeys = rekey ? number(rekey->spi) : 0,
		.error = error ? error->type : 0,
		.fresh = m->nonce.n == NONCE_OCTETS,
	};

	for (unsigned i = 0; i < m->n_deletes && !s.deletes; i++)
		s.deletes = m->deletes[i].n ? m->deletes[i].spis[0] : 0;
	if (s.fresh)
		memcpy(s.nonce, m->nonce.p, NONCE_OCTETS);
	return s;
}

static void remember(struct opened *o, uint64_t key, const struct message *m)
{
	struct tokens t = { 0 };

	tokens_of(&t, m);
	free(o->tokens);
	*o = (struct opened){ .key = key, .seen = seen_in(m), .n = t.n };
	o->tokens = malloc((t.n ? t.n : 1) * sizeof *t.v);
	if (!o->tokens)
		abort();
	memcpy(o->tokens, t.v, t.n * sizeof *t.v);
}

static const struct opened *open_message(const struct world *w, struct bytes data)
{
	uint64_t key = hash_of(data) | 1;
	struct opened *o = &cache[(key >> 1) % CACHE];
	struct arena arena = { 0 };
	struct message m;
	bool before;

	if (o->key == key)
		return o;
	/* It stays when the world is put back. Who has sent it has its keys when it is met for the first
	 * time; later nobody may. */
	before = memory_use(false);
	if (forge_open(w->life.lab, data, &arena, &m))
		remember(o, key, &m);
	else
		o = NULL;
	arena_free(&arena);
	memory_use(before);
	return o;
}

const struct seen *state_seen(const struct world *w, struct bytes data)
{
	const struct opened *o = open_message(w, data);

	return o ? &o->seen : NULL;
}

static const struct sa *sa_at(const struct host *h, const struct wire_header *header, bool initiator)
{
	list_each (n, (struct node *)&h->ike->sas_list) {
		const struct sa *sa = node_owner(n, struct sa, of_ike);

		if (sa->core.spi_i == header->spi_i && sa->core.spi_r == header->spi_r &&
			sa->core.initiator == initiator)
			return sa;
	}
	return NULL;
}

/* Where message ids of requests of that end of the SA are counted from: what the other end expects or, when
 * it is gone, what this one sends next. */
static uint32_t base(const struct world *w, const struct wire_header *h, bool by_initiator)
{
	const struct sa *sa;

	for (unsigned side = 0; side < SIDES; side++)
		if ((sa = sa_at(w->life.hosts[side], h, !by_initiator)))
			return sa->window.expected;
	for (unsigned side = 0; side < SIDES; side++)
		if ((sa = sa_at(w->life.hosts[side], h, by_initiator)))
			return sa->window.next;
	return 0;
}

static void put_token(struct print *p, const struct token *t)
{
	switch (t->kind) {
	case TOKEN_NUMBER: put(p, "", t->v); break;
	case TOKEN_SPI: put_name(p, "spi", ESP_SPI, t->v); break;
	case TOKEN_IKE_SPI: put_name(p, "ike", IKE_SPI, t->v); break;
	case TOKEN_OCTETS: put_name(p, "ke", OCTETS, t->v); break;
	case TOKEN_NONCE: put_nonce(p, "nonce", bytes_of(t->nonce, NONCE_OCTETS)); break;
	}
}

static void put_message(struct print *p, const void *data, size_t n)
{
	const struct opened *o = open_message(p->w, bytes_of(data, n));
	const struct wire_header *h;
	bool response, from_initiator;

	if (!o) {
		put(p, "sealed", hash_of(bytes_of(data, n)));
		return;
	}
	h = &o->seen.header;
	response = h->flags & FLAG_RESPONSE;
	from_initiator = h->flags & FLAG_INITIATOR;
	put_name(p, "of", IKE_SPI, h->spi_i);
	put_name(p, "of", IKE_SPI, h->spi_r);
	put(p, "exchange", h->exchange);
	put(p, "flags", h->flags);
	put(p, "mid", h->mid - base(p->w, h, from_initiator != response));
	for (unsigned i = 0; i < o->n; i++)
		put_token(p, &o->tokens[i]);
}

/* -------------------------------------------------------------------- a core */

static void put_waits(struct print *p, const struct node *waits)
{
	for (const struct node *n = waits->next; n != waits; n = n->next)
		put(p, "waits", node_owner(n, struct wait, of_object)->command->ticket);
	put(p, "wait-end", 0);
}

static void put_child(struct print *p, enum space side, const struct child *c)
{
	line(p, "  child");
	put_name(p, "id", side, c->id);
	put_name(p, "policy", side, c->policy);
	put_name(p, "reqid", side, c->reqid);
	put_word(p, "conf", c->conf->name);
	put(p, "state", c->state);
	put_name(p, "in", ESP_SPI, c->spi_in);
	put_name(p, "out", ESP_SPI, c->spi_out);
	put(p, "flags", (uint64_t)(c->selected | c->by_us << 1 | c->redundant << 2 | c->replaced << 3));
	put(p, "resource", c->per_cpu | (uint64_t)c->resource << 1 | (uint64_t)c->sated << 33);
	put_name(p, "replaces", side, c->replaces);
	put_name(p, "successor", side, c->successor);
	put_time(p, "rekey", c->rekey_due);
	put_time(p, "life", c->life_end);
	put_time(p, "switch", c->switch_due);
	put_time(p, "late", c->state == CHILD_LATE ? c->late_end : 0);
	for (unsigned i = 0; i < ARRAY_SIZE(c->tickets); i++)
		put_name(p, "ticket", side, c->tickets[i]);
	if (c->state == CHILD_INSTALLING)
		put_time(p, "deadline", c->ask_deadline);
	put_waits(p, &c->waits);
}

static void put_task(struct print *p, enum space side, const struct task *t)
{
	line(p, "  task");
	put(p, "kind", t->kind);
	put_name(p, "child", side, t->child);
	put_name(p, "spi", ESP_SPI, t->spi);
	put_word(p, "conf", t->conf ? t->conf->name : NULL);
	put_time(p, "not-before", t->not_before);
	put_time(p, "patience", t->patience);
	put_time(p, "put-off", t->put_off);
	put_time(p, "busy-since", t->busy_since);
	put(p, "unwanted", t->unwanted);
	put_waits(p, &t->waits);
}

static void put_negotiation(struct print *p, enum space side, const struct negotiation *x)
{
	if (!x->kind)
		return;
	line(p, "  exchange");
	put(p, "kind", x->kind);
	put(p, "state", x->state);
	put_name(p, "ask", side, x->ask);
	put_time(p, "deadline", x->ask || x->state == N_AWAIT ? x->ask_deadline : 0);
	put_word(p, "conf", x->child ? x->child->name : NULL);
	put_name(p, "old", side, x->old);
	put_octets(p, "public", x->public);
	put_nonce(p, "ni", x->nonce_i);
	put_nonce(p, "nr", x->nonce_r);
	put_name(p, "spi", ESP_SPI, x->spi);
	put_name(p, "spi-out", ESP_SPI, x->spi_out);
	put_name(p, "ike", IKE_SPI, x->ike_spi);
	put_name(p, "ike-peer", IKE_SPI, x->ike_spi_peer);
	put_name(p, "made", side, x->made);
	put(p, "rounds", x->rounds);
	put(p, "done", x->done);
	put(p, "yielded", x->yielded);
	put_octets(p, "shared", x->shared);
	put_octets(p, "link", x->link);
	for (unsigned i = 0; i < ARRAY_SIZE(x->gone); i++)
		put_name(p, "gone", ESP_SPI, x->gone[i]);
	put_nonce(p, "rival", x->rival_nonce);
	put_name(p, "rival-child", side, x->rival_child);
	put_name(p, "rival-ike", IKE_SPI, x->rival_spi);
}

static void put_window(struct print *p, const struct sa *sa)
{
	const struct wire_header h = { .spi_i = sa->core.spi_i, .spi_r = sa->core.spi_r };
	const struct window *w = &sa->window;

	line(p, "  window");
	put(p, "next", w->next - base(p->w, &h, sa->core.initiator));
	put(p, "first", !w->expected);
	if (w->request) {
		put(p, "tries", w->tries);
		put_time(p, "due", w->due);
		put_message(p, w->request, w->request_n);
	}
	put(p, "response", !!w->response);
	if (w->response)
		put_message(p, w->response, w->response_n);
}

static void put_core(struct print *p, enum space side, const struct sa *sa)
{
	const struct sa_core *c = &sa->core;

	line(p, " IKE_SA");
	put_name(p, "id", side, sa->id);
	put(p, "state", c->state);
	put(p, "flags",
		(uint64_t)(c->initiator | sa->up << 1 | c->again << 2 | c->encap << 3 | c->turned_away << 4));
	put_name(p, "spi", IKE_SPI, c->spi_i);
	put_name(p, "spi", IKE_SPI, c->spi_r);
	put_octets(p, "key", bytes_of(c->keys.d, c->suite.prf ? c->suite.prf->out : 0));
	put_name(p, "ask", side, c->ask);
	put_time(p, "ask-deadline", c->ask ? c->ask_deadline : 0);
	put_time(p, "deadline", c->deadline);
	put_time(p, "rekey", c->rekey_due);
	put_time(p, "reauth", c->reauth_due);
	put_time(p, "life", c->life_end);
	put_name(p, "before", IKE_SPI, c->predecessor);
	put_name(p, "instead-of", IKE_SPI, c->reauthenticates);
	put_name(p, "ticket", OCTETS, sa->ticket % (UINT64_MAX / SPACES));
	put_name(p, "ticket", OCTETS, sa->ticket_before % (UINT64_MAX / SPACES));
	put_time(p, "ticket", sa->ticket_due);
	put(p, "rekeyings", sa->rekeyings_until > p->w->life.lab->now ? sa->rekeyings : 0);
}

static void put_sa(struct print *p, enum space side, const struct sa *sa)
{
	put_core(p, side, sa);
	put_window(p, sa);
	put_negotiation(p, side, sa->ours);
	put_negotiation(p, side, sa->theirs);
	put(p, "task", !!sa->task);
	if (sa->task)
		put_task(p, side, sa->task);
	list_each (n, (struct node *)&sa->tasks)
		put_task(p, side, node_owner(n, struct task, of_sa));
	list_each (n, (struct node *)&sa->children)
		put_child(p, side, node_owner(n, struct child, of_sa));
	list_each (n, (struct node *)&sa->late)
		put_child(p, side, node_owner(n, struct child, of_sa));
	put_waits(p, &sa->waits);
}

/* ---------------------------------------------------------------- the world */

static void put_datapath(struct print *p, enum space side, const struct datapath *dp)
{
	line(p, " data path");
	list_each (n, (struct node *)&dp->sas) {
		const struct dp_sa *sa = node_owner(n, struct dp_sa, node);

		line(p, "  SA");
		put_name(p, "child", side, sa->spec.child);
		put_name(p, "spi", ESP_SPI, sa->spec.spi);
		put(p, "flags", (uint64_t)(sa->spec.inbound | sa->used << 1 | sa->refused << 2));
		put_octets(p, "key", sa->spec.encr_key);
	}
	list_each (n, (struct node *)&dp->policies) {
		const struct dp_policy *policy = node_owner(n, struct dp_policy, node);

		line(p, "  policy");
		put_name(p, "id", side, policy->spec.id);
		put_name(p, "selected", side, policy->selected);
		put(p, "flags", (uint64_t)(policy->open | policy->refused << 1));
	}
}

static void put_answers(struct print *p, enum space side, const struct host *h)
{
	list_each (n, (struct node *)&h->answers) {
		const struct coming *c = node_owner(n, struct coming, node);

		line(p, " answer");
		put_name(p, "ticket", side, c->answer.ticket);
		put(p, "result", c->answer.result);
		put_octets(p, "public", c->answer.public);
		put_octets(p, "shared", c->answer.shared);
	}
}

static void put_commands(struct print *p, const struct world *w, unsigned side)
{
	list_each (n, (struct node *)&w->life.given[side])
		put(p, "given", node_owner(n, struct given, node)->ticket);
	list_each (n, (struct node *)&w->life.hosts[side]->ike->commands) {
		const struct command *c = node_owner(n, struct command, of_ike);

		put(p, "command", c->ticket);
		put(p, "left", c->left | (unsigned)c->failed << 8);
	}
}

static void put_host(struct print *p, unsigned side)
{
	const struct host *h = p->w->life.hosts[side];

	line(p, h->name);
	put(p, "nonces", p->w->rngs[side].nonces % 2);
	put_commands(p, p->w, side);
	list_each (n, (struct node *)&h->ike->sas_list)
		put_sa(p, side, node_owner(n, struct sa, of_ike));
	put_datapath(p, side, &h->datapath);
	put_answers(p, side, h);
}

/* A datagram in the air, and its number as it is if it is looked at first. */
struct air {
	const struct flight *f;
	uint64_t hash;
};

static int by_hash(const void *a, const void *b)
{
	uint64_t x = ((const struct air *)a)->hash, y = ((const struct air *)b)->hash;

	return x < y ? -1 : x > y;
}

/* The order of what is in the air says nothing. */
static void put_air(struct print *p)
{
	struct air air[FLIGHTS];
	struct print alone;
	unsigned count = 0;

	list_each (n, (struct node *)&p->w->life.lab->flights) {
		const struct flight *f = node_owner(n, struct flight, node);

		if (count == FLIGHTS)
			abort();
		alone = *p;
		alone.text = NULL;
		put_message(&alone, f->data, f->n);
		air[count++] = (struct air){ f, alone.hash };
	}
	qsort(air, count, sizeof *air, by_hash);
	for (unsigned i = 0; i < count; i++) {
		line(p, "in the air");
		put_message(p, air[i].f->data, air[i].f->n);
	}
}

uint64_t state_hash(const struct world *w, bool budget, struct text *out)
{
	struct print p = { .w = w, .text = out };

	for (unsigned side = 0; side < SIDES; side++)
		put_host(&p, side);
	put_air(&p);
	put_order(&p);
	line(&p, "left");
	for (unsigned side = 0; side < SIDES; side++)
		put(&p, "given", w->given[side]);
	if (budget) {
		put(&p, "lose", w->left.lose);
		put(&p, "repeat", w->left.repeat);
		put(&p, "clock", w->left.clock);
		put(&p, "late", w->left.late);
	}
	return p.hash;
}
