/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Apple's configuration profiles: a property list with the CA, the user's certificate and the connection,
 * whose proposals are exactly one. */
#include "profile.h"

#include <stdio.h>

enum { UUID_PROFILE, UUID_CA, UUID_USER, UUID_VPN };

struct plist {
	struct text t;
	unsigned depth;
};

static void indent(struct plist *l)
{
	for (unsigned i = 0; i < l->depth; i++)
		text_put(&l->t, "\t", 1);
}

static void put_xml(struct text *t, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&': text_add(t, "&amp;"); break;
		case '<': text_add(t, "&lt;"); break;
		case '>': text_add(t, "&gt;"); break;
		default: text_put(t, s, 1);
		}
}

static void element(struct plist *l, const char *name, const char *content)
{
	indent(l);
	text_add(&l->t, "<%s>", name);
	put_xml(&l->t, content);
	text_add(&l->t, "</%s>\n", name);
}

static void key_string(struct plist *l, const char *key, const char *value)
{
	element(l, "key", key);
	element(l, "string", value);
}

static void key_number(struct plist *l, const char *key, unsigned value)
{
	char digits[16];

	snprintf(digits, sizeof digits, "%u", value);
	element(l, "key", key);
	element(l, "integer", digits);
}

static void key_data(struct plist *l, const char *key, struct bytes b)
{
	element(l, "key", key);
	element(l, "data", profile_base64(b, 0, "", l->t.arena));
}

/* Opens a <dict> or <array>, KEY NULL within an array. */
static void open_tag(struct plist *l, const char *key, const char *tag)
{
	if (key)
		element(l, "key", key);
	indent(l);
	text_add(&l->t, "<%s>\n", tag);
	l->depth++;
}

static void close_tag(struct plist *l, const char *tag)
{
	l->depth--;
	indent(l);
	text_add(&l->t, "</%s>\n", tag);
}

/* What every payload has: type, identifier, UUID. */
static void payload_head(
	struct plist *l, const struct profile *p, const char *type, const char *last, int uuid)
{
	key_string(l, "PayloadType", type);
	key_number(l, "PayloadVersion", 1);
	key_string(l, "PayloadIdentifier",
		arena_printf(l->t.arena, "ikev2d.%s.%s%s", p->gateway, p->user, last));
	key_string(l, "PayloadUUID", p->uuids[uuid]);
}

static const char *cipher(const struct transform *encr)
{
	switch (encr->id << 16 | encr->bits) {
	case ENCR_AES_GCM_16 << 16 | 256: return "AES-256-GCM";
	case ENCR_AES_GCM_16 << 16 | 128: return "AES-128-GCM";
	case ENCR_AES_CBC << 16 | 256: return "AES-256";
	default: return "AES-128";
	}
}

/* By its digest: with an AEAD it is that of the PRF. */
static const char *integrity(const struct suite *s)
{
	const char *digest = s->integ ? s->integ->openssl : s->prf ? s->prf->openssl : "SHA256";

	return !strcmp(digest, "SHA384") ? "SHA2-384" : !strcmp(digest, "SHA512") ? "SHA2-512" : "SHA2-256";
}

static void parameters(struct plist *l, const char *key, const struct suite *s, unsigned minutes)
{
	open_tag(l, key, "dict");
	key_string(l, "EncryptionAlgorithm", cipher(s->encr));
	key_string(l, "IntegrityAlgorithm", integrity(s));
	if (s->ke)
		key_number(l, "DiffieHellmanGroup", s->ke->id);
	key_number(l, "LifeTimeInMinutes", minutes);
	close_tag(l, "dict");
}

static const char *certificate_type(const struct profile *p, struct arena *arena)
{
	if (strcmp(p->key_type, "ecdsa") != 0)
		return "RSA";
	return arena_printf(arena, "ECDSA%u", p->key_bits);
}

static void who_we_are(struct plist *l, const struct profile *p)
{
	key_string(l, "LocalIdentifier", p->user_id);
	key_string(l, "AuthenticationMethod", p->auth == PROFILE_CERT ? "Certificate" : "None");
	key_number(l, "ExtendedAuthEnabled", p->auth != PROFILE_CERT);
	if (p->auth == PROFILE_PASSWORD) {
		key_string(l, "AuthName", p->eap_user);
		return;
	}
	key_string(l, "PayloadCertificateUUID", p->uuids[UUID_USER]);
	key_string(l, "CertificateType", certificate_type(p, l->t.arena));
}

static void ikev2(struct plist *l, const struct profile *p)
{
	open_tag(l, "IKEv2", "dict");
	key_string(l, "RemoteAddress", p->gateway);
	key_string(l, "RemoteIdentifier", p->gateway_id);
	key_string(l, "ServerCertificateIssuerCommonName", p->ca_name);
	who_we_are(l, p);
	key_string(l, "DeadPeerDetectionRate", "Medium");
	key_number(l, "EnablePFS", p->esp_suite.ke != NULL);
	key_number(l, "UseConfigurationAttributeInternalIPSubnet", 0);
	parameters(l, "IKESecurityAssociationParameters", &p->ike_suite, 1440);
	parameters(l, "ChildSecurityAssociationParameters", &p->esp_suite, 1440);
	close_tag(l, "dict");
}

static void strings(struct plist *l, const char *key, const char *const *v, unsigned n)
{
	open_tag(l, key, "array");
	for (unsigned i = 0; i < n; i++)
		element(l, "string", v[i]);
	close_tag(l, "array");
}

/* Beside a tunnel that does not take everything the servers are asked only for domains that are said; the
 * empty one is all. */
static void dns(struct plist *l, const struct profile *p)
{
	static const char *const all[] = { "" };

	if (!p->n_dns)
		return;
	open_tag(l, "DNS", "dict");
	key_string(l, "DNSProtocol", "Cleartext");
	strings(l, "ServerAddresses", p->dns, p->n_dns);
	if (!p->full) {
		strings(l, "SupplementalMatchDomains", p->n_domains ? p->domains : all,
			p->n_domains ? p->n_domains : 1);
		key_number(l, "SupplementalMatchDomainsNoSearch", !p->n_domains);
	}
	close_tag(l, "dict");
}

static void vpn(struct plist *l, const struct profile *p)
{
	open_tag(l, NULL, "dict");
	payload_head(l, p, "com.apple.vpn.managed", ".vpn", UUID_VPN);
	key_string(l, "PayloadDisplayName", p->gateway);
	key_string(l, "UserDefinedName", p->gateway);
	key_string(l, "VPNType", "IKEv2");
	ikev2(l, p);
	dns(l, p);
	open_tag(l, "IPv4", "dict");
	key_number(l, "OverridePrimary", p->full);
	close_tag(l, "dict");
	close_tag(l, "dict");
}

static void ca(struct plist *l, const struct profile *p)
{
	open_tag(l, NULL, "dict");
	payload_head(l, p, "com.apple.security.root", ".ca", UUID_CA);
	key_string(l, "PayloadDisplayName", p->ca_name);
	key_data(l, "PayloadContent", p->ca);
	close_tag(l, "dict");
}

static void user(struct plist *l, const struct profile *p)
{
	open_tag(l, NULL, "dict");
	payload_head(l, p, "com.apple.security.pkcs12", ".user", UUID_USER);
	key_string(l, "PayloadDisplayName", p->user);
	key_data(l, "PayloadContent", p->p12);
	close_tag(l, "dict");
}

void profile_apple(const struct profile *p, struct arena *arena, struct profile_files *out)
{
	struct plist l = { .t = text_in(arena) };

	text_add(&l.t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		       "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		       "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
		       "<plist version=\"1.0\">\n");
	open_tag(&l, NULL, "dict");
	payload_head(&l, p, "Configuration", "", UUID_PROFILE);
	key_string(&l, "PayloadDisplayName", arena_printf(arena, "%s for %s", p->gateway, p->user));
	open_tag(&l, "PayloadContent", "array");
	ca(&l, p);
	if (p->auth != PROFILE_PASSWORD)
		user(&l, p);
	vpn(&l, p);
	close_tag(&l, "array");
	close_tag(&l, "dict");
	text_add(&l.t, "</plist>\n");
	profile_add(out, NULL, text_str(&l.t));
}
