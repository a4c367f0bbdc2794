/* SPDX-License-Identifier: GPL-2.0-or-later */
/* strongswan.conf: what is used of it, and what is said of the rest. */
#include "conf/strongswan.h"
#include "tests/unit/conf_help.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct loaded strongswan(const struct fake_file *list)
{
	struct conf_files files = fake_files(list);
	struct loaded l = { .conf.settings = settings_default() };
	struct text why = text_in(&l.arena), notes = text_in(&l.arena);

	l.err = strongswan_read(list->path, &files, &l.conf, &why, &notes);
	l.why = text_str(&why);
	l.notes = text_str(&notes);
	if (l.err)
		conf_free(&l.conf);
	return l;
}

static struct loaded strongswan_text(const char *text)
{
	return strongswan((struct fake_file[]){ { "s.conf", text }, { 0 } });
}

static void an_empty_file_changes_nothing_and_says_nothing(void **state)
{
	struct loaded l = strongswan_text("");
	struct settings d = settings_default();

	(void)state;
	assert_int_equal(l.err, ERR_OK);
	assert_int_equal(l.conf.settings.port, d.port);
	assert_true(l.conf.settings.udp_encap);
	assert_true(l.conf.settings.install_routes);
	assert_string_equal(l.notes, "");
	loaded_free(&l);
}

static void the_file_as_shipped_says_nothing(void **state)
{
	struct loaded l = strongswan((struct fake_file[]){
		{ "/etc/strongswan.conf", "charon {\n\tload_modular = yes\n\tplugins {\n"
					  "\t\tinclude strongswan.d/charon/*.conf\n\t}\n}\n"
					  "include strongswan.d/*.conf\n" },
		{ "/etc/strongswan.d/charon/aes.conf", "aes {\n    # always\n    load = yes\n}\n" },
		{ "/etc/strongswan.d/charon/openssl.conf", "openssl {\n    load = 10\n}\n" },
		{ "/etc/strongswan.d/charon-systemd.conf",
			"charon-systemd {\n    journal {\n        # default = 1\n    }\n}\n" },
		{ "/etc/strongswan.d/pki.conf", "pki {\n    load = x\n}\n" }, { 0 } });

	(void)state;
	assert_int_equal(l.err, ERR_OK);
	assert_string_equal(l.notes, "");
	loaded_free(&l);
}

static void what_has_a_meaning_here_is_used(void **state)
{
	struct loaded l = strongswan_text(
		"charon {\nport = 1500\nport_nat_t = 1501\nretransmit_timeout = 2.5\nretransmit_base = 1.5\n"
		"retransmit_tries = 7\nretransmit_jitter = 3\nretransmit_limit = 60\nhalf_open_timeout = 12\n"
		"fragment_size = 0\n"
		"keep_alive = 1m\ncookie_threshold = 9\ncookie_threshold_ip = 8\nblock_threshold = 7\n"
		"init_limit_half_open = 6\ninit_limit_job_load = 5\nmake_before_break = no\n"
		"install_routes = no\n"
		"routing_table = 99\nrouting_table_prio = 98\n"
		"iptfs {\ndrop_time = 2000\nreorder_window = 9\ninit_delay = 300\nmax_queue_size = 4096\n"
		"packet_size = 1300\naccept_fragments = no\ndont_frag = yes\n}\nplugins {\n"
		"vici { socket = unix:///run/other.vici }\nkernel-libipsec { raw_esp = yes }\n} }");
	const struct settings *s = &l.conf.settings;

	(void)state;
	assert_int_equal(l.err, ERR_OK);
	assert_int_equal(s->port, 1500);
	assert_int_equal(s->port_nat_t, 1501);
	assert_int_equal(s->retransmit_timeout, 2500);
	assert_int_equal(s->retransmit_base, 1500);
	assert_int_equal(s->retransmit_tries, 7);
	assert_int_equal(s->retransmit_jitter, 3);
	assert_int_equal(s->retransmit_limit, 60000);
	assert_int_equal(s->fragment_size, 0);
	assert_int_equal(s->half_open_timeout, 12000);
	assert_int_equal(s->keep_alive, 60000);
	assert_int_equal(s->cookie_threshold, 9);
	assert_int_equal(s->cookie_threshold_ip, 8);
	assert_int_equal(s->block_threshold, 7);
	assert_int_equal(s->init_limit_half_open, 6);
	assert_int_equal(s->init_limit_job_load, 5);
	assert_false(s->make_before_break);
	assert_false(s->install_routes);
	assert_int_equal(s->routing_table, 99);
	assert_int_equal(s->routing_table_prio, 98);
	assert_int_equal(s->iptfs.drop_time, 2000);
	assert_int_equal(s->iptfs.reorder_window, 9);
	assert_int_equal(s->iptfs.init_delay, 300);
	assert_int_equal(s->iptfs.max_queue_size, 4096);
	assert_int_equal(s->iptfs.packet_size, 1300);
	assert_false(s->iptfs.accept_fragments);
	assert_true(s->iptfs.dont_fragment);
	assert_string_equal(s->vici_socket, "/run/other.vici");
	assert_false(s->udp_encap);
	assert_string_equal(l.notes,
		"s.conf: used, as there is no section daemon: charon.port, charon.port_nat_t, "
		"charon.retransmit_timeout, charon.retransmit_base, charon.retransmit_tries, "
		"charon.retransmit_jitter, charon.retransmit_limit, charon.half_open_timeout, "
		"charon.fragment_size, "
		"charon.keep_alive, charon.cookie_threshold, charon.cookie_threshold_ip, "
		"charon.block_threshold, charon.init_limit_half_open, charon.init_limit_job_load, "
		"charon.make_before_break, "
		"charon.install_routes, charon.routing_table, charon.routing_table_prio, "
		"charon.iptfs.drop_time, charon.iptfs.reorder_window, charon.iptfs.init_delay, "
		"charon.iptfs.max_queue_size, charon.iptfs.packet_size, charon.iptfs.accept_fragments, "
		"charon.iptfs.dont_frag, "
		"charon.plugins.vici.socket, charon.plugins.kernel-libipsec.raw_esp");
	loaded_free(&l);
}

static void the_section_of_charon_systemd_wins(void **state)
{
	struct loaded l = strongswan_text("charon-systemd { port = 1600 }\ncharon { port = 1500 }");

	(void)state;
	assert_int_equal(l.err, ERR_OK);
	assert_int_equal(l.conf.settings.port, 1600);
	assert_string_equal(
		l.notes, "s.conf: used, as there is no section daemon: charon.port, charon-systemd.port");
	loaded_free(&l);
}

static void the_rest_is_named_in_one_line_without_values(void **state)
{
	struct loaded l =
		strongswan_text("charon { threads = 16\nretransmit_trys = 3\nfilelog { log { path = "
				"/var/log/x\ndefault = 2 } }\n"
				"plugins { eap-radius { load = no\nservers { a { secret = hush } } } } }\n"
				"libtls { version_min = 1.2 }\nswanctl { load = x }");

	(void)state;
	assert_int_equal(l.err, ERR_OK);
	assert_string_equal(l.notes,
		"s.conf: without effect here: charon.threads, charon.retransmit_trys, "
		"charon.filelog.log.path, charon.filelog.log.default, charon.plugins.eap-radius.load, "
		"charon.plugins.eap-radius.servers.a.secret, libtls.version_min");
	loaded_free(&l);
}

static void a_long_rest_is_cut_short(void **state)
{
	struct arena arena = { 0 };
	struct text file = text_in(&arena);
	struct loaded l;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		text_add(&file, "charon { key%u = 1 }\n", i);
	l = strongswan_text(text_str(&file));
	assert_int_equal(l.err, ERR_OK);
	assert_non_null(strstr(l.notes, "charon.key39 and 60 more"));
	assert_null(strstr(l.notes, "key40"));
	loaded_free(&l);
	arena_free(&arena);
}

static void what_is_wrong_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "charon {\nport = 0\n}",
			"s.conf:2: charon.port: \"0\" is not a port; write a number from 1 to 65535" },
		{ "charon {\nplugins { vici {\nsocket = tcp://127.0.0.1:4502\n} } }",
			"s.conf:3: charon.plugins.vici.socket: \"tcp://127.0.0.1:4502\" is not the place of "
			"a socket; "
			"write unix:// and an absolute path" },
		{ "charon { port = 4500 }",
			"s.conf: port and port_nat_t must differ: they tell IKE from ESP in UDP" },
		{ "charon {\n", "s.conf:1: charon: the section that begins here is never closed: a \"}\" is "
				"missing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct loaded l = strongswan_text(rows[i].text);

		assert_int_equal(l.err, ERR_SYNTAX);
		assert_string_equal(l.why, rows[i].why);
		loaded_free(&l);
	}
}

/* A file of this machine with TEXT in it; its name in PATH. */
static void write_file(char *path, const char *text)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static uint16_t port_with(const char *conf, const char *strongswan_conf)
{
	char path[] = "/tmp/test_conf_strongswan.XXXXXX";
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	struct conf out;
	uint16_t port;

	if (conf)
		write_file(path, conf);
	setenv("STRONGSWAN_CONF", strongswan_conf, 1);
	assert_int_equal(conf_load_system(conf ? path : NULL, &out, &why, &notes), ERR_OK);
	port = out.settings.port;
	conf_free(&out);
	arena_free(&arena);
	if (conf)
		unlink(path);
	return port;
}

static void it_counts_only_where_there_is_no_section_daemon(void **state)
{
	char path[] = "/tmp/test_conf_strongswan.XXXXXX";

	(void)state;
	write_file(path, "charon { port = 1700 }");
	assert_int_equal(port_with(NULL, path), 1700);
	assert_int_equal(port_with("connections { }", path), 1700);
	assert_int_equal(port_with("daemon { keep_alive = 0 }", path), 500);
	assert_int_equal(port_with("connections { }", ""), 500);
	unlink(path);
}

static void a_file_that_is_named_must_be_there(void **state)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	struct conf out;

	(void)state;
	setenv("STRONGSWAN_CONF", "/nonexistent/s.conf", 1);
	assert_int_equal(conf_load_system(NULL, &out, &why, &notes), ERR_MISSING);
	assert_string_equal(text_str(&why), "/nonexistent/s.conf: there is no such file");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_changes_nothing_and_says_nothing),
		cmocka_unit_test(the_file_as_shipped_says_nothing),
		cmocka_unit_test(what_has_a_meaning_here_is_used),
		cmocka_unit_test(the_section_of_charon_systemd_wins),
		cmocka_unit_test(the_rest_is_named_in_one_line_without_values),
		cmocka_unit_test(a_long_rest_is_cut_short),
		cmocka_unit_test(what_is_wrong_is_refused_with_its_place),
		cmocka_unit_test(it_counts_only_where_there_is_no_section_daemon),
		cmocka_unit_test(a_file_that_is_named_must_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
