/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper of secrets, asked by guard and ike: what it does, what it refuses, and that the next one goes on
 * where it ended. */
#include "tests/unit/unit.h"

#include "crypto/prf.h"
#include "daemon/keeper.h"
#include "desk.h"
#include "ike/keys.h"
#include "pki/paper.h"
#include "pki/sign.h"
#include "pki_maker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_up(void **state)
{
	return desk_make(state, IPC_KEEPER);
}

static struct bytes keep(struct desk *d, uint64_t handle, enum ipc_use use, const char *secret)
{
	const struct id owners[] = { d->moon, d->sun };
	struct ipc_message m = { .kind = IPC_SECRET,
		.secret = { handle, (uint8_t)use, SECRET_IKE, owners, use == IPC_USE_SECRET ? 2 : 0,
			bytes_str(secret), 0 } };
	struct ipc_message a = desk_asked(d, &d->talk.guard, &m);

	assert_int_equal(a.kind, IPC_KEPT);
	assert_int_equal(a.kept.result, ERR_OK);
	return a.kept.mark;
}

static struct ipc_message prove(
	struct desk *d, enum ipc_kind kind, const struct id *remote, struct bytes octets, struct bytes proof)
{
	struct ipc_message m = { .kind = kind,
		.psk = { SECRET, PRF_HMAC_SHA2_256, d->moon, *remote, octets, proof } };
	struct ipc_message a = desk_asked(d, &d->talk.ike, &m);

	assert_int_equal(a.kind, IPC_PROOF);
	return a;
}

static struct bytes right_proof(struct desk *d, const char *secret)
{
	uint8_t *out = arena_alloc(&d->arena, PRF_OUT);

	assert_int_equal(keys_psk_auth(transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0), bytes_str(secret),
				 d->octets, out),
		ERR_OK);
	return bytes_of(out, PRF_OUT);
}

static void a_secret_proves_and_checks(void **state)
{
	struct desk *d = *state;
	struct bytes right = right_proof(d, "geheim"), none = { 0 };

	keep(d, SECRET, IPC_USE_SECRET, "geheim");
	assert_true(bytes_eq(prove(d, IPC_PSK_PROVE, &d->sun, d->octets, none).proof.proof, right));
	assert_int_equal(prove(d, IPC_PSK_CHECK, &d->sun, d->octets, right).proof.result, ERR_OK);
	assert_int_equal(
		prove(d, IPC_PSK_CHECK, &d->sun, d->octets, right_proof(d, "other")).proof.result, ERR_AUTH);
	assert_int_equal(prove(d, IPC_PSK_CHECK, &d->sun, d->octets, none).proof.result, ERR_AUTH);
}

/* What it would be right to say stays here. */
static void a_check_does_not_tell_the_proof(void **state)
{
	struct desk *d = *state;

	keep(d, SECRET, IPC_USE_SECRET, "geheim");
	assert_int_equal(prove(d, IPC_PSK_CHECK, &d->sun, d->octets, right_proof(d, "x")).proof.proof.n, 0);
}

/* Refused, and told to guard. */
static void denied(struct desk *d, struct ipc_message a, const char *what)
{
	struct ipc_message said = desk_heard(d, &d->talk.guard);

	assert_int_equal(a.proof.result, ERR_DENIED);
	assert_int_equal(a.proof.proof.n, 0);
	assert_non_null(strstr(a.proof.what, what));
	assert_int_equal(said.kind, IPC_LOG);
	assert_string_equal(said.log.line, a.proof.what);
}

static void a_secret_serves_its_owners_only(void **state)
{
	struct desk *d = *state;

	keep(d, SECRET, IPC_USE_SECRET, "geheim");
	denied(d, prove(d, IPC_PSK_PROVE, &d->other, d->octets, (struct bytes){ 0 }), "other identities");
}

/* Each changes one thing of octets that are right. */
static void only_octets_of_auth_are_proved(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = { { 17, 0x10 }, { 18, 35 }, { 23, 1 }, { 27, 27 }, { 27, 255 }, { 27, 120 } };
	struct desk *d = *state;

	keep(d, SECRET, IPC_USE_SECRET, "geheim");
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct bytes octets = desk_auth_octets(&d->arena);

		((uint8_t *)octets.p)[changes[i].at] = changes[i].value;
		denied(d, prove(d, IPC_PSK_PROVE, &d->sun, octets, (struct bytes){ 0 }), "AUTH");
	}
	denied(d, prove(d, IPC_PSK_PROVE, &d->sun, bytes_str("sign this"), (struct bytes){ 0 }), "AUTH");
}

/* The longest nonce, and what IKE_INTERMEDIATE exchanges add (RFC 9242, 3.3.2): no octet more. */
static void octets_may_be_as_long_as_auth_has_them(void **state)
{
	enum { MOST = INIT + 256 + 3 * PRF_OUT + 4 };
	struct desk *d = *state;
	uint8_t *p = arena_alloc(&d->arena, MOST + 1);

	keep(d, SECRET, IPC_USE_SECRET, "geheim");
	memcpy(p, d->octets.p, d->octets.n);
	assert_int_equal(
		prove(d, IPC_PSK_PROVE, &d->sun, bytes_of(p, MOST), (struct bytes){ 0 }).proof.result,
		ERR_OK);
	denied(d, prove(d, IPC_PSK_PROVE, &d->sun, bytes_of(p, MOST + 1), (struct bytes){ 0 }), "AUTH");
}

/* ------------------------------------------------------- post-quantum preshared keys */

enum { PPK = 77 };

static void keep_ppk(struct desk *d, uint8_t kind, const char *secret)
{
	struct ipc_message m = { .kind = IPC_SECRET,
		.secret = { PPK, IPC_USE_SECRET, kind, &d->moon, 1, bytes_str(secret), 0 } };

	assert_int_equal(desk_asked(d, &d->talk.guard, &m).kept.result, ERR_OK);
}

static struct ipc_message asked_ppk(
	struct desk *d, enum ipc_kind kind, const struct id *name, struct bytes octets)
{
	struct ipc_message m = { .kind = kind,
		.psk = { PPK, PRF_HMAC_SHA2_256, *name, *name, octets, { 0 } } };
	struct ipc_message a = desk_asked(d, &d->talk.ike, &m);

	assert_int_equal(a.kind, IPC_PROOF);
	return a;
}

static struct ipc_message mixed(struct desk *d, const struct id *name, size_t n)
{
	static const uint8_t keys[3 * PRF_OUT + 1] = { 1, 2, 3 };

	return asked_ppk(d, IPC_PPK_MIX, name, bytes_of(keys, n));
}

/* Each of the three becomes prf+ (PPK, it) (RFC 8784, 3), and so does one alone (RFC 9867, 3.1.1). */
static void keys_are_mixed(void **state)
{
	const struct transform *f = transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0);
	const uint8_t first[PRF_OUT] = { 1, 2, 3 }, second[PRF_OUT] = { 0 };
	struct bytes parts[2] = { bytes_of(first, PRF_OUT), bytes_of(second, PRF_OUT) };
	struct desk *d = *state;
	uint8_t expected[PRF_OUT];
	struct ipc_message a;

	keep_ppk(d, SECRET_PPK, "schnee");
	a = mixed(d, &d->moon, 3 * PRF_OUT);
	assert_int_equal(a.proof.result, ERR_OK);
	assert_int_equal(a.proof.proof.n, 3 * PRF_OUT);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(
			prf_plus(f, bytes_str("schnee"), &parts[i > 0], 1, expected, PRF_OUT), ERR_OK);
		assert_memory_equal(a.proof.proof.p + i * PRF_OUT, expected, PRF_OUT);
	}
	a = mixed(d, &d->moon, PRF_OUT);
	assert_int_equal(a.proof.result, ERR_OK);
	assert_int_equal(a.proof.proof.n, PRF_OUT);
	assert_int_equal(prf_plus(f, bytes_str("schnee"), &parts[0], 1, expected, PRF_OUT), ERR_OK);
	assert_memory_equal(a.proof.proof.p, expected, PRF_OUT);
}

/* The first octets of prf(PPK, what is to be confirmed), (RFC 9867, 3.1). */
static void a_key_is_confirmed(void **state)
{
	const struct transform *f = transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0);
	const uint8_t nonces[2 * NONCE_MAX + 2 * 8 + 1] = { 7 };
	const struct bytes first = bytes_of(nonces, 2 * 32 + 2 * 8);
	struct desk *d = *state;
	uint8_t expected[PRF_OUT];
	struct ipc_message a;

	keep_ppk(d, SECRET_PPK, "schnee");
	a = asked_ppk(d, IPC_PPK_CONFIRM, &d->moon, first);
	assert_int_equal(a.proof.result, ERR_OK);
	assert_int_equal(a.proof.proof.n, PPK_CONFIRMATION);
	assert_int_equal(prf(f, bytes_str("schnee"), &first, 1, expected), ERR_OK);
	assert_memory_equal(a.proof.proof.p, expected, PPK_CONFIRMATION);
	denied(d, asked_ppk(d, IPC_PPK_CONFIRM, &d->sun, first), "of that name");
	denied(d, asked_ppk(d, IPC_PPK_CONFIRM, &d->moon, bytes_of(nonces, 16)), "confirmed with");
	denied(d, asked_ppk(d, IPC_PPK_CONFIRM, &d->moon, bytes_of(nonces, sizeof nonces)), "confirmed with");
}

static void keys_are_mixed_for_nothing_else(void **state)
{
	struct desk *d = *state;

	keep_ppk(d, SECRET_PPK, "schnee");
	denied(d, mixed(d, &d->sun, 3 * PRF_OUT), "of that name");
	denied(d, mixed(d, &d->moon, 2 * PRF_OUT), "keys that are mixed");
	denied(d, mixed(d, &d->moon, 3 * PRF_OUT - 1), "keys that are mixed");
	denied(d, mixed(d, &d->moon, 3 * PRF_OUT + 1), "keys that are mixed");
	keep_ppk(d, SECRET_IKE, "geheim");
	denied(d, mixed(d, &d->moon, 3 * PRF_OUT), "no post-quantum preshared key");
}

/* ------------------------------------------------------------------------------- EAP */

static struct ipc_message told(struct desk *d, const struct id *user)
{
	struct ipc_message m = { .kind = IPC_EAP_TELL, .psk = { .handle = PPK, .local = *user } };
	struct ipc_message a = desk_asked(d, &d->talk.ike, &m);

	assert_int_equal(a.kind, IPC_PROOF);
	return a;
}

static void a_secret_of_eap_is_told_for_its_user(void **state)
{
	static const uint8_t kinds[] = { SECRET_EAP, SECRET_XAUTH, SECRET_NTLM };
	struct desk *d = *state;
	struct id windows = { ID_FQDN, bytes_str("LAB\\moon") };

	for (unsigned i = 0; i < sizeof kinds; i++) {
		struct ipc_message a;

		keep_ppk(d, kinds[i], "schnee");
		a = told(d, &d->moon);
		assert_int_equal(a.proof.result, ERR_OK);
		assert_true(bytes_eq(a.proof.proof, bytes_str("schnee")));
		windows.data =
			bytes_str(arena_printf(&d->arena, "LAB\\%.*s", (int)d->moon.data.n, d->moon.data.p));
		windows.type = d->moon.type;
		assert_int_equal(told(d, &windows).proof.result, ERR_OK);
		denied(d, told(d, &d->sun), "another user's");
	}
}

static void no_other_secret_is_told(void **state)
{
	struct desk *d = *state;

	assert_int_equal(told(d, &d->moon).proof.result, ERR_MISSING);
	keep_ppk(d, SECRET_IKE, "schnee");
	denied(d, told(d, &d->moon), "none of EAP");
	keep_ppk(d, SECRET_PPK, "schnee");
	denied(d, told(d, &d->moon), "none of EAP");
}

static void what_was_dropped_is_gone(void **state)
{
	struct desk *d = *state;
	struct ipc_message drop = { .kind = IPC_DROP, .drop = { .handle = SECRET } };

	keep(d, SECRET, IPC_USE_SECRET, "geheim");
	assert_int_equal(ipc_send(&d->talk.guard, &drop), ERR_OK);
	assert_true(keeper_serve(&d->keeper, &d->keeper.guard));
	assert_int_equal(
		prove(d, IPC_PSK_PROVE, &d->sun, d->octets, (struct bytes){ 0 }).proof.result, ERR_MISSING);
	desk_finish(d);
	assert_int_equal(desk_begin(d), ERR_OK);
	assert_int_equal(d->keeper.kept.count, 0);
}

static void equal_secrets_have_equal_marks(void **state)
{
	struct desk *d = *state;
	struct bytes a = keep(d, 1, IPC_USE_SECRET, "geheim"), b = keep(d, 2, IPC_USE_SECRET, "geheim");

	assert_true(bytes_eq(a, b));
	assert_false(bytes_eq(a, keep(d, 3, IPC_USE_SECRET, "geheime")));
}

/* The image is written anew then. */
static void much_comes_and_goes(struct desk *d)
{
	char *large = arena_alloc(&d->arena, 64 * 1024);

	memset(large, 'x', 64 * 1024 - 1);
	for (unsigned i = 0; i < 4 * IMAGE_SLACK / (64 * 1024); i++)
		keep(d, PASSPHRASE, IPC_USE_PASSPHRASE, large);
}

/* What is read again when keeper was lost is no other secret; what another daemon has cannot be told. */
static void marks_are_those_of_the_image(void **state)
{
	struct desk *d = *state, *other;
	void *others;
	struct bytes a = keep(d, 1, IPC_USE_SECRET, "geheim");

	for (unsigned i = 0; i < 2; i++) {
		desk_finish(d);
		assert_int_equal(desk_begin(d), ERR_OK);
		assert_true(bytes_eq(a, keep(d, 4, IPC_USE_SECRET, "geheim")));
		much_comes_and_goes(d);
	}
	assert_int_equal(set_up(&others), 0);
	other = others;
	assert_false(bytes_eq(a, keep(other, 1, IPC_USE_SECRET, "geheim")));
	assert_int_equal(desk_tear_down(&others), 0);
}

/* ---------------------------------------------------------------------- users */

#define NT_HASH "44EBBA8D5312B8D611474411F56989AE"

static struct ipc_message part_taken(struct desk *d, struct bytes text, uint32_t at)
{
	struct ipc_message m = { .kind = IPC_USERS, .users = ipc_users_part(text, at) };
	struct ipc_message a = desk_asked(d, &d->talk.guard, &m);

	assert_int_equal(a.kind, IPC_KEPT);
	return a;
}

static void take_users(struct desk *d, struct bytes text)
{
	uint32_t at = 0;

	do {
		assert_int_equal(part_taken(d, text, at).kept.result, ERR_OK);
		at += IPC_DATA_MAX;
	} while (at < text.n);
}

static struct ipc_user user_told(struct desk *d, const char *name, bool secret)
{
	struct ipc_message m = { .kind = IPC_USER_ASK, .user_ask = { bytes_str(name), secret } };
	struct ipc_message a = desk_asked(d, &d->talk.ike, &m);

	assert_int_equal(a.kind, IPC_USER);
	return a.user;
}

static void assert_password(struct desk *d, const char *name, const char *password)
{
	struct ipc_user u = user_told(d, name, true);

	assert_int_equal(u.secret.kind, password ? IPC_EAP_PASSWORD : IPC_EAP_NOBODY);
	assert_true(bytes_eq(u.secret.value, password ? bytes_str(password) : (struct bytes){ 0 }));
}

static void another_keeper(struct desk *d)
{
	desk_finish(d);
	assert_int_equal(desk_begin(d), ERR_OK);
}

static void users_are_told(void **state)
{
	struct desk *d = *state;
	struct ipc_user u;

	assert_password(d, "alice", NULL);
	take_users(d, bytes_str("alice:password:eins\nalice:groups:staff,net\nalice:address:10.9.0.9\n"
				"bob:nt:" NT_HASH "\n"));
	assert_password(d, "alice", "eins");
	assert_password(d, "LAB\\alice", "eins");
	assert_password(d, "mallory", NULL);
	u = user_told(d, "bob", true);
	assert_int_equal(u.secret.kind, IPC_EAP_NT_HASH);
	assert_int_equal(u.secret.value.n, 16);
	assert_int_equal(u.line, 4);
	u = user_told(d, "alice", false); /* who is known: the secret is nobody's business any more */
	assert_int_equal(u.secret.kind, IPC_EAP_NOBODY);
	assert_int_equal(u.secret.value.n, 0);
	assert_int_equal(u.groups.n, 2);
	assert_true(bytes_eq(u.groups.v[1], bytes_str("net")));
	assert_int_equal(u.ip.v, 4);
}

static void nobody_costs_as_much_as_one_with_a_salted_password(void **state)
{
	struct desk *d = *state;
	struct ipc_user u;

	take_users(d, bytes_str("alice:crypt:$6$salt$hash\n"));
	u = user_told(d, "mallory", true);
	assert_int_equal(u.secret.kind, IPC_EAP_NOBODY);
	assert_true(bytes_eq(u.secret.value, bytes_str("$6$salt$hash")));
	assert_int_equal(u.line, 0);
}

static void a_bad_users_file_leaves_the_one_before(void **state)
{
	struct desk *d = *state;
	struct ipc_message a;

	take_users(d, bytes_str("alice:password:eins\n"));
	a = part_taken(d, bytes_str("alice:password:zwei\nbob\n"), 0);
	assert_int_equal(a.kept.result, ERR_SYNTAX);
	assert_non_null(strstr(a.kept.what, "Line 2 of the users file"));
	assert_password(d, "alice", "eins");
	another_keeper(d);
	assert_password(d, "alice", "eins");
}

/* N lines for it. */
static struct bytes long_file(struct desk *d, const char *password, unsigned n)
{
	struct text t = text_in(&d->arena);

	for (unsigned i = 0; i < n; i++)
		text_add(&t, "user-%u:password:%s\n", i, password);
	return bytes_str(text_str(&t));
}

static void users_outlive_a_keeper(void **state)
{
	enum { MANY = 12000 };
	struct desk *d = *state;
	struct bytes eins = long_file(d, "eins", MANY), zwei = long_file(d, "zwei", MANY);

	assert_true(eins.n > 2 * IPC_DATA_MAX);
	take_users(d, eins);
	another_keeper(d);
	assert_password(d, "user-11999", "eins");
	assert_int_equal(part_taken(d, zwei, 0).kept.result, ERR_OK);
	another_keeper(d); /* which has not heard of that */
	assert_password(d, "user-11999", "eins");
	assert_int_equal(part_taken(d, zwei, IPC_DATA_MAX).kept.result, ERR_MISSING);
	for (unsigned i = 0; i < 4; i++) { /* what is forgotten is not kept for ever */
		take_users(d, zwei);
		take_users(d, eins);
	}
	assert_true(d->keeper.image.dead < IMAGE_SLACK);
	take_users(d, zwei);
	another_keeper(d);
	assert_password(d, "user-0", "zwei");
	take_users(d, (struct bytes){ 0 });
	another_keeper(d);
	assert_password(d, "user-0", NULL);
}

/* ----------------------------------------------------------------------- keys */

static struct ipc_message opened(struct desk *d, uint64_t opener, struct bytes file)
{
	struct ipc_message m = { .kind = IPC_FILE, .file = { KEY, opener, file, 0 } };
	struct ipc_message a = desk_asked(d, &d->talk.guard, &m);

	assert_int_equal(a.kind, IPC_OPENED);
	return a;
}

static bool takes(struct desk *d, struct ipc_message m)
{
	assert_int_equal(ipc_send(&d->talk.guard, &m), ERR_OK);
	return keeper_serve(&d->keeper, &d->keeper.guard);
}

/* A file without a key comes in parts, and nothing is said before the last one. */
static void a_file_may_come_in_parts(void **state)
{
	struct desk *d = *state;
	struct made m = maker_cert(&(struct recipe){ .subject = "CN=moon" }, NULL);
	const struct bytes all = maker_pem(m.cert, &d->arena), first = bytes_of(all.p, 100);
	struct ipc_message last = { .kind = IPC_READ,
		.read = { PAPER_CERTS_ONLY, 0, bytes_of(all.p + 100, all.n - 100) } };
	struct ipc_message a;
	struct bundle b;

	assert_true(takes(d, (struct ipc_message){ .kind = IPC_READ,
				     .read = { PAPER_CERTS_ONLY, (uint32_t)(all.n - 100), first } }));
	a = desk_asked(d, &d->talk.guard, &last);
	assert_int_equal(a.opened.more, 0);
	b = desk_said(d, &a);
	assert_int_equal(b.n_certs, 1);
	bundle_free(&b);
	cert_unref(m.cert);
	maker_end();
}

static void nothing_follows_what_was_told(void **state)
{
	struct desk *d = *state;
	struct ipc_message on = { .kind = IPC_READ_ON };
	const struct ipc_message a = desk_asked(d, &d->talk.guard, &on);

	assert_int_equal(a.kind, IPC_OPENED);
	assert_int_equal(a.opened.paper.n + a.opened.more, 0);
}

/* As TLS 1.3, and the two sides of TLS 1.2, have them. */
static struct bytes tls_octets(struct desk *d, unsigned form)
{
	static const char word[] = "TLS 1.3, server CertificateVerify";
	enum { ROOM = 256, POINT = 65 };
	uint8_t *p = arena_alloc(&d->arena, ROOM);

	memset(p, form ? 7 : ' ', 64);
	if (!form) {
		memcpy(p + 64, word, sizeof word);
		return bytes_of(p, 64 + sizeof word + 32);
	}
	if (form == 1) {
		memcpy(p + 64, "\x03\x00\x17\x41", 4);
		return bytes_of(p, 68 + POINT);
	}
	memcpy(p, "\x01\x00\x00\x80\x03\x03", 6);
	return bytes_of(p, ROOM);
}

static struct ipc_message sign_tls(struct desk *d, unsigned scheme, struct bytes octets)
{
	struct ipc_message m = { .kind = IPC_TLS_SIGN, .sign = { KEY, 0, (uint8_t)scheme, octets } };

	return desk_asked(d, &d->talk.ike, &m);
}

static void a_key_signs(void **state)
{
	struct desk *d = *state;
	struct ipc_message o = opened(d, 0, maker_key_pem("P-256", 1, NULL, &d->arena)), a;
	struct bundle b = desk_said(d, &o);

	a = desk_sign(d, desk_scheme_of(KEY_ECDSA), d->octets);
	assert_int_equal(a.proof.result, ERR_OK);
	assert_int_equal(desk_checked(d, b.key->spki, a.proof.proof), ERR_OK);
	bundle_free(&b);
}

static void a_key_signs_nothing_else(void **state)
{
	struct desk *d = *state;

	(void)opened(d, 0, maker_key_pem("P-256", 1, NULL, &d->arena));
	denied(d, desk_sign(d, desk_scheme_of(KEY_ECDSA), bytes_str("a contract")), "AUTH");
	denied(d, desk_sign(d, desk_scheme_of(KEY_RSA), d->octets), "kind");
}

static bool is_signature(struct bytes octets, struct bytes signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, maker_pkey("P-256", 1)) == 1 &&
		  EVP_DigestVerify(ctx, signature.p, signature.n, octets.p, octets.n) == 1;

	EVP_MD_CTX_free(ctx);
	return is;
}

static void a_key_signs_for_tls(void **state)
{
	struct desk *d = *state;

	assert_int_equal(sign_tls(d, desk_scheme_of(KEY_ECDSA), tls_octets(d, 0)).proof.result, ERR_MISSING);
	(void)opened(d, 0, maker_key_pem("P-256", 1, NULL, &d->arena));
	for (unsigned form = 0; form < 3; form++) {
		struct bytes octets = tls_octets(d, form);
		struct ipc_message a = sign_tls(d, desk_scheme_of(KEY_ECDSA), octets);

		assert_int_equal(a.proof.result, ERR_OK);
		assert_true(is_signature(octets, a.proof.proof));
	}
}

static void a_key_signs_nothing_else_for_tls(void **state)
{
	struct desk *d = *state;
	unsigned scheme = desk_scheme_of(KEY_ECDSA);
	struct bytes octets = tls_octets(d, 1);
	uint8_t *mixed = (uint8_t *)arena_bytes(&d->arena, octets).p;

	(void)opened(d, 0, maker_key_pem("P-256", 1, NULL, &d->arena));
	denied(d, sign_tls(d, scheme, bytes_str("a contract")), "TLS");
	denied(d, sign_tls(d, scheme, d->octets), "TLS");
	denied(d, sign_tls(d, scheme, bytes_of(octets.p, octets.n - 1)), "TLS");
	octets = tls_octets(d, 0);
	denied(d, sign_tls(d, scheme, bytes_of(octets.p, octets.n - 1)), "TLS");
	denied(d, sign_tls(d, desk_scheme_of(KEY_RSA), octets), "kind");
	/* Both: what IKE signs is not signed as TLS's. */
	memcpy(mixed, d->octets.p, 28);
	denied(d, sign_tls(d, scheme, bytes_of(mixed, tls_octets(d, 1).n)), "TLS");
	denied(d, desk_sign(d, scheme, tls_octets(d, 1)), "AUTH");
}

static void a_secret_is_no_key(void **state)
{
	struct desk *d = *state;

	keep(d, KEY, IPC_USE_SECRET, "geheim");
	assert_int_equal(desk_sign(d, desk_scheme_of(KEY_RSA), d->octets).proof.result, ERR_MISSING);
	keep(d, SECRET, IPC_USE_PASSPHRASE, "geheim");
	assert_int_equal(
		prove(d, IPC_PSK_PROVE, &d->sun, d->octets, (struct bytes){ 0 }).proof.result, ERR_MISSING);
}

static void passphrases_open_files(void **state)
{
	struct desk *d = *state;
	struct bytes file = maker_key_pem("P-256", 1, "offen", &d->arena);

	assert_int_equal(opened(d, 0, file).opened.result, ERR_MISSING);
	keep(d, PASSPHRASE, IPC_USE_PASSPHRASE, "zu");
	assert_int_equal(opened(d, PASSPHRASE, file).opened.result, ERR_AUTH);
	keep(d, PASSPHRASE, IPC_USE_PASSPHRASE, "offen");
	assert_int_equal(opened(d, PASSPHRASE, file).opened.result, ERR_OK);
}

/* Certificates beside the key come out, the key does not. */
static void what_is_public_is_told(void **state)
{
	struct desk *d = *state;
	struct made root = maker_cert(&(struct recipe){ .subject = "CN=root", .extensions = "CA" }, NULL);
	struct made leaf = maker_cert(&(struct recipe){ .subject = "CN=moon", .key_number = 5 }, &root);
	struct ipc_message o;
	struct bundle b;

	keep(d, PASSPHRASE, IPC_USE_PASSPHRASE, "offen");
	o = opened(d, PASSPHRASE, maker_p12(&leaf, &root, "offen", &d->arena));
	b = desk_said(d, &o);
	assert_int_equal(b.n_certs, 2);
	assert_true(cert_eq(b.certs[0], leaf.cert));
	assert_non_null(b.key);
	bundle_free(&b);
	cert_unref(leaf.cert);
	cert_unref(root.cert);
}

static void garbage_is_refused(void **state)
{
	struct desk *d = *state;
	struct ipc_message o = opened(d, 0, bytes_str("what is this?"));

	assert_int_equal(o.opened.result, ERR_SYNTAX);
	assert_non_null(o.opened.what);
	assert_int_equal(d->keeper.kept.count, 0);
}

/* --------------------------------------------------------------- the next one */

static void the_next_one_goes_on(void **state)
{
	struct desk *d = *state;
	struct ipc_message o = opened(d, 0, maker_key_pem("P-256", 1, NULL, &d->arena)), a;
	struct bundle b = desk_said(d, &o);

	keep(d, SECRET, IPC_USE_SECRET, "geheim");
	desk_finish(d);
	assert_int_equal(desk_begin(d), ERR_OK);
	assert_int_equal(d->keeper.kept.count, 2);
	assert_int_equal(
		prove(d, IPC_PSK_CHECK, &d->sun, d->octets, right_proof(d, "geheim")).proof.result, ERR_OK);
	denied(d, prove(d, IPC_PSK_PROVE, &d->other, d->octets, (struct bytes){ 0 }), "other identities");
	a = desk_sign(d, desk_scheme_of(KEY_ECDSA), d->octets);
	assert_int_equal(desk_checked(d, b.key->spki, a.proof.proof), ERR_OK);
	bundle_free(&b);
}

/* Its answer was lost: it is asked again, and what it wrote the first time does not come back. */
static void what_is_kept_again_counts_once(void **state)
{
	struct desk *d = *state;

	keep(d, SECRET, IPC_USE_SECRET, "alt");
	keep(d, SECRET, IPC_USE_SECRET, "geheim");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(
			prove(d, IPC_PSK_CHECK, &d->sun, d->octets, right_proof(d, "geheim")).proof.result,
			ERR_OK);
		assert_int_equal(d->keeper.kept.count, 1);
		desk_finish(d);
		assert_int_equal(desk_begin(d), ERR_OK);
	}
}

static void much_that_comes_and_goes_takes_no_room(void **state)
{
	struct desk *d = *state;

	keep(d, SECRET, IPC_USE_SECRET, "geheim");
	much_comes_and_goes(d);
	assert_true(d->keeper.image.end - d->keeper.image.start < 2 * IMAGE_SLACK);
	desk_finish(d);
	assert_int_equal(desk_begin(d), ERR_OK);
	assert_int_equal(d->keeper.kept.count, 2);
	assert_int_equal(
		prove(d, IPC_PSK_CHECK, &d->sun, d->octets, right_proof(d, "geheim")).proof.result, ERR_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, desk_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_may_come_in_parts),
		TEST(nothing_follows_what_was_told),
		TEST(a_secret_proves_and_checks),
		TEST(a_check_does_not_tell_the_proof),
		TEST(a_secret_serves_its_owners_only),
		TEST(only_octets_of_auth_are_proved),
		TEST(octets_may_be_as_long_as_auth_has_them),
		TEST(keys_are_mixed),
		TEST(keys_are_mixed_for_nothing_else),
		TEST(a_key_is_confirmed),
		TEST(a_secret_of_eap_is_told_for_its_user),
		TEST(no_other_secret_is_told),
		TEST(users_are_told),
		TEST(nobody_costs_as_much_as_one_with_a_salted_password),
		TEST(a_bad_users_file_leaves_the_one_before),
		TEST(users_outlive_a_keeper),
		TEST(what_was_dropped_is_gone),
		TEST(equal_secrets_have_equal_marks),
		TEST(marks_are_those_of_the_image),
		TEST(a_key_signs),
		TEST(a_key_signs_nothing_else),
		TEST(a_key_signs_for_tls),
		TEST(a_key_signs_nothing_else_for_tls),
		TEST(a_secret_is_no_key),
		TEST(passphrases_open_files),
		TEST(what_is_public_is_told),
		TEST(garbage_is_refused),
		TEST(the_next_one_goes_on),
		TEST(what_is_kept_again_counts_once),
		TEST(much_that_comes_and_goes_takes_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, maker_teardown);
}
