/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of reasons. */
#include "daemon/failures.h"

#include <stdlib.h>

void failures_start(struct failures *f)
{
	*f = (struct failures){ 0 };
	list_init(&f->list);
}

static struct story *find(const struct failures *f, const char *name)
{
	return dict_get(&f->by_name, name ? name : "");
}

static struct story *get(struct failures *f, const char *name)
{
	struct story *s = find(f, name);
	size_t size = name ? strlen(name) + 1 : 1;

	if (s)
		return s;
	s = calloc(1, sizeof *s + size);
	if (!s)
		abort();
	if (name)
		memcpy(s->name, name, size);
	list_init(&s->kept[false]);
	list_init(&s->kept[true]);
	list_append(&f->list, &s->node);
	dict_put(&f->by_name, s->name, s);
	return s;
}

static void failure_free(struct failure *one)
{
	list_remove(&one->node);
	arena_free(&one->arena);
	free(one);
}

static void forget(struct failures *f, struct story *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < 2; i++)
		list_each_safe (n, &s->kept[i])
			failure_free(node_owner(n, struct failure, node));
	list_remove(&s->node);
	dict_take(&f->by_name, s->name);
	free(s);
}

void failures_stop(struct failures *f)
{
	list_each_safe (n, &f->list)
		forget(f, node_owner(n, struct story, node));
	dict_free(&f->by_name);
}

static void put_first(struct node *list, struct node *n)
{
	list_append(list->next, n);
}

static struct failure *same(const struct story *s, const struct failure_record *r)
{
	const struct node *list = &s->kept[r->by_peer];

	for (struct node *n = list->next; n != list; n = n->next) {
		struct failure *one = node_owner(n, struct failure, node);

		if (!strcmp(one->record.why.what, r->why.what))
			return one;
	}
	return NULL;
}

void failures_note(struct failures *f, const char *name, const struct failure_record *r)
{
	struct story *s = get(f, name);
	struct node *list = &s->kept[r->by_peer];
	struct failure *one = calloc(1, sizeof *one), *before = same(s, r);

	if (!one)
		abort();
	one->record = *r;
	one->record.why = why_copy(&one->arena, &r->why);
	one->record.first = before ? before->record.first : r->last;
	one->record.times = before ? before->record.times + 1 : 1;
	if (!before && s->n[r->by_peer] == FAILURES_KEPT)
		before = node_owner(list->prev, struct failure, node);
	if (before)
		failure_free(before);
	else
		s->n[r->by_peer]++;
	put_first(list, &one->node);
}

bool failures_again(struct failures *f, const char *name, const struct failure_record *r)
{
	struct story *s = find(f, name);
	struct failure *one = s ? same(s, r) : NULL;

	if (!one)
		return false;
	one->record.times++;
	one->record.last = r->last;
	one->over = false;
	list_remove(&one->node);
	put_first(&s->kept[r->by_peer], &one->node);
	return true;
}

void failures_up(struct failures *f, const char *name)
{
	struct story *s = find(f, name);

	for (unsigned i = 0; s && i < 2; i++)
		list_each (n, &s->kept[i])
			node_owner(n, struct failure, node)->over = true;
}

void failures_down(struct failures *f, const char *name, uint64_t now)
{
	get(f, name)->down = now;
}

void failures_forget(struct failures *f, const char *name)
{
	forget(f, find(f, name));
}

void failures_prune(struct failures *f, const struct config *c)
{
	list_each_safe (n, &f->list) {
		struct story *s = node_owner(n, struct story, node);

		if (*s->name && !config_conn(c, s->name))
			forget(f, s);
	}
}

const struct story *failures_of(const struct failures *f, const char *name)
{
	return find(f, name);
}

const struct failure_record *story_last(const struct story *s)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct failure *first = node_owner(s->kept[i].next, struct failure, node);

		if (s->n[i] && !first->over)
			return &first->record;
	}
	return NULL;
}

unsigned story_all(const struct story *s, const struct failure_record **out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 2; i++)
		for (const struct node *k = s->kept[i].next; k != &s->kept[i]; k = k->next)
			out[n++] = &node_owner(k, struct failure, node)->record;
	return n;
}
