/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libssl on memory BIOs. No tickets, no cache, no renegotiation: every login is a whole handshake. */
#include "eap/tls.h"

#include "eap/far_key.h"
#include "eap/libssl.h"
#include "eap/session.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CHAIN_MAX = 64 * 1024 }; /* octets of certificates that the other side may send */

struct eap_tls {
	unsigned refs;
	SSL_CTX *ctx;
	struct arena arena;
	struct id server;
	bool has_key, has_authorities;
	bool judged;          /* a server, elsewhere as well */
	struct far_keys *far; /* our key is elsewhere, */
	struct bytes spki;    /* this is its public part; NULL: it is in CTX */
};

struct session {
	struct eap_tls *tls;
	SSL *ssl;
	BIO *in, *out; /* the SSL's */
	struct far_signature signature;
	bool server, ready, misnamed;
	bool judged, good;  /* elsewhere; and how */
	struct arena arena; /* of */
	struct bytes certificates[SESSION_CERTIFICATES];
	char why[EAP_TLS_WHY];
};

/* What is shared. */

static enum err refuse(char why[EAP_TLS_WHY], enum err e, const char *what)
{
	snprintf(why, EAP_TLS_WHY, "%s", what);
	ERR_clear_error();
	return e;
}

static X509 *read_cert(struct bytes der)
{
	const unsigned char *p = der.p;
	X509 *x = der.n && der.n <= CHAIN_MAX ? d2i_X509(NULL, &p, (long)der.n) : NULL;

	if (x && p == der.p + der.n)
		return x;
	X509_free(x);
	return NULL;
}

static EVP_PKEY *read_key(struct bytes key)
{
	const unsigned char *p = key.p;
	EVP_PKEY *pkey = key.n && key.n <= CHAIN_MAX ? d2i_AutoPrivateKey(NULL, &p, (long)key.n) : NULL;
	BIO *bio;

	if (pkey || !key.n || key.n > CHAIN_MAX)
		return pkey;
	bio = BIO_new_mem_buf(key.p, (int)key.n);
	/* An empty password, so that nobody is asked for one. */
	pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
	BIO_free(bio);
	return pkey;
}

/* The key is elsewhere: each connection has one that waits for its signatures. */
static enum err use_far_key(struct eap_tls *t, char why[EAP_TLS_WHY])
{
	unsigned char *spki = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(SSL_CTX_get0_certificate(t->ctx)), &spki);
	struct far_signature unused;
	EVP_PKEY *pkey;

	t->far = far_keys_new();
	t->spki = arena_bytes(&t->arena, bytes_of(spki, n > 0 ? (size_t)n : 0));
	OPENSSL_free(spki);
	pkey = t->far ? far_key_new(t->far, t->spki, &unused) : NULL;
	EVP_PKEY_free(pkey);
	/* RSA shall sign and not decrypt, and what is signed shall have one form. */
	t->has_key = pkey && SSL_CTX_set_cipher_list(t->ctx, "DEFAULT:!kRSA:!kDHE") == 1;
	return t->has_key
		       ? ERR_OK
		       : refuse(why, ERR_CRYPTO,
				 "TLS for EAP cannot use our certificate: its key is neither RSA nor ECDSA, "
				 "Ed25519 or Ed448.");
}

static enum err use_chain(struct eap_tls *t, const struct eap_tls_settings *s, char why[EAP_TLS_WHY])
{
	EVP_PKEY *pkey;
	bool good = true;

	for (unsigned i = 0; i < s->n_chain; i++) {
		X509 *x = read_cert(s->chain[i]);

		good = x &&
		       (i ? SSL_CTX_add1_chain_cert(t->ctx, x) : SSL_CTX_use_certificate(t->ctx, x)) == 1;
		X509_free(x);
		if (!good)
			return refuse(
				why, ERR_SYNTAX, "OpenSSL cannot use the certificate that EAP shall show.");
	}
	if (!s->n_chain)
		return ERR_OK;
	if (!s->key.n)
		return use_far_key(t, why);
	pkey = read_key(s->key);
	if (!pkey)
		return refuse(why, ERR_SYNTAX, "The private key for EAP cannot be read.");
	good = SSL_CTX_use_PrivateKey(t->ctx, pkey) == 1 && SSL_CTX_check_private_key(t->ctx) == 1;
	EVP_PKEY_free(pkey);
	if (!good)
		return refuse(why, ERR_AUTH, "The private key for EAP is not that of its certificate.");
	t->has_key = true;
	return ERR_OK;
}

static enum err use_authorities(struct eap_tls *t, const struct eap_tls_settings *s, char why[EAP_TLS_WHY])
{
	X509_STORE *store = SSL_CTX_get_cert_store(t->ctx);

	for (unsigned i = 0; i < s->n_authorities; i++) {
		X509 *x = read_cert(s->authorities[i]);
		bool good = x && X509_STORE_add_cert(store, x) == 1 && SSL_CTX_add_client_CA(t->ctx, x) == 1;

		X509_free(x);
		if (!good)
			return refuse(
				why, ERR_SYNTAX, "A certificate of an authority for EAP cannot be read.");
		t->has_authorities = true;
	}
	for (unsigned i = 0; i < s->n_crls; i++) {
		const unsigned char *p = s->crls[i].p;
		X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)s->crls[i].n);
		bool good = crl && X509_STORE_add_crl(store, crl) == 1;

		X509_CRL_free(crl);
		if (!good)
			return refuse(why, ERR_SYNTAX, "A CRL for EAP cannot be read.");
	}
	if (s->n_crls)
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	return ERR_OK;
}

/* Names. */

static bool same_upn(const GENERAL_NAME *g, struct bytes name)
{
	ASN1_OBJECT *oid;
	ASN1_TYPE *value;

	if (GENERAL_NAME_get0_otherName(g, &oid, &value) != 1 || OBJ_obj2nid(oid) != NID_ms_upn ||
		value->type != V_ASN1_UTF8STRING)
		return false;
	return bytes_eq_nocase(bytes_of(ASN1_STRING_get0_data(value->value.utf8string),
				       (size_t)ASN1_STRING_length(value->value.utf8string)),
		name);
}

/* Microsoft's user principal name, which looks like an address of mail. */
static bool has_upn(X509 *x, struct bytes name)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	bool has = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !has; i++)
		has = same_upn(sk_GENERAL_NAME_value(names, i), name);
	GENERAL_NAMES_free(names);
	return has;
}

static bool has_subject(X509 *x, struct bytes dn)
{
	const unsigned char *p = dn.p;
	X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)dn.n);
	bool has = name && !X509_NAME_cmp(name, X509_get_subject_name(x));

	X509_NAME_free(name);
	return has;
}

/* The common name is not looked at, but as part of a DN. */
static bool has_name(X509 *x, const struct id *id)
{
	const char *text = (const char *)id->data.p;
	const unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;

	switch (id->type) {
	case ID_ANY: return true;
	case ID_FQDN: return id->data.n && X509_check_host(x, text, id->data.n, flags, NULL) == 1;
	case ID_RFC822_ADDR:
		return id->data.n &&
		       (X509_check_email(x, text, id->data.n, flags) == 1 || has_upn(x, id->data));
	case ID_IPV4_ADDR:
	case ID_IPV6_ADDR: return X509_check_ip(x, id->data.p, id->data.n, flags) == 1;
	case ID_DER_ASN1_DN: return has_subject(x, id->data);
	default: return false;
	}
}

/* What is said elsewhere of the server; waits for it first. */
static int verify_elsewhere(X509_STORE_CTX *store, SSL *ssl, const struct session *s)
{
	if (!s->judged)
		return SSL_set_retry_verify(ssl);
	if (!s->good)
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return s->good;
}

/* After OpenSSL's judgement of the chain, and before anything of ours goes to a server: its name, and what
 * others know of it. */
static int verify(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct session *s = SSL_get_app_data(ssl);

	(void)arg;
	if (X509_verify_cert(store) != 1)
		return 0;
	if (s->server)
		return 1;
	if (has_name(X509_STORE_CTX_get0_cert(store), &s->tls->server))
		return s->tls->judged ? verify_elsewhere(store, ssl, s) : 1;
	s->misnamed = true;
	X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
	return 0;
}

/* An authority without a CRL here is taken without; what is revoked is told in any case. */
static int verify_step(int good, X509_STORE_CTX *store)
{
	return good || X509_STORE_CTX_get_error(store) == X509_V_ERR_UNABLE_TO_GET_CRL;
}

static bool set_up(SSL_CTX *ctx, const struct eap_tls_settings *s)
{
	/* strongSwan's server says nothing of renegotiation (RFC 5746): it knows none. Nor do we, and nobody
	 * gets between by it: what comes before a handshake of ours is not taken as part of it. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN); /* no authority that the other side has anyway */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ctx, CHAIN_MAX);
	SSL_CTX_set_cert_verify_callback(ctx, verify, NULL);
	X509_STORE_set_verify_cb(SSL_CTX_get_cert_store(ctx), verify_step);
	return SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
	       SSL_CTX_set_min_proto_version(ctx, s->only_tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, s->only_tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION) == 1;
}

enum err eap_tls_new(const struct eap_tls_settings *settings, struct eap_tls **out, char why[EAP_TLS_WHY])
{
	struct eap_tls *t;
	enum err e = ERR_CRYPTO;

	if (settings->n_chain > EAP_TLS_CERTS_MAX || settings->n_authorities > EAP_TLS_CERTS_MAX ||
		settings->n_crls > EAP_TLS_CERTS_MAX)
		return refuse(why, ERR_RANGE, "There are too many certificates or CRLs for EAP.");
	if (!libssl_load())
		return refuse(why, e,
			"There is no libssl of this OpenSSL, which EAP on TLS needs: install libssl3.");
	t = calloc(1, sizeof *t);
	if (!t)
		return refuse(why, ERR_SYSTEM, "There is no memory for EAP.");
	t->judged = settings->judged;
	t->refs = 1;
	t->ctx = SSL_CTX_new(TLS_method());
	if (settings->server)
		t->server = id_copy(&t->arena, settings->server);
	if (!t->ctx || !set_up(t->ctx, settings))
		refuse(why, e, "OpenSSL refuses to set up TLS for EAP.");
	else
		e = use_chain(t, settings, why);
	if (!e)
		e = use_authorities(t, settings, why);
	if (e)
		eap_tls_unref(t);
	else
		*out = t;
	return e;
}

void eap_tls_warm(void)
{
	if (libssl_load())
		SSL_CTX_free(SSL_CTX_new(TLS_method()));
	far_keys_free(far_keys_new());
	tzset(); /* certificates' times are compared by gmtime_r(), which wants the zone */
	ERR_clear_error();
}

struct eap_tls *eap_tls_ref(struct eap_tls *tls)
{
	tls->refs++;
	return tls;
}

void eap_tls_unref(struct eap_tls *tls)
{
	if (!tls || --tls->refs)
		return;
	SSL_CTX_free(tls->ctx);
	far_keys_free(tls->far);
	arena_free(&tls->arena);
	free(tls);
}

bool eap_tls_serves(const struct eap_tls *tls, bool server, bool client_proves)
{
	return (tls->has_key || !(server || client_proves)) &&
	       (tls->has_authorities || (server && !client_proves));
}

/* One connection. */

static bool wait_for_signatures(struct session *s)
{
	EVP_PKEY *pkey = far_key_new(s->tls->far, s->tls->spki, &s->signature);
	bool good = pkey && SSL_use_PrivateKey(s->ssl, pkey) == 1;

	EVP_PKEY_free(pkey);
	SSL_set_mode(s->ssl, SSL_MODE_ASYNC);
	return good;
}

static bool attach(struct session *s, bool client_proves, int64_t now)
{
	s->in = BIO_new(BIO_s_mem());
	s->out = BIO_new(BIO_s_mem());
	if (!s->in || !s->out) {
		BIO_free(s->in);
		BIO_free(s->out);
		return false;
	}
	SSL_set_bio(s->ssl, s->in, s->out);
	BIO_set_mem_eof_return(s->in, -1);
	SSL_set_app_data(s->ssl, s);
	if (now)
		X509_VERIFY_PARAM_set_time(SSL_get0_param(s->ssl), (time_t)now);
	if (!s->server)
		SSL_set_verify(s->ssl, SSL_VERIFY_PEER, NULL);
	else if (client_proves)
		SSL_set_verify(s->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	if (s->server)
		SSL_set_accept_state(s->ssl);
	else
		SSL_set_connect_state(s->ssl);
	return true;
}

struct session *session_new(struct eap_tls *tls, bool server, bool client_proves, int64_t now)
{
	struct session *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->tls = eap_tls_ref(tls);
	s->server = server;
	s->ssl = SSL_new(tls->ctx);
	if (s->ssl && attach(s, client_proves, now) && (!tls->far || wait_for_signatures(s)))
		return s;
	session_free(s);
	return NULL;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	if (s->signature.scheme) { /* OpenSSL's job must come to its end */
		s->signature.over = true;
		(void)SSL_do_handshake(s->ssl);
		ERR_clear_error();
	}
	SSL_free(s->ssl);
	arena_free(&s->arena);
	eap_tls_unref(s->tls);
	free(s);
}

/* Why OpenSSL gave up. */
static void explain(struct session *s)
{
	const char *other = s->server ? "peer" : "server",
		   *reason = ERR_reason_error_string(ERR_peek_last_error());
	long judged = SSL_get_verify_result(s->ssl);

	if (s->misnamed) {
		struct arena arena = { 0 };

		snprintf(s->why, sizeof s->why,
			"The certificate of the EAP server is not that of %s: check the name that is "
			"demanded.",
			id_print(&s->tls->server, &arena));
		arena_free(&arena);
	} else if (judged != X509_V_OK)
		snprintf(s->why, sizeof s->why, "The certificate of the EAP %s is not good: %s.", other,
			X509_verify_cert_error_string(judged));
	else
		snprintf(s->why, sizeof s->why, "TLS with the EAP %s failed: %s.", other,
			reason ? reason : "it was broken off");
	ERR_clear_error();
}

/* What the outcome R of an SSL function means. */
static enum session_state judge(struct session *s, int r)
{
	switch (SSL_get_error(s->ssl, r)) {
	case SSL_ERROR_WANT_ASYNC: return SESSION_SIGNS;
	case SSL_ERROR_WANT_RETRY_VERIFY: return SESSION_SHOWS;
	case SSL_ERROR_NONE:
	case SSL_ERROR_WANT_READ: return s->ready ? SESSION_READY : SESSION_RUNS;
	case SSL_ERROR_ZERO_RETURN:
		if (s->ready)
			return SESSION_READY;
	}
	explain(s);
	return SESSION_BROKEN;
}

void session_judged(struct session *s, bool good)
{
	s->judged = true;
	s->good = good;
}

bool session_feed(struct session *s, struct bytes records)
{
	return !records.n || BIO_write(s->in, records.p, (int)records.n) == (int)records.n;
}

enum session_state session_run(struct session *s)
{
	int r;

	if (s->ready)
		return SESSION_READY;
	ERR_clear_error();
	r = SSL_do_handshake(s->ssl);
	s->ready = r == 1;
	if (s->ready)
		SSL_clear_mode(s->ssl, SSL_MODE_ASYNC);
	return judge(s, r);
}

struct bytes session_to_sign(const struct session *s, const struct scheme **scheme)
{
	*scheme = s->signature.scheme;
	return s->signature.octets;
}

void session_signed(struct session *s, struct bytes signature)
{
	if (signature.n > sizeof s->signature.made)
		signature.n = 0;
	if (signature.n)
		memcpy(s->signature.made, signature.p, signature.n);
	s->signature.made_n = signature.n;
	s->signature.over = true;
}

enum session_state session_read(struct session *s, uint8_t *out, size_t room, size_t *n)
{
	int r = 1;

	for (*n = 0; *n < room && r > 0; *n += r > 0 ? (size_t)r : 0) {
		ERR_clear_error();
		r = SSL_read(s->ssl, out + *n, (int)(room - *n));
	}
	if (r <= 0)
		return judge(s, r);
	snprintf(s->why, sizeof s->why, "The other side says more inside TLS than EAP has use for.");
	return SESSION_BROKEN;
}

bool session_write(struct session *s, struct bytes plain)
{
	ERR_clear_error();
	return SSL_write(s->ssl, plain.p, (int)plain.n) == (int)plain.n;
}

size_t session_pending(const struct session *s)
{
	return BIO_ctrl_pending(s->out);
}

void session_pull(struct session *s, uint8_t *out, size_t n)
{
	if (BIO_read(s->out, out, (int)n) != (int)n)
		memset(out, 0, n);
}

bool session_is_1_3(const struct session *s)
{
	return SSL_version(s->ssl) == TLS1_3_VERSION;
}

bool session_export(struct session *s, const char *label, struct bytes context, uint8_t *out, size_t n)
{
	return SSL_export_keying_material(
		       s->ssl, out, n, label, strlen(label), context.p, context.n, context.n > 0) == 1;
}

/* A server has the other side's own certificate apart from those that lead on. */
static X509 *certificate_at(const struct session *s, unsigned i)
{
	const STACK_OF(X509) *chain = SSL_get_peer_cert_chain(s->ssl);
	int at = s->server ? (int)i - 1 : (int)i;

	if (!i && s->server)
		return SSL_get0_peer_certificate(s->ssl);
	return chain && at < sk_X509_num(chain) ? sk_X509_value(chain, at) : NULL;
}

struct bytes session_certificate(struct session *s, unsigned i)
{
	X509 *x = i < SESSION_CERTIFICATES && !s->certificates[i].n ? certificate_at(s, i) : NULL;
	unsigned char *der = NULL;
	int n = x ? i2d_X509(x, &der) : 0;

	if (n > 0)
		s->certificates[i] = arena_bytes(&s->arena, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	return i < SESSION_CERTIFICATES ? s->certificates[i] : bytes_of(NULL, 0);
}

static size_t put(struct bytes name, uint8_t *out, size_t room)
{
	if (!name.n || name.n > room)
		return 0;
	memcpy(out, name.p, name.n);
	return name.n;
}

static size_t own_name(X509 *x, int type, uint8_t *out, size_t room)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	size_t n = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !n; i++) {
		GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);

		if (g->type == type)
			n = put(bytes_of(ASN1_STRING_get0_data(g->d.ia5),
					(size_t)ASN1_STRING_length(g->d.ia5)),
				out, room);
	}
	GENERAL_NAMES_free(names);
	return n;
}

static size_t own_subject(X509 *x, uint8_t *out, size_t room)
{
	struct arena arena = { 0 };
	unsigned char *der = NULL;
	int n = i2d_X509_NAME(X509_get_subject_name(x), &der);
	struct id id = { ID_DER_ASN1_DN, { der, n > 0 ? (size_t)n : 0 } };
	size_t size = X509_NAME_entry_count(X509_get_subject_name(x))
			      ? put(bytes_str(id_print(&id, &arena)), out, room)
			      : 0;

	OPENSSL_free(der);
	arena_free(&arena);
	return size;
}

static bool has_text(X509 *x, struct bytes name)
{
	struct arena arena = { 0 };
	struct id id;
	bool has = name.n && !memchr(name.p, 0, name.n) && !id_parse(arena_text(&arena, name), &arena, &id) &&
		   id.type != ID_ANY && has_name(x, &id);

	arena_free(&arena);
	return has;
}

size_t session_name(struct session *s, struct bytes name, uint8_t *out, size_t room)
{
	X509 *x = SSL_get0_peer_certificate(s->ssl);
	size_t n;

	if (!x)
		return 0;
	if (has_text(x, name))
		return put(name, out, room);
	n = own_name(x, GEN_EMAIL, out, room);
	if (!n)
		n = own_name(x, GEN_DNS, out, room);
	return n ? n : own_subject(x, out, room);
}

const char *session_why(const struct session *s)
{
	return s->why;
}
