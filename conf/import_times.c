/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lifetimes. ipsec.conf says when an SA ends, and how long before that, more or less, it is replaced;
 * swanctl.conf says when it is replaced. */
#include "conf/import_inner.h"

#include <inttypes.h>
#include <stdlib.h>

enum { TIME_MAX = 10 * 366 * 24 * 3600, FUZZ_MAX = 1000 };

struct times {
	uint64_t ike, child, margin; /* seconds */
	unsigned fuzz;               /* percent */
};

/* "90", "90s", "8h"; libreswan has weeks too. */
static bool seconds(const char *s, unsigned dialect, uint64_t *out)
{
	static const struct {
		const char *unit;
		uint64_t seconds;
		unsigned dialects;
	} units[] = { { "", 1, BOTH }, { "s", 1, BOTH }, { "m", 60, BOTH }, { "h", 3600, BOTH },
		{ "d", 24 * 3600, BOTH }, { "w", 7 * 24 * 3600, LIBRE } };
	char *end;
	unsigned long long n = strtoull(s, &end, 10);

	if (*s < '0' || *s > '9' || n > TIME_MAX)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (units[i].dialects & dialect && !strcmp(units[i].unit, end)) {
			*out = n * units[i].seconds;
			return *out <= TIME_MAX;
		}
	return false;
}

static bool read_time(struct import_conn *c, const char *word, const char *fallback, uint64_t *out)
{
	if (seconds(import_value(c, NO_SIDE, word, fallback), c->run->dialect, out))
		return true;
	import_left_entry(c, import_find(c, NO_SIDE, word),
		"it is no time; the lifetimes of this conn are those of ikev2d");
	return false;
}

static bool read_fuzz(struct import_conn *c, unsigned *out)
{
	const char *s = import_value(c, NO_SIDE, "rekeyfuzz", "100%");
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	*out = (unsigned)n;
	if (*s >= '0' && *s <= '9' && n <= FUZZ_MAX && (!*end || !strcmp(end, "%")))
		return true;
	import_left_entry(c, import_find(c, NO_SIDE, "rekeyfuzz"),
		"it is no percentage; the lifetimes of this conn are those of ikev2d");
	return false;
}

static void put_time(struct import_conn *c, enum import_part_name part, const char *key, uint64_t s)
{
	const char *unit = s && s % 3600 == 0 ? "h" : s && s % 60 == 0 ? "m" : "s";
	uint64_t n = *unit == 'h' ? s / 3600 : *unit == 'm' ? s / 60 : s;

	import_put(c, part, key, arena_printf(c->run->arena, "%" PRIu64 "%s", n, unit), NULL);
}

/* What the peer of the words is, and how the numbers come of each other. */
static void explain(struct import_conn *c, enum import_part_name part, const char *word, uint64_t life,
	const struct times *t)
{
	bool written = import_find(c, NO_SIDE, word) || import_find(c, NO_SIDE, "margintime") ||
		       import_find(c, NO_SIDE, "rekeyfuzz");

	import_note(c, part,
		"%s %" PRIu64 " s less margintime %" PRIu64
		" s is when it begins; rekeyfuzz %u%% of the margin, "
		"%" PRIu64 " s, is taken off at random%s.",
		word, life, t->margin, t->fuzz, t->margin * t->fuzz / 100,
		written ? "" : ". These are defaults there; here they are 4h and 1h");
}

/* Whether there is a time at all between zero and the margin before the end. */
static bool fits(struct import_conn *c, const char *word, uint64_t life, const struct times *t)
{
	if (life > t->margin + t->margin * t->fuzz / 100)
		return true;
	import_left_entry(c, import_find(c, NO_SIDE, word),
		"%s is not longer than margintime and its rekeyfuzz; the lifetime is that of ikev2d", word);
	return false;
}

static void ike_times(struct import_conn *c, const struct times *t)
{
	bool again =
		!strcmp(import_value(c, NO_SIDE, "reauth", c->run->dialect == STRONG ? "yes" : "no"), "yes");

	if (!fits(c, "ikelifetime", t->ike, t))
		return;
	explain(c, PART_CONN, "ikelifetime", t->ike, t);
	if (again && !import_find(c, NO_SIDE, "reauth"))
		import_note(c, PART_CONN, "reauth=yes is the default there: peers are authenticated anew.");
	put_time(c, PART_CONN, again ? "reauth_time" : "rekey_time", t->ike - t->margin);
	put_time(c, PART_CONN, "over_time", t->margin);
	put_time(c, PART_CONN, "rand_time", t->margin * t->fuzz / 100);
}

static void child_times(struct import_conn *c, const struct times *t)
{
	if (!fits(c, "lifetime", t->child, t))
		return;
	explain(c, PART_CHILD, "lifetime", t->child, t);
	put_time(c, PART_CHILD, "life_time", t->child);
	put_time(c, PART_CHILD, "rekey_time", t->child - t->margin);
	put_time(c, PART_CHILD, "rand_time", t->margin * t->fuzz / 100);
}

/* lifebytes and lifepackets, with their margins. */
static void volume(struct import_conn *c, const char *life, const char *margin, const char *life_key,
	const char *rekey_key)
{
	const struct import_entry *e = import_find(c, NO_SIDE, life), *m = import_find(c, NO_SIDE, margin);
	uint64_t n, less = 0;
	char *end = NULL, *end_less = NULL;

	if (!e)
		return;
	n = strtoull(e->key->value, &end, 10);
	if (m)
		less = strtoull(m->key->value, &end_less, 10);
	if (*end || !n || (m && *end_less) || less >= n) {
		import_left_entry(c, e, "it is no number that is larger than its margin");
		return;
	}
	if (import_put(c, PART_CHILD, life_key, arena_printf(c->run->arena, "%" PRIu64, n), e) && m) {
		import_note(c, PART_CHILD, "%s less %s.", life, margin);
		import_put(c, PART_CHILD, rekey_key, arena_printf(c->run->arena, "%" PRIu64, n - less), m);
	}
}

/* rekey=no: strongSwan forgets all lifetimes, libreswan lets the SA end. */
static void never_rekeyed(struct import_conn *c, const struct times *t)
{
	import_note(c, PART_CONN, "rekey=no");
	import_put(c, PART_CONN, "rekey_time", "0s", NULL);
	import_put(c, PART_CONN, "reauth_time", "0s", NULL);
	import_note(c, PART_CHILD, "rekey=no");
	import_put(c, PART_CHILD, "rekey_time", "0s", NULL);
	if (c->run->dialect == STRONG)
		import_put(c, PART_CHILD, "life_time", "0s", NULL);
	else
		put_time(c, PART_CHILD, "life_time", t->child);
}

void import_times(struct import_conn *c)
{
	bool strong = c->run->dialect == STRONG;
	struct times t;

	volume(c, "lifebytes", "marginbytes", "life_bytes", "rekey_bytes");
	volume(c, "lifepackets", "marginpackets", "life_packets", "rekey_packets");
	if (!read_time(c, "ikelifetime", strong ? "3h" : "8h", &t.ike) ||
		!read_time(c, "lifetime", strong ? "1h" : "8h", &t.child) ||
		!read_time(c, "margintime", "9m", &t.margin) || !read_fuzz(c, &t.fuzz))
		return;
	if (!strcmp(import_value(c, NO_SIDE, "rekey", "yes"), "no")) {
		never_rekeyed(c, &t);
		return;
	}
	ike_times(c, &t);
	child_times(c, &t);
}
