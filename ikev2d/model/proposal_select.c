/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing among proposals, and saying why nothing fits. A type that a proposal does not name counts as its
 * transform 0, which means none, or no ESN (RFC 7296, 3.3.3). */
#include "model/proposal.h"

#include <limits.h>

/* In this order, so that it is known whether an integrity transform is needed, and which key exchanges have
 * been chosen. Additional ones may be declined where the offer says NONE. */
static const uint8_t types[] = { TRANSFORM_ENCR, TRANSFORM_INTEG, TRANSFORM_PRF, TRANSFORM_KE, TRANSFORM_KE1,
	TRANSFORM_KE1 + 1, TRANSFORM_KE1 + 2, TRANSFORM_KE1 + 3, TRANSFORM_KE1 + 4, TRANSFORM_KE1 + 5,
	TRANSFORM_KE7, TRANSFORM_ESN };

enum { N_TYPES = sizeof types };

static const struct transform *row_of(const struct xform *x)
{
	return transform_find(x->type, x->id, x->bits);
}

/* The transform of TYPE in P that comes after X, the first one for NULL; NULL at the end. */
static const struct xform *next_of(const struct proposal *p, uint8_t type, const struct xform *x)
{
	for (x = x ? x + 1 : p->v; x && x < p->v + p->n; x++)
		if (x->type == type)
			return x;
	return NULL;
}

static bool has(const struct proposal *p, const struct xform *wanted)
{
	const struct xform *x = next_of(p, wanted->type, NULL);

	if (!x)
		return wanted->id == 0;
	for (; x; x = next_of(p, wanted->type, x))
		if (x->id == wanted->id && x->bits == wanted->bits)
			return true;
	return false;
}

/* Whether we could do X, which may also be the absence of its type. */
static bool usable(const struct xform *x)
{
	return row_of(x) || (x->id == 0 && x->type != TRANSFORM_ENCR);
}

/* Whether X is an additional key exchange that S, the suite so far, has no place for: another one is made by
 * the same method, or there is none that it could follow. */
static bool misplaced(const struct suite *s, const struct xform *x)
{
	if (!transform_is_more(x->type) || x->id == KE_NONE)
		return false;
	for (unsigned i = 0; i < MORE_KES_MAX; i++)
		if (s->more[i] == x->id)
			return true;
	return !s->ke || s->ke->id == x->id;
}

/* The first transform of TYPE in A that B has too, and that has a place in S; with S NULL all have. */
static bool common(const struct proposal *a, const struct proposal *b, uint8_t type, const struct suite *s,
	struct xform *out)
{
	const struct xform *x = next_of(a, type, NULL);

	*out = (struct xform){ .type = type };
	if (!x)
		return has(b, out) && usable(out);
	for (; x; x = next_of(a, type, x))
		if (usable(x) && has(b, x) && !(s && misplaced(s, x))) {
			*out = *x;
			return true;
		}
	return false;
}

/* A transform of a type that we do not know (RFC 7296, 3.3.6); or NULL. */
static const struct xform *unknown_type(const struct proposal *p)
{
	for (const struct xform *x = p->v; x && x < p->v + p->n; x++)
		if (x->type < TRANSFORM_ENCR || x->type > TRANSFORM_KE7)
			return x;
	return NULL;
}

/* Whether TYPE plays no part: AH has no cipher, an AEAD checks integrity by itself, and in IKE_AUTH there is
 * no key exchange for the child. */
static bool skipped(uint8_t protocol, uint8_t type, const struct transform *encr, enum proposal_ke ke)
{
	return (type == TRANSFORM_ENCR && protocol == PROTO_AH) ||
	       (type == TRANSFORM_INTEG && encr && encr->kind == KIND_AEAD) ||
	       ((type == TRANSFORM_KE || transform_is_more(type)) && ke == KE_IGNORED);
}

static void suite_set(struct suite *s, const struct xform *x)
{
	switch (x->type) {
	case TRANSFORM_ENCR: s->encr = row_of(x); break;
	case TRANSFORM_PRF: s->prf = row_of(x); break;
	case TRANSFORM_INTEG: s->integ = row_of(x); break;
	case TRANSFORM_KE: s->ke = x->id == KE_NONE ? NULL : row_of(x); break;
	case TRANSFORM_ESN: s->esn = x->id == ESN_YES; break;
	default: s->more[x->type - TRANSFORM_KE1] = x->id; break;
	}
}

/* The suite of A's first choices that B accepts. */
static bool match(const struct proposal *a, const struct proposal *b, enum proposal_ke ke, struct suite *out)
{
	struct suite s = { .protocol = a->protocol };
	struct xform x;

	if (a->protocol != b->protocol || unknown_type(a) || unknown_type(b))
		return false;
	for (unsigned i = 0; i < N_TYPES; i++) {
		if (skipped(a->protocol, types[i], s.encr, ke))
			continue;
		if (!common(a, b, types[i], &s, &x))
			return false;
		suite_set(&s, &x);
	}
	if (!s.integ && (!s.encr || s.encr->kind != KIND_AEAD))
		return false;
	*out = s;
	return true;
}

enum err proposal_select(struct proposals offered, struct proposals wanted, enum proposal_ke ke,
	bool prefer_own, struct suite *out, const struct proposal **chosen)
{
	const struct proposals outer = prefer_own ? wanted : offered, inner = prefer_own ? offered : wanted;

	for (unsigned i = 0; i < outer.n; i++)
		for (unsigned j = 0; j < inner.n; j++)
			if (match(&outer.v[i], &inner.v[j], ke, out)) {
				*chosen = prefer_own ? &inner.v[j] : &outer.v[i];
				return ERR_OK;
			}
	return ERR_MISSING;
}

static bool one_of_each(const struct proposal *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (next_of(p, p->v[i].type, &p->v[i]))
			return false;
	return true;
}

enum err proposal_accept(
	const struct proposal *answer, struct proposals offered, enum proposal_ke ke, struct suite *out)
{
	const struct xform no_integ = { .type = TRANSFORM_INTEG };
	struct suite s;

	for (unsigned i = 0; i < offered.n; i++)
		if (offered.v[i].num == answer->num && one_of_each(answer) &&
			match(answer, &offered.v[i], ke, &s)) {
			if (!s.integ && !has(answer, &no_integ))
				return ERR_MISSING;
			*out = s;
			return ERR_OK;
		}
	return ERR_MISSING;
}

static unsigned put(struct xform *v, unsigned n, const struct transform *t)
{
	if (t)
		v[n++] = (struct xform){ t->type, t->id, t->bits };
	return n;
}

struct proposal *proposal_of(
	const struct suite *s, uint8_t protocol, uint8_t num, struct bytes spi, struct arena *arena)
{
	struct proposal *p = ARENA_NEW(arena, struct proposal);
	struct xform *v = ARENA_ARRAY(arena, N_TYPES, struct xform);
	unsigned n = 0;

	n = put(v, n, s->encr);
	n = put(v, n, s->prf);
	n = put(v, n, s->integ);
	n = put(v, n, s->ke);
	for (unsigned i = 0; i < MORE_KES_MAX; i++)
		if (s->more[i])
			v[n++] = (struct xform){ .type = (uint8_t)(TRANSFORM_KE1 + i), .id = s->more[i] };
	if (protocol != PROTO_IKE)
		n = put(v, n, transform_find(TRANSFORM_ESN, s->esn ? ESN_YES : ESN_NO, 0));
	*p = (struct proposal){
		.num = num, .protocol = protocol, .spi = arena_bytes(arena, spi), .v = v, .n = n
	};
	return p;
}

bool proposals_have_more(struct proposals p)
{
	for (unsigned i = 0; i < p.n; i++)
		for (unsigned j = 0; j < p.v[i].n; j++)
			if (transform_is_more(p.v[i].v[j].type))
				return true;
	return false;
}

bool proposal_demands_more(const struct proposal *p)
{
	for (const struct xform *x = p->v; x && x < p->v + p->n; x++)
		if (transform_is_more(x->type) && !has(p, &(struct xform){ .type = x->type }))
			return true;
	return false;
}

const struct transform *suite_more(const struct suite *s, unsigned n)
{
	for (unsigned i = 0; i < MORE_KES_MAX; i++)
		if (s->more[i] && !n--)
			return transform_find(TRANSFORM_KE, s->more[i], 0);
	return NULL;
}

bool suite_post_quantum(const struct suite *s)
{
	const struct transform *ke = s->ke;

	for (unsigned n = 0; ke && ke->kind != KIND_KEM; n++)
		ke = suite_more(s, n);
	return ke;
}

/* P without what is not USABLE, into OUT; false when nothing is left of a type. */
static bool usable_part(const struct proposal *p, proposal_usable *usable, struct arena *arena,
	const struct transform **lacks, struct proposal *out)
{
	struct xform *x = ARENA_ARRAY(arena, p->n, struct xform);
	unsigned lost = 0;

	*out = *p;
	out->v = x;
	out->n = 0;
	for (unsigned i = 0; i < p->n; i++) {
		const struct transform *row = row_of(&p->v[i]);

		if (row && row->type == TRANSFORM_KE && !usable(row)) {
			*lacks = *lacks ? *lacks : row;
			lost |= 1U << p->v[i].type;
		} else {
			x[out->n++] = p->v[i];
		}
	}
	for (uint8_t type = TRANSFORM_KE; type <= TRANSFORM_KE7; type++)
		if (lost & 1U << type && !next_of(out, type, NULL))
			return false;
	return true;
}

struct proposals proposals_usable(
	struct proposals p, proposal_usable *usable, struct arena *arena, const struct transform **lacks)
{
	struct proposal *v = ARENA_ARRAY(arena, p.n, struct proposal);
	unsigned n = 0;

	*lacks = NULL;
	for (unsigned i = 0; i < p.n; i++)
		if (usable_part(&p.v[i], usable, arena, lacks, &v[n])) {
			v[n].num = (uint8_t)(n + 1);
			n++;
		}
	return (struct proposals){ v, n };
}

struct proposals proposals_without_ke(struct proposals p, struct arena *arena)
{
	struct proposal *v = ARENA_ARRAY(arena, p.n, struct proposal);

	for (unsigned i = 0; i < p.n; i++) {
		struct xform *x = ARENA_ARRAY(arena, p.v[i].n, struct xform);
		unsigned n = 0;

		for (unsigned j = 0; j < p.v[i].n; j++)
			if (p.v[i].v[j].type != TRANSFORM_KE && !transform_is_more(p.v[i].v[j].type))
				x[n++] = p.v[i].v[j];
		v[i] = p.v[i];
		v[i].v = x;
		v[i].n = n;
	}
	return (struct proposals){ v, p.n };
}

/* Explaining: the nearest pair is the one in which the fewest types differ. */

/* Whether A and B have nothing of TYPE in common where they would need to. */
static bool differs(const struct proposal *a, const struct proposal *b, uint8_t type, enum proposal_ke ke)
{
	struct xform encr, x;
	bool same_encr = common(a, b, TRANSFORM_ENCR, NULL, &encr);

	if (skipped(a->protocol, type, same_encr ? row_of(&encr) : NULL, ke))
		return false;
	if (type == TRANSFORM_INTEG && !same_encr && (!next_of(a, type, NULL) || !next_of(b, type, NULL)))
		return false; /* one of the two is an AEAD, which says it all */
	return !common(a, b, type, NULL, &x);
}

static unsigned distance(const struct proposal *a, const struct proposal *b, enum proposal_ke ke)
{
	unsigned n = !!unknown_type(a);

	for (unsigned i = 0; i < N_TYPES; i++)
		n += differs(a, b, types[i], ke);
	return n;
}

struct pair {
	const struct proposal *offered, *wanted;
};

static struct pair nearest(struct proposals offered, struct proposals wanted, enum proposal_ke ke)
{
	unsigned best = UINT_MAX;
	struct pair pair = { 0 };

	for (unsigned i = 0; i < offered.n; i++)
		for (unsigned j = 0; j < wanted.n; j++) {
			const struct proposal *o = &offered.v[i], *w = &wanted.v[j];
			unsigned d = distance(o, w, ke);

			if (o->protocol == w->protocol && d < best) {
				best = d;
				pair = (struct pair){ o, w };
			}
		}
	return pair;
}

static void print_type(const struct proposal *p, uint8_t type, struct text *out)
{
	const struct xform *x = next_of(p, type, NULL);

	if (!x)
		text_add(out, "%s", type == TRANSFORM_ESN ? "noesn" : "none");
	for (const char * or = ""; x; x = next_of(p, type, x), or = " or ")
		text_add(out, "%s%s", or, xform_print(x, out->arena));
}

static const char *print_differences(const struct pair *pair, enum proposal_ke ke, struct arena *arena)
{
	const struct xform *unknown = unknown_type(pair->offered);
	struct text t = text_in(arena);

	for (unsigned i = 0; i < N_TYPES; i++) {
		if (!differs(pair->offered, pair->wanted, types[i], ke))
			continue;
		text_add(&t, "%s%s: offered ", t.n ? "; " : "", transform_type_name(types[i]));
		print_type(pair->offered, types[i], &t);
		text_add(&t, ", configured ");
		print_type(pair->wanted, types[i], &t);
	}
	if (unknown) {
		text_add(&t, "%stransform type %u: offered ", t.n ? "; " : "", (unsigned)unknown->type);
		print_type(pair->offered, unknown->type, &t);
		text_add(&t, ", which this program does not have");
	}
	return text_str(&t);
}

/* Adds to OUT what must be configured of TYPE: what is, where that fits; else the first that we could do of
 * what is offered. */
static void fit_type(const struct pair *pair, uint8_t type, bool keep, struct proposal *out, struct xform *v)
{
	const struct xform *x;
	struct xform shared;

	if (keep || common(pair->offered, pair->wanted, type, NULL, &shared)) {
		for (x = next_of(pair->wanted, type, NULL); x; x = next_of(pair->wanted, type, x))
			v[out->n++] = *x;
		return;
	}
	x = next_of(pair->offered, type, NULL);
	while (x && !usable(x))
		x = next_of(pair->offered, type, x);
	if (x && x->id != 0)
		v[out->n++] = *x;
}

/* Whether P names all that its protocol needs, so that proposal_parse would take it. */
static bool complete(const struct proposal *p)
{
	const struct xform *encr = next_of(p, TRANSFORM_ENCR, NULL);
	bool ike = p->protocol == PROTO_IKE, integ = next_of(p, TRANSFORM_INTEG, NULL);

	if (p->protocol == PROTO_AH)
		return integ;
	return encr && (row_of(encr)->kind == KIND_AEAD || integ) &&
	       ike == !!next_of(p, TRANSFORM_PRF, NULL) && (!ike || next_of(p, TRANSFORM_KE, NULL));
}

/* The wanted proposal, changed where the offered one would not fit. */
static const char *print_fitting(const struct pair *pair, enum proposal_ke ke, struct arena *arena)
{
	struct xform *v = ARENA_ARRAY(arena, pair->wanted->n + N_TYPES, struct xform);
	struct proposal p = { .protocol = pair->wanted->protocol, .v = v };
	const struct transform *encr = NULL;
	struct suite s;

	for (unsigned i = 0; i < N_TYPES; i++) {
		if (!skipped(p.protocol, types[i], encr, KE_WANTED))
			fit_type(pair, types[i], skipped(p.protocol, types[i], encr, ke), &p, v);
		if (types[i] == TRANSFORM_ENCR && p.n)
			encr = row_of(&v[0]);
	}
	return complete(&p) && match(pair->offered, &p, ke, &s) ? proposal_print(&p, arena) : NULL;
}

struct proposal_why proposal_explain(
	struct proposals offered, struct proposals wanted, enum proposal_ke ke, struct arena *arena)
{
	struct pair pair = nearest(offered, wanted, ke);

	if (!pair.offered && offered.n && wanted.n)
		return (struct proposal_why){ .differs = arena_printf(arena,
						      "protocol: offered %s, configured %s",
						      proposal_protocol(offered.v[0].protocol),
						      proposal_protocol(wanted.v[0].protocol)) };
	if (!pair.offered)
		return (struct proposal_why){ 0 };
	return (struct proposal_why){ print_differences(&pair, ke, arena), print_fitting(&pair, ke, arena) };
}
