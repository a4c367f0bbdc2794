/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec status and statusall: for people and as JSON, against a fake daemon. */
#include "unit.h"

#include "ipsec_bench.h"

static void forget(struct vici_fake *f)
{
	f->conf.n_peers = 0;
}

static void status_has_a_block_for_each_connection(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("status", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_true(
		has(b.out, "gw: up, 192.0.2.1 === 192.0.2.2\n"
			   "  IKE_SA #1: ESTABLISHED, 'a.example.org' 192.0.2.1[4500] === 'b.example.org' "
			   "192.0.2.2[4500], since 65 s\n"
			   "  net: INSTALLED, 10.1.0.0/16 === 10.2.0.0/16[tcp/50000], 1.5 kB in, 3.0 MB out, "
			   "userspace\n"
			   "  dmz: down, 10.1.0.0/16 === 10.2.0.0/16\n"
			   "home: down, 192.0.2.1 === 198.51.100.0/24\n"
			   "  lan: down, 10.1.0.0/16 === 10.2.0.0/16\n"
			   "  down since: 3 min ago\n"
			   "  next attempt: in 24 s\n"
			   "  last failure: the peer refused our proposal\n"
			   "    stage: IKE_SA_INIT\n"));
	assert_true(has(b.out, "NO_PROPOSAL_CHOSEN\n    when: 12 s ago, 3 times in the last 60 s\n"));
	ipsec_bench_end(&b);
}

static void warn(struct vici_fake *f)
{
	f->warnings = "our certificate CN=a expires soon\nour certificate CN=b expires soon";
}

static void status_warns_first(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("status", &code, warn);

	(void)state;
	assert_memory_equal(b.out,
		"warning: our certificate CN=a expires soon\nwarning: our certificate CN=b expires soon\ngw: "
		"up",
		strlen("warning: our certificate CN=a expires soon\n") * 2 + strlen("gw: up"));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("--json status", &code, warn);
	assert_true(has(b.out, "\"warnings\":[\"our certificate CN=a expires soon\","
			       "\"our certificate CN=b expires soon\"]}"));
	ipsec_bench_end(&b);
}

static void keep_from_use(struct vici_fake *f)
{
	f->conf.peers[1]->unready = "moon.conf:3: connections.home.mediation: mediation is not built in yet";
}

static void status_says_which_connections_are_not_used(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("status home", &code, keep_from_use);

	(void)state;
	assert_true(has(b.out, "home: unusable, 192.0.2.1 === 198.51.100.0/24\n  not used: moon.conf:3: "
			       "connections.home.mediation: mediation is not built in yet\n"));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("--json status home", &code, keep_from_use);
	assert_true(has(b.out, "\"state\":\"unusable\","));
	assert_true(has(b.out, "\"unready\":\"moon.conf:3: connections.home.mediation: "));
	ipsec_bench_end(&b);
}

/* The fake's policies name a pass shunt "local" of gw. */
static void with_a_shunt(struct vici_fake *f)
{
	static struct child_conf local;

	local = f->conf.peers[0]->children[0];
	local.name = "local";
	local.mode = MODE_PASS;
	f->conf.peers[0]->children = &local;
	f->conf.peers[0]->n_children = 0;
	f->conf.peers[0]->n_shunts = 1;
}

static void with_only_a_shunt(struct vici_fake *f)
{
	with_a_shunt(f);
	f->n_sas = 0;
}

static void status_says_which_shunts_are_installed(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("status gw", &code, with_a_shunt);

	(void)state;
	assert_true(has(b.out, "\n  local: PASS, 10.1.0.0/16 === 10.2.0.0/16\n"));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("--json status gw", &code, with_only_a_shunt);
	assert_true(has(b.out, "{\"name\":\"gw\",\"state\":\"up\","));
	assert_true(has(b.out, "{\"name\":\"local\",\"state\":\"installed\",\"mode\":\"PASS\","));
	ipsec_bench_end(&b);
}

static void status_of_one_shows_one(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	assert_int_equal(ipsec_bench_run(&b, "status home"), 0);
	assert_false(has(b.out, "gw"));
	assert_int_equal(ipsec_bench_run(&b, "status gw/dmz"), 0);
	assert_true(has(b.out, "dmz: down") && !has(b.out, "net: "));
	assert_int_equal(ipsec_bench_run(&b, "status nobody"), 1);
	ipsec_bench_end(&b);
}

static void statusall_has_the_details(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("statusall", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_true(
		has(b.out, "running for 2 hours, 1 IKE_SAs, 0 half-open\ndropped: replay=3\nload: cookies=7\n"
			   "userspace path, packets per call: engine=OpenSSL sent=38.0\n"));
	assert_true(
		has(b.out, "1122334455667788_i* 99aabbccddeeff00_r, "
			   "AES_CBC-128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519 (not post-quantum), "
			   "rekeying in 3 h\n"));
	assert_true(has(b.out,
		"#2, reqid 1, TUNNEL in UDP, AES_GCM_16-256/ESN (not post-quantum), installed 60 s ago"));
	assert_true(has(b.out, "in  c0000001, 15 packets, last 2 s ago\n"));
	ipsec_bench_end(&b);
}

static void stronger(struct vici_fake *f)
{
	f->sas->suite.more[0] = KE_ML_KEM_768;
	f->sas->post_quantum = f->sas->children[0].post_quantum = true;
}

static void with_ppk(struct vici_fake *f)
{
	f->sas->ppk = true;
}

static void with_ppk_before_auth(struct vici_fake *f)
{
	f->sas->ppk = f->sas->ppk_int = true;
}

static void where_a_ppk_was_mixed_in_is_told(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("statusall", &code, with_ppk);

	(void)state;
	assert_true(has(b.out, "CURVE_25519/PPK ("));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("statusall", &code, with_ppk_before_auth);
	assert_true(has(b.out, "CURVE_25519/PPK_INT ("));
	ipsec_bench_end(&b);
}

static void for_a_cpu(struct vici_fake *f)
{
	f->sas->children[0].per_cpu = true;
	f->sas->children[0].resource = 3;
}

static void the_cpu_of_an_sa_is_told(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("status", &code, for_a_cpu);

	(void)state;
	assert_true(has(b.out, "10.2.0.0/16[tcp/50000], CPU 2, "));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("--json status", &code, for_a_cpu);
	assert_true(has(b.out, "\"cpu\":2"));
	ipsec_bench_end(&b);
}

static void post_quantum_keys_are_told(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("statusall", &code, stronger);

	(void)state;
	assert_int_equal(code, 0);
	assert_true(has(b.out, "CURVE_25519/KE1_ML_KEM_768 (post-quantum), rekeying"));
	assert_true(has(b.out, "AES_GCM_16-256/ESN (post-quantum), installed"));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("status", &code, stronger);
	assert_true(has(b.out, ", post-quantum\n"));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("status", &code, NULL);
	assert_false(has(b.out, "post-quantum"));
	ipsec_bench_end(&b);
}

static void marked(struct vici_fake *f)
{
	f->sas->children[0].marks = (struct sa_marks){
		.in = { .value = 0x17, .mask = 0xff },
		.out = { .value = 9, .mask = UINT32_MAX },
		.if_id_in = 5,
	};
}

static void marks_and_interfaces_are_shown(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("statusall", &code, marked);

	(void)state;
	assert_true(has(b.out, "in  c0000001, mark 00000017/000000ff, if_id 00000005, 15 packets"));
	assert_true(has(b.out, "out c0000002, mark 00000009, 3000 packets"));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("--json status", &code, marked);
	assert_true(has(b.out, "\"mark_in\":\"00000017\",\"mark_mask_in\":\"000000ff\","));
	ipsec_bench_end(&b);
}

static void status_as_json(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("--json status", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_true(ipsec_bench_json(b.out));
	assert_true(has(b.out, "{\"schema\":1,\"success\":true,\"connections\":[{\"name\":\"gw\",\"state\":"
			       "\"up\",\"configured\":true,"
			       "\"origin\":\"file\",\"version\":\"IKEv2\",\"local_addrs\":[\"192.0.2.1\"],"));
	assert_true(has(b.out, "\"children\":[{\"name\":\"net\",\"state\":\"up\",\"mode\":\"TUNNEL\","));
	assert_true(
		has(b.out, "\"sas\":[{\"name\":\"gw\",\"uniqueid\":1,\"version\":2,\"state\":\"ESTABLISHED\","
			   "\"local_host\":\"192.0.2.1\",\"local_port\":4500,"));
	assert_true(has(b.out, "\"initiator\":true,\"initiator_spi\":\"1122334455667788\","));
	assert_true(has(b.out, "\"nat_local\":false,\"nat_remote\":true,"));
	assert_true(has(b.out, "\"bytes_in\":1500,\"packets_in\":15,\"use_in\":2,\"bytes_out\":3000000,"
			       "\"packets_out\":3000,\"use_out\":null,"));
	assert_true(has(b.out, "\"remote_ts\":[\"10.2.0.0/16[tcp/50000]\"],\"data_path\":\"userspace\","));
	assert_true(has(b.out, "\"down\":180,\"next_attempt\":24,"));
	assert_true(has(b.out,
		"\"last_failure\":{\"what\":\"the peer refused our proposal\",\"stage\":\"IKE_SA_INIT\","));
	assert_true(has(b.out,
		"\"remote_host\":\"192.0.2.1\",\"begun_by\":\"us\",\"times\":3,\"first\":60,\"last\":12}"));
	ipsec_bench_end(&b);
}

static void statusall_as_json(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("--json statusall gw", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_true(ipsec_bench_json(b.out));
	assert_true(has(b.out, "\"daemon\":{\"name\":\"ikev2d\",\"version\":\""));
	assert_true(has(b.out, "\"ikesas\":{\"total\":1,\"half_open\":0},\"drops\":\"replay=3\",\"load\":"
			       "\"cookies=7\",\"pace\":"
			       "\"engine=OpenSSL sent=38.0\"}"));
	assert_false(has(b.out, "\"name\":\"home\""));
	ipsec_bench_end(&b);
}

static void status_remembers_sas_without_a_connection(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, forget);
	assert_int_equal(ipsec_bench_run(&b, "status"), 0);
	assert_true(has(b.out, "gw: up, no longer configured\n  IKE_SA #1: ESTABLISHED"));
	assert_int_equal(ipsec_bench_run(&b, "--json status"), 0);
	assert_true(ipsec_bench_json(b.out));
	assert_true(has(b.out, "\"configured\":false,\"origin\":null,\"version\":null,\"local_addrs\":[],"));
	ipsec_bench_end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_has_a_block_for_each_connection),
		cmocka_unit_test(status_says_which_shunts_are_installed),
		cmocka_unit_test(status_of_one_shows_one),
		cmocka_unit_test(status_warns_first),
		cmocka_unit_test(status_says_which_connections_are_not_used),
		cmocka_unit_test(statusall_has_the_details),
		cmocka_unit_test(where_a_ppk_was_mixed_in_is_told),
		cmocka_unit_test(the_cpu_of_an_sa_is_told),
		cmocka_unit_test(post_quantum_keys_are_told),
		cmocka_unit_test(marks_and_interfaces_are_shown),
		cmocka_unit_test(status_as_json),
		cmocka_unit_test(statusall_as_json),
		cmocka_unit_test(status_remembers_sas_without_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
