/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of reasons. */
#include "daemon/failures.h"

#include <stdlib.h>

struct failure {
	struct node node;
	struct arena arena;
	const char *name;
	struct why why;
};

void failures_start(struct failures *f)
{
	list_init(&f->list);
}

static struct failure *find(const struct failures *f, const char *name)
{
	for (struct node *n = f->list.next; n != &f->list; n = n->next) {
		struct failure *one = node_owner(n, struct failure, node);

		if (!strcmp(one->name, name))
			return one;
	}
	return NULL;
}

static void forget(struct failure *one)
{
	if (!one)
		return;
	list_remove(&one->node);
	arena_free(&one->arena);
	free(one);
}

void failures_stop(struct failures *f)
{
	list_each_safe (n, &f->list)
		forget(node_owner(n, struct failure, node));
}

void failures_note(struct failures *f, const char *name, const struct why *why)
{
	struct failure *one = calloc(1, sizeof *one);

	if (!one)
		abort();
	one->name = arena_str(&one->arena, name);
	one->why = why_copy(&one->arena, why);
	forget(find(f, name));
	list_append(&f->list, &one->node);
}

void failures_clear(struct failures *f, const char *name)
{
	forget(find(f, name));
}

void failures_prune(struct failures *f, const struct config *c)
{
	list_each_safe (n, &f->list) {
		struct failure *one = node_owner(n, struct failure, node);

		if (!config_conn(c, one->name))
			forget(one);
	}
}

const struct why *failures_find(const struct failures *f, const char *name)
{
	const struct failure *one = find(f, name);

	return one ? &one->why : NULL;
}
