/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wanted of tokens is asked for together, before anything is read. */
#include "creds/creds.h"
#include "creds/token.h"

/* Whether it has answered about what is at URI, where K is NULL certificates. */
static bool ask_token(const struct creds *c, const char *uri, const struct key_conf *k)
{
	struct arena arena = { 0 };
	struct bundle b = { 0 };
	struct why why;
	enum err e = c->opener.fetch(c->opener.ctx, uri, k, &arena, &b, &why);

	bundle_free(&b);
	arena_free(&arena);
	return e != ERR_LATER;
}

static bool ask_cert(const struct creds *c, const struct cert_conf *cert)
{
	struct arena arena = { 0 };
	bool answered = !token_has(cert) || cert->data.n || ask_token(c, token_certs_uri(cert, &arena), NULL);

	arena_free(&arena);
	return answered;
}

static bool ask_rounds(const struct creds *c, const struct auth_conf *rounds)
{
	bool answered = true;

	for (const struct auth_conf *a = rounds; a; a = a->next) {
		const struct cert_confs *const lists[] = { &a->certs, &a->cacerts, &a->pubkeys };

		for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
			for (unsigned k = 0; k < lists[i]->n; k++)
				answered &= ask_cert(c, &lists[i]->v[k]);
	}
	return answered;
}

bool creds_ask(const struct creds *c, const struct conf *conf)
{
	struct arena arena = { 0 };
	bool answered = true;

	for (unsigned i = 0; i < conf->n_peers; i++)
		answered = ask_rounds(c, &conf->peers[i]->local) & ask_rounds(c, &conf->peers[i]->remote) &
			   answered;
	for (unsigned i = 0; i < conf->n_authorities; i++)
		answered &= ask_cert(c, &conf->authorities[i].cacert);
	for (unsigned i = 0; i < conf->n_keys; i++)
		if (conf->keys[i].kind == FILED_TOKEN)
			answered &= ask_token(c, token_key_uri(&conf->keys[i], &arena), &conf->keys[i]);
	arena_free(&arena);
	return answered;
}
