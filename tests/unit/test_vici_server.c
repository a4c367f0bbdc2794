/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VICI server: sessions and commands; against a fake daemon. */
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

static void version_answers(void **state)
{
	const char *got = vici_bench_ask(*state, "version", NULL);

	assert_true(has(got, "response daemon=ikev2d version=" IKEV2D_VERSION " sysname=Linux release="));
	assert_true(has(got, " machine="));
}

static void fed_octet_by_octet(void **state)
{
	struct vici_bench *b = *state;
	struct bytes packet = vici_packet_of(VICI_CMD_REQUEST, "version", NULL, &b->arena);

	for (size_t i = 0; i < packet.n; i++) {
		assert_int_equal(vici_client_output(b->s).n, 0);
		assert_true(vici_client_input(b->s, bytes_of(packet.p + i, 1)));
	}
	assert_true(has(vici_read_all(b->s, &b->arena), "response daemon=ikev2d"));
}

static void output_leaves_in_pieces(void **state)
{
	struct vici_bench *b = *state;
	struct bytes packet = vici_packet_of(VICI_CMD_REQUEST, "stats", NULL, &b->arena), whole;
	size_t n;

	assert_true(vici_client_input(b->s, packet));
	whole = arena_bytes(&b->arena, vici_client_output(b->s));
	for (n = 0; vici_client_output(b->s).n; n++) {
		assert_int_equal(*vici_client_output(b->s).p, whole.p[n]);
		vici_client_sent(b->s, 1);
	}
	assert_int_equal(n, whole.n);
}

static void the_daemon_is_woken(void **state)
{
	struct vici_bench *b = *state;

	vici_bench_ask(b, "version", NULL);
	assert_true(b->fake->wakes > 0);
}

static void unknown_commands_are_unknown(void **state)
{
	assert_string_equal(vici_bench_ask(*state, "make-coffee", "milk=yes"), "unknown\n");
}

static void a_response_from_a_client_ends_it(void **state)
{
	struct vici_bench *b = *state;

	assert_false(vici_client_input(b->s, vici_packet_of(VICI_CMD_RESPONSE, NULL, NULL, &b->arena)));
}

static void a_malformed_message_ends_it(void **state)
{
	struct vici_bench *b = *state;

	assert_false(vici_client_input(b->s, bytes_of("\0\0\0\13\0\7version\1\1", 15)));
}

static void an_oversized_segment_ends_it(void **state)
{
	struct vici_bench *b = *state;

	assert_false(vici_client_input(b->s, bytes_of("\0\10\0\1", 4)));
}

static void a_value_that_is_not_text_is_refused(void **state)
{
	struct vici_bench *b = *state;
	static const char packet[] = "\0\0\0\25\0\11terminate\3\3ike\0\3a\0b";

	assert_true(vici_client_input(b->s, bytes_of(packet, sizeof packet - 1)));
	assert_true(has(vici_read_all(b->s, &b->arena), "success=no errmsg=the value of ike is not text"));
	assert_int_equal(b->fake->ticket, 0);
}

/* ctl has put a number there (daemon/offers.h). */
static void secrets_need_not_be_text(void **state)
{
	struct vici_bench *b = *state;
	static const char packet[] = "\0\0\0\41\0\12load-token\3\6handle\0\0020a\3\3pin\0\2\0b";

	assert_true(vici_client_input(b->s, bytes_of(packet, sizeof packet - 1)));
	assert_true(has(vici_read_all(b->s, &b->arena), "success=yes id=0123"));
}

static void list_sas_is_in_strongswans_order(void **state)
{
	struct vici_bench *b = *state;

	subscribe(b, "list-sa");
	assert_string_equal(vici_bench_ask(b, "list-sas", NULL),
		"event list-sa gw {uniqueid=1 version=2 state=ESTABLISHED"
		" local-host=192.0.2.1 local-port=4500 local-id=a.example.org"
		" remote-host=192.0.2.2 remote-port=4500 remote-id=b.example.org"
		" initiator=yes initiator-spi=1122334455667788 responder-spi=99aabbccddeeff00"
		" nat-remote=yes nat-any=yes"
		" encr-alg=AES_CBC encr-keysize=128 integ-alg=HMAC_SHA2_256_128"
		" prf-alg=PRF_HMAC_SHA2_256 dh-group=CURVE_25519 post-quantum=no"
		" established=65 rekey-time=13000 tasks-active=[CHILD_REKEY]"
		" child-sas {net-2 {name=net uniqueid=2 reqid=1 state=INSTALLED mode=TUNNEL protocol=ESP "
		"encap=yes"
		" spi-in=c0000001 spi-out=c0000002 encr-alg=AES_GCM_16 encr-keysize=256 esn=1 post-quantum=no"
		" bytes-in=1500 packets-in=15 use-in=2 bytes-out=3000000 packets-out=3000"
		" rekey-time=3000 life-time=3300 install-time=60"
		" local-ts=[10.1.0.0/16] remote-ts=[10.2.0.0/16[tcp/50000]] data-path=userspace}}}\n"
		"response\n");
}

static void list_sas_shows_marks_and_interfaces(void **state)
{
	struct vici_bench *b = *state;
	struct sa_record *sa = b->fake->sas;
	const char *got;

	subscribe(b, "list-sa");
	sa->if_id_in = 7;
	sa->children[0].marks = (struct sa_marks){
		.in = { .value = 0x17, .mask = 0xff },
		.out = { .value = 9, .mask = UINT32_MAX },
		.if_id_in = 5,
		.if_id_out = 0xabcdef,
	};
	got = vici_bench_ask(b, "list-sas", NULL);
	assert_true(has(got, " nat-any=yes if-id-in=00000007 encr-alg="));
	assert_true(has(got, " spi-out=c0000002 mark-in=00000017 mark-mask-in=000000ff mark-out=00000009"
			     " if-id-in=00000005 if-id-out=00abcdef encr-alg="));
}

/* As strongSwan shows them. */
static void list_sas_shows_cpus(void **state)
{
	struct vici_bench *b = *state;
	struct child_record *c = b->fake->sas->children;
	const char *got;

	subscribe(b, "list-sa");
	c->per_cpu = true;
	got = vici_bench_ask(b, "list-sas", NULL);
	assert_true(has(got, " spi-out=c0000002 per-cpu-sas=yes encr-alg="));
	c->resource = 3;
	got = vici_bench_ask(b, "list-sas", NULL);
	assert_true(has(got, " per-cpu-sas=yes cpu=2 encr-alg="));
}

static void list_sas_shows_what_is_there(void **state)
{
	struct vici_bench *b = *state;
	struct sa_record *sa = b->fake->sas;
	const char *got;

	subscribe(b, "list-sa");
	sa->state = "CONNECTING"; /* no times either */
	sa->initiator = sa->nat_remote = false;
	sa->suite = (struct suite){ 0 };
	sa->tasks_active.n = sa->n_children = 0;
	got = vici_bench_ask(b, "list-sas", NULL);
	assert_true(has(got, "remote-id=b.example.org initiator-spi=1122334455667788"
			     " responder-spi=99aabbccddeeff00 child-sas {}}\n"));
}

static void a_child_under_way_has_no_spis(void **state)
{
	struct vici_bench *b = *state;

	subscribe(b, "list-sa");
	b->fake->sas->children->installed_ms = 0;
	b->fake->sas->children->state = "CREATED";
	assert_true(has(vici_bench_ask(b, "list-sas", NULL), "state=CREATED mode=TUNNEL local-ts="));
}

/* Of a child and of what it was rekeyed to. */
static void versions_of_a_child_have_sections_of_their_own(void **state)
{
	struct vici_bench *b = *state;
	struct child_record *two = ARENA_ARRAY(&b->arena, 2, struct child_record);
	const char *got;

	two[0] = two[1] = *b->fake->sas->children;
	two[0].state = "REKEYED";
	two[0].rekey_ms = 0;
	two[1].id = 3;
	b->fake->sas->children = two;
	b->fake->sas->n_children = 2;
	subscribe(b, "list-sa");
	got = vici_bench_ask(b, "list-sas", NULL);
	assert_true(has(
		got, "child-sas {net-2 {name=net uniqueid=2 reqid=1 state=REKEYED mode=TUNNEL protocol=ESP"));
	assert_true(has(got, "packets-out=3000 life-time=3300 install-time=60 local-ts="));
	assert_true(
		has(got, "} net-3 {name=net uniqueid=3 reqid=1 state=INSTALLED mode=TUNNEL protocol=ESP"));
	assert_true(has(got, "packets-out=3000 rekey-time=3000 life-time=3300 install-time=60 local-ts="));
}

static void an_overdue_time_is_negative(void **state)
{
	struct vici_bench *b = *state;

	subscribe(b, "list-sa");
	b->fake->sas->rekey_ms -= 13060000; /* it was due a minute ago */
	b->fake->sas->reauth_ms = b->fake->sas->established_ms + 125000;
	assert_true(has(vici_bench_ask(b, "list-sas", NULL),
		"established=65 rekey-time=-60 reauth-time=60 tasks-active="));
}

static void list_sas_without_the_event_only_answers(void **state)
{
	assert_string_equal(vici_bench_ask(*state, "list-sas", NULL), "response\n");
}

static void list_sas_filters(void **state)
{
	static const struct {
		const char *args;
		bool found, child;
	} cases[] = {
		{ "noblock=yes", true, true },
		{ "ike=gw", true, true },
		{ "ike=home", false, false },
		{ "ike-id=1", true, true },
		{ "ike-id=7", false, false },
		{ "child=net", true, true },
		{ "child=dmz", true, false },
		{ "child-id=2", true, true },
		{ "child-id=1", true, false },
		{ "ike=gw;child=net", true, true },
	};

	subscribe(*state, "list-sa");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *got = vici_bench_ask(*state, "list-sas", cases[i].args);

		assert_int_equal(has(got, "event list-sa gw"), cases[i].found);
		assert_int_equal(has(got, "child-sas {net-2 {"), cases[i].child);
		assert_int_equal(has(got, "child-sas {}"), cases[i].found && !cases[i].child);
	}
}

static void an_sa_that_fits_in_no_message_is_told(void **state)
{
	enum { MANY = 3000 };
	struct vici_bench *b = *state;
	struct child_record *many = ARENA_ARRAY(&b->arena, MANY, struct child_record);
	const char *got;

	for (unsigned i = 0; i < MANY; i++)
		many[i] = *b->fake->sas->children;
	b->fake->sas->children = many;
	b->fake->sas->n_children = MANY;
	subscribe(b, "list-sa");
	got = vici_bench_ask(b, "list-sas", NULL);
	assert_true(has(got, "response success=no errmsg=IKE_SA gw #1 has more CHILD_SAs than fit"));
}

static void list_conns_lists_all(void **state)
{
	const char *got;

	subscribe(*state, "list-conn");
	got = vici_bench_ask(*state, "list-conns", NULL);
	assert_true(
		has(got, "event list-conn gw {local_addrs=[192.0.2.1] remote_addrs=[192.0.2.2] version=IKEv2"
			 " reauth_time=0 rekey_time=14400 unique=UNIQUE_NEVER local-1 {id=a.example.org"
			 " class=pre-shared key groups=[] cert_policy=[] certs=[] cacerts=[]}"
			 " remote-1 {id=b.example.org class=pre-shared key groups=[] cert_policy=[]"
			 " certs=[] cacerts=[]}"
			 " children {net {mode=TUNNEL rekey_time=3600 rekey_bytes=0 rekey_packets=0"
			 " dpd_action=none close_action=none local-ts=[10.1.0.0/16] remote-ts=[10.2.0.0/16]"
			 " start_action=trap} dmz {"));
	assert_true(has(got, "event list-conn home {local_addrs=[192.0.2.1] remote_addrs=[198.51.100.0/24]"));
	assert_true(
		has(got, "origin=vici down=180 next-attempt=24 last-error {what=the peer refused our proposal"
			 " stage=IKE_SA_INIT configured="));
	assert_true(has(got, "begun-by=us times=3 first=60 last=12}}\nresponse\n"));
}

/* Shunts are listed behind the children that are negotiated. */
static void list_conns_tells_of_shunts_and_priorities(void **state)
{
	struct vici_bench *b = *state;
	struct peer *p = b->fake->conf.peers[0];
	const char *got;

	p->n_children = p->n_shunts = 1;
	p->children[0].priority = 17;
	p->children[1].mode = MODE_DROP;
	subscribe(b, "list-conn");
	got = vici_bench_ask(b, "list-conns", "ike=gw");
	assert_true(has(got, "remote-ts=[10.2.0.0/16] priority=17 start_action=trap} dmz {mode=DROP "));
}

static void list_conns_filters(void **state)
{
	const char *got;

	subscribe(*state, "list-conn");
	got = vici_bench_ask(*state, "list-conns", "ike=home");
	assert_true(has(got, "list-conn home") && !has(got, "list-conn gw"));
}

static void get_conns_names_those_of_vici(void **state)
{
	assert_string_equal(vici_bench_ask(*state, "get-conns", NULL), "response conns=[home]\n");
}

static void get_shared_names_those_of_vici(void **state)
{
	assert_string_equal(vici_bench_ask(*state, "get-shared", NULL), "response keys=[ike-2]\n");
}

static void what_cannot_be_loaded_is_empty(void **state)
{
	assert_string_equal(vici_bench_ask(*state, "get-keys", NULL), "response keys=[0123 4567]\n");
}

static void stats_answers(void **state)
{
	const char *got = vici_bench_ask(*state, "stats", NULL);

	assert_true(has(got, "response uptime {running=2 hours since="));
	assert_true(has(got, "} scheduled=5 ikesas {total=1 half-open=0} plugins=[] mallinfo {sbrk="));
	assert_true(has(got, "} drops=replay=3 load=cookies=7 pace=engine=OpenSSL sent=38.0\n"));
}

static void an_audit_tells_paths_and_differences(void **state)
{
	struct vici_bench *b = *state;

	assert_string_equal(vici_bench_ask(b, "audit", NULL),
		"response kernel {in-use=no reason=this kernel has no ESP} userspace {in-use=yes}\n");
	b->fake->differences = "SA 00001234 is gone\npolicy out is new\n";
	assert_string_equal(vici_bench_ask(b, "audit", NULL),
		"response kernel {in-use=no reason=this kernel has no ESP} userspace {in-use=yes} "
		"differences=[SA 00001234 is gone policy out is new]\n");
}

static void failures_are_explained(void **state)
{
	static const char record[] = " {what=the peer refused our proposal stage=IKE_SA_INIT"
				     " configured=aes256gcm16-prfsha384-ecp384"
				     " where=/etc/ikev2d/ikev2d.conf:12 (connections.home.proposals)"
				     " notify=NO_PROPOSAL_CHOSEN remote-host=192.0.2.1 begun-by=us times=3"
				     " first=60 last=12}";
	struct vici_bench *b = *state;
	const char *got = vici_bench_ask(b, "failures", NULL);

	assert_true(has(got, "response connections {home {down=180 next-attempt=24 last-error"));
	assert_true(has(got, record));
	assert_true(has(got, "}} strangers {all {}}\n"));
	assert_true(has(vici_bench_ask(b, "failures", "ike=home"), "} all {1 {what="));
	assert_true(has(vici_bench_ask(b, "failures", "ike=gw"), "response connections {} strangers"));
	b->fake->failed = "";
	assert_true(has(vici_bench_ask(b, "failures", NULL), "connections {} strangers {all {1 {what="));
}

static void initiate_waits_for_its_outcome(void **state)
{
	struct vici_bench *b = *state;
	struct vici_outcome good = { .success = true };

	assert_string_equal(vici_bench_ask(b, "initiate", "child=net;ike=gw;timeout=5000"), "");
	assert_string_equal(b->fake->target.child, "net");
	assert_string_equal(b->fake->target.ike, "gw");
	assert_int_equal(b->fake->timeout, 5000);
	vici_done(b->fake->vici, b->fake->ticket, &good);
	assert_string_equal(vici_read_all(b->s, &b->arena), "response success=yes\n");
}

static void initiate_explains_its_failure(void **state)
{
	struct vici_bench *b = *state;
	struct vici_outcome bad = { .why = {
					    .what = "no proposal fits", .instead = "aes128-sha256-x25519" } };
	const char *got;

	vici_bench_ask(b, "initiate", "ike=gw");
	assert_null(b->fake->target.child);
	vici_done(b->fake->vici, b->fake->ticket, &bad);
	got = vici_read_all(b->s, &b->arena);
	assert_true(has(got, "response success=no errmsg=no proposal fits"));
	assert_true(has(got, " why {what=no proposal fits instead=aes128-sha256-x25519}\n"));
}

/* What libvici does not take for text is not shown by swanctl. */
static void a_failure_is_one_line_of_ascii(void **state)
{
	struct vici_bench *b = *state;
	struct vici_outcome bad = {
		.why = { .what = "no secret for \u00fcber \u2026 sun:\nnot\tone\nnor two" }
	};

	vici_bench_ask(b, "initiate", "ike=gw");
	vici_done(b->fake->vici, b->fake->ticket, &bad);
	assert_true(has(vici_read_all(b->s, &b->arena),
		"response success=no errmsg=no secret for ?ber ... sun: not?one; nor two why {"));
}

static void an_outcome_may_come_at_once(void **state)
{
	struct vici_bench *b = *state;

	b->fake->at_once = true;
	assert_string_equal(vici_bench_ask(b, "initiate", "child=net;timeout=-1"), "response success=yes\n");
	assert_string_equal(
		vici_bench_ask(b, "initiate", "child=net;timeout=-1000"), "response success=yes\n");
	assert_int_equal(b->fake->timeout, -1000); /* swanctl --timeout -1 */
	assert_string_equal(
		vici_bench_ask(b, "terminate", "ike=gw"), "response success=yes matches=1 terminated=1\n");
}

static void initiate_needs_a_name(void **state)
{
	assert_true(has(vici_bench_ask(*state, "initiate", "timeout=10"),
		"success=no errmsg=missing configuration name"));
}

/* As nhrpd does. */
static void initiate_takes_addresses_and_limits(void **state)
{
	struct vici_bench *b = *state;
	char text[IP_TEXT];

	vici_bench_ask(
		b, "initiate", "child=net;async=1;my-host=192.0.2.1;other-host=2001:db8::2;init-limits=1");
	assert_string_equal(ip_print(&b->fake->target.hosts.local, text), "192.0.2.1");
	assert_string_equal(ip_print(&b->fake->target.hosts.remote, text), "2001:db8::2");
	assert_true(b->fake->target.limits);
	assert_int_equal(b->fake->timeout, -1);
	vici_done(b->fake->vici, b->fake->ticket, &(struct vici_outcome){ .success = true });
	vici_bench_ask(b, "initiate", "child=net;my-host=%any;init-limits=no");
	assert_false(b->fake->target.hosts.local.v || b->fake->target.limits);
	vici_done(b->fake->vici, b->fake->ticket, &(struct vici_outcome){ .success = true });
	assert_true(has(vici_bench_ask(b, "initiate", "child=net;other-host=sun"),
		"success=no errmsg=other-host = sun is not an IP address"));
}

static void bad_numbers_are_refused(void **state)
{
	struct vici_bench *b = *state;

	assert_true(
		has(vici_bench_ask(b, "initiate", "child=net;timeout=soon"), "errmsg=timeout = soon is not"));
	assert_true(has(vici_bench_ask(b, "initiate", "child=net;timeout=-99999999999"), "success=no"));
	assert_true(has(vici_bench_ask(b, "terminate", "ike-id=1x"), "success=no"));
	assert_true(has(vici_bench_ask(b, "terminate", "ike-id=99999999999"), "success=no"));
	assert_int_equal(b->fake->ticket, 0);
}

static void terminate_answers_with_counts(void **state)
{
	struct vici_bench *b = *state;
	struct vici_outcome some = { .matches = 2, .terminated = 1, .why = { .what = "one did not answer" } };

	assert_string_equal(vici_bench_ask(b, "terminate", "child-id=2;ike-id=1;force=yes;timeout=7"), "");
	assert_int_equal(b->fake->target.child_id, 2);
	assert_int_equal(b->fake->target.ike_id, 1);
	assert_true(b->fake->force);
	vici_done(b->fake->vici, b->fake->ticket, &some);
	assert_true(has(vici_read_all(b->s, &b->arena),
		"response success=no matches=2 terminated=1 errmsg=one did not answer"));
}

static void terminate_needs_a_target(void **state)
{
	assert_true(has(vici_bench_ask(*state, "terminate", "force=yes"),
		"success=no errmsg=missing terminate selector"));
}

static void rekey_answers_with_matches(void **state)
{
	struct vici_bench *b = *state;
	struct vici_outcome none = { .why = { .what = "no SA matches" } };

	b->fake->at_once = true;
	assert_string_equal(
		vici_bench_ask(b, "rekey", "child=net;ike=gw"), "response success=yes matches=1\n");
	assert_string_equal(b->fake->target.child, "net");
	assert_string_equal(b->fake->target.ike, "gw");
	assert_false(b->fake->reauth);
	assert_string_equal(vici_bench_ask(b, "rekey", "ike-id=1;child-id=2;reauth=yes"),
		"response success=yes matches=1\n");
	assert_int_equal(b->fake->target.ike_id, 1);
	assert_int_equal(b->fake->target.child_id, 2);
	assert_true(b->fake->reauth);
	b->fake->outcome = none;
	assert_true(has(vici_bench_ask(b, "rekey", "ike=gw;reauth=no"),
		"response success=no matches=0 errmsg=no SA matches"));
	assert_false(b->fake->reauth);
}

static void rekey_needs_a_target(void **state)
{
	struct vici_bench *b = *state;

	assert_true(
		has(vici_bench_ask(b, "rekey", "reauth=yes"), "success=no errmsg=missing rekey selector"));
	assert_true(
		has(vici_bench_ask(b, "rekey", "child-id=two"), "success=no errmsg=child-id = two is not"));
	assert_int_equal(b->fake->ticket, 0);
}

/* A request waits for the one before it, and no more octets are asked for meanwhile. */
static void answers_come_in_the_order_of_requests(void **state)
{
	struct vici_bench *b = *state;
	const char *got;

	assert_true(vici_front_hungry(&b->s->front));
	assert_string_equal(vici_bench_ask(b, "initiate", "child=net"), "");
	assert_true(vici_front_hungry(&b->s->front));
	assert_string_equal(vici_bench_ask(b, "get-conns", NULL), "");
	assert_false(vici_front_hungry(&b->s->front));
	assert_string_equal(vici_bench_ask(b, "get-shared", NULL), "");
	vici_done(b->fake->vici, b->fake->ticket, &(struct vici_outcome){ .success = true });
	got = vici_read_all(b->s, &b->arena);
	assert_string_equal(got, "response success=yes\nresponse conns=[home]\nresponse keys=[ike-2]\n");
	assert_true(vici_front_hungry(&b->s->front));
}

/* What was answered before it is read once, and then it is closed. */
static void a_broken_request_ends_what_waits(void **state)
{
	struct vici_bench *b = *state;
	struct text all = text_in(&b->arena);
	struct bytes one = vici_packet_of(VICI_CMD_REQUEST, "get-conns", NULL, &b->arena);

	for (unsigned i = 0; i < 10; i++)
		text_put(&all, (const char *)one.p, one.n);
	text_put(&all, "\0\0\0\1\x63", 5);
	assert_false(vici_client_input(b->s, bytes_of(all.s, all.n)));
	assert_true(vici_client_output(b->s).n > 0);
	vici_client_sent(b->s, vici_client_output(b->s).n);
	assert_int_equal(vici_client_output(b->s).n, 0);
	assert_false(vici_client_go(b->s));
	assert_false(vici_front_hungry(&b->s->front));
}

static void commands_follow_one_another(void **state)
{
	struct vici_bench *b = *state;
	struct vici_outcome good = { .success = true };

	for (unsigned i = 0; i < 3; i++) {
		vici_bench_ask(b, "initiate", "child=net");
		vici_done(b->fake->vici, b->fake->ticket, &good);
		assert_string_equal(vici_read_all(b->s, &b->arena), "response success=yes\n");
	}
}

static void unknown_tickets_are_ignored(void **state)
{
	struct vici_bench *b = *state;
	struct vici_outcome good = { .success = true };

	vici_bench_ask(b, "initiate", "child=net");
	vici_done(b->fake->vici, 0, &good);
	vici_done(b->fake->vici, b->fake->ticket + 1, &good);
	assert_string_equal(vici_read_all(b->s, &b->arena), "");
}

static void a_client_that_left_is_not_answered(void **state)
{
	struct vici_bench *b = *state;
	struct vici_outcome good = { .success = true };

	vici_bench_ask(b, "initiate", "child=net");
	vici_client_close(b->s);
	b->s = vici_client_open(b->fake, VICI_CHANGES);
	vici_done(b->fake->vici, b->fake->ticket, &good);
	assert_string_equal(vici_read_all(b->s, &b->arena), "");
}

static void two_clients_get_their_own_answers(void **state)
{
	struct vici_bench *b = *state;
	struct vici_client *other = vici_client_open(b->fake, VICI_CHANGES);
	struct vici_outcome good = { .success = true };
	uint32_t first;

	vici_bench_ask(b, "initiate", "child=net");
	first = b->fake->ticket;
	assert_string_equal(vici_ask(other, "terminate", "ike=gw", &b->arena), "");
	assert_int_not_equal(first, b->fake->ticket);
	vici_done(b->fake->vici, b->fake->ticket, &good);
	assert_true(has(vici_read_all(other, &b->arena), "response success=yes matches=0"));
	assert_string_equal(vici_read_all(b->s, &b->arena), "");
	vici_done(b->fake->vici, first, &good);
	assert_string_equal(vici_read_all(b->s, &b->arena), "response success=yes\n");
}

/* What a client asked for comes whole, however much it is. */
static void a_long_list_is_whole(void **state)
{
	enum { MANY = 8000 };
	struct vici_bench *b = *state;
	struct sa_record *sas = ARENA_ARRAY(&b->arena, MANY, struct sa_record);
	const char *got, *at;
	unsigned n = 0;

	for (unsigned i = 0; i < MANY; i++)
		sas[i] = *b->fake->sas;
	b->fake->sas = sas;
	b->fake->n_sas = MANY;
	subscribe(b, "list-sa");
	got = vici_bench_ask(b, "list-sas", NULL);
	for (at = got; (at = strstr(at, "event list-sa")); at++)
		n++;
	assert_int_equal(n, MANY);
	assert_true(has(got, "\nresponse\n"));
}

static void reload_reloads(void **state)
{
	struct vici_bench *b = *state;

	assert_string_equal(vici_bench_ask(b, "reload", NULL), "response success=yes\n");
	assert_string_equal(vici_bench_ask(b, "reload-settings", NULL), "response success=yes\n");
	assert_int_equal(b->fake->settings_reloads, 1);
	assert_int_equal(b->fake->reloads, 1);
	b->fake->refuse = true;
	assert_true(has(vici_bench_ask(b, "reload", NULL), "success=no errmsg=refused by the test"));
}

static void stop_answers_before_the_end(void **state)
{
	struct vici_bench *b = *state;

	assert_string_equal(vici_bench_ask(b, "stop", NULL), "response success=yes\n");
	assert_int_equal(b->fake->stops, 1);
}

static void clear_creds_clears(void **state)
{
	struct vici_bench *b = *state;

	assert_string_equal(vici_bench_ask(b, "clear-creds", NULL), "response success=yes\n");
	assert_int_equal(b->fake->cleared, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(version_answers, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(fed_octet_by_octet, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(output_leaves_in_pieces, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(the_daemon_is_woken, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			unknown_commands_are_unknown, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			a_response_from_a_client_ends_it, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			a_malformed_message_ends_it, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			an_oversized_segment_ends_it, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			a_value_that_is_not_text_is_refused, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(secrets_need_not_be_text, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			list_sas_is_in_strongswans_order, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			list_sas_shows_marks_and_interfaces, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(list_sas_shows_cpus, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			list_sas_shows_what_is_there, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			a_child_under_way_has_no_spis, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			versions_of_a_child_have_sections_of_their_own, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			an_overdue_time_is_negative, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			list_sas_without_the_event_only_answers, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(list_sas_filters, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			an_sa_that_fits_in_no_message_is_told, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(list_conns_lists_all, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			list_conns_tells_of_shunts_and_priorities, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(list_conns_filters, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			get_conns_names_those_of_vici, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			get_shared_names_those_of_vici, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			what_cannot_be_loaded_is_empty, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(stats_answers, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			an_audit_tells_paths_and_differences, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(failures_are_explained, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			initiate_waits_for_its_outcome, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			initiate_explains_its_failure, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			a_failure_is_one_line_of_ascii, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			an_outcome_may_come_at_once, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(initiate_needs_a_name, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			initiate_takes_addresses_and_limits, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(bad_numbers_are_refused, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			terminate_answers_with_counts, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(terminate_needs_a_target, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			rekey_answers_with_matches, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(rekey_needs_a_target, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			answers_come_in_the_order_of_requests, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			a_broken_request_ends_what_waits, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			commands_follow_one_another, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			unknown_tickets_are_ignored, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			a_client_that_left_is_not_answered, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			two_clients_get_their_own_answers, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(a_long_list_is_whole, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(reload_reloads, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			stop_answers_before_the_end, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(clear_creds_clears, vici_bench_open, vici_bench_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
