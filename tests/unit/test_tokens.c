/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper of what providers of OpenSSL have. The one for files is one that every machine has: a key that
 * is encrypted with its PIN is there, or it is not, as a token is. */
#include "tests/unit/unit.h"

#include "daemon/clock.h"
#include "daemon/ipc_table.h"
#include "daemon/keeper_state.h"
#include "daemon/tokens.h"
#include "desk.h"
#include "pki_maker.h"
#include "provider.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/test_tokens-XXXXXX";

static void put(struct bytes data)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data.p, data.n), data.n);
	close(fd);
}

static void put_key(struct desk *d, unsigned which, const char *pin)
{
	put(maker_key_pem("P-256", which, pin, &d->arena));
}

static const char *uri(struct desk *d)
{
	return arena_printf(&d->arena, "file:%s", path);
}

static int set_up(void **state)
{
	int fd = mkstemp(path);

	close(fd);
	return fd < 0 ? -1 : desk_make(state, IPC_TOKENS);
}

static int tear_down(void **state)
{
	unlink(path);
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	return desk_tear_down(state);
}

static void keep_pin(struct desk *d, const char *pin)
{
	struct ipc_message m = { .kind = IPC_SECRET,
		.secret = { .handle = PASSPHRASE, .use = IPC_USE_PASSPHRASE, .data = bytes_str(pin) } };

	assert_int_equal(desk_asked(d, &d->talk.guard, &m).kept.result, ERR_OK);
}

static struct ipc_message fetched(struct desk *d, bool certs, uint64_t offer)
{
	struct ipc_message m = { .kind = IPC_TOKEN,
		.token = { .handle = KEY,
			.opener = offer ? 0 : PASSPHRASE,
			.uri = uri(d),
			.certs = certs,
			.offer = offer } };
	struct ipc_message a = desk_asked(d, &d->talk.guard, &m);

	assert_int_equal(a.kind, IPC_OPENED);
	return a;
}

static struct ipc_message proof(struct desk *d)
{
	return desk_sign(d, desk_scheme_of(KEY_ECDSA), d->octets);
}

static void signs(struct desk *d, struct bytes spki)
{
	struct ipc_message a = proof(d);

	assert_int_equal(a.proof.result, ERR_OK);
	assert_int_equal(desk_checked(d, spki, a.proof.proof), ERR_OK);
}

static void fails(struct desk *d, enum err e, const char *says)
{
	struct ipc_message a = proof(d);

	assert_int_equal(a.proof.result, e);
	assert_int_equal(a.proof.proof.n, 0);
	if (!strstr(a.proof.what, says))
		fail_msg("\"%s\" does not say \"%s\"", a.proof.what, says);
}

/* The public part of the key with the PIN, which is kept now. */
static struct bytes opened(struct desk *d)
{
	struct ipc_message o;
	struct bundle b;
	struct bytes spki;

	put_key(d, 1, "1234");
	keep_pin(d, "1234");
	o = fetched(d, false, 0);
	b = desk_said(d, &o);
	assert_non_null(b.key);
	spki = arena_bytes(&d->arena, b.key->spki);
	bundle_free(&b);
	return spki;
}

static void another(struct desk *d)
{
	desk_finish(d);
	assert_int_equal(desk_begin(d), ERR_OK);
}

static void a_key_at_a_uri_signs(void **state)
{
	struct desk *d = *state;

	signs(d, opened(d));
}

static void it_signs_nothing_else(void **state)
{
	struct desk *d = *state;
	struct ipc_message a;

	(void)opened(d);
	a = desk_sign(d, desk_scheme_of(KEY_ECDSA), bytes_str("a contract"));
	assert_int_equal(a.proof.result, ERR_DENIED);
	assert_int_equal(desk_heard(d, &d->talk.guard).kind, IPC_LOG);
	a = desk_sign(d, desk_scheme_of(KEY_RSA), d->octets);
	assert_int_equal(a.proof.result, ERR_DENIED);
}

static void a_pin_that_was_offered_opens_it(void **state)
{
	struct desk *d = *state;
	struct ipc_channel ctl, tokens;
	struct ipc_message o;
	struct bundle b;

	put_key(d, 1, "1234");
	assert_int_equal(ipc_pair(IPC_CTL, &ctl, IPC_TOKENS, &tokens), ERR_OK);
	tokens.phase = IPC_SERVING;
	d->keeper.ctl = &tokens;
	assert_int_equal(
		ipc_send(&ctl, &(struct ipc_message){ .kind = IPC_OFFER, .offer = { 7, bytes_str("1234") } }),
		ERR_OK);
	o = fetched(d, false, 7);
	b = desk_said(d, &o);
	signs(d, b.key->spki);
	bundle_free(&b);
	assert_int_equal(fetched(d, false, 7).opened.result, ERR_UNKNOWN); /* it is taken once */
	ipc_close(&ctl);
	ipc_close(&tokens);
}

static void certificates_at_a_uri_are_told(void **state)
{
	struct desk *d = *state;
	struct made made = maker_cert(&(struct recipe){ .subject = "CN=moon", .key_number = 1 }, NULL);
	struct ipc_message o;
	struct bundle b;

	put(maker_pem(made.cert, &d->arena));
	o = fetched(d, true, 0);
	b = desk_said(d, &o);
	assert_int_equal(b.n_certs, 1);
	assert_true(cert_eq(b.certs[0], made.cert));
	assert_null(b.key);
	assert_int_equal(d->keeper.kept.count, 0);
	bundle_free(&b);
	cert_unref(made.cert);
}

/* The URI and the PIN are written down, and not the key. */
static void the_next_one_opens_it_when_it_is_asked(void **state)
{
	struct desk *d = *state;
	struct bytes spki = opened(d);

	unlink(path);
	another(d);
	assert_int_equal(d->keeper.kept.count, 2);
	fails(d, ERR_MISSING, "there is no private key at file:");
	put_key(d, 1, "1234");
	signs(d, spki);
	unlink(path);
	signs(d, spki); /* it is open */
}

/* A token counts them. */
static void a_pin_that_was_wrong_is_tried_once(void **state)
{
	struct desk *d = *state;

	(void)opened(d);
	put_key(d, 1, "4321");
	another(d);
	fails(d, ERR_AUTH, "cannot be opened with its PIN");
	put_key(d, 1, "1234");
	fails(d, ERR_AUTH, "is not tried again");
	assert_int_equal(fetched(d, false, 0).opened.result, ERR_OK);
	assert_int_equal(proof(d).proof.result, ERR_OK);
}

/* DER of the private key in PEM. */
static struct bytes as_der(struct bytes pem, struct desk *d)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	unsigned char *der = NULL;
	char *name, *header;
	struct bytes copy;
	long n;

	assert_int_equal(PEM_read_bio(bio, &name, &header, &der, &n), 1);
	copy = arena_bytes(&d->arena, bytes_of(der, (size_t)n));
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	return copy;
}

/* The next keeper has one on a card, which it has not opened. */
static struct kept_thing *on_a_card(struct desk *d)
{
	struct ipc_message m = { .kind = IPC_TOKEN,
		.token = { .handle = KEY, .opener = PASSPHRASE, .uri = "pkcs11:object=x" } };

	assert_true(provider_load());
	provider_token = (struct provider_token){ .pin = "1234",
		.der = as_der(maker_key_pem("P-256", 1, NULL, &d->arena), d) };
	keep_pin(d, "1234");
	assert_int_equal(desk_asked(d, &d->talk.guard, &m).opened.result, ERR_OK);
	another(d);
	return keeper_find(&d->keeper, KEY, IPC_USE_KEY);
}

static void a_card_that_fails_otherwise_is_tried_again(void **state)
{
	struct desk *d = *state;

	(void)on_a_card(d);
	provider_token.ckr = CKR_TEST_DEVICE_REMOVED;
	provider_token.later = true;
	fails(d, ERR_BUSY, "not because of its PIN");
	provider_token.ckr = 0;
	assert_int_equal(proof(d).proof.result, ERR_OK);
	provider_unload();
}

static void a_card_whose_pin_is_wrong_is_not_tried_again(void **state)
{
	struct desk *d = *state;

	(void)on_a_card(d);
	provider_token.pin = "4321";
	for (unsigned i = 0; i < 5; i++)
		fails(d, ERR_AUTH, i ? "is not tried again" : "it is not the right one");
	assert_int_equal(provider_token.pins, 1);
	provider_unload();
}

/* Whoever is a peer can make us try. */
static void tries_of_one_that_fails_have_pauses_that_grow(void **state)
{
	struct desk *d = *state;
	struct kept_thing *t = on_a_card(d);
	uint64_t before = 0;

	provider_token.ckr = CKR_TEST_TOKEN_NOT_PRESENT;
	fails(d, ERR_MISSING, "there is no private key at pkcs11:");
	for (unsigned i = 0; i < 10; i++) {
		fails(d, ERR_MISSING, "there is no private key at pkcs11:");
		assert_true(t->again - clock_ms() > before || t->again - clock_ms() > TOKENS_PAUSE_MAX / 2);
		before = t->again - clock_ms();
		assert_true(before <= TOKENS_PAUSE_MAX);
		fails(d, ERR_BUSY, "it is tried again in ");
		t->again = 0;
	}
	provider_token.ckr = 0;
	assert_int_equal(proof(d).proof.result, ERR_OK);
	assert_int_equal(t->failures, 0);
	provider_unload();
}

static void a_wrong_pin_is_told(void **state)
{
	struct desk *d = *state;
	struct ipc_message a;

	put_key(d, 1, "1234");
	keep_pin(d, "4321");
	a = fetched(d, false, 0);
	assert_int_equal(a.opened.result, ERR_AUTH);
	assert_non_null(strstr(a.opened.what, "with its PIN"));
	assert_null(strstr(a.opened.what, "4321"));
	assert_int_equal(d->keeper.kept.count, 1);
}

/* Who looks for it is another user than who has put it there. */
static void who_looked_is_told(void **state)
{
	struct desk *d = *state;
	struct ipc_message a;

	unlink(path);
	a = fetched(d, false, 0);
	assert_int_equal(a.opened.result, ERR_MISSING);
	assert_non_null(strstr(a.opened.what, "No such file or directory"));
	assert_non_null(strstr(
		a.opened.instead, arena_printf(&d->arena, "ikev2d-tokens (here %u)", (unsigned)geteuid())));
}

static void what_is_forgotten_is_gone(void **state)
{
	struct desk *d = *state;

	(void)opened(d);
	assert_int_equal(ipc_send(&d->talk.guard,
				 &(struct ipc_message){ .kind = IPC_DROP, .drop = { .handle = KEY } }),
		ERR_OK);
	assert_true(keeper_serve(&d->keeper, &d->keeper.guard));
	fails(d, ERR_MISSING, "taken away");
	another(d);
	fails(d, ERR_MISSING, "taken away");
}

/* It has no shared secrets, and no users. */
static void it_is_told_and_asked_nothing_else(void **state)
{
	static const enum ipc_kind kinds[] = { IPC_SECRET, IPC_DROP, IPC_SIGN, IPC_TLS_SIGN, IPC_OFFER,
		IPC_TOKEN, IPC_BUNDLE };

	(void)state;
	for (unsigned kind = 0; kind < IPC_KINDS; kind++) {
		const struct ipc_row *row = ipc_row(kind);
		bool may = false;

		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
			may |= kinds[i] == kind;
		assert_int_equal(row && row->to & 1u << IPC_TOKENS, may);
	}
}

static int end(void **state)
{
	(void)state;
	maker_end();
	return 0;
}

/* Marks of the one before say nothing, so that what it did not answer is asked again. */
static void each_tokens_has_marks_of_its_own(void **state)
{
	struct desk *d = *state;
	struct ipc_message m = { .kind = IPC_SECRET,
		.secret = { .handle = PASSPHRASE, .use = IPC_USE_PASSPHRASE, .data = bytes_str("1234") } };
	struct bytes mark = desk_asked(d, &d->talk.guard, &m).kept.mark;

	assert_true(bytes_eq(mark, desk_asked(d, &d->talk.guard, &m).kept.mark));
	desk_finish(d);
	assert_int_equal(desk_begin(d), ERR_OK);
	assert_false(bytes_eq(mark, desk_asked(d, &d->talk.guard, &m).kept.mark));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_tokens_has_marks_of_its_own),
		TEST(a_key_at_a_uri_signs),
		TEST(it_signs_nothing_else),
		TEST(a_pin_that_was_offered_opens_it),
		TEST(certificates_at_a_uri_are_told),
		TEST(the_next_one_opens_it_when_it_is_asked),
		TEST(a_pin_that_was_wrong_is_tried_once),
		TEST(a_card_that_fails_otherwise_is_tried_again),
		TEST(a_card_whose_pin_is_wrong_is_not_tried_again),
		TEST(tries_of_one_that_fails_have_pauses_that_grow),
		TEST(a_wrong_pin_is_told),
		TEST(who_looked_is_told),
		TEST(what_is_forgotten_is_gone),
		TEST(it_is_told_and_asked_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
