/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extensions of certificates (RFC 5280, 4.2). */
#include "pki/extension.h"

#include "pki/ossl.h"

#include <openssl/x509v3.h>

static struct bytes octets(const ASN1_STRING *s)
{
	return bytes_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* The identity a GeneralName is, borrowed; ID_ANY for a kind that no peer can name. */
static struct id name_id(const GENERAL_NAME *name, struct arena *arena)
{
	unsigned char *der = NULL;
	int n;

	switch (name->type) {
	case GEN_DNS: return (struct id){ ID_FQDN, octets(name->d.dNSName) };
	case GEN_EMAIL: return (struct id){ ID_RFC822_ADDR, octets(name->d.rfc822Name) };
	case GEN_IPADD:
		if (ASN1_STRING_length(name->d.iPAddress) == 4)
			return (struct id){ ID_IPV4_ADDR, octets(name->d.iPAddress) };
		if (ASN1_STRING_length(name->d.iPAddress) == 16)
			return (struct id){ ID_IPV6_ADDR, octets(name->d.iPAddress) };
		return (struct id){ 0 };
	case GEN_DIRNAME:
		n = i2d_X509_NAME(name->d.directoryName, &der);
		return (struct id){ ID_DER_ASN1_DN, ossl_taken(der, n, arena) };
	default: return (struct id){ 0 };
	}
}

bool extension_names(const GENERAL_NAMES *names, struct arena *arena, const struct id **out, unsigned *n_out)
{
	int n = names ? sk_GENERAL_NAME_num(names) : 0;
	struct id *ids;

	*n_out = 0;
	if (n > CERT_SANS_MAX)
		return false;
	ids = ARENA_ARRAY(arena, (size_t)n, struct id);
	for (int i = 0; i < n; i++) {
		struct id id = name_id(sk_GENERAL_NAME_value(names, i), arena);

		if (id.type != ID_ANY)
			ids[(*n_out)++] = id_copy(arena, &id);
	}
	*out = ids;
	return true;
}

static bool take_sans(struct cert *c)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(c->x509, NID_subject_alt_name, NULL, NULL);
	bool fits = extension_names(names, &c->arena, &c->sans, &c->n_sans);

	GENERAL_NAMES_free(names);
	return fits;
}

static const struct {
	int nid;
	unsigned eku;
} usages[] = {
	{ NID_server_auth, EKU_SERVER },
	{ NID_client_auth, EKU_CLIENT },
	{ NID_ipsec_IKE, EKU_IKE },
	{ NID_ipsecEndSystem, EKU_IKE },
	{ NID_ipsecTunnel, EKU_IKE },
	{ NID_ipsecUser, EKU_IKE },
	{ NID_anyExtendedKeyUsage, EKU_ANY },
	{ NID_OCSP_sign, EKU_OCSP },
};

/* Apple's and Cisco's, which OpenSSL has no name for. */
static const char ike_intermediate[] = "1.3.6.1.5.5.8.2.2";

static unsigned usage_of(const ASN1_OBJECT *object)
{
	char dotted[32];
	int nid = OBJ_obj2nid(object);

	for (size_t i = 0; i < sizeof usages / sizeof *usages; i++)
		if (usages[i].nid == nid)
			return usages[i].eku;
	if (OBJ_obj2txt(dotted, sizeof dotted, object, 1) > 0 && !strcmp(dotted, ike_intermediate))
		return EKU_IKE;
	return EKU_OTHER;
}

static void take_eku(struct cert *c)
{
	EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(c->x509, NID_ext_key_usage, NULL, NULL);

	for (int i = 0; list && i < sk_ASN1_OBJECT_num(list); i++)
		c->eku |= usage_of(sk_ASN1_OBJECT_value(list, i));
	EXTENDED_KEY_USAGE_free(list);
}

static void add_uri(struct cert *c, struct uris *uris, const ASN1_STRING *s)
{
	struct bytes uri = octets(s);

	if (uris->n < CERT_URIS_MAX && uri.n && uri.n <= CERT_URI_MAX && !memchr(uri.p, 0, uri.n))
		uris->v[uris->n++] = arena_text(&c->arena, uri);
}

static void take_point(struct cert *c, const DIST_POINT *point)
{
	const GENERAL_NAMES *names =
		point->distpoint && !point->distpoint->type ? point->distpoint->name.fullname : NULL;

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_URI)
			add_uri(c, &c->crls, name->d.uniformResourceIdentifier);
	}
}

static void take_crl_uris(struct cert *c)
{
	CRL_DIST_POINTS *points = X509_get_ext_d2i(c->x509, NID_crl_distribution_points, NULL, NULL);

	for (int i = 0; points && i < sk_DIST_POINT_num(points); i++)
		take_point(c, sk_DIST_POINT_value(points, i));
	CRL_DIST_POINTS_free(points);
}

static void take_ocsp_uris(struct cert *c)
{
	AUTHORITY_INFO_ACCESS *list = X509_get_ext_d2i(c->x509, NID_info_access, NULL, NULL);

	for (int i = 0; list && i < sk_ACCESS_DESCRIPTION_num(list); i++) {
		const ACCESS_DESCRIPTION *a = sk_ACCESS_DESCRIPTION_value(list, i);

		if (OBJ_obj2nid(a->method) == NID_ad_OCSP && a->location->type == GEN_URI)
			add_uri(c, &c->ocsps, a->location->d.uniformResourceIdentifier);
	}
	AUTHORITY_INFO_ACCESS_free(list);
}

bool extension_take_all(struct cert *c)
{
	c->ca = X509_check_ca(c->x509) == 1;
	c->path_len = (int)X509_get_pathlen(c->x509);
	take_eku(c);
	take_crl_uris(c);
	take_ocsp_uris(c);
	return take_sans(c);
}
