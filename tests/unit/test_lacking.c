/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proposals with what the library here may not have. */
#include "daemon/lacking.h"

#include "crypto/kex.h"
#include "tests/unit/conf_help.h"
#include "tests/unit/unit.h"

#define CONN(ike, esp)                                                                                       \
	"connections { a { proposals = " ike "\n local { auth = psk }\n remote { auth = psk }\n"             \
	" children { n { esp_proposals = " esp "\n } } } }"

static bool have_kems(void)
{
	return kex_available(transform_find(TRANSFORM_KE, KE_ML_KEM_768, 0));
}

/* Both lists of CONF afterwards, and why the connection cannot be used. */
static void after(const char *conf, const char *ike, const char *esp, const char *unready)
{
	struct loaded l = load_text(conf);
	struct peer *p;

	assert_int_equal(l.err, ERR_OK);
	p = l.conf.peers[0];
	lacking_take_out(p);
	assert_string_equal(proposals_print(p->ike, &p->arena), ike);
	assert_string_equal(proposals_print(p->children[0].esp, &p->arena), esp);
	assert_int_equal(!p->unready, !unready);
	if (unready)
		assert_non_null(strstr(p->unready, unready));
	loaded_free(&l);
}

static void what_is_there_stays(void **state)
{
	(void)state;
	after(CONN("aes128gcm16-prfsha256-x25519-ke1_ecp384", "aes128gcm16-none-x25519"),
		"aes128gcm16-prfsha256-x25519-ke1_ecp384", "aes128gcm16-none-x25519", NULL);
}

static void the_next_proposal_is_left(void **state)
{
	const char *all = "aes128gcm16-prfsha256-x25519-ke1_mlkem768, aes128gcm16-prfsha256-x25519";

	(void)state;
	after(CONN("aes128gcm16-prfsha256-x25519-ke1_mlkem768, aes128gcm16-prfsha256-x25519", "aes128gcm16"),
		have_kems() ? all : "aes128gcm16-prfsha256-x25519", "aes128gcm16", NULL);
}

/* One of several methods, or none, is enough for a proposal to stay. */
static void other_methods_are_left(void **state)
{
	(void)state;
	after(CONN("aes128gcm16-prfsha256-x25519-ke1_mlkem768-ke1_ecp384",
		      "aes128gcm16-x25519-ke1_mlkem1024-ke1_none"),
		have_kems() ? "aes128gcm16-prfsha256-x25519-ke1_mlkem768-ke1_ecp384"
			    : "aes128gcm16-prfsha256-x25519-ke1_ecp384",
		have_kems() ? "aes128gcm16-x25519-ke1_mlkem1024-ke1_none" : "aes128gcm16-x25519-ke1_none",
		NULL);
}

static void without_any_it_cannot_be_used(void **state)
{
	(void)state;
	after(CONN("aes128gcm16-prfsha256-mlkem768", "aes128gcm16"),
		have_kems() ? "aes128gcm16-prfsha256-mlkem768" : "", "aes128gcm16",
		have_kems()
			? NULL
			: "the OpenSSL library here has no ML-KEM-768 (3.5 and later have it), and no other");
	after(CONN("aes128gcm16-prfsha256-x25519", "aes128gcm16-x25519-ke1_mlkem512"),
		"aes128gcm16-prfsha256-x25519", have_kems() ? "aes128gcm16-x25519-ke1_mlkem512" : "",
		have_kems() ? NULL : "esp_proposals");
}

/* x25519 and ML-KEM-768 come first where there is the latter; what everybody has stays behind. */
static void the_default(void **state)
{
	struct loaded l = load_text("connections { a { local { auth = psk }\n remote { auth = psk } } }");
	struct peer *p;

	(void)state;
	assert_int_equal(l.err, ERR_OK);
	p = l.conf.peers[0];
	assert_int_equal(p->ike.n, 3);
	lacking_take_out(p);
	assert_int_equal(p->ike.n, have_kems() ? 3 : 2);
	assert_int_equal(proposals_have_more(p->ike), have_kems());
	assert_false(proposals_have_more((struct proposals){ p->ike.v + p->ike.n - 2, 2 }));
	for (unsigned i = 0; i < p->ike.n; i++)
		assert_int_equal(p->ike.v[i].num, i + 1);
	assert_string_equal(proposals_ke(p->ike)->word, "x25519");
	loaded_free(&l);
}

static void what_another_process_has_found_is_not_asked_again(void **state)
{
	const struct transform *ke = transform_find(TRANSFORM_KE, KE_CURVE25519, 0);
	const uint64_t here = lacking_ask();

	(void)state;
	assert_non_null(ke);
	assert_true(here & UINT64_C(1) << KE_CURVE25519);
	assert_int_equal(!(here & UINT64_C(1) << KE_ML_KEM_768), !have_kems());
	lacking_learn(here & ~(UINT64_C(1) << KE_CURVE25519));
	assert_false(lacking_has(ke));
	lacking_learn(here);
	assert_true(lacking_has(ke));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_stays),
		cmocka_unit_test(the_next_proposal_is_left),
		cmocka_unit_test(other_methods_are_left),
		cmocka_unit_test(without_any_it_cannot_be_used),
		cmocka_unit_test(the_default),
		cmocka_unit_test(what_another_process_has_found_is_not_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
