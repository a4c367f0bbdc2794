/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lints about our keys and certificates, and the clock by which they are judged. What authentication would
 * refuse is in creds/audit.h. */
#include "lint.h"

#include "creds/creds.h"

/* ------------------------------------------------------------------- keys */

static bool has_public(const struct store *s, const struct key *key)
{
	list_each (n, (struct node *)&s->all) {
		const struct stored *e = store_at(n);

		if ((e->kind == STORED_CERT || e->kind == STORED_CA) &&
			!memcmp(e->cert->key_id, key->id, KEYID_SIZE))
			return true;
		if (e->kind == STORED_PUBKEY && key_eq(e->key, key))
			return true;
	}
	return false;
}

static bool shows_public_keys(const struct conf *c)
{
	for (unsigned i = 0; i < c->n_peers; i++)
		for (const struct auth_conf *a = &c->peers[i]->local; a; a = a->next)
			if (a->pubkeys.n)
				return true;
	return false;
}

/* The public key of a private one may be anywhere that a connection names. */
void lint_key_idle(struct lint_run *l)
{
	if (shows_public_keys(l->in->conf))
		return;
	list_each (n, (struct node *)&l->in->store->all) {
		const struct stored *e = store_at(n);

		if (e->kind == STORED_KEY && !has_public(l->in->store, e->key))
			lint_say(l, NULL, e->name,
				arena_printf(l->arena, "no certificate is for this private key (%s)",
					key_print(e->key, l->arena)),
				"its certificate in the folder x509, or take the key away");
	}
}

/* ------------------------------------------------------------------- names */

struct cert *lint_own_cert(struct lint_run *l, const struct auth_conf *a)
{
	struct cert_list named = certs_of(&a->certs, l->in->store, "x509", l->arena);
	struct why why = { 0 };
	struct cert *own = store_own(
		l->in->store, named.v, named.n, &a->id, &(struct cert_wish){ 0 }, l->in->now, l->arena, &why);

	if (own)
		cert_ref(own);
	certs_free(&named);
	return own;
}

static bool has_name(const struct cert *c)
{
	for (unsigned i = 0; i < c->n_sans; i++)
		if (c->sans[i].type == ID_FQDN || c->sans[i].type == ID_IPV4_ADDR ||
			c->sans[i].type == ID_IPV6_ADDR)
			return true;
	return false;
}

/* The first name among LOCAL_ADDRS that C does not have, or NULL. */
static const char *missing_name(const struct peer *p, const struct cert *c)
{
	for (unsigned i = 0; i < p->n_local_addrs; i++) {
		const char *name = p->local_addrs[i].name;
		struct id id = { .type = ID_FQDN, .data = bytes_str(name ? name : "") };

		if (name && !cert_has_id(c, &id))
			return name;
	}
	return NULL;
}

/* A client compares what it has dialled with the certificate's names. */
static void look_at_names(struct lint_run *l, const struct peer *p)
{
	struct cert *c = lint_own_cert(l, &p->local);
	const char *name = c ? missing_name(p, c) : NULL;

	if (c && !has_name(c))
		lint_say(l, &p->local.at, "certs",
			arena_printf(l->arena,
				"the certificate %s has neither a DNS name nor an address in its "
				"subjectAltName: "
				"clients compare that with what they dial, and refuse",
				cert_name(c, l->arena)),
			"a certificate made with ipsec pki issue --san and the name that clients dial");
	else if (name)
		lint_say(l, &p->at, "local_addrs",
			arena_printf(l->arena,
				"clients that dial %s do not find it among the names of the certificate %s",
				name, cert_name(c, l->arena)),
			arena_printf(l->arena, "a certificate made with ipsec pki issue --san %s", name));
	cert_unref(c);
}

void lint_cert_name(struct lint_run *l)
{
	const struct conf *c = l->in->conf;

	for (unsigned i = 0; i < c->n_peers; i++)
		if (lint_serves_clients(c->peers[i]) && (c->peers[i]->local.way.method == AUTH_PUBKEY ||
								c->peers[i]->local.way.method == AUTH_ANY))
			look_at_names(l, c->peers[i]);
}

/* ------------------------------------------------------------------- clock */

/* 2026-01-01, when there was no ikev2d yet: a clock before that was never set. */
#define CLOCK_FLOOR ((int64_t)1767225600)

/* The certificate that begins last, or NULL. */
static const struct stored *youngest(const struct store *s)
{
	const struct stored *last = NULL;

	list_each (n, (struct node *)&s->all) {
		const struct stored *e = store_at(n);

		if ((e->kind == STORED_CERT || e->kind == STORED_CA) &&
			(!last || e->cert->not_before > last->cert->not_before))
			last = e;
	}
	return last;
}

void lint_clock(struct lint_run *l)
{
	const struct stored *last = youngest(l->in->store);
	const char *now = cert_time(l->in->now, l->arena);

	if (l->in->now < CLOCK_FLOOR)
		lint_say(l, NULL, "the clock of this machine",
			arena_printf(l->arena, "it says %s, so it was never set", now),
			"date -s, or a time server");
	else if (last && last->cert->not_before > l->in->now)
		lint_say(l, NULL, last->name,
			arena_printf(l->arena, "the certificate %s begins at %s, and the clock here says %s",
				cert_name(last->cert, l->arena), cert_time(last->cert->not_before, l->arena),
				now),
			"the right time: date -s, or a time server");
}
