/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tokens has said about what is at a URI. It is asked when the configuration is read (vault_errand.c),
 * and for clients; who reads certificates and keys anew for another reason gets what is known: a card counts
 * the tries of its PIN, and one that hangs costs time each time. */
#include "daemon/vault_state.h"

#include "daemon/line.h"

#include <stdlib.h>

struct known {
	struct node node;
	struct arena arena; /* of its texts */
	const char *uri;
	const struct errand *of; /* it was said for this one; NULL: it is in force, or guard waits for it */
	bool certs;              /* it is not about a key */
	struct kept *pin;        /* a reference; NULL: without */
	unsigned used;           /* by this reading of what is in force last; 0: by none */
	unsigned seen;           /* by this one, which may not come to its end */
	bool of_file; /* certificates that the file wants: VICI may hide what has them for a while */
	enum err e;
	struct why why;
	struct bundle bundle;
};

static void known_free(struct known *n)
{
	list_remove(&n->node);
	kept_unref(n->pin);
	bundle_free(&n->bundle);
	arena_free(&n->arena);
	free(n);
}

static bool is_at(const struct known *n, const char *uri, bool certs)
{
	return n->certs == certs && !strcmp(n->uri, uri);
}

/* What is in force is told to who reads that, and what one errand was told to nobody else. */
static bool may_tell(const struct vault *v, const struct known *n)
{
	return !n->of || (n->of == v->ran && !v->uses);
}

/* The last that was said. */
static struct known *find(const struct vault *v, const char *uri, bool certs, const struct kept *pin)
{
	struct known *found = NULL;

	list_each (node, (struct node *)&v->known) {
		struct known *n = node_owner(node, struct known, node);

		if (is_at(n, uri, certs) && kept_same(n->pin, pin) && may_tell(v, n))
			found = n;
	}
	return found;
}

/* What is in force and good, with whatever PIN: marks of another tokens say nothing about it, and one that
 * did not answer may not have got it. */
static struct known *good_before(const struct vault *v, const struct said *s)
{
	list_each (node, (struct node *)&v->known) {
		struct known *n = node_owner(node, struct known, node);

		if (is_at(n, s->uri, s->certs) && n->used && !n->e)
			return n;
	}
	return NULL;
}

static void say_stands(const struct known *n, const struct why *why)
{
	struct arena arena = { 0 };

	line_say(LOG_WARN, "config",
		arena_printf(&arena, "%s: %s; what was there before is taken", key_uri_said(n->uri, &arena),
			why->what));
	arena_free(&arena);
}

static struct known *known_new(struct vault *v, const struct errand *of, const struct said *s)
{
	struct known *n = calloc(1, sizeof *n);

	if (!n)
		abort();
	n->uri = arena_str(&n->arena, s->uri);
	n->of = of;
	n->certs = s->certs;
	n->pin = kept_ref(s->pin);
	n->e = s->e;
	n->why = why_copy(&n->arena, &s->why);
	n->bundle = s->bundle;
	list_append(&v->known, &n->node);
	return n;
}

/* With references to what is in B. */
static struct bundle copy_of(const struct bundle *b)
{
	struct bundle copy = { .n_certs = b->n_certs, .key = b->key ? key_ref(b->key) : NULL };

	copy.certs = b->n_certs ? calloc(b->n_certs, sizeof(struct cert *)) : NULL;
	if (b->n_certs && !copy.certs)
		abort();
	for (unsigned i = 0; i < b->n_certs; i++)
		copy.certs[i] = cert_ref(b->certs[i]);
	return copy;
}

struct known *vault_said(struct vault *v, const struct errand *of, const struct said *s)
{
	const struct known *good = s->answered ? NULL : good_before(v, s);
	struct said now = *s;

	if (good) {
		say_stands(good, &s->why);
		now.e = ERR_OK;
		now.why = (struct why){ 0 };
		now.bundle = copy_of(&good->bundle);
	}
	return known_new(v, of, &now);
}

static struct known *ask(struct vault *v, const char *uri, const struct key_conf *k)
{
	struct arena arena = { 0 };
	struct said s = { .uri = uri, .certs = !k, .pin = k ? k->kept : NULL };
	struct known *n;

	s.e = vault_ask_tokens(v, uri, k, &s.answered, &arena, &s.bundle, &s.why);
	n = vault_said(v, NULL, &s);
	arena_free(&arena);
	return n;
}

enum err vault_fetch(void *ctx, const char *uri, const struct key_conf *k, struct arena *arena,
	struct bundle *out, struct why *why)
{
	struct vault *v = ((struct vault *)ctx)->tokens;
	struct known *n = find(v, uri, !k, k ? k->kept : NULL);

	if (!n && v->started) {
		*out = (struct bundle){ 0 };
		why->what = "tokens was not asked for it yet: load it once more, or run \"ipsec reload\"";
		return ERR_BUSY;
	}
	if (!n)
		n = ask(v, uri, k);
	if (v->uses)
		n->seen = v->reading;
	*why = why_copy(arena, &n->why);
	*out = copy_of(&n->bundle);
	return n->e;
}

void vault_started(struct vault *of_keeper)
{
	of_keeper->tokens->started = true;
}

/* Whether the next reading has it is seen then. */
static void put_in_force(struct vault *v, struct known *n)
{
	list_each_safe (node, &v->known) {
		struct known *before = node_owner(node, struct known, node);

		if (before->of || !is_at(before, n->uri, n->certs) || !kept_same(before->pin, n->pin))
			continue;
		n->of_file |= before->of_file;
		known_free(before);
	}
	n->of = NULL;
	n->used = v->reading;
}

/* The next one is in force. */
static void forget_the_file(struct vault *v)
{
	list_each (node, &v->known)
		node_owner(node, struct known, node)->of_file = false;
}

void vault_adopt(struct vault *of_keeper, const char *uri)
{
	struct vault *v = of_keeper->tokens;

	if (!uri)
		forget_the_file(v);
	list_each (node, &v->known) {
		struct known *n = node_owner(node, struct known, node);

		if (!n->of || n->of != v->ran || (uri && !is_at(n, uri, true)))
			continue;
		n->of_file = !uri && n->certs;
		put_in_force(v, n);
	}
}

void vault_begin_use(struct vault *of_keeper)
{
	struct vault *v = of_keeper->tokens;

	v->uses = true;
	v->reading++;
}

void vault_end_use(struct vault *of_keeper, bool all)
{
	struct vault *v = of_keeper->tokens;

	v->uses = false;
	list_each_safe (node, &v->known) {
		struct known *n = node_owner(node, struct known, node);

		if (all && n->seen == v->reading) {
			n->used = n->seen;
			n->of_file |= n->certs && !v->started; /* nobody else has loaded anything */
		}
		if (!n->of && (!n->used || (all && n->used != v->reading && !n->of_file)))
			known_free(n);
	}
}

void vault_forget_known(struct vault *v, const struct errand *of)
{
	list_each_safe (node, &v->known) {
		struct known *n = node_owner(node, struct known, node);

		if (!of || n->of == of)
			known_free(n);
	}
}
