/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users, shown. */
#include "user.h"

#include "pki_issue.h"

struct listing {
	struct pki *p;
	struct json j;
	struct sightings seen;
	unsigned n;
};

static const char *state_of(const struct pki *p, const struct index_entry *e)
{
	return e->revoked ? "revoked" : e->not_after <= p->now ? "expired" : "good";
}

static void list_one(struct listing *l, const struct index_entry *e, const struct cert *c)
{
	struct pki *p = l->p;
	const char *seen = user_seen(p, &l->seen, e->name, c);

	json_open(&l->j, NULL, '{');
	json_str(&l->j, "name", e->name);
	json_str(&l->j, "auth", "cert");
	json_str(&l->j, "state", state_of(p, e));
	json_str(&l->j, "not_after", cert_time(e->not_after, p->arena));
	json_str(&l->j, "connected", *seen ? seen : NULL);
	json_close(&l->j, '}');
	if (!p->x->json)
		fprintf(p->x->out, "%-24s %-5s %-8s %-24s %s\n", e->name, "cert", state_of(p, e),
			cert_time(e->not_after, p->arena), *seen ? seen : "-");
	l->n++;
}

/* The newest certificate of each name, be it revoked or not. */
static bool is_newest(const struct index *x, unsigned i)
{
	for (unsigned k = i + 1; k < x->n; k++)
		if (!strcmp(x->v[k].name, x->v[i].name))
			return false;
	return true;
}

static int list_all(struct listing *l)
{
	struct pki *p = l->p;

	for (unsigned i = 0; i < p->index.n; i++) {
		const struct index_entry *e = &p->index.v[i];
		struct cert *c = NULL;
		int code;

		if (e->profile != MAKE_USER || !is_newest(&p->index, i))
			continue;
		code = user_cert(p, e, &c);
		if (code)
			return code;
		list_one(l, e, c);
		cert_unref(c);
	}
	return DONE;
}

int user_list(struct pki *p)
{
	struct listing l = { .p = p, .j = pki_json(p) };
	int code = pki_ca_open(p, false);

	if (!code)
		code = user_look(p, &l.seen);
	if (code)
		return code;
	if (!p->x->json)
		fprintf(p->x->out, "%-24s %-5s %-8s %-24s %s\n", "NAME", "AUTH", "STATE", "UNTIL",
			"CONNECTED");
	json_open(&l.j, "users", '[');
	code = list_all(&l);
	json_close(&l.j, ']');
	if (!code && !l.n && !p->x->json)
		fprintf(p->x->out, "there are none: ipsec user add NAME makes one\n");
	return code ? code : pki_answer(p, &l.j);
}

static int show(struct pki *p, const struct index_entry *e, const struct cert *c)
{
	struct json j = pki_json(p);
	struct sightings seen;
	int code = user_look(p, &seen);
	const char *from;

	if (code)
		return code;
	from = user_seen(p, &seen, e->name, c);
	json_str(&j, "name", e->name);
	json_str(&j, "auth", "cert");
	json_str(&j, "state", state_of(p, e));
	pki_json_cert(p, &j, c);
	json_str(&j, "connected", *from ? from : NULL);
	if (p->x->json)
		return pki_answer(p, &j);
	fprintf(p->x->out, "%s: %s\n  about %s\n  %s until %s, serial %s\n  connected: %s\n", e->name,
		state_of(p, e), id_print(c->n_sans ? &c->sans[0] : &c->subject, p->arena),
		key_print(c->key, p->arena), cert_time(c->not_after, p->arena), e->serial,
		*from          ? from
		: seen.running ? "no"
			       : "ikev2d is not running");
	return DONE;
}

int user_show(struct pki *p)
{
	const struct index_entry *e = NULL;
	struct cert *c = NULL;
	int code = pki_ca_open(p, false);

	for (unsigned i = 0; i < p->index.n && !code; i++)
		if (p->index.v[i].profile == MAKE_USER && !strcmp(p->index.v[i].name, p->args[0]))
			e = &p->index.v[i];
	if (!code && !e)
		code = ipsec_fail(
			p->x, FAILED, "there is no user %s: ipsec user list shows them", p->args[0]);
	if (!code)
		code = user_cert(p, e, &c);
	if (!code)
		code = show(p, e, c);
	cert_unref(c);
	return code;
}
