/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users, shown. */
#include "user.h"

#include "eap/users.h"
#include "pki_files.h"
#include "pki_issue.h"
#include "user_eap.h"

int user_cert(struct pki *p, const struct index_entry *e, struct cert **out)
{
	return pki_read_cert(p, pki_path(p, pki_copy_path(p, e->serial)), out);
}

const struct index_entry *user_entry(struct pki *p, const char *name)
{
	const struct index_entry *e = index_last(&p->index, name);

	return e && e->profile == MAKE_USER && e->not_after > p->now ? e : NULL;
}

int user_open_ca(struct pki *p, bool to_sign)
{
	if (!pki_exists(pki_path(p, "pki/index")) && !pki_exists(pki_path(p, "pki/pending")))
		return DONE;
	return pki_ca_open(p, to_sign);
}

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

static void list_one(struct listing *l, const char *name, const char *auth, const struct index_entry *e,
	const struct cert *c)
{
	struct pki *p = l->p;
	const char *seen = user_seen(p, &l->seen, name, c), *state = e ? state_of(p, e) : "good";
	const char *until = e ? cert_time(e->not_after, p->arena) : NULL;

	json_open(&l->j, NULL, '{');
	json_str(&l->j, "name", name);
	json_str(&l->j, "auth", auth);
	json_str(&l->j, "state", state);
	json_str(&l->j, "not_after", until);
	json_str(&l->j, "connected", *seen ? seen : NULL);
	json_close(&l->j, '}');
	if (!p->x->json)
		fprintf(p->x->out, "%-24s %-5s %-8s %-24s %s\n", name, auth, state, until ? until : "-",
			*seen ? seen : "-");
	l->n++;
}

/* Of each name the newest certificate that is let in, and those that are revoked. */
static int list_certificates(struct listing *l)
{
	struct pki *p = l->p;
	int code = user_open_ca(p, false);

	index_mark(&p->index);
	for (unsigned i = 0; i < p->index.n && !code; i++) {
		const struct index_entry *e = &p->index.v[i];
		struct cert *c = NULL;

		if (e->profile != MAKE_USER || !(e->last || e->revoked))
			continue;
		code = user_cert(p, e, &c);
		if (!code)
			list_one(l, e->name, "cert", e, c);
		cert_unref(c);
	}
	return code;
}

static int list_passwords(struct listing *l)
{
	struct eap_users_line line;
	struct eap_file file;
	int code = eap_file_open(l->p, &file);

	while (!code && eap_users_next(&file.text, &line))
		if (line.secret)
			list_one(l, arena_text(l->p->arena, line.name), "eap", NULL, NULL);
	return code;
}

int user_list(struct pki *p)
{
	struct listing l = { .p = p, .j = pki_json(p) };
	int code = user_look(p, &l.seen);

	if (code)
		return code;
	if (!p->x->json)
		fprintf(p->x->out, "%-24s %-5s %-8s %-24s %s\n", "NAME", "AUTH", "STATE", "UNTIL",
			"CONNECTED");
	json_open(&l.j, "users", '[');
	code = list_certificates(&l);
	if (!code)
		code = list_passwords(&l);
	json_close(&l.j, ']');
	if (!code && !l.n && !p->x->json)
		fprintf(p->x->out, "there are none: ipsec user add NAME makes one\n");
	return code ? code : pki_answer(p, &l.j);
}

static void show_certificate(struct pki *p, const struct index_entry *e, const struct cert *c)
{
	fprintf(p->x->out, "  about %s\n  %s until %s, serial %s\n",
		id_print(c->n_sans ? &c->sans[0] : &c->subject, p->arena), key_print(c->key, p->arena),
		cert_time(c->not_after, p->arena), e->serial);
}

/* A user with the certificate C, or (NULL) with a password. */
static int show(struct pki *p, const char *name, const struct index_entry *e, const struct cert *c)
{
	struct json j = pki_json(p);
	struct sightings seen;
	const char *from;
	int code = user_look(p, &seen);

	if (code)
		return code;
	from = user_seen(p, &seen, name, c);
	json_str(&j, "name", name);
	json_str(&j, "auth", c ? "cert" : "eap");
	json_str(&j, "state", c ? state_of(p, e) : "good");
	json_str(&j, "connected", *from ? from : NULL);
	json_open(&j, "certificate", '[');
	if (c) {
		json_open(&j, NULL, '{');
		pki_json_cert(p, &j, c);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	if (p->x->json)
		return pki_answer(p, &j);
	fprintf(p->x->out, "%s: %s, with a %s\n", name, c ? state_of(p, e) : "good",
		c ? "certificate" : "password");
	if (c)
		show_certificate(p, e, c);
	fprintf(p->x->out, "  connected: %s\n", *from ? from : seen.running ? "no" : "ikev2d is not running");
	return DONE;
}

static const struct index_entry *newest(const struct pki *p, const char *name)
{
	const struct index_entry *e = NULL;

	for (unsigned i = 0; i < p->index.n; i++)
		if (p->index.v[i].profile == MAKE_USER && !strcmp(p->index.v[i].name, name))
			e = &p->index.v[i];
	return e;
}

int user_show(struct pki *p)
{
	const char *name = p->args[0];
	const struct index_entry *e;
	struct eap_file file = { 0 };
	struct cert *c = NULL;
	int code = user_open_ca(p, false);

	e = newest(p, name);
	if (!code && !e)
		code = eap_file_open(p, &file);
	if (!code && !e && !eap_file_has(&file, name))
		code = ipsec_fail(p->x, FAILED, "there is no user %s: ipsec user list shows them", name);
	if (!code && e)
		code = user_cert(p, e, &c);
	if (!code)
		code = show(p, name, e, c);
	cert_unref(c);
	return code;
}
