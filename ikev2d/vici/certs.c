/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about certificates, CRLs and keys. Names and sentences are strongSwan's; what is wrong with the
 * data follows them. */
#include "vici/commands.h"
#include "vici/listing.h"

#include <stdlib.h>

static const char *const types[] = {
	[VICI_CERT_ANY] = "ANY",
	[VICI_CERT_X509] = "X509",
	[VICI_CERT_X509_CRL] = "X509_CRL",
	[VICI_CERT_OCSP_RESPONSE] = "OCSP_RESPONSE",
	[VICI_CERT_X509_AC] = "X509_AC",
	[VICI_CERT_PUBKEY] = "PUBKEY",
};

static const char *const flags[] = {
	[VICI_FLAG_ANY] = "ANY",
	[VICI_FLAG_NONE] = "NONE",
	[VICI_FLAG_CA] = "CA",
	[VICI_FLAG_AA] = "AA",
	[VICI_FLAG_OCSP] = "OCSP",
};

/* Both in one word: swanctl's folders. */
static const struct {
	const char *name;
	enum vici_cert_type type;
	enum vici_cert_flag flag;
} folders[] = {
	{ "x509ca", VICI_CERT_X509, VICI_FLAG_CA },
	{ "x509aa", VICI_CERT_X509, VICI_FLAG_AA },
	{ "x509ocsp", VICI_CERT_X509, VICI_FLAG_OCSP },
	{ "x509ac", VICI_CERT_X509_AC, VICI_FLAG_NONE },
	{ "x509crl", VICI_CERT_X509_CRL, VICI_FLAG_NONE },
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void refuse(struct vici_call *c, const char *what)
{
	vici_put_result(c->out, &(struct why){ .what = what }, c->arena);
}

static int find(const char *const *table, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (!strcasecmp(table[i], word))
			return (int)i;
	return -1;
}

/* ------------------------------------------------------------- certificates */

static bool read_folder(const char *word, struct vici_cert *out)
{
	for (size_t i = 0; i < COUNT(folders); i++)
		if (!strcasecmp(folders[i].name, word)) {
			out->type = folders[i].type;
			out->flag = folders[i].flag;
			return true;
		}
	return false;
}

/* NULL, or what is wrong with the arguments of C. */
static const char *read_kind(struct vici_call *c, struct vici_cert *out)
{
	const char *type = vici_str(c->args, "type"), *flag = vici_str(c->args, "flag");
	int i;

	if (!type)
		return "certificate type missing";
	if (read_folder(type, out))
		return NULL;
	i = find(types, COUNT(types), type);
	if (i <= VICI_CERT_ANY || i == VICI_CERT_OCSP_RESPONSE)
		return arena_printf(c->arena, "invalid certificate type '%s'", type);
	out->type = (enum vici_cert_type)i;
	i = flag && out->type == VICI_CERT_X509 ? find(flags, COUNT(flags), flag) : VICI_FLAG_NONE;
	if (i <= VICI_FLAG_ANY)
		return arena_printf(c->arena, "invalid certificate flag '%s'", flag);
	out->flag = (enum vici_cert_flag)i;
	return NULL;
}

/* Strict about what was loaded before: the same again is no failure. */
void vici_do_load_cert(struct vici_call *c)
{
	const struct vici_node *data = vici_find(c->args, "data");
	struct vici_cert cert = { 0 };
	const char *wrong = read_kind(c, &cert);
	struct why why = { 0 };
	enum err e;

	if (!wrong && (!data || !data->value.n))
		wrong = "certificate data missing";
	if (!wrong && cert.type == VICI_CERT_X509_AC)
		wrong = "attribute certificates (X509_AC) are not built in: take groups from remote.groups "
			"out "
			"and the file out of the folder x509ac";
	if (wrong) {
		refuse(c, wrong);
		return;
	}
	cert.data = data->value;
	e = c->host->load_cert(c->host->ctx, &cert, c->arena, &why);
	vici_put_result(c->out, e ? &why : NULL, c->arena);
}

static bool put_cert(
	struct vici_listing *l, const struct vici_host *host, struct vici_out *out, struct arena *scratch)
{
	const struct vici_cert *cert = &l->certs[l->at];

	(void)host;
	(void)scratch;
	vici_put_pair(out, "type", types[cert->type]);
	if (cert->type == VICI_CERT_X509)
		vici_put_pair(out, "flag", flags[cert->flag]);
	if (cert->has_key)
		vici_put_pair(out, "has_privkey", "yes");
	vici_put_value(out, "data", cert->data);
	return true;
}

/* A filter that nothing can match lists nothing, and flags count only where X.509 certificates are asked for,
 * as with strongSwan. */
void vici_do_list_certs(struct vici_call *c)
{
	const char *type = vici_str(c->args, "type"), *flag = vici_str(c->args, "flag");
	int t = type ? find(types, COUNT(types), type) : VICI_CERT_ANY,
	    f = flag ? find(flags, COUNT(flags), flag) : VICI_FLAG_ANY;
	struct vici_cert_filter filter = { (enum vici_cert_type)t,
		t == VICI_CERT_X509 ? (enum vici_cert_flag)f : VICI_FLAG_ANY, vici_str(c->args, "subject") };
	struct vici_listing *l;

	if (t < 0 || f < 0)
		return;
	l = vici_listing_new(c, EVENT_LIST_CERT);
	l->certs = c->host->certs(c->host->ctx, &filter, &l->arena, &l->n);
	l->put = put_cert;
	vici_listing_start(c, l);
}

void vici_do_flush_certs(struct vici_call *c)
{
	const char *type = vici_str(c->args, "type");
	int t = type ? find(types, COUNT(types), type) : VICI_CERT_ANY;

	if (t < 0) {
		refuse(c, arena_printf(c->arena, "invalid certificate type '%s'", type));
		return;
	}
	c->host->flush_certs(c->host->ctx, (enum vici_cert_type)t);
	vici_put_result(c->out, NULL, c->arena);
}

/* --------------------------------------------------------------------- keys */

/* The type is a hint to strongSwan's parsers, and ours needs none; but who asks for what IKE has not is told.
 */
void vici_do_load_key(struct vici_call *c)
{
	static const char *const kinds[] = { "any", "rsa", "ecdsa", "ed25519", "ed448" };
	const struct vici_node *data = vici_find(c->args, "data");
	const char *type = vici_str(c->args, "type"), *id = NULL;
	struct why why = { 0 };

	if (!type)
		refuse(c, "key type missing");
	else if (find(kinds, COUNT(kinds), type) < 0)
		refuse(c, arena_printf(c->arena, "invalid key type: %s", type));
	else if (!data || !data->value.n)
		refuse(c, "key data missing");
	else if (c->host->load_key(c->host->ctx, data->value, c->arena, &id, &why))
		vici_put_result(c->out, &why, c->arena);
	else {
		vici_put_result(c->out, NULL, c->arena);
		vici_put_pair(c->out, "id", id);
	}
}

/* The slot is a number, as swanctl sends it. */
static bool read_slot(struct vici_call *c, struct key_conf *k)
{
	const char *slot = vici_str(c->args, "slot");
	char *end = NULL;
	unsigned long n = slot ? strtoul(slot, &end, 10) : 0;

	k->has_slot = slot;
	k->slot = (uint32_t)n;
	return !slot || (end != slot && !*end && n <= UINT32_MAX);
}

void vici_do_load_token(struct vici_call *c)
{
	const char *handle = vici_str(c->args, "handle");
	const struct vici_node *pin = vici_find(c->args, "pin");
	struct key_conf k = { .name = "a client of VICI",
		.kind = FILED_TOKEN,
		.origin = ORIGIN_VICI,
		.uri = vici_str(c->args, "uri"),
		.handle = handle,
		.module = vici_str(c->args, "module"),
		.secret = pin ? pin->value : (struct bytes){ 0 } };

	if (!k.uri && (!handle || !*handle || handle[strspn(handle, "0123456789abcdefABCDEF")]))
		refuse(c, "token handle missing, or no hexadecimal digits");
	else if (!read_slot(c, &k))
		refuse(c, "token slot is no number");
	else
		c->host->load_token(c->host->ctx, vici_ticket(c, COUNTS_ID), &k);
}

void vici_do_unload_key(struct vici_call *c)
{
	const char *id = vici_str(c->args, "id");
	struct why why = { 0 };
	enum err e;

	if (!id) {
		refuse(c, "key id missing");
		return;
	}
	e = c->host->unload_key(c->host->ctx, id, c->arena, &why);
	vici_put_result(c->out, e ? &why : NULL, c->arena);
}

void vici_do_get_keys(struct vici_call *c)
{
	const char *const *ids;
	unsigned n = 0;

	ids = c->host->keys(c->host->ctx, c->arena, &n);
	vici_put_list(c->out, "keys");
	for (unsigned i = 0; i < n; i++)
		vici_put_item(c->out, ids[i]);
	vici_put_list_end(c->out);
}
