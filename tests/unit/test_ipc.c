/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between processes: what was written is read, and nothing else is; who says what he may not say, or
 * not now, is told from who may. */
#include "tests/unit/unit.h"

#include "daemon/ipc_bundle.h"
#include "daemon/ipc_table.h"
#include "daemon/keeper.h"
#include "model/scheme.h"
#include "pki/paper.h"
#include "pki/store.h"
#include "talk.h"
#include "vici/vici.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint8_t room[IPC_MAX];

static struct bytes written(const struct ipc_message *m)
{
	struct wr w = wr_of(room, sizeof room);

	assert_true(ipc_encode(&w, m));
	return wr_done(&w);
}

/* --------------------------------------------------------------- the encoders */

#define OCTETS(text)                                                                                         \
	{                                                                                                    \
		(const uint8_t *)(text), sizeof(text) - 1                                                    \
	}
#define MOON                                                                                                 \
	{                                                                                                    \
		ID_FQDN, OCTETS("moon")                                                                      \
	}
#define NOBODY                                                                                               \
	{                                                                                                    \
		ID_KEY_ID, OCTETS("\0\1")                                                                    \
	}

static const struct id owners[] = { MOON, NOBODY };
static const struct bytes parts[] = { OCTETS("first"), OCTETS(""), OCTETS("third") };
static const struct wire_cert payloads[] = { { CERT_X509_SIGNATURE, OCTETS("der") },
	{ CERT_RAW_KEY, OCTETS("") } };

#define HOST(n)                                                                                              \
	{                                                                                                    \
		4,                                                                                           \
		{                                                                                            \
			192, 0, 2, (n)                                                                       \
		}                                                                                            \
	}

static struct source_key source_keys[] = { { "auth", 7 } };
static const struct cert_conf round_certs[] = { { .file = "a.pem",
	.data = OCTETS("der"),
	.uri = "pkcs11:x",
	.handle = "01",
	.module = "hsm",
	.slot = 7,
	.has_slot = true } };
static struct ipc_round peer_rounds[] = { { { "connections.a.local", "a.conf", 6, source_keys, 1 },
	{ NULL, 0 }, { NULL, 0 }, { round_certs, 1 } } };
static struct ipc_child peer_children[] = { { "net-1", "net", { "net", "vici", 0, NULL, 0 }, DATAPATH_USER,
	77 } };
static uint64_t reply_keys[] = { 1, UINT64_MAX };

static const struct ipc_radius_server radius_servers[] = {
	{ "one", "192.0.2.1", 7, OCTETS("gw"), { 1812, 1813 }, 5, 1 },
	{ "two", "radius.example.org", UINT64_MAX, OCTETS("gw"), { 1645, 1646 }, 0, RADIUS_PORTS_MAX },
};

#define DEMANDS                                                                                              \
	{                                                                                                    \
		"c", "rsa-2048", MOON, { parts, 1 }, { parts, 2 }, { parts, 3 }, { parts, 1 },               \
			REVOCATION_STRICT, true                                                              \
	}

/* One of each row, with all its fields. */
static const struct ipc_message messages[] = {
	{ .kind = IPC_READY },
	{ .kind = IPC_LOG, .log = { LOG_WARN, "word", "name", "a line" } },
	{ .kind = IPC_BLAME, .blame = { IPC_IKE, "it did" } },
	{ .kind = IPC_SECRET,
		.ticket = 1,
		.secret = { 7, IPC_USE_SECRET, SECRET_EAP, owners, 2, OCTETS("first"), 9 } },
	{ .kind = IPC_FILE, .ticket = 2, .file = { 8, 7, OCTETS("file"), 9 } },
	{ .kind = IPC_DROP, .drop = { .handle = UINT64_MAX } },
	{ .kind = IPC_KEPT, .ticket = 3, .kept = { ERR_RANGE, OCTETS("0123456789abcdef"), "what" } },
	{ .kind = IPC_OPENED, .ticket = 4, .opened = { ERR_OK, "what", "instead", 7, OCTETS("paper") } },
	{ .kind = IPC_PSK_PROVE,
		.ticket = 5,
		.psk = { 7, PRF_HMAC_SHA2_256, MOON, NOBODY, OCTETS("octets"), OCTETS("") } },
	{ .kind = IPC_PSK_CHECK,
		.ticket = 6,
		.psk = { 7, PRF_HMAC_SHA2_256, MOON, NOBODY, OCTETS("octets"), OCTETS("proof") } },
	{ .kind = IPC_PPK_MIX,
		.ticket = 6,
		.psk = { 7, PRF_HMAC_SHA2_256, MOON, MOON, OCTETS("keys"), OCTETS("") } },
	{ .kind = IPC_PPK_CONFIRM,
		.ticket = 6,
		.psk = { 7, PRF_HMAC_SHA2_256, MOON, MOON, OCTETS("nonces"), OCTETS("") } },
	{ .kind = IPC_SIGN, .ticket = 7, .sign = { 8, PRF_HMAC_SHA2_256, SCHEMES - 1, OCTETS("octets") } },
	{ .kind = IPC_PROOF, .ticket = 8, .proof = { ERR_AUTH, "why", OCTETS("proof") } },
	{ .kind = IPC_KEY, .key = { 9, OCTETS("key") } },
	{ .kind = IPC_THING,
		.thing = { STORED_AUTHORITY, STORED_BY_VICI, true, "a", OCTETS("der"), { parts, 3 },
			{ parts, 1 } } },
	{ .kind = IPC_CLEAR },
	{ .kind = IPC_FLUSH, .flush = { true, false } },
	{ .kind = IPC_SURROUNDINGS, .surroundings = { true, OCTETS("nameserver"), OCTETS("hosts") } },
	{ .kind = IPC_LIST, .ticket = 9, .list = { 5, "CN=moon", false, OCTETS("") } },
	{ .kind = IPC_LISTED, .ticket = 9, .list = { 6, NULL, true, OCTETS("der") } },
	{ .kind = IPC_NEWS },
	{ .kind = IPC_JUDGE,
		.ticket = 10,
		.judge = { DEMANDS, MOON, OCTETS("octets"), OCTETS("proof"), SCHEME_METHOD_SIGNATURE,
			{ payloads, 2 }, true, false } },
	{ .kind = IPC_AGAIN,
		.ticket = 11,
		.judge = { DEMANDS, NOBODY, OCTETS(""), OCTETS(""), 0, { payloads, 2 }, false, true } },
	{ .kind = IPC_SHOWN,
		.ticket = 11,
		.judge = { DEMANDS, NOBODY, OCTETS(""), OCTETS(""), 0, { payloads, 2 }, false, true } },
	{ .kind = IPC_VERDICT,
		.ticket = 12,
		.verdict = { ERR_AUTH, IPC_LINE_PUBKEYS, true, 70000,
			{ "what", NULL, "offered", "configured", "differs", NULL, "instead", NULL, "alert" },
			{ parts, 2 } } },
	{ .kind = IPC_STAPLE, .ticket = 13, .staple = { "c", { parts, 3 } } },
	{ .kind = IPC_STAPLED, .ticket = 13, .staple = { NULL, { parts, 1 } } },
	{ .kind = IPC_RESOLVE, .ticket = 14, .resolve = { "moon", 6, { 0 }, NULL } },
	{ .kind = IPC_PORTAL, .ticket = 15, .portal = { "http://portal.example/", "success", NULL } },
	{ .kind = IPC_PORTAL_SEEN, .ticket = 15, .portal = { NULL, NULL, "a redirection" } },
	{ .kind = IPC_ORDER,
		.ticket = 16,
		.order = { { OCTETS("alice"), OCTETS("1-7"), OCTETS("rw"), OCTETS("192.0.2.9"),
				   { 4, { 192, 0, 2, 9 } }, { 6, { 0x20, 1 } }, true, 7 },
			false, 600, { parts, 2 } } },
	{ .kind = IPC_OBEYED, .ticket = 16, .obeyed = { 3 } },
	{ .kind = IPC_ACCOUNT, .ticket = 17, .account = { OCTETS("attributes") } },
	{ .kind = IPC_ACCOUNTED, .ticket = 17, .accounted = { true } },
	{ .kind = IPC_RADIUS,
		.radius = { { { { 4, { 0 } }, 3799 }, 9, OCTETS("gw"), true }, radius_servers, 2, 2000, 1400,
			4 } },
	{ .kind = IPC_RELAY,
		.ticket = 15,
		.relay = { OCTETS("note"),
			{ OCTETS("alice"), OCTETS("rw"), OCTETS("1-7"), 7, { { 4, { 192, 0, 2, 1 } }, 4500 },
				{ { 6, { 0x20, 1 } }, 4501 }, true },
			OCTETS("packet") } },
	{ .kind = IPC_RELAYED,
		.ticket = 15,
		.relayed = { RADIUS_FAILED, OCTETS("note"), OCTETS("packet"), "why", OCTETS("message"),
			OCTETS("msk"), OCTETS("user"), OCTETS("cui"), { parts, 3 }, { parts, 1 }, true, true,
			1, 2, 3, { 4, { 192, 0, 2, 9 } }, { 6, { 0x20, 1 } }, 2, 1,
			{ { 4, { 192, 0, 2, 1 } }, { 6, { 0x20, 1 } } }, { { 4, { 192, 0, 2, 2 } } } } },
	{ .kind = IPC_RESOLVED, .ticket = 14, .resolve = { NULL, 0, { 4, { 192, 0, 2, 1 } }, "what" } },
	{ .kind = IPC_EAP,
		.ticket = 15,
		.eap = { 3, true, false, true, OCTETS("\x04\x1a"), OCTETS("carol"), OCTETS("packet"),
			{ parts, 2 }, { parts, 3 }, MOON } },
	{ .kind = IPC_EAP_TURN,
		.ticket = 15,
		.eap_turn = { 3, false, true, OCTETS("packet"), "why", 26, OCTETS("carol"), OCTETS("key"),
			{ parts, 2 } } },
	{ .kind = IPC_EAP_ASKS, .ticket = 15, .eap_asks = { 3, OCTETS("carol") } },
	{ .kind = IPC_EAP_SECRET, .ticket = 16, .eap_secret = { 3, IPC_EAP_NT_HASH, OCTETS("secret") } },
	{ .kind = IPC_EAP_SIGNS, .ticket = 15, .eap_signs = { 3, 4, OCTETS("octets") } },
	{ .kind = IPC_EAP_SIGNED, .ticket = 16, .eap_signs = { 3, 4, OCTETS("signature") } },
	{ .kind = IPC_EAP_SHOWS, .ticket = 15, .eap_shows = { 3, { parts, 3 } } },
	{ .kind = IPC_EAP_JUDGED, .ticket = 16, .eap_judged = { 3, true } },
	{ .kind = IPC_EAP_END, .eap_end = { 3 } },
	{ .kind = IPC_TLS_SIGN, .ticket = 18, .sign = { 7, 0, 3, OCTETS("octets") } },
	{ .kind = IPC_USERS, .ticket = 18, .users = { 3 + IPC_DATA_MAX, IPC_DATA_MAX, OCTETS("end") } },
	{ .kind = IPC_USER_ASK, .ticket = 19, .user_ask = { OCTETS("carol"), true } },
	{ .kind = IPC_USER,
		.ticket = 19,
		.user = { { 0, IPC_EAP_SALTED, OCTETS("$6$") }, 7, { parts, 3 }, { 4, { 192, 0, 2, 1 } },
			{ 0, { 0 } } } },
	{ .kind = IPC_EAP_TELL, .ticket = 17, .psk = { 7, 0, MOON, NOBODY, OCTETS(""), OCTETS("") } },
	{ .kind = IPC_PEER,
		.peer = { 3, OCTETS("connections { }"), ORIGIN_VICI,
			{ "connections.a", "a.conf", 5, NULL, 0 }, 5, 6, peer_rounds, 1, peer_children, 1 } },
	{ .kind = IPC_EVENT,
		.event.event = { .kind = EVENT_DATAGRAM,
			.datagram = { { { HOST(1), 500 }, { HOST(2), 4500 }, true, false },
				OCTETS("datagram") } } },
	{ .kind = IPC_ACTION,
		.action.action = { .kind = ACTION_SA_MOVE,
			.ticket = 9,
			.sa_move = { 5, { HOST(1), 500 }, { HOST(2), 4500 }, true, false } } },
	{ .kind = IPC_RELEASED, .released = { 3 } },
	{ .kind = IPC_DEAF },
	{ .kind = IPC_TAPE, .tape = { true } },
	{ .kind = IPC_INQUIRY, .ticket = 19, .inquiry = { IPC_ABOUT_COUNTERS, 5, 6, "a", false } },
	{ .kind = IPC_FORGET, .inquiry = { IPC_ABOUT_COUNTERS, 0, 0, NULL, true } },
	{ .kind = IPC_REPLY,
		.ticket = 19,
		.reply = { .kind = IPC_ABOUT_SAS, .found = true, .total = 2, .keys = reply_keys, .n = 2 } },
	{ .kind = IPC_ADMIT, .admit = { 0, 100, 101, true } },
	{ .kind = IPC_CLIENT, .client = { 3 } },
	{ .kind = IPC_REQUEST, .request = { 3, 3 + IPC_REQUEST_PART, IPC_REQUEST_PART, 7, OCTETS("end") } },
	{ .kind = IPC_REGISTER, .registers = { 3, 2, true } },
	{ .kind = IPC_OUTPUT, .output = { 3, 1, true, OCTETS("octets") } },
	{ .kind = IPC_TAKEN, .taken = { 3, 6, true } },
	{ .kind = IPC_READS, .gone = { 3 } },
	{ .kind = IPC_GONE, .gone = { 3 } },
	{ .kind = IPC_SHUT },
	{ .kind = IPC_OFFER, .offer = { 9, OCTETS("secret") } },
	{ .kind = IPC_ESP_ORDER,
		.ticket = 20,
		.esp_order = { .kind = ORDER_POLICY_LEAD, .policy_lead = { 6, 5 } } },
	{ .kind = IPC_ESP_DONE, .ticket = 20, .done = { ERR_EXISTS, "why" } },
	{ .kind = IPC_ESP_REPORT,
		.esp_report = { { .kind = REPORT_IKE, .id = 7, .hard = true }, OCTETS("datagram") } },
	{ .kind = IPC_TOKEN, .ticket = 21, .token = { 8, 7, "pkcs11:", true, OCTETS("1234"), 9 } },
	{ .kind = IPC_READ, .ticket = 22, .read = { PAPER_KEY, 9, OCTETS("file") } },
	{ .kind = IPC_READ_ON, .ticket = 23 },
	{ .kind = IPC_RADIUS_SIGN, .ticket = 23, .radius_ask = { 7, OCTETS("packet"), OCTETS("") } },
	{ .kind = IPC_RADIUS_CHECK,
		.ticket = 23,
		.radius_ask = { 7, OCTETS("packet"), OCTETS("0123456789abcdef") } },
	{ .kind = IPC_RADIUS_OPEN,
		.ticket = 23,
		.radius_ask = { 7, OCTETS("packet"), OCTETS("0123456789abcdef") } },
	{ .kind = IPC_RADIUS_PROOF, .ticket = 23, .radius_proof = { ERR_AUTH, OCTETS("octets") } },
	{ .kind = IPC_BUNDLE, .bundle = { parts, 3 } },
};

enum { MESSAGES = sizeof messages / sizeof *messages };

static void every_row_is_read_as_it_was_written(void **state)
{
	(void)state;
	assert_int_equal(MESSAGES, IPC_KINDS - 1);
	for (unsigned i = 0; i < MESSAGES; i++) {
		struct arena arena = { 0 };
		struct bytes first = arena_bytes(&arena, written(&messages[i]));
		struct ipc_message again;

		assert_null(ipc_decode(first, &arena, &again));
		assert_int_equal(again.kind, messages[i].kind);
		assert_true(again.ticket == messages[i].ticket);
		assert_true(bytes_eq(written(&again), first));
		arena_free(&arena);
	}
}

static void the_fields_are_there(void **state)
{
	struct arena arena = { 0 };
	struct ipc_message m;

	(void)state;
	assert_null(ipc_decode(written(&messages[3]), &arena, &m));
	assert_int_equal(m.secret.kind, SECRET_EAP);
	assert_int_equal(m.secret.n_owners, 2);
	assert_true(id_eq(&m.secret.owners[1], &owners[1]));
	assert_true(bytes_eq(m.secret.data, parts[0]));
	assert_null(ipc_decode(written(&messages[7]), &arena, &m));
	assert_string_equal(m.opened.instead, "instead");
	assert_true(bytes_eq(m.opened.paper, bytes_str("paper")));
	arena_free(&arena);
}

/* The decoder copies: the buffer may go. */
static void nothing_points_into_the_buffer(void **state)
{
	struct arena arena = { 0 };
	struct ipc_message m;
	struct bytes b = written(&messages[9]);
	uint8_t *copy = malloc(b.n);

	(void)state;
	memcpy(copy, b.p, b.n);
	assert_null(ipc_decode(bytes_of(copy, b.n), &arena, &m));
	free(copy);
	assert_true(bytes_eq(written(&m), written(&messages[9])));
	arena_free(&arena);
}

static void no_shorter_and_no_longer_one_is_read(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MESSAGES; i++) {
		size_t n = written(&messages[i]).n;

		for (size_t k = 0; k <= n + 1; k++) {
			struct arena arena = { 0 };
			struct ipc_message m;

			room[n] = 0;
			assert_true(!ipc_decode(bytes_of(room, k), &arena, &m) == (k == n));
			arena_free(&arena);
		}
	}
}

static const char *wrong_with(const struct ipc_message *m)
{
	struct wr w = wr_of(room, sizeof room);

	return ipc_encode(&w, m) ? NULL : "refused";
}

static void limits_hold_for_who_writes_too(void **state)
{
	static struct id many[IPC_OWNERS_MAX + 1];
	static uint8_t large[IPC_MAX];
	static char text[IPC_TEXT_MAX + 2];
	struct ipc_message secret = messages[3], log = messages[1], kept = messages[6];

	(void)state;
	secret.secret.owners = many;
	secret.secret.n_owners = IPC_OWNERS_MAX;
	assert_null(wrong_with(&secret));
	secret.secret.n_owners++;
	assert_non_null(wrong_with(&secret));
	secret.secret.n_owners = 0;
	secret.secret.data = bytes_of(large, IPC_DATA_MAX);
	assert_null(wrong_with(&secret));
	secret.secret.data.n++;
	assert_non_null(wrong_with(&secret));
	memset(text, 'x', IPC_TEXT_MAX + 1);
	log.log.line = text;
	assert_non_null(wrong_with(&log));
	text[IPC_TEXT_MAX] = 0;
	assert_null(wrong_with(&log));
	kept.kept.mark.n--;
	assert_non_null(wrong_with(&kept));
	kept.kept.mark.n++;
	kept.kept.result = ERR_MAX;
	assert_non_null(wrong_with(&kept));
}

/* Whoever speaks for a peer does not choose what its certificate is compared with. */
static void a_peer_is_not_many(void **state)
{
	struct ipc_message judge = { .kind = IPC_JUDGE, .judge = { .demands.name = "rw" } };

	(void)state;
	judge.judge.remote = (struct id){ ID_FQDN, bytes_str("moon") };
	assert_null(wrong_with(&judge));
	judge.judge.remote = (struct id){ ID_REGEX, bytes_str("\2.*") };
	assert_non_null(wrong_with(&judge));
	judge.judge.remote = (struct id){ ID_REGEX, bytes_str("") };
	assert_non_null(wrong_with(&judge));
}

static void parts_of_the_users_file_stand_where_they_must(void **state)
{
	static uint8_t large[IPC_MAX];
	struct ipc_message m = { .kind = IPC_USERS, .users = { 10, 0, bytes_of(large, 10) } };

	(void)state;
	assert_null(wrong_with(&m));
	m.users.at = 1; /* more than is left */
	assert_non_null(wrong_with(&m));
	m.users.at = 11;
	assert_non_null(wrong_with(&m));
	m.users = (struct ipc_users){ 10, 0, bytes_of(large, 9) }; /* short, and not the last */
	assert_non_null(wrong_with(&m));
	m.users = (struct ipc_users){ IPC_USERS_MAX, 0, bytes_of(large, IPC_DATA_MAX) };
	assert_null(wrong_with(&m));
	m.users.total++;
	assert_non_null(wrong_with(&m));
	m.users = ipc_users_part(bytes_of(NULL, 0), 0);
	assert_null(wrong_with(&m));
}

static void parts_of_a_request_stand_where_they_must(void **state)
{
	static uint8_t large[IPC_MAX];
	struct ipc_message m = { .kind = IPC_REQUEST, .request = { 3, 10, 0, 7, bytes_of(large, 10) } };

	(void)state;
	assert_null(wrong_with(&m));
	m.request.at = 1; /* more than is left */
	assert_non_null(wrong_with(&m));
	m.request.at = 11;
	assert_non_null(wrong_with(&m));
	m.request.at = 10; /* behind the last */
	m.request.text.n = 0;
	assert_non_null(wrong_with(&m));
	m.request = (struct ipc_request){ 3, IPC_REQUEST_MAX, 0, 7, bytes_of(large, IPC_REQUEST_PART) };
	assert_null(wrong_with(&m));
	m.request.total++;
	assert_non_null(wrong_with(&m));
	m.request = (struct ipc_request){ 3, 0, 0, 7, { 0 } };
	assert_null(wrong_with(&m));
	m.request.client = 0;
	assert_non_null(wrong_with(&m));
}

/* ----------------------------------------------------------------- who may what */

struct pair {
	struct keeper keeper;
	struct talk talk;
	int image;
};

static int set_up(void **state)
{
	struct pair *p = calloc(1, sizeof *p);

	p->image = image_make();
	if (keeper_start(&p->keeper, p->image) ||
		talk_begin(&p->talk, IPC_KEEPER, &p->keeper.guard, &p->keeper.ike))
		return -1;
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *p = *state;

	keeper_stop(&p->keeper);
	talk_end(&p->talk);
	close(p->image);
	free(p);
	return 0;
}

/* What keeper says of the octets B that come by FROM's channel; NULL: it obeys. */
static const char *verdict(struct pair *p, enum ipc_process from, struct bytes b, struct arena *arena)
{
	struct ipc_channel *near = from == IPC_GUARD ? &p->talk.guard : &p->talk.ike;
	const char *wrong = NULL;
	enum err e;

	assert_int_equal(send(near->fd, b.p, b.n, 0), b.n);
	e = ipc_take(from == IPC_GUARD ? &p->keeper.guard : &p->keeper.ike, arena, &p->keeper, &wrong);
	assert_int_equal(e, wrong ? ERR_DENIED : ERR_OK);
	return wrong;
}

static void each_message_is_for_one_to_send(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MESSAGES - 1; i++) /* what may be in a bundle is for others to show */
		for (enum ipc_process from = IPC_GUARD; from <= IPC_IKE; from++) {
			const struct ipc_row *row = ipc_row(messages[i].kind);
			bool may = row->from & 1u << from && row->to & 1u << IPC_KEEPER;
			struct arena arena = { 0 };
			const char *wrong = verdict(*state, from, written(&messages[i]), &arena);

			assert_int_equal(!wrong, may);
			if (!may)
				assert_non_null(strstr(wrong, row->name));
			arena_free(&arena);
		}
}

/* A bundle of the N messages that WHICH are the places of. */
static struct bytes bundled(struct arena *arena, const unsigned *which, unsigned n)
{
	struct ipc_bundle b = { 0 };
	struct bytes out;

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(ipc_gather(&b, &messages[which[i]]), ERR_OK);
	out = arena_bytes(arena, ipc_gathered(&b));
	ipc_bundle_free(&b);
	return out;
}

enum {
	SECRET_AT = 3,
	FILE_AT = 4,
	DROP_AT = 5,
	PROVE_AT = 8,
	CHECK_AT = 9,
	BUNDLE_AT = MESSAGES - 1
};

static void a_bundle_is_its_messages_one_after_the_other(void **state)
{
	static const unsigned which[] = { SECRET_AT, DROP_AT, FILE_AT };
	static const enum ipc_kind answers[] = { IPC_KEPT, IPC_OPENED };
	struct pair *p = *state;
	struct arena arena = { 0 };
	struct ipc_message m;

	assert_null(verdict(p, IPC_GUARD, bundled(&arena, which, 3), &arena));
	for (unsigned i = 0; i < 2; i++) {
		ssize_t n = recv(p->talk.guard.fd, room, sizeof room, MSG_DONTWAIT);

		assert_true(n > 0);
		assert_null(ipc_decode(bytes_of(room, (size_t)n), &arena, &m));
		assert_int_equal(m.kind, answers[i]);
		assert_true(m.ticket == messages[which[2 * i]].ticket);
	}
	arena_free(&arena);
}

static void a_message_that_is_alone_goes_as_it_is(void **state)
{
	static const unsigned which[] = { SECRET_AT };
	struct arena arena = { 0 };

	(void)state;
	assert_true(bytes_eq(bundled(&arena, which, 1), written(&messages[SECRET_AT])));
	arena_free(&arena);
}

/* Guard's part is done before, and nothing behind what is wrong. */
static void nothing_comes_in_a_bundle_that_may_not_come_alone(void **state)
{
	static const unsigned foreign[] = { PROVE_AT, DROP_AT, CHECK_AT },
			      nested[] = { PROVE_AT, BUNDLE_AT, CHECK_AT };
	struct pair *p = *state;
	struct arena arena = { 0 };

	assert_non_null(strstr(verdict(p, IPC_IKE, bundled(&arena, foreign, 3), &arena), "drop"));
	assert_int_equal(ipc_send_gathered(&p->keeper.ike, &p->keeper.answers), ERR_OK);
	assert_true(recv(p->talk.ike.fd, room, sizeof room, MSG_DONTWAIT) > 0);
	assert_int_equal(room[0], IPC_PROOF);
	assert_int_equal(recv(p->talk.ike.fd, room, sizeof room, MSG_DONTWAIT), -1);
	assert_non_null(
		strstr(verdict(p, IPC_IKE, bundled(&arena, nested, 3), &arena), "bundle in a bundle"));
	assert_non_null(strstr(verdict(p, IPC_IKE, written(&messages[BUNDLE_AT]), &arena), "well-formed"));
	p->keeper.guard.phase = IPC_STARTING;
	assert_non_null(strstr(verdict(p, IPC_GUARD, bundled(&arena, foreign, 2), &arena), "bundle"));
	arena_free(&arena);
}

static void what_finds_no_room_goes_behind_what_was_gathered(void **state)
{
	static uint8_t large[IPC_BUNDLE_SIZE];
	struct ipc_message m = messages[SECRET_AT];
	struct pair *p = *state;
	struct ipc_bundle b = { 0 };
	ssize_t n;

	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(ipc_send_later(&p->talk.guard, &b, &messages[DROP_AT]), ERR_OK);
	assert_int_equal(recv(p->keeper.guard.fd, room, sizeof room, MSG_DONTWAIT), -1);
	m.secret.data = bytes_of(large, sizeof large);
	assert_int_equal(ipc_send_later(&p->talk.guard, &b, &m), ERR_OK);
	assert_true(recv(p->keeper.guard.fd, room, sizeof room, MSG_DONTWAIT) > 0);
	assert_int_equal(room[0], IPC_BUNDLE);
	n = recv(p->keeper.guard.fd, room, sizeof room, MSG_DONTWAIT);
	assert_true(n > IPC_BUNDLE_SIZE);
	assert_int_equal(room[0], IPC_SECRET);
	m.secret.data.n = IPC_BUNDLE_SIZE / 2;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(ipc_send_later(&p->talk.guard, &b, &m), ERR_OK);
	assert_true(recv(p->keeper.guard.fd, room, sizeof room, MSG_DONTWAIT) > IPC_BUNDLE_SIZE / 2);
	assert_int_equal(room[0], IPC_SECRET);
	assert_int_equal(b.n, 1);
	ipc_bundle_free(&b);
}

static void no_more_go_in_a_bundle_than_may(void **state)
{
	struct ipc_bundle b = { 0 };

	(void)state;
	for (unsigned i = 0; i < IPC_BUNDLE_MAX; i++)
		assert_int_equal(ipc_gather(&b, &messages[DROP_AT]), ERR_OK);
	assert_int_equal(ipc_gather(&b, &messages[DROP_AT]), ERR_BUSY);
	ipc_bundle_clear(&b);
	assert_int_equal(ipc_gather(&b, &messages[DROP_AT]), ERR_OK);
	ipc_bundle_free(&b);
}

/* A call for each would wake us as often. */
static void questions_that_come_together_are_answered_together(void **state)
{
	static const unsigned which[] = { PROVE_AT, CHECK_AT, PROVE_AT };
	struct pair *p = *state;
	struct arena arena = { 0 };
	struct bytes b = bundled(&arena, which, 3);
	struct ipc_message m;
	ssize_t n;

	assert_int_equal(send(p->talk.ike.fd, b.p, b.n, 0), b.n);
	assert_true(keeper_serve(&p->keeper, &p->keeper.ike));
	n = recv(p->talk.ike.fd, room, sizeof room, MSG_DONTWAIT);
	assert_true(n > 0);
	assert_null(ipc_decode(bytes_of(room, (size_t)n), &arena, &m));
	assert_int_equal(m.kind, IPC_BUNDLE);
	assert_int_equal(m.bundle.n, 3);
	assert_int_equal(recv(p->talk.ike.fd, room, sizeof room, MSG_DONTWAIT), -1);
	arena_free(&arena);
}

/* What keeper says next by the channel C, but for its log; of kind 0: nothing. */
static struct ipc_message said(const struct ipc_channel *c, struct arena *arena)
{
	struct ipc_message m = { .kind = IPC_LOG };
	ssize_t n;

	while (m.kind == IPC_LOG) {
		n = recv(c->fd, room, sizeof room, MSG_DONTWAIT);
		if (n <= 0)
			return (struct ipc_message){ .kind = 0 };
		assert_null(ipc_decode(bytes_of(room, (size_t)n), arena, &m));
	}
	return m;
}

/* It is not keeper who ends ike, and others have asked by the same channel. */
static void what_stands_behind_a_wrong_message_in_a_bundle_is_answered(void **state)
{
	static const unsigned which[] = { PROVE_AT, FILE_AT, CHECK_AT, SECRET_AT, PROVE_AT };
	struct pair *p = *state;
	struct arena arena = { 0 };
	struct bytes b = bundled(&arena, which, 5);
	struct ipc_message m;

	assert_int_equal(send(p->talk.ike.fd, b.p, b.n, 0), b.n);
	assert_true(keeper_serve(&p->keeper, &p->keeper.ike));
	m = said(&p->talk.ike, &arena);
	assert_int_equal(m.kind, IPC_BUNDLE);
	assert_int_equal(m.bundle.n, 3);
	for (unsigned i = 1; i <= 3; i += 2) {
		m = said(&p->talk.guard, &arena);
		assert_int_equal(m.kind, IPC_BLAME);
		assert_true(m.ticket == messages[which[i]].ticket);
		assert_int_equal(m.blame.process, IPC_IKE);
	}
	assert_int_equal(said(&p->talk.guard, &arena).kind, 0);
	arena_free(&arena);
}

/* A bundle of one secret, which is so long that it has N octets. */
static struct bytes bundle_of(struct arena *arena, size_t n)
{
	enum { HEAD = 1 + 8 + 2 + 4 };
	struct ipc_message m = messages[SECRET_AT], bundle = { .kind = IPC_BUNDLE };
	struct bytes one;

	m.secret.data = (struct bytes){ 0 };
	n -= HEAD + written(&m).n;
	m.secret.data = bytes_of(arena_alloc(arena, n), n);
	one = arena_bytes(arena, written(&m));
	bundle.bundle = (struct ipc_octets){ &one, 1 };
	return written(&bundle);
}

static void a_bundle_is_no_longer_than_one_may_be(void **state)
{
	struct pair *p = *state;
	struct arena arena = { 0 };
	struct bytes b = bundle_of(&arena, IPC_BUNDLE_SIZE);

	assert_int_equal(b.n, IPC_BUNDLE_SIZE);
	assert_null(verdict(p, IPC_GUARD, b, &arena));
	b = bundle_of(&arena, IPC_BUNDLE_SIZE + 1);
	assert_non_null(strstr(verdict(p, IPC_GUARD, b, &arena), "a bundle is longer than one may be"));
	arena_free(&arena);
}

static void none_comes_before_its_time(void **state)
{
	struct pair *p = *state;
	struct arena arena = { 0 };

	p->keeper.guard.phase = IPC_STARTING;
	assert_non_null(verdict(p, IPC_GUARD, written(&messages[5]), &arena));
	p->keeper.guard.phase = IPC_SERVING;
	assert_null(verdict(p, IPC_GUARD, written(&messages[5]), &arena));
	arena_free(&arena);
}

/* The message that is there, if it is heard; else ERR_BUSY, or who has gone. */
static enum err now(struct pair *p)
{
	struct arena arena = { 0 };
	const char *wrong = NULL;
	enum err e = ipc_take_now(&p->keeper.guard, &arena, &p->keeper, &wrong);

	assert_null(wrong);
	arena_free(&arena);
	return e;
}

static void who_does_not_wait_hears_what_is_there_and_no_more(void **state)
{
	struct pair *p = *state;
	struct bytes b = written(&messages[5]);

	assert_int_equal(now(p), ERR_BUSY);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(send(p->talk.guard.fd, b.p, b.n, 0), b.n);
	assert_int_equal(now(p), ERR_OK);
	assert_int_equal(now(p), ERR_OK);
	assert_int_equal(now(p), ERR_BUSY);
	ipc_close(&p->talk.guard);
	assert_int_equal(now(p), ERR_MISSING);
}

/* An empty one is as much of a message, and not the end of what is said. */
static void who_sends_what_is_no_message_is_blamed(void **state)
{
	static const char *const rows[] = { "\xff and so on", "" };
	struct pair *p = *state;

	for (unsigned i = 0; i < 2; i++) {
		const ssize_t size = (ssize_t)strlen(rows[i]);
		struct arena arena = { 0 };
		struct ipc_message m;
		ssize_t n;

		assert_int_equal(send(p->talk.ike.fd, rows[i], (size_t)size, 0), size);
		assert_true(keeper_serve(&p->keeper, &p->keeper.ike));
		n = recv(p->talk.guard.fd, room, sizeof room, MSG_DONTWAIT);
		assert_true(n > 0);
		assert_null(ipc_decode(bytes_of(room, (size_t)n), &arena, &m));
		assert_int_equal(m.kind, IPC_BLAME);
		assert_int_equal(m.blame.process, IPC_IKE);
		assert_non_null(strstr(m.blame.what, "not well-formed"));
		arena_free(&arena);
	}
}

static void one_that_is_too_long_is_refused(void **state)
{
	struct pair *p = *state;
	struct arena arena = { 0 };

	uint8_t *more = calloc(1, IPC_MAX + 1);

	assert_non_null(strstr(verdict(p, IPC_IKE, bytes_of(more, IPC_MAX + 1), &arena), "too long"));
	free(more);
	arena_free(&arena);
}

static void who_is_gone_is_noticed(void **state)
{
	struct pair *p = *state;

	ipc_close(&p->talk.ike);
	assert_false(keeper_serve(&p->keeper, &p->keeper.ike));
	assert_int_equal(ipc_send(&p->keeper.ike, &messages[11]), ERR_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_read_as_it_was_written),
		cmocka_unit_test(the_fields_are_there),
		cmocka_unit_test(nothing_points_into_the_buffer),
		cmocka_unit_test(no_shorter_and_no_longer_one_is_read),
		cmocka_unit_test(limits_hold_for_who_writes_too),
		cmocka_unit_test(a_peer_is_not_many),
		cmocka_unit_test(parts_of_the_users_file_stand_where_they_must),
		cmocka_unit_test(parts_of_a_request_stand_where_they_must),
		cmocka_unit_test_setup_teardown(each_message_is_for_one_to_send, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_bundle_is_its_messages_one_after_the_other, set_up, tear_down),
		cmocka_unit_test(a_message_that_is_alone_goes_as_it_is),
		cmocka_unit_test_setup_teardown(
			nothing_comes_in_a_bundle_that_may_not_come_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_finds_no_room_goes_behind_what_was_gathered, set_up, tear_down),
		cmocka_unit_test(no_more_go_in_a_bundle_than_may),
		cmocka_unit_test_setup_teardown(
			questions_that_come_together_are_answered_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_stands_behind_a_wrong_message_in_a_bundle_is_answered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_bundle_is_no_longer_than_one_may_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(none_comes_before_its_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			who_does_not_wait_hears_what_is_there_and_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_sends_what_is_no_message_is_blamed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_is_too_long_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_gone_is_noticed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
