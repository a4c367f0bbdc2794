/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_SAs that are authenticated anew: before or after the old one ends, in time, before a certificate
 * expires, or on command. */
#include "ike/step.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

enum { SECOND = 1000 };

static struct pair *open(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	pair_up(p);
	return p;
}

#define REAUTH CONN("reauth_time = 1000s\n over_time = 100s\n rand_time = 0")

/* A new IKE_SA with all children first, then the old one goes. */
static void makes_before_it_breaks(void **state, const char *sun)
{
	struct pair *p = pair_open(state, LAN_MOON("") REAUTH DAEMON("make_before_break = yes"), sun);

	pair_up_both(p);
	p->lab->now = forge_sa(p->moon)->core.established;
	traffic_begin(&p->traffic, p->lab);
	pair_until(p, forge_sa(p->moon)->core.established, 1000 * SECOND);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}",
		"moon --> sun  CREATE_CHILD_SA request 2: SK {SA, Nonce, TSi, TSr}",
		"moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, Nonce, TSi, TSr}",
		"moon --> sun  INFORMATIONAL request 3: SK {D(IKE)}",
		"moon <-- sun  INFORMATIONAL response 3: SK {}");
	/* clang-format on */
	traffic_end(&p->traffic);
	pair_assert_agree(p, 2);
	/* And again. */
	lab_pass(p->lab, 1001 * SECOND);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 3);
	pair_assert_agree(p, 2);
}

static void make_before_break(void **state)
{
	makes_before_it_breaks(state, LAN_SUN(""));
}

/* It does not end the old one before all its children are there. */
static void make_before_break_where_the_newer_one_replaces(void **state)
{
	makes_before_it_breaks(state, LAN_SUN("") CONN("unique = replace"));
}

/* Moon authenticates anew with sun, which replaces; the first request for the second child is lost. */
static struct pair *second_child_is_late(void **state)
{
	struct pair *p = pair_open(state, LAN_MOON("") REAUTH DAEMON("make_before_break = yes"),
		LAN_SUN("") CONN("unique = replace"));

	pair_up_both(p);
	lab_clock(p->lab, forge_sa(p->moon)->core.reauth_due);
	for (unsigned i = 0; i < 4; i++)
		lab_deliver(p->lab, lab_first(p->lab));
	ARROWS(p->lab, "lost: moon --> sun  CREATE_CHILD_SA request 2: SK {SA, Nonce, TSi, TSr}");
	return p;
}

/* The old one goes on until the second child has come to the new one. */
static void the_newer_one_lacks_a_child_for_a_while(void **state)
{
	struct pair *p = second_child_is_late(state);
	uint64_t start = p->lab->now;

	traffic_begin(&p->traffic, p->lab);
	pair_until(p, start, 4 * SECOND);
	ARROWS(p->lab, "lost: moon --> sun  CREATE_CHILD_SA request 2: SK {SA, Nonce, TSi, TSr}");
	pair_until(p, start, 11200);
	assert_in_range(11200, REPLACED_TIME, REPLACED_LONGEST);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  CREATE_CHILD_SA request 2: SK {SA, Nonce, TSi, TSr}",
		"moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, Nonce, TSi, TSr}",
		"moon --> sun  INFORMATIONAL request 3: SK {D(IKE)}",
		"moon <-- sun  INFORMATIONAL response 3: SK {}");
	/* clang-format on */
	traffic_end(&p->traffic);
	pair_assert_agree(p, 2);
}

/* But it does not wait for ever for one that may never come. */
static void the_newer_one_lacks_a_child_for_too_long(void **state)
{
	struct pair *p = second_child_is_late(state);

	lab_pass_deaf(p->lab, REPLACED_LONGEST - 1);
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + 1);
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL request 0: SK {D(IKE)}",
		"moon --> sun  INFORMATIONAL response 0: SK {}");
}

/* The child whose SA carries sun's packets now. */
static uint32_t sender(const struct pair *p)
{
	const struct datapath *dp = &p->sun->datapath;

	return datapath_sender(dp, node_owner(dp->policies.next, struct dp_policy, node))->spec.child;
}

/* Moon has the new one up as soon as it has sun's answer: sun sends on the old one until then. */
static void the_answer_is_lost(void **state)
{
	struct pair *p = open(state, REAUTH DAEMON("make_before_break = yes"), NULL);
	uint32_t old = host_child(p->sun, "net")->id, late = host_child(p->moon, "net")->spi_in;

	traffic_begin(&p->traffic, p->lab);
	pair_until(p, p->lab->now, 1000 * SECOND);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"lost: moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	/* clang-format on */
	assert_int_equal(sender(p), old);
	lab_clock(p->lab, p->lab->now + 4 * SECOND);
	lab_calm(p->lab);
	/* What sun has sent on the old one may come yet, for some seconds. */
	assert_non_null(datapath_sa(&p->moon->datapath, true, late));
	assert_int_equal(sender(p), host_child(p->sun, "net")->id);
	pair_assert_agree(p, 1);
}

/* Nothing comes on the new one, and the old one is not deleted: sun does not wait for ever. */
static void the_delete_is_lost(void **state)
{
	struct pair *p = open(state, REAUTH DAEMON("make_before_break = yes"), NULL);
	uint32_t old = host_child(p->sun, "net")->id;

	pair_until(p, p->lab->now, 1000 * SECOND);
	for (unsigned i = 0; i < 4; i++)
		lab_deliver(p->lab, lab_first(p->lab));
	ARROWS(p->lab, "lost: moon --> sun  INFORMATIONAL request 2: SK {D(IKE)}");
	lab_pass_deaf(p->lab, SWITCH_TIME - 1);
	assert_int_equal(sender(p), old);
	lab_pass_deaf(p->lab, 1);
	assert_int_equal(sender(p), host_child(p->sun, "net")->id);
	assert_int_not_equal(sender(p), old);
	lab_pass(p->lab, 60 * SECOND);
	pair_assert_agree(p, 1);
}

/* What is under way may fail yet: the time comes again, and nothing is begun twice. */
static void again_while_it_is_under_way(void **state)
{
	struct pair *p = open(state, REAUTH DAEMON("make_before_break = yes"), NULL);
	struct sa *old = forge_sa(p->moon);
	struct node kept;

	pair_until(p, p->lab->now, 1000 * SECOND);
	old->core.reauth_due = p->lab->now;
	sa_rearm(p->moon->ike, old);
	forge_unlist(p->moon, &kept);
	host_event(p->moon, &(struct ike_event){ .kind = EVENT_CLOCK });
	forge_list(p->moon, &kept);
	assert_int_equal(old->core.reauth_due, p->lab->now + BUSY_TIME);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}",
		"moon --> sun  INFORMATIONAL request 2: SK {D(IKE)}",
		"moon <-- sun  INFORMATIONAL response 2: SK {}");
	/* clang-format on */
	pair_assert_agree(p, 1);
}

/* The old one is replaced while the new one is being made: its heir goes then. */
static void the_old_one_is_rekeyed(void **state)
{
	struct pair *p = open(state, REAUTH DAEMON("make_before_break = yes"), NULL);
	struct node kept;

	pair_until(p, p->lab->now, 1000 * SECOND);
	host_rekey(p->sun, NULL);
	forge_unlist(p->moon, &kept);
	/* clang-format off */
	ARROWS(p->lab,
		"kept: moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  CREATE_CHILD_SA request 0: SK {SA, KE, Nonce}",
		"kept: moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon --> sun  CREATE_CHILD_SA response 0: SK {SA, KE, Nonce}");
	/* clang-format on */
	forge_list(p->moon, &kept);
	lab_calm(p->lab);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
	assert_int_equal(host_told_times(p->moon, TELL_SA_DOWN), 1);
	pair_assert_agree(p, 1);
}

/* The new one is replaced before the old one goes: moon has the answer to that last. */
static void the_new_one_is_rekeyed(void **state)
{
	struct pair *p = open(state, REAUTH DAEMON("make_before_break = yes"), NULL);
	uint32_t first;

	pair_until(p, p->lab->now, 1000 * SECOND);
	for (unsigned i = 0; i < 4; i++)
		lab_deliver(p->lab, lab_first(p->lab));
	first = host_child(p->sun, "net")->id;
	host_rekey(p->moon, "net");
	/* clang-format off */
	ARROWS(p->lab,
		"kept: moon --> sun  INFORMATIONAL request 2: SK {D(IKE)}",
		"moon --> sun  CREATE_CHILD_SA request 2: SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}",
		"moon --> sun  INFORMATIONAL request 2: SK {D(IKE)}");
	/* clang-format on */
	assert_int_not_equal(host_child(p->sun, "net")->id, first);
	assert_int_equal(sender(p), first);
	lab_calm(p->lab);
	assert_int_equal(sender(p), host_child(p->sun, "net")->id);
	pair_assert_agree(p, 1);
}

/* A packet comes on the new one: moon has it up. */
static void the_new_one_is_used(void **state)
{
	struct pair *p = open(state, REAUTH DAEMON("make_before_break = yes"), NULL);
	uint32_t old = host_child(p->sun, "net")->id;

	pair_until(p, p->lab->now, 1000 * SECOND);
	for (unsigned i = 0; i < 4; i++)
		lab_deliver(p->lab, lab_first(p->lab));
	assert_int_equal(sender(p), old);
	host_used(p->sun, "net");
	assert_int_equal(sender(p), host_child(p->sun, "net")->id);
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
}

/* The one that is late from the first time carries nothing that the newest would have to wait for. */
static void twice_within_the_time_of_late_packets(void **state)
{
	struct pair *p = open(state, DAEMON("make_before_break = yes"), NULL);
	uint64_t start = p->lab->now;

	for (unsigned i = 0; i < 2; i++) {
		host_command(p->moon,
			&(struct ike_command){ .kind = COMMAND_REKEY, .ike = "site", .reauth = true });
		lab_calm(p->lab);
		assert_int_equal(host_told_times(p->sun, TELL_SA_DOWN), i + 1);
		assert_int_equal(sender(p), host_child(p->sun, "net")->id);
	}
	assert_true(p->lab->now < start + LATE_TIME);
	pair_assert_agree(p, 1);
}

/* Packets on the child before the old one may still be under way, too. */
static void what_is_late_stays(void **state)
{
	struct pair *p = open(state, DAEMON("make_before_break = yes"), NULL);
	uint32_t spi = host_child(p->moon, "net")->spi_in;

	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	lab_clock(p->lab, p->lab->now + LATE_TIME - 1);
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_REKEY, .ike = "site", .reauth = true });
	lab_calm(p->lab);
	assert_int_equal(host_told_times(p->moon, TELL_SA_DOWN), 1);
	assert_non_null(datapath_sa(&p->moon->datapath, true, spi));
	lab_clock(p->lab, p->lab->now + 1);
	assert_null(datapath_sa(&p->moon->datapath, true, spi));
	pair_assert_agree(p, 1);
}

/* The old one is deleted first; the new one has the same children. */
static void break_before_make(void **state)
{
	struct pair *p = pair_open(state, LAN_MOON("") REAUTH DAEMON("make_before_break = no"), LAN_SUN(""));
	uint64_t start;

	pair_up_both(p);
	start = forge_sa(p->moon)->core.established;
	pair_until(p, start, 1000 * SECOND);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  INFORMATIONAL request 3: SK {D(IKE)}",
		"moon <-- sun  INFORMATIONAL response 3: SK {}",
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}",
		"moon --> sun  CREATE_CHILD_SA request 2: SK {SA, Nonce, TSi, TSr}",
		"moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, Nonce, TSi, TSr}");
	/* clang-format on */
	pair_assert_agree(p, 2);
}

/* While the delete waits for its turn, the peer rekeys the IKE_SA: then the new one is deleted and made
 * again. */
static void break_before_make_of_an_heir(void **state)
{
	struct pair *p = open(state,
		pair_text(state, REAUTH DAEMON("make_before_break = no"), CONN("dpd_delay = 999s")), NULL);

	pair_until(p, p->lab->now, 999 * SECOND);
	ARROWS(p->lab, "lost: moon --> sun  INFORMATIONAL request 2: SK {}");
	lab_clock(p->lab, p->lab->now + SECOND);
	host_rekey(p->sun, NULL);
	lab_pass(p->lab, 20 * SECOND);
	assert_int_equal(host_told_times(p->moon, TELL_SA_REKEYED), 1);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
	pair_assert_agree(p, 1);
}

/* Who takes it down then means it. */
static void break_before_down(void **state)
{
	struct pair *p = open(state, REAUTH DAEMON("make_before_break = no"), NULL);

	pair_until(p, p->lab->now, 1000 * SECOND);
	host_down(p->moon, NULL, 2);
	lab_calm(p->lab);
	assert_true(host_done(p->moon, 2)->success);
	pair_assert_empty_later(p);
}

/* The peer rekeys the old IKE_SA while the new one is being made: its heir goes. */
static void make_before_break_of_an_heir(void **state)
{
	struct pair *p = pair_open(state, REAUTH DAEMON("make_before_break = yes"), NULL);

	pair_up(p);
	lab_clock(p->lab, p->lab->now + 1000 * SECOND);
	host_rekey(p->sun, NULL);
	lab_calm(p->lab);
	lab_pass(p->lab, 20 * SECOND);
	pair_assert_agree(p, 1);
}

/* A certificate that expires ends what was authenticated with it: the initiator is there before. */
static void who_checked_a_certificate_authenticates_anew_before_it_expires(void **state)
{
	struct pair *p = pair_open(state, DAEMON("make_before_break = yes"), NULL);
	uint64_t established;

	p->moon->valid = 1000;
	pair_say_up(p, 1);
	lab_calm(p->lab);
	established = forge_sa(p->moon)->core.established;
	assert_int_equal(forge_sa(p->moon)->core.reauth_due, established + 900 * SECOND);
	assert_int_equal(forge_sa(p->moon)->core.life_end, established + 1000 * SECOND);
	p->moon->valid = 100 * 24 * 3600;
	lab_pass(p->lab, 901 * SECOND);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
	pair_assert_agree(p, 1);
	assert_int_equal(
		forge_sa(p->moon)->core.life_end - forge_sa(p->moon)->core.reauth_due, 24 * 3600 * SECOND);
}

/* The IKE_SA ends then, and nobody does anything before. */
static void cert_expiry_closes(void **state)
{
	struct pair *p = pair_open(state, CONN("cert_expiry = close"), NULL);
	struct sa_core *core;

	p->moon->valid = 1000;
	pair_say_up(p, 1);
	lab_calm(p->lab);
	core = &forge_sa(p->moon)->core;
	assert_int_equal(core->reauth_due, 0);
	assert_int_equal(core->life_end, core->established + 1000 * SECOND);
	lab_pass(p->lab, 1001 * SECOND);
	pair_assert_empty_later(p);
}

/* It lives on; a responder does not tell the peer to hurry, either. */
static void cert_expiry_keeps(void **state)
{
	struct pair *p = pair_open(state, CONN("cert_expiry = keep"), CONN("cert_expiry = keep"));
	struct sa_core *core;

	p->moon->valid = p->sun->valid = 1000;
	pair_say_up(p, 1);
	lab_calm(p->lab);
	core = &forge_sa(p->moon)->core;
	assert_int_equal(core->reauth_due, 0);
	assert_int_equal(core->reauth_end, 0);
	lab_pass(p->lab, 1001 * SECOND);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 1);
	pair_assert_agree(p, 1);
}

static void assert_proven(struct host *h, const char *says)
{
	const struct sa *sa = forge_sa_up(h);
	struct ike_proven proven = { 0 };

	assert_true(ike_proven(h->ike, sa->spi, &proven));
	assert_int_equal(proven.id, sa->id);
	assert_ptr_equal(proven.peer, sa->core.peer);
	assert_int_equal(proven.certs.n, 1);
	assert_true(bytes_eq(proven.certs.v[0].data, bytes_str(says)));
}

/* What was to be kept of the peer's proof is there as long as it counts, also when the IKE_SA was rekeyed. */
static void what_a_peer_has_proved_itself_with_is_kept(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	p->moon->proven = "sun's";
	p->sun->proven = "moon's";
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_proven(p->moon, "sun's");
	assert_proven(p->sun, "moon's");
	host_rekey(p->sun, NULL);
	lab_calm(p->lab);
	lab_pass(p->lab, 20 * SECOND);
	assert_proven(p->moon, "sun's");
	assert_proven(p->sun, "moon's");
}

/* The responder tells the initiator (RFC 4478), and ends the IKE_SA of one that does not care. */
static void a_responder_tells_when_a_certificate_expires(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct sa_core *core;

	p->sun->valid = 1000;
	pair_say_up(p, 1);
	lab_calm(p->lab);
	core = &forge_sa(p->moon)->core;
	assert_int_equal(core->reauth_due, core->established + 900 * SECOND);
	core->reauth_due = core->reauth_end = core->life_end = 0;
	assert_int_equal(forge_sa(p->sun)->core.reauth_due, 0);
	lab_pass(p->lab, 1001 * SECOND);
	pair_assert_empty_later(p);
}

/* The responder does not reauthenticate: it cannot (2.8.3). When the time is over it ends the IKE_SA of a
 * peer that has not understood AUTH_LIFETIME. */
static void the_responder_waits_for_it(void **state)
{
	struct pair *p = pair_open_up(state, NULL, REAUTH);
	struct sa_core *core;

	core = &forge_sa(p->moon)->core;
	core->reauth_due = core->reauth_end = core->life_end = 0;
	pair_quiet(p, 1099 * SECOND);
	lab_clock(p->lab, p->lab->now + SECOND);
	/* clang-format off */
	ARROWS(p->lab,
		"moon <-- sun  INFORMATIONAL request 0: SK {D(IKE)}",
		"moon --> sun  INFORMATIONAL response 0: SK {}");
	/* clang-format on */
	pair_assert_empty_later(p);
}

/* Rekeying does not put it off. */
static void rekeying_is_not_authentication(void **state)
{
	struct pair *p = open(state, REAUTH DAEMON("make_before_break = yes"), NULL);
	uint64_t start = p->lab->now;

	lab_clock(p->lab, start + 900 * SECOND);
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	pair_until(p, start, 1000 * SECOND);
	assert_non_null(lab_first(p->lab));
	lab_calm(p->lab);
	assert_int_equal(host_told_times(p->sun, TELL_SA_UP), 2);
	pair_assert_agree(p, 1);
}

/* Nor does a rekeying by both, in which moon hears that the old one is deleted before it knows what it has.
 */
static void nor_is_rekeying_by_both(void **state)
{
	struct pair *p = open(state, REAUTH DAEMON("make_before_break = yes"), NULL);
	uint64_t start = p->lab->now;

	pair_nonces(p, 0x10);
	host_rekey(p->moon, NULL);
	pair_nonces(p, 0x80);
	host_rekey(p->sun, NULL);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  CREATE_CHILD_SA request 2: SK {SA, KE, Nonce}",
		"moon <-- sun  CREATE_CHILD_SA request 0: SK {SA, KE, Nonce}",
		"lost: moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, KE, Nonce}",
		"moon --> sun  CREATE_CHILD_SA response 0: SK {SA, KE, Nonce}",
		"moon <-- sun  INFORMATIONAL request 1: SK {D(IKE)}",
		"moon --> sun  INFORMATIONAL response 1: SK {}");
	/* clang-format on */
	lab_pass(p->lab, 2 * REKEYED_TIME);
	pair_until(p, start, 1000 * SECOND);
	lab_calm(p->lab);
	assert_int_equal(host_told_times(p->sun, TELL_SA_UP), 2);
	pair_assert_agree(p, 1);
}

/* Authentication fails now: the old one lives until its time is over. */
static void authentication_that_fails(void **state)
{
	struct pair *p = open(state, REAUTH DAEMON("make_before_break = yes"), NULL);
	uint64_t start = p->lab->now;

	host_reload(p->sun, pair_text(state, pair_sun, SECRET("secret = sunlight")));
	lab_pass(p->lab, 1050 * SECOND);
	pair_assert_agree(p, 1);
	pair_until(p, start, 1100 * SECOND);
	lab_calm(p->lab);
	pair_assert_empty_later(p);
}

static void authentication_on_command(void **state)
{
	struct pair *p = open(state, DAEMON("make_before_break = yes"), NULL);

	host_command(p->moon,
		&(struct ike_command){ .kind = COMMAND_REKEY, .ticket = 5, .ike = "site", .reauth = true });
	lab_calm(p->lab);
	assert_true(host_done(p->moon, 5)->success);
	assert_int_equal(host_told_times(p->sun, TELL_SA_UP), 2);
	pair_assert_agree(p, 1);
}

/* Once more while it is under way is too much, of the old one and of the new one. */
static void authentication_while_it_is_under_way(void **state)
{
	struct ike_command reauth = { .kind = COMMAND_REKEY, .ike = "site", .reauth = true };

	for (unsigned delivered = 0; delivered < 6; delivered++) {
		struct pair *p =
			pair_open(state, LAN_MOON("") DAEMON("make_before_break = yes"), LAN_SUN(""));

		pair_up_both(p);
		traffic_begin(&p->traffic, p->lab);
		host_command(p->moon, &reauth);
		for (unsigned i = 0; i < delivered; i++)
			lab_deliver(p->lab, lab_first(p->lab));
		host_command(p->moon, &reauth);
		lab_calm(p->lab);
		assert_int_equal(host_told_times(p->sun, TELL_SA_UP), 2);
		traffic_end(&p->traffic);
		pair_assert_agree(p, 2);
		assert_int_equal(pair_close(state), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(make_before_break),
		PAIR_TEST(make_before_break_where_the_newer_one_replaces),
		PAIR_TEST(the_newer_one_lacks_a_child_for_a_while),
		PAIR_TEST(the_newer_one_lacks_a_child_for_too_long),
		PAIR_TEST(the_answer_is_lost),
		PAIR_TEST(the_delete_is_lost),
		PAIR_TEST(again_while_it_is_under_way),
		PAIR_TEST(the_old_one_is_rekeyed),
		PAIR_TEST(the_new_one_is_rekeyed),
		PAIR_TEST(the_new_one_is_used),
		PAIR_TEST(twice_within_the_time_of_late_packets),
		PAIR_TEST(what_is_late_stays),
		PAIR_TEST(break_before_make),
		PAIR_TEST(break_before_make_of_an_heir),
		PAIR_TEST(break_before_down),
		PAIR_TEST(make_before_break_of_an_heir),
		PAIR_TEST(the_responder_waits_for_it),
		PAIR_TEST(who_checked_a_certificate_authenticates_anew_before_it_expires),
		PAIR_TEST(cert_expiry_closes),
		PAIR_TEST(cert_expiry_keeps),
		PAIR_TEST(what_a_peer_has_proved_itself_with_is_kept),
		PAIR_TEST(a_responder_tells_when_a_certificate_expires),
		PAIR_TEST(rekeying_is_not_authentication),
		PAIR_TEST(nor_is_rekeying_by_both),
		PAIR_TEST(authentication_that_fails),
		PAIR_TEST(authentication_on_command),
		PAIR_TEST(authentication_while_it_is_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
