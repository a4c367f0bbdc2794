/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counted connections. */
#include "model/peer.h"

#include <stdlib.h>

static unsigned source_line(const struct source *s, const char *key)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->keys[i].line && !strcmp(s->keys[i].key, key))
			return s->keys[i].line;
	return s->line;
}

bool source_has(const struct source *s, const char *key)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!strcmp(s->keys[i].key, key))
			return true;
	return false;
}

const char *source_print(const struct source *s, const char *key, struct arena *arena)
{
	const char *file = s->file ? s->file : "?", *section = s->section ? s->section : "?";
	unsigned line = source_line(s, key);

	if (!line)
		return arena_printf(arena, "%s (%s.%s)", file, section, key);
	return arena_printf(arena, "%s:%u (%s.%s)", file, line, section, key);
}

const struct name eap_methods[] = { { 1, "identity" }, { 4, "md5" }, { 5, "otp" }, { 6, "gtc" },
	{ 13, "tls" }, { 18, "sim" }, { 21, "ttls" }, { 23, "aka" }, { 25, "peap" }, { 26, "mschapv2" },
	{ 38, "tnc" }, { 54, "pt" }, { 254, "expanded" }, { EAP_METHOD_DYNAMIC, "dynamic" },
	{ EAP_METHOD_RADIUS, "radius" }, { 0 } };

int eap_method_number(const char *word)
{
	const struct name *n = name_find(eap_methods, word);

	return n ? n->value : (int)strtoul(word, NULL, 10);
}

const char *eap_method_print(int number, struct arena *arena)
{
	const char *word = name_word(eap_methods, number);
	char *text;

	if (!word)
		return arena_printf(arena, "(%d)", number);
	text = arena_printf(arena, "EAP_%s", word);
	for (char *c = text; *c; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	return text;
}

const struct name child_modes[] = {
	{ MODE_TUNNEL, "tunnel" },
	{ MODE_TRANSPORT, "transport" },
	{ MODE_TRANSPORT_PROXY, "transport_proxy" },
	{ MODE_IPTFS, "iptfs" },
	{ MODE_BEET, "beet" },
	{ MODE_PASS, "pass" },
	{ MODE_DROP, "drop" },
	{ 0 },
};

struct peer *peer_new(void)
{
	struct peer *p = calloc(1, sizeof *p);

	if (!p)
		abort();
	p->refs = 1;
	return p;
}

/* Holders see a connection as const; the count is ours. */
static struct peer *mutable_peer(const struct peer *p)
{
	return (struct peer *)p;
}

struct peer *peer_ref(const struct peer *p)
{
	mutable_peer(p)->refs++;
	return mutable_peer(p);
}

void peer_unref(const struct peer *p)
{
	if (!p || --mutable_peer(p)->refs)
		return;
	arena_free(&mutable_peer(p)->arena);
	free(mutable_peer(p));
}

static const struct child_conf *named(const struct child_conf *v, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(v[i].name, name))
			return &v[i];
	return NULL;
}

const struct child_conf *peer_child(const struct peer *p, const char *name)
{
	return named(p->children, p->n_children, name);
}

const struct child_conf *peer_shunt(const struct peer *p, const char *name)
{
	return named(p->children + p->n_children, p->n_shunts, name);
}

bool text_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool strings_same(struct strings a, struct strings b)
{
	bool same = a.n == b.n;

	for (unsigned i = 0; same && i < a.n; i++)
		same = !strcmp(a.v[i], b.v[i]);
	return same;
}

bool cert_conf_same(const struct cert_conf *a, const struct cert_conf *b)
{
	return text_same(a->file, b->file) && bytes_eq(a->data, b->data) && text_same(a->uri, b->uri) &&
	       text_same(a->handle, b->handle) && text_same(a->module, b->module) && a->slot == b->slot &&
	       a->has_slot == b->has_slot;
}

static bool cert_confs_same(const struct cert_confs *a, const struct cert_confs *b)
{
	bool same = a->n == b->n;

	for (unsigned i = 0; same && i < a->n; i++)
		same = cert_conf_same(&a->v[i], &b->v[i]);
	return same;
}

bool auth_demands_same(const struct auth_conf *a, const struct auth_conf *b)
{
	return text_same(a->way.constraints, b->way.constraints) && id_eq(&a->ca_id, &b->ca_id) &&
	       strings_same(a->cert_policy, b->cert_policy) && cert_confs_same(&a->certs, &b->certs) &&
	       cert_confs_same(&a->cacerts, &b->cacerts) && a->revocation == b->revocation;
}

bool peer_same(const struct peer *a, const struct peer *b)
{
	return a->content == b->content;
}

bool child_conf_equal(const struct child_conf *a, const struct child_conf *b)
{
	return a->content == b->content && peer_same(a->peer, b->peer);
}

void child_conf_offer(struct child_conf *c, struct arena *arena)
{
	struct proposal *v = ARENA_ARRAY(arena, c->esp.n + c->ah.n, struct proposal);

	for (unsigned i = 0; i < c->esp.n + c->ah.n; i++)
		v[i] = i < c->esp.n ? c->esp.v[i] : c->ah.v[i - c->esp.n];
	c->offers = (struct proposals){ v, c->esp.n + c->ah.n };
}

const char *child_conf_key(const struct child_conf *c)
{
	return c->esp.n ? "esp_proposals" : "ah_proposals";
}

bool peer_equal(const struct peer *a, const struct peer *b)
{
	if (!peer_same(a, b) || a->n_children != b->n_children || a->n_shunts != b->n_shunts)
		return false;
	for (unsigned i = 0; i < a->n_children + a->n_shunts; i++)
		if (strcmp(a->children[i].name, b->children[i].name) ||
			!child_conf_equal(&a->children[i], &b->children[i]))
			return false;
	return true;
}
