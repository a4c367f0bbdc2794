/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ike/offers.h"

static void follow(struct map *m, uint64_t before, uint64_t after, struct sa *sa)
{
	if (before == after)
		return;
	if (before)
		map_take(m, before);
	if (after)
		map_put(m, after, sa);
}

void offers_follow(
	struct ike *ike, struct sa *sa, const struct negotiation *before, const struct negotiation *after)
{
	follow(&ike->offered, before->spi, after ? after->spi : 0, sa);
	follow(&ike->offered_ike, before->ike_spi, after ? after->ike_spi : 0, sa);
}

bool offers_child(const struct ike *ike, uint32_t spi)
{
	return spi && map_get(&ike->offered, spi);
}

bool offers_ike(const struct ike *ike, uint64_t spi)
{
	return spi && map_get(&ike->offered_ike, spi);
}
