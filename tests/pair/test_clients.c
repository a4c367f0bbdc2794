/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clients that come with Windows and with Apple's systems, as their makers document them and their users
 * have seen them: moon says what they say, sun is a gateway that has only named them ("peer = …"). What they
 * say inside EAP is in words of ours (charade.h). test_clients --record DIRECTORY: what both ends did is
 * recorded there, for replay. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define CLIENT(proposals, esp, rekey, more)                                                                  \
	"connections { site { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.2\n proposals = " proposals   \
	"\n vips = 0.0.0.0\n fragmentation = yes\n dpd_delay = 0\n rand_time = 0\n childless = "             \
	"never\n " more " local { auth = eap\n } remote { auth = pubkey\n id = gw.example.org\n }"           \
	" children { net { local_ts = dynamic\n remote_ts = 0.0.0.0/0\n esp_proposals = " esp                \
	"\n rekey_time = " rekey "\n rand_time = 0\n } } } }\n"                                              \
	"daemon { udp_encap = no\n retransmit_jitter = 0\n follow_redirects = no }\n"
#define GATEWAY(maker)                                                                                       \
	"connections { site { peer = " maker "\n local_addrs = 192.0.2.2\n pools = rw\n dpd_delay = 0\n"     \
	" local { auth = pubkey\n id = gw.example.org\n } remote { auth = eap\n eap_id = %any\n }"           \
	" children { net { local_ts = 0.0.0.0/0\n } } } }\n"                                                 \
	"pools { rw { addrs = 10.3.0.0/24\n dns = 10.2.0.53\n } }\n"                                         \
	"daemon { udp_encap = no\n retransmit_jitter = 0\n cookie_threshold = 0 }\n"

#define KNOWN "N(SIGNATURE_HASH_ALGORITHMS), N(IKEV2_FRAGMENTATION_SUPPORTED)"

enum { CERTIFICATE = 3000, MINUTE = 60 * 1000 };

static bool ip_is(const struct ip *ip, const char *text)
{
	char buffer[IP_TEXT];

	return !strcmp(ip_print(ip, buffer), text);
}

static const char *directory;

static struct pair *call(void **state, const char *record, const char *client, const char *gateway)
{
	struct pair *p;

	if (directory)
		pair_record = pair_text(state, directory, record);
	p = pair_open_conf(state, client, gateway);
	p->lab->certificates = CERTIFICATE;
	p->moon->eap.user = "LAB\\carol";
	pair_say_up(p, 1);
	return p;
}

/* A cookie goes before all. Nobody has asked for the gateway's certificate, which comes in fragments; the
 * answers in EAP lead to an address. */
static void comes_in(struct pair *p)
{
	ARROWS(p->lab, "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD, " KNOWN,
		"moon <-- sun  IKE_SA_INIT response 0: N(COOKIE)",
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, N(COOKIE), NATD, " KNOWN,
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD, " KNOWN
		", N(CHILDLESS_IKEV2_SUPPORTED)",
		"moon --> sun:4500  IKE_AUTH request 1: SK {IDi, IDr, CP, SA, TSi, TSr, N(INITIAL_CONTACT), "
		"N(MOBIKE_SUPPORTED)}");
	ARROWS(p->lab, "moon:4500 <-- sun  IKE_AUTH response 1: SKF 1/3",
		"moon:4500 <-- sun  IKE_AUTH response 1: SKF 2/3",
		"moon:4500 <-- sun  IKE_AUTH response 1: SKF 3/3",
		"moon --> sun:4500  IKE_AUTH request 2: SK {EAP}",
		"moon:4500 <-- sun  IKE_AUTH response 2: SK {EAP}",
		"moon --> sun:4500  IKE_AUTH request 3: SK {AUTH}",
		"moon:4500 <-- sun  IKE_AUTH response 3: SK {AUTH, CP, SA, TSi, TSr, N(MOBIKE_SUPPORTED)}");
	assert_true(ip_is(&forge_sa_up(p->moon)->core.vips.v[0], "10.3.0.1"));
	assert_true(bytes_eq(forge_sa_up(p->sun)->eap_id.data, bytes_str("LAB\\carol")));
	pair_assert_agree(p, 1);
}

#define REPLACES                                                                                             \
	"moon --> sun:4500  CREATE_CHILD_SA request 4: SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}",               \
		"moon:4500 <-- sun  CREATE_CHILD_SA response 4: SK {SA, Nonce, TSi, TSr}",                   \
		"moon --> sun:4500  INFORMATIONAL request 5: SK {D(ESP)}",                                   \
		"moon:4500 <-- sun  INFORMATIONAL response 5: SK {D(ESP)}"

/* Exactly one proposal; new keys every 24 minutes without a key exchange, and for the IKE_SA every 48. */
static void apple_with_a_profile(void **state)
{
	struct pair *p = call(state, "/apple",
		CLIENT("aes256-sha256-modp2048", "aes256-sha256", "24m", "rekey_time = 48m\n"),
		GATEWAY("apple"));

	comes_in(p);
	pair_wait(p);
	ARROWS(p->lab, REPLACES);
	for (unsigned i = 0; i < 10; i++)
		lab_pass(p->lab, 24 * MINUTE);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 11);
	assert_int_equal(host_told_times(p->moon, TELL_SA_REKEYED), 5);
	assert_int_equal(host_told_times(p->sun, TELL_REFUSED), 0);
	pair_assert_agree(p, 1);
}

/* With NegotiateDH2048_AES256 = 1. It replaces its CHILD_SA by volume, and the gateway nothing all day;
 * behind a NAT it would not let it. */
static void windows_with_its_user(void **state)
{
	static const uint8_t behind_nat[] = { 0, 0, 0x36, 0x27 };
	struct pair *p = call(state, "/windows",
		CLIENT("aes256-sha1-modp2048, aes256-sha256-modp2048, aes256-sha384-modp2048", "aes256-sha1",
			"0", "rekey_time = 0\n"),
		GATEWAY("windows"));

	comes_in(p);
	host_expire(p->moon, "net", false);
	ARROWS(p->lab, REPLACES);
	pair_quiet(p, 24 * 60 * MINUTE);
	host_rekey(p->sun, "net");
	lab_deliver(p->lab, lab_first(p->lab));
	forge_refusal(lab_first(p->lab), MS_STATUS, bytes_of(behind_nat, sizeof behind_nat));
	lab_calm(p->lab);
	assert_string_equal(host_why(p->sun)->what, "Windows does not let us replace its CHILD_SA net (error "
						    "13863): it is left to replace it itself");
	pair_quiet(p, 24 * 60 * MINUTE);
	assert_non_null(host_child(p->sun, "net"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(apple_with_a_profile),
		PAIR_TEST(windows_with_its_user),
	};

	if (argc == 3 && !strcmp(argv[1], "--record"))
		directory = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
