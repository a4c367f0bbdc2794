/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refusals as text. */
#include "model/why.h"

enum { PARTS = 7 };

/* The texts behind WHAT, in the order in which a person reads them. */
static const char *const labels[PARTS] = { "stage", "offered", "configured", "differs", "where", "instead",
	"notify" };

static const char *part(const struct why *w, unsigned i)
{
	const char *const texts[PARTS] = { w->stage, w->offered, w->configured, w->differs, w->where,
		w->instead, w->notify };

	return texts[i];
}

void why_print(const struct why *w, struct text *out)
{
	text_add(out, "%s\n", w->what ? w->what : "refused");
	for (unsigned i = 0; i < PARTS; i++)
		if (part(w, i))
			text_add(out, "  %s: %s\n", labels[i], part(w, i));
}

const char *why_line(const struct why *w, struct arena *arena)
{
	struct text t = text_in(arena);

	text_add(&t, "%s", w->what ? w->what : "refused");
	for (unsigned i = 0; i < PARTS; i++)
		if (part(w, i))
			text_add(&t, "; %s: %s", labels[i], part(w, i));
	return text_str(&t);
}

static const char *copy(struct arena *arena, const char *s)
{
	return s ? arena_str(arena, s) : NULL;
}

struct why why_copy(struct arena *arena, const struct why *w)
{
	return (struct why){
		.what = copy(arena, w->what),
		.stage = copy(arena, w->stage),
		.offered = copy(arena, w->offered),
		.configured = copy(arena, w->configured),
		.differs = copy(arena, w->differs),
		.where = copy(arena, w->where),
		.instead = copy(arena, w->instead),
		.notify = copy(arena, w->notify),
		.alert = copy(arena, w->alert),
	};
}
