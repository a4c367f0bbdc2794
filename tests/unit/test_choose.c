/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which data path a child takes, on machines that can more or less. */
#include "tests/unit/unit.h"

#include "tests/unit/conf_help.h"
#include "xfrm/choose.h"

static struct arena arena;
static struct xfrm_caps kernel, user;
static struct choice choice;
static struct loaded loaded;

static int set_up(void **state)
{
	(void)state;
	kernel = (struct xfrm_caps){ true, true, true, true, true, true, true, true, false, true, false, 4096,
		{ NULL }, 0 };
	user = (struct xfrm_caps){ .esn = true,
		.encap4 = true,
		.encap6 = true,
		.ipv6 = true,
		.interface = true,
		.tcp = true,
		.window = 65536 };
	choice = (struct choice){ .setting = DATAPATH_AUTO, .kernel = &kernel, .user = &user };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	loaded_free(&loaded);
	loaded = (struct loaded){ 0 };
	arena_free(&arena);
	return 0;
}

static void no_kernel(const char *why)
{
	choice.kernel = NULL;
	choice.no_kernel = why;
}

/* CHILD is what the child says, PEER what its connection does. */
static const struct child_conf *child(const char *peer, const char *text)
{
	const char *s = arena_printf(&arena,
		"connections { a { %s\n local { auth = psk }\n remote { auth = psk }\n children { net { %s\n "
		"} } } }\n",
		peer, text);

	loaded_free(&loaded);
	loaded = load_text(s);
	assert_int_equal(loaded.err, ERR_OK);
	return &loaded.conf.peers[0]->children[0];
}

static void takes(const struct child_conf *c, enum data_path path, const char *reason)
{
	struct text why = text_in(&arena);
	enum data_path out;

	assert_int_equal(choose(&choice, c, &out, &why), ERR_OK);
	assert_int_equal(out, path);
	assert_string_equal(text_str(&why), reason);
}

static void takes_none(const struct child_conf *c, const char *sentence)
{
	struct text why = text_in(&arena);
	enum data_path out;

	assert_int_equal(choose(&choice, c, &out, &why), ERR_UNSUPPORTED);
	assert_string_equal(text_str(&why), sentence);
}

static void the_kernel_where_it_can(void **state)
{
	(void)state;
	takes(child("", ""), DATAPATH_KERNEL, "the kernel has all it needs");
	takes(child("", "datapath = user"), DATAPATH_USER, "as configured");
	takes(child("", "datapath = kernel"), DATAPATH_KERNEL, "as configured");
}

static void we_where_it_cannot(void **state)
{
	(void)state;
	no_kernel("this kernel has no ESP");
	takes(child("", ""), DATAPATH_USER, "this kernel has no ESP");
	takes_none(child("", "datapath = kernel"),
		"this kernel has no ESP: change that, or set datapath = auto");
	choice.setting = DATAPATH_KERNEL;
	takes(child("", "datapath = auto"), DATAPATH_USER, "this kernel has no ESP");
}

static void the_daemons_setting_is_for_who_says_nothing(void **state)
{
	(void)state;
	choice.setting = DATAPATH_USER;
	takes(child("", ""), DATAPATH_USER, "as configured");
	takes(child("", "datapath = auto"), DATAPATH_KERNEL, "the kernel has all it needs");
}

static void an_algorithm_that_may_be_chosen_counts(void **state)
{
	(void)state;
	kernel.lacks[kernel.n_lacks++] = transform_find(TRANSFORM_ENCR, ENCR_CHACHA20_POLY1305, 0);
	takes(child("", "esp_proposals = aes256gcm16"), DATAPATH_KERNEL, "the kernel has all it needs");
	takes(child("", "esp_proposals = aes256gcm16, chacha20poly1305"), DATAPATH_USER,
		"the kernel has no chacha20poly1305 (esp_proposals)");
	takes_none(child("", "esp_proposals = chacha20poly1305\n datapath = kernel"),
		"the kernel has no chacha20poly1305 (esp_proposals): change that, or set datapath = auto");
}

static void what_else_the_kernel_may_lack(void **state)
{
	(void)state;
	kernel.esn = kernel.ipv6 = kernel.encap6 = kernel.interface = false;
	takes(child("", "esp_proposals = aes256gcm16-esn"), DATAPATH_USER,
		"the kernel has no extended sequence numbers (esp_proposals)");
	kernel.esn = true;
	takes(child("", "interface = vpn0"), DATAPATH_USER, "the kernel has no XFRM interfaces (interface)");
	takes(child("", "local_ts = 2001:db8:1::/48\n remote_ts = 2001:db8:2::/48"), DATAPATH_USER,
		"the kernel has no ESP for IPv6 (local_ts, remote_ts or addresses)");
	kernel.ipv6 = true;
	takes(child("remote_addrs = 2001:db8::2", ""), DATAPATH_USER,
		"the kernel has no ESP in UDP over IPv6 (remote_addrs)");
	takes(child("remote_addrs = 2001:db8::2\n encap = never", ""), DATAPATH_KERNEL,
		"the kernel has all it needs");
	takes(child("transport = auto", ""), DATAPATH_USER, "the kernel has no ESP in TCP (transport)");
	takes_none(child("transport = tcp", "datapath = kernel"),
		"the kernel has no ESP in TCP (transport): change that, or set datapath = auto");
}

static void ah_is_the_kernels(void **state)
{
	(void)state;
	takes(child("", "ah_proposals = sha256"), DATAPATH_KERNEL, "the kernel has all it needs");
	takes_none(child("", "ah_proposals = sha256\n esp_proposals = aes256gcm16\n datapath = user"),
		"the userspace path has no AH (ah_proposals): change that, or set datapath = auto");
	kernel.ah = false;
	takes_none(child("", "ah_proposals = sha256"), "the userspace path has no AH (ah_proposals), and the "
						       "kernel has no AH (ah_proposals): change that, "
						       "or have a kernel that can");
}

/* What we cannot. */
static void what_only_the_kernel_has(void **state)
{
	static const char *const keys[] = { "mark_in = 1", "set_mark_out = 2/0xff", "if_id_in = 3",
		"mark_out = %unique", "policies = no", "sha256_96 = yes", "icmp = yes",
		"hw_offload = packet" };

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		choice.kernel = &kernel;
		takes(child("", keys[i]), DATAPATH_KERNEL, "the kernel has all it needs");
		no_kernel("this kernel has no ESP");
		takes_none(child("", keys[i]), arena_printf(&arena,
						       "the userspace path has no such thing (%.*s), and "
						       "this kernel has no ESP: change "
						       "that, or have a kernel that can",
						       (int)strcspn(keys[i], " "), keys[i]));
	}
	takes(child("", "if_id_in = 3\n if_id_out = 3\n interface = vpn0"), DATAPATH_USER,
		"this kernel has no ESP");
}

static void other_modes_than_the_tunnel(void **state)
{
	(void)state;
	takes(child("", "mode = transport"), DATAPATH_KERNEL, "the kernel has all it needs");
	takes_none(child("", "mode = transport\n datapath = user"),
		"the userspace path has no transport mode (mode): change that, or set datapath = auto");
	no_kernel("this kernel has no ESP");
	takes_none(child("", "mode = beet"),
		"the userspace path has no BEET mode (mode), and this kernel has "
		"no ESP: change that, or have a kernel that can");
}

#define IPTFS_WHERE "(mode; Linux from 6.14 on has it where it is built with CONFIG_XFRM_IPTFS)"

static void iptfs_is_the_kernels_where_it_is_built_with_it(void **state)
{
	(void)state;
	takes(child("", "mode = iptfs"), DATAPATH_KERNEL, "the kernel has all it needs");
	takes_none(child("", "mode = iptfs\n datapath = user"),
		"the userspace path has no IP-TFS " IPTFS_WHERE ": change that, or set datapath = auto");
	kernel.iptfs = false;
	takes_none(child("", "mode = iptfs"),
		"the userspace path has no IP-TFS " IPTFS_WHERE ", and the kernel has no IP-TFS " IPTFS_WHERE
		": change that, or have a kernel that can");
	takes_none(child("", "mode = iptfs\n datapath = kernel"),
		"the kernel has no IP-TFS " IPTFS_WHERE ": change that, or set datapath = auto");
}

static void a_replay_window_too_large_for_the_kernel_is_kept_by_us(void **state)
{
	(void)state;
	takes(child("", "replay_window = 4096"), DATAPATH_KERNEL, "the kernel has all it needs");
	takes(child("", "replay_window = 4097"), DATAPATH_USER,
		"the kernel has no replay window of more than 4096 packets (replay_window)");
	takes_none(child("", "replay_window = 4097\n datapath = kernel"),
		"the kernel has no replay window of more than 4096 packets (replay_window): change that, or "
		"set datapath = auto");
	takes_none(child("", "replay_window = 65537"),
		"the userspace path has no replay window of more than 65536 packets (replay_window), and the "
		"kernel has no replay window of more than 4096 packets (replay_window): change that, or have "
		"a kernel that can");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_kernel_where_it_can),
		CASE(we_where_it_cannot),
		CASE(the_daemons_setting_is_for_who_says_nothing),
		CASE(an_algorithm_that_may_be_chosen_counts),
		CASE(what_else_the_kernel_may_lack),
		CASE(ah_is_the_kernels),
		CASE(what_only_the_kernel_has),
		CASE(other_modes_than_the_tunnel),
		CASE(iptfs_is_the_kernels_where_it_is_built_with_it),
		CASE(a_replay_window_too_large_for_the_kernel_is_kept_by_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
