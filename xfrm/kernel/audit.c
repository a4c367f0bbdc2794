/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in the kernel, compared with what should be. */
#include "xfrm/kernel/state.h"

#include "base/log.h"

/* Numbers of CHILD_SAs. What is reported may make and end SAs, so it is collected first. */
struct children {
	struct arena arena;
	uint32_t *v;
	size_t n;
};

typedef bool which_fn(const struct xfrm *x, const struct kernel_sa *sa);

static struct children collect(const struct xfrm *x, which_fn *which)
{
	struct children c = { .n = 0 };
	const struct kernel_sa *sa;
	size_t at = 0;

	c.v = ARENA_ARRAY(&c.arena, x->sas.count, uint32_t);
	while ((sa = map_next(&x->sas, &at)))
		if (which(x, sa))
			c.v[c.n++] = sa->child;
	return c;
}

static bool is_gone(const struct xfrm *x, const struct kernel_sa *sa)
{
	return sa->look != x->look && !sa->held;
}

static bool is_soft(const struct xfrm *x, const struct kernel_sa *sa)
{
	return !is_gone(x, sa) && !sa->awaited &&
	       (sa->seen.bytes >= sa->limits.soft_bytes || sa->seen.packets >= sa->limits.soft_packets);
}

static bool is_first(const struct xfrm *x, const struct kernel_sa *sa)
{
	return !is_gone(x, sa) && sa->awaited && sa->seen.packets;
}

static void expire(struct xfrm *x, which_fn *which, bool hard)
{
	struct children c = collect(x, which);

	for (size_t i = 0; i < c.n; i++)
		x->reports.expire(x->reports.ctx, c.v[i], hard);
	arena_free(&c.arena);
}

static void say_gone(const struct xfrm *x, struct text *out)
{
	const struct kernel_sa *sa;
	char text[SA_KEY_TEXT];
	size_t at = 0;

	while ((sa = map_next(&x->sas, &at)))
		if (is_gone(x, sa))
			text_add(out, "the %s is not in the kernel any more: it has ended\n",
				sa_key_print(&sa->key, text));
}

/* Nobody else takes away what somebody moved; with where it is now, our name for it goes as well. */
static void take_strayed_away(struct xfrm *x, struct text *out)
{
	struct kernel_sa *sa;
	char text[SA_KEY_TEXT];
	size_t at = 0;

	while ((sa = map_next(&x->sas, &at)))
		if (is_gone(x, sa) && sa->strayed.spi) {
			text_add(out, "it was moved: the %s is taken away\n",
				sa_key_print(&sa->strayed, text));
			kernel_sa_take_away(x, &sa->strayed);
		}
}

/* An SA that was taken away cannot be made again, for its keys are gone too: the core is told that it has
 * ended. */
void kernel_audit(struct xfrm *x, struct text *out)
{
	enum err e;

	kernel_leftovers_retry(x);
	e = kernel_sas_look(x);
	if (!e) {
		say_gone(x, out);
		take_strayed_away(x, out);
		expire(x, is_gone, true);
		e = kernel_entries_audit(x, out);
	}
	if (e)
		text_add(out, "the kernel's SAs and policies cannot be read: %s\n",
			netlink_reason(x->netlink));
}

static void say_lines(const char *lines)
{
	for (size_t n; *lines; lines += n + 1) {
		n = strcspn(lines, "\n");
		log_say(LOG_WARN, "netlink", "%.*s", (int)n, lines);
	}
}

/* Of what was asked meanwhile we have not heard, and would not for as long as the kernel thinks that its
 * question stands: it does where somebody else listened, too. */
static void ask_again(struct xfrm *x)
{
	kernel_larvae_note_all(x);
	kernel_larvae_end_unheard(x);
}

void kernel_catch_up(struct xfrm *x, const char *why)
{
	struct arena scratch = { 0 };
	struct text found = text_in(&scratch);
	struct children first;

	log_say(LOG_WARN, "netlink", "%s: its SAs and policies are compared", why);
	kernel_audit(x, &found);
	say_lines(text_str(&found));
	first = collect(x, is_first);
	for (size_t i = 0; i < first.n; i++) {
		struct kernel_sa *sa = kernel_sa_of(x, first.v[i], true);

		if (sa)
			kernel_on_first(x, sa);
	}
	arena_free(&first.arena);
	expire(x, is_soft, false);
	ask_again(x);
	arena_free(&scratch);
}
