/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making both sides. */
#include "trust_bench.h"

#include "unit.h"

#include "daemon/certs.h"
#include "daemon/crl_cache.h"
#include "daemon/engine.h"
#include "daemon/signer.h"
#include "pki/sign.h"

#include <event2/http.h>
#include <stdlib.h>
#include <unistd.h>

static int64_t test_clock(void)
{
	return MAKER_NOW;
}

int trust_set_up(void **state)
{
	static const struct options one = { .one = true };
	struct trust_bench *b = calloc(1, sizeof *b);
	struct text why = text_in(&b->arena);

	b->moon.creds = &b->moons;
	b->sun.creds = &b->world.config.creds;
	creds_start(b->moon.creds);
	creds_start(b->sun.creds);
	list_init(&b->world.answers);
	b->world.base = event_base_new();
	(void)config_now(&b->world.config);
	b->world.options = &one;
	b->world.settings.fetch_local = true;
	snprintf(b->crls, sizeof b->crls, "/tmp/trust.XXXXXX");
	if (!mkdtemp(b->crls) || vault_start(&b->world, b->crls, &why) ||
		trust_start(&b->world, b->crls, b->crls, &why))
		fail_msg("%s", text_str(&why));
	b->certs = b->world.trust.inside;
	b->certs->now = test_clock;
	b->root = maker_cert(&(struct recipe){ .subject = "CN=root", .extensions = "CA" }, NULL);
	b->other_root = maker_cert(
		&(struct recipe){ .subject = "CN=other", .extensions = "CA", .key_number = 1 }, NULL);
	b->stranger = maker_cert(&(struct recipe){ .subject = "CN=moon", .key_number = 7 }, &b->root);
	*state = b;
	return 0;
}

int trust_tear_down(void **state)
{
	struct trust_bench *b = *state;

	trust_stop(&b->world);
	vault_leave_radius(&b->world.config.now.settings.radius);
	vault_stop(&b->world);
	crl_cache_clear(b->crls);
	assert_int_equal(rmdir(b->crls), 0);
	if (b->server)
		evhttp_free(b->server);
	event_base_free(b->world.base);
	certs_free(&b->shown);
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

void trust_keep_radius(struct trust_bench *b)
{
	struct radius_conf *c = &b->world.config.now.settings.radius;
	struct text why = text_in(&b->arena);

	/* What is kept is wiped here. */
	for (unsigned i = 0; i < c->n_servers; i++)
		c->servers[i].secret = arena_bytes(&b->arena, c->servers[i].secret);
	c->dae.secret = arena_bytes(&b->arena, c->dae.secret);
	if (vault_keep_radius(b->world.vault, c, &why))
		fail_msg("%s", text_str(&why));
}

int trust_end(void **state)
{
	(void)state;
	maker_end();
	return 0;
}

void trust_put(struct trust_bench *b, struct trust_side *s, const char *path, struct bytes text)
{
	assert_true(s->n < TRUST_FILES_MAX);
	s->files[s->n++] = (struct fake_file){ path, arena_text(&b->arena, text) };
}

void trust_read(struct trust_bench *b, struct trust_side *s, const char *conf)
{
	struct conf_files files = fake_files(s->files);
	struct text why = text_in(&b->arena), notes = text_in(&b->arena);

	trust_put(b, s, "/d/m.conf", bytes_str(conf));
	if (conf_load("/d/m.conf", &files, &s->conf, &why, &notes) ||
		creds_fill(s->creds, s->conf.peers[0], "/d", &files, &why, &notes) ||
		creds_read(s->creds, "/d", &s->conf, &files, &why, &notes))
		fail_msg("%s", text_str(&why));
}

struct bytes trust_public_pem(const char *kind, unsigned number, struct arena *arena)
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

const char *trust_connection(struct trust_bench *b, const char *side, const char *lines)
{
	return arena_printf(&b->arena,
		"connections { c { %s {\n auth = pubkey\n id = moon.example.org\n %s\n }\n %s { auth = "
		"pubkey }\n"
		" children { n { } } } }",
		side, lines ? lines : "", strcmp(side, "local") ? "local" : "remote");
}

static const char *kind_of(const struct trust_row *r)
{
	return r->leaf.key ? r->leaf.key : "P-256";
}

void trust_make_moon(struct trust_bench *b, const struct trust_row *r)
{
	struct recipe recipe = r->leaf;
	const char *lines = arena_printf(&b->arena, "certs = moon.pem\n%s", r->moon ? r->moon : "");

	recipe.key_number = 5;
	b->leaf = maker_cert(&recipe, r->self_signed ? NULL : &b->root);
	trust_put(b, &b->moon, "/d/x509/moon.pem", maker_pem(b->leaf.cert, &b->arena));
	trust_put(b, &b->moon, "/d/private/moon.pem", maker_key_pem(kind_of(r), 5, NULL, &b->arena));
	trust_put(b, &b->moon, "/d/pubkey/moon.pub", trust_public_pem(kind_of(r), 5, &b->arena));
	trust_read(b, &b->moon, trust_connection(b, "local", lines));
}

void trust_make_sun(struct trust_bench *b, const struct trust_row *r)
{
	if (!r->no_root)
		trust_put(b, &b->sun, "/d/x509ca/root.pem", maker_pem(b->root.cert, &b->arena));
	if (r->sun && strstr(r->sun, "other.pem"))
		trust_put(b, &b->sun, "/d/x509ca/other.pem", maker_pem(b->other_root.cert, &b->arena));
	if (r->known_others || (r->sun && strstr(r->sun, "stranger.pem")))
		trust_put(b, &b->sun, "/d/x509/stranger.pem", maker_pem(b->stranger.cert, &b->arena));
	if (r->known || (r->sun && strstr(r->sun, "moon.pem")))
		trust_put(b, &b->sun, "/d/x509/moon.pem", maker_pem(b->leaf.cert, &b->arena));
	trust_put(b, &b->sun, "/d/pubkey/moon.pub", trust_public_pem(kind_of(r), 5, &b->arena));
	trust_put(b, &b->sun, "/d/pubkey/other.pub", trust_public_pem("RSA-2048", 7, &b->arena));
	trust_read(b, &b->sun, trust_connection(b, "remote", r->sun));
}

static const uint8_t octets[] = "what is to be signed";

enum err trust_prove(struct trust_bench *b, bool classic)
{
	static const uint8_t hashes[] = { 0, HASH_SHA2_256, 0, HASH_SHA2_384, 0, HASH_SHA2_512, 0,
		HASH_IDENTITY };
	struct ike_question q = {
		.kind = ASK_PROOF,
		.peer = b->moon.conf.peers[0],
		.auth = &b->moon.conf.peers[0]->local,
		.local = b->moon.conf.peers[0]->local.id,
		.octets = bytes_of(octets, sizeof octets),
		.hashes = bytes_of(hashes, classic ? 0 : sizeof hashes),
		.certreqs = creds_authorities(b->sun.creds, &b->arena),
		.wants = WANTS_CERT | WANTS_RAW_KEY | (b->by_url ? WANTS_URL : 0),
	};
	struct signing by;
	enum err e;

	b->id = q.local;
	certs_free(&b->shown);
	e = signer_choose(b->moon.creds, &q, MAKER_NOW, &b->arena, &by, &b->proof, &b->shown);
	if (!e)
		e = sign_octets(by.key, by.scheme, q.octets, &b->arena, &b->proof.proof, &b->proof.why);
	return e;
}

void trust_change(struct trust_bench *b, const struct trust_row *r)
{
	struct wire_cert *v = ARENA_ARRAY(&b->arena, TRUST_MANY, struct wire_cert);
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
	for (unsigned i = 0; i < TRUST_MANY; i++)
		v[i] = b->proof.certs.v[0];
	if (r->change == OTHERS_CERT)
		v[0].data = b->stranger.cert->der;
	if (r->change == GARBAGE)
		v[0].data = bytes_of(octets, sizeof octets);
	b->proof.certs = (struct ike_certs){ v, r->change == MANY_CERTS ? TRUST_MANY : 1 };
}

void trust_judge(struct trust_bench *b)
{
	struct ike_question q = {
		.kind = ASK_CHECK,
		.peer = b->sun.conf.peers[0],
		.auth = &b->sun.conf.peers[0]->remote,
		.remote = b->id,
		.octets = bytes_of(octets, sizeof octets),
		.method = (uint8_t)b->proof.method,
		.proof = b->proof.proof,
		.certs = b->proof.certs,
	};

	b->answer = answer_new(1);
	trust_check(&b->world, &q, b->answer);
	event_base_loop(b->world.base, EVLOOP_NONBLOCK);
}

void trust_assert(struct trust_bench *b, const char *name, const char *says)
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
