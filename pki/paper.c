/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One walk over the fields serves for writing and for reading, so that the two cannot differ. */
#include "pki/paper.h"

#include "crypto/prf.h"
#include "pki/ossl.h"

#include <stdlib.h>

enum {
	IS_READ = 1, /* 0: what could not be, and why, follows */
	TEXT_MAX = 1024,
	ID_MAX = 16 * 1024,
};

/* A walk: W or R is there. */
struct walk {
	struct wr *w;
	struct rd *r;
	struct arena *arena; /* of what is read */
	bool bad;
};

/* --------------------------------------------------------------------- fields */

static void u8(struct walk *x, uint8_t *v)
{
	if (x->w)
		wr_u8(x->w, *v);
	else
		*v = rd_u8(x->r);
}

static void flag(struct walk *x, bool *v)
{
	uint8_t n = *v;

	u8(x, &n);
	x->bad |= n > 1;
	*v = n;
}

static void u32(struct walk *x, uint32_t *v)
{
	if (x->w)
		wr_u32(x->w, *v);
	else
		*v = rd_u32(x->r);
}

static void seconds(struct walk *x, int64_t *v)
{
	if (x->w)
		wr_u64(x->w, (uint64_t)*v);
	else
		*v = (int64_t)rd_u64(x->r);
}

static void octets(struct walk *x, struct bytes *b, size_t max)
{
	uint32_t n = (uint32_t)b->n;

	u32(x, &n);
	if (n > max) {
		x->bad = true;
		return;
	}
	if (x->w)
		wr_bytes(x->w, *b);
	else
		*b = arena_bytes(x->arena, rd_bytes(x->r, n));
}

static void exactly(struct walk *x, uint8_t *out, size_t n)
{
	struct bytes b = bytes_of(out, n);

	if (x->w) {
		wr_bytes(x->w, b);
		return;
	}
	b = rd_bytes(x->r, n);
	if (b.n == n)
		memcpy(out, b.p, n);
}

/* NULL and an empty one are the same. */
static void words(struct walk *x, const char **s, size_t max)
{
	struct bytes b = *s ? bytes_str(*s) : (struct bytes){ 0 };

	if (x->w && b.n > max)
		b.n = max;
	octets(x, &b, max);
	x->bad |= b.n && memchr(b.p, 0, b.n);
	if (!x->w)
		*s = b.n && !x->bad ? arena_text(x->arena, b) : NULL;
}

static unsigned count(struct walk *x, unsigned n, unsigned max)
{
	uint32_t v = n;

	u32(x, &v);
	x->bad |= v > max;
	return x->bad ? 0 : v;
}

static bool goes_on(const struct walk *x)
{
	return !x->bad && !(x->r && x->r->bad);
}

static void name(struct walk *x, struct id *id)
{
	id->type = ID_DER_ASN1_DN;
	octets(x, &id->data, ID_MAX);
}

/* As a certificate may have them (extension.c). */
static bool is_alternative(const struct id *id)
{
	switch (id->type) {
	case ID_FQDN:
	case ID_RFC822_ADDR:
	case ID_DER_ASN1_DN: return true;
	case ID_IPV4_ADDR: return id->data.n == 4;
	case ID_IPV6_ADDR: return id->data.n == 16;
	default: return false;
	}
}

static void alternatives(struct walk *x, const struct id **v, unsigned *n)
{
	struct id *out;

	*n = count(x, *n, CERT_SANS_MAX);
	out = ARENA_ARRAY(x->arena, *n, struct id);
	for (unsigned i = 0; i < *n && goes_on(x); i++) {
		if (x->w)
			out[i] = (*v)[i];
		u8(x, &out[i].type);
		octets(x, &out[i].data, ID_MAX);
		x->bad |= !is_alternative(&out[i]);
	}
	*v = out;
}

static void places(struct walk *x, struct uris *u)
{
	u->n = count(x, u->n, CERT_URIS_MAX);
	for (unsigned i = 0; i < u->n && goes_on(x); i++) {
		words(x, &u->v[i], CERT_URI_MAX);
		x->bad |= !u->v[i];
	}
}

/* --------------------------------------------------------------------- things */

static void key_fields(struct walk *x, struct key *k)
{
	uint8_t type = (uint8_t)k->type;

	u8(x, &type);
	x->bad |= type >= KEY_TYPES;
	k->type = x->bad ? KEY_RSA : (enum key_type)type;
	u32(x, &k->bits);
	flag(x, &k->pss_only);
	x->bad |= k->pss_only && k->type != KEY_RSA;
	octets(x, &k->spki, KEY_FILE_MAX);
	exactly(x, k->subj, sizeof k->subj);
}

/* One that is not there is NULL. */
static void public_key(struct walk *x, struct key **k)
{
	bool there = *k;
	struct walk inner = *x;

	flag(x, &there);
	if (x->w) {
		struct key copy = there ? **k : (struct key){ 0 };

		if (there)
			key_fields(x, &copy);
		return;
	}
	*k = NULL;
	if (!there || !goes_on(x))
		return;
	*k = calloc(1, sizeof **k);
	if (!*k)
		abort();
	(*k)->refs = 1;
	inner.arena = &(*k)->arena;
	key_fields(&inner, *k);
	x->bad |= inner.bad;
	ossl_sha1((*k)->spki, (*k)->id);
}

static void cert_fields(struct walk *x, struct cert *c)
{
	uint32_t eku = c->eku, path_len = (uint32_t)(c->path_len + 1);

	octets(x, &c->der, CERT_MAX);
	name(x, &c->subject);
	name(x, &c->issuer);
	alternatives(x, &c->sans, &c->n_sans);
	public_key(x, &c->key);
	words(x, &c->no_key, TEXT_MAX);
	octets(x, &c->serial, CERT_SERIAL_MAX);
	seconds(x, &c->not_before);
	seconds(x, &c->not_after);
	exactly(x, c->key_id, sizeof c->key_id);
	exactly(x, c->subj, sizeof c->subj);
	octets(x, &c->subject_key_id, ID_MAX);
	octets(x, &c->authority_key_id, ID_MAX);
	u32(x, &eku);
	flag(x, &c->ca);
	u32(x, &path_len);
	flag(x, &c->self_signed);
	places(x, &c->crls);
	places(x, &c->ocsps);
	x->bad |= path_len > INT32_MAX;
	c->eku = eku;
	c->path_len = (int)path_len - 1;
}

/* What follows from its octets is not believed, but made anew. */
static void cert(struct walk *x, struct cert **c)
{
	struct walk inner = *x;
	struct cert copy;
	size_t n;

	if (x->w) {
		copy = **c;
		cert_fields(x, &copy);
		return;
	}
	*c = calloc(1, sizeof **c);
	if (!*c)
		abort();
	(*c)->refs = 1;
	inner.arena = &(*c)->arena;
	cert_fields(&inner, *c);
	x->bad |= inner.bad || !(*c)->der.n;
	ossl_sha1((*c)->der, (*c)->sha1);
	if (digest("SHA256", &(*c)->der, 1, (*c)->fingerprint, &n))
		abort();
}

static void crl_fields(struct walk *x, struct crl *c)
{
	octets(x, &c->der, CRL_MAX);
	name(x, &c->issuer);
	octets(x, &c->number, CERT_SERIAL_MAX);
	seconds(x, &c->this_update);
	seconds(x, &c->next_update);
	flag(x, &c->delta);
	u32(x, &c->n_revoked);
}

static void crl(struct walk *x, struct crl **c)
{
	struct walk inner = *x;
	struct crl copy;

	if (x->w) {
		copy = **c;
		crl_fields(x, &copy);
		return;
	}
	*c = calloc(1, sizeof **c);
	if (!*c)
		abort();
	(*c)->refs = 1;
	inner.arena = &(*c)->arena;
	crl_fields(&inner, *c);
	x->bad |= inner.bad || !(*c)->der.n;
}

static void *list(struct walk *x, void *v, unsigned n)
{
	void *out = x->w ? v : calloc(n + 1, sizeof(void *));

	if (n && !out)
		abort();
	return out;
}

static void bundle(struct walk *x, struct bundle *b)
{
	unsigned certs = count(x, b->n_certs, BUNDLE_CERTS_MAX), crls;

	b->certs = list(x, b->certs, certs);
	b->n_certs = 0;
	while (b->n_certs < certs && goes_on(x))
		cert(x, &b->certs[b->n_certs++]);
	crls = count(x, b->n_crls, BUNDLE_CRLS_MAX);
	b->crls = list(x, b->crls, crls);
	b->n_crls = 0;
	while (b->n_crls < crls && goes_on(x))
		crl(x, &b->crls[b->n_crls++]);
	if (goes_on(x))
		public_key(x, &b->key);
}

/* ---------------------------------------------------------------------- papers */

struct bytes paper_of_bundle(const struct bundle *b, size_t max, struct arena *arena)
{
	struct wr w = wr_of(arena_alloc(arena, max), max);
	struct walk x = { .w = &w, .arena = arena };
	struct bundle copy = *b;

	wr_u8(&w, IS_READ);
	bundle(&x, &copy);
	return w.bad || x.bad ? (struct bytes){ 0 } : wr_done(&w);
}

struct bytes paper_refusing(enum err e, const struct why *why, struct arena *arena)
{
	struct wr w = wr_of(arena_alloc(arena, PAPER_MIN), PAPER_MIN);
	struct walk x = { .w = &w };
	struct why copy = *why;

	wr_u8(&w, 0);
	wr_u8(&w, (uint8_t)e);
	words(&x, &copy.what, TEXT_MAX);
	words(&x, &copy.instead, TEXT_MAX);
	return wr_done(&w);
}

bool paper_is_read(struct bytes paper)
{
	return paper.n && *paper.p == IS_READ;
}

static enum err leave_key_out(struct bundle *b, enum paper_of what, struct why *why)
{
	if (what == PAPER_KEY || !b->key)
		return ERR_OK;
	if (what == PAPER_CERTS_ONLY) {
		why->what = "there is a private key in it, where none belongs";
		why->instead = "the certificate alone";
		return ERR_DENIED;
	}
	key_unref(b->key);
	b->key = NULL;
	return ERR_OK;
}

struct bytes paper_of(struct bytes data, enum paper_of what, size_t max, struct arena *arena)
{
	struct bundle b = { 0 };
	struct why why = { 0 };
	struct bytes paper = { 0 };
	enum err e = what == PAPER_KEY ? key_public(data, arena, &b.key, &why)
				       : bundle_read(data, NULL, arena, &b, &why);

	if (!e)
		e = leave_key_out(&b, what, &why);
	if (!e && !(paper = paper_of_bundle(&b, max, arena)).n) {
		why.what = arena_printf(arena,
			"there is more in it than fits into a message, which is %zu octets: load its "
			"certificates one by one",
			max);
		e = ERR_RANGE;
	}
	bundle_free(&b);
	return e ? paper_refusing(e, &why, arena) : paper;
}

static enum err is_none(struct why *why)
{
	why->what = "it did not come by the process that reads such things";
	return ERR_SYNTAX;
}

static enum err take_refusal(struct rd *r, struct arena *arena, struct why *why)
{
	struct walk x = { .r = r, .arena = arena };
	const uint8_t e = rd_u8(r);

	*why = (struct why){ 0 };
	words(&x, &why->what, TEXT_MAX);
	words(&x, &why->instead, TEXT_MAX);
	if (!goes_on(&x) || !e || e >= ERR_MAX)
		return is_none(why);
	if (!why->what)
		why->what = err_name(e);
	return e;
}

enum err paper_take(struct rd *r, struct arena *arena, struct bundle *out, struct why *why)
{
	struct walk x = { .r = r, .arena = arena };
	const uint8_t tag = rd_u8(r);

	*out = (struct bundle){ 0 };
	if (!r->bad && !tag)
		return take_refusal(r, arena, why);
	if (tag == IS_READ)
		bundle(&x, out);
	if (tag == IS_READ && goes_on(&x))
		return ERR_OK;
	bundle_free(out);
	return is_none(why);
}
