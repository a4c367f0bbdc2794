/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pki/make_ext.h"

#include "pki/ossl.h"

/* THE table of what a profile's certificate is for. Gateways open connections to each other, too, and so are
 * clients as well; Windows wants serverAuth of a gateway and clientAuth of a user, Apple's older systems want
 * iKEIntermediate of a gateway. */
static const struct profile {
	bool ca;
	int usage;          /* keyUsage */
	const char *eku[5]; /* extendedKeyUsage */
} profiles[] = {
	[MAKE_CA] = { true, KU_KEY_CERT_SIGN | KU_CRL_SIGN, { NULL } },
	[MAKE_GATEWAY] = { false, KU_DIGITAL_SIGNATURE,
		{ "1.3.6.1.5.5.7.3.1" /* serverAuth */, "1.3.6.1.5.5.7.3.2" /* clientAuth */,
			"1.3.6.1.5.5.7.3.17" /* ipsecIKE */, "1.3.6.1.5.5.8.2.2" /* iKEIntermediate */ } },
	[MAKE_USER] = { false, KU_DIGITAL_SIGNATURE,
		{ "1.3.6.1.5.5.7.3.2" /* clientAuth */, "1.3.6.1.5.5.7.3.17" /* ipsecIKE */ } },
};

typedef STACK_OF(X509_EXTENSION) extensions;

/* Appends VALUE, which stays the caller's. */
static bool add(extensions **to, int nid, void *value, bool critical)
{
	return value && X509V3_add1_i2d(to, nid, value, critical, X509V3_ADD_DEFAULT) == 1;
}

X509_NAME *make_dn(const struct id *dn)
{
	const unsigned char *p = dn->data.p;

	return dn->type == ID_DER_ASN1_DN ? d2i_X509_NAME(NULL, &p, (long)dn->data.n) : NULL;
}

static bool is_ascii(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] <= ' ' || b.p[i] > '~')
			return false;
	return b.n;
}

static ASN1_STRING *string(int type, struct bytes b)
{
	ASN1_STRING *s = type == V_ASN1_IA5STRING && !is_ascii(b) ? NULL : ASN1_STRING_type_new(type);

	if (s && ASN1_STRING_set(s, b.p, (int)b.n) != 1) {
		ASN1_STRING_free(s);
		s = NULL;
	}
	return s;
}

/* NULL for a kind of identity that is no GeneralName. */
static GENERAL_NAME *general_name(const struct id *id)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	void *value = NULL;
	int type = -1;

	switch (id->type) {
	case ID_FQDN: type = GEN_DNS, value = string(V_ASN1_IA5STRING, id->data); break;
	case ID_RFC822_ADDR: type = GEN_EMAIL, value = string(V_ASN1_IA5STRING, id->data); break;
	case ID_IPV4_ADDR:
	case ID_IPV6_ADDR: type = GEN_IPADD, value = string(V_ASN1_OCTET_STRING, id->data); break;
	case ID_DER_ASN1_DN: type = GEN_DIRNAME, value = make_dn(id); break;
	default: break;
	}
	if (!name || !value) {
		GENERAL_NAME_free(name);
		return NULL;
	}
	GENERAL_NAME_set0_value(name, type, value);
	return name;
}

static bool add_sans(extensions **to, const struct id *sans, unsigned n, struct arena *arena, struct why *why)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	bool done = names;

	for (unsigned i = 0; done && i < n; i++) {
		GENERAL_NAME *name = general_name(&sans[i]);

		done = name && sk_GENERAL_NAME_push(names, name);
		if (!done) {
			why->what = arena_printf(
				arena, "%s cannot be a subjectAltName", id_print(&sans[i], arena));
			why->instead = "a DNS name, an e-mail address, an IP address or a DN";
		}
	}
	done = done && (!n || add(to, NID_subject_alt_name, names, false));
	GENERAL_NAMES_free(names);
	return done;
}

static bool add_basic(extensions **to, const struct profile *p)
{
	BASIC_CONSTRAINTS *basic = BASIC_CONSTRAINTS_new();
	bool done = basic;

	/* Our CAs issue for gateways and users, not for other CAs. */
	if (basic && p->ca) {
		basic->ca = 0xff;
		basic->pathlen = ASN1_INTEGER_new();
		done = basic->pathlen && ASN1_INTEGER_set(basic->pathlen, 0) == 1;
	}
	done = done && add(to, NID_basic_constraints, basic, true);
	BASIC_CONSTRAINTS_free(basic);
	return done;
}

static bool add_usage(extensions **to, const struct profile *p)
{
	/* Bit 0 is the first octet's highest (X.690, 8.6). */
	static const int bits[] = { KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION, KU_KEY_ENCIPHERMENT,
		KU_DATA_ENCIPHERMENT, KU_KEY_AGREEMENT, KU_KEY_CERT_SIGN, KU_CRL_SIGN };
	ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
	bool done = usage;

	for (int i = 0; done && i < (int)(sizeof bits / sizeof *bits); i++)
		if (p->usage & bits[i])
			done = ASN1_BIT_STRING_set_bit(usage, i, 1) == 1;
	done = done && add(to, NID_key_usage, usage, true);
	ASN1_BIT_STRING_free(usage);
	return done;
}

static bool add_eku(extensions **to, const struct profile *p)
{
	EXTENDED_KEY_USAGE *eku = sk_ASN1_OBJECT_new_null();
	bool done = eku;

	for (int i = 0; done && p->eku[i]; i++)
		done = sk_ASN1_OBJECT_push(eku, OBJ_txt2obj(p->eku[i], 1));
	done = done && (!p->eku[0] || add(to, NID_ext_key_usage, eku, false));
	EXTENDED_KEY_USAGE_free(eku);
	return done;
}

/* The subject's key by RFC 5280's first method, the issuer's as its certificate says. */
static bool add_key_ids(extensions **to, const struct key *key, const struct cert *issuer)
{
	struct bytes by = issuer && issuer->subject_key_id.n
				  ? issuer->subject_key_id
				  : bytes_of(issuer ? issuer->subj : key->subj, KEYID_SIZE);
	ASN1_OCTET_STRING *ski = string(V_ASN1_OCTET_STRING, bytes_of(key->subj, KEYID_SIZE));
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
	bool done = ski && aki && (aki->keyid = string(V_ASN1_OCTET_STRING, by));

	done = done && add(to, NID_subject_key_identifier, ski, false) &&
	       add(to, NID_authority_key_identifier, aki, false);
	ASN1_OCTET_STRING_free(ski);
	AUTHORITY_KEYID_free(aki);
	return done;
}

/* An address as nameConstraints have it: with its mask (RFC 5280, 4.2.1.10). */
static struct id masked(const struct make_scope *s, struct arena *arena)
{
	size_t n = s->name.data.n;
	uint8_t *p = arena_alloc(arena, 2 * n);

	memcpy(p, s->name.data.p, n);
	for (size_t i = 0; i < 8 * n; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		if (i < s->bits)
			p[n + i / 8] |= bit;
		else
			p[i / 8] &= (uint8_t)~bit;
	}
	return (struct id){ s->name.type, bytes_of(p, 2 * n) };
}

static bool add_subtrees(STACK_OF(GENERAL_SUBTREE) * *to, struct make_scopes scopes, struct arena *arena)
{
	if (scopes.n && !*to)
		*to = sk_GENERAL_SUBTREE_new_null();
	for (unsigned i = 0; i < scopes.n; i++) {
		const struct id *name = &scopes.v[i].name;
		bool is_ip = name->type == ID_IPV4_ADDR || name->type == ID_IPV6_ADDR;
		struct id id = is_ip ? masked(&scopes.v[i], arena) : *name;
		GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();

		if (!tree || !sk_GENERAL_SUBTREE_push(*to, tree))
			return false;
		GENERAL_NAME_free(tree->base);
		tree->base = general_name(&id);
		if (!tree->base)
			return false;
	}
	return true;
}

static bool add_scopes(extensions **to, const struct make_spec *s, struct arena *arena)
{
	NAME_CONSTRAINTS *names = NAME_CONSTRAINTS_new();
	bool done = names && add_subtrees(&names->permittedSubtrees, s->permitted, arena) &&
		    add_subtrees(&names->excludedSubtrees, s->excluded, arena);

	done = done && (s->permitted.n + s->excluded.n == 0 || add(to, NID_name_constraints, names, true));
	NAME_CONSTRAINTS_free(names);
	return done;
}

static GENERAL_NAME *uri_name(const char *uri)
{
	GENERAL_NAME *name = GENERAL_NAME_new();

	if (name)
		GENERAL_NAME_set0_value(name, GEN_URI, string(V_ASN1_IA5STRING, bytes_str(uri)));
	return name;
}

static DIST_POINT *point_at(const char *uri)
{
	DIST_POINT *point = DIST_POINT_new();
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	if (point && names && (point->distpoint = DIST_POINT_NAME_new()) &&
		sk_GENERAL_NAME_push(names, uri_name(uri))) {
		point->distpoint->type = 0;
		point->distpoint->name.fullname = names;
		return point;
	}
	DIST_POINT_free(point);
	GENERAL_NAMES_free(names);
	return NULL;
}

static bool add_crl_uri(extensions **to, const char *uri)
{
	CRL_DIST_POINTS *points = sk_DIST_POINT_new_null();
	bool done = points && sk_DIST_POINT_push(points, point_at(uri)) &&
		    add(to, NID_crl_distribution_points, points, false);

	CRL_DIST_POINTS_free(points);
	return done;
}

static bool add_ocsp_uri(extensions **to, const char *uri)
{
	AUTHORITY_INFO_ACCESS *list = AUTHORITY_INFO_ACCESS_new();
	ACCESS_DESCRIPTION *entry = ACCESS_DESCRIPTION_new();
	bool done = list && entry && sk_ACCESS_DESCRIPTION_push(list, entry);

	if (done) {
		ASN1_OBJECT_free(entry->method);
		GENERAL_NAME_free(entry->location);
		entry->method = OBJ_nid2obj(NID_ad_OCSP);
		entry->location = uri_name(uri);
		done = entry->location && add(to, NID_info_access, list, false);
	}
	AUTHORITY_INFO_ACCESS_free(list);
	return done;
}

static bool add_all(extensions **to, const struct make_spec *s, const struct cert *issuer,
	struct arena *arena, struct why *why)
{
	const struct profile *p = &profiles[s->profile];

	return add_basic(to, p) && add_usage(to, p) && add_eku(to, p) &&
	       add_sans(to, s->sans, s->n_sans, arena, why) && add_key_ids(to, s->key, issuer) &&
	       add_scopes(to, s, arena) && (!s->crl_uri || add_crl_uri(to, s->crl_uri)) &&
	       (!s->ocsp_uri || add_ocsp_uri(to, s->ocsp_uri));
}

static extensions *all_or_none(extensions *list, bool done)
{
	if (done)
		return list;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return NULL;
}

extensions *make_extensions(
	const struct make_spec *s, const struct cert *issuer, struct arena *arena, struct why *why)
{
	extensions *list = NULL;
	bool done = add_all(&list, s, issuer, arena, why);

	return all_or_none(list, done);
}

extensions *make_san_extension(const struct id *sans, unsigned n, struct arena *arena, struct why *why)
{
	extensions *list = sk_X509_EXTENSION_new_null();
	bool done = list && add_sans(&list, sans, n, arena, why);

	return all_or_none(list, done);
}
