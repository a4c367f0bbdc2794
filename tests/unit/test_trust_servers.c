/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is not in the message and not here: CRLs, OCSP answers and certificates of a server in the loop. */
#include "unit.h"

#include "daemon/certs.h"
#include "daemon/crl_cache.h"
#include "daemon/engine.h"
#include "trust_bench.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

/* When a server that was silent is asked again. */
static int64_t long_afterwards(void)
{
	return MAKER_NOW + 600;
}

/* ------------------------------------------------------------------ servers */

static void on_request(struct evhttp_request *r, void *ctx)
{
	struct trust_bench *b = ctx;
	struct evbuffer *body;

	b->asked++;
	if (b->hangs) {
		b->hanging = r;
		event_base_loopbreak(b->world.base);
		return;
	}
	body = evbuffer_new();
	evbuffer_add(body, b->crl.p, b->crl.n);
	snprintf(b->path, sizeof b->path, "%s", evhttp_request_get_uri(r));
	evhttp_send_reply(r, 200, NULL, body);
	evbuffer_free(body);
}

static void start_server(struct trust_bench *b)
{
	struct evhttp_bound_socket *s;
	struct sockaddr_in name;
	socklen_t n = sizeof name;

	b->server = evhttp_new(b->world.base);
	evhttp_set_gencb(b->server, on_request, b);
	s = evhttp_bind_socket_with_handle(b->server, "127.0.0.1", 0);
	assert_non_null(s);
	assert_int_equal(getsockname(evhttp_bound_socket_get_fd(s), (struct sockaddr *)&name, &n), 0);
	b->port = ntohs(name.sin_port);
}

/* Moon's certificate says where its CRL is: at a server in the loop. */
static void with_server(struct trust_bench *b, const char *revocation)
{
	struct trust_row r = { .name = "server" };

	start_server(b);
	r.leaf.extensions =
		arena_printf(&b->arena, "crlDistributionPoints=URI:http://127.0.0.1:%d/crl", b->port);
	r.sun = revocation;
	trust_make_moon(b, &r);
	trust_make_sun(b, &r);
	assert_int_equal(trust_prove(b, false), ERR_OK);
}

static void run_until_answered(struct trust_bench *b)
{
	while (list_empty(&b->world.answers))
		event_base_loop(b->world.base, EVLOOP_ONCE);
}

static void run_until_it_hangs(struct trust_bench *b)
{
	while (!b->hanging)
		event_base_loop(b->world.base, EVLOOP_ONCE);
}

static void forget_answer(struct trust_bench *b)
{
	list_remove(&b->answer->node);
	answer_free(b->answer);
	b->answer = NULL;
}

static void a_crl_is_fetched_once(void **state)
{
	struct trust_bench *b = *state;

	with_server(b, "revocation = strict");
	b->crl = maker_crl(&b->root, NULL, 0, -1, 20, false, &b->arena);
	for (unsigned i = 0; i < 2; i++) {
		trust_judge(b);
		run_until_answered(b);
		trust_assert(b, "good CRL", NULL);
		assert_int_equal(b->answer->a.valid, 335 * MAKER_DAY);
		forget_answer(b);
	}
	assert_int_equal(b->asked, 1);
}

static void a_crl_that_is_fetched_revokes(void **state)
{
	struct trust_bench *b = *state;

	with_server(b, "revocation = relaxed");
	b->crl = maker_crl(&b->root, (const struct cert *const *)&b->leaf.cert, 1, -1, 20, false, &b->arena);
	trust_judge(b);
	run_until_answered(b);
	trust_assert(b, "revoked", "is revoked: the CRL of CN=root says so");
}

static void a_crl_of_another_is_no_crl(void **state)
{
	struct trust_bench *b = *state;

	with_server(b, "revocation = ifuri");
	b->crl = maker_crl(&b->root, NULL, 0, -1, 20, true, &b->arena);
	for (unsigned i = 0; i < 2; i++) {
		trust_judge(b);
		run_until_answered(b);
		trust_assert(b, "forged", "nobody says whether the certificate of CN=moon is revoked");
		forget_answer(b);
	}
	assert_int_equal(b->asked, 1);
}

/* The store may lose the authority while a server is being asked about it. */
static void a_server_may_answer_when_all_is_different(void **state)
{
	struct trust_bench *b = *state;

	with_server(b, "revocation = strict");
	b->crl = maker_crl(&b->root, NULL, 0, -1, 20, false, &b->arena);
	b->hangs = true;
	trust_judge(b);
	run_until_it_hangs(b);
	creds_stop(b->sun.creds);
	trust_follow(&b->world);
	b->hangs = false;
	on_request(b->hanging, b);
	run_until_answered(b);
	trust_assert(b, "no root any more", "was issued by a CA that is not here (CN=root)");
}

static void a_daemon_may_stop_while_a_server_is_asked(void **state)
{
	struct trust_bench *b = *state;

	with_server(b, "revocation = strict");
	b->hangs = true;
	trust_judge(b);
	run_until_it_hangs(b);
	assert_true(list_empty(&b->world.answers));
}

/* ------------------------------------------------- certificates by their place */

/* Moon says that certificates of its root are at our server, and sun asks there. */
static void by_url(struct trust_bench *b)
{
	struct trust_row r = { .name = "by URL" };
	const char *authority;

	start_server(b);
	authority = arena_printf(&b->arena,
		"%s\nauthorities { a { cacert = root.pem\n cert_uri_base = http://127.0.0.1:%d/certs/\n } }",
		trust_connection(b, "local", "certs = moon.pem"), b->port);
	b->leaf = maker_cert(&(struct recipe){ .key_number = 5 }, &b->root);
	trust_put(b, &b->moon, "/d/x509ca/root.pem", maker_pem(b->root.cert, &b->arena));
	trust_put(b, &b->moon, "/d/x509/moon.pem", maker_pem(b->leaf.cert, &b->arena));
	trust_put(b, &b->moon, "/d/private/moon.pem", maker_key_pem("P-256", 5, NULL, &b->arena));
	trust_read(b, &b->moon, authority);
	trust_make_sun(b, &r);
	b->world.config.now.settings.hash_and_url = true;
	b->crl = b->leaf.cert->der;
	b->by_url = true;
	assert_int_equal(trust_prove(b, false), ERR_OK);
	assert_int_equal(b->proof.certs.n, 1);
	assert_int_equal(b->proof.certs.v[0].encoding, CERT_X509_URL);
}

static void a_certificate_is_fetched_from_its_place(void **state)
{
	struct trust_bench *b = *state;
	char hash[KEYID_TEXT];

	by_url(b);
	trust_judge(b);
	run_until_answered(b);
	trust_assert(b, "by URL", NULL);
	assert_int_equal(b->asked, 1);
	assert_string_equal(
		b->path, arena_printf(&b->arena, "/certs/%s", keyid_print(b->leaf.cert->sha1, hash)));
}

/* The stranger's is another one than was promised; and who has not made the signature makes us fetch no more.
 */
static void another_certificate_is_none(void **state)
{
	struct trust_bench *b = *state;

	by_url(b);
	b->crl = b->stranger.cert->der;
	trust_judge(b);
	run_until_answered(b);
	trust_assert(b, "another", "is another one than the peer says");
}

static void garbage_is_no_certificate(void **state)
{
	struct trust_bench *b = *state;

	by_url(b);
	b->crl = bytes_str("garbage");
	trust_judge(b);
	run_until_answered(b);
	trust_assert(b, "garbage", "is of no use: this is no certificate");
}

static void places_are_passed_over_unless_allowed(void **state)
{
	struct trust_bench *b = *state;

	by_url(b);
	b->world.config.now.settings.hash_and_url = false;
	trust_judge(b);
	trust_assert(b, "not allowed", "sent no certificate, and none of it is here");
	assert_int_equal(b->asked, 0);
}

/* The one that is here already is not fetched; of others only when the first has made the signature. */
static void what_is_known_is_not_fetched(void **state)
{
	struct trust_bench *b = *state;

	by_url(b);
	assert_int_equal(
		store_add_cert(&b->sun.creds->store, STORED_CERT, b->leaf.cert, STORED_BY_FILE, "moon"),
		ERR_OK);
	trust_judge(b);
	trust_assert(b, "known", NULL);
	assert_int_equal(b->asked, 0);
}

static void a_forged_proof_fetches_no_more(void **state)
{
	struct trust_bench *b = *state;
	struct wire_cert *v = ARENA_ARRAY(&b->arena, 2, struct wire_cert);
	const struct trust_row changed = { .name = "changed", .change = CHANGED };

	by_url(b);
	trust_change(b, &changed);
	v[0] = (struct wire_cert){ CERT_X509_SIGNATURE, b->leaf.cert->der };
	v[1] = b->proof.certs.v[0];
	b->proof.certs = (struct ike_certs){ v, 2 };
	trust_judge(b);
	trust_assert(b, "forged", "signature");
	assert_int_equal(b->asked, 0);
}

static void note_line(void *ctx, enum log_level level, const char *word, const char *line)
{
	struct text *said = ctx;

	(void)level;
	if (!strcmp(word, "certificate"))
		text_add(said, "%s", line);
}

/* The place is the word of somebody who has proved nothing. */
static void a_place_makes_no_line_of_its_own(void **state)
{
	static const char place[] = "01234567890123456789http://192.0.2.9/\nlevel=error \"msg";
	struct trust_bench *b = *state;
	struct wire_cert *v = ARENA_NEW(&b->arena, struct wire_cert);
	struct text said = text_in(&b->arena);

	by_url(b);
	*v = (struct wire_cert){ CERT_X509_URL, bytes_of(place, sizeof place - 1) };
	b->proof.certs = (struct ike_certs){ v, 1 };
	log_to(note_line, &said);
	trust_judge(b);
	run_until_answered(b);
	log_to(NULL, NULL);
	assert_non_null(strstr(text_str(&said), "\\nlevel=error \\\"msg"));
	assert_null(strchr(text_str(&said), '\n'));
}

static void a_daemon_may_stop_while_a_certificate_is_fetched(void **state)
{
	struct trust_bench *b = *state;

	by_url(b);
	b->hangs = true;
	trust_judge(b);
	run_until_it_hangs(b);
}

/* --------------------------------------------------------------- OCSP along with it */

/* Moon's certificate names a responder at our server, and the answer to a proof waits for it. */
static void stapled(struct trust_bench *b)
{
	struct trust_row r = { .name = "OCSP", .sun = "revocation = strict" };

	start_server(b);
	r.leaf.extensions =
		arena_printf(&b->arena, "authorityInfoAccess=OCSP;URI:http://127.0.0.1:%d/ocsp", b->port);
	trust_make_moon(b, &r);
	trust_make_sun(b, &r);
	assert_int_equal(trust_prove(b, false), ERR_OK);
	assert_int_equal(b->shown.n, 1);
	b->answer = answer_new(1);
	b->answer->a.certs = b->proof.certs;
	b->crl = maker_ocsp(&b->root, b->leaf.cert, &b->root, STATUS_GOOD, -1, 1, &b->arena);
}

static void staple(struct trust_bench *b)
{
	struct cert_list *shown = &b->answer->shown;

	shown->v = ARENA_ARRAY(&b->answer->arena, b->shown.n, struct cert *);
	for (shown->n = 0; shown->n < b->shown.n; shown->n++)
		shown->v[shown->n] = cert_ref(b->shown.v[shown->n]);
	b->answer->connection = "c";
	trust_complete(&b->world, b->answer);
	event_base_loop(b->world.base, EVLOOP_NONBLOCK);
}

/* Sun, who can ask nobody, takes what moon has sent. */
static void ocsp_goes_along(void **state)
{
	struct trust_bench *b = *state;
	struct wire_cert *v = ARENA_ARRAY(&b->arena, 2, struct wire_cert);

	stapled(b);
	staple(b);
	run_until_answered(b);
	assert_int_equal(b->answer->a.certs.n, 2);
	v[0] = b->proof.certs.v[0];
	v[1] = b->answer->a.certs.v[1];
	assert_int_equal(v[1].encoding, CERT_OCSP);
	v[1].data = arena_bytes(&b->arena, v[1].data);
	forget_answer(b);
	b->answer = answer_new(1);
	b->answer->a.certs = b->proof.certs;
	staple(b);
	assert_int_equal(b->answer->a.certs.n, 2);
	assert_int_equal(b->asked, 1);
	forget_answer(b);
	evhttp_free(b->server);
	b->server = NULL;
	store_drop(&b->certs->store, STORED_BY_FETCH, NULL);
	b->proof.certs = (struct ike_certs){ v, 2 };
	trust_judge(b);
	trust_assert(b, "OCSP came along", NULL);
}

/* A responder that says nothing of use does not keep us from proving ourselves. */
static void without_ocsp_the_certificate_goes_alone(void **state)
{
	struct trust_bench *b = *state;

	stapled(b);
	b->crl = maker_ocsp(&b->root, b->leaf.cert, &b->other_root, STATUS_GOOD, -1, 1, &b->arena);
	staple(b);
	run_until_answered(b);
	assert_int_equal(b->answer->a.certs.n, 1);
	assert_int_equal(b->asked, 1);
}

static void a_daemon_may_stop_while_a_responder_is_asked(void **state)
{
	struct trust_bench *b = *state;

	stapled(b);
	b->hangs = true;
	staple(b);
	run_until_it_hangs(b);
}

static void ocsp_is_sent_where_both_want_it(void **state)
{
	static const struct {
		enum ocsp_policy policy;
		uint32_t wants;
		bool sent;
	} cases[] = { { OCSP_REPLY, WANTS_OCSP | WANTS_CERT, true }, { OCSP_BOTH, WANTS_OCSP, true },
		{ OCSP_REPLY, WANTS_CERT, false }, { OCSP_REQUEST, WANTS_OCSP, false },
		{ OCSP_NEVER, WANTS_OCSP, false } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct peer peer = { .ocsp = cases[i].policy };

		assert_int_equal(
			trust_wants_ocsp(&(struct ike_question){ .peer = &peer, .wants = cases[i].wants }),
			cases[i].sent);
	}
}

/* ----------------------------------------------- revoked while an IKE_SA is up */

/* Sun has taken moon's certificate for an IKE_SA. It has no core. */
static struct ike_proven up(struct trust_bench *b)
{
	struct world *w = &b->world;

	failures_start(&w->failures);
	recheck_start(w);
	((struct peer *)b->sun.conf.peers[0])->cert_revoked = CERT_END_CLOSE;
	trust_judge(b);
	run_until_answered(b);
	trust_assert(b, "before", NULL);
	assert_int_equal(b->answer->a.certs.n, 1);
	assert_true(bytes_eq(b->answer->a.certs.v[0].data, b->leaf.cert->der));
	return (struct ike_proven){ 7, b->sun.conf.peers[0], b->answer->a.certs };
}

static void down(struct trust_bench *b)
{
	struct world *w = &b->world;

	recheck_stop(w);
	failures_stop(&w->failures);
}

static void assert_withdrawn(struct trust_bench *b, bool is)
{
	const struct story *story = failures_of(&b->world.failures, b->sun.conf.peers[0]->name);
	const struct failure_record *last = story ? story_last(story) : NULL;

	if (!is) {
		assert_null(last);
		return;
	}
	assert_non_null(last);
	assert_non_null(strstr(last->why.what, "is revoked: the CRL of CN=root says so"));
}

static void judged_again(struct trust_bench *b, const struct ike_proven *proven, bool ask)
{
	trust_check_again(&b->world, proven, ask);
	while (!list_empty(&b->world.trust.asked))
		event_base_loop(b->world.base, EVLOOP_ONCE);
}

static void put_crl(struct trust_bench *b, bool revoked)
{
	struct bytes der = maker_crl(&b->root, (const struct cert *const *)&b->leaf.cert, revoked ? 1 : 0, -1,
		20, false, &b->arena);
	struct why why = { 0 };
	struct crl *crl;

	assert_int_equal(crl_read(der, &b->arena, &crl, &why), ERR_OK);
	assert_int_equal(store_add_crl(&b->sun.creds->store, crl, STORED_BY_FILE, "a.crl"), ERR_OK);
	crl_unref(crl);
}

static void a_revocation_is_noticed(void **state)
{
	struct trust_bench *b = *state;
	struct ike_proven proven;
	struct trust_row r = { .name = "no server" };

	trust_make_moon(b, &r);
	trust_make_sun(b, &r);
	assert_int_equal(trust_prove(b, false), ERR_OK);
	proven = up(b);
	judged_again(b, &proven, true);
	assert_withdrawn(b, false);
	put_crl(b, true);
	judged_again(b, &proven, false);
	assert_withdrawn(b, true);
	down(b);
}

/* What is not known is asked, if it may be; what it brings counts in a round of its own. */
static void servers_are_asked_again(void **state)
{
	struct trust_bench *b = *state;
	struct ike_proven proven;

	with_server(b, "revocation = relaxed");
	b->crl = bytes_str("garbage");
	proven = up(b);
	assert_int_equal(b->asked, 1);
	b->certs->now = long_afterwards;
	b->crl = maker_crl(&b->root, (const struct cert *const *)&b->leaf.cert, 1, -1, 20, false, &b->arena);
	b->world.recheck.n = b->world.recheck.at = 1; /* a round that has ended */
	judged_again(b, &proven, false);
	assert_int_equal(b->world.recheck.n, 1);
	judged_again(b, &proven, true);
	while (b->world.recheck.n)
		event_base_loop(b->world.base, EVLOOP_ONCE);
	assert_int_equal(b->asked, 2);
	assert_withdrawn(b, false);
	judged_again(b, &proven, false);
	assert_withdrawn(b, true);
	down(b);
}

/* ---------------------------------------------------------------- CRLs kept */

/* As if the daemon had started again: the store is empty but for the files. */
static void start_again(struct trust_bench *b)
{
	assert_int_not_equal(store_drop(&b->certs->store, STORED_BY_FETCH, NULL), 0);
}

static void check_again(struct trust_bench *b, const char *name, const char *says)
{
	trust_judge(b);
	run_until_answered(b);
	trust_assert(b, name, says);
	forget_answer(b);
}

static void a_crl_outlives_the_daemon(void **state)
{
	struct trust_bench *b = *state;

	with_server(b, "revocation = strict");
	b->crl = maker_crl(&b->root, NULL, 0, -1, 20, false, &b->arena);
	check_again(b, "fetched", NULL);
	start_again(b);
	check_again(b, "kept", NULL);
	assert_int_equal(b->asked, 1);
	crl_cache_clear(b->crls);
	start_again(b);
	check_again(b, "fetched again", NULL);
	assert_int_equal(b->asked, 2);
}

/* Files that are worth nothing: the server is asked. */
static void a_kept_crl_is_checked(void **state)
{
	struct trust_bench *b = *state;
	const char *folder = b->crls, *url;
	struct bytes bad[3];

	with_server(b, "revocation = strict");
	b->crl = maker_crl(&b->root, NULL, 0, -1, 20, false, &b->arena);
	url = arena_printf(&b->arena, "http://127.0.0.1:%d/crl", b->port);
	bad[0] = maker_crl(&b->root, NULL, 0, -1, 20, true, &b->arena);
	bad[1] = maker_crl(&b->root, NULL, 0, -9, -2, false, &b->arena);
	bad[2] = bytes_str("garbage");
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(crl_cache_save(folder, url, bad[i]), ERR_OK);
		check_again(b, "asked", NULL);
		assert_int_equal(b->asked, i + 1);
		start_again(b);
	}
}

static void not_more_crls_are_kept_than_fit(void **state)
{
	struct trust_bench *b = *state;
	const char *folder = b->crls;
	unsigned n = 0;

	for (unsigned i = 0; i < CRL_CACHE_FILES_MAX + 5; i++)
		assert_int_equal(
			crl_cache_save(folder, arena_printf(&b->arena, "http://%u/", i), bytes_str("x")),
			ERR_OK);
	for (unsigned i = 0; i < CRL_CACHE_FILES_MAX + 5; i++)
		n += crl_cache_read(folder, arena_printf(&b->arena, "http://%u/", i), &b->arena).n;
	assert_int_equal(n, CRL_CACHE_FILES_MAX);
	assert_int_equal(crl_cache_read(folder, "http://0/", &b->arena).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_crl_is_fetched_once, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(a_crl_that_is_fetched_revokes, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(a_crl_of_another_is_no_crl, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			a_server_may_answer_when_all_is_different, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(a_crl_outlives_the_daemon, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(a_kept_crl_is_checked, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			not_more_crls_are_kept_than_fit, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			a_certificate_is_fetched_from_its_place, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(another_certificate_is_none, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(garbage_is_no_certificate, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			places_are_passed_over_unless_allowed, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(what_is_known_is_not_fetched, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			a_forged_proof_fetches_no_more, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			a_place_makes_no_line_of_its_own, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			a_daemon_may_stop_while_a_certificate_is_fetched, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(ocsp_goes_along, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			without_ocsp_the_certificate_goes_alone, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			a_daemon_may_stop_while_a_responder_is_asked, trust_set_up, trust_tear_down),
		cmocka_unit_test(ocsp_is_sent_where_both_want_it),
		cmocka_unit_test_setup_teardown(a_revocation_is_noticed, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(servers_are_asked_again, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			a_daemon_may_stop_while_a_server_is_asked, trust_set_up, trust_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, trust_end);
}
