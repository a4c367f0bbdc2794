/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Those of one hash are a ring; the table leads to the first of it. */
#include "ike/ends.h"

static uint64_t key_of(const struct ike *ike, const struct id *local, const struct id *remote)
{
	uint64_t both[2] = { id_hash(local, &ike->hash_key), id_hash(remote, &ike->hash_key) };

	return siphash(&ike->hash_key, &(struct bytes){ (const uint8_t *)both, sizeof both }, 1);
}

void ends_add(struct ike *ike, struct sa *sa)
{
	struct sa *first;

	sa->ends = key_of(ike, &sa->local_id, &sa->remote_id);
	first = map_get(&ike->ends, sa->ends);
	if (first)
		list_append(&first->of_ends, &sa->of_ends);
	else
		map_put(&ike->ends, sa->ends, sa);
}

void ends_remove(struct ike *ike, struct sa *sa)
{
	if (map_get(&ike->ends, sa->ends) != sa) {
		list_remove(&sa->of_ends);
		return;
	}
	if (list_empty(&sa->of_ends))
		map_take(&ike->ends, sa->ends);
	else
		map_put(&ike->ends, sa->ends, node_owner(sa->of_ends.next, struct sa, of_ends));
	list_remove(&sa->of_ends);
}

struct sa *ends_next(
	const struct ike *ike, const struct sa *at, const struct id *local, const struct id *remote)
{
	struct sa *first = map_get(&ike->ends, key_of(ike, local, remote));
	struct sa *sa = at ? node_owner(at->of_ends.next, struct sa, of_ends) : first;

	for (; sa && !(at && sa == first); sa = node_owner(sa->of_ends.next, struct sa, of_ends)) {
		if (id_eq(&sa->local_id, local) && id_eq(&sa->remote_id, remote))
			return sa;
		at = sa;
	}
	return NULL;
}
