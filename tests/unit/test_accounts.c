/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions of RADIUS users, from the core's news to a server in the loop: what it is told, and what of it was
 * counted where. */
#include "unit.h"

#include "daemon/accounts.h"
#include "daemon/certs.h"
#include "radius_server.h"
#include "trust_bench.h"

#include <stdlib.h>

enum { LOGIN = 7, SA = 5, CHILDREN = 8 };

struct bench {
	struct trust_bench *trust;
	struct radius_fake server;
	struct radius_server_conf conf;
	struct child_record children[2];
	struct sa_record record;
};

/* A data path of counters: those of a child that is gone are not to be had. */
static struct sa_usage counters[CHILDREN][2];

static bool usage(struct xfrm *x, uint32_t child, bool inbound, struct sa_usage *out)
{
	(void)x;
	*out = counters[child][inbound];
	return out->packets;
}

static const struct xfrm_backend backend = { .usage = usage };

static struct radius_conf *radius(struct bench *b)
{
	return &b->trust->world.config.now.settings.radius;
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	void *trust;

	trust_set_up(&trust);
	b->trust = trust;
	b->trust->world.backend = &backend;
	memset(counters, 0, sizeof counters);
	b->conf = (struct radius_server_conf){ .name = "one",
		.address = "127.0.0.1",
		.secret = bytes_str(RADIUS_FAKE_SECRET),
		.auth_port = 1812,
		.acct_port = radius_fake_start(&b->server, b->trust->world.base, HONEST),
		.sockets = 1,
		.nas_identifier = "gw" };
	*radius(b) = (struct radius_conf){ .servers = &b->conf,
		.n_servers = 1,
		.retransmit_timeout = 100,
		.retransmit_base = 1000,
		.retransmit_tries = 2,
		.accounting = true };
	trust_keep_radius(b->trust);
	b->record = (struct sa_record){ .id = SA, .name = "rw", .login = LOGIN, .children = b->children };
	b->record.remote_vips = (struct vips){ 1, { { 4, { 10, 3, 0, 9 } } } };
	accounts_start(&b->trust->world);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	void *trust = b->trust;

	if (b->trust->world.accounts)
		accounts_stop(&b->trust->world);
	radius_fake_stop(&b->server);
	trust_tear_down(&trust);
	free(b);
	return 0;
}

static void let_in(struct bench *b)
{
	static const struct bytes class = { (const uint8_t *)"staff", 5 };
	const struct ipc_relayed r = { .what = RADIUS_SUCCEEDED, .classes = { &class, 1 } };

	accounts_let_in(&b->trust->world, LOGIN, bytes_str("alice"), &r);
}

static void tell(struct bench *b, enum ike_tell_kind kind, uint32_t sa, uint32_t child, const char *alert)
{
	accounts_told(&b->trust->world, &(struct ike_tell){ .kind = kind,
						.sa = sa,
						.old = SA,
						.child = child,
						.alert = alert,
						.record = &b->record });
}

static uint32_t number_of(const struct radius_packet *p, enum radius_type type)
{
	struct bytes value;
	uint32_t n;

	return radius_find(p, type, &value) && radius_number(value, &n) ? n : UINT32_MAX;
}

/* The server is asked once more; its last request has STATUS. */
static struct radius_packet wait_told(struct bench *b, uint32_t status)
{
	unsigned before = b->server.asked;
	struct radius_packet p;

	while (b->server.asked == before)
		event_base_loop(b->trust->world.base, EVLOOP_ONCE);
	p = radius_packet_of(bytes_of(b->server.last, b->server.n_last));
	assert_int_equal(p.code, RADIUS_ACCOUNTING_REQUEST);
	assert_int_equal(number_of(&p, RADIUS_ACCT_STATUS_TYPE), status);
	return p;
}

static void assert_quiet(struct bench *b)
{
	unsigned before = b->server.asked;

	event_base_loop(b->trust->world.base, EVLOOP_NONBLOCK);
	event_base_loop(b->trust->world.base, EVLOOP_NONBLOCK);
	assert_int_equal(b->server.asked, before);
}

static void come(struct bench *b)
{
	let_in(b);
	tell(b, TELL_SA_UP, SA, 0, NULL);
	(void)wait_told(b, 1);
}

static void a_session_is_told_with_all_that_its_children_carried(void **state)
{
	struct bench *b = *state;
	struct world *w = &b->trust->world;
	struct arena arena = { 0 };
	struct radius_packet p;
	struct bytes value;

	radius(b)->accounting_send_class = true;
	let_in(b);
	tell(b, TELL_SA_UP, SA, 0, NULL);
	p = wait_told(b, 1);
	assert_true(radius_find(&p, RADIUS_USER_NAME, &value) && bytes_eq(value, bytes_str("alice")));
	assert_true(radius_find(&p, RADIUS_CLASS, &value) && bytes_eq(value, bytes_str("staff")));
	assert_true(radius_find(&p, RADIUS_ACCT_SESSION_ID, &value) &&
		    bytes_eq(value, bytes_str(accounts_id(w, LOGIN, &arena))));
	assert_int_equal(number_of(&p, RADIUS_FRAMED_IP_ADDRESS), 0x0a030009);
	assert_int_equal(number_of(&p, RADIUS_NAS_PORT), LOGIN);
	tell(b, TELL_CHILD_UP, SA, 1, NULL);
	counters[1][true] = (struct sa_usage){ .bytes = 1000, .packets = 10 };
	counters[1][false] = (struct sa_usage){ .bytes = 500, .packets = 5 };
	tell(b, TELL_CHILD_REKEYED, SA, 2, NULL);
	counters[2][true] = (struct sa_usage){ .bytes = 100, .packets = 1 };
	accounts_sa_gone(w, 1, false);
	accounts_sa_gone(w, 1, true);
	memset(counters[1], 0, sizeof counters[1]);
	tell(b, TELL_SA_REKEYED, SA + 1, 0, NULL);
	tell(b, TELL_SA_DOWN, SA + 1, 0, NULL);
	p = wait_told(b, 2);
	assert_int_equal(number_of(&p, RADIUS_ACCT_INPUT_OCTETS), 1100);
	assert_int_equal(number_of(&p, RADIUS_ACCT_INPUT_PACKETS), 11);
	assert_int_equal(number_of(&p, RADIUS_ACCT_OUTPUT_OCTETS), 500);
	assert_int_equal(number_of(&p, RADIUS_ACCT_OUTPUT_PACKETS), 5);
	assert_int_equal(number_of(&p, RADIUS_ACCT_TERMINATE_CAUSE), RADIUS_CAUSE_USER_REQUEST);
	/* Its children are nobody's now. */
	accounts_sa_gone(w, 2, true);
	arena_free(&arena);
}

/* Why it ends is told as the core says it, or the server that has ended it. */
static void the_cause_is_told(void **state)
{
	static const struct {
		const char *alert;
		enum radius_cause cause;
	} rows[] = {
		{ "retransmit-send-timeout", RADIUS_CAUSE_LOST_CARRIER },
		{ "ike-sa-expired", RADIUS_CAUSE_SESSION_TIMEOUT },
		{ "ike-sa-idle", RADIUS_CAUSE_IDLE_TIMEOUT },
		{ "ts-mismatch", RADIUS_CAUSE_USER_REQUEST },
		{ NULL, RADIUS_CAUSE_ADMIN_RESET },
	};
	struct bench *b = *state;
	struct radius_packet p;

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		come(b);
		if (rows[i].alert)
			tell(b, TELL_REFUSED, SA, 0, rows[i].alert);
		else
			accounts_cause(&b->trust->world, SA, rows[i].cause);
		tell(b, TELL_SA_DOWN, SA, 0, NULL);
		p = wait_told(b, 2);
		assert_int_equal(number_of(&p, RADIUS_ACCT_TERMINATE_CAUSE), rows[i].cause);
		accounts_stop(&b->trust->world);
		accounts_start(&b->trust->world);
	}
}

static void what_is_used_is_told_from_time_to_time(void **state)
{
	struct bench *b = *state;
	struct radius_packet p;

	radius(b)->accounting_interval = 100; /* ms: a second, then */
	come(b);
	tell(b, TELL_CHILD_UP, SA, 3, NULL);
	counters[3][true] = (struct sa_usage){ .bytes = 70, .packets = 7 };
	p = wait_told(b, 3);
	assert_int_equal(number_of(&p, RADIUS_ACCT_INPUT_PACKETS), 7);
	assert_int_equal(number_of(&p, RADIUS_ACCT_SESSION_TIME), 1);
}

static void nothing_is_told_without_accounting(void **state)
{
	struct bench *b = *state;

	radius(b)->accounting = false;
	let_in(b);
	tell(b, TELL_SA_UP, SA, 0, NULL);
	assert_quiet(b);
	radius(b)->accounting = radius(b)->accounting_requires_vip = true;
	b->record.remote_vips.n = 0;
	let_in(b);
	tell(b, TELL_SA_UP, SA, 0, NULL);
	assert_quiet(b);
	/* Nor of whom no server has let in. */
	b->record.login = LOGIN + 1;
	b->record.remote_vips.n = 1;
	tell(b, TELL_SA_UP, SA, 0, NULL);
	assert_quiet(b);
}

/* The daemon's stop ends what there is, and the server hears of it. */
static void at_the_stop_all_ends_are_told(void **state)
{
	struct bench *b = *state;
	struct radius_packet p;

	come(b);
	accounts_stop(&b->trust->world);
	assert_int_equal(b->server.asked, 2);
	p = radius_packet_of(bytes_of(b->server.last, b->server.n_last));
	assert_int_equal(number_of(&p, RADIUS_ACCT_STATUS_TYPE), 2);
	assert_int_equal(number_of(&p, RADIUS_ACCT_TERMINATE_CAUSE), RADIUS_CAUSE_ADMIN_REBOOT);
}

/* A server that has not heard of the start is not waited for again and again. */
static void at_the_stop_a_silent_server_is_not_waited_for_without_end(void **state)
{
	struct bench *b = *state;

	b->server.temper = SILENT;
	come(b);
	accounts_stop(&b->trust->world);
	assert_true(b->server.asked <= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_session_is_told_with_all_that_its_children_carried, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_cause_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_used_is_told_from_time_to_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_told_without_accounting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(at_the_stop_all_ends_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			at_the_stop_a_silent_server_is_not_waited_for_without_end, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, trust_end);
}
