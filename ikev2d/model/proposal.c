/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proposals from keywords, and back into keywords. */
#include "model/proposal.h"

#include "base/names.h"

#include <stdlib.h>
#include <strings.h>

/* A keyword list while it is read. */
struct draft {
	const char *words; /* the whole list, for the sentence */
	struct text *why;
	uint8_t protocol;
	struct xform v[PROPOSAL_XFORMS_MAX];
	unsigned n;
	struct xform derived[PROPOSAL_XFORMS_MAX]; /* the PRFs of integrity words */
	unsigned n_derived;
};

/* Beginning with an AEAD, then with a cipher that needs an integrity transform: the two may not be mixed.
 * Before both what withstands quantum computers; who does not know additional key exchanges passes over that
 * (RFC 7296, 3.3.6). SHA-1 is there for old peers, where it is asked for by name only. */
static const char *const defaults_ike[] = {
	"aes256gcm16-aes128gcm16-chacha20poly1305-prfsha256-prfsha384-prfsha512-"
	"x25519-ecp256-ecp384-ecp521-x448-modp3072-modp4096-modp2048-ke1_mlkem768",
	"aes256gcm16-aes128gcm16-chacha20poly1305-prfsha256-prfsha384-prfsha512-"
	"x25519-ecp256-ecp384-ecp521-x448-modp3072-modp4096-modp2048",
	"aes256-aes192-aes128-sha256-sha384-sha512-prfsha256-prfsha384-prfsha512-"
	"x25519-ecp256-ecp384-ecp521-x448-modp3072-modp4096-modp2048",
	NULL,
};

static const char *const defaults_esp[] = {
	"aes256gcm16-aes128gcm16-chacha20poly1305-esn-noesn",
	"aes256-aes192-aes128-sha256-sha384-sha512-esn-noesn",
	NULL,
};

static const char *const defaults_ah[] = { "sha256-sha384-sha512-esn-noesn", NULL };

static const struct {
	const char *name, *example;
	const char *const *defaults;
} protocols[] = {
	[PROTO_IKE] = { "IKE", "aes256gcm16-prfsha384-ecp384", defaults_ike },
	[PROTO_AH] = { "AH", "sha256-ecp384", defaults_ah },
	[PROTO_ESP] = { "ESP", "aes256gcm16-ecp384", defaults_esp },
};

const char *proposal_protocol(uint8_t protocol)
{
	return protocol >= PROTO_IKE && protocol <= PROTO_ESP ? protocols[protocol].name : "unknown";
}

static const struct transform *row_of(const struct xform *x)
{
	return transform_find(x->type, x->id, x->bits);
}

static const char *first_word(const struct draft *d, uint8_t type)
{
	for (unsigned i = 0; i < d->n; i++)
		if (d->v[i].type == type)
			return row_of(&d->v[i])->word;
	return NULL;
}

/* The first cipher of KIND. */
static const char *cipher(const struct draft *d, enum transform_kind kind)
{
	for (unsigned i = 0; i < d->n; i++)
		if (row_of(&d->v[i])->kind == kind)
			return row_of(&d->v[i])->word;
	return NULL;
}

static bool belongs(uint8_t type, uint8_t protocol)
{
	if (protocol == PROTO_AH && type == TRANSFORM_ENCR)
		return false;
	return type != (protocol == PROTO_IKE ? TRANSFORM_ESN : TRANSFORM_PRF);
}

/* The words for "did you mean". */
struct candidates {
	uint8_t protocol;
	const struct transform *at;
};

static const char *next_candidate(void *ctx)
{
	struct candidates *c = ctx;

	do
		c->at = transform_next(c->at);
	while (c->at && !belongs(c->at->type, c->protocol));
	return c->at ? c->at->word : NULL;
}

static enum err unknown_word(struct draft *d, const char *word)
{
	struct candidates c = { .protocol = d->protocol };
	const char *nearest = name_nearest(word, next_candidate, &c);

	text_add(d->why, "%s: \"%s\" is no algorithm that this program has", d->words, word);
	if (nearest)
		text_add(d->why, "; did you mean \"%s\"?", nearest);
	else
		text_add(d->why, ": take it out");
	return ERR_SYNTAX;
}

static bool add(struct xform *v, unsigned *n, uint8_t type, const struct transform *t)
{
	for (unsigned i = 0; i < *n; i++)
		if (v[i].type == type && row_of(&v[i]) == t)
			return false;
	v[(*n)++] = (struct xform){ type, t->id, t->bits };
	return true;
}

static enum err not_exchanged(struct draft *d, const char *word)
{
	text_add(d->why, "%s: \"%s\" is no key exchange: \"ke1_\" to \"ke7_\" stand before those only",
		d->words, word);
	return ERR_SYNTAX;
}

static enum err add_word(struct draft *d, const char *word)
{
	const struct transform *found[2];
	const char *method = word;
	uint8_t type = transform_prefix(&method);
	unsigned n = transform_word(method, d->protocol, found);

	if (!n)
		return unknown_word(d, method);
	if (type && found[0]->type != TRANSFORM_KE)
		return not_exchanged(d, word);
	if (!belongs(found[0]->type, d->protocol)) {
		text_add(d->why, "%s: \"%s\" has no place in an %s proposal: take it out", d->words, word,
			protocols[d->protocol].name);
		return ERR_SYNTAX;
	}
	if (!add(d->v, &d->n, type ? type : found[0]->type, found[0])) {
		text_add(d->why, "%s: \"%s\" stands there twice: take one out", d->words, word);
		return ERR_SYNTAX;
	}
	if (n > 1)
		add(d->derived, &d->n_derived, found[1]->type, found[1]);
	return ERR_OK;
}

static enum err add_words(struct draft *d, struct arena *scratch)
{
	char *rest = arena_str(scratch, d->words), *word;

	while ((word = strsep(&rest, "-"))) {
		if (!*word) {
			text_add(d->why,
				"\"%s\": a word is missing; write words with one \"-\" between them, as in "
				"%s",
				d->words, protocols[d->protocol].example);
			return ERR_SYNTAX;
		}
		if (add_word(d, word))
			return ERR_SYNTAX;
	}
	return ERR_OK;
}

/* The list with WORD behind its words of type TYPE and of smaller ones, for "as in …". */
static void suggest(struct draft *d, const char *word, uint8_t type)
{
	const char *dash = "";
	bool placed = false;

	for (unsigned i = 0; i <= d->n; i++) {
		if (!placed && (i == d->n || d->v[i].type > type)) {
			text_add(d->why, "%s%s", dash, word);
			dash = "-";
			placed = true;
		}
		if (i < d->n) {
			text_add(d->why, "%s%s", dash, xform_print(&d->v[i], d->why->arena));
			dash = "-";
		}
	}
}

/* An integrity word beside an AEAD says nothing, but in IKE which PRF is meant (it stands in D->derived). */
static void drop_integ(struct draft *d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->n; i++)
		if (d->v[i].type != TRANSFORM_INTEG)
			d->v[n++] = d->v[i];
	d->n = n;
}

static enum err check_ciphers(struct draft *d)
{
	const char *aead = cipher(d, KIND_AEAD), *cbc = cipher(d, KIND_CBC);

	if (!aead && !cbc) {
		text_add(d->why, "%s has no cipher: add one, as in ", d->words);
		suggest(d, first_word(d, TRANSFORM_INTEG) ? "aes256" : "aes256gcm16", TRANSFORM_ENCR);
		return ERR_SYNTAX;
	}
	if (aead && cbc) {
		text_add(d->why,
			"%s mixes %s, which needs no integrity algorithm, with %s, which does: write two "
			"proposals, one "
			"for each, separated by a comma",
			d->words, aead, cbc);
		return ERR_SYNTAX;
	}
	if (aead)
		drop_integ(d);
	if (cbc && !first_word(d, TRANSFORM_INTEG)) {
		text_add(d->why, "%s has no integrity algorithm: add one, as in ", d->words);
		suggest(d, "sha256", TRANSFORM_INTEG);
		return ERR_SYNTAX;
	}
	return ERR_OK;
}

/* The digest that fits the strength of the first key exchange. */
static const char *fitting_prf(const struct draft *d)
{
	const char *ke = first_word(d, TRANSFORM_KE);

	return ke && !strcmp(ke, "ecp384") ? "prfsha384" : "prfsha256";
}

static enum err check_ike(struct draft *d)
{
	const char *ke = first_word(d, TRANSFORM_KE);

	if (!first_word(d, TRANSFORM_PRF))
		for (unsigned i = 0; i < d->n_derived; i++)
			add(d->v, &d->n, TRANSFORM_PRF, row_of(&d->derived[i]));
	if (!first_word(d, TRANSFORM_PRF)) {
		text_add(d->why, "%s has no PRF: add one, as in ", d->words);
		suggest(d, fitting_prf(d), TRANSFORM_PRF);
		return ERR_SYNTAX;
	}
	if (!ke) {
		text_add(d->why, "%s has no key exchange: add one, as in ", d->words);
		suggest(d, "x25519", TRANSFORM_KE);
		return ERR_SYNTAX;
	}
	for (unsigned i = 0; i < d->n; i++)
		if (d->v[i].type == TRANSFORM_KE && d->v[i].id == KE_NONE) {
			text_add(d->why, "%s: IKE cannot do without a key exchange: take out \"none\"",
				d->words);
			return ERR_SYNTAX;
		}
	return ERR_OK;
}

static enum err check_ah(struct draft *d)
{
	if (first_word(d, TRANSFORM_INTEG))
		return ERR_OK;
	text_add(d->why, "%s has no integrity algorithm: add one, as in ", d->words);
	suggest(d, "sha256", TRANSFORM_INTEG);
	return ERR_SYNTAX;
}

/* Additional key exchanges follow one. */
static enum err check_more(struct draft *d)
{
	for (unsigned i = 0; i < d->n; i++)
		if (transform_is_more(d->v[i].type) && !first_word(d, TRANSFORM_KE)) {
			text_add(d->why,
				"%s has an additional key exchange (\"ke%d_\") and no first one: add one, as "
				"in ",
				d->words, d->v[i].type - TRANSFORM_KE1 + 1);
			suggest(d, "x25519", TRANSFORM_KE);
			return ERR_SYNTAX;
		}
	return ERR_OK;
}

static enum err check(struct draft *d)
{
	if ((d->protocol == PROTO_AH ? check_ah(d) : check_ciphers(d)) || check_more(d))
		return ERR_SYNTAX;
	if (d->protocol == PROTO_IKE)
		return check_ike(d);
	if (!first_word(d, TRANSFORM_ESN))
		add(d->v, &d->n, TRANSFORM_ESN, transform_find(TRANSFORM_ESN, ESN_NO, 0));
	return ERR_OK;
}

/* Adds the draft to OUT, its words put in the order in which people write them. */
static void append(struct proposals *out, const struct draft *d, struct arena *arena)
{
	static const uint8_t order[] = { TRANSFORM_ENCR, TRANSFORM_INTEG, TRANSFORM_PRF, TRANSFORM_KE,
		TRANSFORM_KE1, TRANSFORM_KE1 + 1, TRANSFORM_KE1 + 2, TRANSFORM_KE1 + 3, TRANSFORM_KE1 + 4,
		TRANSFORM_KE1 + 5, TRANSFORM_KE7, TRANSFORM_ESN };
	struct proposal *v = ARENA_ARRAY(arena, out->n + 1, struct proposal);
	struct xform *x = ARENA_ARRAY(arena, d->n, struct xform);
	unsigned n = 0;

	for (size_t i = 0; i < sizeof order; i++)
		for (unsigned j = 0; j < d->n; j++)
			if (d->v[j].type == order[i])
				x[n++] = d->v[j];
	if (out->n)
		memcpy(v, out->v, out->n * sizeof *v);
	v[out->n] =
		(struct proposal){ .num = (uint8_t)(out->n + 1), .protocol = d->protocol, .v = x, .n = n };
	*out = (struct proposals){ v, out->n + 1 };
}

static enum err parse_one(
	const char *words, uint8_t protocol, struct arena *arena, struct proposals *out, struct text *why)
{
	struct draft d = { .words = words, .protocol = protocol, .why = why };

	if (out->n >= PROPOSALS_MAX) {
		text_add(why, "%s: there are more than %d proposals: leave some out", words,
			(int)PROPOSALS_MAX);
		return ERR_SYNTAX;
	}
	if (add_words(&d, arena) || check(&d))
		return ERR_SYNTAX;
	append(out, &d, arena);
	return ERR_OK;
}

enum err proposal_parse(
	const char *words, uint8_t protocol, struct arena *arena, struct proposals *out, struct text *why)
{
	const char *const *lists = protocols[protocol].defaults;
	struct proposals p = *out;

	if (strcasecmp(words, "default")) {
		if (parse_one(words, protocol, arena, &p, why))
			return ERR_SYNTAX;
	} else {
		for (; *lists; lists++)
			if (parse_one(*lists, protocol, arena, &p, why))
				return ERR_SYNTAX;
	}
	*out = p;
	return ERR_OK;
}

struct proposals proposal_default(uint8_t protocol, struct arena *arena)
{
	struct proposals p = { 0 };
	struct text why = text_in(arena);

	if (proposal_parse("default", protocol, arena, &p, &why))
		abort();
	return p;
}

/* What peers still offer and we do not have, so that an explanation can name it. */
static const struct {
	uint8_t type;
	uint16_t id;
	const char *word;
} foreign[] = {
	{ TRANSFORM_ENCR, 2, "des" },
	{ TRANSFORM_ENCR, 3, "3des" },
	{ TRANSFORM_ENCR, 7, "blowfish" },
	{ TRANSFORM_ENCR, 11, "null" },
	{ TRANSFORM_ENCR, 13, "aesctr" },
	{ TRANSFORM_ENCR, 16, "aesccm16" },
	{ TRANSFORM_ENCR, 18, "aesgcm8" },
	{ TRANSFORM_ENCR, 19, "aesgcm12" },
	{ TRANSFORM_ENCR, 23, "camellia" },
	{ TRANSFORM_PRF, 1, "prfmd5" },
	{ TRANSFORM_PRF, 4, "prfaesxcbc" },
	{ TRANSFORM_PRF, 8, "prfaescmac" },
	{ TRANSFORM_INTEG, 0, "none" },
	{ TRANSFORM_INTEG, 1, "md5" },
	{ TRANSFORM_INTEG, 5, "aesxcbc" },
	{ TRANSFORM_INTEG, 8, "aescmac" },
	{ TRANSFORM_KE, 1, "modp768" },
	{ TRANSFORM_KE, 17, "modp6144" },
	{ TRANSFORM_KE, 18, "modp8192" },
	{ TRANSFORM_KE, 28, "ecp256bp" },
	{ TRANSFORM_KE, 29, "ecp384bp" },
	{ TRANSFORM_KE, 30, "ecp512bp" },
};

static const char *foreign_word(const struct xform *x)
{
	uint8_t type = transform_is_more(x->type) ? TRANSFORM_KE : x->type;

	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
		if (foreign[i].type == type && foreign[i].id == x->id)
			return foreign[i].word;
	return NULL;
}

/* X as if it were of the first key exchange, behind the prefix of its type. */
static const char *print_more(const struct xform *x, struct arena *arena)
{
	struct xform ke = { .type = TRANSFORM_KE, .id = x->id, .bits = x->bits };

	return arena_printf(arena, "ke%d_%s", x->type - TRANSFORM_KE1 + 1, xform_print(&ke, arena));
}

const char *xform_print(const struct xform *x, struct arena *arena)
{
	static const struct name types[] = {
		{ TRANSFORM_ENCR, "encr" },
		{ TRANSFORM_PRF, "prf" },
		{ TRANSFORM_INTEG, "integ" },
		{ TRANSFORM_KE, "ke" },
		{ TRANSFORM_ESN, "esn" },
		{ 0, NULL },
	};
	const char *type = name_word(types, x->type), *word = foreign_word(x);

	if (transform_is_more(x->type))
		return print_more(x, arena);
	if (row_of(x))
		return row_of(x)->word;
	if (word)
		return x->bits ? arena_printf(arena, "%s/%u", word, (unsigned)x->bits) : word;
	if (!type)
		type = arena_printf(arena, "type%u", (unsigned)x->type);
	if (x->bits)
		return arena_printf(arena, "%s:%u/%u", type, (unsigned)x->id, (unsigned)x->bits);
	return arena_printf(arena, "%s:%u", type, (unsigned)x->id);
}

static bool goes_without_saying(const struct proposal *p, const struct xform *x)
{
	if (x->type != TRANSFORM_ESN || x->id != ESN_NO)
		return false;
	for (unsigned i = 0; i < p->n; i++)
		if (p->v[i].type == TRANSFORM_ESN && p->v[i].id != ESN_NO)
			return false;
	return true;
}

static void print(const struct proposal *p, struct text *out)
{
	const char *dash = "";

	for (unsigned i = 0; i < p->n; i++)
		if (!goes_without_saying(p, &p->v[i])) {
			text_add(out, "%s%s", dash, xform_print(&p->v[i], out->arena));
			dash = "-";
		}
}

const char *proposal_print(const struct proposal *p, struct arena *arena)
{
	struct text t = text_in(arena);

	print(p, &t);
	return text_str(&t);
}

const char *proposals_print(struct proposals p, struct arena *arena)
{
	struct text t = text_in(arena);

	for (unsigned i = 0; i < p.n; i++) {
		text_add(&t, "%s", i ? ", " : "");
		print(&p.v[i], &t);
	}
	return text_str(&t);
}

const char *suite_print(const struct suite *s, struct arena *arena)
{
	const struct transform *const rows[] = { s->encr, s->integ, s->prf, s->ke };
	struct text t = text_in(arena);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!rows[i])
			continue;
		text_add(&t, "%s%s", t.n ? "/" : "", rows[i]->name);
		if (rows[i]->bits)
			text_add(&t, "-%u", (unsigned)rows[i]->bits);
	}
	for (int i = 0; i < MORE_KES_MAX; i++)
		if (s->more[i])
			text_add(&t, "/KE%d_%s", i + 1, transform_find(TRANSFORM_KE, s->more[i], 0)->name);
	if (s->esn)
		text_add(&t, "/ESN");
	return text_str(&t);
}

bool proposals_have(struct proposals p, uint8_t type, uint16_t id)
{
	for (unsigned i = 0; i < p.n; i++)
		for (unsigned k = 0; k < p.v[i].n; k++)
			if (p.v[i].v[k].type == type && p.v[i].v[k].id == id)
				return true;
	return false;
}

bool proposals_demand_ke(struct proposals p)
{
	for (unsigned i = 0; i < p.n; i++)
		if (!proposals_ke((struct proposals){ &p.v[i], 1 }))
			return false;
	return p.n && !proposals_have(p, TRANSFORM_KE, KE_NONE);
}

const struct transform *proposals_ke(struct proposals p)
{
	const struct transform *ke = NULL;

	for (unsigned i = 0; i < p.n; i++)
		for (unsigned k = 0; k < p.v[i].n && !ke; k++)
			if (p.v[i].v[k].type == TRANSFORM_KE && p.v[i].v[k].id != KE_NONE)
				ke = transform_find(TRANSFORM_KE, p.v[i].v[k].id, 0);
	return ke;
}
