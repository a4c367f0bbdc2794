/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/pair/caller.h"

#include "crypto/puzzle.h"
#include "tests/pair/forge.h"

struct addr caller_address(const char *ip, uint16_t port)
{
	struct addr a = { .port = port };

	assert_int_equal(ip_parse(ip, &a.ip), ERR_OK);
	return a;
}

void caller_crowd(struct pair *p, int n)
{
	p->sun->ike->half_open += (unsigned)n;
}

/* What sun says to M, a request that looks as if FROM had sent it; NULL: nothing. */
static struct flight *call(struct pair *p, struct addr from, const struct message *m)
{
	struct arena arena = { 0 };
	struct flight *f =
		lab_forge(p->lab, p->moon, from, caller_address("192.0.2.2", 500), forge_clear(m, &arena));
	struct flight *before = lab_first(p->lab), *last;

	lab_deliver(p->lab, f);
	arena_free(&arena);
	last = list_empty(&p->lab->flights) ? NULL : node_owner(p->lab->flights.prev, struct flight, node);
	return last == before || last == f ? NULL : last;
}

void caller_begin(struct caller *c, struct pair *p, uint8_t number)
{
	*c = (struct caller){ 0 };
	c->request = forge_read(lab_first(p->lab), &c->arena);
	c->request.header.spi_i += number;
}

/* Whether sun asks C for a cookie, when REQUEST comes from FROM. */
static bool is_asked(struct caller *c, struct pair *p, struct addr from, const struct message *request)
{
	struct flight *f = call(p, from, request);
	struct message m;

	assert_non_null(f);
	m = forge_read(f, &c->arena);
	c->puzzle = (struct wire_puzzle){ 0 };
	if (message_notify(&m, COOKIE))
		c->cookie = arena_bytes(&c->arena, message_notify(&m, COOKIE)->data);
	if (message_notify(&m, PUZZLE))
		assert_true(puzzle_get(message_notify(&m, PUZZLE)->data, &c->puzzle));
	lab_lose(f);
	return message_notify(&m, COOKIE);
}

bool caller_asked(struct caller *c, struct pair *p, struct addr from)
{
	return is_asked(c, p, from, &c->request);
}

/* Its request with the cookie. */
static struct message with_cookie(struct caller *c)
{
	struct message m = c->request;

	m.notifies = NULL;
	m.n_notifies = 0;
	message_add_notify(&m, &c->arena, COOKIE, c->cookie);
	return m;
}

bool caller_asked_with(struct caller *c, struct pair *p, struct addr from)
{
	struct message m = with_cookie(c);

	return is_asked(c, p, from, &m);
}

void caller_solve(struct caller *c, unsigned bits, bool exactly)
{
	uint8_t *keys = arena_alloc(&c->arena, PUZZLE_KEYS * PUZZLE_KEY_OCTETS);
	const struct transform *prf = transform_find(TRANSFORM_PRF, c->puzzle.prf, 0);
	uint32_t next = 0;

	for (unsigned i = 0; i < PUZZLE_KEYS;) {
		uint8_t *key = keys + i * PUZZLE_KEY_OCTETS;
		unsigned found;

		assert_int_equal(puzzle_search(prf, bits, c->cookie, 1u << 24, &next, key), ERR_OK);
		assert_int_equal(
			puzzle_measure(prf, bytes_of(key, PUZZLE_KEY_OCTETS), c->cookie, &found), ERR_OK);
		i += !exactly || found == bits;
	}
	c->request.solution = bytes_of(keys, PUZZLE_KEYS * PUZZLE_KEY_OCTETS);
	c->request.has |= PAYLOAD_BIT(PAYLOAD_PS);
}

bool caller_comes_in(struct caller *c, struct pair *p, struct addr from)
{
	unsigned before = ike_load(p->sun->ike).half_open;
	struct message m = with_cookie(c);
	struct flight *f = call(p, from, &m);

	if (f)
		lab_lose(f);
	return ike_load(p->sun->ike).half_open > before;
}

void caller_fill(struct pair *p)
{
	struct addr from = caller_address("198.51.100.9", 500);
	struct caller c;

	for (uint8_t i = 0; i < STRANGERS_BURST; i++) {
		caller_begin(&c, p, (uint8_t)(100 + i));
		assert_true(caller_asked(&c, p, from));
		assert_true(caller_comes_in(&c, p, from));
		arena_free(&c.arena);
	}
}

struct wire_puzzle caller_puzzle_in_crowd(struct pair *p, int n)
{
	struct caller c;

	caller_crowd(p, n);
	caller_begin(&c, p, 1);
	assert_true(caller_asked(&c, p, caller_address("198.51.100.1", 500)));
	arena_free(&c.arena);
	caller_crowd(p, -n);
	return c.puzzle;
}
