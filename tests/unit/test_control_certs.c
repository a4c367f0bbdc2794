/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guard gets of certificates and keys that clients of VICI write into their commands: ctl has read them.
 */
#include "unit.h"

#include "control_bench.h"
#include "pki/paper.h"
#include "pki_maker.h"
#include "vici/codec/encode.h"
#include "vici/front.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int end(void **state)
{
	(void)state;
	maker_end();
	return 0;
}

static void put(struct control_bench *b, int fd, struct bytes octets)
{
	assert_true(octets.n);
	while (octets.n) {
		ssize_t n = send(fd, octets.p, octets.n, MSG_DONTWAIT | MSG_NOSIGNAL);

		assert_true(n > 0);
		octets = bytes_of(octets.p + n, octets.n - (size_t)n);
		control_bench_run(b);
	}
}

/* A connection of which KEY of SIDE is LIST; what guard has of that. */
static const struct cert_confs *loaded(
	struct control_bench *b, const char *side, const char *key, const struct bytes *list, unsigned n)
{
	int fd = control_bench_connect(b);
	struct vici_out out = { 0 };
	const struct auth_conf *a;

	vici_out_packet(&out, VICI_CMD_REQUEST, "load-conn");
	vici_put_section(&out, "site");
	vici_put_section(&out, side);
	vici_put_pair(&out, "auth", "pubkey");
	vici_put_list(&out, key);
	for (unsigned i = 0; i < n; i++)
		vici_put_item_value(&out, list[i]);
	vici_put_list_end(&out);
	vici_put_section_end(&out);
	vici_put_section_end(&out);
	put(b, fd, vici_out_done(&out));
	vici_out_free(&out);
	close(fd);
	assert_non_null(b->fake->loaded);
	a = strcmp(side, "local") ? &b->fake->loaded->remote : &b->fake->loaded->local;
	return strcmp(key, "pubkeys") ? &a->certs : &a->pubkeys;
}

static struct bytes public_pem(struct control_bench *b)
{
	struct key *k = maker_key("P-256", 5, false);
	unsigned char text[256];

	assert_true(k->spki.n < 128);
	EVP_EncodeBlock(text, k->spki.p, (int)k->spki.n);
	key_unref(k);
	return bytes_str(
		arena_printf(&b->arena, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", text));
}

static struct bytes behind_each_other(struct control_bench *b, struct bytes first, struct bytes second)
{
	struct text t = text_in(&b->arena);

	text_put(&t, first.p, first.n);
	text_put(&t, second.p, second.n);
	return bytes_of(t.s, t.n);
}

/* Nor one that is cut off. */
static void a_private_key_beside_a_certificate_does_not_get_to_guard(void **state)
{
	struct control_bench *b = *state;
	struct made m = maker_cert(&(struct recipe){ .subject = "CN=moon", .key_number = 5 }, NULL);
	struct bytes key = maker_key_pem("P-256", 5, NULL, &b->arena), some = bytes_of(key.p + 40, 20);
	struct bytes public = public_pem(b), pem = maker_pem(m.cert, &b->arena);
	struct bytes certs[] = { behind_each_other(b, pem, key), behind_each_other(b, key, pem) };
	struct bytes keys[] = { behind_each_other(b, public, key),
		behind_each_other(b, public, bytes_of(key.p, key.n - 30)) };

	for (unsigned i = 0; i < 4; i++) {
		const struct cert_confs *c = i < 2 ? loaded(b, "local", "certs", &certs[i], 1)
						   : loaded(b, "remote", "pubkeys", &keys[i - 2], 1);

		assert_int_equal(c->n, 1);
		assert_true(paper_is_read(c->v[0].data));
		assert_null(memmem(c->v[0].data.p, c->v[0].data.n, some.p, some.n));
	}
	cert_unref(m.cert);
}

/* In DER there is nothing beside it. */
static void a_private_key_is_no_public_one(void **state)
{
	struct control_bench *b = *state;
	struct key *k = maker_key("P-256", 5, true);
	unsigned char *der = NULL;
	int n = i2d_PrivateKey(k->pkey, &der);
	struct bytes all[] = { maker_key_pem("P-256", 5, NULL, &b->arena), bytes_of(der, (size_t)n) };

	assert_true(n > 0);
	for (unsigned i = 0; i < 2; i++)
		assert_false(paper_is_read(loaded(b, "remote", "pubkeys", &all[i], 1)->v[0].data));
	OPENSSL_clear_free(der, (size_t)n);
	key_unref(k);
}

static void so_many_certificates_are_looked_at(void **state)
{
	struct control_bench *b = *state;
	struct bytes list[VICI_READ_CERTS_MAX + 1];
	const struct cert_confs *c;
	struct bundle none;
	struct why why;
	struct rd r;

	for (unsigned i = 0; i <= VICI_READ_CERTS_MAX; i++)
		list[i] = bytes_str("none");
	c = loaded(b, "remote", "certs", list, VICI_READ_CERTS_MAX + 1);
	assert_int_equal(c->n, VICI_READ_CERTS_MAX + 1);
	r = rd_of(c->v[VICI_READ_CERTS_MAX - 1].data);
	assert_int_equal(paper_take(&r, &b->arena, &none, &why), ERR_SYNTAX);
	r = rd_of(c->v[VICI_READ_CERTS_MAX].data);
	assert_int_equal(paper_take(&r, &b->arena, &none, &why), ERR_RANGE);
	assert_non_null(strstr(why.what, "more certificates in one command"));
	assert_non_null(strstr(why.instead, "512 at most"));
}

int main(void)
{
#define CERTS(f) cmocka_unit_test_setup_teardown(f, control_bench_open, control_bench_close)
	const struct CMUnitTest tests[] = {
		CERTS(a_private_key_beside_a_certificate_does_not_get_to_guard),
		CERTS(a_private_key_is_no_public_one),
		CERTS(so_many_certificates_are_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
