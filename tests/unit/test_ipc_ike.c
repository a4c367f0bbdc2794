/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guard and the process that speaks IKE say to each other: all of each event, action and answer arrives;
 * a connection is the same on the other side. */
#include "tests/unit/unit.h"

#include "daemon/ipc_peer.h"
#include "daemon/ipc_table.h"
#include "tests/unit/conf_help.h"

static uint8_t room[IPC_MAX];

static struct bytes written(const struct ipc_message *m)
{
	struct wr w = wr_of(room, sizeof room);

	assert_true(ipc_encode(&w, m));
	return wr_done(&w);
}

/* M read from what is written of it; written again it is the same. */
static struct ipc_message read_back(const struct ipc_message *m, struct arena *arena)
{
	struct bytes first = arena_bytes(arena, written(m));
	struct ipc_message again;

	assert_null(ipc_decode(first, arena, &again));
	for (size_t k = 0; k < first.n; k++) {
		struct arena scratch = { 0 };
		struct ipc_message cut;

		assert_non_null(ipc_decode(bytes_of(first.p, k), &scratch, &cut));
		arena_free(&scratch);
	}
	assert_true(bytes_eq(written(&again), first));
	return again;
}

#define OCTETS(text)                                                                                         \
	{                                                                                                    \
		(const uint8_t *)(text), sizeof(text) - 1                                                    \
	}

static const struct ip one = { 4, { 192, 0, 2, 1 } }, two = { 6, { 0x20, 1, 0xd, 0xb8 } };
static const struct path path = { { { 4, { 192, 0, 2, 1 } }, 500 }, { { 4, { 192, 0, 2, 2 } }, 4500 }, true,
	false };

static struct loaded site(void)
{
	return load_text(
		"connections { a { local { auth = psk } remote { auth = pubkey } remote-2 { auth = eap "
		"} children { net { remote_ts = 10.2.0.0/16 } dmz { } no { mode = drop } } } }");
}

static struct suite esp(void)
{
	return (struct suite){ .encr = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 256),
		.ke = transform_find(TRANSFORM_KE, KE_CURVE25519, 0),
		.more = { KE_ML_KEM_768 },
		.esn = true };
}

/* -------------------------------------------------------------------- events */

static void events(void **state)
{
	const struct ike_usage usage[] = { { 7, 1000, 0 }, { 8, UINT64_MAX, 5 } };
	const struct ip ips[] = { one, two };
	const struct hosts pairs[] = { { one, two } };
	const struct ike_event all[] = {
		{ .kind = EVENT_CLOCK },
		{ .kind = EVENT_WOKEN },
		{ .kind = EVENT_ACQUIRE,
			.acquire = { 5, 3, { .lo = one, .hi = one, .proto = 6, .port_hi = 65535 },
				{ .lo = two, .hi = two } } },
		{ .kind = EVENT_EXPIRE, .expire = { 7, true } },
		{ .kind = EVENT_MAPPING, .mapping = { 7, { one, 4500 } } },
		{ .kind = EVENT_ADDRESSES, .addresses = { ips, 2 } },
		{ .kind = EVENT_USED, .used = { 7 } },
		{ .kind = EVENT_UNKNOWN_SPI, .unknown_spi = { path, true, 0xc0ffee } },
		{ .kind = EVENT_PATH_MTU, .path_mtu = { two, 1280 } },
		{ .kind = EVENT_COMMAND,
			.command = { COMMAND_REDIRECT, 9, "a", "net", 1, 2, true, true, { one, two },
				{ "gw", one, two, "*" }, 60, true } },
		{ .kind = EVENT_SECRETS, .secrets = { OCTETS("crash"), OCTETS("tickets"), 77, 88 } },
		{ .kind = EVENT_CONF, .conf = { .authorities = OCTETS("20 octets"), .only = "a" } },
		{ .kind = EVENT_ANSWER,
			.answer = { .ticket = 5,
				.result = ERR_AUTH,
				.local = one,
				.remote = two,
				.paths = { pairs, 1 },
				.shared = OCTETS("mixed"),
				.method = 14,
				.proof = OCTETS("proof"),
				.valid = 99,
				.usage = { usage, 2 },
				.ips = { ips, 2 },
				.attributes = OCTETS("attributes"),
				.why = { .what = "what", .stage = "IKE_AUTH", .alert = "alert" } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct arena arena = { 0 };
		struct ipc_message m =
			read_back(&(struct ipc_message){ .kind = IPC_EVENT, .event.event = all[i] }, &arena);

		assert_int_equal(m.event.event.kind, all[i].kind);
		if (all[i].kind == EVENT_ANSWER) {
			assert_true(m.event.event.answer.usage.v[1].last_in == UINT64_MAX);
			assert_string_equal(m.event.event.answer.why.alert, "alert");
		}
		if (all[i].kind == EVENT_SECRETS)
			assert_int_equal(m.event.event.secrets.numbers, 88);
		arena_free(&arena);
	}
}

/* ------------------------------------------------------------------- actions */

static void what_is_meant_is_said_by_number(void **state)
{
	struct loaded l = site();
	struct peer *p = l.conf.peers[0];
	const struct ts any = { .lo = one, .hi = one, .port_hi = 65535 };
	struct arena arena = { 0 };
	struct ipc_message m;

	(void)state;
	p->number = 12;
	m = read_back(&(struct ipc_message){ .kind = IPC_ACTION,
			      .action.action = { .kind = ACTION_SA_ADD,
				      .ticket = 3,
				      .sa_add = { .spi = 5,
					      .child = 8,
					      .marks = { .in = { .value = 1, .mask = 2 }, .if_id_out = 4 },
					      .suite = esp(),
					      .encr_key = OCTETS("0123456789abcdef"),
					      .local = path.local,
					      .remote = path.remote,
					      .local_ts = { &any, 1 },
					      .remote_ts = { &any, 1 },
					      .conf = &p->children[1] } } },
		&arena);
	assert_int_equal(m.action.part.peer, 12);
	assert_int_equal(m.action.part.nth, 1);
	assert_null(m.action.action.sa_add.conf);
	assert_ptr_equal(m.action.action.sa_add.suite.encr, esp().encr);
	assert_int_equal(m.action.action.sa_add.marks.if_id_out, 4);
	m = read_back(&(struct ipc_message){ .kind = IPC_ACTION,
			      .action.action = { .kind = ACTION_ASK,
				      .ask = { .kind = ASK_EAP,
					      .peer = p,
					      .auth = p->remote.next,
					      .eap = { .conversation = 3, .packet = OCTETS("packet") } } } },
		&arena);
	assert_true(m.action.part.remote && m.action.has_round);
	assert_int_equal(m.action.part.nth, 1);
	arena_free(&arena);
	loaded_free(&l);
}

static void news_have_their_records(void **state)
{
	struct loaded l = site();
	struct peer *p = l.conf.peers[0];
	struct child_record child = { .id = 8,
		.name = "dmz",
		.state = "INSTALLED",
		.conf = &p->children[1],
		.spi_in = 77,
		.suite = esp() };
	const struct sa_record sa = { .id = 7,
		.name = "a",
		.state = "ESTABLISHED",
		.path = path,
		.suite = esp(),
		.children = &child,
		.n_children = 1 };
	const struct why why = { .what = "what" };
	const uint32_t tickets[] = { 5, 6 };
	struct arena arena = { 0 };
	struct ipc_message m;

	(void)state;
	p->number = 12;
	m = read_back(&(struct ipc_message){ .kind = IPC_ACTION,
			      .action.action = { .kind = ACTION_TELL,
				      .tell = { .kind = TELL_SA_REKEYED,
					      .group = "IKE",
					      .sa = 7,
					      .why = &why,
					      .tickets = tickets,
					      .n_tickets = 2,
					      .record = &sa,
					      .old_record = &sa } } },
		&arena);
	assert_int_equal(m.action.action.tell.record->children[0].in.spi, 77);
	assert_int_equal(m.action.old_parts[0].peer, 12);
	assert_int_equal(m.action.old_parts[0].nth, 1);
	assert_int_equal(m.action.action.tell.tickets[1], 6);
	arena_free(&arena);
	loaded_free(&l);
}

/* A record is cut where it would not fit, and a long answer comes in pieces. */
static void a_record_of_thousands_is_cut(void **state)
{
	enum { MANY = 5000 };
	struct loaded l = site();
	struct peer *p = l.conf.peers[0];
	struct arena arena = { 0 };
	struct child_record *v = ARENA_ARRAY(&arena, MANY, struct child_record);
	struct ipc_message m = { .kind = IPC_REPLY,
		.reply = { .kind = IPC_ABOUT_SA,
			.found = true,
			.total = MANY,
			.sa = { .name = "a", .state = "UP", .children = v, .n_children = MANY } } };
	struct ipc_message again;
	unsigned at = 0;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		v[i] = (struct child_record){
			.id = i, .name = "net", .state = "INSTALLED", .conf = &p->children[0], .suite = esp()
		};
	while (at < MANY) {
		m.reply.sa.children = v + at;
		m.reply.sa.n_children = MANY - at;
		assert_null(ipc_decode(written(&m), &arena, &again));
		assert_true(again.reply.sa.n_children > 0);
		assert_int_equal(again.reply.sa.children[0].id, at);
		at += again.reply.sa.n_children;
	}
	assert_int_equal(at, MANY);
	arena_free(&arena);
	loaded_free(&l);
}

/* --------------------------------------------------------------- connections */

/* P on the other side, with the one reference. */
static struct peer *beyond(struct peer *p)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct ipc_message m = { .kind = IPC_PEER };
	struct peer *out = NULL;

	p->number = 12;
	assert_true(ipc_peer_make(p, &arena, &m.peer));
	m = read_back(&m, &arena);
	assert_int_equal(ipc_peer_read(&m.peer, &out, &why), ERR_OK);
	assert_string_equal(text_str(&why), "");
	arena_free(&arena);
	return out;
}

static void a_connection_is_the_same_beyond(void **state)
{
	struct loaded l = site();
	struct peer *p = l.conf.peers[0], *q;
	struct arena arena = { 0 };

	(void)state;
	p->children[0].datapath = DATAPATH_KERNEL;
	q = beyond(p);
	assert_int_equal(q->number, 12);
	assert_true(peer_equal(p, q));
	assert_int_equal(q->n_children, 2);
	assert_int_equal(q->n_shunts, 1);
	assert_int_equal(q->children[0].datapath, DATAPATH_KERNEL);
	assert_string_equal(source_print(&q->children[1].at, "mode", &arena),
		source_print(&p->children[1].at, "mode", &arena));
	assert_string_equal(source_print(&q->remote.next->at, "auth", &arena),
		source_print(&p->remote.next->at, "auth", &arena));
	peer_unref(q);
	arena_free(&arena);
	loaded_free(&l);
}

static void pairs_of_selectors_keep_their_group(void **state)
{
	struct loaded l = load_text(
		"connections { a { local { auth = psk } remote { auth = psk } children { net { single_pair = "
		"yes\n local_ts = 10.1.0.0/16, 10.3.0.0/16\n remote_ts = 10.2.0.0/16 } } } }");
	struct peer *q = beyond(l.conf.peers[0]);

	(void)state;
	assert_int_equal(q->n_children, 2);
	assert_string_equal(q->children[1].name, "net-2");
	assert_string_equal(q->children[1].group, "net");
	assert_true(peer_equal(l.conf.peers[0], q));
	peer_unref(q);
	loaded_free(&l);
}

static void what_is_none_is_refused(void **state)
{
	struct loaded l = site();
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct ipc_peer m;
	struct peer *q;

	(void)state;
	assert_true(ipc_peer_make(l.conf.peers[0], &arena, &m));
	m.n_children--;
	assert_int_equal(ipc_peer_read(&m, &q, &why), ERR_SYNTAX);
	m.n_children++;
	m.children[0].name = "other";
	assert_int_equal(ipc_peer_read(&m, &q, &why), ERR_SYNTAX);
	m.text = bytes_str("connections { include /etc/passwd }");
	assert_int_not_equal(ipc_peer_read(&m, &q, &why), ERR_OK);
	arena_free(&arena);
	loaded_free(&l);
}

/* What is wrong with M for who reads it, whatever its writer finds. */
static const char *refusal(const struct ipc_message *m)
{
	struct arena arena = { 0 };
	struct wr w = wr_of(room, sizeof room);
	struct ipc_message again;
	const char *wrong;

	(void)!ipc_encode(&w, m);
	wrong = ipc_decode(wr_done(&w), &arena, &again);
	arena_free(&arena);
	return wrong;
}

static void a_status_without_a_name_is_refused(void **state)
{
	struct ipc_message sa = { .kind = IPC_REPLY,
		.reply = { .kind = IPC_ABOUT_SA, .found = true, .sa = { .name = "a", .state = "UP" } } };
	struct ipc_message trap = { .kind = IPC_REPLY,
		.reply = { .kind = IPC_ABOUT_TRAP, .found = true, .trap = { .ike = "a", .child = "net" } } };

	(void)state;
	assert_null(refusal(&sa));
	sa.reply.sa.name = NULL;
	assert_string_equal(refusal(&sa), "an IKE_SA has no name");
	assert_null(refusal(&trap));
	trap.reply.trap.child = NULL;
	assert_string_equal(refusal(&trap), "a trap has no name");
	trap.reply.trap = (struct policy_record){ .child = "net" };
	assert_string_equal(refusal(&trap), "a trap has no name");
}

static void an_algorithm_is_refused_in_the_place_of_another_kind(void **state)
{
	struct ipc_message m = { .kind = IPC_ACTION,
		.action.action = { .kind = ACTION_SA_ADD, .sa_add = { .suite = esp() } } };

	(void)state;
	assert_null(refusal(&m));
	m.action.action.sa_add.suite.encr = transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, 0);
	assert_string_equal(refusal(&m), "there is no such transform");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),
		cmocka_unit_test(what_is_meant_is_said_by_number),
		cmocka_unit_test(news_have_their_records),
		cmocka_unit_test(a_record_of_thousands_is_cut),
		cmocka_unit_test(a_connection_is_the_same_beyond),
		cmocka_unit_test(pairs_of_selectors_keep_their_group),
		cmocka_unit_test(what_is_none_is_refused),
		cmocka_unit_test(a_status_without_a_name_is_refused),
		cmocka_unit_test(an_algorithm_is_refused_in_the_place_of_another_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
