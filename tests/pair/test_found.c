/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core finds among thousands without walking all of them: connections by the peer's address
 * (ike/addressed.h), IKE_SAs by their identities and by the peer's address (ike/ends.h). What strangers say
 * is about one of them is tried in test_hints.c, and authentication anew in test_reauth.c. */
#include "ike/addressed.h"
#include "ike/ends.h"
#include "tests/pair/pair.h"

#include <stdio.h>

#define SITE(name, remote)                                                                                   \
	"connections { " name " { " remote                                                                   \
	"\n local { auth = psk\n id = a }\n remote { auth = psk\n id = b }\n"                                \
	"children { net { mode = tunnel } } } }\n"
#define FOUR                                                                                                 \
	SITE("exact", "remote_addrs = 192.0.2.7")                                                            \
	SITE("range", "remote_addrs = 192.0.2.0/24")                                                         \
	SITE("two", "remote_addrs = 192.0.2.9, 192.0.2.7, 192.0.2.7")                                        \
	SITE("mixed", "remote_addrs = 198.51.100.1, 203.0.113.0/24")                                         \
	SITE("anybody", "")

/* Names of what is found for a peer at ADDRESS. */
static const char *found(struct host *h, const char *address, struct arena *arena)
{
	struct text t = text_in(arena);
	struct ip ip = { 0 };
	const struct peer **v;
	unsigned n;

	assert_int_equal(ip_parse(address, &ip), ERR_OK);
	v = addressed_find(h->ike, &ip, arena, &n);
	for (unsigned i = 0; i < n; i++)
		text_add(&t, "%s%s", i ? " " : "", v[i]->name);
	return text_str(&t);
}

/* Wider ones may be for somebody else: candidates_by_address looks at them. */
static void connections_are_found_by_address(void **state)
{
	struct pair *p = pair_open_conf(state, FOUR, FOUR);
	struct arena arena = { 0 };

	assert_string_equal(found(p->sun, "192.0.2.7", &arena), "exact range two mixed anybody");
	assert_string_equal(found(p->sun, "192.0.2.9", &arena), "range two mixed anybody");
	assert_string_equal(found(p->sun, "192.0.2.8", &arena), "range mixed anybody");
	assert_string_equal(found(p->sun, "2001:db8::7", &arena), "range mixed anybody");
	host_reload(
		p->sun, SITE("exact", "remote_addrs = 192.0.2.8") SITE("v6", "remote_addrs = 2001:db8::7"));
	assert_string_equal(found(p->sun, "192.0.2.7", &arena), "");
	assert_string_equal(found(p->sun, "192.0.2.8", &arena), "exact");
	assert_string_equal(found(p->sun, "2001:db8::7", &arena), "v6");
	host_reload(p->sun, "");
	assert_string_equal(found(p->sun, "192.0.2.8", &arena), "");
	arena_free(&arena);
}

static struct id name(const char *text, struct arena *arena)
{
	struct id id = { 0 };

	assert_int_equal(id_parse(text, arena, &id), ERR_OK);
	return id;
}

static void sas_are_found_by_identities(void **state)
{
	struct pair *p = pair_open(state, LOCAL("id = Moon.example") REMOTE("id = sun.example"),
		REMOTE("id = %any") LOCAL("id = sun.example"));
	struct arena arena = { 0 };
	struct id moon = name("moon.EXAMPLE", &arena), sun = name("sun.example", &arena);
	struct sa *sa;

	assert_null(ends_next(p->sun->ike, NULL, &sun, &moon));
	pair_say_up(p, 1);
	lab_calm(p->lab);
	sa = ends_next(p->sun->ike, NULL, &sun, &moon);
	assert_non_null(sa);
	assert_null(ends_next(p->sun->ike, sa, &sun, &moon));
	assert_null(ends_next(p->sun->ike, NULL, &moon, &sun));
	/* Both that there are after a rekeying, and then only the heir. */
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	lab_pass(p->lab, 200 * 1000);
	assert_non_null(ends_next(p->sun->ike, NULL, &sun, &moon));
	assert_ptr_not_equal(ends_next(p->sun->ike, NULL, &sun, &moon), sa);
	host_down(p->moon, NULL, 2);
	lab_calm(p->lab);
	lab_pass(p->lab, 200 * 1000);
	assert_int_equal(p->sun->ike->ends.count, 0);
	assert_int_equal(p->moon->ike->ends.count, 0);
	arena_free(&arena);
}

static struct sa *at(const struct host *h, const char *address)
{
	struct ip ip;

	assert_int_equal(ip_parse(address, &ip), ERR_OK);
	return ends_at(h->ike, NULL, &ip);
}

/* Also after it has moved, and those of a peer behind each other. */
static void sas_are_found_by_the_peers_address(void **state)
{
	static const char mobile[] = CONN("mobike = yes\n local_addrs = %any");
	struct pair *p = pair_open(state, mobile, mobile);
	struct sa *sa;

	assert_null(at(p->sun, "192.0.2.1"));
	pair_say_up(p, 1);
	lab_calm(p->lab);
	sa = at(p->sun, "192.0.2.1");
	assert_non_null(sa);
	assert_null(ends_at(p->sun->ike, sa, &sa->core.path.remote.ip));
	host_addresses(p->moon, "198.51.100.1");
	lab_calm(p->lab);
	assert_null(at(p->sun, "192.0.2.1"));
	assert_ptr_equal(at(p->sun, "198.51.100.1"), sa);
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	assert_ptr_equal(at(p->sun, "198.51.100.1"), sa);
	assert_non_null(ends_at(p->sun->ike, sa, &sa->core.path.remote.ip));
	host_down(p->moon, NULL, 2);
	lab_calm(p->lab);
	lab_pass(p->lab, 200 * 1000);
	assert_int_equal(p->sun->ike->places.count, 0);
}

/* ------------------------------------------------------------------ many behind one NAT */

/* Comparisons of selectors and of identities: who looks at each peer makes them for each. */
static unsigned compared;

bool __real_tss_eq(struct tss a, struct tss b);
bool __real_id_eq(const struct id *a, const struct id *b);
bool __wrap_tss_eq(struct tss a, struct tss b);
bool __wrap_id_eq(const struct id *a, const struct id *b);

bool __wrap_tss_eq(struct tss a, struct tss b)
{
	compared++;
	return __real_tss_eq(a, b);
}

bool __wrap_id_eq(const struct id *a, const struct id *b)
{
	compared++;
	return __real_id_eq(a, b);
}

enum { MANY = 20 };

/* Connections of moon's to sun, each as somebody else and with a network of its own. */
static const char *as_many(char *room, size_t n)
{
	size_t at = 0;

	for (unsigned i = 0; i < MANY; i++)
		at += (size_t)snprintf(room + at, n - at,
			"connections { c%u { local_addrs = 10.9.0.1\n remote_addrs = 192.0.2.2\n encap = "
			"yes\n "
			"proposals = aes128gcm16-prfsha256-x25519\n local { auth = psk\n id = peer%u }\n "
			"remote { auth = psk }\n children { net { local_ts = 10.1.%u.0/24\n "
			"remote_ts = 10.2.0.0/16\n esp_proposals = aes128gcm16 } } } }\n",
			i, i, i);
	assert_true(at < n);
	return room;
}

/* One of them comes up; what sun compares for that. */
static unsigned comes(struct pair *p, unsigned i)
{
	char name[8];

	snprintf(name, sizeof name, "c%u", i);
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_UP, .ticket = i + 1, .ike = name });
	compared = 0;
	lab_calm(p->lab);
	assert_true(host_done(p->moon, i + 1)->success);
	return compared;
}

static void a_peer_behind_a_nat_is_not_compared_with_all_others_there(void **state)
{
	char room[MANY * 400];
	struct pair *p = pair_open(state, as_many(room, sizeof room),
		CONN("remote_addrs = %any") REMOTE("id = %any") CHILD("remote_ts = 10.1.0.0/16"));
	unsigned second;

	pair_hide_moon(p);
	comes(p, 0);
	second = comes(p, 1);
	assert_true(second);
	for (unsigned i = 2; i < MANY; i++)
		assert_int_equal(comes(p, i), second);
	assert_int_equal(ike_load(p->sun->ike).children, MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(connections_are_found_by_address),
		PAIR_TEST(sas_are_found_by_identities),
		PAIR_TEST(sas_are_found_by_the_peers_address),
		PAIR_TEST(a_peer_behind_a_nat_is_not_compared_with_all_others_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
