/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session owes one message at a time: its start, then from time to time an interim, at last its stop. */
#include "radius/account.h"

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"

#include <stdlib.h>

enum {
	STATUS_START = 1,
	STATUS_STOP = 2,
	STATUS_INTERIM = 3,
	OWN_OCTETS = 512, /* more than the attributes that a message has of its own */
};

enum state {
	OWES,    /* a message is to be sent when its time has come */
	ASKED,   /* it is on its way */
	RESTS,   /* its interim is due some time */
	MEASURED /* what it has used is being looked up, for an interim */
};

struct account {
	struct heap_node due;
	uint64_t key;
	enum state state;
	unsigned status;                   /* of the message that it owes, or that is on its way */
	bool stopped;                      /* it is over, which may not be told yet */
	uint64_t started, happened, ended; /* HAPPENED: what the message tells of */
	uint64_t interim;                  /* ms; 0: none */
	struct radius_usage usage;
	enum radius_cause cause;
	size_t n;
	uint8_t attributes[]; /* N octets, those of all its messages */
};

struct radius_accounts {
	struct map accounts;
	struct heap due;
	uint8_t octets[RADIUS_ATTRIBUTES_MAX]; /* of what was given out */
};

struct radius_accounts *radius_accounts_new(void)
{
	struct radius_accounts *a = calloc(1, sizeof *a);

	if (!a)
		abort();
	return a;
}

static void forget(struct radius_accounts *a, struct account *s)
{
	heap_set(&a->due, &s->due, HEAP_NEVER);
	map_take(&a->accounts, s->key);
	free(s);
}

void radius_accounts_free(struct radius_accounts *a)
{
	struct account *s;
	size_t at = 0;

	if (!a)
		return;
	while ((s = map_next(&a->accounts, &at)))
		free(s);
	heap_free(&a->due);
	map_free(&a->accounts);
	free(a);
}

static void owe(
	struct radius_accounts *a, struct account *s, unsigned status, uint64_t happened, uint64_t due)
{
	s->state = OWES;
	s->status = status;
	s->happened = happened;
	heap_set(&a->due, &s->due, due);
}

/* After a message that was acknowledged, or is not worth repeating. */
static void rest(struct radius_accounts *a, struct account *s, uint64_t now)
{
	s->state = RESTS;
	heap_set(&a->due, &s->due, s->interim ? now + s->interim : HEAP_NEVER);
}

static void put_account(struct wr *w, const struct radius_account *account)
{
	radius_session_put(w, &account->session);
	if (account->ip.v == 4)
		radius_put(w, RADIUS_FRAMED_IP_ADDRESS, ip_bytes(&account->ip));
	if (account->ip6.v == 6)
		radius_put(w, RADIUS_FRAMED_IPV6_ADDRESS, ip_bytes(&account->ip6));
	for (unsigned i = 0; i < account->n_classes; i++)
		radius_put(w, RADIUS_CLASS, account->classes[i]);
	if (account->cui.n)
		radius_put(w, RADIUS_CHARGEABLE_USER_IDENTITY, account->cui);
}

enum err radius_accounts_start(
	struct radius_accounts *a, uint64_t key, const struct radius_account *account, uint64_t now)
{
	uint8_t octets[RADIUS_ATTRIBUTES_MAX - OWN_OCTETS];
	struct wr w = wr_of(octets, sizeof octets);
	struct account *s;

	if (a->accounts.count >= RADIUS_ACCOUNTS_MAX)
		return ERR_BUSY;
	put_account(&w, account);
	if (w.bad)
		return ERR_SPACE;
	s = calloc(1, sizeof *s + w.n);
	if (!s)
		abort();
	s->key = key;
	s->started = now;
	memcpy(s->attributes, octets, s->n = w.n);
	s->interim = 1000ull * account->interim;
	map_put(&a->accounts, key, s);
	owe(a, s, STATUS_START, now, now);
	return ERR_OK;
}

void radius_accounts_usage(
	struct radius_accounts *a, uint64_t key, const struct radius_usage *usage, uint64_t now)
{
	struct account *s = map_get(&a->accounts, key);

	if (!s || s->state != MEASURED)
		return;
	s->usage = *usage;
	owe(a, s, STATUS_INTERIM, now, now);
}

void radius_accounts_stop(struct radius_accounts *a, uint64_t key, const struct radius_usage *usage,
	enum radius_cause cause, uint64_t now)
{
	struct account *s = map_get(&a->accounts, key);

	if (!s || s->stopped)
		return;
	s->stopped = true;
	s->ended = now;
	s->usage = *usage;
	s->cause = cause;
	/* Behind what is on its way: servers that saw a stop before a start would have the session for ever.
	 */
	if (s->state != ASKED)
		owe(a, s, STATUS_STOP, now, now);
}

enum radius_account_end radius_accounts_done(
	struct radius_accounts *a, uint64_t key, bool acknowledged, uint64_t now)
{
	struct account *s = map_get(&a->accounts, key);
	bool lost;

	if (!s || s->state != ASKED)
		return RADIUS_ACCOUNT_FINE;
	if (s->stopped && s->status != STATUS_STOP) {
		owe(a, s, STATUS_STOP, s->ended, now);
	} else if (s->status == STATUS_STOP && (acknowledged || now - s->ended >= RADIUS_ACCOUNT_KEEP)) {
		lost = !acknowledged;
		forget(a, s);
		return lost ? RADIUS_ACCOUNT_LOST : RADIUS_ACCOUNT_FINE;
	} else if (!acknowledged && s->status != STATUS_INTERIM) {
		owe(a, s, s->status, s->happened, now + RADIUS_ACCOUNT_AGAIN);
	} else {
		/* An interim is not repeated: the next one says more. */
		rest(a, s, now);
		return acknowledged ? RADIUS_ACCOUNT_FINE : RADIUS_ACCOUNT_DEAF;
	}
	return RADIUS_ACCOUNT_FINE;
}

static void put_octets(struct wr *w, enum radius_type low, enum radius_type high, uint64_t n)
{
	radius_put_number(w, low, (uint32_t)n);
	if (n >> 32)
		radius_put_number(w, high, (uint32_t)(n >> 32));
}

static void put_usage(struct wr *w, const struct account *s)
{
	put_octets(w, RADIUS_ACCT_INPUT_OCTETS, RADIUS_ACCT_INPUT_GIGAWORDS, s->usage.octets_in);
	put_octets(w, RADIUS_ACCT_OUTPUT_OCTETS, RADIUS_ACCT_OUTPUT_GIGAWORDS, s->usage.octets_out);
	radius_put_number(w, RADIUS_ACCT_INPUT_PACKETS, (uint32_t)s->usage.packets_in);
	radius_put_number(w, RADIUS_ACCT_OUTPUT_PACKETS, (uint32_t)s->usage.packets_out);
	radius_put_number(w, RADIUS_ACCT_SESSION_TIME, (uint32_t)((s->happened - s->started) / 1000));
}

/* The message that S owes, as it is sent at NOW. */
static struct bytes write_message(struct radius_accounts *a, const struct account *s, uint64_t now)
{
	struct wr w = wr_of(a->octets, sizeof a->octets);

	radius_put_number(&w, RADIUS_ACCT_STATUS_TYPE, s->status);
	wr_bytes(&w, bytes_of(s->attributes, s->n));
	if (now - s->happened >= 1000)
		radius_put_number(&w, RADIUS_ACCT_DELAY_TIME, (uint32_t)((now - s->happened) / 1000));
	if (s->status != STATUS_START)
		put_usage(&w, s);
	if (s->status == STATUS_STOP)
		radius_put_number(&w, RADIUS_ACCT_TERMINATE_CAUSE, s->cause);
	return wr_done(&w);
}

bool radius_accounts_next(struct radius_accounts *a, uint64_t now, struct radius_account_out *out)
{
	struct heap_node *first = heap_first(&a->due);
	struct account *s;

	if (!first || first->due > now)
		return false;
	s = node_owner(first, struct account, due);
	heap_set(&a->due, &s->due, HEAP_NEVER);
	*out = (struct radius_account_out){ .key = s->key };
	if (s->state == RESTS) {
		s->state = MEASURED;
		out->what = RADIUS_ACCOUNT_USAGE;
	} else {
		s->state = ASKED;
		out->what = RADIUS_ACCOUNT_ASK;
		out->attributes = write_message(a, s, now);
	}
	return true;
}

uint64_t radius_accounts_wake(const struct radius_accounts *a)
{
	struct heap_node *first = heap_first(&a->due);

	return first ? first->due : HEAP_NEVER;
}

size_t radius_accounts_count(const struct radius_accounts *a)
{
	return a->accounts.count;
}
