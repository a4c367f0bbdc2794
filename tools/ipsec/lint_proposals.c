/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lints about proposals: what cannot be chosen, and new keys without a key exchange of their own. */
#include "lint.h"

/* A list of proposals that is written. */
struct written {
	const struct proposals *list;
	const struct source *at;
	const char *key;
};

typedef void each_list(struct lint_run *l, const struct written *w);

static void visit(struct lint_run *l, each_list *visit_one, const struct proposals *list,
	const struct source *at, const char *key)
{
	if (source_has(at, key))
		visit_one(l, &(struct written){ list, at, key });
}

static void visit_child(struct lint_run *l, each_list *visit_one, const struct child_conf *c)
{
	visit(l, visit_one, &c->esp, &c->at, "esp_proposals");
	visit(l, visit_one, &c->ah, &c->at, "ah_proposals");
}

/* Defaults are the program's business, not the reader's. */
static void each_written(struct lint_run *l, each_list *visit_one)
{
	const struct conf *c = l->in->conf;

	for (unsigned i = 0; i < c->n_peers; i++) {
		const struct peer *p = c->peers[i];

		visit(l, visit_one, &p->ike, &p->at, "proposals");
		for (unsigned k = 0; k < p->n_children; k++)
			visit_child(l, visit_one, &p->children[k]);
	}
}

/* ------------------------------------------------------------ what is chosen */

static struct proposals usable(struct lint_run *l, struct proposals p, const struct transform **lacks)
{
	*lacks = NULL;
	return proposals_usable(p, l->in->has, l->arena, lacks);
}

/* What every library has. */
static const char *const everywhere[] = { [PROTO_IKE] = "aes256gcm16-prfsha384-ecp384",
	[PROTO_AH] = "sha384-ecp384",
	[PROTO_ESP] = "aes256gcm16-ecp384" };

static void say_unusable(struct lint_run *l, const struct written *w)
{
	const struct transform *lacks;

	if (usable(l, *w->list, &lacks).n || !lacks)
		return;
	lint_say(l, w->at, w->key,
		arena_printf(l->arena,
			"the OpenSSL library here has no %s, and no other proposal is left: the connection "
			"cannot be "
			"used on this machine",
			lacks->openssl),
		arena_printf(l->arena, "%s, %s", proposals_print(*w->list, l->arena),
			everywhere[w->list->v->protocol]));
}

void lint_proposal_none(struct lint_run *l)
{
	each_written(l, say_unusable);
}

static bool has_xform(const struct proposal *p, const struct xform *x)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->v[i].type == x->type && p->v[i].id == x->id && p->v[i].bits == x->bits)
			return true;
	return false;
}

static bool has_type(const struct proposal *p, uint8_t type)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->v[i].type == type)
			return true;
	return false;
}

/* Whether an offer that B takes is one that A takes: A has all transforms of B, and asks for no more types.
 */
static bool covers(const struct proposal *a, const struct proposal *b)
{
	for (unsigned i = 0; i < b->n; i++)
		if (!has_xform(a, &b->v[i]))
			return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!has_type(b, a->v[i].type))
			return false;
	return true;
}

static void say_idle(struct lint_run *l, const struct written *w)
{
	for (unsigned i = 1; i < w->list->n; i++)
		for (unsigned k = 0; k < i; k++)
			if (covers(&w->list->v[k], &w->list->v[i])) {
				lint_say(l, w->at, w->key,
					arena_printf(l->arena,
						"%s is never chosen: %s stands before it and has all of it",
						proposal_print(&w->list->v[i], l->arena),
						proposal_print(&w->list->v[k], l->arena)),
					"the narrower one first, or not at all");
				break;
			}
}

void lint_proposal_idle(struct lint_run *l)
{
	each_written(l, say_idle);
}

/* ------------------------------------------------------------------- PFS */

static bool has_ke(const struct proposal *p)
{
	const struct proposals alone = { p, 1 };

	return proposals_ke(alone) != NULL;
}

static unsigned count_ke(const struct child_conf *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->esp.n; i++)
		n += has_ke(&c->esp.v[i]);
	return n;
}

/* A preset knows how its peer makes new keys. */
static bool chose_esp(const struct peer *p, const struct child_conf *c)
{
	return !p->preset && source_has(&c->at, "esp_proposals");
}

/* The first child whose new keys always come with a key exchange, or NULL. */
static const struct child_conf *with_pfs(const struct conf *conf)
{
	for (unsigned i = 0; i < conf->n_peers; i++)
		for (unsigned k = 0; k < conf->peers[i]->n_children; k++) {
			const struct child_conf *c = &conf->peers[i]->children[k];

			if (chose_esp(conf->peers[i], c) && c->esp.n && count_ke(c) == c->esp.n)
				return c;
		}
	return NULL;
}

typedef void each_child(struct lint_run *l, const struct child_conf *c);

/* Every child whose ESP proposals somebody has chosen. */
static void each_chosen(struct lint_run *l, each_child *visit_one)
{
	const struct conf *conf = l->in->conf;

	for (unsigned i = 0; i < conf->n_peers; i++)
		for (unsigned k = 0; k < conf->peers[i]->n_children; k++)
			if (chose_esp(conf->peers[i], &conf->peers[i]->children[k]))
				visit_one(l, &conf->peers[i]->children[k]);
}

/* The word of the key exchange that the first proposal with one has. */
static const char *ke_word(struct proposals p)
{
	const struct transform *ke = proposals_ke(p);

	return ke ? ke->word : "x25519";
}

static void say_missing(struct lint_run *l, const struct child_conf *c)
{
	const struct child_conf *other = with_pfs(l->in->conf);

	if (!other || !c->esp.n || count_ke(c))
		return;
	lint_say(l, &c->at, "esp_proposals",
		arena_printf(l->arena,
			"new keys come without a key exchange of their own, while %s/%s has one (perfect "
			"forward "
			"secrecy); a peer that wants one is refused at the first rekeying",
			other->peer->name, other->name),
		arena_printf(l->arena, "%s-%s", proposal_print(c->esp.v, l->arena), ke_word(other->esp)));
}

void lint_pfs_missing(struct lint_run *l)
{
	each_chosen(l, say_missing);
}

static void say_mixed(struct lint_run *l, const struct child_conf *c)
{
	unsigned n = count_ke(c);
	struct text better = text_in(l->arena);

	if (!n || n == c->esp.n)
		return;
	for (unsigned i = 0; i < c->esp.n; i++)
		if (has_ke(&c->esp.v[i]))
			text_add(&better, "%s%s", better.n ? ", " : "",
				proposal_print(&c->esp.v[i], l->arena));
	lint_say(l, &c->at, "esp_proposals",
		"some proposals have a key exchange and others have none: the peer decides whether new keys "
		"come "
		"with perfect forward secrecy",
		text_str(&better));
}

void lint_pfs_mixed(struct lint_run *l)
{
	each_chosen(l, say_mixed);
}
