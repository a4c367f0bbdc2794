/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles as text: what each kind of client is told of a gateway. Whether others can read them, the cases
 * users-profile-* say. */
#include "unit.h"

#include "tools/profile/profile.h"

#include <stdio.h>
#include <string.h>

struct client {
	struct arena arena;
	struct profile facts;
	struct profile_files files;
};

static struct proposals proposals(struct client *c, const char *words, uint8_t protocol)
{
	struct proposals p = { 0 };
	struct text why = text_in(&c->arena);

	assert_int_equal(proposal_parse(words, protocol, &c->arena, &p, &why), ERR_OK);
	return p;
}

static void add_net(struct client *c, const char *net)
{
	struct ts *v = (struct ts *)c->facts.nets.v;

	assert_int_equal(ts_parse(net, &v[c->facts.nets.n++]), ERR_OK);
}

/* A client of the kind WORD, with a certificate, behind a gateway with those networks. */
static void begin(struct client *c, const char *word, const char *ike, const char *esp)
{
	struct proposal_why why;
	uint8_t protocol;

	*c = (struct client){ .facts = { .user = "alice",
				      .user_id = "alice@example.org",
				      .eap_user = "alice",
				      .gateway = "vpn.example.org",
				      .gateway_id = "gw.example.org",
				      .password = "a \"word\\",
				      .v4 = true,
				      .ca_name = "Example & Sons <CA>",
				      .ca_file = "CA PEM",
				      .ca = bytes_str("the CA"),
				      .cert_file = "CERT PEM",
				      .key_file = "KEY PEM",
				      .key_type = "ecdsa",
				      .key_bits = 256,
				      .p12 = bytes_str("both"),
				      .uuids = { "uuid-0", "uuid-1", "uuid-2", "uuid-3" } } };
	c->facts.nets.v = ARENA_ARRAY(&c->arena, 8, struct ts);
	assert_int_equal(profile_suites(profile_kind_find(word), proposals(c, ike, PROTO_IKE),
				 proposals(c, esp, PROTO_ESP), &c->arena, &c->facts, &why, &protocol),
		ERR_OK);
}

static const char *text_of(struct client *c, const char *word)
{
	c->files.n = 0;
	profile_kind_find(word)->write(&c->facts, &c->arena, &c->files);
	return (const char *)c->files.v[0].data.p;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("there is no \"%s\" in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("there is \"%s\" in:\n%s", part, text);
}

/* ------------------------------------------------------------ algorithms */

static void every_kind_meets_our_defaults(void **state)
{
	(void)state;
	for (const struct profile_kind *k = profile_kind_next(NULL); k; k = profile_kind_next(k)) {
		struct client c;

		begin(&c, k->word, "default", "default");
		assert_non_null(c.facts.ike);
		assert_true(c.facts.ike_suite.ke && c.facts.ike_suite.prf && c.facts.ike_suite.encr);
		assert_null(c.facts.esp_suite.ke);
		/* Both can say it in their configurations. */
		(void)proposals(&c, c.facts.ike, PROTO_IKE);
		(void)proposals(&c, c.facts.esp, PROTO_ESP);
		arena_free(&c.arena);
	}
}

static void each_word_of_the_table_counts(void **state)
{
	(void)state;
	for (const struct profile_kind *k = profile_kind_next(NULL); k; k = profile_kind_next(k))
		for (const char *const *w = k->ike; w && *w; w++) {
			struct client c;

			begin(&c, k->word, *w, "default");
			arena_free(&c.arena);
		}
	for (const struct profile_kind *k = profile_kind_next(NULL); k; k = profile_kind_next(k))
		for (const char *const *w = k->esp; w && *w; w++) {
			struct client c;

			begin(&c, k->word, "default", *w);
			arena_free(&c.arena);
		}
}

static void nothing_in_common_is_explained(void **state)
{
	struct client c = { 0 };
	struct proposal_why why;
	uint8_t protocol;
	const struct profile_kind *k = profile_kind_find("windows");

	(void)state;
	assert_int_equal(profile_suites(k, proposals(&c, "aes256gcm16-prfsha384-x25519", PROTO_IKE),
				 proposals(&c, "default", PROTO_ESP), &c.arena, &c.facts, &why, &protocol),
		ERR_MISSING);
	assert_int_equal(protocol, PROTO_IKE);
	has(why.differs, "key exchange");
	has(why.instead, "ecp384");
	assert_int_equal(
		profile_suites(k, proposals(&c, "default", PROTO_IKE),
			proposals(&c, "aes256-sha512", PROTO_ESP), &c.arena, &c.facts, &why, &protocol),
		ERR_MISSING);
	assert_int_equal(protocol, PROTO_ESP);
	has(why.instead, "aes256gcm16");
	arena_free(&c.arena);
}

/* ----------------------------------------------------------------- kinds */

static void apple(void **state)
{
	struct client c;
	const char *s;

	(void)state;
	begin(&c, "ios", "aes256-sha512-ecp521", "aes128gcm16-modp2048");
	c.facts.dns[c.facts.n_dns++] = "10.1.0.53";
	add_net(&c, "10.1.0.0/16");
	s = text_of(&c, "ios");
	has(s, "<key>EncryptionAlgorithm</key>\n\t\t\t\t\t<string>AES-256</string>");
	has(s, "<string>SHA2-512</string>");
	has(s, "<integer>21</integer>");
	has(s, "<string>AES-128-GCM</string>");
	has(s, "<key>EnablePFS</key>\n\t\t\t\t<integer>1</integer>");
	has(s, "<integer>14</integer>");
	has(s, "<string>ECDSA256</string>");
	has(s, "<string>Example &amp; Sons &lt;CA&gt;</string>");
	has(s, "<key>OverridePrimary</key>\n\t\t\t\t<integer>0</integer>");
	has(s, "<string>10.1.0.53</string>");
	has(s, "<key>DNSProtocol</key>\n\t\t\t\t<string>Cleartext</string>");
	has(s, "<key>SupplementalMatchDomains</key>\n\t\t\t\t<array>\n\t\t\t\t\t<string></string>\n\t\t\t\t</"
	       "array>");
	has(s, "<key>SupplementalMatchDomainsNoSearch</key>\n\t\t\t\t<integer>1</integer>");
	c.facts.domains[c.facts.n_domains++] = "inside.example.org";
	s = text_of(&c, "ios");
	has(s, "<array>\n\t\t\t\t\t<string>inside.example.org</string>\n\t\t\t\t</array>");
	has(s, "<key>SupplementalMatchDomainsNoSearch</key>\n\t\t\t\t<integer>0</integer>");
	c.facts.auth = PROFILE_PASSWORD;
	c.facts.full = true;
	s = text_of(&c, "macos");
	has_not(s, "SupplementalMatchDomains");
	has(s, "<key>ExtendedAuthEnabled</key>\n\t\t\t\t<integer>1</integer>");
	has(s, "<key>AuthName</key>\n\t\t\t\t<string>alice</string>");
	has(s, "<key>OverridePrimary</key>\n\t\t\t\t<integer>1</integer>");
	has_not(s, "pkcs12");
	has_not(s, "a \"word");
	arena_free(&c.arena);
}

static void windows(void **state)
{
	struct client c;
	const char *s;

	(void)state;
	begin(&c, "windows", "aes256-sha384-modp2048", "aes256-sha256-modp2048");
	c.facts.gateway = "o'hara.example.org";
	add_net(&c, "10.1.0.0/16");
	add_net(&c, "10.2.0.0/24");
	s = text_of(&c, "windows");
	has(s, "$name = 'o''hara.example.org'");
	has(s, "SplitTunneling = $true");
	has(s, "in '10.1.0.0/16', '10.2.0.0/24')");
	has(s, "EncryptionMethod = 'AES256'\n    IntegrityCheckMethod = 'SHA384'\n    DHGroup = 'Group14'");
	has(s, "AuthenticationTransformConstants = 'SHA256128'\n    PfsGroup = 'PFS2048'");
	has(s, "'MachineCertificate'");
	c.facts.full = c.facts.v6 = true;
	c.facts.auth = PROFILE_EAP_TLS;
	s = text_of(&c, "windows");
	has(s, "SplitTunneling = $false");
	has(s, "in '::/1', '8000::/1')");
	has(s, "Cert:\\CurrentUser\\My");
	has(s, "-Tls");
	c.facts.auth = PROFILE_PASSWORD;
	s = text_of(&c, "windows");
	has_not(s, "Pfx");
	has_not(s, "a \"word");
	arena_free(&c.arena);
}

static void windows_with_aead(void **state)
{
	struct client c;

	(void)state;
	begin(&c, "windows", "default", "default");
	has(text_of(&c, "windows"),
		"EncryptionMethod = 'GCMAES256'\n    IntegrityCheckMethod = 'SHA384'\n    DHGroup "
		"= 'ECP384'\n    CipherTransformConstants = 'GCMAES256'\n    "
		"AuthenticationTransformConstants = 'GCMAES256'\n    PfsGroup = 'None'");
	arena_free(&c.arena);
}

static void android(void **state)
{
	struct client c;
	const char *s;

	(void)state;
	begin(&c, "android", "default", "default");
	add_net(&c, "10.1.0.0-10.1.2.255");
	s = text_of(&c, "android");
	has(s, "\"type\": \"ikev2-cert\"");
	has(s, "\"subnets\": [\"10.1.0.0/23\", \"10.1.2.0/24\"]");
	has(s, "\"p12\": \"Ym90aA==\"");
	has(s, "\"id\": \"alice@example.org\"");
	c.facts.full = true;
	c.facts.auth = PROFILE_PASSWORD;
	s = text_of(&c, "android");
	has(s, "\"block-ipv4\": false,\n    \"block-ipv6\": true");
	has(s, "\"type\": \"ikev2-eap\"");
	has(s, "\"eap_id\": \"alice\"");
	has_not(s, "p12");
	arena_free(&c.arena);
}

static void network_manager(void **state)
{
	struct client c;
	const char *s;

	(void)state;
	begin(&c, "linux", "default", "aes256gcm16-x25519");
	c.facts.user_id = " C=CH, CN=a\\b";
	c.facts.dns[c.facts.n_dns++] = "10.1.0.53";
	c.facts.dns[c.facts.n_dns++] = "2001:db8::53";
	add_net(&c, "10.1.0.0/16");
	add_net(&c, "10.2.0.0/16");
	s = text_of(&c, "linux");
	has(s, "local-identity=\\sC=CH, CN=a\\\\b\n");
	has(s, "remote-ts=10.1.0.0/16;10.2.0.0/16\n");
	has(s, "esp=aes256gcm16-x25519\n");
	has(s, "[ipv4]\nmethod=auto\ndns=10.1.0.53;\ndns-search=~.;\nnever-default=true\n");
	has(s, "[ipv6]\nmethod=auto\ndns=2001:db8::53;\ndns-search=~.;\nnever-default=true\n");
	c.facts.domains[c.facts.n_domains++] = "lab.example.org";
	c.facts.domains[c.facts.n_domains++] = "example.net";
	s = text_of(&c, "linux");
	has(s, "dns=10.1.0.53;\ndns-search=lab.example.org;example.net;\nnever-default=true\n");
	c.facts.full = true;
	s = text_of(&c, "linux");
	has(s, "dns=10.1.0.53;\ndns-search=~.;\ndns-priority=-50\nnever-default=false\n");
	assert_int_equal(c.files.n, 4);
	c.facts.auth = PROFILE_PASSWORD;
	s = text_of(&c, "linux");
	has(s, "method=eap\nuser=alice\npassword-flags=1\n");
	has_not(s, "a \"word");
	assert_int_equal(c.files.n, 2);
	arena_free(&c.arena);
}

static void swanctl(void **state)
{
	struct client c;
	const char *s;

	(void)state;
	begin(&c, "swanctl", "default", "default");
	c.facts.v6 = true;
	add_net(&c, "10.1.0.0/16");
	add_net(&c, "2001:db8:1::/48");
	s = text_of(&c, "swanctl");
	has(s, "vips = 0.0.0.0, ::\n");
	has(s, "remote_ts = 10.1.0.0/16, 2001:db8:1::/48\n");
	has(s, "id = \"gw.example.org\"");
	has(s, "certs = alice.pem");
	assert_string_equal(c.files.v[0].path, "conf.d/alice.conf");
	assert_string_equal(c.files.v[3].path, "private/alice.pem");
	c.facts.auth = PROFILE_PASSWORD;
	c.facts.ike = c.facts.esp = NULL;
	s = text_of(&c, "ikev2d");
	has(s, "auth = eap\n");
	has(s, "secret = \"a \\\"word\\\\\"\n");
	has_not(s, "proposals");
	assert_string_equal(c.files.v[0].path, "ikev2d.conf");
	assert_int_equal(c.files.n, 2);
	arena_free(&c.arena);
}

/* Octets of every length modulo three, in lines (RFC 4648, 10). */
static void base64(void **state)
{
	struct arena a = { 0 };

	(void)state;
	assert_string_equal(profile_base64(bytes_str("foob"), 0, "", &a), "Zm9vYg==");
	assert_string_equal(profile_base64(bytes_str("fooba"), 0, "", &a), "Zm9vYmE=");
	assert_string_equal(profile_base64(bytes_str("foobar"), 4, " ", &a), "Zm9v\n YmFy");
	assert_string_equal(profile_base64(bytes_str(""), 4, " ", &a), "");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_meets_our_defaults),
		cmocka_unit_test(each_word_of_the_table_counts),
		cmocka_unit_test(nothing_in_common_is_explained),
		cmocka_unit_test(apple),
		cmocka_unit_test(windows),
		cmocka_unit_test(windows_with_aead),
		cmocka_unit_test(android),
		cmocka_unit_test(network_manager),
		cmocka_unit_test(swanctl),
		cmocka_unit_test(base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
