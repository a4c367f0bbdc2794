/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of a few places for each hash. */
#include "daemon/guesses.h"

#include "daemon/secrets.h"

enum { PLACES = 4, NET6 = 8 /* octets */ };

static uint64_t key_of(const struct guesses *g, bool user, struct bytes what)
{
	const uint8_t kind = user;
	struct bytes parts[2] = { bytes_of(&kind, 1), what };

	return siphash(&g->hash, parts, 2);
}

/* A password may be guessed with any domain in front of the name, and in any capitals. */
static uint64_t user_key(const struct guesses *g, const struct id *user)
{
	const struct id alone = { ID_FQDN, secrets_without_domain(user).data };
	uint64_t hash = id_hash(&alone, &g->hash);

	return key_of(g, true, bytes_of((const uint8_t *)&hash, sizeof hash));
}

static uint64_t address_key(const struct guesses *g, const struct ip *from)
{
	return key_of(g, false, bytes_of(from->a, from->v == 6 ? NET6 : ip_size(from)));
}

static struct guess *places(const struct guesses *g, uint64_t key)
{
	return (struct guess *)&g->v[key % (GUESSES_ROOM / PLACES) * PLACES];
}

static bool is_of(const struct guess *p, uint64_t key, uint64_t now)
{
	return p->last && p->key == key && now - p->last < GUESSES_TIME;
}

static unsigned count(const struct guesses *g, uint64_t key, uint64_t now)
{
	const struct guess *p = places(g, key);

	for (unsigned i = 0; i < PLACES; i++)
		if (is_of(&p[i], key, now))
			return p[i].wrong;
	return 0;
}

/* The place of KEY, or the one that was used last the longest time ago. */
static struct guess *place(struct guesses *g, uint64_t key, bool user, uint64_t now)
{
	struct guess *p = places(g, key), *oldest = p;

	for (unsigned i = 0; i < PLACES; i++) {
		if (is_of(&p[i], key, now))
			return &p[i];
		if (p[i].last < oldest->last)
			oldest = &p[i];
	}
	*oldest = (struct guess){ .key = key, .user = user };
	return oldest;
}

static unsigned one_more(struct guesses *g, uint64_t key, bool user, uint64_t now)
{
	struct guess *p = place(g, key, user, now);

	p->last = now ? now : 1;
	return ++p->wrong;
}

static unsigned delay(unsigned wrong, unsigned free)
{
	unsigned ms = GUESSES_FIRST;

	if (wrong < free)
		return 0;
	for (unsigned i = free; i < wrong && ms < GUESSES_LONGEST; i++)
		ms *= 2;
	return ms < GUESSES_LONGEST ? ms : GUESSES_LONGEST;
}

static unsigned larger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

unsigned guesses_wait(const struct guesses *g, const struct id *user, const struct ip *from, uint64_t now)
{
	return larger(delay(count(g, user_key(g, user), now), GUESSES_USER),
		delay(count(g, address_key(g, from), now), GUESSES_ADDRESS));
}

unsigned guesses_waiting(const struct guesses *g, uint64_t now)
{
	unsigned n = 0;

	for (unsigned i = 0; i < GUESSES_ROOM; i++) {
		const struct guess *p = &g->v[i];

		n += is_of(p, p->key, now) && p->wrong >= (p->user ? GUESSES_USER : GUESSES_ADDRESS);
	}
	return n;
}

unsigned guesses_wrong(struct guesses *g, const struct id *user, const struct ip *from, uint64_t now)
{
	unsigned of_user = one_more(g, user_key(g, user), true, now),
		 of_address = one_more(g, address_key(g, from), false, now);

	return larger(of_user, of_address);
}

void guesses_right(struct guesses *g, const struct id *user)
{
	uint64_t key = user_key(g, user);
	struct guess *p = places(g, key);

	for (unsigned i = 0; i < PLACES; i++)
		if (p[i].key == key)
			p[i] = (struct guess){ 0 };
}
