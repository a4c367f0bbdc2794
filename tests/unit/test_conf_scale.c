/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Large configurations: ten times as much takes about ten times as long, and memory. */
#include "tests/unit/conf_help.h"
#include "tests/unit/unit.h"

#include <time.h>

enum {
	SOME = 1000,
	MANY = 10 * SOME,
	GROWTH_MAX =
		30, /* from SOME to MANY; quadratic cost would be 100, and a busy machine adds its part */
	MEMORY_MAX = 15,  /* the same; nothing adds to it */
	RUNS = 3,         /* of which the fastest counts */
	SECOND = 1000000, /* us */
	LEAST = 2000,     /* us that nobody minds */
};

static void add_connection(struct text *out, unsigned i)
{
	text_add(out,
		"c%u { remote_addrs = 10.%u.%u.1\nproposals = aes256-sha256-ecp256, "
		"aes128gcm16-prfsha256-x25519\n"
		"local { auth = psk\nid = moon.example.org }\nremote { auth = psk\nid = peer%u.example.org "
		"}\n"
		"children { net { local_ts = 10.1.0.0/16\nremote_ts = 10.%u.%u.0/24\n } } }\n",
		i, i >> 8, i & 255, i, i >> 8, i & 255);
}

static const char *connections(unsigned n, struct arena *arena)
{
	struct text out = text_in(arena);

	text_add(&out, "connections {\n");
	for (unsigned i = 0; i < n; i++)
		add_connection(&out, i);
	text_add(&out, "}\nsecrets {\n");
	for (unsigned i = 0; i < n; i++)
		text_add(&out, "ike-%u { secret = s%u\nid = peer%u.example.org }\n", i, i, i);
	text_add(&out, "}\n");
	return text_str(&out);
}

static const char *heirs(unsigned n, struct arena *arena)
{
	struct text out = text_in(arena);

	text_add(&out, "base { local { auth = psk }\nremote { auth = psk }\nchildren { net { } } "
		       "}\nconnections {\n");
	for (unsigned i = 0; i < n; i++)
		text_add(&out, "c%u : base { remote_addrs = 10.%u.%u.1\n }\n", i, i >> 8, i & 255);
	text_add(&out, "}\n");
	return text_str(&out);
}

static const char *owners(unsigned n, struct arena *arena)
{
	struct text out = text_in(arena);

	text_add(&out, "secrets { ike { secret = s\n");
	for (unsigned i = 0; i < n; i++)
		text_add(&out, "id-%u = peer%u\n", i, i);
	text_add(&out, "} }");
	return text_str(&out);
}

static const char *children(unsigned n, struct arena *arena)
{
	struct text out = text_in(arena);

	text_add(&out, "connections { a { local { auth = psk }\nremote { auth = psk }\nchildren {\n");
	for (unsigned i = 0; i < n; i++)
		text_add(&out, "n%u { remote_ts = 10.%u.%u.0/24\n }\n", i, i >> 8, i & 255);
	text_add(&out, "} } }");
	return text_str(&out);
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec / 1000;
}

struct cost {
	uint64_t us;
	size_t memory;
};

static struct cost cost_of(const char *text)
{
	uint64_t begin = now_us();
	struct loaded l = load_text(text);
	struct cost c = { .us = now_us() - begin, .memory = l.conf.arena.taken };

	assert_string_equal(l.why, "");
	for (unsigned k = 0; k < l.conf.n_peers; k++)
		c.memory += l.conf.peers[k]->arena.taken;
	loaded_free(&l);
	return c;
}

static struct cost cheaper(struct cost a, struct cost b)
{
	return a.us < b.us ? a : b;
}

/* In turns, so that whoever else works on this machine is in the way of both. */
static void measure(
	const char *(*make)(unsigned n, struct arena *arena), struct cost *some, struct cost *many)
{
	struct arena arena = { 0 };
	const char *few = make(SOME, &arena), *lots = make(MANY, &arena);

	*some = cost_of(few);
	*many = cost_of(lots);
	for (unsigned i = 1; i < RUNS; i++) {
		*some = cheaper(*some, cost_of(few));
		*many = cheaper(*many, cost_of(lots));
	}
	arena_free(&arena);
}

static void cost_grows_with_size(void **state)
{
	static const char *(*const makes[])(
		unsigned n, struct arena *arena) = { connections, heirs, owners, children };

	(void)state;
	for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
		struct cost some, many;

		measure(makes[i], &some, &many);
		if (many.us > GROWTH_MAX * (some.us + LEAST))
			fail_msg("case %zu: %d take %llu us, %d take %llu us", i, SOME,
				(unsigned long long)some.us, MANY, (unsigned long long)many.us);
		assert_true(many.memory < MEMORY_MAX * some.memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cost_grows_with_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
