/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/begun.h"

#include "crypto/prf.h"
#include "wire/message.h"

#include <stdlib.h>

enum { DIGEST = 32 };

struct beginning {
	struct node node;
	uint64_t sent; /* ms */
	unsigned proofs;
	uint8_t digest[DIGEST];
};

/* The message at the beginning of OCTETS (RFC 7296, 3.1), which a responder's cookie and the like are not: no
 * IKE_SA comes of these. Empty: there is none. */
static struct bytes message_of(struct bytes octets)
{
	struct bytes message = header_cut(&octets);
	struct wire_header h;
	bool begins = !header_get(message, &h) && header_begins(&h) && h.spi_i &&
		      !(h.flags & FLAG_RESPONSE) == !h.spi_r;

	return begins ? message : (struct bytes){ 0 };
}

static uint64_t hash(struct bytes message, uint8_t out[PRF_OUT_MAX])
{
	uint64_t key;
	size_t n;

	if (digest("SHA256", &message, 1, out, &n) || n != DIGEST)
		abort();
	memcpy(&key, out, sizeof key);
	return key ? key : 1;
}

static void forget(struct begun *b, struct beginning *x)
{
	uint64_t key;

	memcpy(&key, x->digest, sizeof key);
	map_take(&b->of, key ? key : 1);
	list_remove(&x->node);
	free(x);
}

static struct beginning *oldest(const struct begun *b)
{
	return list_empty(&b->order) ? NULL : node_owner(b->order.next, struct beginning, node);
}

static bool is_old(const struct begun *b, const struct beginning *x, uint64_t now)
{
	return b->of.count > BEGUN_MAX || (b->of.count > BEGUN_KEPT && now - x->sent > BEGUN_TIME * 1000);
}

static void forget_old(struct begun *b, uint64_t now)
{
	struct beginning *x;

	while ((x = oldest(b)) && is_old(b, x, now))
		forget(b, x);
}

/* Two that only begin alike are not the same: nobody makes such but on purpose, and then for nothing. */
static struct beginning *find(
	const struct begun *b, struct bytes message, uint8_t out[PRF_OUT_MAX], uint64_t *key)
{
	struct beginning *x;

	*key = hash(message, out);
	x = map_get(&b->of, *key);
	return x && !memcmp(x->digest, out, DIGEST) ? x : NULL;
}

void begun_sent(struct begun *b, struct bytes datagram, uint64_t now)
{
	struct bytes message = message_of(datagram);
	uint8_t sum[PRF_OUT_MAX];
	struct beginning *x;
	uint64_t key;

	if (!message.n || message.n != datagram.n)
		return;
	x = find(b, message, sum, &key);
	if (x) {
		list_remove(&x->node);
	} else {
		if ((x = map_get(&b->of, key)))
			forget(b, x);
		x = calloc(1, sizeof *x);
		if (!x)
			abort();
		memcpy(x->digest, sum, DIGEST);
		map_put(&b->of, key, x);
	}
	x->sent = now;
	list_append(&b->order, &x->node);
	forget_old(b, now);
}

bool begun_prove(struct begun *b, struct bytes octets, unsigned times, uint64_t now, struct text *why)
{
	struct bytes message = message_of(octets);
	uint8_t sum[PRF_OUT_MAX];
	uint64_t key;
	struct beginning *x;

	forget_old(b, now);
	x = message.n ? find(b, message, sum, &key) : NULL;
	if (!x)
		text_add(why, "a proof for an exchange that has not begun: no such IKE_SA_INIT was sent");
	else if (x->proofs >= times)
		text_add(why, "a proof more than its IKE_AUTH has: %u", times);
	else
		x->proofs++;
	return !why->n;
}

void begun_clear(struct begun *b)
{
	list_each_safe (n, &b->order)
		forget(b, node_owner(n, struct beginning, node));
}

void begun_start(struct begun *b)
{
	*b = (struct begun){ 0 };
	list_init(&b->order);
}

void begun_stop(struct begun *b)
{
	begun_clear(b);
	map_free(&b->of);
}
