/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP: our peer against our authenticator by every method with a password, right and wrong, out of order, cut
 * off and with every bit turned. */
#include "unit.h"

#include "eap/eap.h"
#include "hex.h"
#include "tests/unit/eap_pair.h"

static const uint8_t nt_hash[] = { 0x44, 0xEB, 0xBA, 0x8D, 0x53, 0x12, 0xB8, 0xD6, 0x11, 0x47, 0x44, 0x11,
	0xF5, 0x69, 0x89, 0xAE };
/* "clientPass" by crypt(3): SHA-512 with 1000 rounds. */
#define SALTED                                                                                               \
	"$6$rounds=1000$saltsalt$zduY8MuI1gDsL0wPD.A2UVPT8eOAfyWbjuC0x3gN9lkPBp4p80xx7E0bMy."                \
	"4ArZ9wLJjS1QVZMsWt7egIDgte."

static const struct pair_secret users[] = {
	{ "alice", { EAP_PASSWORD, { (const uint8_t *)"clientPass", 10 } } },
	{ "hashed", { EAP_NT_HASH, { nt_hash, sizeof nt_hash } } },
	{ "salted", { EAP_SALTED, { (const uint8_t *)SALTED, sizeof SALTED - 1 } } },
	{ NULL, { 0 } },
};

static struct pair pair_of(uint8_t method, const char *name, const char *password)
{
	return (struct pair){
		.authenticator = { .methods = { method }, .n_methods = 1, .ask_identity = true },
		.peer = { .methods = { method }, .n_methods = 1, .identity = bytes_str(name) },
		.known = users,
		.own = { EAP_PASSWORD, bytes_str(password) },
		.seed = 1,
	};
}

static const uint8_t with_passwords[] = { EAP_MD5, EAP_GTC, EAP_MSCHAPV2 };
#define EACH(method)                                                                                         \
	for (const uint8_t *method = with_passwords; method < with_passwords + sizeof with_passwords;        \
		method++)

static void the_right_password_is_taken(void **state)
{
	(void)state;
	EACH(method)
	{
		struct pair p = pair_of(*method, "alice", "clientPass");

		pair_run(&p);
		assert_true(pair_agreed(&p));
		assert_int_equal(p.msk_n[0], *method == EAP_MSCHAPV2 ? EAP_MSK : 0);
		assert_string_equal(p.name[0], "alice");
		assert_string_equal(p.name[1], "alice");
		assert_int_equal(p.method, *method);
		assert_int_equal(p.asks[0], 1);
	}
}

/* Where the identity is known already. */
static void nobody_asks_twice(void **state)
{
	(void)state;
	EACH(method)
	{
		struct pair p = pair_of(*method, "alice", "clientPass");

		p.authenticator.ask_identity = false;
		p.authenticator.identity = bytes_str("alice");
		pair_run(&p);
		assert_true(pair_agreed(&p));
		assert_string_equal(p.name[0], "alice");
	}
}

static void a_wrong_password_is_refused(void **state)
{
	(void)state;
	EACH(method)
	{
		struct pair p = pair_of(*method, "alice", "clientpass");

		pair_run(&p);
		assert_int_equal(p.outcome[0], EAP_FAILED);
		assert_int_equal(p.outcome[1], EAP_FAILED);
		assert_non_null(strstr(p.why[0], "password is wrong"));
		assert_int_equal(p.msk_n[0], 0);
	}
}

/* Packet by packet the same, and the same question is asked. */
static void an_unknown_name_looks_like_a_wrong_password(void **state)
{
	(void)state;
	EACH(method)
	{
		struct pair wrong = pair_of(*method, "alice", "wrong"),
			    unknown = pair_of(*method, "mallo", "wrong");

		pair_run(&wrong);
		pair_run(&unknown);
		assert_int_equal(wrong.packets, unknown.packets);
		assert_memory_equal(wrong.size, unknown.size, wrong.packets * sizeof *wrong.size);
		assert_int_equal(unknown.outcome[0], EAP_FAILED);
		assert_int_equal(unknown.outcome[1], EAP_FAILED);
		assert_string_equal(wrong.why[0], unknown.why[0]);
		assert_string_equal(wrong.why[1], unknown.why[1]);
		assert_string_equal(unknown.asked, "mallo");
	}
}

/* Nor has a name whose secret is only there to be worked against. */
static void nobody_has_no_password(void **state)
{
	struct pair_secret ghost[] = { { "ghost", users[2].secret }, { NULL, { 0 } } };

	(void)state;
	ghost[0].secret.kind = EAP_NO_SECRET;
	EACH(method)
	{
		struct pair p = pair_of(*method, "ghost", "clientPass");

		p.known = ghost;
		pair_run(&p);
		assert_int_equal(p.outcome[0], EAP_FAILED);
		assert_int_equal(p.outcome[1], EAP_FAILED);
	}
}

static void hashes_do_where_they_can(void **state)
{
	static const struct {
		const char *name;
		uint8_t method;
		bool good;
	} cases[] = { { "hashed", EAP_MSCHAPV2, true }, { "hashed", EAP_GTC, true },
		{ "hashed", EAP_MD5, false }, { "salted", EAP_MSCHAPV2, false }, { "salted", EAP_GTC, true },
		{ "salted", EAP_MD5, false } };

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pair p = pair_of(cases[i].method, cases[i].name, "clientPass");

		pair_run(&p);
		assert_int_equal(pair_agreed(&p), cases[i].good);
		assert_int_equal(strstr(p.why[0], " hash is kept") != NULL, !cases[i].good);
		p.own.value = bytes_str("clientPas");
		pair_run(&p);
		assert_int_equal(p.outcome[0], EAP_FAILED);
	}
}

/* The peer's secret may be a hash too. */
static void a_peer_with_a_hash(void **state)
{
	struct pair p = pair_of(EAP_MSCHAPV2, "alice", "");

	(void)state;
	p.own = users[1].secret;
	pair_run(&p);
	assert_true(pair_agreed(&p));
	p.own = (struct eap_secret){ EAP_NO_SECRET, { 0 } };
	pair_run(&p);
	assert_int_equal(p.outcome[1], EAP_FAILED);
	assert_non_null(strstr(p.why[1], "there is none for our name"));
}

/* What MSCHAPv2 proves takes the place of what was not asked for, and must agree with what was. */
static void mschapv2_proves_a_name(void **state)
{
	struct pair p = pair_of(EAP_MSCHAPV2, "alice", "clientPass");

	(void)state;
	p.authenticator.ask_identity = false;
	p.authenticator.identity = bytes_str("192.0.2.7");
	pair_run(&p);
	assert_true(pair_agreed(&p));
	assert_string_equal(p.name[0], "alice");
}

/* Changes the identity under way, so that another name is proved than was said. */
static void say_other_name(void *ctx, unsigned number, uint8_t *p, size_t *n)
{
	if (number != 1)
		return;
	*n = 5 + strlen(ctx);
	memcpy(p + 5, ctx, *n - 5);
	p[3] = (uint8_t)*n;
}

static void names_must_agree(void **state)
{
	struct pair p = pair_of(EAP_MSCHAPV2, "alice", "clientPass");

	(void)state;
	p.tamper = say_other_name;
	p.ctx = "admin";
	pair_run(&p);
	assert_int_equal(p.outcome[0], EAP_FAILED);
	assert_int_equal(p.asks[0], 0);
	p.ctx = "OFFICE\\alice";
	p.known = (struct pair_secret[]){ { "OFFICE\\alice", users[0].secret }, { NULL, { 0 } } };
	pair_run(&p);
	assert_true(pair_agreed(&p));
	assert_string_equal(p.name[0], "OFFICE\\alice");
}

static void the_peer_chooses(void **state)
{
	struct pair p = pair_of(EAP_DYNAMIC, "alice", "clientPass");

	(void)state;
	EACH(method)
	{
		p.peer.methods[0] = *method;
		pair_run(&p);
		assert_true(pair_agreed(&p));
		assert_int_equal(p.method, *method);
	}
}

static void methods_that_do_not_meet(void **state)
{
	struct pair p = pair_of(EAP_MD5, "alice", "clientPass");

	(void)state;
	p.peer.methods[0] = EAP_MSCHAPV2;
	pair_run(&p);
	assert_int_equal(p.outcome[0], EAP_FAILED);
	assert_int_equal(p.outcome[1], EAP_FAILED);
	assert_non_null(strstr(p.why[0], "asks for EAP-MSCHAPv2"));
	assert_non_null(strstr(p.why[1], "none of our methods"));
}

/* Somebody in between. */

struct change {
	unsigned packet, bit;
	size_t cut;
	bool honest_length;
};

static void turn_bit(void *ctx, unsigned number, uint8_t *p, size_t *n)
{
	struct change *c = ctx;

	if (number == c->packet && c->bit / 8 < *n)
		p[c->bit / 8] ^= (uint8_t)(1 << c->bit % 8);
}

static void cut_off(void *ctx, unsigned number, uint8_t *p, size_t *n)
{
	struct change *c = ctx;

	if (number != c->packet || c->cut >= *n)
		return;
	*n = c->cut;
	if (c->honest_length && *n >= 4) {
		p[2] = (uint8_t)(*n >> 8);
		p[3] = (uint8_t)*n;
	}
}

/* The hash or password of nobody is drawn; who guesses it is not let in. */
static void nobodys_password_lets_nobody_in(void **state)
{
	static const uint8_t zeros[16];

	(void)state;
	EACH(method)
	{
		struct pair p = pair_of(*method, "mallory", "");

		p.dull = true;
		p.own = (struct eap_secret){ *method == EAP_MSCHAPV2 ? EAP_NT_HASH : EAP_PASSWORD,
			bytes_of(zeros, sizeof zeros) };
		pair_run(&p);
		assert_int_equal(p.outcome[0], EAP_FAILED);
		assert_int_not_equal(p.outcome[1], EAP_SUCCEEDED);
	}
}

/* Another packet in the place of one: type and type-data in hexadecimal. */
struct other {
	unsigned number;
	const char *data;
};

static void say_other(void *ctx, unsigned number, uint8_t *p, size_t *n)
{
	struct other *o = ctx;

	if (number != o->number)
		return;
	*n = 4 + hex(o->data, p + 4, 256);
	p[2] = 0;
	p[3] = (uint8_t)*n;
}

/* Packet 3 is the peer's response, packet 5 its word that it goes along with our proof. */
static void mschapv2_out_of_order(void **state)
{
	static const struct other cases[] = {
		{ 3, "1a 03" },
		{ 3, "1a 03 00 0004" },
		{ 3, "1a 04" },
		{ 3, "1a 01 00 0015 10 00000000000000000000000000000000" },
		{ 3, "1a" },
		{ 3, "1a 02 00 0004" },
		{ 5, "1a 04" },
		{ 5, "1a 03 00 0005 00" },
		{ 5, "1a 03 00 0005" },
		{ 5, "1a 07" },
		{ 5, "03 04" },
		{ 5, "01 616c696365" },
		{ 5, "06 00" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pair p = pair_of(EAP_MSCHAPV2, "alice", "clientPass");

		p.authenticator.methods[1] = EAP_MD5;
		p.authenticator.n_methods = 2;
		p.tamper = say_other;
		p.ctx = (void *)&cases[i];
		pair_run(&p);
		assert_int_equal(p.outcome[0], EAP_FAILED);
		assert_int_not_equal(p.outcome[1], EAP_SUCCEEDED);
	}
}

/* In the response: the MS-CHAPv2-ID, both octets of the MS-Length, the Value-Size. */
static void mschapv2_fields_that_lie(void **state)
{
	(void)state;
	for (unsigned at = 6; at < 10; at++) {
		struct pair p = pair_of(EAP_MSCHAPV2, "alice", "clientPass");

		p.tamper = turn_bit;
		p.ctx = &(struct change){ .packet = 3, .bit = 8 * at };
		pair_run(&p);
		assert_int_equal(p.outcome[0], EAP_FAILED);
		assert_int_equal(p.asks[0], 0);
	}
}

/* An octet more than the length says. */
static void add_octet(void *ctx, unsigned number, uint8_t *p, size_t *n)
{
	if (number == *(unsigned *)ctx)
		p[(*n)++] = 0;
}

static void octets_too_many(void **state)
{
	(void)state;
	EACH(method)
	{
		struct pair good = pair_of(*method, "alice", "clientPass");

		pair_run(&good);
		for (unsigned i = 0; i < good.packets; i++) {
			struct pair p = pair_of(*method, "alice", "clientPass");

			p.tamper = add_octet;
			p.ctx = &i;
			pair_run(&p);
			assert_false(pair_agreed(&p));
		}
	}
}

/* Never success for another name, never two keys, never success at one end with nothing known at the other.
 */
static void assert_sane(const struct pair *p)
{
	if (p->outcome[0] == EAP_SUCCEEDED)
		assert_string_equal(p->name[0], "alice");
	if (p->outcome[0] == EAP_SUCCEEDED && p->outcome[1] == EAP_SUCCEEDED)
		assert_true(pair_agreed(p));
}

static void every_bit_turned(void **state)
{
	(void)state;
	EACH(method)
	{
		struct pair good = pair_of(*method, "alice", "clientPass");

		pair_run(&good);
		for (unsigned i = 0; i < good.packets; i++)
			for (unsigned bit = 0; bit < 8 * good.size[i]; bit++) {
				struct pair p = pair_of(*method, "alice", "clientPass");

				p.tamper = turn_bit;
				p.ctx = &(struct change){ .packet = i, .bit = bit };
				pair_run(&p);
				assert_sane(&p);
			}
	}
}

static void every_packet_cut_off(void **state)
{
	(void)state;
	EACH(method)
	{
		struct pair good = pair_of(*method, "alice", "clientPass");

		pair_run(&good);
		for (unsigned i = 0; i < good.packets; i++)
			for (size_t cut = 0; cut < 2 * good.size[i]; cut++) {
				struct pair p = pair_of(*method, "alice", "clientPass");

				p.tamper = cut_off;
				p.ctx = &(struct change){
					.packet = i, .cut = cut / 2, .honest_length = cut % 2
				};
				pair_run(&p);
				assert_sane(&p);
				if (cut % 2 == 0)
					assert_false(pair_agreed(&p));
			}
	}
}

/* With a wrong password nothing that is done to the packets leads to success. */
static void no_bit_lets_a_wrong_password_in(void **state)
{
	(void)state;
	EACH(method)
	{
		struct pair bad = pair_of(*method, "alice", "wrong");

		pair_run(&bad);
		for (unsigned i = 0; i < bad.packets; i++)
			for (unsigned bit = 0; bit < 8 * bad.size[i]; bit++) {
				struct pair p = pair_of(*method, "alice", "wrong");

				p.tamper = turn_bit;
				p.ctx = &(struct change){ .packet = i, .bit = bit };
				pair_run(&p);
				assert_int_not_equal(p.outcome[0], EAP_SUCCEEDED);
				if (*method == EAP_MSCHAPV2)
					assert_int_not_equal(p.outcome[1], EAP_SUCCEEDED);
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_password_is_taken),
		cmocka_unit_test(nobody_asks_twice),
		cmocka_unit_test(a_wrong_password_is_refused),
		cmocka_unit_test(an_unknown_name_looks_like_a_wrong_password),
		cmocka_unit_test(nobody_has_no_password),
		cmocka_unit_test(hashes_do_where_they_can),
		cmocka_unit_test(a_peer_with_a_hash),
		cmocka_unit_test(mschapv2_proves_a_name),
		cmocka_unit_test(names_must_agree),
		cmocka_unit_test(the_peer_chooses),
		cmocka_unit_test(methods_that_do_not_meet),
		cmocka_unit_test(nobodys_password_lets_nobody_in),
		cmocka_unit_test(mschapv2_out_of_order),
		cmocka_unit_test(mschapv2_fields_that_lie),
		cmocka_unit_test(octets_too_many),
		cmocka_unit_test(every_bit_turned),
		cmocka_unit_test(every_packet_cut_off),
		cmocka_unit_test(no_bit_lets_a_wrong_password_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
