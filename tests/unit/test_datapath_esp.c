/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders to who carries packets where he is no process of his own (--one). */
#include "tests/unit/unit.h"

#include "daemon/actions.h"
#include "daemon/daemon.h"
#include "daemon/datapath_esp_state.h"
#include "daemon/engine.h"
#include "tests/unit/reported.h"
#include "xfrm/user/meter.h"

#include <arpa/inet.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FIRST = 60, /* at once */
	ROUNDS = 40,
	REPORTS = 100, /* in each: more than are taken in it */
	PATIENCE = 20, /* s: who waits for itself waits for ever */
	AT_ONCE = 64,  /* reports that are passed on at one wake-up */
};

static struct world world;
static struct options options = { .one = true };
static struct arena arena;
static struct text why;
static struct meters meters;
static struct esp_link *way;
static int outside;

static int begin(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct esp_order o = { .kind = ORDER_OPEN, .open = { 1, 1u << OUTER_UDP4, 4500 } };
	const int one = 1, room = 8 << 20;
	socklen_t n = sizeof a;
	int fds[2];

	(void)state;
	why = text_in(&arena);
	world = (struct world){ .base = event_base_new(), .options = &options };
	way = datapath_esp_start(&world);
	assert_int_equal(meters_make(&meters, &why), ERR_OK);
	fds[0] = meters.fd;
	fds[1] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	outside = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(fds[1], IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
	(void)setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	assert_int_equal(bind(fds[1], (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fds[1], (struct sockaddr *)&a, &n), 0);
	assert_int_equal(connect(outside, (struct sockaddr *)&a, n), 0);
	assert_int_equal(way->give(way->ctx, &o, fds, 2, &why), ERR_OK);
	close(fds[1]);
	return 0;
}

static int end(void **state)
{
	(void)state;
	datapath_esp_stop(&world);
	event_base_free(world.base);
	meters_close(&meters);
	close(outside);
	arena_free(&arena);
	return 0;
}

/* N messages of IKE where ESP is awaited, each of which is reported. */
static void have_reported(unsigned n)
{
	static const uint8_t marked[32];
	uint64_t before = meters.totals->pace.packets[PACE_RECEIVED];

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(send(outside, marked, sizeof marked, 0), sizeof marked);
	while (meters.totals->pace.packets[PACE_RECEIVED] < before + n)
		sched_yield();
}

/* What takes reports is readable before what passes them on, so that the channel is full after a round. */
static void there_is_room_for_the_answer(void **state)
{
	const struct esp_order o = { .kind = ORDER_SA_DEL };

	(void)state;
	alarm(PATIENCE);
	have_reported(FIRST);
	for (unsigned i = 0; i < 2; i++)
		(void)event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	for (unsigned i = 0; i < ROUNDS; i++) {
		have_reported(REPORTS);
		(void)event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	assert_int_equal(way->give(way->ctx, &o, NULL, 0, &why), ERR_OK);
	alarm(0);
}

static void pass_on(void)
{
	(void)event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* The channel is full, and N more are told: the last of them may be the only one that waits for room. */
static void all_are_heard(unsigned n)
{
	unsigned all = reported_ike(way->user) + n;

	for (; !world.esp->inside->waits; all += AT_ONCE) {
		have_reported(AT_ONCE);
		pass_on();
	}
	have_reported(n);
	while (reported_ike(way->user) < all)
		pass_on();
}

static void no_report_that_finds_no_room_is_left(void **state)
{
	(void)state;
	way->user = reported_new();
	alarm(PATIENCE);
	for (unsigned n = 0; n < AT_ONCE; n++)
		all_are_heard(n);
	alarm(0);
	reported_free(way->user);
	way->user = NULL;
}

/* Another process is given all of them again, one after the other. */
static void there_is_time_for_each_sa_and_policy(void **state)
{
	enum { MANY = 5000 };
	const struct esp_order o = { .kind = ORDER_SA_DEL };

	(void)state;
	way->user = reported_new();
	reported_pretend(way->user, MANY);
	assert_int_equal(way->give(way->ctx, &o, NULL, 0, &why), ERR_OK);
	reported_free(way->user);
	way->user = NULL;
	assert_int_equal(world.esp->delay.more, MANY * DELAY_AGAIN);
}

static struct ts ends[2];
static struct esp_order policy_of(uint32_t id)
{
	return (struct esp_order){ .kind = ORDER_POLICY_ADD,
		.policy_add = { .id = id, .local = { &ends[0], 1 }, .remote = { &ends[1], 1 } } };
}

/* The queue of a device is anything here. */
static void have_a_device(void)
{
	const struct esp_order o = { .kind = ORDER_DEVICE_ADD };
	int ends_of[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_of), 0);
	assert_int_equal(way->give(way->ctx, &o, ends_of, 1, &why), ERR_OK);
	close(ends_of[0]);
	close(ends_of[1]);
	ends[0] = ends[1] =
		(struct ts){ .lo = { 4, { 10 } }, .hi = { 4, { 10, 255 } }, .port_hi = UINT16_MAX };
}

static enum err give_policy(uint32_t id)
{
	const struct esp_order o = policy_of(id);

	return way->give(way->ctx, &o, NULL, 0, &why);
}

static unsigned not_answered(void)
{
	return (unsigned)(world.esp->last - world.esp->answered);
}

static void orders_that_install_are_not_waited_for_until_they_are_settled(void **state)
{
	const char *what = NULL;
	uint64_t from;

	(void)state;
	have_a_device();
	assert_int_equal(give_policy(1), ERR_OK);
	assert_int_equal(not_answered(), 0);
	from = datapath_esp_given(&world);
	datapath_esp_ahead(&world, true);
	assert_int_equal(give_policy(2), ERR_OK);
	assert_int_equal(give_policy(3), ERR_OK);
	assert_int_equal(datapath_esp_given(&world) - from, 2);
	assert_true(not_answered() > 0);
	datapath_esp_ahead(&world, false);
	datapath_esp_settle(&world);
	assert_int_equal(not_answered(), 0);
	assert_int_equal(datapath_esp_went(&world, from, from + 2, &what), ERR_OK);
	assert_int_equal(give_policy(4), ERR_OK);
	assert_int_equal(not_answered(), 0);
}

/* The second and the last are there already. */
static void of_orders_that_were_not_waited_for_it_is_known_which_failed(void **state)
{
	static const uint32_t ids[] = { 1, 1, 2, 3, 3 };
	const char *what = NULL;
	uint64_t from;

	(void)state;
	have_a_device();
	datapath_esp_ahead(&world, true);
	from = datapath_esp_given(&world);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(give_policy(ids[i]), ERR_OK);
	datapath_esp_ahead(&world, false);
	datapath_esp_settle(&world);
	for (unsigned i = 0; i < 5; i++) {
		bool fails = i == 1 || i == 4;

		what = NULL;
		assert_int_equal(datapath_esp_went(&world, from + i, from + i + 1, &what),
			fails ? ERR_EXISTS : ERR_OK);
		assert_int_equal(!!what, fails);
	}
	assert_non_null(strstr(what, "the policy 3 is there already"));
	datapath_esp_ahead(&world, true);
	assert_int_equal(datapath_esp_went(&world, from, from + 5, &what), ERR_OK);
}

/* What is ordered otherwise comes behind, and is waited for. */
static void an_order_that_is_waited_for_comes_behind_those_that_are_not(void **state)
{
	const struct esp_order del = { .kind = ORDER_POLICY_DEL, .policy_del.id = 1 };
	const char *what = NULL;
	uint64_t from;

	(void)state;
	have_a_device();
	datapath_esp_ahead(&world, true);
	from = datapath_esp_given(&world);
	assert_int_equal(give_policy(1), ERR_OK);
	assert_int_equal(give_policy(1), ERR_OK);
	assert_int_equal(way->give(way->ctx, &del, NULL, 0, &why), ERR_OK);
	assert_int_equal(not_answered(), 0);
	assert_int_equal(datapath_esp_went(&world, from, from + 1, &what), ERR_OK);
	assert_int_equal(datapath_esp_went(&world, from + 1, from + 2, &what), ERR_EXISTS);
	assert_int_equal(give_policy(1), ERR_OK);
	datapath_esp_ahead(&world, false);
	datapath_esp_settle(&world);
	assert_int_equal(datapath_esp_went(&world, from + 3, from + 4, &what), ERR_OK);
}

/* Its answer to a peer must not come before an SA carries packets there; what is installed has an answer of
 * its own. */
static void who_hears_of_a_selection_hears_when_it_is_done(void **state)
{
	const struct esp_order lead = { .kind = ORDER_POLICY_LEAD, .policy_lead = { .id = 1 } };

	(void)state;
	have_a_device();
	datapath_esp_ahead(&world, true);
	assert_int_equal(give_policy(1), ERR_OK);
	datapath_esp_fence(&world);
	assert_true(not_answered() > 0);
	assert_int_equal(way->give(way->ctx, &lead, NULL, 0, &why), ERR_OK);
	assert_true(not_answered() > 0);
	datapath_esp_fence(&world);
	assert_int_equal(not_answered(), 0);
	assert_int_equal(give_policy(2), ERR_OK);
	datapath_esp_fence(&world);
	assert_true(not_answered() > 0);
	datapath_esp_ahead(&world, false);
	datapath_esp_settle(&world);
}

static void no_more_orders_are_ahead_than_fit_into_a_socket(void **state)
{
	(void)state;
	have_a_device();
	datapath_esp_ahead(&world, true);
	alarm(PATIENCE);
	for (uint32_t id = 1; id <= 10 * ORDERS_AHEAD; id++) {
		assert_int_equal(give_policy(id), ERR_OK);
		assert_true(not_answered() <= ORDERS_AHEAD);
	}
	datapath_esp_settle(&world);
	alarm(0);
	assert_int_equal(not_answered(), 0);
}

/* An order may have so many selectors. */
static void no_more_octets_are_ahead_than_fit_into_a_socket(void **state)
{
	enum { MANY = 1000, LARGE = 20 };
	static struct ts many[MANY];
	struct esp_order o = policy_of(0);

	(void)state;
	have_a_device();
	for (unsigned i = 0; i < MANY; i++)
		many[i] = ends[0];
	o.policy_add.remote = (struct tss){ many, MANY };
	datapath_esp_ahead(&world, true);
	alarm(PATIENCE);
	for (uint32_t id = 1; id <= LARGE; id++) {
		o.policy_add.id = id;
		assert_int_equal(way->give(way->ctx, &o, NULL, 0, &why), ERR_OK);
		assert_in_range(world.esp->octets, MANY * sizeof(struct ts), ORDERS_OCTETS);
		assert_true(not_answered() > 0);
	}
	datapath_esp_settle(&world);
	alarm(0);
	for (uint32_t id = 0; id < 3; id++)
		assert_int_equal(give_policy(LARGE + 1 + id), ERR_OK);
	assert_true(not_answered() > 0); /* small ones go ahead again */
	datapath_esp_settle(&world);
}

/* Policies of ten IDs each are the same to who carries packets. */
enum { ALIKE = 10 };
static uint32_t taken_back;

static enum err add_policy(struct xfrm *x, const struct policy_spec *spec, struct text *w)
{
	(void)x;
	(void)w;
	return give_policy(spec->id / ALIKE);
}

static void del_policy(struct xfrm *x, uint32_t policy)
{
	(void)x;
	taken_back = policy;
}

static void install(uint32_t ticket, uint32_t policy)
{
	actions_carry_out(&world,
		&(struct ike_action){ .kind = ACTION_POLICY_ADD, .ticket = ticket, .policy_add.id = policy });
}

/* What the core is told of TICKET, which is the next one; WHAT: words of the reason. */
static void assert_answered(uint32_t ticket, enum err result, const char *what)
{
	struct answer *a = node_owner(world.answers.next, struct answer, node);

	assert_false(list_empty(&world.answers));
	assert_int_equal(a->a.ticket, ticket);
	assert_int_equal(a->a.result, result);
	if (what)
		assert_non_null(strstr(a->a.why.what, what));
	list_remove(&a->node);
	answer_free(a);
}

static void what_is_installed_is_answered_once_it_is_there_and_taken_back_where_that_failed(void **state)
{
	static const struct xfrm_backend backend = { .policy_add = add_policy, .policy_del = del_policy };

	(void)state;
	have_a_device();
	list_init(&world.answers);
	world.backend = &backend;
	taken_back = 0;
	actions_gather(&world, true);
	install(1, 10);
	install(2, 11);
	install(3, 20);
	assert_true(list_empty(&world.answers));
	assert_int_equal(taken_back, 0);
	actions_gather(&world, false);
	assert_answered(1, ERR_OK, NULL);
	assert_answered(2, ERR_EXISTS, "the policy 1 is there already");
	assert_answered(3, ERR_OK, NULL);
	assert_int_equal(taken_back, 11);
	install(4, 30);
	assert_answered(4, ERR_OK, NULL);
	assert_true(list_empty(&world.answers));
}

static void (*obey)(void *ctx, struct ipc_channel *far);

/* A report comes between an order and its answer. */
static void report_and_obey(void *ctx, struct ipc_channel *far)
{
	const struct ipc_message m = { .kind = IPC_ESP_REPORT,
		.esp_report = { .report = { .kind = REPORT_IKE,
					.path = { .local = { { 4, { 192, 0, 2, 1 } }, 4500 },
						.remote = { { 4, { 192, 0, 2, 2 } }, 4500 } } } } };

	world.esp->member.spec.serve = obey;
	assert_int_equal(ipc_send(far, &m), ERR_OK);
	obey(ctx, far);
}

static uint32_t another;
static enum err how_another_went;

static void give_another(void)
{
	how_another_went = give_policy(another);
}

/* How giving ID goes, while OTHER is given before the answer has come. */
static enum err given_around(uint32_t id, uint32_t other)
{
	another = other;
	world.esp->member.spec.serve = report_and_obey;
	why = text_in(&arena);
	return give_policy(id);
}

static void each_order_has_an_answer_of_its_own_where_one_is_given_while_another_is_waited_for(void **state)
{
	(void)state;
	have_a_device();
	way->user = reported_new();
	reported_then(way->user, give_another);
	obey = world.esp->member.spec.serve;
	assert_int_equal(give_policy(1), ERR_OK);
	assert_int_equal(given_around(1, 2), ERR_EXISTS);
	assert_int_equal(how_another_went, ERR_OK);
	assert_string_equal(text_str(&why), "the policy 1 is there already");
	assert_int_equal(given_around(3, 2), ERR_OK);
	assert_int_equal(how_another_went, ERR_EXISTS);
	assert_int_equal(reported_ike(way->user), 2);
	assert_int_equal(not_answered(), 0);
	reported_free(way->user);
	way->user = NULL;
}

/* An answer to an order that was answered, or not given, is what nobody who carries packets says. */
static void only_orders_that_were_given_are_answered(void **state)
{
	struct ipc_message m = { .kind = IPC_ESP_DONE };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		m.ticket = datapath_esp_given(&world) + i;
		assert_false(datapath_esp_take_done(&world.esp->member, &m));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(there_is_room_for_the_answer, begin, end),
		cmocka_unit_test_setup_teardown(no_report_that_finds_no_room_is_left, begin, end),
		cmocka_unit_test_setup_teardown(there_is_time_for_each_sa_and_policy, begin, end),
		cmocka_unit_test_setup_teardown(
			orders_that_install_are_not_waited_for_until_they_are_settled, begin, end),
		cmocka_unit_test_setup_teardown(
			of_orders_that_were_not_waited_for_it_is_known_which_failed, begin, end),
		cmocka_unit_test_setup_teardown(
			an_order_that_is_waited_for_comes_behind_those_that_are_not, begin, end),
		cmocka_unit_test_setup_teardown(who_hears_of_a_selection_hears_when_it_is_done, begin, end),
		cmocka_unit_test_setup_teardown(no_more_orders_are_ahead_than_fit_into_a_socket, begin, end),
		cmocka_unit_test_setup_teardown(no_more_octets_are_ahead_than_fit_into_a_socket, begin, end),
		cmocka_unit_test_setup_teardown(
			what_is_installed_is_answered_once_it_is_there_and_taken_back_where_that_failed,
			begin, end),
		cmocka_unit_test_setup_teardown(
			each_order_has_an_answer_of_its_own_where_one_is_given_while_another_is_waited_for,
			begin, end),
		cmocka_unit_test_setup_teardown(only_orders_that_were_given_are_answered, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
