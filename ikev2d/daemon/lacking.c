/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proposals without what the library has not. */
#include "daemon/lacking.h"

#include "base/log.h"
#include "crypto/kex.h"
#include "daemon/line.h"

enum { ASKED_MAX = 64 /* ids of key exchanges are smaller */ };

/* The library does not change while it runs: it is asked once for each. */
static enum { UNKNOWN, HERE, NOT_HERE } asked[ASKED_MAX];

bool lacking_has(const struct transform *ke)
{
	if (ke->type != TRANSFORM_KE || ke->kind == KIND_NONE)
		return true;
	if (ke->id >= ASKED_MAX)
		return kex_available(ke);
	if (asked[ke->id] == UNKNOWN)
		asked[ke->id] = kex_available(ke) ? HERE : NOT_HERE;
	return asked[ke->id] == HERE;
}

/* The next key exchange that can be asked for, after T. */
static const struct transform *next_ke(const struct transform *t)
{
	while ((t = transform_next(t)))
		if (t->type == TRANSFORM_KE && t->kind != KIND_NONE && t->id < ASKED_MAX)
			break;
	return t;
}

uint64_t lacking_ask(void)
{
	uint64_t here = 0;

	for (const struct transform *t = next_ke(NULL); t; t = next_ke(t))
		if (kex_available(t))
			here |= UINT64_C(1) << t->id;
	return here;
}

void lacking_learn(uint64_t here)
{
	for (const struct transform *t = next_ke(NULL); t; t = next_ke(t))
		asked[t->id] = here & UINT64_C(1) << t->id ? HERE : NOT_HERE;
}

static const char *words(const struct transform *ke, struct arena *arena)
{
	return arena_printf(arena, "the OpenSSL library here has no %s (%s)", ke->openssl,
		ke->kind == KIND_KEM ? "3.5 and later have it" : "another one may");
}

/* P in place of *P, from ARENA, if it lacks anything: that goes to LACKS. */
static void take_out(struct proposals *p, struct arena *arena, const struct transform **lacks)
{
	struct proposals left = proposals_usable(*p, lacking_has, arena, lacks);

	if (*lacks)
		*p = left;
}

static bool is_default(const struct proposals *p, uint8_t protocol, struct arena *arena)
{
	return !strcmp(proposals_print(*p, arena), proposals_print(proposal_default(protocol, arena), arena));
}

static void say(const struct peer *p, const char *key, const struct proposals *left,
	const struct transform *lacks, struct arena *arena)
{
	struct text t = text_in(arena);

	line_add(&t, "conn", p->name);
	line_add(&t, "msg",
		arena_printf(
			arena, "%s: %s become %s", words(lacks, arena), key, proposals_print(*left, arena)));
	log_say(LOG_WARN, "proposals", "%s", text_str(&t));
}

/* KEY of PEER, in P. */
static void check(
	struct peer *peer, const char *key, uint8_t protocol, struct proposals *p, const struct source *at)
{
	const struct transform *lacks = NULL;
	struct arena scratch = { 0 };
	bool by_default = is_default(p, protocol, &scratch);

	take_out(p, &peer->arena, &lacks);
	if (lacks && !p->n)
		peer->unready = arena_printf(&peer->arena,
			"%s: %s, and no other proposal is left (write default, or what ipsec list algs has)",
			source_print(at, key, &peer->arena), words(lacks, &peer->arena));
	else if (lacks && !by_default)
		say(peer, key, p, lacks, &scratch);
	arena_free(&scratch);
}

static void check_child(struct peer *peer, struct child_conf *c)
{
	if (c->esp.n)
		check(peer, "esp_proposals", PROTO_ESP, &c->esp, &c->at);
	if (c->ah.n)
		check(peer, "ah_proposals", PROTO_AH, &c->ah, &c->at);
	child_conf_offer(c, &peer->arena);
}

void lacking_take_out(struct peer *peer)
{
	check(peer, "proposals", PROTO_IKE, &peer->ike, &peer->at);
	for (unsigned i = 0; i < peer->n_children; i++)
		check_child(peer, &peer->children[i]);
}

static const struct transform *newest(void)
{
	return transform_find(TRANSFORM_KE, KE_ML_KEM_768, 0);
}

void lacking_say(void)
{
	const struct transform *kem = newest();
	struct arena scratch = { 0 };
	struct text t = text_in(&scratch);

	if (!lacking_has(kem)) {
		line_add(&t, "msg",
			arena_printf(
				&scratch, "%s: key exchanges are not post-quantum", words(kem, &scratch)));
		log_say(LOG_NOTICE, "start", "%s", text_str(&t));
	}
	arena_free(&scratch);
}
