/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of guard and of the process that carries packets, and the descriptors that go along. */
#include "tests/unit/unit.h"

#include "daemon/carrier.h"
#include "tests/unit/descriptors.h"
#include "tests/unit/packet.h"
#include "xfrm/user/plane_state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static uint8_t room[IPC_MAX];

static struct bytes written(const struct ipc_message *m)
{
	struct wr w = wr_of(room, sizeof room);

	assert_true(ipc_encode(&w, m));
	return wr_done(&w);
}

static struct ts nets[2];
static struct child_conf conf = { .replay_window = 77,
	.copy_dscp = DSCP_NO,
	.copy_df = true,
	.mss = MSS_NO,
	.rekey_bytes = 1,
	.life_bytes = 2,
	.rekey_packets = 3,
	.life_packets = UINT64_MAX };

/* One of each kind. */
static unsigned orders(struct esp_order v[ORDER_KINDS])
{
	const struct addr a = { packet_ip("192.0.2.1"), 4500 }, b = { packet_ip("2001:db8::1"), 1 };
	struct suite suite = packet_suite("aes256gcm16", true);
	const struct tss both = { nets, 2 }, one = { nets, 1 };
	const struct sa_spec spec = { .spi = 0x80000001,
		.inbound = true,
		.child = 5,
		.policy = 6,
		.resource = 7,
		.suite = suite,
		.encr_key = packet_encr_key(&suite),
		.encap = true,
		.tfc_padding = 700,
		.local = a,
		.remote = b,
		.local_ts = both,
		.remote_ts = one,
		.conf = &conf };
	const struct esp_order all[ORDER_KINDS] = {
		{ .kind = ORDER_OPEN, .open = { 2, 0x3f, 4500 } },
		{ .kind = ORDER_DEVICE_ADD, .device_add = { 3, true } },
		{ .kind = ORDER_DEVICE_DEL, .device_del = { 4 } },
		{ .kind = ORDER_SA_ADD, .sa_add = { spec, 7, 1400, 9, true } },
		{ .kind = ORDER_SA_DEL, .sa_del = { 5, true } },
		{ .kind = ORDER_SA_MOVE, .sa_move = { 5, a, b, true, 1300 } },
		{ .kind = ORDER_POLICY_ADD, .policy_add = { 6, 7, one, both, 8, true, true, UINT64_MAX } },
		{ .kind = ORDER_POLICY_DEL, .policy_del = { 6 } },
		{ .kind = ORDER_POLICY_LEAD, .policy_lead = { 6, 5 } },
	};

	nets[0] = packet_ts("10.1.0.0/24");
	nets[1] = packet_ts("2001:db8::/32");
	memcpy(v, all, sizeof all);
	return ORDER_KINDS;
}

static void each_order_is_read_as_it_was_written(void **state)
{
	struct esp_order v[ORDER_KINDS];
	unsigned n = orders(v);

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		struct ipc_message m = { .kind = IPC_ESP_ORDER, .ticket = i, .esp_order = v[i] }, read;
		uint8_t copy[4096];
		struct bytes b = written(&m);
		struct arena arena = { 0 };

		assert_true(b.n < sizeof copy);
		memcpy(copy, b.p, b.n);
		assert_null(ipc_decode(bytes_of(copy, b.n), &arena, &read));
		assert_int_equal(read.esp_order.kind, v[i].kind);
		assert_true(bytes_eq(written(&read), bytes_of(copy, b.n)));
		for (size_t k = 0; k < b.n; k++)
			assert_non_null(ipc_decode(bytes_of(copy, k), &arena, &read));
		arena_free(&arena);
	}
}

/* What an SA is made by comes over. */
static void an_sa_keeps_its_keys_and_its_configuration(void **state)
{
	struct esp_order v[ORDER_KINDS];
	struct ipc_message m = { .kind = IPC_ESP_ORDER }, read;
	const struct sa_spec *s = &read.esp_order.sa_add.spec;
	struct arena arena = { 0 };

	(void)state;
	orders(v);
	m.esp_order = v[ORDER_SA_ADD];
	assert_null(ipc_decode(written(&m), &arena, &read));
	assert_true(bytes_eq(s->encr_key, v[ORDER_SA_ADD].sa_add.spec.encr_key));
	assert_ptr_equal(s->suite.encr, v[ORDER_SA_ADD].sa_add.spec.suite.encr);
	assert_true(s->suite.esn);
	assert_int_equal(s->resource, 7);
	assert_int_equal(s->tfc_padding, 700);
	assert_int_equal(s->conf->replay_window, 77);
	assert_int_equal(s->conf->copy_dscp, DSCP_NO);
	assert_true(s->conf->copy_df);
	assert_false(s->conf->copy_ecn);
	assert_int_equal(s->conf->mss, MSS_NO);
	assert_true(s->conf->rekey_bytes == 1 && s->conf->life_bytes == 2 && s->conf->rekey_packets == 3 &&
		    s->conf->life_packets == UINT64_MAX);
	assert_int_equal(s->local_ts.n, 2);
	assert_true(read.esp_order.sa_add.own_port);
	arena_free(&arena);
}

static void an_sa_without_a_cipher_is_none(void **state)
{
	struct esp_order v[ORDER_KINDS];
	struct ipc_message m = { .kind = IPC_ESP_ORDER };
	struct wr w = wr_of(room, sizeof room);

	(void)state;
	orders(v);
	m.esp_order = v[ORDER_SA_ADD];
	m.esp_order.sa_add.spec.suite.encr = NULL;
	assert_false(ipc_encode(&w, &m));
}

/* ------------------------------------------------------------- descriptors */

struct pair {
	struct ipc_channel guard;
	struct carrier carrier;
};

static int begin(void **state)
{
	struct pair *p = calloc(1, sizeof *p);

	carrier_start(&p->carrier);
	assert_int_equal(ipc_pair(IPC_GUARD, &p->guard, IPC_ESP, &p->carrier.guard), ERR_OK);
	p->guard.phase = p->carrier.guard.phase = IPC_SERVING;
	*state = p;
	return 0;
}

static int end(void **state)
{
	struct pair *p = *state;

	carrier_stop(&p->carrier);
	ipc_close(&p->guard);
	ipc_close(&p->carrier.guard);
	free(p);
	return 0;
}

/* How the order O with N descriptors went. */
static struct ipc_message done(
	struct pair *p, const struct esp_order *o, const int *fds, unsigned n, struct arena *arena)
{
	const struct ipc_message m = {
		.kind = IPC_ESP_ORDER, .ticket = 7, .esp_order = *o, .fds = fds, .n_fds = n
	};
	struct ipc_message answer;
	ssize_t got;

	assert_int_equal(ipc_send(&p->guard, &m), ERR_OK);
	assert_true(carrier_serve(&p->carrier));
	got = recv(p->guard.fd, room, sizeof room, MSG_DONTWAIT);
	assert_true(got > 0);
	assert_null(ipc_decode(bytes_of(room, (size_t)got), arena, &answer));
	assert_int_equal(answer.kind, IPC_ESP_DONE);
	assert_int_equal(answer.ticket, 7);
	return answer;
}

static void descriptors_come_over_and_are_its_own(void **state)
{
	struct esp_order o = { .kind = ORDER_OPEN, .open = { 1, 0, 4500 } };
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	unsigned before = descriptors_open();
	struct meters meters;
	struct ipc_message answer;

	assert_int_equal(meters_make(&meters, &why), ERR_OK);
	answer = done(*state, &o, &meters.fd, 1, &arena);
	assert_int_equal(answer.done.result, ERR_OK);
	assert_true(descriptors_open() > before + 1);
	assert_int_not_equal(fcntl(meters.fd, F_GETFD), -1);
	meters_close(&meters);
	arena_free(&arena);
}

static void descriptors_that_nobody_ordered_are_closed(void **state)
{
	const struct esp_order o = { .kind = ORDER_SA_DEL };
	const int fds[] = { 0, 0, 0 };
	struct arena arena = { 0 };
	unsigned before = descriptors_open();

	assert_int_equal(done(*state, &o, fds, 3, &arena).done.result, ERR_RANGE);
	assert_int_equal(descriptors_open(), before);
	arena_free(&arena);
}

/* Nobody but esp is given any: what it sends with its messages is not even received. */
static void guard_takes_no_descriptors(void **state)
{
	struct pair *p = *state;
	const int fds[] = { 0, 0 };
	const struct ipc_message m = {
		.kind = IPC_LOG, .log = { LOG_WARN, "UPPER", NULL, "line" }, .fds = fds, .n_fds = 2
	};
	struct arena arena = { 0 };
	unsigned before = descriptors_open();
	const char *wrong = NULL;

	p->carrier.guard.self = IPC_ESP;
	assert_int_equal(ipc_send(&p->carrier.guard, &m), ERR_OK);
	p->guard.phase = IPC_STARTING;
	p->guard.peer = IPC_CTL; /* who may not say that */
	assert_int_equal(ipc_take(&p->guard, &arena, NULL, &wrong), ERR_DENIED);
	assert_int_equal(descriptors_open(), before);
	arena_free(&arena);
}

static void has_to_tell(struct pair *p, uint32_t child)
{
	const struct esp_report r = { .kind = REPORT_EXPIRE, .id = child, .hard = true };

	assert_true(channel_tell(&p->carrier.plane->channel, &r, bytes_of(NULL, 0)));
	carrier_report(&p->carrier);
}

/* About which child the next report is; 0: there is none. */
static uint32_t heard(struct pair *p)
{
	struct arena arena = { 0 };
	struct ipc_message m;
	ssize_t n = recv(p->guard.fd, room, sizeof room, MSG_DONTWAIT);
	uint32_t child = 0;

	if (n > 0) {
		assert_null(ipc_decode(bytes_of(room, (size_t)n), &arena, &m));
		assert_int_equal(m.kind, IPC_ESP_REPORT);
		child = m.esp_report.report.id;
	}
	arena_free(&arena);
	return child;
}

/* Guard does something else for a time. */
static void no_report_is_lost_while_guard_has_no_room(void **state)
{
	enum { MORE = 20 };
	struct pair *p = *state;
	uint32_t told = 0;

	while (!p->carrier.waits)
		has_to_tell(p, ++told);
	for (unsigned i = 0; i < MORE; i++)
		has_to_tell(p, ++told);
	for (uint32_t i = 1; i <= told; i++) {
		assert_int_equal(heard(p), i);
		carrier_report(&p->carrier);
	}
	assert_int_equal(heard(p), 0);
	assert_false(p->carrier.waits);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_order_is_read_as_it_was_written),
		cmocka_unit_test(an_sa_keeps_its_keys_and_its_configuration),
		cmocka_unit_test(an_sa_without_a_cipher_is_none),
		CASE(descriptors_come_over_and_are_its_own),
		CASE(descriptors_that_nobody_ordered_are_closed),
		CASE(guard_takes_no_descriptors),
		CASE(no_report_is_lost_while_guard_has_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
