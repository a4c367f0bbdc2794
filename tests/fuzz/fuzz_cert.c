/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as what peers and servers send, or files hold: a certificate (which is then judged), a CRL, an
 * OCSP answer, a public key, an AUTH payload, a file, a request, CERT payloads. The first octet says as what.
 * PKCS#12 is left out: it says itself how long opening it takes, and no peer can send it. */
#include "base/buf.h"
#include "daemon/evidence.h"
#include "pki/make.h"
#include "pki/paper.h"
#include "pki/path.h"
#include "pki/sign.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum kind { CERT, CRL, OCSP, PUBLIC, AUTH, BUNDLE, REQUEST, PAYLOADS, KINDS };

/* 2026-01-01. */
#define NOW ((int64_t)1767225600)

/* Ed25519's of RFC 8032, 7.1, test 1. */
static const char key_pem[] = "-----BEGIN PUBLIC KEY-----\n"
			      "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
			      "-----END PUBLIC KEY-----\n";

static void check(bool held)
{
	if (!held)
		abort();
}

/* Whatever is refused says why. */
static bool read_well(enum err e, const struct why *why)
{
	check(!e == !why->what);
	return !e;
}

/* By itself, trusted and not; with one demand of each kind. */
static void judge(struct cert *c, struct arena *arena)
{
	static const char *const policies[] = { "1.2.3.4" };
	struct path_request r = {
		.leaf = c, .untrusted = &c, .n_untrusted = 1, .now = NOW, .revocation = REVOCATION_RELAXED
	};
	struct path_verdict v;
	struct store store;

	store_init(&store);
	path_judge(&store, &r, arena, &v);
	check(!v.trusted && v.why.what && v.fault);
	check(!store_add_cert(&store, STORED_CA, c, STORED_BY_FILE, "") &&
		!store_add_cert(&store, STORED_CERT, c, STORED_BY_FILE, ""));
	path_judge(&store, &r, arena, &v);
	check(v.trusted == !v.fault && v.trusted == !v.why.what);
	r.revocation = REVOCATION_STRICT;
	r.policies = policies;
	r.n_policies = 1;
	r.ca_id = &c->issuer;
	path_judge(&store, &r, arena, &v);
	check(!v.trusted && v.why.what && v.fault);
	store_free(&store);
}

static void as_cert(struct bytes b, struct arena *arena)
{
	struct why why = { 0 };
	struct cert *c;

	if (!read_well(cert_read(b, arena, &c, &why), &why))
		return;
	check(cert_has_id(c, &c->subject) && cert_name(c, arena)[0]);
	check(c->key || c->no_key);
	judge(c, arena);
	cert_unref(c);
}

static void as_crl(struct bytes b, struct arena *arena)
{
	struct why why = { 0 };
	struct crl *c;

	if (!read_well(crl_read(b, arena, &c, &why), &why))
		return;
	check(!crl_replaces(c, c));
	crl_unref(c);
}

static void as_ocsp(struct bytes b, struct arena *arena)
{
	struct why why = { 0 };
	struct ocsp *o;

	if (read_well(ocsp_read(b, arena, &o, &why), &why))
		ocsp_unref(o);
}

static void as_public(struct bytes b, struct arena *arena)
{
	struct why why = { 0 };
	struct key *k;

	if (read_well(key_public(b, arena, &k, &why), &why))
		key_unref(k);
}

/* The key is somebody's whose private part nobody has who writes inputs. */
static void as_auth(struct bytes b, struct arena *arena)
{
	struct constraints any = { 0 };
	struct why why = { 0 };
	struct key *k;

	check(!key_public(bytes_str(key_pem), arena, &k, &why));
	check(sign_check(k, SCHEME_METHOD_SIGNATURE, b, bytes_str("octets"), &any, arena, NULL, &why) &&
		why.what);
	key_unref(k);
}

static bool is_pkcs12(struct bytes b)
{
	const unsigned char *p = b.p;
	PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)b.n);

	PKCS12_free(p12);
	ERR_clear_error();
	return p12;
}

/* What was read can be written down, and is the same when it is taken from there. */
static void write_down(const struct bundle *b, struct arena *arena)
{
	enum { ROOM = 1 << 17 };
	struct bytes paper = paper_of_bundle(b, ROOM, arena);
	struct rd r = rd_of(paper);
	struct bundle again;
	struct why why;

	check(paper.n && !paper_take(&r, arena, &again, &why) && !r.n);
	check(again.n_certs == b->n_certs && again.n_crls == b->n_crls && !again.key == !b->key);
	for (unsigned i = 0; i < b->n_certs; i++)
		check(cert_eq(again.certs[i], b->certs[i]) &&
			!memcmp(again.certs[i]->sha1, b->certs[i]->sha1, KEYID_SIZE));
	if (b->key)
		check(key_eq(again.key, b->key));
	check(bytes_eq(paper_of_bundle(&again, ROOM, arena), paper));
	bundle_free(&again);
}

static void as_bundle(struct bytes b, struct arena *arena)
{
	struct why why = { 0 };
	struct bundle bundle;

	if (!is_pkcs12(b) && read_well(bundle_read(b, NULL, arena, &bundle, &why), &why)) {
		write_down(&bundle, arena);
		bundle_free(&bundle);
	}
}

static void as_request(struct bytes b, struct arena *arena)
{
	struct why why = { 0 };
	struct request r;

	if (!read_well(request_read(b, arena, &r, &why), &why))
		return;
	check(r.key && !r.key->secret);
	key_unref(r.key);
}

/* Each is an encoding, a length of two octets, and so many. */
static void as_payloads(struct bytes b, struct arena *arena)
{
	struct wire_cert v[2 * EVIDENCE_MAX];
	struct ike_certs certs = { v, 0 };
	struct evidence e = { 0 };
	struct why why = { 0 };
	struct store store;
	struct rd r = rd_of(b);

	while (r.n && certs.n < 2 * EVIDENCE_MAX) {
		v[certs.n].encoding = rd_u8(&r);
		v[certs.n].data = rd_bytes(&r, rd_u16(&r));
		if (r.bad)
			break;
		certs.n++;
	}
	store_init(&store);
	if (read_well(evidence_take(&e, &certs, &store, true, arena, &why), &why))
		for (unsigned i = 0; i < e.n; i++)
			check(e.certs[i] || e.places[i].url);
	evidence_free(&e);
	store_free(&store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[KINDS])(struct bytes b, struct arena * arena) = {
		[CERT] = as_cert,
		[CRL] = as_crl,
		[OCSP] = as_ocsp,
		[PUBLIC] = as_public,
		[AUTH] = as_auth,
		[BUNDLE] = as_bundle,
		[REQUEST] = as_request,
		[PAYLOADS] = as_payloads,
	};
	struct arena arena = { 0 };

	if (size) {
		kinds[data[0] % KINDS](bytes_of(data + 1, size - 1), &arena);
		check(!ERR_peek_error());
	}
	arena_free(&arena);
	return 0;
}
