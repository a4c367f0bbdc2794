/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VICI's commands that load and unload: messages become connections and secrets. */
#include "unit.h"

#include "vici_client.h"

#include <stdlib.h>

/* Sends what was put into b->out. */
static const char *answer(struct vici_bench *b)
{
	if (!vici_client_input(b->s, vici_out_done(&b->out)))
		return "closed";
	return vici_read_all(b->s, &b->arena);
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static void put_list(struct vici_out *o, const char *name, const char *first, const char *second)
{
	vici_put_list(o, name);
	vici_put_item(o, first);
	if (second)
		vici_put_item(o, second);
	vici_put_list_end(o);
}

/* A connection as swanctl sends it; with one more key in its child. */
static void put_conn(struct vici_out *o, const char *key, const char *value)
{
	vici_out_packet(o, VICI_CMD_REQUEST, "load-conn");
	vici_put_section(o, "branch");
	vici_put_pair(o, "version", "2");
	put_list(o, "local_addrs", "192.0.2.1", NULL);
	put_list(o, "remote_addrs", "192.0.2.7", "192.0.2.8");
	put_list(o, "proposals", "aes256gcm16-prfsha384-ecp384", "aes128-sha256-x25519");
	vici_put_section(o, "local");
	vici_put_pair(o, "auth", "psk");
	vici_put_pair(o, "id", "a.example.org");
	vici_put_section_end(o);
	vici_put_section(o, "remote");
	vici_put_pair(o, "auth", "psk");
	vici_put_section_end(o);
	vici_put_section(o, "children");
	vici_put_section(o, "net");
	put_list(o, "local_ts", "10.1.0.0/16", "10.3.0.0/16");
	vici_put_pair(o, key, value);
	vici_put_section_end(o);
	vici_put_section_end(o);
	vici_put_section_end(o);
}

static void load_conn_makes_a_connection(void **state)
{
	struct vici_bench *b = *state;
	const struct peer *p;

	put_conn(&b->out, "start_action", "trap");
	assert_string_equal(answer(b), "response success=yes\n");
	p = b->fake->loaded;
	assert_string_equal(p->name, "branch");
	assert_int_equal(p->origin, ORIGIN_VICI);
	assert_int_equal(p->n_remote_addrs, 2);
	assert_int_equal(p->ike.n, 2);
	assert_int_equal(p->children[0].local.n, 2);
	assert_int_equal(p->children[0].start_action, ACTION_TRAP);
	assert_string_equal(p->children[0].at.section, "connections.branch.children.net");
}

static void load_conn_refuses_unknown_options_whole(void **state)
{
	struct vici_bench *b = *state;
	const char *got;

	put_conn(&b->out, "start_acton", "trap");
	got = answer(b);
	assert_true(has(got, "response success=no errmsg="));
	assert_true(has(got, "start_acton") && has(got, "start_action"));
	assert_null(b->fake->loaded);
}

/* The section "why" keeps the lines. */
static void a_refusal_is_one_line(void **state)
{
	struct vici_bench *b = *state;
	const char *got, *why;

	vici_out_packet(&b->out, VICI_CMD_REQUEST, "load-conn");
	vici_put_section(&b->out, "branch");
	vici_put_pair(&b->out, "remote_adrs", "192.0.2.7");
	vici_put_pair(&b->out, "rekey_time", "often");
	vici_put_section_end(&b->out);
	got = answer(b);
	why = strstr(got, " why {");
	assert_non_null(why);
	assert_null(memchr(got, '\n', (size_t)(why - got)));
	assert_true(has(got, "remote_adrs") && has(got, "; vici: connections.branch.rekey_time"));
}

static void load_conn_refuses_bad_values(void **state)
{
	struct vici_bench *b = *state;

	put_conn(&b->out, "rekey_time", "often");
	assert_true(has(answer(b), "response success=no errmsg="));
	assert_null(b->fake->loaded);
}

static void load_conn_takes_sections(void **state)
{
	struct vici_bench *b = *state;

	vici_out_packet(&b->out, VICI_CMD_REQUEST, "load-conn");
	assert_true(has(answer(b), "success=no errmsg=load-conn takes sections"));
	vici_out_packet(&b->out, VICI_CMD_REQUEST, "load-conn");
	vici_put_pair(&b->out, "name", "branch");
	assert_true(has(answer(b), "success=no errmsg=load-conn takes sections"));
	assert_null(b->fake->loaded);
}

/* Certificates come as they are, whatever octets they have, and need not be text. */
static void load_conn_takes_certificates(void **state)
{
	struct vici_bench *b = *state;
	const struct cert_confs *certs;

	vici_out_packet(&b->out, VICI_CMD_REQUEST, "load-conn");
	vici_put_section(&b->out, "branch");
	vici_put_section(&b->out, "local");
	put_list(&b->out, "certs", "0,a\nb", "second");
	vici_put_section_end(&b->out);
	vici_put_section_end(&b->out);
	assert_string_equal(answer(b), "response success=yes\n");
	certs = &b->fake->loaded->local.certs;
	assert_int_equal(certs->n, 2);
	assert_true(bytes_eq(certs->v[0].data, bytes_str("0,a\nb")));
	assert_true(bytes_eq(certs->v[1].data, bytes_str("second")));
}

static void load_conn_passes_the_daemons_refusal_on(void **state)
{
	struct vici_bench *b = *state;

	b->fake->refuse = true;
	put_conn(&b->out, "mode", "tunnel");
	vici_put_section(&b->out, "second");
	vici_put_section_end(&b->out);
	assert_true(has(answer(b), "why {what=refused by the test where=f.conf:1 (connections.gw)}"));
}

/* Others are served meanwhile. */
static void what_a_connection_has_elsewhere_is_looked_up_first(void **state)
{
	struct vici_bench *b = *state;
	struct vici_client *other = vici_client_open(b->fake, VICI_CHANGES);

	b->fake->looks = true;
	put_conn(&b->out, "start_action", "trap");
	assert_string_equal(answer(b), "");
	assert_int_equal(b->fake->wanted, 1);
	assert_null(b->fake->loaded);
	assert_true(has(vici_ask(other, "version", NULL, &b->arena), "response daemon="));
	vici_load(b->fake->vici, b->fake->ticket, NULL);
	assert_string_equal(vici_read_all(b->s, &b->arena), "response success=yes\n");
	assert_string_equal(b->fake->loaded->name, "branch");
	vici_load(b->fake->vici, b->fake->ticket, NULL); /* it is known no more */
	assert_string_equal(vici_read_all(b->s, &b->arena), "");
}

static void what_cannot_be_looked_up_is_not_loaded(void **state)
{
	struct vici_bench *b = *state;

	b->fake->looks = true;
	put_conn(&b->out, "start_action", "trap");
	assert_string_equal(answer(b), "");
	vici_load(b->fake->vici, b->fake->ticket, &(struct why){ .what = "it hangs" });
	assert_true(has(vici_read_all(b->s, &b->arena), "response success=no errmsg=it hangs"));
	assert_null(b->fake->loaded);
}

static void nothing_is_loaded_for_a_client_that_has_gone(void **state)
{
	struct vici_bench *b = *state;

	b->fake->looks = true;
	put_conn(&b->out, "start_action", "trap");
	assert_string_equal(answer(b), "");
	vici_client_close(b->s);
	b->s = vici_client_open(b->fake, VICI_CHANGES);
	assert_int_equal(b->fake->left, b->fake->ticket);
	vici_load(b->fake->vici, b->fake->ticket, NULL);
	assert_null(b->fake->loaded);
}

static const char newer[] = "response success=no errmsg=another client has loaded or unloaded branch";

/* The answer of C to what was put into b->out. */
static const char *answer_of(struct vici_bench *b, struct vici_client *c)
{
	assert_true(vici_client_input(c, vici_out_done(&b->out)));
	return vici_read_all(c, &b->arena);
}

/* An older one does not take the place of what another client has loaded, or taken away, since. */
static void who_waits_is_refused_when_a_newer_one_is_there(void **state)
{
	struct vici_bench *b = *state;
	struct vici_client *other = vici_client_open(b->fake, VICI_CHANGES);

	for (unsigned unloads = 0; unloads < 2; unloads++) {
		const struct peer *loaded;
		uint32_t ticket;

		b->fake->looks = true;
		put_conn(&b->out, "start_action", "trap");
		assert_string_equal(answer(b), "");
		ticket = b->fake->ticket;
		b->fake->looks = false;
		put_conn(&b->out, "start_action", "start");
		assert_string_equal(unloads ? vici_ask(other, "unload-conn", "name=branch", &b->arena)
					    : answer_of(b, other),
			"response success=yes\n");
		assert_true(has(vici_read_all(b->s, &b->arena), newer));
		assert_int_equal(b->fake->left, ticket);
		loaded = b->fake->loaded;
		vici_load(b->fake->vici, ticket, NULL);
		assert_ptr_equal(b->fake->loaded, loaded);
	}
}

/* What came first refuses no newer one that waits; nor does what is called otherwise. */
static void who_waits_gets_what_is_newer_or_another(void **state)
{
	struct vici_bench *b = *state;
	struct vici_client *other = vici_client_open(b->fake, VICI_CHANGES);
	uint32_t first;

	b->fake->looks = true;
	put_conn(&b->out, "start_action", "trap");
	assert_string_equal(answer(b), "");
	first = b->fake->ticket;
	put_conn(&b->out, "start_action", "start");
	assert_string_equal(answer_of(b, other), "");
	vici_load(b->fake->vici, first, NULL);
	assert_string_equal(vici_read_all(b->s, &b->arena), "response success=yes\n");
	assert_string_equal(
		vici_ask(b->s, "unload-conn", "name=another", &b->arena), "response success=yes\n");
	vici_load(b->fake->vici, b->fake->ticket, NULL);
	assert_string_equal(vici_read_all(other, &b->arena), "response success=yes\n");
}

static void put_pool(struct vici_out *o, const char *name, const char *addrs, const char *dns)
{
	vici_put_section(o, name);
	vici_put_pair(o, "addrs", addrs);
	put_list(o, "dns", dns, "10.1.0.2");
	vici_put_section_end(o);
}

static void load_pool_makes_a_pool(void **state)
{
	struct vici_bench *b = *state;
	const struct vip_pool *p = &b->fake->pool;
	char text[IP_TEXT];

	vici_out_packet(&b->out, VICI_CMD_REQUEST, "load-pool");
	put_pool(&b->out, "rw", "10.3.0.0/24", "10.1.0.1");
	assert_string_equal(answer(b), "response success=yes\n");
	assert_string_equal(p->name, "rw");
	assert_int_equal(p->origin, ORIGIN_VICI);
	assert_string_equal(ip_print(&p->lo, text), "10.3.0.1");
	assert_int_equal(p->n_attrs, 2);
}

static void load_pool_loads_all_or_none(void **state)
{
	struct vici_bench *b = *state;

	vici_out_packet(&b->out, VICI_CMD_REQUEST, "load-pool");
	put_pool(&b->out, "one", "10.3.0.0/24", "10.1.0.1");
	put_pool(&b->out, "two", "10.4.0.0/24", "10.1.0.1");
	assert_string_equal(answer(b), "response success=yes\n");
	assert_int_equal(b->fake->pools, 2);
	vici_out_packet(&b->out, VICI_CMD_REQUEST, "load-pool");
	put_pool(&b->out, "one", "10.3.0.0/24", "10.1.0.1");
	put_pool(&b->out, "two", "10.4.0.0/24", "nobody");
	assert_true(has(answer(b), "errmsg=vici: pools.two.dns: \"nobody\" is not an address or a prefix"));
	assert_int_equal(b->fake->pools, 2);
	vici_out_packet(&b->out, VICI_CMD_REQUEST, "load-pool");
	put_pool(&b->out, "one", "nowhere", "10.1.0.1");
	assert_true(has(answer(b), "\"nowhere\" is not a pool of addresses"));
	assert_int_equal(b->fake->pools, 2);
}

static void load_authority_makes_an_authority(void **state)
{
	struct vici_bench *b = *state;
	const struct authority *a = &b->fake->authority;

	vici_out_packet(&b->out, VICI_CMD_REQUEST, "load-authority");
	vici_put_section(&b->out, "root");
	vici_put_value(&b->out, "cacert", bytes_of("0\202\0\1,", 5));
	put_list(&b->out, "crl_uris", "http://a.example/a.crl", "http://b.example/b.crl");
	vici_put_section_end(&b->out);
	assert_string_equal(answer(b), "response success=yes\n");
	assert_string_equal(a->name, "root");
	assert_int_equal(a->origin, ORIGIN_VICI);
	assert_true(bytes_eq(a->cacert.data, bytes_of("0\202\0\1,", 5)));
	assert_int_equal(a->crl_uris.n, 2);
}

static void load_authority_needs_a_certificate(void **state)
{
	struct vici_bench *b = *state;

	vici_out_packet(&b->out, VICI_CMD_REQUEST, "load-authority");
	vici_put_section(&b->out, "root");
	put_list(&b->out, "crl_uris", "http://a.example/a.crl", NULL);
	vici_put_section_end(&b->out);
	assert_true(has(answer(b), "authorities.root: there is no certificate in it"));
	assert_int_equal(b->fake->authorities, 0);
}

static void what_has_a_name_is_unloaded_by_it(void **state)
{
	static const struct {
		const char *command, *missing;
	} all[] = {
		{ "unload-conn", "unload: missing connection name" },
		{ "unload-pool", "missing pool name to unload" },
		{ "unload-authority", "unload: missing authority name" },
	};
	struct vici_bench *b = *state;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		assert_string_equal(
			vici_ask(b->s, all[i].command, arena_printf(&b->arena, "name=it%zu", i), &b->arena),
			"response success=yes\n");
		assert_string_equal(b->fake->unloaded, arena_printf(&b->arena, "it%zu", i));
		assert_true(has(vici_ask(b->s, all[i].command, NULL, &b->arena), all[i].missing));
	}
}

/* Whether OTHER holds "branch" and its secret, as ARGS say, and what went with it when it had gone. */
static void goes_with_its_client(struct vici_bench *b, const char *args, const char *went)
{
	struct vici_client *other = vici_client_open(b->fake, VICI_CHANGES);

	b->fake->unloaded = NULL;
	assert_string_equal(
		vici_ask(other, "hold", "conn=branch;shared=s", &b->arena), "response success=yes\n");
	if (args)
		assert_string_equal(vici_ask(other, "hold", args, &b->arena), "response success=yes\n");
	assert_null(b->fake->unloaded);
	vici_client_close(other);
	if (went)
		assert_string_equal(b->fake->unloaded, went);
	else
		assert_null(b->fake->unloaded);
}

static void what_a_client_holds_goes_with_it(void **state)
{
	struct vici_bench *b = *state;

	b->fake->force = false;
	goes_with_its_client(b, NULL, "branch");
	assert_true(b->fake->force);
	assert_string_equal(b->fake->target.ike, "branch");
	goes_with_its_client(b, "shared=s", "s");
	goes_with_its_client(b, "nothing=", NULL);
}

static void nothing_goes_when_the_daemon_stops(void **state)
{
	struct vici_bench *b = *state;
	struct vici_client *other = vici_client_open(b->fake, VICI_CHANGES);

	assert_string_equal(vici_ask(other, "hold", "conn=branch", &b->arena), "response success=yes\n");
	vici_stopping(b->fake->vici);
	vici_client_close(other);
	assert_null(b->fake->unloaded);
}

static void nothing_is_carried_out_when_the_daemon_stops(void **state)
{
	struct vici_bench *b = *state;
	struct vici_client *other = vici_client_open(b->fake, VICI_CHANGES);

	vici_stopping(b->fake->vici);
	assert_true(has(vici_ask(other, "hold", "conn=branch", &b->arena), "the daemon is stopping"));
	assert_true(has(vici_ask(other, "unload-conn", "name=branch", &b->arena), "the daemon is stopping"));
	vici_client_close(other);
	assert_null(b->fake->unloaded);
}

static void put_shared(struct vici_out *o, const char *type)
{
	vici_out_packet(o, VICI_CMD_REQUEST, "load-shared");
	vici_put_pair(o, "id", "ike-a");
	vici_put_pair(o, "type", type);
	vici_put_value(o, "data", bytes_of("a\0b", 3));
	put_list(o, "owners", "a.example.org", "192.0.2.7");
}

static void load_shared_makes_a_secret(void **state)
{
	struct vici_bench *b = *state;

	put_shared(&b->out, "ike");
	assert_string_equal(answer(b), "response success=yes\n");
	assert_string_equal(b->fake->secret.name, "ike-a");
	assert_int_equal(b->fake->secret.origin, ORIGIN_VICI);
	assert_int_equal(b->fake->secret.n_owners, 2);
	assert_int_equal(b->fake->secret.owners[1].type, ID_IPV4_ADDR);
	assert_true(bytes_eq(b->fake->secret.data, bytes_of("a\0b", 3)));
}

static void load_shared_without_an_id_is_named_by_its_owners(void **state)
{
	struct vici_bench *b = *state;

	vici_out_packet(&b->out, VICI_CMD_REQUEST, "load-shared");
	vici_put_pair(&b->out, "type", "IKE");
	vici_put_pair(&b->out, "data", "secret");
	put_list(&b->out, "owners", "a.example.org", NULL);
	assert_string_equal(answer(b), "response success=yes\n");
	assert_string_equal(b->fake->secret.name, "unnamed a.example.org");
}

static void load_shared_refuses_other_types(void **state)
{
	struct vici_bench *b = *state;

	put_shared(&b->out, "WEP");
	assert_true(has(answer(b), "response success=no errmsg="));
	assert_null(b->fake->secret.name);
}

static void load_shared_takes_all_types(void **state)
{
	static const struct {
		const char *type;
		enum secret_kind kind;
	} all[] = { { "EAP", SECRET_EAP }, { "XAUTH", SECRET_XAUTH }, { "ntlm", SECRET_NTLM },
		{ "PPK", SECRET_PPK } };
	struct vici_bench *b = *state;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		put_shared(&b->out, all[i].type);
		assert_string_equal(answer(b), "response success=yes\n");
		assert_int_equal(b->fake->secret.kind, all[i].kind);
	}
}

static void load_shared_tells_nobody_the_secret(void **state)
{
	struct vici_bench *b = *state;

	vici_out_packet(&b->out, VICI_CMD_REQUEST, "load-shared");
	vici_put_pair(&b->out, "id", "x");
	vici_put_pair(&b->out, "type", "PPK");
	vici_put_pair(&b->out, "data", "swordfish");
	assert_false(has(answer(b), "swordfish"));
}

static void load_shared_needs_type_and_data(void **state)
{
	struct vici_bench *b = *state;

	assert_true(has(vici_ask(b->s, "load-shared", "type=IKE", &b->arena), "success=no"));
	assert_true(has(vici_ask(b->s, "load-shared", "data=x", &b->arena), "success=no"));
}

static void unload_shared_unloads(void **state)
{
	struct vici_bench *b = *state;

	assert_string_equal(vici_ask(b->s, "unload-shared", "id=ike-2", &b->arena), "response success=yes\n");
	assert_string_equal(b->fake->unloaded, "ike-2");
	assert_true(has(vici_ask(b->s, "unload-shared", NULL, &b->arena), "success=no"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			load_conn_makes_a_connection, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_conn_refuses_unknown_options_whole, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(a_refusal_is_one_line, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_conn_refuses_bad_values, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(load_conn_takes_sections, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_conn_takes_certificates, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_conn_passes_the_daemons_refusal_on, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(what_a_connection_has_elsewhere_is_looked_up_first,
			vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			who_waits_is_refused_when_a_newer_one_is_there, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			who_waits_gets_what_is_newer_or_another, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			what_cannot_be_looked_up_is_not_loaded, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			nothing_is_loaded_for_a_client_that_has_gone, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(load_pool_makes_a_pool, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_pool_loads_all_or_none, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_authority_makes_an_authority, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_authority_needs_a_certificate, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			what_has_a_name_is_unloaded_by_it, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			what_a_client_holds_goes_with_it, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			nothing_goes_when_the_daemon_stops, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			nothing_is_carried_out_when_the_daemon_stops, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_shared_makes_a_secret, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_shared_without_an_id_is_named_by_its_owners, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_shared_refuses_other_types, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_shared_takes_all_types, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_shared_tells_nobody_the_secret, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			load_shared_needs_type_and_data, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(unload_shared_unloads, vici_bench_open, vici_bench_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
