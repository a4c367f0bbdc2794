/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that know better than the connection where the peer is, or that mind how much is begun. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define ANYWHERE      CONN("remote_addrs = %any\n local_addrs = %any")
#define LIMIT         DAEMON("init_limit_half_open = 2")
#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define AUTH_REQUEST  "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"
#define AUTH_RESPONSE "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}"

static struct ip ip(const char *s)
{
	struct ip ip = { 0 };

	if (s)
		assert_int_equal(ip_parse(s, &ip), ERR_OK);
	return ip;
}

/* Moon says `up`, between LOCAL and REMOTE (NULL: it does not matter). */
static void up(struct pair *p, uint32_t ticket, const char *local, const char *remote, bool limits)
{
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_UP,
				      .ticket = ticket,
				      .child = "net",
				      .hosts = { ip(local), ip(remote) },
				      .limits = limits });
}

static bool succeeded(struct pair *p, uint32_t ticket)
{
	const struct ike_tell *t = host_done(p->moon, ticket);

	return t && t->success;
}

static bool failed(struct pair *p, uint32_t ticket)
{
	const struct ike_tell *t = host_done(p->moon, ticket);

	return t && !t->success;
}

static void reauth(struct pair *p)
{
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_REKEY, .ike = "site", .reauth = true });
}

/* Alone it cannot be started. */
static void a_peer_that_only_the_command_knows(void **state)
{
	struct pair *p = pair_open(state, ANYWHERE, NULL);

	up(p, 1, NULL, NULL, false);
	assert_true(failed(p, 1));
	up(p, 2, NULL, "192.0.2.2", false);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	pair_assert_up(p);
	assert_true(succeeded(p, 2));
	/* That is the one: it stands already. */
	up(p, 3, "192.0.2.1", "192.0.2.2", false);
	up(p, 4, NULL, NULL, false);
	assert_true(succeeded(p, 3) && succeeded(p, 4));
	SILENCE(p->lab);
	pair_assert_up(p);
}

/* Each has an IKE_SA of its own, and who waits for one does not wait for the other. */
static void another_peer_of_the_same_connection(void **state)
{
	struct pair *p = pair_open(state, ANYWHERE, NULL);
	struct flight *f;

	up(p, 1, NULL, "192.0.2.2", false);
	up(p, 2, NULL, "192.0.2.2", false);
	up(p, 3, NULL, "192.0.2.3", false);
	assert_int_equal(ike_load(p->moon->ike).sas, 2);
	/* That is none of moon's own. */
	up(p, 4, "192.0.2.9", "192.0.2.2", false);
	assert_true(failed(p, 4));
	ARROWS(p->lab, "kept: " INIT_REQUEST);
	f = lab_first(p->lab);
	assert_true(ip_eq(&f->target.ip, &(struct ip){ 4, { 192, 0, 2, 3 } }));
	lab_lose(f);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	assert_true(succeeded(p, 1) && succeeded(p, 2));
	assert_false(succeeded(p, 3));
}

/* Also when the IKE_SA was rekeyed meanwhile. */
static void authenticates_anew(void **state, const char *way)
{
	struct pair *p = pair_open(state, way, NULL);

	up(p, 1, NULL, "192.0.2.2", false);
	lab_calm(p->lab);
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	reauth(p);
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
}

static void authentication_anew_goes_to_the_same_peer(void **state)
{
	authenticates_anew(state, ANYWHERE DAEMON("make_before_break = yes"));
}

static void and_so_does_it_after_a_break(void **state)
{
	authenticates_anew(state, ANYWHERE DAEMON("make_before_break = no"));
}

/* Who minds is refused a third one that is being set up, and told; nobody else is. */
static void limits(void **state)
{
	struct pair *p = pair_open(state, ANYWHERE LIMIT, NULL);

	up(p, 1, NULL, "192.0.2.3", true);
	up(p, 2, NULL, "192.0.2.4", true);
	up(p, 3, NULL, "192.0.2.2", true);
	assert_true(failed(p, 3));
	assert_string_equal(host_why(p->moon)->what,
		"establishing CHILD_SA 'net' not possible at the moment due to limits");
	assert_int_equal(ike_load(p->moon->ike).sas, 2);
	/* What is under way anyhow may be waited for. */
	up(p, 4, NULL, "192.0.2.4", true);
	assert_false(failed(p, 4));
	up(p, 5, NULL, "192.0.2.2", false);
	assert_int_equal(ike_load(p->moon->ike).sas, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(a_peer_that_only_the_command_knows),
		PAIR_TEST(another_peer_of_the_same_connection),
		PAIR_TEST(authentication_anew_goes_to_the_same_peer),
		PAIR_TEST(and_so_does_it_after_a_break),
		PAIR_TEST(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
