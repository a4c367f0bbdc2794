/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announced authentication methods. */
#include "ike/announce.h"

#include "crypto/sign.h"
#include "ike/proof.h"
#include "model/announce.h"

/* Those that can be checked here. */
static uint32_t schemes_available(void)
{
	uint32_t set = 0;

	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++)
		if (sign_available(s->key))
			set |= SCHEME_BIT(s);
	return set;
}

/* What CONF takes, besides. What it says was read when it was loaded. */
static void add(struct draft *d, struct announced *a, const struct auth_conf *conf)
{
	struct text why = text_in(d->step->scratch);
	struct constraints c = { 0 };

	a->psk |= proof_may_share(conf);
	if (!proof_may_sign(conf))
		return;
	if (!conf->way.constraints || !constraints_parse(conf->way.constraints, &c, &why))
		a->schemes |= schemes_available() & schemes_admitted(&c, d->step->scratch);
}

/* It is said once, and holds for every proof of a peer that gives several (RFC 4739). */
static void add_rounds(struct draft *d, struct announced *a, const struct auth_conf *conf)
{
	for (; conf; conf = conf->next)
		add(d, a, conf);
}

static void put(struct draft *d, const struct announced *a, struct message *m)
{
	struct bytes data = announce_put(a, d->step->scratch);

	if (data.n && a->schemes != schemes_available())
		message_add_notify(m, d->step->scratch, SUPPORTED_AUTH_METHODS, data);
}

void announce_candidates(struct draft *d, struct message *m)
{
	struct announced a = { 0 };

	for (unsigned i = 0; i < d->hs.n_candidates; i++)
		if (!d->hs.candidates[i].excluded)
			add_rounds(d, &a, &d->hs.candidates[i].peer->remote);
	if (a.schemes || d->hs.hashes.n)
		put(d, &a, m);
}

void announce_theirs(struct draft *d, struct message *m)
{
	struct announced a = { 0 };

	if (d->hs.resumed || !proof_signs(d->core.peer))
		return;
	add(d, &a, &d->core.peer->remote);
	put(d, &a, m);
}

void announce_keep(struct draft *d, const struct message *m)
{
	const struct wire_notify *n = message_notify(m, SUPPORTED_AUTH_METHODS);

	if (n)
		d->hs.methods = arena_bytes(&d->keep, n->data);
}

bool announce_fits(struct draft *d)
{
	const struct auth_conf *own = proof_own(d);
	struct announced a = announce_get(d->hs.methods);
	struct arena *arena = d->step->scratch;
	bool psk = own->way.method == AUTH_PSK;

	if (!a.said || own->way.method == AUTH_EAP || (psk ? a.psk : a.schemes))
		return true;
	d->why = (struct why){
		.what = arena_printf(arena, "the peer does not take %s as our proof",
			psk ? "a shared key" : "a signature"),
		.offered = announce_print(&a, arena),
		.configured = arena_printf(arena, "auth = %s", proof_way(own, arena)),
		.where = source_print(&own->at, "auth", arena),
		.instead = a.psk ? "auth = psk" : "auth = pubkey",
		.notify = d->core.initiator ? NULL : notify_name(AUTHENTICATION_FAILED),
		.alert = "local-auth-failed",
	};
	return false;
}
