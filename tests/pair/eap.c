/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/pair/eap.h"

unsigned eap_conversations(const struct host *h)
{
	return (unsigned)h->eap.open.count;
}

struct pair *eap_pair_open(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	pair_say_up(p, 1);
	return p;
}

struct pair *eap_pair_plain(void **state)
{
	return eap_pair_open(state, CLIENT(""), GATEWAY(""));
}

void eap_pair_up(struct pair *p)
{
	SILENCE(p->lab);
	pair_assert_up(p);
	assert_int_equal(eap_conversations(p->moon), 0);
	assert_int_equal(eap_conversations(p->sun), 0);
}

/* Moon was refused, and nothing is left of it anywhere. */
void eap_pair_ended(struct pair *p)
{
	assert_false(host_done(p->moon, 1)->success);
	pair_assert_empty_later(p);
	assert_int_equal(eap_conversations(p->moon), 0);
	assert_int_equal(eap_conversations(p->sun), 0);
}
