/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings of those with the same hash. */
#include "ike/ends.h"

uint64_t ends_key(const struct ike *ike, const struct id *local, const struct id *remote)
{
	uint64_t both[2] = { id_hash(local, &ike->hash_key), id_hash(remote, &ike->hash_key) };

	return siphash(&ike->hash_key, &(struct bytes){ (const uint8_t *)both, sizeof both }, 1);
}

static uint64_t key_at(const struct ike *ike, const struct ip *ip)
{
	struct bytes octets = ip_bytes(ip);

	return siphash(&ike->hash_key, &octets, 1);
}

void ends_add(struct ike *ike, struct sa *sa)
{
	ring_add(&ike->ends, &sa->of_ends, ends_key(ike, &sa->local_id, sa_user(sa)));
}

bool ends_follow(struct ike *ike, struct sa *sa)
{
	uint64_t key = key_at(ike, &sa->core.path.remote.ip);

	if (key == sa->of_place.key)
		return false;
	ring_remove(&ike->places, &sa->of_place);
	ring_add(&ike->places, &sa->of_place, key);
	return true;
}

void ends_remove(struct ike *ike, struct sa *sa)
{
	ring_remove(&ike->ends, &sa->of_ends);
	ring_remove(&ike->places, &sa->of_place);
}

struct sa *ends_next(
	const struct ike *ike, const struct sa *at, const struct id *local, const struct id *remote)
{
	uint64_t key = at ? at->of_ends.key : ends_key(ike, local, remote);
	const struct ring_node *n = at ? &at->of_ends : NULL;

	while ((n = ring_next(&ike->ends, n, key))) {
		struct sa *sa = node_owner(n, struct sa, of_ends);

		if (id_eq(&sa->local_id, local) && id_eq(sa_user(sa), remote))
			return sa;
	}
	return NULL;
}

struct sa *ends_at(const struct ike *ike, const struct sa *at, const struct ip *ip)
{
	uint64_t key = key_at(ike, ip);
	const struct ring_node *n = at ? &at->of_place : NULL;

	while ((n = ring_next(&ike->places, n, key))) {
		struct sa *sa = node_owner(n, struct sa, of_place);

		if (ip_eq(&sa->core.path.remote.ip, ip))
			return sa;
	}
	return NULL;
}
