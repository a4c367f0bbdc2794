/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A chain as ikev2d would judge it, step by step. */
#include "pki_files.h"

#include "base/names.h"
#include "conf/files.h"
#include "pki/bundle.h"
#include "pki/path.h"

struct verifying {
	struct pki *p;
	struct store store;
	struct bundle given; /* the file: the certificate, and what would come with it */
	struct path_request request;
	struct path_verdict verdict;
	struct id id;
	bool has_id, confirmed;
	struct why not_confirmed;
};

static bool store_take(struct verifying *v, const char *path, enum stored_kind kind)
{
	struct pki *p = v->p;
	struct bundle b = { 0 };
	struct bytes data;
	struct why why = { 0 };
	bool fits = true;

	if (conf_files_system.read(conf_files_system.ctx, path, p->arena, &data))
		return true;
	if (bundle_read(data, NULL, p->arena, &b, &why)) {
		fprintf(p->x->err, "ipsec: %s: %s\n", path, why_line(&why, p->arena));
		return true;
	}
	for (unsigned i = 0; i < b.n_certs; i++)
		fits &= store_add_cert(&v->store, kind, b.certs[i], STORED_BY_FILE, path) != ERR_RANGE;
	for (unsigned i = 0; i < b.n_crls; i++)
		fits &= store_add_crl(&v->store, b.crls[i], STORED_BY_FILE, path) != ERR_RANGE;
	bundle_free(&b);
	return fits;
}

/* The folders of certificates, as ikev2d reads them. */
static int store_fill(struct verifying *v)
{
	static const struct {
		const char *name;
		enum stored_kind kind;
	} folders[] = { { "x509", STORED_CERT }, { "x509ca", STORED_CA }, { "x509ocsp", STORED_OCSP_SIGNER },
		{ "x509crl", STORED_CERT } };
	struct pki *p = v->p;

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		const char *const *paths;
		unsigned n;

		if (conf_files_system.glob(conf_files_system.ctx,
			    arena_printf(p->arena, "%s/%s/*", p->dir, folders[i].name), p->arena, &paths, &n))
			continue;
		for (unsigned k = 0; k < n; k++)
			if (!store_take(v, paths[k], folders[i].kind))
				return ipsec_fail(p->x, FAILED, "%s has more certificates than fit", p->dir);
	}
	return DONE;
}

static int read_given(struct verifying *v)
{
	struct pki *p = v->p;
	const char *path = pki_find(p, p->args[0]);
	struct bytes data;
	struct why why = { 0 };
	int code = pki_read_file(p, path, &data);

	if (code)
		return code;
	if (bundle_read(data, NULL, p->arena, &v->given, &why))
		return pki_fail(p, path, &why);
	if (!v->given.n_certs)
		return ipsec_fail(p->x, FAILED, "%s: there is no certificate in it", path);
	v->request.leaf = v->given.certs[0];
	v->request.untrusted = v->given.certs + 1;
	v->request.n_untrusted = v->given.n_certs - 1;
	return DONE;
}

static int read_words(struct verifying *v)
{
	static const struct name policies[] = { { REVOCATION_RELAXED, "relaxed" },
		{ REVOCATION_IFURI, "ifuri" }, { REVOCATION_STRICT, "strict" }, { 0, NULL } };
	struct pki *p = v->p;
	const char *word = pki_option(p, OPT_REVOCATION, "relaxed"), *id = pki_option(p, OPT_ID, NULL);
	const struct name *policy = name_find(policies, word);

	if (!policy)
		return ipsec_fail(p->x, USAGE, "--revocation %s: there are strict, ifuri and relaxed", word);
	v->request.revocation = (enum revocation_policy)policy->value;
	v->has_id = id;
	if (id && id_parse(id, p->arena, &v->id))
		return ipsec_fail(p->x, USAGE, "--id %s: it is no identity", id);
	return DONE;
}

static const struct path_link *link_of(const struct verifying *v, const struct cert *c)
{
	for (unsigned i = 0; i < v->verdict.n_links; i++)
		if (cert_eq(v->verdict.links[i].cert, c))
			return &v->verdict.links[i];
	return NULL;
}

/* The file of a CA that is trusted here, or NULL. */
static const char *trusted_as(const struct verifying *v, const struct cert *c)
{
	list_each (n, &v->store.all)
		if (store_at(n)->kind == STORED_CA && cert_eq(store_at(n)->cert, c))
			return store_at(n)->name;
	return NULL;
}

static const char *revocation_of(struct verifying *v, const struct cert *c)
{
	static const char *const words[] = {
		[STATUS_UNKNOWN] = "unknown", [STATUS_GOOD] = "good", [STATUS_REVOKED] = "revoked"
	};
	const struct path_link *link = link_of(v, c);

	if (!link || !link->issuer)
		return NULL;
	return arena_printf(v->p->arena, "%s%s%s", words[link->status], link->reason ? ": " : "",
		link->reason ? link->reason : "");
}

static void say_step(struct verifying *v, struct json *j, unsigned n, struct cert *c)
{
	struct pki *p = v->p;
	const char *anchor = trusted_as(v, c), *revocation = revocation_of(v, c);

	json_open(j, NULL, '{');
	pki_json_cert(p, j, c);
	json_str(j, "trusted_as", anchor);
	json_str(j, "revocation", revocation);
	json_close(j, '}');
	if (p->x->json)
		return;
	fprintf(p->x->out, "%u. %s: %s, %s to %s\n", n, cert_name(c, p->arena),
		c->key ? key_print(c->key, p->arena) : c->no_key, cert_time(c->not_before, p->arena),
		cert_time(c->not_after, p->arena));
	if (anchor)
		fprintf(p->x->out, "   trusted here: %s\n", anchor);
	else
		fprintf(p->x->out, "   issued by %s\n", id_print(&c->issuer, p->arena));
	if (revocation)
		fprintf(p->x->out, "   revocation: %s\n", revocation);
}

/* From the certificate up, as far as issuers are known, to the first that is trusted. */
static void say_chain(struct verifying *v, struct json *j)
{
	struct cert *c = v->request.leaf;

	json_open(j, "chain", '[');
	for (unsigned n = 1; c && n <= CHAIN_MAX; n++) {
		say_step(v, j, n, c);
		c = trusted_as(v, c)
			    ? NULL
			    : store_issuer(&v->store, c, v->request.untrusted, v->request.n_untrusted);
	}
	json_close(j, ']');
}

static void say_why(struct verifying *v, struct json *j, const struct why *why)
{
	static const char *const keys[] = { "what", "offered", "configured", "differs", "instead" };
	const char *const values[] = { why->what, why->offered, why->configured, why->differs, why->instead };
	struct text t = text_in(v->p->arena);

	json_open(j, "why", '{');
	for (size_t i = 0; i < 5; i++)
		json_str(j, keys[i], values[i]);
	json_close(j, '}');
	why_print(why, &t);
	if (!v->p->x->json)
		fprintf(v->p->x->out, "refused: %s", text_str(&t));
}

static int say_verdict(struct verifying *v)
{
	struct pki *p = v->p;
	struct json j = pki_json(p);
	bool good = v->verdict.trusted && v->confirmed;

	say_chain(v, &j);
	json_bool(&j, "trusted", good);
	json_str(&j, "alert", path_alert(v->verdict.fault));
	json_str(&j, "until", good ? cert_time(v->verdict.not_after, p->arena) : NULL);
	if (!good)
		say_why(v, &j, v->verdict.trusted ? &v->not_confirmed : &v->verdict.why);
	else if (!p->x->json)
		fprintf(p->x->out, "trusted until %s\n", cert_time(v->verdict.not_after, p->arena));
	if (good && v->has_id && !p->x->json)
		fprintf(p->x->out, "it is about %s\n", id_print(&v->id, p->arena));
	(void)pki_answer(p, &j);
	return good ? DONE : FAILED;
}

int pki_verify(struct pki *p)
{
	struct verifying v = { .p = p, .request = { .now = p->now }, .confirmed = true };
	int code;

	store_init(&v.store);
	code = read_words(&v);
	if (!code)
		code = read_given(&v);
	if (!code)
		code = store_fill(&v);
	if (!code) {
		path_judge(&v.store, &v.request, p->arena, &v.verdict);
		if (v.has_id)
			v.confirmed = cert_has_id(v.request.leaf, &v.id) ||
				      cert_confirms(v.request.leaf, &v.id, p->arena, &v.not_confirmed);
		code = say_verdict(&v);
	}
	bundle_free(&v.given);
	store_free(&v.store);
	return code;
}
