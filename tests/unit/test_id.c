/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identities: what a configuration's text means, what is printed, and who matches whom. */
#include "tests/unit/unit.h"

#include "base/rng.h"
#include "model/id.h"

static struct arena arena;

static int clear(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct id id(const char *s)
{
	struct id out;

	if (id_parse(s, &arena, &out))
		fail_msg("%s is no identity", s);
	return out;
}

static const char *print(struct id i)
{
	return id_print(&i, &arena);
}

static void text_decides_the_type(void **state)
{
	static const struct {
		const char *text;
		uint8_t type;
		const char *printed;
	} known[] = {
		{ "192.0.2.1", ID_IPV4_ADDR, "192.0.2.1" },
		{ "2001:db8::1", ID_IPV6_ADDR, "2001:db8::1" },
		{ "gw.example.org", ID_FQDN, "gw.example.org" },
		{ "moon", ID_FQDN, "moon" },
		{ "@moon", ID_FQDN, "moon" },
		{ "@10.1", ID_FQDN, "10.1" },
		{ "carol@example.org", ID_RFC822_ADDR, "carol@example.org" },
		{ "@#0102ffFF", ID_KEY_ID, "01:02:ff:ff" },
		{ "@@carol", ID_RFC822_ADDR, "carol" },
		{ "two words", ID_FQDN, "two words" },
		{ "12345", ID_FQDN, "12345" },
		{ "a:b", ID_KEY_ID, "a:b" },
		{ "group#1", ID_FQDN, "group#1" },
		{ "keyid:moon", ID_KEY_ID, "moon" },
		{ "keyid:#00", ID_KEY_ID, "00" },
		{ "FQDN:moon", ID_FQDN, "moon" },
		{ "rfc822:c@d", ID_RFC822_ADDR, "c@d" },
		{ "userfqdn:c@d", ID_RFC822_ADDR, "c@d" },
		{ "asn1gn:#820161", ID_DER_ASN1_GN, "#820161" },
		{ "{2}:moon", ID_FQDN, "moon" },
		{ "{11}:#0102", ID_KEY_ID, "01:02" },
		{ "{1}:192.0.2.1", ID_IPV4_ADDR, "192.0.2.1" },
		{ "{12}:#0102", 12, "#0102" },
		{ "192.0.2.77/24", ID_IPV4_ADDR_SUBNET, "192.0.2.0/24" },
		{ "fd00::/8", ID_IPV6_ADDR_SUBNET, "fd00::/8" },
		{ "ipv4net:192.0.2.0/24", ID_IPV4_ADDR_SUBNET, "192.0.2.0/24" },
		{ "ipv6net:2001:db8::/32", ID_IPV6_ADDR_SUBNET, "2001:db8::/32" },
		{ "192.0.2.1-192.0.2.9", ID_IPV4_ADDR_RANGE, "192.0.2.1-192.0.2.9" },
		{ "ipv6range:2001:db8::1-2001:db8::9", ID_IPV6_ADDR_RANGE, "2001:db8::1-2001:db8::9" },
		{ "^[a-z]+\\.example$", ID_REGEX, "^[a-z]+\\.example$" },
		{ "email:^.*$", ID_REGEX, "^.*$" },
		{ "fqdn:192.0.2.1", ID_FQDN, "192.0.2.1" },
		{ "email:moon", ID_RFC822_ADDR, "moon" },
		{ "ipv4:192.0.2.1", ID_IPV4_ADDR, "192.0.2.1" },
		{ "ipv6:::1", ID_IPV6_ADDR, "::1" },
		{ "%any", ID_ANY, "%any" },
		{ "*", ID_ANY, "%any" },
		{ "0.0.0.0", ID_ANY, "%any" },
		{ "C=DE, CN=gw", ID_DER_ASN1_DN, "C=DE, CN=gw" },
		{ "dn:CN=gw", ID_DER_ASN1_DN, "CN=gw" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		assert_int_equal(id(known[i].text).type, known[i].type);
		assert_string_equal(print(id(known[i].text)), known[i].printed);
	}
}

static void what_is_no_identity_is_refused(void **state)
{
	static const char *const bad[] = { "192.0.2", "192.0.2.256", "10.0.0.0/33", "192.0.2.9-192.0.2.1",
		"%anyone", "@", "@@", "@#", "@#0", "@#0g", "fqdn:", "ipv4:gw", "ipv4:2001:db8::1",
		"ipv6:192.0.2.1", "ipv4net:192.0.2.1", "ipv4net:2001:db8::/32", "ipv4range:192.0.2.0/24",
		"carol@", "CN=", "=gw", "XX=gw", "CN=gw,", "CN=gw, nothing", "CN=gw\\", "/", "dn:gw", "dn:#",
		"{0}:gw", "{255}:gw", "{2:gw", "{x}:gw", "^($", "^a{2,1}$", "^(a)\\1$", "^a{999}$",
		"^(a{20}){20}$" };
	struct id out = { .type = 77 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (id_parse(bad[i], &arena, &out) != ERR_SYNTAX)
			fail_msg("%s was taken", bad[i]);
	assert_int_equal(out.type, 77);
}

static void the_data_is_what_the_wire_has(void **state)
{
	/* C=DE, O=Example, CN=gw, as OpenSSL writes it. */
	static const uint8_t dn[] = { 0x30, 0x2c, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x06, 0x13,
		0x02, 'D', 'E', 0x31, 0x10, 0x30, 0x0e, 0x06, 0x03, 0x55, 0x04, 0x0a, 0x0c, 0x07, 'E', 'x',
		'a', 'm', 'p', 'l', 'e', 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x02,
		'g', 'w' };

	(void)state;
	assert_true(bytes_eq(id("C=DE, O=Example, CN=gw").data, bytes_of(dn, sizeof dn)));
	assert_true(bytes_eq(id("/C=DE/O=Example/CN=gw").data, bytes_of(dn, sizeof dn)));
	assert_true(bytes_eq(id("  c = DE,o=Example ,cn=gw ").data, bytes_of(dn, sizeof dn)));
	assert_true(bytes_eq(id("@gw").data, bytes_str("gw")));
	assert_true(bytes_eq(id("192.0.2.1").data, bytes_of("\xc0\x00\x02\x01", 4)));
}

static void a_comma_in_a_value_is_escaped(void **state)
{
	(void)state;
	assert_string_equal(print(id("O=Example\\, Inc., CN=gw")), "O=Example\\, Inc., CN=gw");
	assert_string_equal(print(id("/O=Example, Inc./CN=a\\/b")), "O=Example\\, Inc., CN=a\\/b");
	assert_string_equal(print(id("CN=M\\C3\\BCller")), "CN=M\\C3\\BCller");
	assert_string_equal(print(id("CN=M\xc3\xbcller")), "CN=M\\C3\\BCller");
}

static void every_attribute_comes_back(void **state)
{
	const char *all =
		"C=DE, ST=BW, L=Ulm, street=Hof 1, O=a, OU=b, CN=c, SN=d, GN=e, N=f, I=g, T=h, D=i, "
		"serialNumber=7, postalCode=89073, dnQualifier=j, ID=k, E=l@m, UID=n, DC=org";

	(void)state;
	assert_string_equal(print(id(all)), all);
	assert_string_equal(print(id("emailAddress=a, surname=b, title=c, G=d")), "E=a, SN=b, T=c, GN=d");
}

static void long_names_have_long_lengths(void **state)
{
	char text[2000] = "CN=";
	struct id i;

	(void)state;
	for (size_t n = 100; n < 1900; n += 300) {
		memset(text + 3, 'x', n);
		text[3 + n] = 0;
		i = id(text);
		assert_string_equal(id_print(&i, &arena), text);
	}
}

static void unknown_parts_of_a_dn_are_printed_as_numbers(void **state)
{
	static const uint8_t der[] = { 0x30, 0x25, 0x31, 0x23, 0x30, 0x0d, 0x06, 0x06, 0x2b, 0x06, 0x01, 0x04,
		0x01, 0x02, 0x0c, 0x03, 'a', ',', 'b', 0x30, 0x12, 0x06, 0x03, 0x55, 0x04, 0x03, 0x1e, 0x0b,
		0, 'g', 0, 'w', 0, 'a', 0, 'b', 0, 'c', 0 };
	const struct id i = { ID_DER_ASN1_DN, bytes_of(der, sizeof der) };

	(void)state;
	assert_string_equal(id_print(&i, &arena), "1.3.6.1.4.1.2=a\\,b+CN=#0067007700610062006300");
}

static void nothing_harmful_reaches_a_log(void **state)
{
	const struct id fqdn = { ID_FQDN, bytes_of("a\nb\0c\x1b\xff\\", 8) },
			key = { ID_KEY_ID, bytes_of("a\nb", 3) },
			short_ip = { ID_IPV4_ADDR, bytes_of("abc", 3) },
			strange = { 99, bytes_of("\x01", 1) };

	(void)state;
	assert_string_equal(id_print(&fqdn, &arena), "a\\0Ab\\00c\\1B\\FF\\\\");
	assert_string_equal(id_print(&key, &arena), "61:0a:62");
	assert_string_equal(id_print(&short_ip, &arena), "#616263");
	assert_string_equal(id_print(&strange, &arena), "#01");
}

static void a_malformed_dn_is_printed_as_hex(void **state)
{
	const struct id i = { ID_DER_ASN1_DN, bytes_of("\x30\x05\x31\x00\x00", 5) };

	(void)state;
	assert_string_equal(id_print(&i, &arena), "dn:#3005310000");
	assert_true(bytes_eq(id("dn:#3005310000").data, i.data));
	assert_true(id_eq(&i, &i));
}

static void random_der_does_no_harm(void **state)
{
	struct id good = id("C=DE, O=Example, CN=gw");
	struct rng_seeded r;
	uint8_t der[64];

	(void)state;
	rng_seed(&r, 6);
	for (int round = 0; round < 5000; round++) {
		struct id bad = { ID_DER_ASN1_DN, bytes_of(der, good.data.n - rng_below(&r.rng, 4)) };
		struct arena scratch = { 0 };

		memcpy(der, good.data.p, good.data.n);
		for (uint32_t n = rng_below(&r.rng, 4); n; n--)
			der[rng_below(&r.rng, (uint32_t)good.data.n)] = (uint8_t)rng_u32(&r.rng);
		assert_true(strlen(id_print(&bad, &scratch)) > 2);
		assert_true(id_eq(&bad, &bad));
		if (id_eq(&good, &bad))
			assert_true(id_eq(&bad, &good));
		arena_free(&scratch);
	}
}

static bool matches(const char *pattern, const char *name)
{
	struct id p = id(pattern), n = id(name);

	return id_matches(&p, &n);
}

static bool equal(const char *a, const char *b)
{
	struct id x = id(a), y = id(b);

	return id_eq(&x, &y);
}

static void case_counts_only_where_it_must(void **state)
{
	(void)state;
	assert_true(equal("GW.example.org", "gw.EXAMPLE.org"));
	assert_true(equal("Carol@example.org", "carol@Example.org"));
	assert_false(equal("keyid:moon", "keyid:Moon"));
	assert_true(equal("C=DE, CN=GW", "C=DE, CN=gw"));
	assert_false(equal("@moon", "keyid:moon"));
	assert_false(equal("@moon", "@moon.example"));
}

static void a_hidden_nul_makes_a_difference(void **state)
{
	const struct id honest = { ID_FQDN, bytes_of("gw", 2) }, sly = { ID_FQDN, bytes_of("gw\0.evil", 8) };

	(void)state;
	assert_false(id_eq(&honest, &sly));
	assert_false(id_matches(&honest, &sly));
}

static void the_kind_of_a_string_does_not_count(void **state)
{
	const struct id printable = { ID_DER_ASN1_DN,
		bytes_of("\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x13\x02gw", 15) };
	struct id utf8 = id("CN=gw"), other = id("CN=gx");

	(void)state;
	assert_false(bytes_eq(printable.data, utf8.data));
	assert_true(id_eq(&printable, &utf8));
	assert_false(id_eq(&printable, &other));
}

static void stars_match_in_names(void **state)
{
	(void)state;
	assert_true(matches("*.example.org", "a.b.example.org"));
	assert_true(matches("*.example.org", "A.EXAMPLE.ORG"));
	assert_false(matches("*.example.org", "example.org"));
	assert_false(matches("*.example.org", "@.example.org"));
	assert_false(matches("*.example.org", "a.example.net"));
	assert_true(matches("*@example.org", "carol@example.org"));
	assert_false(matches("*@example.org", "carol.example.org"));
	assert_true(matches("%any", "CN=gw"));
	assert_true(matches("%any", "192.0.2.1"));
	assert_false(matches("@a.example.org", "*.example.org"));
}

static void stars_match_in_distinguished_names(void **state)
{
	(void)state;
	assert_true(matches("C=DE, O=Example, CN=*", "C=DE, O=Example, CN=gw"));
	assert_true(matches("C=*, CN=gw", "C=DE, CN=gw"));
	assert_false(matches("C=DE, O=Example, CN=*", "C=DE, O=Other, CN=gw"));
	assert_false(matches("C=DE, CN=*", "C=DE, O=Example, CN=gw"));
	assert_false(matches("C=DE, CN=*", "C=DE"));
	assert_false(matches("C=DE, CN=*", "CN=gw, C=DE"));
	assert_false(matches("CN=gw", "CN=*"));
	assert_false(equal("CN=*", "CN=gw"));
}

static void addresses_match_in_prefixes_and_ranges(void **state)
{
	(void)state;
	assert_true(matches("192.0.2.0/24", "192.0.2.255"));
	assert_false(matches("192.0.2.0/24", "192.0.3.0"));
	assert_false(matches("192.0.2.0/24", "@192.0.2.1"));
	assert_true(matches("192.0.2.1-192.0.2.9", "192.0.2.1"));
	assert_true(matches("192.0.2.1-192.0.2.9", "192.0.2.9"));
	assert_false(matches("192.0.2.1-192.0.2.9", "192.0.2.10"));
	assert_true(matches("2001:db8::/32", "2001:db8:ffff::1"));
	assert_false(matches("2001:db8::/32", "2001:db9::"));
	assert_false(matches("2001:db8::/32", "192.0.2.1"));
}

static void expressions_match_the_whole(void **state)
{
	(void)state;
	assert_true(matches("^[a-z]+\\.example\\.org$", "moon.example.org"));
	assert_true(matches("^[a-z]+\\.example\\.org$", "MOON.Example.org"));
	assert_false(matches("^[a-z]+\\.example\\.org$", "moon.example.org.evil"));
	assert_false(matches("^[a-z]+\\.example\\.org$", "fqdn:1moon.example.org"));
	assert_true(matches("^a|b$", "b"));
	assert_false(matches("^a|b$", "ab"));
	assert_true(matches("^(carol|dave)@example\\.org$", "dave@example.org"));
	assert_false(matches("^.*$", "dave@example.org"));
	assert_true(matches("email:^.*$", "dave@example.org"));
	assert_true(matches("^C=DE, .*CN=gw[0-9]{2}$", "C=DE, O=Example, CN=gw17"));
	assert_false(matches("^C=DE, .*CN=gw[0-9]{2}$", "C=DE, O=Example, CN=gw7"));
	assert_false(matches("^.*$", "@#6d6f6f6e"));
	assert_true(matches("keyid:^m.*$", "keyid:moon"));
}

/* Longer than what an expression looks at; and with a NUL octet inside. */
static void expressions_do_not_match_what_is_odd(void **state)
{
	const struct id any = id("keyid:^.*$"), nul = { ID_KEY_ID, bytes_of("a\0b", 3) };
	char name[1024];
	const struct id lengthy = { ID_KEY_ID, bytes_of(name, sizeof name) };

	(void)state;
	memset(name, 'a', sizeof name);
	assert_false(id_matches(&any, &nul));
	assert_false(id_matches(&any, &lengthy));
}

/* Who calls himself by a pattern is not all of those that it stands for. */
static void octets_of_a_peer_are_one_identity(void **state)
{
	static const struct {
		const char *octets;
		uint8_t type;
	} rows[] = { { "carol", ID_FQDN }, { "carol@example.org", ID_RFC822_ADDR },
		{ "192.0.2.1", ID_IPV4_ADDR }, { "LAB\\carol", ID_FQDN }, { "%any", ID_KEY_ID },
		{ "^.*$", ID_KEY_ID }, { "", ID_KEY_ID }, { "192.0.2.0/24", ID_KEY_ID },
		{ "carol\x01", ID_KEY_ID }, { "\xc3\xa9", ID_KEY_ID } };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct bytes octets = bytes_str(rows[i].octets);
		struct id one = id_of_octets(octets, &arena);

		assert_int_equal(one.type, rows[i].type);
		assert_true(one.type != ID_KEY_ID || bytes_eq(one.data, octets));
	}
	arena_free(&arena);
}

static void patterns_are_only_for_others(void **state)
{
	static const struct {
		const char *text;
		bool pattern;
	} rows[] = { { "%any", false }, { "moon", false }, { "192.0.2.1", false }, { "192.0.2.0/24", true },
		{ "2001:db8::1-2001:db8::2", true }, { "^a$", true } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct id one = id(rows[i].text);

		assert_int_equal(id_is_pattern(&one), rows[i].pattern);
	}
}

static uint64_t hash(struct id i)
{
	static const struct siphash_key key = { 1, 2 };

	return id_hash(&i, &key);
}

/* Tables of IKE_SAs are of no use where thousands of clients with certificates have one hash. */
static void each_name_has_a_hash_however_it_is_written(void **state)
{
	static const char *const others[] = { "C=DE, O=Example, CN=gx", "C=DE, O=Example",
		"C=DE, CN=gw, O=Example", "gw",
		"C=DE, O=Example, CN=a-name-so-long-that-it-has-more-octets-than-any-other" };
	const struct id name = id("C=DE, O=Example, CN=gw"), capitals = id("C=de, O=EXAMPLE, CN=Gw");
	struct id kind = id_copy(&arena, &name), cut = id_copy(&arena, &name);
	uint8_t *tag = memmem((void *)kind.data.p, kind.data.n, "\x0c\x02gw", 4);

	(void)state;
	assert_non_null(tag);
	*tag = 0x13; /* PrintableString */
	assert_true(id_eq(&name, &capitals) && id_eq(&name, &kind));
	assert_true(hash(name) == hash(capitals));
	assert_true(hash(name) == hash(kind));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_true(hash(name) != hash(id(others[i])));
	cut.data.n--; /* not well-formed, and equal to itself only */
	assert_true(id_eq(&cut, &cut));
	assert_true(hash(cut) == hash(cut));
	assert_true(hash(cut) != hash(name));
	assert_true(hash(id("@Moon")) == hash(id("moon")));
	assert_true(hash(id("@Moon")) != hash(id("sun")));
}

static void types_have_the_words_of_the_rfc(void **state)
{
	(void)state;
	assert_string_equal(id_type_name(ID_FQDN), "FQDN");
	assert_string_equal(id_type_name(ID_DER_ASN1_DN), "DER_ASN1_DN");
	assert_string_equal(id_type_name(12), "?");
}

static void a_copy_has_its_own_octets(void **state)
{
	char name[] = "gw";
	const struct id i = { ID_FQDN, bytes_str(name) }, copy = id_copy(&arena, &i);

	(void)state;
	name[0] = 'x';
	assert_string_equal(id_print(&copy, &arena), "gw");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(text_decides_the_type, clear),
		cmocka_unit_test_teardown(what_is_no_identity_is_refused, clear),
		cmocka_unit_test_teardown(the_data_is_what_the_wire_has, clear),
		cmocka_unit_test_teardown(a_comma_in_a_value_is_escaped, clear),
		cmocka_unit_test_teardown(every_attribute_comes_back, clear),
		cmocka_unit_test_teardown(long_names_have_long_lengths, clear),
		cmocka_unit_test_teardown(unknown_parts_of_a_dn_are_printed_as_numbers, clear),
		cmocka_unit_test_teardown(nothing_harmful_reaches_a_log, clear),
		cmocka_unit_test_teardown(a_malformed_dn_is_printed_as_hex, clear),
		cmocka_unit_test_teardown(random_der_does_no_harm, clear),
		cmocka_unit_test_teardown(case_counts_only_where_it_must, clear),
		cmocka_unit_test(a_hidden_nul_makes_a_difference),
		cmocka_unit_test_teardown(the_kind_of_a_string_does_not_count, clear),
		cmocka_unit_test_teardown(stars_match_in_names, clear),
		cmocka_unit_test_teardown(stars_match_in_distinguished_names, clear),
		cmocka_unit_test_teardown(addresses_match_in_prefixes_and_ranges, clear),
		cmocka_unit_test_teardown(expressions_match_the_whole, clear),
		cmocka_unit_test_teardown(expressions_do_not_match_what_is_odd, clear),
		cmocka_unit_test_teardown(octets_of_a_peer_are_one_identity, clear),
		cmocka_unit_test_teardown(patterns_are_only_for_others, clear),
		cmocka_unit_test_teardown(each_name_has_a_hash_however_it_is_written, clear),
		cmocka_unit_test(types_have_the_words_of_the_rfc),
		cmocka_unit_test_teardown(a_copy_has_its_own_octets, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
