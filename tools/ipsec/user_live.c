/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users as the running daemon sees them. */
#include "snapshot.h"
#include "user.h"

int user_look(struct pki *p, struct sightings *out)
{
	static const struct snapshot_list list = { "list-sas", "list-sa", NULL };
	struct client c;
	int code;

	*out = (struct sightings){ .running = client_probe(p->x) };
	if (!out->running)
		return DONE;
	code = client_open(&c, p->x);
	if (!code)
		code = snapshot_list(&c, &list, &out->sas, &out->n);
	client_close(&c);
	return code;
}

static bool is_one_of(struct pki *p, const char *text, const struct id *ids, unsigned n)
{
	for (unsigned i = 0; text && i < n; i++)
		if (!strcmp(id_print(&ids[i], p->arena), text))
			return true;
	return false;
}

static bool is_theirs(
	struct pki *p, const struct vici_node *sa, const char *name, const struct id *ids, unsigned n)
{
	const char *eap = vici_str(sa, "remote-eap-id"), *id = vici_str(sa, "remote-id");

	return (eap && !strcmp(eap, name)) || (id && !strcmp(id, name)) || is_one_of(p, id, ids, n);
}

const struct id *user_ids(struct pki *p, const struct cert *c, unsigned *n)
{
	struct id *ids = ARENA_ARRAY(p->arena, c ? c->n_sans + 1 : 1, struct id);

	*n = c ? c->n_sans + 1 : 0;
	if (c)
		ids[0] = id_copy(p->arena, &c->subject);
	for (unsigned i = 1; i < *n; i++)
		ids[i] = id_copy(p->arena, &c->sans[i - 1]);
	return ids;
}

const char *user_seen(struct pki *p, const struct sightings *s, const char *name, const struct cert *c)
{
	struct text t = text_in(p->arena);
	unsigned n;
	const struct id *ids = user_ids(p, c, &n);

	for (unsigned i = 0; i < s->n; i++)
		if (is_theirs(p, s->sas[i], name, ids, n) && vici_str(s->sas[i], "remote-host"))
			text_add(&t, "%s%s", t.n ? ", " : "", vici_str(s->sas[i], "remote-host"));
	return text_str(&t);
}

static int end_one(struct client *c, const struct vici_node *sa)
{
	const struct vici_node *response;

	client_request(c, "terminate");
	vici_put_pair(&c->out, "ike-id", vici_str(sa, "uniqueid"));
	vici_put_pair(&c->out, "force", "yes");
	vici_put_pair(&c->out, "timeout", "1000");
	return client_call(c, NULL, NULL, CLIENT_PATIENCE, &response);
}

int user_reread(struct pki *p)
{
	const struct vici_node *response;
	struct client c;
	int code;

	if (!client_probe(p->x))
		return DONE;
	code = client_open(&c, p->x);
	if (!code) {
		client_request(&c, "reload");
		code = client_call(&c, NULL, NULL, CLIENT_FOREVER, &response);
	}
	if (!code && !client_succeeded(response)) {
		client_complain(p->x, "ikev2d did not read its files again", response);
		code = FAILED;
	}
	client_close(&c);
	return code;
}

static bool is_among(const struct sightings *s, const struct vici_node *sa)
{
	const char *id = vici_str(sa, "uniqueid");

	for (unsigned i = 0; i < s->n; i++)
		if (vici_str(s->sas[i], "uniqueid") && !strcmp(vici_str(s->sas[i], "uniqueid"), id))
			return true;
	return false;
}

/* Those of a user. */
static struct sightings look_for(struct pki *p, const char *name, const struct id *ids, unsigned n, int *code)
{
	struct sightings s = { 0 };
	unsigned theirs = 0;

	if (!*code)
		*code = user_look(p, &s);
	for (unsigned i = 0; !*code && i < s.n; i++)
		if (is_theirs(p, s.sas[i], name, ids, n) && vici_str(s.sas[i], "uniqueid"))
			s.sas[theirs++] = s.sas[i];
	s.n = theirs;
	return s;
}

/* The daemon itself ends some as soon as it has read the new CRL. */
int user_disconnect(struct pki *p, const char *name, const struct id *ids, unsigned n, unsigned *ended)
{
	int code = DONE;
	struct sightings before = look_for(p, name, ids, n, &code), now;
	struct client c;

	*ended = before.n;
	if (!code)
		code = user_reread(p);
	if (code || !client_probe(p->x))
		return code;
	code = client_open(&c, p->x);
	now = look_for(p, name, ids, n, &code);
	for (unsigned i = 0; !code && i < now.n; i++) {
		*ended += !is_among(&before, now.sas[i]);
		code = end_one(&c, now.sas[i]);
	}
	client_close(&c);
	return code;
}
