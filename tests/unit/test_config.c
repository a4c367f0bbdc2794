/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the file says and what came over VICI: which of them is in force, who may take what away, what counts
 * as the same, and that nothing is left of secrets. */
#include "tests/unit/unit.h"

#include "daemon/config.h"
#include "tests/unit/conf_help.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define FILE_PATH "/etc/ikev2d/ikev2d.conf"

static struct config config;
static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	config_start(&config, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	config_stop(&config);
	arena_free(&arena);
	return 0;
}

/* ---------------------------------------------------------------- configurations */

static const char *conn(const char *name, const char *more)
{
	return arena_printf(&arena,
		"connections { %s { local { auth = psk }\n remote { auth = psk }\n children { n { } }\n %s\n "
		"} }\n",
		name, more);
}

static const char *shared(const char *name, const char *value)
{
	return arena_printf(
		&arena, "secrets { %s { id = %s.example\n secret = \"%s\"\n } }\n", name, name, value);
}

static const char *all(const char *a, const char *b, const char *c)
{
	return arena_printf(&arena, "%s%s%s", a, b, c);
}

static void read_as(const char *path, const char *text)
{
	struct loaded l = load_text(text);

	assert_string_equal(l.why, "");
	config_take(&config, path, &l.conf);
	loaded_free(&l);
}

static void read_file(const char *text)
{
	read_as(FILE_PATH, text);
}

/* What VICI loads: the first object of a kind in TEXT. */
static bool load_conn(const char *text)
{
	struct loaded l = load_text(text);
	bool changed;

	assert_string_equal(l.why, "");
	l.conf.peers[0]->origin = ORIGIN_VICI;
	changed = config_load(&config, CONFIG_CONN, &l.conf.peers[0]);
	loaded_free(&l);
	return changed;
}

static bool load_secret(const char *text)
{
	struct loaded l = load_text(text);
	bool changed;

	assert_string_equal(l.why, "");
	l.conf.secrets[0].origin = ORIGIN_VICI;
	changed = config_load(&config, CONFIG_SECRET, &l.conf.secrets[0]);
	loaded_free(&l);
	return changed;
}

static enum err unload(enum config_kind kind, const char *name)
{
	struct text why = text_in(&arena);

	return config_unload(&config, kind, name, &why);
}

/* "file:a vici:b" of the connections in force, in their order; and the same of secrets. */
static const char *conns(void)
{
	const struct conf *c = config_now(&config);
	struct text t = text_in(&arena);

	for (unsigned i = 0; i < c->n_peers; i++)
		text_add(&t, "%s%s:%s", i ? " " : "", c->peers[i]->origin == ORIGIN_VICI ? "vici" : "file",
			c->peers[i]->name);
	return text_str(&t);
}

static const char *secrets(void)
{
	const struct conf *c = config_now(&config);
	struct text t = text_in(&arena);

	for (unsigned i = 0; i < c->n_secrets; i++)
		text_add(&t, "%s%s:%s=%.*s", i ? " " : "",
			c->secrets[i].origin == ORIGIN_VICI ? "vici" : "file", c->secrets[i].name,
			(int)c->secrets[i].data.n, (const char *)c->secrets[i].data.p);
	return text_str(&t);
}

/* --------------------------------------------------------------------- origins */

static void each_has_its_own(void **state)
{
	(void)state;
	read_file(all(conn("a", ""), conn("b", ""), shared("ike-a", "moon")));
	assert_true(load_conn(conn("c", "")));
	assert_true(load_secret(shared("ike-c", "sun")));
	assert_string_equal(conns(), "file:a file:b vici:c");
	assert_string_equal(secrets(), "file:ike-a=moon vici:ike-c=sun");
	assert_int_equal(unload(CONFIG_CONN, "a"), ERR_MISSING);
	assert_int_equal(unload(CONFIG_SECRET, "ike-a"), ERR_MISSING);
	assert_int_equal(unload(CONFIG_CONN, "none"), ERR_MISSING);
	assert_int_equal(unload(CONFIG_CONN, "c"), ERR_OK);
	assert_int_equal(unload(CONFIG_CONN, "c"), ERR_MISSING);
	assert_string_equal(conns(), "file:a file:b");
	config_clear_creds(&config);
	assert_string_equal(secrets(), "file:ike-a=moon");
}

static void a_refusal_says_what_to_do(void **state)
{
	struct text why = text_in(&arena), none = text_in(&arena);

	(void)state;
	assert_int_equal(config_unload(&config, CONFIG_SECRET, "s", &none), ERR_MISSING);
	assert_string_equal(text_str(&none), "no secret s was loaded over VICI");
	read_file(conn("a", ""));
	assert_int_equal(config_unload(&config, CONFIG_CONN, "a", &why), ERR_MISSING);
	assert_string_equal(text_str(&why), "no connection a was loaded over VICI; what " FILE_PATH
					    " says is changed there, and read again by \"ipsec reload\"");
}

/* In its place, so that the order stays. */
static void vicis_stands_in_front_of_the_files(void **state)
{
	(void)state;
	read_file(all(conn("a", ""), conn("b", ""), shared("ike-a", "moon")));
	assert_true(load_conn(conn("a", "unique = keep")));
	assert_true(load_secret(shared("ike-a", "sun")));
	assert_string_equal(conns(), "vici:a file:b");
	assert_string_equal(secrets(), "vici:ike-a=sun");
	assert_int_equal(config_conn(&config, "a")->unique, UNIQUE_KEEP);
	read_file(all(conn("a", "unique = never"), conn("b", ""), shared("ike-a", "mars")));
	assert_string_equal(conns(), "vici:a file:b");
	assert_string_equal(secrets(), "vici:ike-a=sun");
	assert_int_equal(unload(CONFIG_CONN, "a"), ERR_OK);
	config_clear_creds(&config);
	assert_string_equal(conns(), "file:a file:b");
	assert_string_equal(secrets(), "file:ike-a=mars");
	assert_int_equal(config_conn(&config, "a")->unique, UNIQUE_NEVER);
}

static void reading_again_touches_only_the_files(void **state)
{
	(void)state;
	read_file(all(conn("a", ""), conn("b", ""), shared("ike-a", "moon")));
	load_conn(conn("c", ""));
	load_secret(shared("ike-c", "sun"));
	read_file(all(conn("d", ""), conn("b", ""), ""));
	assert_string_equal(conns(), "file:d file:b vici:c");
	assert_string_equal(secrets(), "vici:ike-c=sun");
	assert_null(config_conn(&config, "a"));
	read_as(NULL, "");
	assert_string_equal(conns(), "vici:c");
}

/* ----------------------------------------------------------- swanctl's own file */

static void swanctls_own_file_counts_as_vicis(void **state)
{
	(void)state;
	read_as(CONFIG_SWANCTL, all(conn("a", ""), conn("b", ""), shared("ike-a", "moon")));
	assert_string_equal(conns(), "vici:a vici:b");
	assert_string_equal(secrets(), "vici:ike-a=moon");
	assert_int_equal(unload(CONFIG_CONN, "a"), ERR_OK);
	assert_string_equal(conns(), "vici:b");
	config_clear_creds(&config);
	assert_string_equal(secrets(), "");
	read_as(CONFIG_SWANCTL, all(conn("a", ""), conn("b", ""), shared("ike-a", "moon")));
	assert_string_equal(conns(), "vici:a vici:b");
	assert_string_equal(secrets(), "vici:ike-a=moon");
}

/* `swanctl --load-all` after the file was edited, and "ipsec reload" after that. */
static void swanctls_own_file_is_loaded_and_read(void **state)
{
	(void)state;
	read_as(CONFIG_SWANCTL, all(conn("a", ""), conn("b", ""), ""));
	assert_false(load_conn(conn("a", "")));
	assert_true(load_conn(conn("b", "unique = keep")));
	load_conn(conn("c", ""));
	read_as(CONFIG_SWANCTL, all(conn("b", "unique = never"), "", ""));
	assert_string_equal(conns(), "vici:b vici:c");
	assert_int_equal(config_conn(&config, "b")->unique, UNIQUE_NEVER);
	read_as(CONFIG_SWANCTL, "");
	assert_string_equal(conns(), "vici:c");
}

/* A file of our own has been made meanwhile. */
static void another_file_takes_its_place(void **state)
{
	(void)state;
	read_as(CONFIG_SWANCTL, all(conn("a", ""), conn("b", ""), shared("ike-a", "moon")));
	read_file(all(conn("b", ""), conn("c", ""), ""));
	assert_string_equal(conns(), "file:b file:c");
	assert_string_equal(secrets(), "");
}

/* ----------------------------------------------------------------------- kinds */

/* An object of each kind, called n, and others that say something else; NULL ends them. */
static const struct {
	const char *same;
	const char *others[8];
} objects[CONFIG_KINDS] = {
	[CONFIG_CONN] = { "connections { n { local { auth = psk }\n remote { auth = psk }\n } }",
		{ "connections { n { local { auth = psk }\n remote { auth = psk\n id = a.example }\n } }",
			"connections { n { local { auth = psk }\n remote { auth = psk }\n local-2 { auth = "
			"eap }\n } }" } },
	[CONFIG_SECRET] = { "secrets { ike-n { id = a.example\n secret = s } }",
		{ "secrets { ike-n { id = a.example\n secret = t } }",
			"secrets { ike-n { id = b.example\n secret = s } }",
			"secrets { ike-n { secret = s } }" } },
	[CONFIG_KEY] = { "secrets { private-n { file = f\n secret = s } }",
		{ "secrets { private-n { file = g\n secret = s } }",
			"secrets { private-n { file = f\n secret = t } }",
			"secrets { private-n { file = f } }" } },
	[CONFIG_POOL] = { "pools { n { addrs = 10.9.0.0/24\n dns = 10.9.9.9 } }",
		{ "pools { n { addrs = 10.9.0.0/25\n dns = 10.9.9.9 } }",
			"pools { n { addrs = 10.9.0.0/24\n dns = 10.9.9.8 } }",
			"pools { n { addrs = 10.9.0.0/24\n nbns = 10.9.9.9 } }",
			"pools { n { addrs = 10.9.0.0/24 } }" } },
	[CONFIG_AUTHORITY] = { "authorities { n { cacert = a.pem\n crl_uris = http://a.example/, "
			       "http://b.example/ } }",
		{ "authorities { n { cacert = b.pem\n crl_uris = http://a.example/, http://b.example/ } }",
			"authorities { n { cacert = a.pem\n crl_uris = http://a.example/ } }",
			"authorities { n { cacert = a.pem\n crl_uris = http://a.example/, http://c.example/ "
			"} }",
			"authorities { n { cacert = a.pem\n ocsp_uris = http://a.example/, http://b.example/ "
			"} }",
			"authorities { n { handle = 07\n crl_uris = http://a.example/, http://b.example/ } }",
			"authorities { n { cacert = a.pem\n cert_uri_base = x\n crl_uris = "
			"http://a.example/, http://b.example/ } }" } },
};

static void *first(struct conf *c, enum config_kind kind)
{
	const struct kind *k = kind_row(kind);

	assert_int_equal(*(const unsigned *)(const void *)((const char *)c + k->count), 1);
	return *(void **)(void *)((char *)c + k->at);
}

/* What TEXT has of KIND comes over VICI. */
static bool load(enum config_kind kind, const char *text)
{
	struct loaded l = load_text(text);
	bool changed;

	assert_string_equal(l.why, "");
	kind_set_origin(kind_row(kind), first(&l.conf, kind), ORIGIN_VICI);
	changed = config_load(&config, kind, first(&l.conf, kind));
	loaded_free(&l);
	return changed;
}

static const char *name_now(enum config_kind kind)
{
	return kind_name(kind_row(kind), first((struct conf *)config_now(&config), kind));
}

static void every_kind_is_kept_compared_and_taken_away(void **state)
{
	(void)state;
	for (enum config_kind kind = 0; kind < CONFIG_KINDS; kind++) {
		const char *const *other = objects[kind].others;
		const char *name;

		assert_true(load(kind, objects[kind].same));
		assert_false(load(kind, objects[kind].same));
		for (; *other; other++) {
			if (!load(kind, *other))
				fail_msg("this is taken for what was there before: %s", *other);
			assert_true(load(kind, objects[kind].same));
		}
		name = arena_str(&arena, name_now(kind));
		assert_int_equal(unload(kind, "none"), ERR_MISSING);
		assert_int_equal(unload(kind, name), ERR_OK);
		assert_int_equal(unload(kind, name), ERR_MISSING);
	}
}

static void every_kind_is_read_from_the_file(void **state)
{
	(void)state;
	for (enum config_kind kind = 0; kind < CONFIG_KINDS; kind++) {
		struct text why = text_in(&arena);
		const char *name;

		read_file(objects[kind].same);
		name = arena_str(&arena, name_now(kind));
		assert_int_equal(config_unload(&config, kind, name, &why), ERR_MISSING);
		assert_non_null(strstr(text_str(&why), kind_row(kind)->what));
		config_clear_creds(&config);
		assert_string_equal(name_now(kind), name);
		assert_true(load(kind, *objects[kind].others));
		read_file("");
		assert_string_equal(name_now(kind), name);
		config_clear_creds(&config);
		assert_int_equal(unload(kind, name), kind_row(kind)->credential ? ERR_MISSING : ERR_OK);
	}
}

/* -------------------------------------------------------------------- versions */

static void the_same_is_the_same_version(void **state)
{
	const struct peer *before;

	(void)state;
	load_conn(conn("a", "over_time = 1h"));
	before = peer_ref(config_conn(&config, "a"));
	assert_false(load_conn(conn("a", "over_time = 60m")));
	assert_ptr_equal(config_conn(&config, "a"), before);
	assert_true(load_conn(conn("a", "over_time = 2h")));
	assert_ptr_not_equal(config_conn(&config, "a"), before);
	peer_unref(before);
	load_secret(shared("ike-a", "moon"));
	assert_false(load_secret(shared("ike-a", "moon")));
	assert_true(load_secret(shared("ike-a", "moan")));
	assert_true(load_secret("secrets { ike-a { id = other.example\n secret = moan\n } }"));
}

/* It is the file's, and stays that. */
static void what_the_file_says_already_changes_nothing(void **state)
{
	(void)state;
	read_file(all(conn("a", ""), shared("ike-a", "moon"), ""));
	assert_false(load_conn(conn("a", "")));
	assert_false(load_secret(shared("ike-a", "moon")));
	assert_string_equal(conns(), "file:a");
	assert_string_equal(secrets(), "file:ike-a=moon");
}

/* Explanations quote the place, so it is the newer one's. */
static void what_has_moved_in_the_file_is_taken_anew(void **state)
{
	const struct peer *a;
	unsigned line;

	(void)state;
	read_file(all(conn("a", ""), conn("b", ""), shared("ike-a", "moon")));
	a = config_conn(&config, "a");
	line = config_conn(&config, "b")->at.line;
	read_file(all(conn("a", ""), "\n", all(conn("b", ""), shared("ike-a", "moon"), "")));
	assert_ptr_equal(config_conn(&config, "a"), a);
	assert_int_equal(config_conn(&config, "b")->at.line, line + 1);
	assert_int_equal(config_now(&config)->secrets[0].at.line, 2 * line);
}

/* --------------------------------------------------------------------- secrets */

/* Whether the octets that were at P are there no more; the sanitizers must not see us look. */
static void assert_wiped(const void *p, const char *secret)
{
	char now[64];
	size_t n = strlen(secret);
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && n < sizeof now);
	assert_int_equal(pread(fd, now, n, (off_t)(uintptr_t)p), n);
	assert_memory_not_equal(now, secret, n);
	close(fd);
}

static const void *data(void)
{
	const struct conf *c = config_now(&config);

	assert_int_equal(c->n_secrets, 1);
	return c->secrets[0].data.p;
}

static void removed_secrets_are_wiped(void **state)
{
	static const char secret[] = "as-long-as-no-one-knows-it";
	const void *p;

	(void)state;
	load_secret(shared("ike-a", secret));
	p = data();
	assert_memory_equal(p, secret, sizeof secret - 1);
	assert_int_equal(unload(CONFIG_SECRET, "ike-a"), ERR_OK);
	assert_wiped(p, secret);

	load_secret(shared("ike-a", secret));
	p = data();
	load_secret(shared("ike-a", "another"));
	assert_wiped(p, secret);
	config_clear_creds(&config);

	read_file(shared("ike-a", secret));
	p = data();
	read_file("");
	assert_wiped(p, secret);

	read_as(CONFIG_SWANCTL, shared("ike-a", secret));
	p = data();
	config_clear_creds(&config);
	assert_wiped(p, secret);
}

/* Also where the reader had put them. */
static void read_secrets_are_not_there_twice(void **state)
{
	static const char secret[] = "as-long-as-no-one-knows-it";
	struct loaded l = load_text(shared("ike-a", secret));
	const void *p = l.conf.secrets[0].data.p;

	(void)state;
	config_take(&config, FILE_PATH, &l.conf);
	assert_ptr_not_equal(data(), p);
	assert_wiped(p, secret);
	loaded_free(&l);
}

/* ------------------------------------------------------------------------ many */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One connection under so many names, and the same number taken away again. */
static double load_and_unload(struct peer **peers, unsigned n)
{
	double start = seconds();

	for (unsigned i = 0; i < n; i++)
		config_load(&config, CONFIG_CONN, &peers[i]);
	assert_int_equal(config_now(&config)->n_peers, n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(unload(CONFIG_CONN, peers[i]->name), ERR_OK);
	return seconds() - start;
}

/* Ten times as many take ten times as long, not a hundred times: the limit lies between. */
static void many_cost_in_proportion_to_their_number(void **state)
{
	enum { FEW = 1000, MANY = 10 * FEW };
	struct peer **peers = ARENA_ARRAY(&arena, MANY, struct peer *);
	double few, many, least = 1e9;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		peers[i] = peer_new();
		peers[i]->name = arena_printf(&peers[i]->arena, "c%u", i);
	}
	for (unsigned i = 0; i < 3; i++) {
		few = load_and_unload(peers, FEW);
		many = load_and_unload(peers, MANY);
		least = many / few < least ? many / few : least;
	}
	assert_true(least < 15);
	for (unsigned i = 0; i < MANY; i++)
		peer_unref(peers[i]);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_has_its_own),
		CASE(a_refusal_says_what_to_do),
		CASE(vicis_stands_in_front_of_the_files),
		CASE(reading_again_touches_only_the_files),
		CASE(swanctls_own_file_counts_as_vicis),
		CASE(swanctls_own_file_is_loaded_and_read),
		CASE(another_file_takes_its_place),
		CASE(every_kind_is_kept_compared_and_taken_away),
		CASE(every_kind_is_read_from_the_file),
		CASE(the_same_is_the_same_version),
		CASE(what_the_file_says_already_changes_nothing),
		CASE(what_has_moved_in_the_file_is_taken_anew),
		CASE(removed_secrets_are_wiped),
		CASE(read_secrets_are_not_there_twice),
		CASE(many_cost_in_proportion_to_their_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
