/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VICI server's events: who gets which, and who does not read them. */
#include "unit.h"

#include "vici_client.h"

#include <stdlib.h>

static const char *subscribe(struct vici_bench *b, const char *event)
{
	if (!vici_client_input(b->s, vici_packet_of(VICI_EVENT_REGISTER, event, NULL, &b->arena)))
		return "closed";
	return vici_read_all(b->s, &b->arena);
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static void unknown_events_are_unknown(void **state)
{
	assert_string_equal(subscribe(*state, "tea-time"), "event-unknown\n");
}

static void unregistered_events_stay_away(void **state)
{
	struct vici_bench *b = *state;

	subscribe(b, "log");
	assert_true(vici_client_input(b->s, vici_packet_of(VICI_EVENT_UNREGISTER, "log", NULL, &b->arena)));
	assert_string_equal(vici_read_all(b->s, &b->arena), "confirm\n");
	vici_log(b->fake->vici, 0, "IKE", 1, NULL, 0, "hello");
	assert_string_equal(vici_read_all(b->s, &b->arena), "");
}

static void an_event_may_be_registered_meanwhile(void **state)
{
	struct vici_bench *b = *state;

	vici_bench_ask(b, "initiate", "child=net");
	assert_string_equal(subscribe(b, "log"), "confirm\n");
}

static void log_goes_to_who_registered_it(void **state)
{
	struct vici_bench *b = *state;
	struct vici_client *other = vici_client_open(b->fake, VICI_CHANGES);

	subscribe(b, "log");
	vici_log(b->fake->vici, 0, "IKE", 1, "gw", 1, "established");
	assert_string_equal(vici_read_all(b->s, &b->arena),
		"event log group=IKE level=1 thread=1 ikesa-name=gw ikesa-uniqueid=1 msg=established\n");
	assert_string_equal(vici_read_all(other, &b->arena), "");
}

static const char *capture(struct vici_client *s, const char *args, struct arena *arena)
{
	return vici_ask(s, "capture", args, arena);
}

/* Who captures another connection, who has no right to, and whose time is over hears nothing. */
static void keys_go_to_who_captures_them(void **state)
{
	static const uint8_t key[] = { 0xab, 0xcd };
	const struct ike_key_record keys = { .name = "gw",
		.id = 1,
		.spi_i = 1,
		.spi_r = 2,
		.suite = { .encr = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 256) },
		.ei = bytes_of(key, 2),
		.er = bytes_of(key, 1) };
	struct vici_bench *b = *state;
	struct vici_client *root = vici_client_open(b->fake, VICI_SEES_KEYS);
	struct arena *a = &b->arena;

	subscribe(b, "capture-keys");
	assert_true(vici_client_input(root, vici_packet_of(VICI_EVENT_REGISTER, "capture-keys", NULL, a)));
	vici_read_all(root, a);
	assert_true(has(capture(b->s, "ike=gw", a), "capture shows keys, and that is for root alone"));
	assert_true(has(capture(root, "ike=gw;timeout=0", a), "1 to 3600 seconds"));
	assert_true(has(capture(root, "timeout=9", a), "capture wants ike"));
	assert_false(vici_captures(b->fake->vici, "gw"));
	assert_string_equal(capture(root, "ike=gw;timeout=9", a), "response success=yes\n");
	assert_string_equal(b->fake->captured, "gw");
	assert_int_equal(b->fake->capture_seconds, 9);
	assert_true(vici_captures(b->fake->vici, "gw") && !vici_captures(b->fake->vici, "home"));
	vici_capture_ike(b->fake->vici, &keys);
	assert_string_equal(vici_read_all(root, a),
		"event capture-keys ike {name=gw uniqueid=1 initiator-spi=0000000000000001 "
		"responder-spi=0000000000000002 encr=aes256gcm16 sk-ei=abcd sk-er=ab sk-ai= sk-ar=}\n");
	vici_capture_child(b->fake->vici, &(struct sa_spec){ .suite = { .protocol = PROTO_AH } });
	assert_string_equal(vici_read_all(root, a), "");
	assert_string_equal(vici_read_all(b->s, a), "");
	b->fake->later = 9000;
	vici_capture_ike(b->fake->vici, &keys);
	assert_string_equal(vici_read_all(root, a), "");
	assert_null(b->fake->captured);
	assert_int_equal(b->fake->capture_seen, 1);
	assert_string_equal(capture(root, "ike=home", a), "response success=yes\n");
	vici_capture_ike(b->fake->vici, &keys);
	assert_string_equal(vici_read_all(root, a), "");
	vici_client_close(root);
	assert_null(b->fake->captured);
	assert_int_equal(b->fake->capture_seen, 0);
	assert_false(vici_captures(b->fake->vici, "home"));
}

static void control_log_goes_to_who_waits(void **state)
{
	struct vici_bench *b = *state;
	struct vici_client *other = vici_client_open(b->fake, VICI_CHANGES);

	subscribe(b, "control-log");
	assert_true(vici_client_input(
		other, vici_packet_of(VICI_EVENT_REGISTER, "control-log", NULL, &b->arena)));
	vici_read_all(other, &b->arena);
	vici_bench_ask(b, "initiate", "child=net");
	vici_log(b->fake->vici, b->fake->ticket, "IKE", 1, NULL, 0, "sending IKE_SA_INIT");
	vici_log(b->fake->vici, 0, "IKE", 1, NULL, 0, "somebody else's");
	assert_string_equal(vici_read_all(b->s, &b->arena),
		"event control-log group=IKE level=1 msg=sending IKE_SA_INIT\n");
	assert_string_equal(vici_read_all(other, &b->arena), "");
}

static void control_log_has_levels(void **state)
{
	struct vici_bench *b = *state;

	subscribe(b, "control-log");
	vici_bench_ask(b, "initiate", "child=net;loglevel=2");
	vici_log(b->fake->vici, b->fake->ticket, "ENC", 3, NULL, 0, "too much");
	assert_string_equal(vici_read_all(b->s, &b->arena), "");
	vici_log(b->fake->vici, b->fake->ticket, "ENC", 2, NULL, 0, "enough");
	assert_true(has(vici_read_all(b->s, &b->arena), "msg=enough"));
}

static void ike_updown_is_told(void **state)
{
	struct vici_bench *b = *state;
	const char *got;

	subscribe(b, "ike-updown");
	vici_updown(b->fake->vici, true, b->fake->sas, 0);
	got = vici_read_all(b->s, &b->arena);
	assert_true(has(got, "event ike-updown up=yes gw {uniqueid=1 version=2"));
	assert_false(has(got, "child-sas"));
	vici_updown(b->fake->vici, false, b->fake->sas, 0);
	got = vici_read_all(b->s, &b->arena);
	assert_true(has(got, "event ike-updown gw {uniqueid=1 version=2 state=DELETING"));
	assert_false(has(got, "established"));
}

static void alerts_name_their_kind(void **state)
{
	static const struct why why = { .what = "no child covers it", .notify = "TS_UNACCEPTABLE" };
	struct vici_bench *b = *state;
	const char *got;

	subscribe(b, "alert");
	vici_alert(b->fake->vici, "ts-mismatch", b->fake->sas, &why);
	got = vici_read_all(b->s, &b->arena);
	assert_true(has(got, "event alert type=ts-mismatch ike-sa {uniqueid=1 version=2 state=ESTABLISHED"));
	assert_true(has(got, " name=gw} why {what=no child covers it notify=TS_UNACCEPTABLE}\n"));
	vici_alert(b->fake->vici, "invalid-ike-spi", NULL, NULL);
	assert_string_equal(vici_read_all(b->s, &b->arena), "event alert type=invalid-ike-spi\n");
}

/* What FRR's nhrpd reads: the IKE_SA at the first level, the child at the third. */
static void states_of_children_are_told(void **state)
{
	static const struct {
		enum vici_child_state state;
		const char *event;
	} cases[] = {
		{ CHILD_IS_INSTALLED, "child-state-installed" },
		{ CHILD_IS_REKEYED, "child-state-rekeyed" },
		{ CHILD_IS_DESTROYED, "child-state-destroying" },
	};
	struct vici_bench *b = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *got;

		subscribe(b, cases[i].event);
		vici_child_state(b->fake->vici, cases[i].state, b->fake->sas, 2);
		got = vici_read_all(b->s, &b->arena);
		assert_true(has(
			got, arena_printf(&b->arena, "event %s gw {uniqueid=1 version=2 ", cases[i].event)));
		assert_true(has(got, " remote-host=192.0.2.2 "));
		assert_true(has(got, " child-sas {net-2 {name=net uniqueid=2 reqid=1 state=INSTALLED "));
	}
}

static void child_updown_tells_one_child(void **state)
{
	struct vici_bench *b = *state;
	struct child_record *two = ARENA_ARRAY(&b->arena, 2, struct child_record);
	const char *got;

	two[0] = two[1] = *b->fake->sas->children;
	two[1].id = 3;
	b->fake->sas->children = two;
	b->fake->sas->n_children = 2;
	subscribe(b, "child-updown");
	vici_updown(b->fake->vici, true, b->fake->sas, 3);
	got = vici_read_all(b->s, &b->arena);
	assert_true(has(got, "event child-updown up=yes gw {") && has(got, "child-sas {net-3 {"));
	assert_false(has(got, "net-2"));
}

static void a_child_goes_while_its_ike_sa_does(void **state)
{
	struct vici_bench *b = *state;

	b->fake->sas->state = "DESTROYING";
	subscribe(b, "child-updown");
	vici_updown(b->fake->vici, false, b->fake->sas, b->fake->sas->children->id);
	assert_true(has(vici_read_all(b->s, &b->arena),
		"event child-updown gw {uniqueid=1 version=2 state=DELETING"));
}

static void ike_rekey_tells_old_and_new(void **state)
{
	struct vici_bench *b = *state;
	struct sa_record new = *b->fake->sas;

	new.id = 7;
	new.spi_i = 0xabcd;
	b->fake->sas->state = "REKEYED";
	subscribe(b, "ike-rekey");
	vici_ike_rekey(b->fake->vici, b->fake->sas, &new);
	assert_string_equal(vici_read_all(b->s, &b->arena),
		"event ike-rekey gw {old {uniqueid=1 version=2 state=REKEYED"
		" local-host=192.0.2.1 local-port=4500 local-id=a.example.org"
		" remote-host=192.0.2.2 remote-port=4500 remote-id=b.example.org"
		" initiator=yes initiator-spi=1122334455667788 responder-spi=99aabbccddeeff00"
		" nat-remote=yes nat-any=yes"
		" encr-alg=AES_CBC encr-keysize=128 integ-alg=HMAC_SHA2_256_128"
		" prf-alg=PRF_HMAC_SHA2_256 dh-group=CURVE_25519 post-quantum=no"
		" tasks-active=[CHILD_REKEY]}"
		" new {uniqueid=7 version=2 state=ESTABLISHED"
		" local-host=192.0.2.1 local-port=4500 local-id=a.example.org"
		" remote-host=192.0.2.2 remote-port=4500 remote-id=b.example.org"
		" initiator=yes initiator-spi=000000000000abcd responder-spi=99aabbccddeeff00"
		" nat-remote=yes nat-any=yes"
		" encr-alg=AES_CBC encr-keysize=128 integ-alg=HMAC_SHA2_256_128"
		" prf-alg=PRF_HMAC_SHA2_256 dh-group=CURVE_25519 post-quantum=no"
		" established=65 rekey-time=13000 tasks-active=[CHILD_REKEY]}}\n");
}

/* Where it goes, and what it was. */
static void ike_update_tells_where_it_goes(void **state)
{
	struct vici_bench *b = *state;
	const struct path path = { { { 4, { 198, 51, 100, 1 } }, 4500 },
		{ { 4, { 198, 51, 100, 2 } }, 10500 }, true, false };
	const char *told;

	subscribe(b, "ike-update");
	vici_ike_update(b->fake->vici, b->fake->sas, &path);
	told = vici_read_all(b->s, &b->arena);
	assert_ptr_equal(strstr(told, "event ike-update local-host=198.51.100.1 local-port=4500 "
				      "remote-host=198.51.100.2 remote-port=10500 gw {uniqueid=1 version=2 "
				      "state=ESTABLISHED local-host=192.0.2.1 local-port=4500"),
		told);
	assert_non_null(strstr(told, " child-sas {net-2 {"));
}

/* Children 2, the fake's, and 3 and 4. */
static void three_children(struct vici_bench *b)
{
	struct child_record *v = ARENA_ARRAY(&b->arena, 3, struct child_record);

	for (uint32_t i = 0; i < 3; i++) {
		v[i] = *b->fake->sas->children;
		v[i].id = 2 + i;
	}
	v[0].state = "REKEYED";
	v[2].mode = MODE_TRANSPORT;
	b->fake->sas->children = v;
	b->fake->sas->n_children = 3;
}

static void child_rekey_tells_old_and_new(void **state)
{
	struct vici_bench *b = *state;
	const char *got;

	three_children(b);
	subscribe(b, "child-rekey");
	vici_child_rekey(b->fake->vici, b->fake->sas, 2, 4);
	got = vici_read_all(b->s, &b->arena);
	assert_true(has(got, "event child-rekey gw {uniqueid=1 version=2 state=ESTABLISHED"));
	assert_true(has(got, "child-sas {net {old {name=net uniqueid=2 reqid=1 state=REKEYED mode=TUNNEL"));
	assert_true(has(
		got, "data-path=userspace} new {name=net uniqueid=4 reqid=1 state=INSTALLED mode=TRANSPORT"));
	assert_true(has(got, "data-path=userspace}}}}\n"));
	assert_false(has(got, "uniqueid=3"));
}

/* The peer may have deleted it already. */
static void child_rekey_without_the_old_one_tells_the_new(void **state)
{
	struct vici_bench *b = *state;

	three_children(b);
	subscribe(b, "child-rekey");
	vici_child_rekey(b->fake->vici, b->fake->sas, 1, 3);
	assert_true(has(vici_read_all(b->s, &b->arena), "child-sas {net {new {name=net uniqueid=3 reqid=1"));
}

/* It would miss some, so it shall come again; nothing of what waited for it is kept. */
static void who_does_not_read_events_is_turned_away(void **state)
{
	struct vici_bench *b = *state;
	char *line = arena_alloc(&b->arena, 60001);
	unsigned i = 0;

	memset(line, 'x', 60000);
	subscribe(b, "log");
	do
		vici_log(b->fake->vici, 0, "IKE", 1, NULL, 0, line);
	while (vici_client_output(b->s).n && i++ < 200);
	assert_in_range(i, 10, 20);
	assert_false(vici_client_go(b->s));
	vici_log(b->fake->vici, 0, "IKE", 1, NULL, 0, line);
	assert_int_equal(vici_client_output(b->s).n, 0);
}

static void a_reader_that_catches_up_goes_on(void **state)
{
	struct vici_bench *b = *state;
	char *line = arena_alloc(&b->arena, 60001);

	memset(line, 'x', 60000);
	subscribe(b, "log");
	for (unsigned i = 0; i < 15; i++)
		vici_log(b->fake->vici, 0, "IKE", 1, NULL, 0, line);
	vici_client_sent(b->s, vici_client_output(b->s).n);
	vici_log(b->fake->vici, 0, "IKE", 1, NULL, 0, "news");
	assert_true(has(vici_read_all(b->s, &b->arena), "msg=news"));
	assert_true(has(vici_bench_ask(b, "version", NULL), "daemon=ikev2d"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			unknown_events_are_unknown, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			unregistered_events_stay_away, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			an_event_may_be_registered_meanwhile, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			log_goes_to_who_registered_it, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			keys_go_to_who_captures_them, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			control_log_goes_to_who_waits, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(control_log_has_levels, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(ike_updown_is_told, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(alerts_name_their_kind, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			states_of_children_are_told, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			child_updown_tells_one_child, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			a_child_goes_while_its_ike_sa_does, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			ike_rekey_tells_old_and_new, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			ike_update_tells_where_it_goes, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			child_rekey_tells_old_and_new, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			child_rekey_without_the_old_one_tells_the_new, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			who_does_not_read_events_is_turned_away, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			a_reader_that_catches_up_goes_on, vici_bench_open, vici_bench_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
