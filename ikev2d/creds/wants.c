/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a configuration has on tokens. */
#include "creds/creds.h"
#include "creds/token.h"

struct wanting {
	creds_wanted *each;
	void *ctx;
};

static void want_cert(const struct wanting *w, const struct cert_conf *c)
{
	struct arena arena = { 0 };

	if (token_has(c) && !c->data.n)
		w->each(w->ctx, token_certs_uri(c, &arena), NULL);
	arena_free(&arena);
}

static void want_rounds(const struct wanting *w, const struct auth_conf *rounds)
{
	for (const struct auth_conf *a = rounds; a; a = a->next) {
		const struct cert_confs *const lists[] = { &a->certs, &a->cacerts, &a->pubkeys };

		for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
			for (unsigned k = 0; k < lists[i]->n; k++)
				want_cert(w, &lists[i]->v[k]);
	}
}

static void want_key(const struct wanting *w, struct key_conf *k)
{
	struct arena arena = { 0 };

	if (k->kind == FILED_TOKEN)
		w->each(w->ctx, token_key_uri(k, &arena), k);
	arena_free(&arena);
}

void creds_wants(const struct conf *conf, creds_wanted *each, void *ctx)
{
	const struct wanting w = { each, ctx };

	for (unsigned i = 0; i < conf->n_peers; i++) {
		want_rounds(&w, &conf->peers[i]->local);
		want_rounds(&w, &conf->peers[i]->remote);
	}
	for (unsigned i = 0; i < conf->n_authorities; i++)
		want_cert(&w, &conf->authorities[i].cacert);
	for (unsigned i = 0; i < conf->n_keys; i++)
		want_key(&w, &conf->keys[i]);
}
