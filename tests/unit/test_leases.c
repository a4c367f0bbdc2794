/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets which virtual address, and what outlives a restart. */
#include "tests/unit/unit.h"

#include "daemon/lease_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct bench {
	struct leases l;
	struct arena arena;
	char folder[64];
	const char *path;
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	leases_start(&b->l);
	strcpy(b->folder, "/tmp/test_leases.XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	b->path = arena_printf(&b->arena, "%s/leases", b->folder);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	leases_stop(&b->l);
	(void)unlink(b->path);
	(void)rmdir(b->folder);
	arena_free(&b->arena);
	free(b);
	return 0;
}

static struct ip ip(const char *s)
{
	struct ip out;

	assert_int_equal(ip_parse(s, &out), ERR_OK);
	return out;
}

static struct vip_pool pool(const char *name, const char *range)
{
	struct vip_pool p = { .name = name };

	assert_int_equal(ip_range_parse(range, &p.lo, &p.hi), ERR_OK);
	return p;
}

static struct id id(const char *s)
{
	return (struct id){ ID_FQDN, bytes_str(s) };
}

/* WHO gets an address of P: its text, or NULL. */
static const char *get_as(struct bench *b, const struct vip_pool *p, const char *who, struct lease_request r)
{
	const struct vip_pool *const pools[] = { p };
	struct id holder = id(who);
	struct ip out;
	enum err e;

	r.pools = pools;
	r.n_pools = 1;
	r.id = &holder;
	if (!r.wanted.v)
		r.wanted.v = p->lo.v;
	e = leases_get(&b->l, &r, &out);
	assert_true(e == ERR_OK || e == ERR_MISSING);
	return e ? NULL : ip_print(&out, arena_alloc(&b->arena, IP_TEXT));
}

static const char *get(struct bench *b, const struct vip_pool *p, const char *who)
{
	return get_as(b, p, who, (struct lease_request){ 0 });
}

static void put(struct bench *b, const char *address)
{
	struct ip a = ip(address);

	leases_put(&b->l, &a);
}

static void assert_counts(struct bench *b, const struct vip_pool *p, unsigned online, unsigned offline)
{
	const struct lease_area *a = leases_area(&b->l, p);

	assert_int_equal(a->online, online);
	assert_int_equal(a->offline, offline);
}

/* ------------------------------------------------------------------ giving */

static void an_address_stays_its_holders(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.4");

	leases_configure(&b->l, &p, 1);
	assert_string_equal(get(b, &p, "alice"), "10.3.0.1");
	assert_string_equal(get(b, &p, "bob"), "10.3.0.2");
	put(b, "10.3.0.1");
	assert_string_equal(get(b, &p, "carol"), "10.3.0.3");
	assert_counts(b, &p, 2, 1);
	assert_string_equal(get(b, &p, "alice"), "10.3.0.1");
	assert_counts(b, &p, 3, 0);
}

static void the_one_that_is_free_for_longest_goes_to_somebody_else(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.3");

	leases_configure(&b->l, &p, 1);
	get(b, &p, "alice");
	get(b, &p, "bob");
	get(b, &p, "carol");
	put(b, "10.3.0.2");
	put(b, "10.3.0.1");
	put(b, "10.3.0.3");
	assert_string_equal(get(b, &p, "dave"), "10.3.0.2");
	assert_string_equal(get(b, &p, "bob"), "10.3.0.1");
	assert_string_equal(get(b, &p, "carol"), "10.3.0.3");
	assert_null(get(b, &p, "alice"));
	assert_counts(b, &p, 3, 0);
}

static void one_in_use_is_nobody_elses(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.2");
	struct lease_request r = { .wanted = ip("10.3.0.1") };

	leases_configure(&b->l, &p, 1);
	get(b, &p, "alice");
	assert_string_equal(get_as(b, &p, "bob", r), "10.3.0.2");
	assert_null(get_as(b, &p, "carol", r));
}

/* Also in no pool, and whoever had it; in use it is only its holder's. */
static void one_that_is_assigned_is_had_by_nobody_else(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.2"), only = pool("", "10.9.0.9-10.9.0.9");
	struct lease_request r = { .wanted = ip("10.9.0.9"), .assigned = true, .remote = ip("192.0.2.1") };

	leases_configure(&b->l, &p, 1);
	assert_string_equal(get_as(b, &only, "alice", r), "10.9.0.9");
	assert_null(get_as(b, &only, "bob", r));
	assert_string_equal(get_as(b, &only, "alice", r), "10.9.0.9");
	put(b, "10.9.0.9");
	assert_null(get_as(b, &only, "bob", r));
	put(b, "10.9.0.9");
	assert_string_equal(get_as(b, &only, "bob", r), "10.9.0.9");
	assert_null(get_as(b, &only, "alice", r));
	assert_counts(b, &p, 0, 0);
}

/* The same peer from the same place, or one that has lost what it had. */
static void its_holder_may_share_it_with_itself(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.9");
	struct lease_request here = { .wanted = ip("10.3.0.1"), .remote = ip("192.0.2.1") }, there = here;

	there.remote = ip("192.0.2.2");
	leases_configure(&b->l, &p, 1);
	assert_string_equal(get_as(b, &p, "alice", here), "10.3.0.1");
	assert_string_equal(get_as(b, &p, "alice", here), "10.3.0.1");
	assert_string_equal(get_as(b, &p, "alice", there), "10.3.0.2");
	there.replaces = true;
	assert_string_equal(get_as(b, &p, "alice", there), "10.3.0.1");
	assert_counts(b, &p, 2, 0);
	put(b, "10.3.0.1");
	put(b, "10.3.0.1");
	assert_counts(b, &p, 2, 0);
	put(b, "10.3.0.1");
	assert_counts(b, &p, 1, 1);
	put(b, "10.3.0.1");
	assert_counts(b, &p, 1, 1);
}

static void two_of_one_peer_are_not_the_same(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.9");
	struct ip first = ip("10.3.0.1");

	leases_configure(&b->l, &p, 1);
	assert_string_equal(get(b, &p, "alice"), "10.3.0.1");
	assert_string_equal(
		get_as(b, &p, "alice",
			(struct lease_request){ .replaces = true, .given = &first, .n_given = 1 }),
		"10.3.0.2");
}

static void an_address_per_user_is_a_pool_of_one(void **state)
{
	struct bench *b = *state;
	struct vip_pool all[] = { pool("rw", "10.3.0.1-10.3.0.9"), pool("alice", "10.3.0.5") };

	leases_configure(&b->l, all, 2);
	assert_string_equal(get(b, &all[1], "alice"), "10.3.0.5");
	assert_null(get(b, &all[1], "bob"));
	for (unsigned i = 0; i < 8; i++)
		assert_string_not_equal(get(b, &all[0], "many"), "10.3.0.5");
	assert_null(get(b, &all[0], "many"));
}

static void families_are_apart(void **state)
{
	struct bench *b = *state;
	struct vip_pool all[] = { pool("four", "10.3.0.1-10.3.0.9"),
		pool("six", "2001:db8::1-2001:db8::ffff") };

	leases_configure(&b->l, all, 2);
	assert_string_equal(get(b, &all[1], "alice"), "2001:db8::1");
	assert_string_equal(get(b, &all[0], "alice"), "10.3.0.1");
	assert_counts(b, &all[0], 1, 0);
	assert_counts(b, &all[1], 1, 0);
}

static void the_last_address_of_all_is_one(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "255.255.255.254-255.255.255.255");

	leases_configure(&b->l, &p, 1);
	assert_string_equal(get(b, &p, "alice"), "255.255.255.254");
	assert_string_equal(get(b, &p, "bob"), "255.255.255.255");
	assert_null(get(b, &p, "carol"));
}

static void an_identity_may_be_too_long(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.9");
	const struct vip_pool *const pools[] = { &p };
	struct id holder = { ID_KEY_ID, bytes_of(arena_alloc(&b->arena, 2000), LEASE_ID_MAX + 1) };
	struct ip out;

	leases_configure(&b->l, &p, 1);
	assert_int_equal(leases_get(&b->l,
				 &(struct lease_request){
					 .pools = pools, .n_pools = 1, .id = &holder, .wanted = { .v = 4 } },
				 &out),
		ERR_RANGE);
}

/* ---------------------------------------------------------------- configuring */

static void pools_may_grow_and_go(void **state)
{
	struct bench *b = *state;
	struct vip_pool small = pool("p", "10.3.0.1-10.3.0.2"), large = pool("p", "10.3.0.1-10.3.0.4");

	leases_configure(&b->l, &small, 1);
	get(b, &small, "alice");
	get(b, &small, "bob");
	put(b, "10.3.0.1");
	leases_configure(&b->l, NULL, 0);
	put(b, "10.3.0.2");
	assert_null(leases_area(&b->l, &small));
	leases_configure(&b->l, &large, 1);
	assert_counts(b, &large, 0, 2);
	assert_string_equal(get(b, &large, "carol"), "10.3.0.3");
	assert_string_equal(get(b, &large, "bob"), "10.3.0.2");
	assert_string_equal(get(b, &large, "dave"), "10.3.0.4");
	assert_string_equal(get(b, &large, "erin"), "10.3.0.1");
}

/* Nested, the same twice, and in any order. */
static void pools_may_overlap(void **state)
{
	struct bench *b = *state;
	struct vip_pool all[] = { pool("c", "10.3.0.4-10.3.0.5"), pool("a", "10.3.0.1-10.3.0.8"),
		pool("b", "10.3.0.2-10.3.0.3"), pool("a2", "10.3.0.1-10.3.0.8") };
	unsigned mask = 0;

	leases_configure(&b->l, all, 4);
	assert_int_equal(b->l.n_areas, 3);
	for (unsigned i = 0; i < 8; i++)
		mask |= 1u << (get(b, &all[i % 2 ? 1 : 3], "many")[strlen("10.3.0.")] - '0');
	assert_int_equal(mask, 0x1fe);
	assert_null(get(b, &all[0], "x"));
	assert_null(get(b, &all[2], "x"));
	assert_counts(b, &all[1], 4, 0);
	put(b, "10.3.0.8");
	assert_string_equal(get(b, &all[3], "y"), "10.3.0.8");
}

/* -------------------------------------------------------------------- many */

enum { MANY = 65536 };

static const char *name_of(struct bench *b, unsigned i)
{
	return arena_printf(&b->arena, "peer-%u", i);
}

/* What is looked at is counted, not timed: a pool with as many holders as addresses is walked once. */
static void a_full_pool_takes_no_longer(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.0-10.3.255.255");

	leases_configure(&b->l, &p, 1);
	for (unsigned i = 0; i < MANY; i++)
		assert_non_null(get(b, &p, name_of(b, i)));
	assert_int_equal(leases_area(&b->l, &p)->fresh.v, 0);
	assert_null(get(b, &p, "one too many"));
	assert_counts(b, &p, MANY, 0);
	for (unsigned i = 0; i < MANY; i++)
		put(b, ip_print(&(struct ip){ 4, { 10, 3, (uint8_t)(i >> 8), (uint8_t)i } },
			       arena_alloc(&b->arena, IP_TEXT)));
	assert_counts(b, &p, 0, MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_non_null(get(b, &p, name_of(b, MANY - 1 - i)));
	assert_counts(b, &p, MANY, 0);
	assert_int_equal(b->l.n, MANY);
	assert_int_equal(b->l.by_id.count, MANY);
}

/* Thousands that share an identity do not look at each other's. */
static void one_identity_may_have_many(void **state)
{
	struct bench *b = *state;
	struct vip_pool all[] = { pool("p", "10.3.0.0-10.3.255.255"), pool("q", "10.4.0.0-10.4.255.255") };

	leases_configure(&b->l, all, 2);
	for (unsigned i = 0; i < MANY; i++)
		get(b, &all[0], "all");
	for (unsigned i = 0; i < MANY; i++)
		put(b, ip_print(&(struct ip){ 4, { 10, 3, (uint8_t)(i >> 8), (uint8_t)i } },
			       arena_alloc(&b->arena, IP_TEXT)));
	for (unsigned i = 0; i < MANY; i++)
		get(b, &all[1], "all");
	assert_counts(b, &all[0], 0, MANY);
	assert_counts(b, &all[1], MANY, 0);
	assert_int_equal(b->l.by_id.count, 1);
}

static void many_pools_of_one_are_found(void **state)
{
	struct bench *b = *state;
	struct vip_pool *all = ARENA_ARRAY(&b->arena, MANY, struct vip_pool);

	for (unsigned i = 0; i < MANY; i++) {
		all[i].name = name_of(b, i);
		all[i].lo = all[i].hi = (struct ip){ 4, { 10, 3, (uint8_t)(i >> 8), (uint8_t)i } };
	}
	leases_configure(&b->l, all, MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_non_null(get(b, &all[i], all[i].name));
	leases_configure(&b->l, all, MANY);
	assert_counts(b, &all[MANY - 1], 1, 0);
}

/* -------------------------------------------------------------------- the file */

static unsigned said;

static void say(const char *line)
{
	assert_non_null(line);
	said++;
}

/* The leases of the file, as another daemon finds them. */
static struct bench *restart(struct bench *b, struct lease_file *f)
{
	lease_file_stop(f);
	leases_stop(&b->l);
	leases_start(&b->l);
	lease_file_start(f, b->path, &b->l, say);
	return b;
}

static void append(const struct bench *b, const char *text)
{
	int fd = open(b->path, O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static off_t size_of(const struct bench *b)
{
	struct stat st;

	assert_int_equal(stat(b->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	return st.st_size;
}

static void a_restart_keeps_who_had_what(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.3");
	struct lease_file f;

	said = 0;
	lease_file_start(&f, b->path, &b->l, say);
	leases_configure(&b->l, &p, 1);
	get(b, &p, "alice");
	get(b, &p, "bob");
	get(b, &p, "");
	put(b, "10.3.0.2");
	put(b, "10.3.0.1");
	restart(b, &f);
	leases_configure(&b->l, &p, 1);
	assert_counts(b, &p, 0, 3);
	assert_string_equal(get(b, &p, "alice"), "10.3.0.1");
	/* Bob's is the one that is free for longest. */
	assert_string_equal(get(b, &p, "carol"), "10.3.0.2");
	assert_string_equal(get(b, &p, ""), "10.3.0.3");
	restart(b, &f);
	leases_configure(&b->l, &p, 1);
	assert_string_equal(get(b, &p, "carol"), "10.3.0.2");
	assert_int_equal(said, 0);
	lease_file_stop(&f);
}

/* A line is cut off wherever the machine stopped; those before it count. */
static void a_crash_in_the_middle_of_writing_costs_one_line(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.3");
	struct lease_file f;
	off_t whole, all;

	lease_file_start(&f, b->path, &b->l, say);
	leases_configure(&b->l, &p, 1);
	get(b, &p, "alice");
	whole = size_of(b);
	get(b, &p, "bob");
	all = size_of(b);
	for (off_t cut = all - 1; cut > whole; cut--) {
		said = 0;
		assert_int_equal(truncate(b->path, cut), 0);
		restart(b, &f);
		assert_int_equal(said, 1);
		assert_int_equal(b->l.n, 1);
		/* What comes next does not join what was cut off. */
		leases_configure(&b->l, &p, 1);
		assert_string_equal(get(b, &p, "carol"), "10.3.0.2");
		restart(b, &f);
		assert_int_equal(said, 1);
		assert_int_equal(b->l.n, 2);
		leases_configure(&b->l, &p, 1);
		assert_string_equal(get(b, &p, "alice"), "10.3.0.1");
		assert_string_equal(get(b, &p, "carol"), "10.3.0.2");
		lease_file_stop(&f);
		leases_stop(&b->l);
		leases_start(&b->l);
		assert_int_equal(truncate(b->path, 0), 0);
		lease_file_start(&f, b->path, &b->l, say);
		leases_configure(&b->l, &p, 1);
		get(b, &p, "alice");
		get(b, &p, "bob");
	}
	lease_file_stop(&f);
}

static void lines_of_others_do_not_count(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.3");
	struct lease_file f;

	said = 0;
	lease_file_start(&f, b->path, &b->l, say);
	leases_configure(&b->l, &p, 1);
	get(b, &p, "alice");
	append(b, "- 10.3.0.3 2 626f62 0000000000000000\nhello\n\n10.3.0.3\n");
	get(b, &p, "bob");
	restart(b, &f);
	assert_int_equal(said, 1);
	assert_int_equal(b->l.n, 2);
	/* They are not there any more. */
	restart(b, &f);
	assert_int_equal(said, 1);
	lease_file_stop(&f);
}

static void the_file_does_not_grow_for_ever(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.3");
	struct lease_file f;
	off_t line;

	lease_file_start(&f, b->path, &b->l, say);
	leases_configure(&b->l, &p, 1);
	get(b, &p, "alice");
	line = size_of(b);
	for (unsigned i = 0; i < 3 * LEASE_FILE_SLACK; i++) {
		put(b, "10.3.0.1");
		get(b, &p, "alice");
		assert_true(size_of(b) <= line * (LEASE_FILE_SLACK + 2));
	}
	restart(b, &f);
	assert_int_equal(b->l.n, 1);
	assert_int_equal(size_of(b), line);
	lease_file_stop(&f);
}

static ino_t inode_of(const struct bench *b)
{
	struct stat st;

	assert_int_equal(stat(b->path, &st), 0);
	return st.st_ino;
}

/* A disk may be slow. */
static void a_start_leaves_the_file_as_it_is_where_it_is_good(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.3");
	struct lease_file f;
	ino_t inode;
	off_t size;

	said = 0;
	lease_file_start(&f, b->path, &b->l, say);
	leases_configure(&b->l, &p, 1);
	get(b, &p, "alice");
	size = size_of(b);
	inode = inode_of(b);
	restart(b, &f);
	assert_int_equal(inode_of(b), inode);
	assert_int_equal(size_of(b), size);
	leases_configure(&b->l, &p, 1);
	assert_string_equal(get(b, &p, "bob"), "10.3.0.2");
	assert_true(size_of(b) > size);
	/* Somebody else may have read it, or written to it. */
	assert_int_equal(chmod(b->path, 0644), 0);
	restart(b, &f);
	assert_int_equal(b->l.n, 2);
	(void)size_of(b);
	assert_int_not_equal(inode_of(b), inode);
	assert_int_equal(said, 0);
	lease_file_stop(&f);
}

static void a_folder_that_cannot_be_written_is_said(void **state)
{
	struct bench *b = *state;
	struct vip_pool p = pool("p", "10.3.0.1-10.3.0.3");
	struct lease_file f;

	said = 0;
	lease_file_start(&f, "/proc/self/none/leases", &b->l, say);
	leases_configure(&b->l, &p, 1);
	assert_string_equal(get(b, &p, "alice"), "10.3.0.1");
	assert_int_equal(said, 1);
	lease_file_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_address_stays_its_holders, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_one_that_is_free_for_longest_goes_to_somebody_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_in_use_is_nobody_elses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			one_that_is_assigned_is_had_by_nobody_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(its_holder_may_share_it_with_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_of_one_peer_are_not_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_address_per_user_is_a_pool_of_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(families_are_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_last_address_of_all_is_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_identity_may_be_too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pools_may_grow_and_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pools_may_overlap, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_pool_takes_no_longer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_identity_may_have_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_pools_of_one_are_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_restart_keeps_who_had_what, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_crash_in_the_middle_of_writing_costs_one_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lines_of_others_do_not_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_file_does_not_grow_for_ever, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_start_leaves_the_file_as_it_is_where_it_is_good, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_written_is_said, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
