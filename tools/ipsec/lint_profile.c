/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles: what an authority recommends. A profile is a row, and the rows of what it admits. */
#include "lint.h"

struct standard {
	const char *name, *title;
	const char *ike, *esp, *ah;    /* proposals to write */
	bool pfs;                      /* new keys of a CHILD_SA come with a key exchange */
	bool psk;                      /* shared secrets prove identities */
	uint64_t ike_life, child_life; /* ms at the most; 0: not limited */
	unsigned rsa_bits, ecdsa_bits; /* of keys at the least */
	bool more_ecdsa;               /* larger curves than that too */
};

#define HOURS(n) ((uint64_t)(n)*60 * 60 * 1000)

static const struct standard profiles[] = {
	/* Tables 2 to 8; 2.1.2 on lifetimes; key exchanges against quantum computers only beside another one.
	 */
	{ "bsi", "BSI TR-02102-3", "aes256gcm16-prfsha384-ecp384", "aes256gcm16-ecp384", "sha384-ecp384",
		true, true, HOURS(24), HOURS(4), 3000, 256, true },
	/* RFC 9206; ML-KEM-1024 beside it is CNSA 2.0. */
	{ "cnsa", "CNSA (RFC 9206)", "aes256gcm16-prfsha384-ecp384", "aes256gcm16-ecp384",
		"esp_proposals instead", false, false, 0, 0, 3072, 384, false },
};

enum { ANY_BITS = 0 };

/* One transform that a profile admits. TRANSFORM_KE1 stands for all additional key exchanges. */
static const struct admitted {
	const char *profile;
	uint8_t type;
	uint16_t id, bits;
} admitted[] = {
	{ "bsi", TRANSFORM_ENCR, ENCR_AES_CBC, ANY_BITS },
	{ "bsi", TRANSFORM_ENCR, ENCR_AES_GCM_16, ANY_BITS },
	{ "bsi", TRANSFORM_PRF, PRF_HMAC_SHA2_256, ANY_BITS },
	{ "bsi", TRANSFORM_PRF, PRF_HMAC_SHA2_384, ANY_BITS },
	{ "bsi", TRANSFORM_PRF, PRF_HMAC_SHA2_512, ANY_BITS },
	{ "bsi", TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, ANY_BITS },
	{ "bsi", TRANSFORM_INTEG, AUTH_HMAC_SHA2_384_192, ANY_BITS },
	{ "bsi", TRANSFORM_INTEG, AUTH_HMAC_SHA2_512_256, ANY_BITS },
	{ "bsi", TRANSFORM_KE, KE_MODP_3072, ANY_BITS },
	{ "bsi", TRANSFORM_KE, KE_MODP_4096, ANY_BITS },
	{ "bsi", TRANSFORM_KE, KE_ECP_256, ANY_BITS },
	{ "bsi", TRANSFORM_KE, KE_ECP_384, ANY_BITS },
	{ "bsi", TRANSFORM_KE, KE_ECP_521, ANY_BITS },
	{ "bsi", TRANSFORM_KE1, KE_ML_KEM_768, ANY_BITS },
	{ "bsi", TRANSFORM_KE1, KE_ML_KEM_1024, ANY_BITS },
	{ "cnsa", TRANSFORM_ENCR, ENCR_AES_GCM_16, 256 },
	{ "cnsa", TRANSFORM_PRF, PRF_HMAC_SHA2_384, ANY_BITS },
	{ "cnsa", TRANSFORM_PRF, PRF_HMAC_SHA2_512, ANY_BITS },
	{ "cnsa", TRANSFORM_KE, KE_ECP_384, ANY_BITS },
	{ "cnsa", TRANSFORM_KE, KE_MODP_3072, ANY_BITS },
	{ "cnsa", TRANSFORM_KE, KE_MODP_4096, ANY_BITS },
	{ "cnsa", TRANSFORM_KE1, KE_ML_KEM_1024, ANY_BITS },
};

const struct standard *standard_find(const char *name)
{
	for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
		if (!strcmp(profiles[i].name, name))
			return &profiles[i];
	return NULL;
}

static bool admits(const struct standard *p, const struct xform *x)
{
	uint8_t type = transform_is_more(x->type) ? TRANSFORM_KE1 : x->type;

	if (type == TRANSFORM_ESN || (type == TRANSFORM_KE1 && x->id == KE_NONE))
		return true;
	if (type == TRANSFORM_KE && x->id == KE_NONE)
		return !p->pfs;
	for (size_t i = 0; i < sizeof admitted / sizeof *admitted; i++) {
		const struct admitted *a = &admitted[i];

		if (!strcmp(a->profile, p->name) && a->type == type && a->id == x->id &&
			(a->bits == ANY_BITS || a->bits == x->bits))
			return true;
	}
	return false;
}

/* Appends WORD, once. */
static void add_word(struct text *t, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = t->s ? strstr(t->s, word) : NULL; s; s = strstr(s + 1, word))
		if ((s == t->s || s[-1] == ' ') && (!s[n] || s[n] == ','))
			return;
	text_add(t, "%s%s", t->n ? ", " : "", word);
}

static void look_at_proposals(struct lint_run *l, const struct proposals *list, const struct source *at,
	const char *key, const char *instead)
{
	const struct standard *p = l->in->profile;
	struct text bad = text_in(l->arena);

	for (unsigned i = 0; i < list->n; i++)
		for (unsigned k = 0; k < list->v[i].n; k++)
			if (!admits(p, &list->v[i].v[k]))
				add_word(&bad, xform_print(&list->v[i].v[k], l->arena));
	if (bad.n)
		lint_say(l, at, key, arena_printf(l->arena, "%s does not admit %s", p->title, text_str(&bad)),
			instead);
	else if (p->pfs && list->n && list->v->protocol != PROTO_IKE && !proposals_demand_ke(*list))
		lint_say(l, at, key,
			arena_printf(
				l->arena, "%s wants a key exchange for new keys of a CHILD_SA", p->title),
			instead);
}

static void look_at_life(
	struct lint_run *l, const struct source *at, const char *key, uint64_t life, uint64_t most)
{
	if (most && (!life || life > most))
		lint_say(l, at, key,
			arena_printf(l->arena, "%s wants new keys after %llu h at the most",
				l->in->profile->title, (unsigned long long)(most / HOURS(1))),
			arena_printf(l->arena, "%lluh", (unsigned long long)(most / HOURS(1))));
}

static void look_at_peer(struct lint_run *l, const struct peer *p)
{
	const struct standard *profile = l->in->profile;

	look_at_proposals(l, &p->ike, &p->at, "proposals", profile->ike);
	look_at_life(l, &p->at, "rekey_time", p->rekey_time, profile->ike_life);
	for (unsigned i = 0; i < p->n_children; i++) {
		const struct child_conf *c = &p->children[i];

		look_at_proposals(l, &c->esp, &c->at, "esp_proposals", profile->esp);
		look_at_proposals(l, &c->ah, &c->at, "ah_proposals", profile->ah);
		look_at_life(l, &c->at, "rekey_time", c->rekey_time, profile->child_life);
	}
	if (!profile->psk && (p->local.way.method == AUTH_PSK || p->remote.way.method == AUTH_PSK))
		lint_say(l, &p->at, "auth",
			arena_printf(l->arena, "%s proves identities by signatures, not by shared secrets",
				profile->title),
			"auth = pubkey with certificates");
}

static bool key_is_good(const struct standard *p, const struct key *k)
{
	if (k->type == KEY_RSA)
		return k->bits >= p->rsa_bits;
	return k->type == KEY_ECDSA &&
	       (k->bits == p->ecdsa_bits || (p->more_ecdsa && k->bits > p->ecdsa_bits));
}

static void look_at_keys(struct lint_run *l)
{
	const struct standard *p = l->in->profile;

	list_each (n, (struct node *)&l->in->store->all) {
		const struct stored *e = store_at(n);

		if (e->kind == STORED_KEY && !key_is_good(p, e->key))
			lint_say(l, NULL, e->name,
				arena_printf(l->arena, "%s does not admit this private key (%s)", p->title,
					key_print(e->key, l->arena)),
				arena_printf(l->arena, "ECDSA with %u bits, or RSA with %u or more",
					p->ecdsa_bits, p->rsa_bits));
	}
}

void lint_profile(struct lint_run *l)
{
	if (!l->in->profile)
		return;
	for (unsigned i = 0; i < l->in->conf->n_peers; i++)
		look_at_peer(l, l->in->conf->peers[i]);
	look_at_keys(l);
}
