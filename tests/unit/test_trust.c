/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures and certificates from end to end: what moon's signer makes, sun's judge gets. */
#include "unit.h"

#include "conf_help.h"
#include "daemon/crl_cache.h"
#include "daemon/engine.h"
#include "daemon/signer.h"
#include "daemon/world.h"
#include "pki/sign.h"
#include "pki_maker.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILES_MAX = 12, MANY = 200 };

/* A gateway: its files, and what was read from them. */
struct side {
	struct fake_file files[FILES_MAX + 1];
	unsigned n;
	struct conf conf;
	struct creds *creds;
};

struct bench {
	struct arena arena;
	struct side moon, sun;
	struct creds moons;
	struct world world; /* of sun */
	struct made root, other_root, leaf, stranger;
	struct ike_answer proof;
	struct id id; /* that moon says it has */
	struct answer *answer;
	/* A server in the loop. */
	struct evhttp *server;
	int port;
	struct bytes crl;
	struct evhttp_request *hanging;
	bool hangs;
	unsigned asked;
};

static int64_t test_clock(void)
{
	return MAKER_NOW;
}

/* When a server that was silent is asked again. */
static int64_t long_afterwards(void)
{
	return MAKER_NOW + 600;
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	b->moon.creds = &b->moons;
	b->sun.creds = &b->world.config.creds;
	creds_start(b->moon.creds);
	creds_start(b->sun.creds);
	b->world.stepping = true; /* answers stay in the queue */
	list_init(&b->world.answers);
	b->world.base = event_base_new();
	resolver_start(&b->world.resolver, b->world.base);
	fetcher_start(&b->world.fetcher, b->world.base, &b->world.resolver);
	judges_start(&b->world.judges);
	b->world.judges.now = test_clock;
	b->world.fetcher.local = true;
	b->root = maker_cert(&(struct recipe){ .subject = "CN=root", .extensions = "CA" }, NULL);
	b->other_root = maker_cert(
		&(struct recipe){ .subject = "CN=other", .extensions = "CA", .key_number = 1 }, NULL);
	b->stranger = maker_cert(&(struct recipe){ .subject = "CN=moon", .key_number = 7 }, &b->root);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	judges_stop(&b->world.judges);
	fetcher_stop(&b->world.fetcher);
	resolver_stop(&b->world.resolver);
	if (b->server)
		evhttp_free(b->server);
	event_base_free(b->world.base);
	list_each_safe (n, &b->world.answers)
		answer_free(node_owner(n, struct answer, node));
	cert_unref(b->root.cert);
	cert_unref(b->other_root.cert);
	cert_unref(b->stranger.cert);
	cert_unref(b->leaf.cert);
	creds_stop(b->moon.creds);
	creds_stop(b->sun.creds);
	conf_free(&b->moon.conf);
	conf_free(&b->sun.conf);
	arena_free(&b->arena);
	free(b);
	return 0;
}

static int end(void **state)
{
	(void)state;
	maker_end();
	return 0;
}

static void put(struct bench *b, struct side *s, const char *path, struct bytes text)
{
	assert_true(s->n < FILES_MAX);
	s->files[s->n++] = (struct fake_file){ path, arena_text(&b->arena, text) };
}

static void read_side(struct bench *b, struct side *s, const char *conf)
{
	struct conf_files files = fake_files(s->files);
	struct text why = text_in(&b->arena), notes = text_in(&b->arena);

	put(b, s, "/d/m.conf", bytes_str(conf));
	if (conf_load("/d/m.conf", &files, &s->conf, &why, &notes) ||
		creds_fill(s->conf.peers[0], "/d", &files, &why, &notes) ||
		creds_read(s->creds, "/d", &s->conf, &files, &why, &notes))
		fail_msg("%s", text_str(&why));
}

static struct bytes public_pem(const char *kind, unsigned number, struct arena *arena)
{
	struct key *k = maker_key(kind, number, false);
	unsigned char text[1024];
	struct bytes pem;

	assert_true(k->spki.n < 600);
	EVP_EncodeBlock(text, k->spki.p, (int)k->spki.n);
	pem = bytes_str(
		arena_printf(arena, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", text));
	key_unref(k);
	return pem;
}

/* What differs from a good proof. */
struct row {
	const char *name;
	struct recipe leaf;
	const char *moon, *sun; /* lines of moon's local and of sun's remote section */
	bool self_signed;       /* moon's certificate */
	bool no_root;           /* sun does not have it */
	bool known;             /* moon's certificate is in sun's folder x509 */
	bool known_others;      /* and so is another one for the same name */
	bool classic;           /* sun has announced no hashes */
	const char *id;         /* that moon says it has */
	enum { NOTHING, OTHERS_CERT, MANY_CERTS, GARBAGE, CHANGED, NO_CERT } change;
	uint8_t method;   /* 0: RFC 7427's */
	const char *says; /* NULL: it is taken */
};

#define NO_CERTS "certs =\n"

/* clang-format off */
static const struct row rows[] = {
	{ .name = "ECDSA" },
	{ "RSA", .leaf.key = "RSA-2048" },
	{ "Ed25519", .leaf.key = "ED25519" },
	{ "Ed448", .leaf.key = "ED448" },
	{ "without RFC 7427: RSA", .leaf.key = "RSA-2048", .classic = true, .method = 1 },
	{ "without RFC 7427: P-256", .classic = true, .method = 9 },
	{ "without RFC 7427: P-384", .leaf.key = "P-384", .classic = true, .method = 10 },
	{ "without RFC 7427: P-521", .leaf.key = "P-521", .classic = true, .method = 11 },

	{ "another's certificate", .change = OTHERS_CERT, .says = "signature" },
	{ "a changed signature", .change = CHANGED, .says = "signature" },
	{ "a name that is not in the certificate", .id = "sun.example.org", .says = "sun.example.org" },
	{ "a name that is in it as an address", .id = "192.0.2.1" },
	{ "expired", .leaf.to = -1, .says = "the certificate of CN=moon has expired (on 2025-12-31 00:00:00 UTC)" },
	{ "not valid yet", .leaf.from = 3, .says = "the certificate of CN=moon is not valid yet" },
	{ "an authority that is not here", .no_root = true, .says = "was issued by a CA that is not here (CN=root)" },

	{ "cacerts", .sun = "cacerts = root.pem" },
	{ "cacerts of another", .sun = "cacerts = other.pem", .says = "CN=root" },
	{ "ca_id", .sun = "ca_id = \"CN=root\"" },
	{ "ca_id of another", .sun = "ca_id = \"CN=other\"", .says = "CN=other" },
	{ "hashes that fit", .sun = "auth = pubkey-sha256" },
	{ "a hash in the chain that does not fit", .sun = "auth = ike:pubkey-sha256-pubkey-sha384", .says = "sha384" },
	{ "a key type that does not fit", .sun = "auth = rsa", .says = "a key of type rsa" },
	{ "a key that is too short", .leaf.key = "RSA-2048", .sun = "auth = rsa-3072", .says = "3072 bits" },
	{ "a policy that is not there", .sun = "cert_policy = 1.3.6.1.4.1.32473.9", .says = "1.3.6.1.4.1.32473.9" },
	{ "nobody knows of revocation", .sun = "revocation = ifuri" },
	{ "nobody knows of revocation, which is strict", .sun = "revocation = strict", .says = "nobody says whether the certificate of CN=moon is revoked" },

	{ "named by the connection", .self_signed = true, .sun = "certs = moon.pem" },
	{ "another is named by the connection", .sun = "certs = stranger.pem", .says = "is none of those that the connection names" },
	{ "not sent, but named", .change = NO_CERT, .sun = "certs = moon.pem" },
	{ "not sent, but known", .change = NO_CERT, .known = true },
	{ "not sent, and known with another of the same name", .change = NO_CERT, .known = true, .known_others = true },
	{ "not sent, and another of the same name is known", .change = NO_CERT, .known_others = true, .says = "signature" },
	{ "not sent, and none is known", .change = NO_CERT, .says = "the peer moon.example.org sent no certificate, and none of it is here" },
	{ "hundreds of certificates", .change = MANY_CERTS, .says = "the peer sent more than 16 certificates" },
	{ "no certificate at all", .change = GARBAGE, .says = "certificate" },

	{ "raw public keys", .moon = NO_CERTS "pubkeys = moon.pub", .sun = "pubkeys = moon.pub", .no_root = true },
	{ "raw public keys, one of several", .leaf.key = "ED25519", .moon = NO_CERTS "pubkeys = moon.pub", .sun = "pubkeys = other.pub, moon.pub", .no_root = true },
	{ "raw public keys: another's", .moon = NO_CERTS "pubkeys = moon.pub", .sun = "pubkeys = other.pub", .no_root = true, .says = "does not fit its key" },
	{ "raw public keys: too short", .leaf.key = "RSA-2048", .moon = NO_CERTS "pubkeys = moon.pub", .sun = "auth = rsa-3072\n pubkeys = moon.pub", .no_root = true, .says = "3072 bits" },
};
/* clang-format on */

static const char *connection(struct bench *b, const char *side, const char *lines)
{
	return arena_printf(&b->arena,
		"connections { c { %s {\n auth = pubkey\n id = moon.example.org\n %s\n }\n %s { auth = "
		"pubkey }\n"
		" children { n { } } } }",
		side, lines ? lines : "", strcmp(side, "local") ? "local" : "remote");
}

static const char *kind_of(const struct row *r)
{
	return r->leaf.key ? r->leaf.key : "P-256";
}

static void make_moon(struct bench *b, const struct row *r)
{
	struct recipe recipe = r->leaf;
	const char *lines = arena_printf(&b->arena, "certs = moon.pem\n%s", r->moon ? r->moon : "");

	recipe.key_number = 5;
	b->leaf = maker_cert(&recipe, r->self_signed ? NULL : &b->root);
	put(b, &b->moon, "/d/x509/moon.pem", maker_pem(b->leaf.cert, &b->arena));
	put(b, &b->moon, "/d/private/moon.pem", maker_key_pem(kind_of(r), 5, NULL, &b->arena));
	put(b, &b->moon, "/d/pubkey/moon.pub", public_pem(kind_of(r), 5, &b->arena));
	read_side(b, &b->moon, connection(b, "local", lines));
}

static void make_sun(struct bench *b, const struct row *r)
{
	if (!r->no_root)
		put(b, &b->sun, "/d/x509ca/root.pem", maker_pem(b->root.cert, &b->arena));
	if (r->sun && strstr(r->sun, "other.pem"))
		put(b, &b->sun, "/d/x509ca/other.pem", maker_pem(b->other_root.cert, &b->arena));
	if (r->known_others || (r->sun && strstr(r->sun, "stranger.pem")))
		put(b, &b->sun, "/d/x509/stranger.pem", maker_pem(b->stranger.cert, &b->arena));
	if (r->known || (r->sun && strstr(r->sun, "moon.pem")))
		put(b, &b->sun, "/d/x509/moon.pem", maker_pem(b->leaf.cert, &b->arena));
	put(b, &b->sun, "/d/pubkey/moon.pub", public_pem(kind_of(r), 5, &b->arena));
	put(b, &b->sun, "/d/pubkey/other.pub", public_pem("RSA-2048", 7, &b->arena));
	read_side(b, &b->sun, connection(b, "remote", r->sun));
}

static const uint8_t octets[] = "what is to be signed";

static enum err prove(struct bench *b, bool classic)
{
	static const uint8_t hashes[] = { 0, HASH_SHA2_256, 0, HASH_SHA2_384, 0, HASH_SHA2_512, 0,
		HASH_IDENTITY };
	struct ike_question q = {
		.kind = ASK_PROOF,
		.peer = b->moon.conf.peers[0],
		.local = b->moon.conf.peers[0]->local.id,
		.octets = bytes_of(octets, sizeof octets),
		.hashes = bytes_of(hashes, classic ? 0 : sizeof hashes),
		.certreqs = creds_authorities(b->sun.creds, &b->arena),
		.certreq = true,
	};

	b->id = q.local;
	return signer_prove(b->moon.creds, &q, MAKER_NOW, &b->arena, &b->proof);
}

static void change(struct bench *b, const struct row *r)
{
	struct wire_cert *v = ARENA_ARRAY(&b->arena, MANY, struct wire_cert);
	uint8_t *proof = arena_alloc(&b->arena, b->proof.proof.n);

	if (r->id)
		assert_int_equal(id_parse(r->id, &b->arena, &b->id), ERR_OK);
	if (r->change == NO_CERT)
		b->proof.certs.n = 0;
	if (r->change == CHANGED) {
		memcpy(proof, b->proof.proof.p, b->proof.proof.n);
		proof[b->proof.proof.n - 1] ^= 1;
		b->proof.proof.p = proof;
	}
	if (r->change != OTHERS_CERT && r->change != MANY_CERTS && r->change != GARBAGE)
		return;
	for (unsigned i = 0; i < MANY; i++)
		v[i] = b->proof.certs.v[0];
	if (r->change == OTHERS_CERT)
		v[0].data = b->stranger.cert->der;
	if (r->change == GARBAGE)
		v[0].data = bytes_of(octets, sizeof octets);
	b->proof.certs = (struct ike_certs){ v, r->change == MANY_CERTS ? MANY : 1 };
}

static void check(struct bench *b)
{
	struct ike_question q = {
		.kind = ASK_CHECK,
		.peer = b->sun.conf.peers[0],
		.remote = b->id,
		.octets = bytes_of(octets, sizeof octets),
		.method = (uint8_t)b->proof.method,
		.proof = b->proof.proof,
		.certs = b->proof.certs,
	};

	b->answer = answer_new(1);
	judge_check(&b->world, &q, b->answer);
}

static void assert_verdict(struct bench *b, const char *name, const char *says)
{
	const struct ike_answer *a = &b->answer->a;
	const char *line;

	assert_false(list_empty(&b->world.answers));
	line = a->result ? why_line(&a->why, &b->arena) : "(taken)";
	if (says ? !strstr(line, says) : a->result != ERR_OK)
		fail_msg("%s: \"%s\", not \"%s\"", name, line, says ? says : "(taken)");
	if (says && !strstr(line, "/d/m.conf"))
		fail_msg("%s: \"%s\" names no file", name, line);
}

static void proofs_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		void *each = NULL;
		struct bench *b;

		set_up(&each);
		b = each;
		make_moon(b, &rows[i]);
		make_sun(b, &rows[i]);
		if (prove(b, rows[i].classic))
			fail_msg("%s: %s", rows[i].name, why_line(&b->proof.why, &b->arena));
		assert_int_equal(b->proof.method, rows[i].method ? rows[i].method : SCHEME_METHOD_SIGNATURE);
		change(b, &rows[i]);
		check(b);
		assert_verdict(b, rows[i].name, rows[i].says);
		tear_down(&each);
	}
}

/* ------------------------------------------------------------------ signing */

static void send_cert_is_obeyed(void **state)
{
	static const struct row as_asked = { .name = "as asked" };
	struct bench *b = *state;

	make_moon(b, &as_asked);
	make_sun(b, &as_asked);
	assert_int_equal(prove(b, false), ERR_OK);
	assert_int_equal(b->proof.certs.n, 1);
	b->moon.conf.peers[0]->send_cert = SEND_CERT_NEVER;
	b->proof = (struct ike_answer){ 0 };
	assert_int_equal(prove(b, false), ERR_OK);
	assert_int_equal(b->proof.certs.n, 0);
}

static void a_key_that_is_missing_is_named(void **state)
{
	struct bench *b = *state;

	b->leaf = maker_cert(&(struct recipe){ .key_number = 5 }, &b->root);
	put(b, &b->moon, "/d/x509/moon.pem", maker_pem(b->leaf.cert, &b->arena));
	put(b, &b->moon, "/d/private/moon.pem", maker_key_pem("P-256", 6, NULL, &b->arena));
	read_side(b, &b->moon, connection(b, "local", "certs = moon.pem"));
	assert_int_equal(prove(b, false), ERR_MISSING);
	assert_non_null(strstr(why_line(&b->proof.why, &b->arena), "private"));
	assert_non_null(strstr(why_line(&b->proof.why, &b->arena), "CN=moon"));
	assert_non_null(strstr(why_line(&b->proof.why, &b->arena), "/d/m.conf"));
}

/* ------------------------------------------------------------------ servers */

static void on_request(struct evhttp_request *r, void *ctx)
{
	struct bench *b = ctx;
	struct evbuffer *body;

	b->asked++;
	if (b->hangs) {
		b->hanging = r;
		event_base_loopbreak(b->world.base);
		return;
	}
	body = evbuffer_new();
	evbuffer_add(body, b->crl.p, b->crl.n);
	evhttp_send_reply(r, 200, NULL, body);
	evbuffer_free(body);
}

/* Moon's certificate says where its CRL is: at a server in the loop. */
static void with_server(struct bench *b, const char *revocation)
{
	struct evhttp_bound_socket *s;
	struct sockaddr_in name;
	socklen_t n = sizeof name;
	struct row r = { .name = "server" };

	b->server = evhttp_new(b->world.base);
	evhttp_set_gencb(b->server, on_request, b);
	s = evhttp_bind_socket_with_handle(b->server, "127.0.0.1", 0);
	assert_non_null(s);
	assert_int_equal(getsockname(evhttp_bound_socket_get_fd(s), (struct sockaddr *)&name, &n), 0);
	b->port = ntohs(name.sin_port);
	r.leaf.extensions =
		arena_printf(&b->arena, "crlDistributionPoints=URI:http://127.0.0.1:%d/crl", b->port);
	r.sun = revocation;
	make_moon(b, &r);
	make_sun(b, &r);
	assert_int_equal(prove(b, false), ERR_OK);
}

static void run_until_answered(struct bench *b)
{
	while (list_empty(&b->world.answers))
		event_base_loop(b->world.base, EVLOOP_ONCE);
}

static void forget_answer(struct bench *b)
{
	list_remove(&b->answer->node);
	answer_free(b->answer);
	b->answer = NULL;
}

static void a_crl_is_fetched_once(void **state)
{
	struct bench *b = *state;

	with_server(b, "revocation = strict");
	b->crl = maker_crl(&b->root, NULL, 0, -1, 20, false, &b->arena);
	for (unsigned i = 0; i < 2; i++) {
		check(b);
		run_until_answered(b);
		assert_verdict(b, "good CRL", NULL);
		assert_int_equal(b->answer->a.valid, 335 * MAKER_DAY);
		forget_answer(b);
	}
	assert_int_equal(b->asked, 1);
}

static void a_crl_that_is_fetched_revokes(void **state)
{
	struct bench *b = *state;

	with_server(b, "revocation = relaxed");
	b->crl = maker_crl(&b->root, (const struct cert *const *)&b->leaf.cert, 1, -1, 20, false, &b->arena);
	check(b);
	run_until_answered(b);
	assert_verdict(b, "revoked", "is revoked: the CRL of CN=root says so");
}

static void a_crl_of_another_is_no_crl(void **state)
{
	struct bench *b = *state;

	with_server(b, "revocation = ifuri");
	b->crl = maker_crl(&b->root, NULL, 0, -1, 20, true, &b->arena);
	for (unsigned i = 0; i < 2; i++) {
		check(b);
		run_until_answered(b);
		assert_verdict(b, "forged", "nobody says whether the certificate of CN=moon is revoked");
		forget_answer(b);
	}
	assert_int_equal(b->asked, 1);
}

/* The store may lose the authority while a server is being asked about it. */
static void a_server_may_answer_when_all_is_different(void **state)
{
	struct bench *b = *state;

	with_server(b, "revocation = strict");
	b->crl = maker_crl(&b->root, NULL, 0, -1, 20, false, &b->arena);
	b->hangs = true;
	check(b);
	event_base_dispatch(b->world.base);
	assert_non_null(b->hanging);
	creds_stop(b->sun.creds);
	b->hangs = false;
	on_request(b->hanging, b);
	run_until_answered(b);
	assert_verdict(b, "no root any more", "was issued by a CA that is not here (CN=root)");
}

static void a_daemon_may_stop_while_a_server_is_asked(void **state)
{
	struct bench *b = *state;

	with_server(b, "revocation = strict");
	b->hangs = true;
	check(b);
	event_base_dispatch(b->world.base);
	assert_non_null(b->hanging);
	assert_true(list_empty(&b->world.answers));
}

/* ----------------------------------------------- revoked while an IKE_SA is up */

static void on_nothing(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx;
}

/* Sun has taken moon's certificate for an IKE_SA. Its core is an empty one. */
static struct ike_proven up(struct bench *b)
{
	struct world *w = &b->world;

	failures_start(&w->failures);
	entropy_start(&w->entropy);
	w->wake = evtimer_new(w->base, on_nothing, NULL);
	w->ike = ike_new(&w->entropy.rng);
	recheck_start(w);
	((struct peer *)b->sun.conf.peers[0])->cert_revoked = CERT_END_CLOSE;
	check(b);
	run_until_answered(b);
	assert_verdict(b, "before", NULL);
	assert_int_equal(b->answer->a.certs.n, 1);
	assert_true(bytes_eq(b->answer->a.certs.v[0].data, b->leaf.cert->der));
	w->stepping = false;
	return (struct ike_proven){ 7, b->sun.conf.peers[0], b->answer->a.certs };
}

static void down(struct bench *b)
{
	struct world *w = &b->world;

	recheck_stop(w);
	ike_free(w->ike);
	event_free(w->wake);
	entropy_stop(&w->entropy);
	failures_stop(&w->failures);
}

static void assert_withdrawn(struct bench *b, bool is)
{
	const struct why *why = failures_find(&b->world.failures, b->sun.conf.peers[0]->name);

	if (!is) {
		assert_null(why);
		return;
	}
	assert_non_null(why);
	assert_non_null(strstr(why->what, "is revoked: the CRL of CN=root says so"));
}

static void put_crl(struct bench *b, bool revoked)
{
	struct bytes der = maker_crl(&b->root, (const struct cert *const *)&b->leaf.cert, revoked ? 1 : 0, -1,
		20, false, &b->arena);
	struct why why = { 0 };
	struct crl *crl;

	assert_int_equal(crl_read(der, &b->arena, &crl, &why), ERR_OK);
	assert_int_equal(store_add_crl(&b->sun.creds->store, crl, STORED_BY_FILE, "a.crl"), ERR_OK);
	crl_unref(crl);
}

static void a_revocation_is_noticed(void **state)
{
	struct bench *b = *state;
	struct ike_proven proven;
	struct row r = { .name = "no server" };

	make_moon(b, &r);
	make_sun(b, &r);
	assert_int_equal(prove(b, false), ERR_OK);
	proven = up(b);
	judge_again(&b->world, &proven, true);
	assert_withdrawn(b, false);
	put_crl(b, true);
	judge_again(&b->world, &proven, false);
	assert_withdrawn(b, true);
	down(b);
}

/* What is not known is asked, if it may be; what it brings counts in a round of its own. */
static void servers_are_asked_again(void **state)
{
	struct bench *b = *state;
	struct ike_proven proven;

	with_server(b, "revocation = relaxed");
	b->crl = bytes_str("garbage");
	proven = up(b);
	assert_int_equal(b->asked, 1);
	b->world.judges.now = long_afterwards;
	b->crl = maker_crl(&b->root, (const struct cert *const *)&b->leaf.cert, 1, -1, 20, false, &b->arena);
	judge_again(&b->world, &proven, false);
	assert_false(evtimer_pending(b->world.recheck.next, NULL));
	judge_again(&b->world, &proven, true);
	while (!evtimer_pending(b->world.recheck.next, NULL))
		event_base_loop(b->world.base, EVLOOP_ONCE);
	assert_int_equal(b->asked, 2);
	assert_withdrawn(b, false);
	judge_again(&b->world, &proven, false);
	assert_withdrawn(b, true);
	down(b);
}

/* ---------------------------------------------------------------- CRLs kept */

static const char *folder_of(struct bench *b)
{
	char *folder = arena_str(&b->arena, "/tmp/ikev2d-crls-XXXXXX");

	assert_non_null(mkdtemp(folder));
	return folder;
}

static void remove_folder(const char *folder)
{
	crl_cache_clear(folder);
	assert_int_equal(rmdir(folder), 0);
}

/* As if the daemon had started again: the store is empty but for the files. */
static void start_again(struct bench *b)
{
	assert_int_not_equal(store_drop(&b->sun.creds->store, STORED_BY_FETCH, NULL), 0);
}

static void check_again(struct bench *b, const char *name, const char *says)
{
	check(b);
	run_until_answered(b);
	assert_verdict(b, name, says);
	forget_answer(b);
}

static void a_crl_outlives_the_daemon(void **state)
{
	struct bench *b = *state;
	const char *folder = b->world.judges.crls = folder_of(b);

	with_server(b, "revocation = strict");
	b->crl = maker_crl(&b->root, NULL, 0, -1, 20, false, &b->arena);
	check_again(b, "fetched", NULL);
	start_again(b);
	check_again(b, "kept", NULL);
	assert_int_equal(b->asked, 1);
	remove_folder(folder);
	start_again(b);
	check_again(b, "fetched again", NULL);
	assert_int_equal(b->asked, 2);
	remove_folder(folder);
}

/* Files that are worth nothing: the server is asked. */
static void a_kept_crl_is_checked(void **state)
{
	struct bench *b = *state;
	const char *folder = b->world.judges.crls = folder_of(b), *url;
	struct bytes bad[3];

	with_server(b, "revocation = strict");
	b->crl = maker_crl(&b->root, NULL, 0, -1, 20, false, &b->arena);
	url = arena_printf(&b->arena, "http://127.0.0.1:%d/crl", b->port);
	bad[0] = maker_crl(&b->root, NULL, 0, -1, 20, true, &b->arena);
	bad[1] = maker_crl(&b->root, NULL, 0, -9, -2, false, &b->arena);
	bad[2] = bytes_str("garbage");
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(crl_cache_save(folder, url, bad[i]), ERR_OK);
		check_again(b, "asked", NULL);
		assert_int_equal(b->asked, i + 1);
		start_again(b);
	}
	remove_folder(folder);
}

static void not_more_crls_are_kept_than_fit(void **state)
{
	struct bench *b = *state;
	const char *folder = folder_of(b);
	unsigned n = 0;

	for (unsigned i = 0; i < CRL_CACHE_FILES_MAX + 5; i++)
		assert_int_equal(
			crl_cache_save(folder, arena_printf(&b->arena, "http://%u/", i), bytes_str("x")),
			ERR_OK);
	for (unsigned i = 0; i < CRL_CACHE_FILES_MAX + 5; i++)
		n += crl_cache_read(folder, arena_printf(&b->arena, "http://%u/", i), &b->arena).n;
	assert_int_equal(n, CRL_CACHE_FILES_MAX);
	assert_int_equal(crl_cache_read(folder, "http://0/", &b->arena).n, 0);
	remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proofs_are_judged),
		cmocka_unit_test_setup_teardown(send_cert_is_obeyed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_key_that_is_missing_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_crl_is_fetched_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_crl_that_is_fetched_revokes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_crl_of_another_is_no_crl, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_may_answer_when_all_is_different, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_crl_outlives_the_daemon, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_kept_crl_is_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_more_crls_are_kept_than_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_revocation_is_noticed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(servers_are_asked_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_daemon_may_stop_while_a_server_is_asked, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
