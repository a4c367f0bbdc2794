/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guard does with what the process that speaks IKE asks for, and with what that leaves when it is lost.
 * The data path is one that writes down what it is told. */
#include "tests/unit/unit.h"

#include "daemon/engine_inside.h"
#include "daemon/host.h"
#include "daemon/inquire.h"
#include "daemon/parley.h"
#include "pki/paper.h"
#include "tests/unit/conf_help.h"
#include "tests/unit/pki_maker.h"

#include <stdlib.h>

enum { PEER = 12, BASE = 100, MORE = 1000 };

struct bench {
	struct world world;
	struct options options;
	struct loaded conf;
	struct vici_host host;
};

static char told[512];

static void tell(const char *what, unsigned number, const char *way)
{
	size_t n = strlen(told); /* less than its size: what does not fit is left out */

	snprintf(told + n, sizeof told - n, "%s %u%s;", what, number, way);
}

static enum err sa_add(struct xfrm *x, const struct sa_spec *sa, struct text *why)
{
	(void)x;
	(void)why;
	assert_string_equal(sa->conf->name, "net");
	tell("sa", sa->child, sa->inbound ? " in" : " out");
	return ERR_OK;
}

static void sa_del(struct xfrm *x, uint32_t child, bool inbound)
{
	(void)x;
	tell("no sa", child, inbound ? " in" : " out");
}

static enum err policy_add(struct xfrm *x, const struct policy_spec *policy, struct text *why)
{
	(void)x;
	(void)why;
	tell("policy", policy->id, "");
	return ERR_OK;
}

static void policy_del(struct xfrm *x, uint32_t policy)
{
	(void)x;
	tell("no policy", policy, "");
}

static const struct xfrm_backend backend = {
	.sa_add = sa_add, .sa_del = sa_del, .policy_add = policy_add, .policy_del = policy_del
};

/* A question that is taken comes here. */
void __wrap_answers_ask(struct world *w, uint32_t ticket, const struct ike_question *q);

void __wrap_answers_ask(struct world *w, uint32_t ticket, const struct ike_question *q)
{
	(void)w;
	(void)q;
	tell("asked", ticket, "");
}

static void say_nothing(void *ctx, enum log_level level, const struct updown *u, const char *text)
{
	(void)ctx;
	(void)level;
	(void)u;
	(void)text;
}

static void on_nothing(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx;
}

static int set_up(void **state)
{
	struct bench *b = *state = calloc(1, sizeof *b);
	struct world *w = &b->world;
	struct engine *e = calloc(1, sizeof *e);

	told[0] = 0;
	b->conf = load_text("connections { a { local { auth = psk }\n remote { auth = psk }\n children { net "
			    "{ local_ts = "
			    "10.1.0.0/16\n remote_ts = 10.2.0.0/16 } no { mode = drop } } } }");
	*w = (struct world){ .options = &b->options, .backend = &backend, .engine = e };
	w->base = event_base_new();
	updown_queue_start(&w->updown, w->base, say_nothing, NULL);
	e->world = w;
	e->ike.spec.ctx = e;
	e->base = BASE;
	e->sweep_traps = evtimer_new(w->base, on_nothing, NULL);
	e->sweep = evtimer_new(w->base, on_nothing, NULL);
	list_init(&e->orders);
	begun_start(&e->begun);
	held_start(&e->held);
	held_start(&e->left);
	list_init(&w->answers);
	list_init(&w->patience);
	b->conf.conf.peers[0]->number = PEER;
	map_put(&e->handed, PEER, peer_ref(b->conf.conf.peers[0]));
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	struct engine *e = b->world.engine;

	begun_stop(&e->begun);
	engine_part(e);
	map_free(&e->handed);
	held_stop(&e->held);
	held_stop(&e->left);
	event_free(e->sweep_traps);
	event_free(e->sweep);
	updown_queue_stop(&b->world.updown);
	event_base_free(b->world.base);
	loaded_free(&b->conf);
	free(e);
	free(b);
	return 0;
}

/* Whether A is taken, as it comes out of its message. */
static bool takes(struct bench *b, const struct ipc_action *a)
{
	static uint8_t room[IPC_MAX];
	struct wr w = wr_of(room, sizeof room);
	struct arena arena = { 0 };
	struct ipc_message m = { .kind = IPC_ACTION, .action = *a };
	bool good;

	assert_true(ipc_encode(&w, &m));
	assert_null(ipc_decode(wr_done(&w), &arena, &m));
	good = engine_take_action(&b->world.engine->ike, &m);
	arena_free(&arena);
	return good;
}

static bool does(struct bench *b, const struct ike_action *a)
{
	return takes(b, &(struct ipc_action){ .action = *a, .part = { .peer = PEER } });
}

static bool adds_sa(struct bench *b, uint32_t child, const char *remote, bool inbound)
{
	struct ts local, ts;

	assert_int_equal(ts_parse("10.1.0.0/16", &local), ERR_OK);
	assert_int_equal(ts_parse(remote, &ts), ERR_OK);
	return does(b, &(struct ike_action){ .kind = ACTION_SA_ADD,
			       .sa_add = { .child = child,
				       .policy = child,
				       .inbound = inbound,
				       .suite.encr = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 256),
				       .local_ts = { &local, 1 },
				       .remote_ts = { &ts, 1 } } });
}

static bool adds_policy(struct bench *b, uint32_t id, const struct ipc_part *part, bool trap)
{
	struct ts local, remote;

	assert_int_equal(ts_parse("10.1.0.0/16", &local), ERR_OK);
	assert_int_equal(ts_parse("10.2.0.0/16", &remote), ERR_OK);
	return takes(b, &(struct ipc_action){ .part = *part,
				.action = { .kind = ACTION_POLICY_ADD,
					.policy_add = { .id = id,
						.trap = trap,
						.local_ts = { &local, 1 },
						.remote_ts = { &remote, 1 } } } });
}

static void what_is_configured_is_done(void **state)
{
	struct bench *b = *state;

	assert_true(adds_sa(b, MORE, "10.2.0.0/16", true));
	assert_true(adds_policy(b, MORE, &(struct ipc_part){ .peer = PEER }, false));
	assert_string_equal(told, "sa 1000 in;policy 1000;");
}

static void nothing_else_is(void **state)
{
	struct bench *b = *state;

	assert_false(adds_sa(b, MORE, "0.0.0.0/0", false));
	assert_false(adds_sa(b, MORE, "10.0.0.0/8", false));
	assert_false(adds_policy(b, MORE, &(struct ipc_part){ .peer = PEER, .nth = 1 }, false)); /* a shunt */
	assert_false(adds_policy(b, MORE, &(struct ipc_part){ .peer = PEER, .nth = 9 }, false));
	assert_false(adds_policy(b, MORE, &(struct ipc_part){ .peer = PEER + 1 }, false));
	assert_false(adds_policy(b, MORE, &(struct ipc_part){ 0 }, false));
	assert_false(
		does(b, &(struct ike_action){ .kind = ACTION_VIP_ADD, .vip.ip = { 4, { 10, 9, 9, 9 } } }));
	assert_string_equal(told, "");
}

/* Numbers of the cores before are not its own. */
static void what_others_have_left_is_not_touched(void **state)
{
	struct bench *b = *state;

	assert_false(adds_sa(b, BASE, "10.2.0.0/16", true));
	assert_false(adds_policy(b, BASE, &(struct ipc_part){ .peer = PEER }, false));
	assert_false(does(b, &(struct ike_action){ .kind = ACTION_SA_DEL, .sa_del = { BASE, true } }));
	assert_false(does(b, &(struct ike_action){ .kind = ACTION_POLICY_DEL, .policy_del = { 5 } }));
	assert_false(
		does(b, &(struct ike_action){ .kind = ACTION_SA_SELECT, .sa_select = { BASE + 1, BASE } }));
	assert_false(does(b, &(struct ike_action){ .kind = ACTION_SA_MOVE, .sa_move = { .child = 1 } }));
	assert_string_equal(told, "");
}

static void addresses_are_given_back_by_who_has_them(void **state)
{
	struct bench *b = *state;
	const struct ip ip = { 4, { 10, 3, 0, 1 } };

	assert_true(does(b, &(struct ike_action){ .kind = ACTION_LEASE_FREE, .vip.ip = ip }));
	assert_true(does(b, &(struct ike_action){ .kind = ACTION_VIP_DEL, .vip.ip = ip }));
	assert_int_equal(held_count(&b->world.engine->held, HELD_LEASE), 0);
}

static void questions_have_what_their_answers_need(void **state)
{
	struct bench *b = *state;
	const struct transform *prf = transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0);
	const struct ike_question bad[] = {
		{ .kind = ASK_AGREE },
		{ .kind = ASK_KEY_PAIR },
		{ .kind = ASK_PROOF, .prf = prf },
		{ .kind = ASK_CHECK },
		{ .kind = ASK_EAP },
		{ .kind = ASK_PPK },
		{ .kind = ASK_PPK_CONFIRM },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(
			does(b, &(struct ike_action){ .kind = ACTION_ASK, .ticket = MORE, .ask = bad[i] }));
	assert_false(takes(
		b, &(struct ipc_action){ .part = { .peer = PEER, .nth = 7 },
			   .has_round = true,
			   .action = { .kind = ACTION_ASK, .ask = { .kind = ASK_PROOF, .prf = prf } } }));
}

/* Where the connection does not say who we are, the peer says whom it wants (RFC 7296, 2.15: IDr). */
static void who_we_are_may_be_left_to_the_peer(void **state)
{
	static const uint8_t ip[] = { 192, 0, 2, 1 };
	const struct id names[] = { { ID_IPV4_ADDR, bytes_of(ip, sizeof ip) },
		{ ID_FQDN, bytes_str("vpn.example.org") } };
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_true(takes(
			b, &(struct ipc_action){ .part = { .peer = PEER, .remote = true },
				   .has_round = true,
				   .action = { .kind = ACTION_ASK,
					   .ticket = MORE,
					   .ask = { .kind = ASK_CHECK,
						   .prf = transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0),
						   .local = names[i],
						   .remote = names[1] } } }));
	assert_string_equal(told, "asked 1000;asked 1000;");
}

/* Who has begun no exchange has nothing to prove. */
static void nothing_is_proved_for_itself(void **state)
{
	static const uint8_t ip[] = { 192, 0, 2, 1 },
			     octets[200] = { 7, [17] = 0x20, [18] = 34, [19] = 8, [27] = 60 };
	struct bench *b = *state;

	for (enum ike_ask_kind kind = ASK_PROOF; kind <= ASK_CHECK; kind++)
		assert_false(takes(
			b, &(struct ipc_action){ .part = { .peer = PEER, .remote = kind == ASK_CHECK },
				   .has_round = true,
				   .action = { .kind = ACTION_ASK,
					   .ticket = MORE,
					   .ask = { .kind = kind,
						   .prf = transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0),
						   .local = { kind == ASK_PROOF ? ID_IPV4_ADDR : ID_ANY,
							   bytes_of(ip, sizeof ip) },
						   .octets = bytes_of(octets, sizeof octets) } } }));
}

static void news_are_whole(void **state)
{
	struct bench *b = *state;
	const struct sa_record sa = { .name = "a", .state = "ESTABLISHED" };
	const struct ike_tell bad[] = {
		{ .kind = TELL_LOG },
		{ .kind = TELL_SA_UP, .group = "IKE" },
		{ .kind = TELL_CHILD_UP, .group = "CHD", .record = &sa, .child = 5 },
		{ .kind = TELL_SA_REKEYED, .group = "IKE", .record = &sa },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(does(b, &(struct ike_action){ .kind = ACTION_TELL, .tell = bad[i] }));
}

/* What it has taken away itself is not taken away again. */
static void what_a_core_has_left_goes(void **state)
{
	struct bench *b = *state;
	struct engine *e = b->world.engine;

	assert_true(adds_sa(b, MORE, "10.2.0.0/16", true));
	assert_true(adds_sa(b, MORE, "10.2.0.0/16", false));
	assert_true(adds_policy(b, MORE, &(struct ipc_part){ .peer = PEER }, false));
	assert_true(adds_policy(b, MORE + 1, &(struct ipc_part){ .peer = PEER }, false));
	assert_true(does(b, &(struct ike_action){ .kind = ACTION_POLICY_DEL, .policy_del = { MORE + 1 } }));
	assert_true(adds_policy(b, MORE + 2, &(struct ipc_part){ .peer = PEER }, true));
	assert_int_equal(e->numbers, MORE + 2);
	told[0] = 0;
	engine_leave(e);
	assert_string_equal(told, "");
	assert_null(engine_peer(&b->world, &(struct ipc_part){ .peer = PEER }));
	engine_sweep_traps(e);
	assert_string_equal(told, "no policy 1002;");
	told[0] = 0;
	engine_sweep(e);
	assert_string_equal(told, "no sa 1000 in;no sa 1000 out;no policy 1000;");
}

/* Nor has the next one less time for its answers. */
static void it_is_not_the_next_ones_fault(void **state)
{
	struct bench *b = *state;
	struct delay *d = &b->world.inquiry.delay;

	delay_add(d, 1, 1 + 2 * DELAY_MAX, DELAY_ANSWER);
	assert_int_equal(delay_left(d, 1 + 2 * DELAY_MAX), DELAY_ANSWER);
	engine_leave(b->world.engine);
	assert_int_equal(delay_left(d, 1 + 2 * DELAY_MAX), DELAY_MAX);
}

/* What it has told of, twice, and some that are on their way. */
static void it_has_no_more_than_it_can_have(void **state)
{
	struct bench *b = *state;

	b->world.engine->most = 10000;
	assert_true(engine_can_have(&b->world, 0));
	assert_true(engine_can_have(&b->world, 30000));
	assert_false(engine_can_have(&b->world, 1 << 20));
}

/* None of them is up yet, and each connection may try anew while the one before is given up. */
static void it_may_initiate_every_connection_that_it_has(void **state)
{
	struct bench *b = *state;
	struct engine *e = b->world.engine;
	const size_t handed = e->handed.count;
	bool may;

	e->handed.count = 100000;
	may = engine_can_have(&b->world, 200000);
	e->handed.count = handed;
	assert_true(may);
	assert_false(engine_can_have(&b->world, 200000));
}

/* It says that it has none. */
static void has_none(void *ctx, struct ipc_channel *far)
{
	const struct engine *e = ctx;
	const struct ipc_message reply = { .kind = IPC_REPLY,
		.ticket = e->world->inquiry.ticket,
		.reply = { .kind = IPC_ABOUT_SAS, .found = true } };

	assert_int_equal(ipc_tell(far, &reply), ERR_OK);
}

/* As much as it takes to ask about each that there may be. */
static void it_has_time_for_each_that_it_can_have(void **state)
{
	struct bench *b = *state;
	struct engine *e = b->world.engine;
	struct arena arena = { 0 };
	unsigned n;

	e->most = 10000;
	e->ike.spec = (struct family_spec){
		.process = IPC_IKE, .near = { IPC_GUARD, IPC_CTL }, .one = true, .ctx = e, .serve = has_none
	};
	for (unsigned i = 0; i < FAMILY_CHANNELS; i++) {
		assert_int_equal(
			ipc_pair(e->ike.spec.near[i], &e->ike.near[i], IPC_IKE, &e->ike.far[i]), ERR_OK);
		e->ike.near[i].phase = e->ike.far[i].phase = IPC_SERVING;
	}
	(void)inquire_sas(&b->world, &arena, &n);
	assert_int_equal(n, 0);
	assert_int_equal(b->world.inquiry.delay.more, DELAY_ANSWER * engine_most(&b->world));
	assert_true(engine_most(&b->world) >= 2 * e->most);
	for (unsigned i = 0; i < FAMILY_CHANNELS; i++) {
		ipc_close(&e->ike.near[i]);
		ipc_close(&e->ike.far[i]);
	}
	arena_free(&arena);
}

/* Guard does not do it, either. */
static void a_certificate_that_ctl_has_not_read_is_not_loaded(void **state)
{
	struct bench *b = *state;
	struct arena arena = { 0 };
	struct made m = maker_cert(&(struct recipe){ .subject = "CN=moon" }, NULL);
	struct vici_cert cert = { .type = VICI_CERT_X509, .flag = VICI_FLAG_NONE, .data = m.cert->der };
	struct store *s = &b->world.config.creds.store;
	struct why why = { 0 };

	config_start(&b->world.config, NULL);
	creds_into(&b->host);
	assert_int_equal(b->host.load_cert(&b->world, &cert, &arena, &why), ERR_SYNTAX);
	assert_non_null(strstr(why.what, "it did not come by the process that reads such things"));
	assert_int_equal(s->n, 0);
	cert.data = paper_of(m.cert->der, PAPER_CERTS_ONLY, UINT16_MAX, &arena);
	assert_int_equal(b->host.load_cert(&b->world, &cert, &arena, &why), ERR_OK);
	assert_int_equal(s->n, 1);
	assert_true(cert_eq(store_at(s->all.next)->cert, m.cert));
	assert_null(store_at(s->all.next)->cert->x509);
	config_stop(&b->world.config);
	cert_unref(m.cert);
	maker_end();
	arena_free(&arena);
}

/* One that wants things without end has no more than there can be. */
static void there_is_no_end_of_it(void **state)
{
	struct bench *b = *state;
	struct held *h = &b->world.engine->held;
	const struct ipc_part part = { .peer = PEER };
	uint32_t n = 0;

	while (n < 1 << 16 && adds_policy(b, MORE + n, &part, true))
		n++;
	assert_int_equal(n, 1 << 16);
	assert_false(adds_policy(b, MORE + n, &part, true));
	assert_false(adds_policy(b, MORE, &part, true));
	assert_int_equal(held_count(h, HELD_TRAP), n);
	assert_true(does(b, &(struct ike_action){ .kind = ACTION_POLICY_DEL, .policy_del = { MORE } }));
	assert_true(adds_policy(b, MORE + n, &part, true));
	assert_true(adds_policy(b, MORE, &part, false));
}

/* A conversation counts once, however many packets it has, and then no more. */
static void what_is_talked_about_ends(void **state)
{
	const struct ike_action ask = {
		.kind = ACTION_ASK, .ticket = MORE, .ask = { .kind = ASK_EAP, .eap.conversation = MORE }
	};
	struct bench *b = *state;
	struct held *h = &b->world.engine->held;

	parleys_start(&b->world, "/nowhere");
	for (unsigned i = 0; i < 3; i++)
		assert_true(takes(b,
			&(struct ipc_action){ .part = { .peer = PEER }, .has_round = true, .action = ask }));
	assert_int_equal(h->n[HELD_TALK], 1);
	assert_true(does(b, &(struct ike_action){ .kind = ACTION_EAP_END, .eap_end = { MORE } }));
	assert_int_equal(h->n[HELD_TALK], 0);
	assert_int_equal(held_count(h, HELD_TALK), 0);
	parleys_stop(&b->world);
}

/* What one left makes room for what the next one leaves. */
static void what_several_leave_has_an_end(void **state)
{
	struct bench *b = *state;
	struct engine *e = b->world.engine;

	assert_true(adds_policy(b, MORE, &(struct ipc_part){ .peer = PEER }, true));
	engine_leave(e);
	for (uint32_t i = 0; i < 1 << 16; i++)
		held_add(&e->held, HELD_TRAP, held_number(2 * MORE + i));
	told[0] = 0;
	engine_leave(e);
	assert_string_equal(told, "no policy 1000;");
	assert_int_equal(held_count(&e->left, HELD_TRAP), 1 << 16);
}

int main(void)
{
#define GUARDED(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		GUARDED(what_is_configured_is_done),
		GUARDED(nothing_else_is),
		GUARDED(what_others_have_left_is_not_touched),
		GUARDED(addresses_are_given_back_by_who_has_them),
		GUARDED(questions_have_what_their_answers_need),
		GUARDED(nothing_is_proved_for_itself),
		GUARDED(who_we_are_may_be_left_to_the_peer),
		GUARDED(news_are_whole),
		GUARDED(what_a_core_has_left_goes),
		GUARDED(it_is_not_the_next_ones_fault),
		GUARDED(it_has_no_more_than_it_can_have),
		GUARDED(it_has_time_for_each_that_it_can_have),
		GUARDED(a_certificate_that_ctl_has_not_read_is_not_loaded),
		GUARDED(it_may_initiate_every_connection_that_it_has),
		GUARDED(there_is_no_end_of_it),
		GUARDED(what_is_talked_about_ends),
		GUARDED(what_several_leave_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
