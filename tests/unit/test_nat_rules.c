/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rules for source NAT are told of. */
#include "tests/unit/unit.h"

#include "tests/unit/conf_help.h"
#include "tools/ipsec/nat_rules.h"

#define CONN(child, more)                                                                                    \
	"connections { a {\n remote_addrs = 192.0.2.9\n local { auth = psk }\n remote { auth = psk }\n" more \
	" children { n {\n" child "\n } } } }\n pools { rw { addrs = 10.93.0.0/24 } }\n"
#define SITE          CONN("local_ts = 10.1.0.0/16\n remote_ts = 10.2.0.0/16", "")
#define ON_PATH(path) CONN("local_ts = 10.1.0.0/16\n remote_ts = 10.2.0.0/16\n datapath = " path, "")
#define CHAIN(rules)  TABLE("ip nat", rules)
#define TABLE(name, r)                                                                                       \
	"table " name                                                                                        \
	" {\n\tchain post {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n" r "\t}\n}\n"

/* What is said of the rules under a configuration. */
static const char *found(const char *configuration, const char *rules)
{
	static char said[2048];
	struct loaded l = load_text(configuration);
	struct text out = text_in(&l.arena);

	assert_int_equal(l.err, ERR_OK);
	nat_rules_find(rules, &l.conf, &out);
	assert_true(out.n < sizeof said);
	memcpy(said, text_str(&out), out.n + 1);
	loaded_free(&l);
	return said;
}

static void eaten(const char *configuration, const char *rules)
{
	if (!*found(configuration, rules))
		fail_msg("nothing is said of %s", rules);
}

static void left_alone(const char *configuration, const char *rules)
{
	const char *said = found(configuration, rules);

	if (*said)
		fail_msg("%s\nof %s", said, rules);
}

static void a_rule_is_told_with_what_to_do(void **state)
{
	(void)state;
	assert_string_equal(found(SITE, CHAIN("\t\toifname \"wan\" masquerade\n")),
		"table ip nat, chain post: \"oifname \"wan\" masquerade\" may give packets of a/n "
		"(10.1.0.0/16 to "
		"10.2.0.0/16) another source, and then they match no tunnel: nft insert rule ip nat post ip "
		"saddr "
		"10.1.0.0/16 ip daddr 10.2.0.0/16 accept");
}

static void what_a_rule_says_of_addresses_counts(void **state)
{
	(void)state;
	eaten(SITE, CHAIN("\t\tip saddr 10.1.5.0/24 counter packets 7 bytes 9 masquerade\n"));
	eaten(SITE, CHAIN("\t\tip saddr { 10.7.0.0/16, 10.0.0.0/8 } snat to 192.0.2.1\n"));
	eaten(SITE, CHAIN("\t\tip saddr @inside masquerade\n"));
	eaten(SITE, CHAIN("\t\tip daddr != 10.2.3.0/24 masquerade\n"));
	eaten(SITE, CHAIN("\t\tip saddr 10.1.0.0/16 xt target \"MASQUERADE\"\n"));
	left_alone(SITE, CHAIN("\t\tip saddr 10.7.0.0/16 masquerade\n"));
	left_alone(SITE, CHAIN("\t\tip daddr 198.51.100.0/24 masquerade\n"));
	left_alone(SITE, CHAIN("\t\tip daddr != { 10.2.0.0/16, 10.3.0.0/16 } masquerade\n"));
	left_alone(SITE, CHAIN("\t\tip saddr 10.1.0.0/16 accept\n"));
	left_alone(SITE, TABLE("ip6 nat", "\t\tmasquerade\n"));
	eaten(SITE, TABLE("inet nat", "\t\tmasquerade\n"));
}

static void an_exception_before_it_counts(void **state)
{
	(void)state;
	left_alone(SITE, CHAIN("\t\tip saddr 10.1.0.0/16 ip daddr 10.2.0.0/16 accept\n\t\tmasquerade\n"));
	left_alone(SITE, CHAIN("\t\tip daddr 10.0.0.0/8 counter packets 0 bytes 0 return\n\t\tmasquerade\n"));
	left_alone(SITE, CHAIN("\t\trt ipsec exists accept\n\t\tmasquerade\n"));
	left_alone(SITE, CHAIN("\t\trt ipsec missing oifname \"wan\" masquerade\n"));
	left_alone(SITE, CHAIN("\t\txt match \"policy\" accept\n\t\tmasquerade\n"));
	eaten(SITE, CHAIN("\t\tip daddr 10.2.3.0/24 accept\n\t\tmasquerade\n"));
	eaten(SITE, CHAIN("\t\tip daddr 10.2.0.0/16 tcp dport 80 accept\n\t\tmasquerade\n"));
	eaten(SITE, CHAIN("\t\tmasquerade\n\t\tip daddr 10.2.0.0/16 accept\n"));
	eaten(SITE, CHAIN("\t\tip daddr 10.2.0.0/16 accept\n\t}\n\tchain other {\n\t\tmasquerade\n"));
}

/* On the userspace path packets leave by the tun device, which a rule for the uplink does not see. */
static void the_way_out_counts_with_the_path(void **state)
{
	(void)state;
	eaten(ON_PATH("kernel"), CHAIN("\t\toifname \"wan\" masquerade\n"));
	left_alone(ON_PATH("user"), CHAIN("\t\toifname \"wan\" masquerade\n"));
	eaten(ON_PATH("user"), CHAIN("\t\toifname { \"wan\", \"ipsec0\" } masquerade\n"));
	eaten(ON_PATH("user"), CHAIN("\t\toifname != \"wan\" masquerade\n"));
	eaten(ON_PATH("user"), CHAIN("\t\tip saddr 10.1.0.0/16 masquerade\n"));
}

static void virtual_addresses_are_sources_and_clients(void **state)
{
	(void)state;
	eaten(CONN("remote_ts = 0.0.0.0/0", " vips = 0.0.0.0\n"), CHAIN("\t\toifname \"wan\" masquerade\n"));
	left_alone(CONN("remote_ts = 10.2.0.0/16", ""), CHAIN("\t\toifname \"wan\" masquerade\n"));
	eaten(CONN("local_ts = 0.0.0.0/0", " pools = rw\n"), CHAIN("\t\toifname \"wan\" masquerade\n"));
	left_alone(
		CONN("local_ts = 0.0.0.0/0", " pools = rw\n"), CHAIN("\t\tip saddr 10.93.0.0/24 ip daddr != "
								     "10.93.0.0/24 masquerade\n"));
}

static void our_own_table_is_left_out(void **state)
{
	(void)state;
	left_alone(SITE, TABLE("inet ikev2d-77.0", "\t\tmasquerade\n"));
	left_alone(SITE, "table ip nat {\n\tset s {\n\t\telements = { masquerade }\n\t}\n}\n");
	left_alone(SITE, "");
}

/* However a ruleset is cut off. */
static void any_text_is_survived(void **state)
{
	static const char whole[] =
		"table inet x {\n\tchain y {\n\t\tip saddr { 10.1.0.0/16, \"a\" } oifname != \"w "
		"x\" ip daddr != 10.2.0.1 masquerade\n\t}\n}\n";
	char part[sizeof whole];

	(void)state;
	for (size_t n = 0; n < sizeof whole; n++) {
		memcpy(part, whole, n);
		part[n] = 0;
		found(SITE, part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_is_told_with_what_to_do),
		cmocka_unit_test(what_a_rule_says_of_addresses_counts),
		cmocka_unit_test(an_exception_before_it_counts),
		cmocka_unit_test(the_way_out_counts_with_the_path),
		cmocka_unit_test(virtual_addresses_are_sources_and_clients),
		cmocka_unit_test(our_own_table_is_left_out),
		cmocka_unit_test(any_text_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
