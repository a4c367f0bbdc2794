/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Papers, written and read. */
#include "pki/paper.h"

#include "base/walk.h"
#include "crypto/prf.h"
#include "pki/ossl.h"

#include <stdlib.h>

enum {
	IS_READ = 1, /* 0: what could not be, and why, follows */
	TEXT_MAX = 1024,
	ID_MAX = 16 * 1024,
};

/* --------------------------------------------------------------------- fields */

static void seconds(struct walk *x, int64_t *v)
{
	uint64_t n = (uint64_t)*v;

	u64(x, &n);
	*v = (int64_t)n;
}

static void sha1(struct walk *x, uint8_t v[KEYID_SIZE])
{
	struct bytes b = bytes_of(v, KEYID_SIZE);

	if (x->w) {
		wr_bytes(x->w, b);
		return;
	}
	b = rd_bytes(x->r, KEYID_SIZE);
	if (b.n)
		memcpy(v, b.p, b.n);
}

static unsigned count(struct walk *x, unsigned n, unsigned max)
{
	uint32_t v = n;

	u32(x, &v);
	if (v > max)
		fail(x, "there are too many of something");
	return x->wrong ? 0 : v;
}

static bool goes_on(const struct walk *x)
{
	return !x->wrong && !(x->r && x->r->bad);
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
		u8(x, &out[i].type, UINT8_MAX + 1);
		octets(x, &out[i].data, ID_MAX);
		if (!is_alternative(&out[i]))
			fail(x, "no subjectAltName is such");
	}
	*v = out;
}

static void places(struct walk *x, struct uris *u)
{
	u->n = count(x, u->n, CERT_URIS_MAX);
	for (unsigned i = 0; i < u->n && goes_on(x); i++) {
		words(x, &u->v[i], CERT_URI_MAX);
		if (!u->v[i])
			fail(x, "a URI is empty");
	}
}

/* --------------------------------------------------------------------- things */

static void key_fields(struct walk *x, struct key *k)
{
	uint8_t type = (uint8_t)k->type;

	u8(x, &type, KEY_TYPES);
	k->type = x->wrong ? KEY_RSA : (enum key_type)type;
	u32(x, &k->bits);
	flag(x, &k->pss_only);
	if (k->pss_only && k->type != KEY_RSA)
		fail(x, "only RSA has PSS");
	octets(x, &k->spki, KEY_FILE_MAX);
	sha1(x, k->subj);
}

/* One that is not there is NULL. */
static void public_key(struct walk *x, struct key **k)
{
	struct arena *const others = x->arena;
	bool there = *k;
	struct key copy;

	flag(x, &there);
	if (x->w && there) {
		copy = **k;
		key_fields(x, &copy);
	}
	if (x->w)
		return;
	*k = NULL;
	if (!there || !goes_on(x))
		return;
	*k = calloc(1, sizeof **k);
	if (!*k)
		abort();
	(*k)->refs = 1;
	x->arena = &(*k)->arena;
	key_fields(x, *k);
	x->arena = others;
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
	words_cut(x, &c->no_key, TEXT_MAX);
	octets(x, &c->serial, CERT_SERIAL_MAX);
	seconds(x, &c->not_before);
	seconds(x, &c->not_after);
	sha1(x, c->key_id);
	sha1(x, c->subj);
	octets(x, &c->subject_key_id, ID_MAX);
	octets(x, &c->authority_key_id, ID_MAX);
	u32(x, &eku);
	flag(x, &c->ca);
	u32(x, &path_len);
	flag(x, &c->self_signed);
	places(x, &c->crls);
	places(x, &c->ocsps);
	if (path_len > INT32_MAX)
		fail(x, "a number is out of its range");
	if (!c->der.n)
		fail(x, "there is no certificate");
	c->eku = eku;
	c->path_len = (int)path_len - 1;
}

/* What follows from its octets is not believed, but made anew. */
static void cert(struct walk *x, struct cert **c)
{
	struct arena *const others = x->arena;
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
	x->arena = &(*c)->arena;
	cert_fields(x, *c);
	x->arena = others;
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
	if (!c->der.n)
		fail(x, "there is no CRL");
}

static void crl(struct walk *x, struct crl **c)
{
	struct arena *const others = x->arena;
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
	x->arena = &(*c)->arena;
	crl_fields(x, *c);
	x->arena = others;
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

/* Enough for B. A field is at most two and a half times as long as in the DER that stands there as well: a
 * subjectAltName of no octets; of a CRL there is little beside it. */
static size_t room_for(const struct bundle *b)
{
	size_t n = PAPER_MIN + (b->key ? 2 * b->key->spki.n : 0);

	for (unsigned i = 0; i < b->n_certs; i++)
		n += 4 * b->certs[i]->der.n + PAPER_MIN;
	for (unsigned i = 0; i < b->n_crls; i++)
		n += 2 * b->crls[i]->der.n + PAPER_MIN;
	return n;
}

struct bytes paper_of_bundle(const struct bundle *b, size_t max, struct arena *arena)
{
	const size_t enough = room_for(b), room = enough < max ? enough : max;
	struct wr w = wr_of(arena_alloc(arena, room), room);
	struct walk x = { .w = &w, .arena = arena };
	struct bundle copy = *b;

	wr_u8(&w, IS_READ);
	bundle(&x, &copy);
	return w.bad || x.wrong ? (struct bytes){ 0 } : wr_done(&w);
}

struct bytes paper_refusing(enum err e, const struct why *why, struct arena *arena)
{
	struct wr w = wr_of(arena_alloc(arena, PAPER_MIN), PAPER_MIN);
	struct walk x = { .w = &w, .arena = arena };
	struct why copy = *why;

	wr_u8(&w, 0);
	wr_u8(&w, (uint8_t)e);
	words_cut(&x, &copy.what, TEXT_MAX);
	words_cut(&x, &copy.instead, TEXT_MAX);
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
