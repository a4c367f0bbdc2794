/* SPDX-License-Identifier: GPL-2.0-or-later */
/* REDIRECT (RFC 5685): moon asks sun, and is sent to star, at 192.0.2.3. */
#include "ike/redirect.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define FOLLOWS DAEMON("follow_redirects = yes")
#define KNOWS   FOLLOWS CONN("redirect_addrs = 192.0.2.3")
#define SENDS   CONN("redirect_to = 192.0.2.3")

/* star is what sun is, elsewhere. */
#define STAR CONN("local_addrs = 192.0.2.3")

#define NETS(local, remote) CHILD("local_ts = " local "\n remote_ts = " remote)

#define SUPPORTED "N(REDIRECT_SUPPORTED)"
#define FROM      "N(REDIRECTED_FROM)"

/* clang-format off */
#define STAR_COMES_UP(p)                                                                                     \
	ARROWS((p)->lab,                                                                                     \
		"moon --> star  IKE_SA_INIT request 0: SA, KE, Nonce, NATD, " FROM,                          \
		"moon <-- star  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",                                \
		"moon --> star  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",                           \
		"moon <-- star  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}")
#define ASKED_AT_INIT                                                                                        \
	"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD, " SUPPORTED
#define SENT_AT_INIT "moon <-- sun  IKE_SA_INIT response 0: N(REDIRECT)"
/* clang-format on */

static struct host *star;

static struct pair *open(void **state, const char *moon, const char *sun, const char *star_more)
{
	struct pair *p = pair_open(state, moon, sun);

	star = lab_host(
		p->lab, "star", "192.0.2.3", pair_text(state, pair_text(state, pair_sun, STAR), star_more));
	pair_say_up(p, 1);
	return p;
}

static void assert_at_star(struct pair *p)
{
	assert_true(host_done(p->moon, 1)->success);
	assert_int_equal(ike_load(p->moon->ike).sas, 1);
	assert_int_equal(ike_load(p->moon->ike).children, 1);
	assert_int_equal(ike_load(star->ike).children, 1);
	assert_true(ip_eq(&forge_sa(p->moon)->core.path.remote.ip, &star->ip));
	assert_int_equal(host_counted(p->moon, COUNT_REDIRECTS_FOLLOWED), 1);
}

/* Before anything was computed. */
static void at_the_first_message(void **state)
{
	struct pair *p = open(state, KNOWS, SENDS, NULL);

	ARROWS(p->lab, ASKED_AT_INIT, SENT_AT_INIT);
	STAR_COMES_UP(p);
	assert_at_star(p);
	assert_int_equal(ike_load(p->sun->ike).sas, 0);
	assert_int_equal(host_counted(p->sun, COUNT_REDIRECTS_SENT), 1);
}

static void by_name(void **state)
{
	struct pair *p = open(state, FOLLOWS CONN("redirect_addrs = star"), CONN("redirect_to = star"), NULL);

	ARROWS(p->lab, ASKED_AT_INIT, SENT_AT_INIT);
	STAR_COMES_UP(p);
	assert_at_star(p);
}

/* The name is not listed, and the address that it has is. */
static void by_a_name_of_a_known_address(void **state)
{
	struct pair *p = open(state, KNOWS, CONN("redirect_to = star"), NULL);

	lab_calm(p->lab);
	assert_at_star(p);
}

static void by_a_name_of_a_foreign_address(void **state)
{
	struct pair *p =
		open(state, FOLLOWS CONN("redirect_addrs = 192.0.2.4"), CONN("redirect_to = star"), NULL);

	lab_calm(p->lab);
	assert_false(host_done(p->moon, 1)->success);
	assert_non_null(strstr(host_why(p->moon)->what, "no gateway of this connection"));
	assert_int_equal(ike_load(star->ike).sas, 0);
}

static void refused(struct pair *p)
{
	ARROWS(p->lab, ASKED_AT_INIT, SENT_AT_INIT);
	SILENCE(p->lab);
	assert_false(host_done(p->moon, 1)->success);
	assert_int_equal(ike_load(p->moon->ike).sas, 0);
}

/* Not to where the configuration does not say. */
static void not_to_a_foreign_gateway(void **state)
{
	struct pair *p = open(state, FOLLOWS, SENDS, NULL);

	refused(p);
	assert_non_null(strstr(host_why(p->moon)->what, "no gateway of this connection"));
	assert_non_null(strstr(host_why(p->moon)->instead, "redirect_addrs = 192.0.2.3"));
}

/* Who does not say that he can be redirected is not. */
static void not_who_cannot(void **state)
{
	struct pair *p = open(state, NULL, SENDS, NULL);

	lab_calm(p->lab);
	assert_int_equal(ike_load(p->sun->ike).children, 1);
}

/* An answer without our nonce is anybody's. */
static void not_without_our_nonce(void **state)
{
	struct pair *p = open(state, KNOWS, SENDS, NULL);
	struct flight *f;

	ARROWS(p->lab, ASKED_AT_INIT);
	f = lab_first(p->lab);
	f->data[f->n - 1] ^= 1;
	lab_deliver(p->lab, f);
	SILENCE(p->lab);
	assert_int_equal(host_dropped(p->moon, DROP_INVALID), 1);
	assert_int_equal(ike_load(p->moon->ike).sas, 1);
}

/* Gateways that send him to and fro. */
static void not_for_ever(void **state)
{
	struct pair *p = open(state, FOLLOWS CONN("remote_addrs = 192.0.2.2, 192.0.2.3"),
		CONN("redirect_to = star"), CONN("redirect_to = sun"));

	lab_calm(p->lab);
	assert_false(host_done(p->moon, 1)->success);
	assert_non_null(strstr(host_why(p->moon)->what, "again and again"));
	assert_int_equal(host_counted(p->moon, COUNT_REDIRECTS_FOLLOWED), REDIRECTS_MAX);
}

/* A gateway does not send back to where he was sent from. */
static void not_back(void **state)
{
	struct pair *p = open(state, KNOWS, SENDS, CONN("redirect_to = 192.0.2.2"));

	ARROWS(p->lab, ASKED_AT_INIT, SENT_AT_INIT);
	STAR_COMES_UP(p);
	assert_at_star(p);
}

/* ------------------------------------------------------------------ IKE_AUTH */

/* Another connection for the same addresses that does not redirect, so that IKE_AUTH has to show which it is.
 */
#define OTHER                                                                                                \
	"connections { other { children { net { } }\n local { auth = psk\n }\n remote { auth = psk\n id = "  \
	"fqdn:other\n } } }\n"

static void at_authentication(void **state)
{
	struct pair *p = open(state, KNOWS, SENDS OTHER, NULL);

	/* clang-format off */
	ARROWS(p->lab, ASKED_AT_INIT,
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, N(REDIRECT)}",
		"moon --> sun  INFORMATIONAL request 2: SK {D(IKE)}",
		"kept: moon --> star  IKE_SA_INIT request 0: SA, KE, Nonce, NATD, " FROM,
		"moon <-- sun  INFORMATIONAL response 2: SK {}");
	/* clang-format on */
	STAR_COMES_UP(p);
	assert_at_star(p);
}

static void not_to_a_foreign_gateway_at_authentication(void **state)
{
	struct pair *p = open(state, FOLLOWS, SENDS OTHER, NULL);

	lab_calm(p->lab);
	assert_false(host_done(p->moon, 1)->success);
	assert_non_null(strstr(host_why(p->moon)->what, "no gateway of this connection"));
	assert_int_equal(ike_load(p->moon->ike).sas, 0);
	assert_int_equal(ike_load(star->ike).sas, 0);
}

/* Who does not leave is not kept. */
static void who_stays_is_deleted(void **state)
{
	struct pair *p = open(state, KNOWS, SENDS OTHER, NULL);

	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	lab_lose(lab_first(p->lab));
	host_stop(p->moon);
	assert_int_equal(ike_load(p->sun->ike).sas, 1);
	lab_pass(p->lab, 300 * 1000);
	assert_int_equal(ike_load(p->sun->ike).sas, 0);
}

/* ------------------------------------------------------------------ whenever it likes */

static const struct ike_tell *send_away(
	struct pair *p, const char *gateway, struct ike_redirect redirect, uint32_t ticket)
{
	redirect.gateway = gateway;
	host_command(p->sun,
		&(struct ike_command){ .kind = COMMAND_REDIRECT, .ticket = ticket, .redirect = redirect });
	return host_done(p->sun, ticket);
}

static struct pair *up_at_sun(void **state, const char *moon, const char *sun)
{
	struct pair *p = open(state, moon, sun, NULL);

	lab_calm(p->lab);
	assert_int_equal(ike_load(p->sun->ike).children, 1);
	return p;
}

/* What the peer said of itself holds for the IKE_SA that has taken the place of the one it said it for. */
static void after_a_rekeying(void **state)
{
	struct pair *p = up_at_sun(state, KNOWS, NULL);

	host_rekey(p->sun, NULL);
	lab_calm(p->lab);
	assert_true(send_away(p, "192.0.2.3", (struct ike_redirect){ 0 }, 5)->success);
	lab_calm(p->lab);
	assert_int_equal(ike_load(p->sun->ike).sas, 0);
	assert_int_equal(ike_load(star->ike).children, 1);
}

/* Gateways send who came to them: nobody whom we came from sends us away. */
static void who_came_does_not_send_us(void **state)
{
	struct pair *p = up_at_sun(state, KNOWS, KNOWS);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = INFORMATIONAL, .mid = 2 } };
	static const uint8_t to_star[] = { 1, 4, 192, 0, 2, 3 };

	message_add_notify(&m, &arena, REDIRECT, bytes_of(to_star, sizeof to_star));
	forge_send(p->moon, forge_sa(p->moon), forge_seal(p->moon, forge_sa(p->moon), &m, &arena));
	/* clang-format off */
	ARROWS(p->lab, "moon --> sun  INFORMATIONAL request 2: SK {N(REDIRECT)}",
		"moon <-- sun  INFORMATIONAL response 2: SK {}");
	/* clang-format on */
	SILENCE(p->lab);
	assert_int_equal(host_counted(p->sun, COUNT_REDIRECTS_FOLLOWED), 0);
	arena_free(&arena);
}

/* The tunnel with star stands before the one with sun goes, and what sun has sent before may come yet. */
static void by_command(void **state)
{
	struct pair *p = open(state, KNOWS NETS("10.1.0.0/16", "10.2.0.0/16"),
		NETS("10.2.0.0/16", "10.1.0.0/16"), NETS("10.2.0.0/16", "10.1.0.0/16"));
	uint32_t spi;

	lab_calm(p->lab);
	spi = host_child(p->moon, "net")->spi_in;
	assert_true(send_away(p, "192.0.2.3", (struct ike_redirect){ 0 }, 5)->success);
	/* clang-format off */
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL request 0: SK {N(REDIRECT)}",
		"moon --> sun  INFORMATIONAL response 0: SK {}");
	/* clang-format on */
	STAR_COMES_UP(p);
	ARROWS(p->lab, "moon --> sun  INFORMATIONAL request 2: SK {D(IKE)}",
		"moon <-- sun  INFORMATIONAL response 2: SK {}");
	assert_int_equal(ike_load(p->sun->ike).sas, 0);
	assert_non_null(datapath_sa(&p->moon->datapath, true, spi));
	lab_clock(p->lab, p->lab->now + LATE_TIME);
	assert_null(datapath_sa(&p->moon->datapath, true, spi));
	assert_at_star(p);
}

static void by_command_to_nowhere(void **state)
{
	struct pair *p = up_at_sun(state, KNOWS, NULL);

	assert_true(send_away(p, "192.0.2.4", (struct ike_redirect){ 0 }, 5)->success);
	lab_calm(p->lab);
	assert_non_null(strstr(host_why(p->moon)->what, "no gateway of this connection"));
	assert_int_equal(ike_load(p->moon->ike).children, 1);
	assert_true(ip_eq(&forge_sa(p->moon)->core.path.remote.ip, &p->sun->ip));
}

static unsigned matches(struct pair *p, struct ike_redirect redirect)
{
	static uint32_t ticket = 6;
	const struct ike_tell *t = send_away(p, "192.0.2.3", redirect, ++ticket);
	unsigned n = t->matches;

	assert_int_equal(t->success, n > 0);
	lab_calm(p->lab);
	return n;
}

static struct ike_redirect from(const char *lo, const char *hi)
{
	struct ike_redirect r = { 0 };

	assert_int_equal(ip_parse(lo, &r.lo), ERR_OK);
	assert_int_equal(ip_parse(hi, &r.hi), ERR_OK);
	return r;
}

static void whom_a_command_means(void **state)
{
	struct pair *p = up_at_sun(state, FOLLOWS, NULL);

	assert_int_equal(matches(p, from("192.0.2.0", "192.0.2.1")), 1);
	assert_int_equal(matches(p, from("192.0.2.2", "192.0.2.9")), 0);
	assert_int_equal(matches(p, (struct ike_redirect){ .identity = "192.0.2.1" }), 1);
	assert_int_equal(matches(p, (struct ike_redirect){ .identity = "*.example.org" }), 0);
}

/* Who has begun, or does not say that he can. */
static void not_by_command_who_cannot(void **state)
{
	struct pair *p = up_at_sun(state, NULL, NULL);
	const struct ike_tell *t = send_away(p, "192.0.2.3", (struct ike_redirect){ 0 }, 5);

	assert_false(t->success);
	assert_int_equal(t->matches, 1);
	assert_non_null(strstr(t->why->what, "can be redirected"));
	SILENCE(p->lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(at_the_first_message),
		PAIR_TEST(by_name),
		PAIR_TEST(by_a_name_of_a_known_address),
		PAIR_TEST(by_a_name_of_a_foreign_address),
		PAIR_TEST(not_to_a_foreign_gateway),
		PAIR_TEST(not_who_cannot),
		PAIR_TEST(not_without_our_nonce),
		PAIR_TEST(not_for_ever),
		PAIR_TEST(not_back),
		PAIR_TEST(at_authentication),
		PAIR_TEST(not_to_a_foreign_gateway_at_authentication),
		PAIR_TEST(who_stays_is_deleted),
		PAIR_TEST(after_a_rekeying),
		PAIR_TEST(who_came_does_not_send_us),
		PAIR_TEST(by_command),
		PAIR_TEST(by_command_to_nowhere),
		PAIR_TEST(whom_a_command_means),
		PAIR_TEST(not_by_command_who_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
