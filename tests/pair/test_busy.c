/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every two requests that can cross, and what each end answers to the other's while its own is under way:
 * exactly the lists of RFC 7296, 2.25.1 and 2.25.2. Whatever it is, both ends agree in the end. */
#include "tests/pair/pair.h"

/* A request of one end. "net" and "lan" stand, "far" is to be made. */
enum what {
	NOTHING,
	LIVENESS,
	CREATE,
	REKEY_NET,
	REKEY_LAN,
	DELETE_NET,
	DELETE_LAN,
	REKEY_IKE,
	DELETE_IKE,
	WHAT_COUNT
};

#define FAR(local, remote)                                                                                   \
	CONN("children { far { local_ts = " local "\n remote_ts = " remote                                   \
	     "\n esp_proposals = aes128gcm16\n rekey_time = 0\n } }")

/* Longer than the other times, shorter than an attempt is given up. */
#define LIVE CONN("dpd_delay = 1h")

static struct pair *open(void **state, enum what moon, enum what sun)
{
	struct pair *p = pair_open(state,
		pair_text(state, LAN_MOON("") FAR("10.21.0.0/16", "10.22.0.0/16"),
			moon == LIVENESS ? LIVE : NULL),
		pair_text(state, LAN_SUN("") FAR("10.22.0.0/16", "10.21.0.0/16"),
			sun == LIVENESS ? LIVE : NULL));

	pair_up_both(p);
	if (moon == LIVENESS || sun == LIVENESS)
		lab_clock(p->lab, lab_due(p->lab));
	return p;
}

static void begin(struct host *h, enum what what)
{
	switch (what) {
	case CREATE: host_up(h, "far", 3); break;
	case REKEY_NET: host_rekey(h, "net"); break;
	case REKEY_LAN: host_rekey(h, "lan"); break;
	case DELETE_NET: host_down(h, "net", 3); break;
	case DELETE_LAN: host_down(h, "lan", 3); break;
	case REKEY_IKE: host_rekey(h, NULL); break;
	case DELETE_IKE: host_down(h, NULL, 3); break;
	default: break;
	}
}

/* What is sealed in the answer to THEIRS of who has OURS under way. */
static const char *answer(enum what ours, enum what theirs)
{
	bool whole = ours == REKEY_IKE || ours == DELETE_IKE;
	bool idle = ours == NOTHING || ours == LIVENESS;

	switch (theirs) {
	case CREATE: return whole ? "N(TEMPORARY_FAILURE)" : "SA, Nonce, TSi, TSr";
	case REKEY_NET: return whole || ours == DELETE_NET ? "N(TEMPORARY_FAILURE)" : "SA, Nonce, TSi, TSr";
	case REKEY_LAN: return whole || ours == DELETE_LAN ? "N(TEMPORARY_FAILURE)" : "SA, Nonce, TSi, TSr";
	case DELETE_NET: return ours == DELETE_NET ? "" : "D(ESP)";
	case DELETE_LAN: return ours == DELETE_LAN ? "" : "D(ESP)";
	case REKEY_IKE: return idle || ours == REKEY_IKE ? "SA, KE, Nonce" : "N(TEMPORARY_FAILURE)";
	default: return "";
	}
}

/* The next in the air is HOST's request: it is delivered, and what is answered, which stays in the air, is as
 * expected. */
static void deliver(struct pair *p, const struct host *from, enum what ours, enum what theirs)
{
	struct flight *f = lab_first(p->lab);
	struct arena arena = { 0 };
	const char *arrow;

	if (theirs == NOTHING)
		return;
	assert_non_null(f);
	while (f->from != from) {
		list_remove(&f->node);
		list_append(&p->lab->flights, &f->node);
		f = lab_first(p->lab);
	}
	lab_deliver(p->lab, f);
	assert_false(list_empty(&p->lab->flights));
	f = node_owner(p->lab->flights.prev, struct flight, node);
	arrow = arrow_print(p->lab, f, &arena);
	assert_non_null(strstr(arrow, " response "));
	assert_string_equal(strstr(arrow, "SK "), arena_printf(&arena, "SK {%s}", answer(ours, theirs)));
	arena_free(&arena);
}

/* How many children there are in the end. */
static unsigned left(enum what moon, enum what sun)
{
	unsigned n = 2 + (moon == CREATE) + (sun == CREATE);
	bool net = moon == DELETE_NET || sun == DELETE_NET, lan = moon == DELETE_LAN || sun == DELETE_LAN;

	return n - net - lan;
}

static void cross(void **state, enum what moon, enum what sun)
{
	struct pair *p = open(state, moon, sun);

	begin(p->moon, moon);
	begin(p->sun, sun);
	deliver(p, p->moon, sun, moon);
	deliver(p, p->sun, moon, sun);
	lab_calm(p->lab);
	lab_pass(p->lab, 30 * 1000);
	if (moon == DELETE_IKE || sun == DELETE_IKE)
		pair_assert_empty_later(p);
	else
		pair_assert_agree(p, left(moon, sun));
	for (unsigned i = 0; i < 2; i++)
		assert_true(list_empty(&p->lab->hosts[i].ike->commands));
	assert_int_equal(pair_close(state), 0);
}

static void cross_all(void **state, enum what moon)
{
	for (enum what sun = 0; sun < WHAT_COUNT; sun++)
		cross(state, moon, sun);
}

static void create(void **state)
{
	cross_all(state, CREATE);
}

static void rekey_a_child(void **state)
{
	cross_all(state, REKEY_NET);
}

static void rekey_the_other_child(void **state)
{
	cross_all(state, REKEY_LAN);
}

static void delete_a_child(void **state)
{
	cross_all(state, DELETE_NET);
}

static void delete_the_other_child(void **state)
{
	cross_all(state, DELETE_LAN);
}

static void rekey_the_ike_sa(void **state)
{
	cross_all(state, REKEY_IKE);
}

static void delete_the_ike_sa(void **state)
{
	cross_all(state, DELETE_IKE);
}

static void liveness(void **state)
{
	cross_all(state, LIVENESS);
}

static void nothing(void **state)
{
	cross_all(state, NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(create),
		PAIR_TEST(rekey_a_child),
		PAIR_TEST(rekey_the_other_child),
		PAIR_TEST(delete_a_child),
		PAIR_TEST(delete_the_other_child),
		PAIR_TEST(rekey_the_ike_sa),
		PAIR_TEST(delete_the_ike_sa),
		PAIR_TEST(liveness),
		PAIR_TEST(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
