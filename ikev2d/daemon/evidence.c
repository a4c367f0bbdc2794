/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CERT payloads, by their encodings. */
#include "daemon/evidence.h"

#include "daemon/fetch.h"

/* A place for one more certificate, or NULL. */
static struct cert **next(struct evidence *e, struct arena *arena, struct why *why)
{
	if (e->n < EVIDENCE_MAX)
		return &e->certs[e->n++];
	why->what = arena_printf(arena, "the peer sent more than %d certificates", PATH_UNTRUSTED_MAX);
	return NULL;
}

static enum err take_cert(
	struct evidence *e, struct bytes der, struct store *s, struct arena *arena, struct why *why)
{
	struct cert **to = next(e, arena, why);

	return to ? store_read(s, der, arena, to, why) : ERR_RANGE;
}

/* SHA-1 of a certificate, and its URL behind it. */
static enum err take_place(
	struct evidence *e, struct bytes data, const struct store *s, struct arena *arena, struct why *why)
{
	struct bytes sha1 = bytes_of(data.p, data.n < KEYID_SIZE ? 0 : KEYID_SIZE),
		     url = bytes_of(data.p + sha1.n, data.n - sha1.n);
	struct cert **to, *known;

	if (!sha1.n || !url.n || url.n > FETCH_URL_MAX || memchr(url.p, 0, url.n)) {
		why->what = "the peer sent no certificate, nor where one is (a SHA-1 value and a URL)";
		return ERR_SYNTAX;
	}
	to = next(e, arena, why);
	if (!to)
		return ERR_RANGE;
	known = store_by_hash(s, sha1);
	*to = known ? cert_ref(known) : NULL;
	e->places[to - e->certs] =
		(struct evidence_place){ arena_bytes(arena, sha1), arena_text(arena, url) };
	return ERR_OK;
}

/* One that cannot be read proves nothing. */
static void take_ocsp(struct evidence *e, struct bytes der, struct arena *arena)
{
	struct why ignored;

	if (e->n_stapled < PATH_UNTRUSTED_MAX && !ocsp_read(der, arena, &e->stapled[e->n_stapled], &ignored))
		e->n_stapled++;
}

enum err evidence_take(struct evidence *e, const struct ike_certs *certs, struct store *s, bool urls,
	struct arena *arena, struct why *why)
{
	enum err err = ERR_OK;

	for (unsigned i = 0; i < certs->n && !err; i++) {
		const struct wire_cert *c = &certs->v[i];

		if (c->encoding == CERT_X509_SIGNATURE)
			err = take_cert(e, c->data, s, arena, why);
		else if (c->encoding == CERT_X509_URL && urls)
			err = take_place(e, c->data, s, arena, why);
		else if (c->encoding == CERT_OCSP)
			take_ocsp(e, c->data, arena);
		else if (c->encoding == CERT_RAW_KEY && !e->raw_key.n)
			e->raw_key = arena_bytes(arena, c->data);
	}
	return err;
}

enum err evidence_fetched(
	struct evidence *e, unsigned i, struct bytes body, struct arena *arena, struct why *why)
{
	const struct evidence_place *at = &e->places[i];
	struct cert *c;
	enum err err = cert_read(body, arena, &c, why);

	if (err) {
		why->what = arena_printf(arena, "what is at %s is of no use: %s", at->url, why->what);
		return err;
	}
	if (bytes_eq(at->sha1, bytes_of(c->sha1, KEYID_SIZE))) {
		e->certs[i] = c;
		return ERR_OK;
	}
	why->what = arena_printf(arena, "the certificate at %s is another one than the peer says", at->url);
	why->offered = cert_hex(at->sha1, arena);
	why->configured = cert_hex(bytes_of(c->sha1, KEYID_SIZE), arena);
	cert_unref(c);
	return ERR_AUTH;
}

void evidence_free(struct evidence *e)
{
	for (unsigned i = 0; i < e->n; i++)
		cert_unref(e->certs[i]);
	for (unsigned i = 0; i < e->n_stapled; i++)
		ocsp_unref(e->stapled[i]);
	*e = (struct evidence){ 0 };
}
