/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients of VICI that want what tokens has: nobody waits but they. */
#include "tests/unit/fake_tokens.h"

#include "daemon/host.h"
#include "pki/paper.h"
#include "tests/unit/pki_maker.h"
#include "vici/codec/encode.h"

static void nothing_to_do(void *ctx, void *io)
{
	(void)ctx;
	(void)io;
}

static enum err take_conn(void *ctx, struct peer *peer, struct arena *a, struct why *why)
{
	struct world *w = ctx;
	struct text wrong = text_in(a), notes = text_in(a);
	enum err e = creds_fill(&w->config.creds, peer, NULL, &conf_files_system, &wrong, &notes);

	why->what = text_str(&wrong);
	peer_unref(peer);
	return e;
}

/* Its connections are read, and forgotten. */
static void serve_clients(void)
{
	struct vici_host host = { .ctx = &fake.world, .load_conn = take_conn, .writable = nothing_to_do };

	creds_into(&host);
	fake.world.vici = vici_new(&host);
	config_start(&fake.world.config, fake.world.vault);
	vault_started(fake.world.vault);
}

static void end_clients(void)
{
	errands_give_up(fake.world.vault);
	vici_free(fake.world.vici);
	assert_true(list_empty(&fake.world.look_ups));
	config_stop(&fake.world.config);
	fake_tokens_end();
}

static struct vici_session *client(void)
{
	return vici_open(fake.world.vici, VICI_CHANGES, NULL);
}

/* What stands behind its head. */
static void ask_for(struct vici_session *s, const char *name, struct vici_out *o)
{
	const struct bytes all = vici_out_done(o);
	const size_t head = 4 + 1 + 1 + strlen(name);

	assert_true(all.n > head);
	assert_true(
		vici_command(s, vici_command_number(bytes_str(name)), bytes_of(all.p + head, all.n - head)));
	vici_out_free(o);
}

/* With the PIN that was offered as OFFER (0: with none). */
static void load_token_with(struct vici_session *s, const char *uri, uint8_t offer)
{
	const uint8_t number[8] = { [7] = offer };
	struct vici_out o = { 0 };

	vici_out_packet(&o, VICI_CMD_REQUEST, "load-token");
	vici_put_pair(&o, "uri", uri);
	if (offer)
		vici_put_value(&o, "pin", bytes_of(number, sizeof number));
	ask_for(s, "load-token", &o);
}

static void load_token(struct vici_session *s, const char *uri)
{
	load_token_with(s, uri, 0);
}

/* With N certificates. */
static void load_conn_with(struct vici_session *s, unsigned n)
{
	struct vici_out o = { 0 };

	vici_out_packet(&o, VICI_CMD_REQUEST, "load-conn");
	vici_put_section(&o, "many");
	vici_put_section(&o, "local");
	vici_put_pair(&o, "auth", "pubkey");
	for (unsigned i = 0; i < n; i++) {
		vici_put_section(&o, arena_printf(&fake.arena, "cert%u", i));
		vici_put_pair(&o, "uri", arena_printf(&fake.arena, "file:/%u", i));
		vici_put_section_end(&o);
	}
	vici_put_section_end(&o);
	vici_put_section_end(&o);
	ask_for(s, "load-conn", &o);
}

/* With the certificate at URI; NULL: with none. */
static void load_conn(struct vici_session *s, const char *uri)
{
	struct vici_out o = { 0 };

	vici_out_packet(&o, VICI_CMD_REQUEST, "load-conn");
	vici_put_section(&o, uri ? "site" : "plain");
	vici_put_section(&o, "local");
	vici_put_pair(&o, "auth", uri ? "pubkey" : "psk");
	if (uri) {
		vici_put_section(&o, "cert");
		vici_put_pair(&o, "uri", uri);
		vici_put_section_end(&o);
	}
	vici_put_section_end(&o);
	vici_put_section(&o, "remote");
	vici_put_pair(&o, "auth", "psk");
	vici_put_section_end(&o);
	vici_put_section_end(&o);
	ask_for(s, "load-conn", &o);
}

static bool heard(struct vici_session *s, const char *what)
{
	const struct bytes all = vici_output(s);

	return all.n && memmem(all.p, all.n, what, strlen(what));
}

static void until_it_is_asked(unsigned times)
{
	while (fake.asked < times)
		event_base_loop(fake.world.base, EVLOOP_ONCE);
}

static struct bytes paper_of_cert(void)
{
	struct made m = maker_cert(&(struct recipe){ .subject = "CN=moon" }, NULL);
	const struct bundle b = { .certs = &m.cert, .n_certs = 1 };
	struct bytes made = paper_of_bundle(&b, 10000, &fake.arena);

	cert_unref(m.cert);
	maker_end();
	return made;
}

/* The certificate of a connection is asked for twice, for 5 s each; then this client is told, and no
 * other one has waited. */
static void a_card_that_hangs_keeps_only_whom_it_is_wanted_by(void **state)
{
	struct vici_session *waits, *other;
	struct vault *v;

	(void)state;
	v = fake_tokens_answering(paper_of_cert());
	fake.hangs = "file:/hangs";
	serve_clients();
	waits = client();
	other = client();
	load_conn(waits, fake.hangs);
	assert_int_equal(fake.asked, 1);
	load_conn(other, NULL);
	assert_true(heard(other, "yes"));
	assert_int_equal(vici_output(waits).n, 0);
	fake_tokens_late(v);
	until_it_is_asked(2);
	assert_int_equal(vici_output(waits).n, 0);
	fake_tokens_late(v);
	while (!vici_output(waits).n)
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	assert_true(heard(waits, "is there a token that hangs"));
	vici_sent(waits, vici_output(waits).n);
	(void)vici_answered(waits);
	load_conn(waits, "file:/a");
	until_it_is_asked(3);
	while (!vici_output(waits).n)
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	assert_true(heard(waits, "yes"));
	assert_true(list_empty(&v->known));
	end_clients();
}

/* A connection that was waited for is there, with what its card has; who has gone has nothing loaded, and
 * takes no time of the others. */
static void a_client_that_goes_is_not_waited_for(void **state)
{
	struct vici_session *goes, *stays;
	struct vault *v;

	(void)state;
	v = fake_tokens_answering(paper_of_cert());
	fake.hangs = "file:/hangs";
	serve_clients();
	goes = client();
	stays = client();
	load_conn(goes, fake.hangs);
	load_conn(stays, "file:/a");
	vici_close(goes);
	fake_tokens_late(v);
	while (!vici_output(stays).n)
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	assert_true(heard(stays, "yes"));
	assert_int_equal(fake.asked, 2);
	end_clients();
}

/* Each waits for those before it. */
static void so_many_wait_for_tokens_and_no_more(void **state)
{
	struct vici_session *first, *last;

	(void)state;
	(void)fake_tokens_answering(fake_tokens_key());
	fake.hangs = "file:/hangs";
	serve_clients();
	first = client();
	load_token(first, fake.hangs);
	for (unsigned i = 1; i < 16; i++) {
		last = client();
		load_token(last, "file:/a");
		assert_int_equal(vici_output(last).n, 0);
	}
	fake.hanging = false; /* it hears what else it is told */
	for (unsigned i = 0; i < 2; i++) {
		last = client();
		if (i)
			load_conn(last, "file:/a");
		else
			load_token_with(last, "file:/a", 2);
		assert_true(heard(last, "try it again in a few seconds"));
	}
	vici_close(first);
	last = client();
	load_token(last, "file:/a");
	assert_int_equal(vici_output(last).n, 0);
	while (!fake.unwanted[2])
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	end_clients();
}

static void stops(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx;
}

/* Each of them may hang, and who waits behind waits for all. */
static void a_connection_has_so_much_on_tokens_and_no_more(void **state)
{
	struct vici_session *s;

	(void)state;
	(void)fake_tokens_answering(paper_of_cert());
	serve_clients();
	s = client();
	load_conn_with(s, 16);
	assert_int_equal(vici_output(s).n, 0);
	assert_int_equal(fake.asked, 1);
	s = client();
	load_conn_with(s, 17);
	assert_true(heard(s, "it names 17 things that are on tokens"));
	end_clients();
}

/* And is told so. */
static void who_waits_for_tokens_is_told_that_the_daemon_stops(void **state)
{
	struct vici_session *s[2];

	(void)state;
	(void)fake_tokens_answering(fake_tokens_key());
	fake.hangs = "file:/hangs";
	serve_clients();
	for (unsigned i = 0; i < 2; i++)
		s[i] = client();
	load_conn(s[0], fake.hangs);
	load_token(s[1], "file:/a");
	errands_give_up(fake.world.vault);
	for (unsigned i = 0; i < 2; i++)
		assert_true(heard(s[i], "the daemon is stopping"));
	end_clients();
}

/* And nothing that has its answer meanwhile is loaded: nobody would end it. */
static void nothing_is_loaded_while_the_daemon_stops(void **state)
{
	struct vici_session *s[2];

	(void)state;
	(void)fake_tokens_answering(paper_of_cert());
	serve_clients();
	for (unsigned i = 0; i < 2; i++)
		s[i] = client();
	load_conn(s[0], "file:/a");
	load_token(s[1], "file:/b");
	fake.world.stop_timer = evtimer_new(fake.world.base, stops, NULL);
	for (unsigned i = 0; i < 2; i++) {
		while (!vici_output(s[i]).n)
			event_base_loop(fake.world.base, EVLOOP_ONCE);
		assert_true(heard(s[i], "the daemon is stopping"));
	}
	event_free(fake.world.stop_timer);
	fake.world.stop_timer = NULL;
	end_clients();
}

static const char *authority_there(const char *name)
{
	const struct authority *a =
		config_loaded(&fake.world.config, CONFIG_AUTHORITY, name, &fake.arena).object;

	return a ? a->cert_uri_base : "none";
}

/* A file that is swanctl's own has these and nothing else. */
static void file_has(struct authority *authorities, unsigned n)
{
	struct conf file = { .settings = settings_default(), .authorities = authorities, .n_authorities = n };

	config_take(&fake.world.config, CONFIG_SWANCTL, &file);
	fake.world.config.path = "/nowhere/swanctl.conf"; /* nothing of this machine */
}

/* All is read anew with it, and there is something else in it that cannot be. It is the file's still. */
static void an_authority_stays_where_the_next_one_cannot_be_put_in_force(void **state)
{
	struct made m = maker_cert(&(struct recipe){ .subject = "CN=lab", .extensions = "CA" }, NULL);
	const struct bundle b = { .certs = &m.cert, .n_certs = 1 };
	const struct bytes paper_of_it = paper_of_bundle(&b, 10000, &fake.arena);
	struct text both = text_in(&fake.arena);
	struct authority lab = { .name = "lab", .origin = ORIGIN_VICI, .cert_uri_base = "before" };
	struct authority broken = { .name = "broken", .cacert.file = "nowhere.pem" };
	const struct vici_host host = host_of(&fake.world);
	struct why why = { 0 };

	(void)state;
	config_start(&fake.world.config, fake.world.vault);
	lab.cacert.data = m.cert->der;
	lab.cacert.paper = paper_of_it;
	file_has((struct authority[]){ lab, broken }, 2);
	text_put(&both, paper_of_it.p, paper_of_it.n);
	text_put(&both, m.cert->der.p, m.cert->der.n);
	lab.cacert = (struct cert_conf){ .data = bytes_of(both.s, both.n) };
	lab.cert_uri_base = "after";
	assert_int_not_equal(host.load_authority(&fake.world, &lab, &fake.arena, &why), ERR_OK);
	assert_non_null(strstr(why.what, "nowhere.pem"));
	assert_string_equal(authority_there("lab"), "before");
	lab.name = "another";
	assert_int_not_equal(host.load_authority(&fake.world, &lab, &fake.arena, &why), ERR_OK);
	assert_string_equal(authority_there("another"), "none");
	file_has(NULL, 0);
	assert_string_equal(authority_there("lab"), "none");
	cert_unref(m.cert);
	maker_end();
	config_stop(&fake.world.config);
	fake_tokens_end();
}

int main(void)
{
#define VAULT(f) cmocka_unit_test_setup_teardown(f, fake_tokens_set_up, fake_tokens_tear_down)
	const struct CMUnitTest tests[] = {
		VAULT(an_authority_stays_where_the_next_one_cannot_be_put_in_force),
		VAULT(a_card_that_hangs_keeps_only_whom_it_is_wanted_by),
		VAULT(a_client_that_goes_is_not_waited_for),
		VAULT(so_many_wait_for_tokens_and_no_more),
		VAULT(who_waits_for_tokens_is_told_that_the_daemon_stops),
		VAULT(a_connection_has_so_much_on_tokens_and_no_more),
		VAULT(nothing_is_loaded_while_the_daemon_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
