/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SAs and policies as messages: the same as those that "ip xfrm" sends for the same thing. They were written
 * down from its system calls; the order of the attributes does not count. What differs is named. */
#include "tests/unit/unit.h"

#include "tests/unit/hex.h"
#include "tests/unit/packet.h"
#include "xfrm/kernel/algorithm.h"
#include "xfrm/kernel/message.h"

#include <arpa/inet.h>

/* ip xfrm state add src 192.0.2.2 dst 192.0.2.1 proto esp spi 0x1000 reqid 7 mode tunnel replay-window 32
 * aead rfc4106(gcm(aes)) 0x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324 128
 * sel src 10.2.0.0/16 dst 10.1.0.0/16 */
static const char gcm_in[] =
	"0a0100000000000000000000000000000a020000000000000000000000000000000000000000000002001010"
	"000000000000000000000000c00002010000000000000000000000000000100032000000c000020200000000"
	"0000000000000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00000000"
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000000000000070000000200012000000000"
	"0000000070001200726663343130362867636d28616573292900000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000020010000800000000102030405060708"
	"090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324";

/* ip xfrm state add src 192.0.2.2 dst 192.0.2.1 proto ah spi 0x1000 reqid 7 mode tunnel replay-window 32
 * flag align4
 * auth-trunc hmac(sha256) 0x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20 128
 * sel src 10.2.0.0/16 dst 10.1.0.0/16 */
static const char ah_in[] =
	"0a0100000000000000000000000000000a020000000000000000000000000000000000000000000002001010"
	"000000000000000000000000c00002010000000000000000000000000000100033000000c000020200000000"
	"0000000000000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00000000"
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000000000000070000000200012040000000"
	"000000006c001400686d61632873686132353629000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000000010000800000000102030405060708"
	"090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";

/* ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x2000 reqid 7 mode tunnel seq 0x9
 * flag af-unspec nopmtudisc noecn icmp esn replay-window 1
 * auth-trunc hmac(sha256) 0x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20 128
 * enc cbc(aes) 0x0102030405060708090a0b0c0d0e0f10
 * encap espinudp 4500 4501 0.0.0.0 extra-flag dont-encap-dscp
 * mark 0x2a mask 0xff output-mark 0x1ce2 mask 0xffffffff if_id 0x5
 * limit byte-soft 1000 limit byte-hard 2000
 * limit packet-soft 3000 limit packet-hard 4000 */
static const char cbc_out[] =
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"000000000000000000000000c00002020000000000000000000000000000200032000000c000020100000000"
	"0000000000000000e803000000000000d007000000000000b80b000000000000a00f00000000000000000000"
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"00000000000000000000000000000000000000000000000000000000000000090700000002000100b5000000"
	"000000006c001400686d61632873686132353629000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000000010000800000000102030405060708"
	"090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f205800020063626328616573290000000000000000"
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"00000000800000000102030405060708090a0b0c0d0e0f101c00040002001194119500000000000000000000"
	"00000000000000001c0017000100000000000000000000000000000000000000010000000800180001000000"
	"0c0015002a000000ff00000008001f000500000008001d00e21c000008001e00ffffffff";

/* ip xfrm state add src 2001:db8::2 dst 2001:db8::1 proto esp spi 0x1000 reqid 7 mode tunnel
 * flag af-unspec decap-dscp replay-window 1024
 * aead rfc7539esp(chacha20,poly1305)
 * 0x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324 128 */
static const char window_in[] =
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"00000000000000000000000020010db8000000000000000000000001000010003200000020010db800000000"
	"0000000000000002ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00000000"
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000000000000070000000a00010022000000"
	"0000000070001200726663373533396573702863686163686132302c706f6c79313330352900000000000000"
	"0000000000000000000000000000000000000000000000000000000020010000800000000102030405060708"
	"090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223241c001700200000000000000000000000"
	"000000000000000000040000";

/* ip xfrm state delete src 192.0.2.2 dst 192.0.2.1 proto esp spi 0x1000
 * mark 0x2a mask 0xff */
static const char sa_del[] =
	"c0000201000000000000000000000000000010000200320014000d00c0000202000000000000000000000000"
	"0c0015002a000000ff000000";

/* ip xfrm policy add src 10.1.0.0/16 dst 10.2.0.0/16 proto tcp dport 443 dir out
 * priority 1234
 * mark 0x2a mask 0xff if_id 0x5
 * tmpl src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x2000 reqid 7 mode tunnel */
static const char policy_out[] =
	"0a0200000000000000000000000000000a01000000000000000000000000000001bbffff0000000002001010"
	"060000000000000000000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000d204000000000000010000000000000044000500c0000202"
	"000000000000000000000000000020003200000002000000c000020100000000000000000000000007000000"
	"01000000ffffffffffffffffffffffff0c0015002a000000ff00000008001f0005000000";

/* ip xfrm policy add src 2001:db8:1::/48 dst ::/0 proto ipv6-icmp type 128 dir fwd
 * priority 9 action block */
static const char policy_drop[] =
	"0000000000000000000000000000000020010db8000100000000000000000000000000000080ffff0a000030"
	"3a0000000000000000000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"000000000000000000000000000000000000000009000000000000000201000000000000";

/* ip xfrm policy delete src 10.1.0.0/16 dst 10.2.0.0/16 proto tcp dport 443 dir out
 * mark 0x2a mask 0xff if_id 0x5 */
static const char policy_del[] =
	"0a0200000000000000000000000000000a01000000000000000000000000000001bbffff0000000002001010"
	"06000000000000000000000000000000010000000c0015002a000000ff00000008001f0005000000";

enum { ROOM = 4096, ATTRS = 32 };

static const uint8_t key[64] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
	22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36 };

static _Alignas(struct nlmsghdr) uint8_t ours[ROOM], theirs[ROOM];
static struct arena arena;
static struct text why;

static struct nlmsghdr *request(void)
{
	memset(ours, 0, sizeof ours);
	why = text_in(&arena);
	return mnl_nlmsg_put_header(ours);
}

static int by_type(const void *a, const void *b)
{
	return mnl_attr_get_type(*(const struct nlattr *const *)a) -
	       mnl_attr_get_type(*(const struct nlattr *const *)b);
}

static unsigned attrs_of(const struct nlmsghdr *h, size_t size, const struct nlattr *v[ATTRS])
{
	const struct nlattr *a;
	unsigned n = 0;

	mnl_attr_for_each(a, h, size) v[n++] = a;
	qsort(v, n, sizeof *v, by_type);
	return n;
}

/* The message captured as HEX, whose payload begins with SIZE octets, and ours. */
static void compare(const char *captured, size_t size)
{
	const struct nlattr *a[ATTRS], *b[ATTRS];
	struct nlmsghdr *h = mnl_nlmsg_put_header(theirs);
	unsigned n, m;

	h->nlmsg_len += (uint32_t)hex(captured, theirs + sizeof *h, ROOM - sizeof *h);
	assert_memory_equal(ours + sizeof *h, theirs + sizeof *h, size);
	n = attrs_of((void *)ours, size, a);
	m = attrs_of(h, size, b);
	for (unsigned i = 0; i < n && i < m; i++) {
		assert_int_equal(mnl_attr_get_type(a[i]), mnl_attr_get_type(b[i]));
		assert_int_equal(mnl_attr_get_payload_len(a[i]), mnl_attr_get_payload_len(b[i]));
		assert_memory_equal(mnl_attr_get_payload(a[i]), mnl_attr_get_payload(b[i]),
			mnl_attr_get_payload_len(a[i]));
	}
	assert_int_equal(n, m);
	assert_int_equal(((struct nlmsghdr *)ours)->nlmsg_len, h->nlmsg_len);
}

static struct addr at(const char *ip, uint16_t port)
{
	return (struct addr){ packet_ip(ip), port };
}

static const struct child_conf plain = {
	.copy_df = true, .copy_ecn = true, .copy_dscp = DSCP_OUT, .replay_window = 32
};

static const struct transform *encr(uint16_t id, uint16_t bits)
{
	return transform_find(TRANSFORM_ENCR, id, bits);
}

static struct sa_spec spec_of(const struct child_conf *conf, struct suite suite, bool inbound)
{
	return (struct sa_spec){ .spi = inbound ? 0x1000 : 0x2000,
		.inbound = inbound,
		.reqid = 7,
		.suite = suite,
		.encr_key = bytes_of(key, suite.encr ? suite.encr->key + (size_t)suite.encr->salt : 0),
		.integ_key = bytes_of(key, suite.integ ? suite.integ->key : 0),
		.local = at("192.0.2.1", 4500),
		.remote = at("192.0.2.2", 4501),
		.conf = conf };
}

static void write_sa(const struct sa_spec *spec, uint32_t seq)
{
	struct sa_request r = {
		.spec = spec, .limits = message_limits(spec), .seq = seq, .outer_mark = 0x1ce2
	};

	assert_int_equal(message_sa(request(), &r, &why), ERR_OK);
}

static void an_aead_with_one_selector(void **state)
{
	struct ts local = packet_ts("10.1.0.0/16"), remote = packet_ts("10.2.0.0/16");
	struct sa_spec spec = spec_of(&plain, (struct suite){ .encr = encr(ENCR_AES_GCM_16, 256) }, true);

	(void)state;
	spec.local_ts = (struct tss){ &local, 1 };
	spec.remote_ts = (struct tss){ &remote, 1 };
	write_sa(&spec, 0);
	compare(gcm_in, sizeof(struct xfrm_usersa_info));
}

static void without_a_cipher(void **state)
{
	struct ts local = packet_ts("10.1.0.0/16"), remote = packet_ts("10.2.0.0/16");
	struct sa_spec spec = spec_of(&plain,
		(struct suite){ .protocol = PROTO_AH,
			.integ = transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, 0) },
		true);

	(void)state;
	spec.local_ts = (struct tss){ &local, 1 };
	spec.remote_ts = (struct tss){ &remote, 1 };
	write_sa(&spec, 0);
	compare(ah_in, sizeof(struct xfrm_usersa_info));
}

static void cipher_and_integrity_with_all_that_can_be_said(void **state)
{
	struct child_conf conf = { .icmp = true,
		.rekey_bytes = 1000,
		.life_bytes = 2000,
		.rekey_packets = 3000,
		.life_packets = 4000,
		.copy_dscp = DSCP_NO };
	struct ts local[] = { packet_ts("10.1.0.0/16"), packet_ts("10.3.0.0/16") };
	struct sa_spec spec = spec_of(&conf,
		(struct suite){ .encr = encr(ENCR_AES_CBC, 128),
			.integ = transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, 0),
			.esn = true },
		false);

	(void)state;
	spec.local_ts = (struct tss){ local, 2 };
	spec.remote_ts = (struct tss){ local, 2 };
	spec.encap = true;
	spec.marks.out = (struct mark){ .value = 0x2a, .mask = 0xff };
	spec.marks.if_id_out = 5;
	write_sa(&spec, htonl(9)); /* ip turns it, the kernel does not */
	compare(cbc_out, sizeof(struct xfrm_usersa_info));
}

static void padded(void **state)
{
	struct sa_spec spec = spec_of(&plain, (struct suite){ .encr = encr(ENCR_AES_GCM_16, 256) }, false);
	const struct nlattr *a, *found = NULL;
	struct nlmsghdr *h = request();

	(void)state;
	spec.tfc_padding = 512;
	assert_int_equal(message_sa(h, &(struct sa_request){ .spec = &spec }, &why), ERR_OK);
	mnl_attr_for_each(a, h, sizeof(struct xfrm_usersa_info)) if (mnl_attr_get_type(a) == XFRMA_TFCPAD)
		found = a;
	assert_non_null(found);
	assert_int_equal(mnl_attr_get_u32(found), 512);
}

/* The attribute TYPE of our message, which has N octets; NULL: there is none. */
static const void *attr_of(uint16_t type, size_t n)
{
	const struct nlattr *v[ATTRS];
	unsigned found = attrs_of((void *)ours, sizeof(struct xfrm_usersa_info), v);

	for (unsigned i = 0; i < found; i++)
		if (mnl_attr_get_type(v[i]) == type) {
			assert_int_equal(mnl_attr_get_payload_len(v[i]), n);
			return mnl_attr_get_payload(v[i]);
		}
	return NULL;
}

static uint32_t number_of(uint16_t type)
{
	uint32_t number;
	const void *p = attr_of(type, sizeof number);

	assert_non_null(p);
	memcpy(&number, p, sizeof number);
	return number;
}

static const struct iptfs_conf iptfs = { .drop_time = 1000000,
	.reorder_window = 0x103,
	.init_delay = 300,
	.max_queue_size = 1 << 20,
	.packet_size = 1400,
	.accept_fragments = true };

static const struct xfrm_usersa_info *write_iptfs(
	const struct child_conf *conf, bool esn, bool inbound, bool whole, const struct iptfs_conf *options)
{
	struct suite suite = { .encr = encr(ENCR_AES_GCM_16, 256), .esn = esn };
	struct sa_spec spec = spec_of(conf, suite, inbound);
	struct sa_request r = { .spec = &spec, .iptfs = options };

	spec.mode = MODE_IPTFS;
	spec.whole = whole;
	assert_int_equal(message_sa(request(), &r, &why), ERR_OK);
	return mnl_nlmsg_get_payload((struct nlmsghdr *)ours);
}

/* Numbers as in linux/xfrm.h of Linux 6.14; each is taken in one direction only. */
static void iptfs_by_direction(void **state)
{
	const struct xfrm_usersa_info *info = write_iptfs(&plain, false, true, false, &iptfs);

	(void)state;
	assert_int_equal(info->mode, 5);
	assert_true(info->flags & XFRM_STATE_AF_UNSPEC);
	assert_int_equal(info->replay_window, 32);
	assert_int_equal(*(const uint8_t *)attr_of(33, 1), 1);
	assert_int_equal(number_of(36), 1000000);
	assert_memory_equal(attr_of(37, 2), &(uint16_t){ 0x103 }, 2);
	for (uint16_t type = 38; type <= 41; type++)
		assert_null(attr_of(type, 4));
	assert_int_equal(write_iptfs(&plain, false, false, false, &iptfs)->mode, 5);
	assert_int_equal(*(const uint8_t *)attr_of(33, 1), 2);
	assert_null(attr_of(36, 4));
	assert_null(attr_of(37, 2));
	assert_null(attr_of(38, 0));
	assert_int_equal(number_of(39), 300);
	assert_int_equal(number_of(40), 1 << 20);
	assert_int_equal(number_of(41), 1400);
}

static void iptfs_cuts_no_packets_where_one_of_both_does_not_want_it(void **state)
{
	struct iptfs_conf never = iptfs;

	(void)state;
	never.dont_fragment = true;
	write_iptfs(&plain, false, false, true, &iptfs);
	assert_non_null(attr_of(38, 0));
	write_iptfs(&plain, false, false, false, &never);
	assert_non_null(attr_of(38, 0));
	write_iptfs(&plain, false, true, false, &never);
	assert_null(attr_of(38, 0));
	write_iptfs(&plain, false, false, true, NULL);
	assert_non_null(attr_of(38, 0));
	for (uint16_t type = 39; type <= 41; type++)
		assert_null(attr_of(type, 4));
}

/* What means nothing in a direction is an error there. */
static void iptfs_says_nothing_of_the_other_direction(void **state)
{
	struct child_conf conf = { .icmp = true, .copy_dscp = DSCP_BOTH, .replay_window = 128 };
	const struct xfrm_usersa_info *info = write_iptfs(&conf, true, false, false, &iptfs);
	const struct xfrm_replay_state_esn *r = attr_of(XFRMA_REPLAY_ESN_VAL, sizeof *r);

	(void)state;
	assert_non_null(r);
	assert_int_equal(r->replay_window, 0);
	assert_int_equal(r->bmp_len, 0);
	assert_int_equal(info->flags & (XFRM_STATE_ICMP | XFRM_STATE_DECAP_DSCP), 0);
	assert_true(info->flags & XFRM_STATE_NOPMTUDISC);
	info = write_iptfs(&conf, true, true, false, &iptfs);
	r = attr_of(XFRMA_REPLAY_ESN_VAL, sizeof *r);
	assert_int_equal(r->replay_window, 128);
	assert_int_equal(info->flags & XFRM_STATE_NOPMTUDISC, 0);
	assert_true(info->flags & XFRM_STATE_ICMP);
	assert_null(attr_of(XFRMA_SA_EXTRA_FLAGS, 4));
}

static const struct nlattr *attr_in(const struct nlmsghdr *h, size_t head, uint16_t type)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, h, head) if (mnl_attr_get_type(a) == type) return a;
	return NULL;
}

enum { SA_DIR = 33 /* XFRMA_SA_DIR */, PCPU = 35 /* XFRMA_SA_PCPU, of Linux 6.13 */, CPU_ACQUIRE = 4 };

static void for_a_cpu(void **state)
{
	struct sa_spec spec = spec_of(&plain, (struct suite){ .encr = encr(ENCR_AES_GCM_16, 256) }, false);
	struct nlmsghdr *h = request();
	struct sa_seen seen;

	(void)state;
	spec.per_cpu = true;
	assert_int_equal(message_sa(h, &(struct sa_request){ .spec = &spec }, &why), ERR_OK);
	assert_null(attr_in(h, sizeof(struct xfrm_usersa_info), PCPU));
	spec.resource = 3;
	h = request();
	assert_int_equal(message_sa(h, &(struct sa_request){ .spec = &spec }, &why), ERR_OK);
	assert_int_equal(mnl_attr_get_u32(attr_in(h, sizeof(struct xfrm_usersa_info), PCPU)), 2);
	assert_int_equal(message_sa_read(h, &seen), ERR_OK);
	assert_int_equal(seen.resource, 3);
}

/* The kernel takes a CPU of those only that are said to be outbound, and of those nothing that is of the
 * other direction. */
static void one_for_a_cpu_is_said_to_be_outbound(void **state)
{
	struct child_conf conf = plain;
	struct sa_spec spec =
		spec_of(&conf, (struct suite){ .encr = encr(ENCR_AES_GCM_16, 256), .esn = true }, false);
	const struct xfrm_usersa_info *info;
	const struct xfrm_replay_state_esn *r;
	struct nlmsghdr *h = request();

	(void)state;
	conf.icmp = true;
	assert_int_equal(message_sa(h, &(struct sa_request){ .spec = &spec }, &why), ERR_OK);
	assert_null(attr_in(h, sizeof *info, SA_DIR));
	spec.per_cpu = true;
	spec.resource = 1;
	h = request();
	assert_int_equal(message_sa(h, &(struct sa_request){ .spec = &spec }, &why), ERR_OK);
	info = mnl_nlmsg_get_payload(h);
	assert_int_equal(mnl_attr_get_u8(attr_in(h, sizeof *info, SA_DIR)), 2);
	assert_int_equal(info->flags & XFRM_STATE_ICMP, 0);
	r = mnl_attr_get_payload(attr_in(h, sizeof *info, XFRMA_REPLAY_ESN_VAL));
	assert_int_equal(r->replay_window, 0);
}

static uint16_t source_port(const struct sa_spec *spec)
{
	struct nlmsghdr *h = request();
	const struct xfrm_encap_tmpl *t;

	assert_int_equal(message_sa(h, &(struct sa_request){ .spec = spec }, &why), ERR_OK);
	t = mnl_attr_get_payload(attr_in(h, sizeof(struct xfrm_usersa_info), XFRMA_ENCAP));
	assert_int_equal(ntohs(t->encap_sport), message_source_port(spec));
	assert_int_equal(!t->encap_sport, !!attr_in(h, sizeof(struct xfrm_usersa_info), XFRMA_MTIMER_THRESH));
	return ntohs(t->encap_sport);
}

/* Each for a CPU has a port of its own where that is configured; and since the peer may do so, too, packets
 * are taken from any. */
static void ports_of_those_for_cpus(void **state)
{
	struct child_conf conf = plain;
	struct sa_spec out = spec_of(&conf, (struct suite){ .encr = encr(ENCR_AES_GCM_16, 256) }, false);
	struct sa_spec in = spec_of(&conf, (struct suite){ .encr = encr(ENCR_AES_GCM_16, 256) }, true);

	(void)state;
	out.encap = in.encap = true;
	assert_int_equal(source_port(&out), 4500);
	assert_int_equal(source_port(&in), 4501);
	out.per_cpu = in.per_cpu = true;
	conf.per_cpu_sas = PER_CPU_YES;
	out.resource = in.resource = 1;
	assert_int_equal(source_port(&out), 4500);
	assert_int_equal(source_port(&in), 0);
	conf.per_cpu_sas = PER_CPU_ENCAP;
	out.spi = 0x11223344;
	assert_int_equal(source_port(&out), 0xf344);
	out.resource = 0;
	assert_int_equal(source_port(&out), 4500);
}

static void a_large_window(void **state)
{
	struct child_conf conf = plain;
	struct ts local[] = { packet_ts("10.1.0.0/16"), packet_ts("10.3.0.0/16") };
	struct sa_spec spec = spec_of(&conf, (struct suite){ .encr = encr(ENCR_CHACHA20_POLY1305, 0) }, true);

	(void)state;
	conf.replay_window = 1024;
	conf.copy_dscp = DSCP_IN;
	spec.local = at("2001:db8::1", 500);
	spec.remote = at("2001:db8::2", 500);
	spec.local_ts = spec.remote_ts = (struct tss){ local, 2 };
	write_sa(&spec, 0);
	compare(window_in, sizeof(struct xfrm_usersa_info));
	conf.replay_window = 4097;
	assert_int_equal(message_sa(request(), &(struct sa_request){ .spec = &spec }, &why), ERR_RANGE);
	assert_non_null(strstr(text_str(&why), "4096"));
}

static void the_name_of_an_sa(void **state)
{
	struct sa_key sa = { .src = packet_ip("192.0.2.2"),
		.dst = packet_ip("192.0.2.1"),
		.spi = 0x1000,
		.reqid = 7,
		.proto = 50,
		.mark = { .value = 0x2a, .mask = 0xff } },
		      again;
	char text[SA_KEY_TEXT];

	(void)state;
	message_sa_id(request(), &sa);
	compare(sa_del, sizeof(struct xfrm_usersa_id));
	assert_string_equal(sa_key_print(&sa, text), "sa 192.0.2.1 1000 50 192.0.2.2 7 2a/ff 0");
	assert_int_equal(sa_key_parse(text, &again), ERR_OK);
	assert_string_equal(sa_key_print(&again, text), "sa 192.0.2.1 1000 50 192.0.2.2 7 2a/ff 0");
	assert_int_equal(sa_key_parse("sa 192.0.2.1 1000 50 192.0.2.2 7 2a/ff", &again), ERR_SYNTAX);
	assert_int_equal(sa_key_parse("sa nobody 1000 50 192.0.2.2 7 2a/ff 0", &again), ERR_SYNTAX);
}

static void hmacs_of_old(void **state)
{
	struct suite suite = { .encr = encr(ENCR_AES_CBC, 128),
		.integ = transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, 0) };
	struct nlmsghdr *h = request();
	const struct xfrm_algo_auth *a;

	(void)state;
	assert_int_equal(algorithm_put(h, &suite, bytes_of(key, 16), bytes_of(key, 32), true, &why), ERR_OK);
	a = mnl_attr_get_payload(mnl_nlmsg_get_payload(h));
	assert_int_equal(a->alg_trunc_len, 96);
	h = request();
	assert_int_equal(
		algorithm_put(h, &suite, bytes_of(key, 15), bytes_of(key, 32), true, &why), ERR_RANGE);
	suite.integ = transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA1_96, 0);
	h = request();
	assert_int_equal(algorithm_put(h, &suite, bytes_of(key, 16), bytes_of(key, 20), false, &why), ERR_OK);
	a = mnl_attr_get_payload(mnl_nlmsg_get_payload(h));
	assert_string_equal(a->alg_name, "hmac(sha1)");
	assert_int_equal(a->alg_key_len, 160);
	assert_int_equal(a->alg_trunc_len, 96);
}

/* The limit of packets is our tag. */
static void untag(void)
{
	struct xfrm_userpolicy_info *p = mnl_nlmsg_get_payload((struct nlmsghdr *)ours);

	assert_int_equal(p->lft.soft_packet_limit, XFRM_INF - 0x1ce2);
	p->lft.soft_packet_limit = XFRM_INF;
}

static struct policy_key policy_key(uint8_t dir, const char *local, const char *remote)
{
	struct ts l = packet_ts(local), r = packet_ts(remote);
	struct selectors s;

	why = text_in(&arena);
	assert_int_equal(
		selectors_of((struct tss){ &l, 1 }, (struct tss){ &r, 1 }, &arena, &s, &why), ERR_OK);
	assert_int_equal(s.n, 1);
	return (struct policy_key){ .dir = dir, .sel = s.v[0] };
}

static void a_policy_and_its_name(void **state)
{
	struct policy_key k = policy_key(XFRM_POLICY_OUT, "10.1.0.0/16[tcp]", "10.2.0.0/16[tcp/443]"), again;
	struct policy_body body = { .ours = true,
		.protect = true,
		.priority = 1234,
		.tmpl = { packet_ip("192.0.2.1"), packet_ip("192.0.2.2"), 0x2000, 7, IPPROTO_ESP,
			XFRM_MODE_TUNNEL } },
			   read;
	char text[POLICY_KEY_TEXT];

	(void)state;
	k.mark = (struct mark){ .value = 0x2a, .mask = 0xff };
	k.if_id = 5;
	message_policy(request(), &k, &body);
	assert_int_equal(message_policy_read((void *)ours, &again, &read), ERR_OK);
	assert_true(read.ours);
	assert_true(policy_body_eq(&read, &body));
	assert_string_equal(
		policy_key_print(&again, text), "policy out 10.1.0.0/16 10.2.0.0/16 6 0/0 443/ffff 2a/ff 5");
	assert_int_equal(policy_key_parse(text, &again), ERR_OK);
	assert_string_equal(
		policy_key_print(&again, text), "policy out 10.1.0.0/16 10.2.0.0/16 6 0/0 443/ffff 2a/ff 5");
	body.device = 3;
	assert_false(policy_body_eq(&read, &body));
	message_policy(request(), &k, &body);
	assert_int_equal(message_policy_read((void *)ours, &again, &read), ERR_OK);
	assert_true(policy_body_eq(&read, &body));
	body.device = 0;
	message_policy(request(), &k, &body);
	untag();
	compare(policy_out, sizeof(struct xfrm_userpolicy_info));
	message_policy_id(request(), &k);
	compare(policy_del, sizeof(struct xfrm_userpolicy_id));
	assert_int_equal(
		policy_key_parse("policy off 10.1.0.0/16 10.2.0.0/16 6 0/0 443/ffff 2a/ff 5", &again),
		ERR_SYNTAX);
	assert_int_equal(policy_key_parse("policy out 10.1.0.0/16 10.2.0.0/16 6 0/0", &again), ERR_SYNTAX);
}

static void a_policy_that_blocks(void **state)
{
	struct policy_key k = policy_key(XFRM_POLICY_FWD, "2001:db8:1::/48", "::/0[ipv6-icmp/128]");

	(void)state;
	message_policy(request(), &k, &(struct policy_body){ .block = true, .priority = 9 });
	untag();
	compare(policy_drop, sizeof(struct xfrm_userpolicy_info));
}

static void a_policy_that_asks_for_each_cpu(void **state)
{
	struct policy_key k = policy_key(XFRM_POLICY_OUT, "10.1.0.0/16", "10.2.0.0/16"), again;
	struct policy_body body = { .ours = true,
		.protect = true,
		.per_cpu = true,
		.tmpl = { .reqid = 7, .proto = IPPROTO_ESP, .mode = XFRM_MODE_TUNNEL } },
			   read;
	struct nlmsghdr *h = request();

	(void)state;
	message_policy(h, &k, &body);
	assert_int_equal(((struct xfrm_userpolicy_info *)mnl_nlmsg_get_payload(h))->flags, CPU_ACQUIRE);
	assert_int_equal(message_policy_read(h, &again, &read), ERR_OK);
	assert_true(policy_body_eq(&read, &body));
	body.per_cpu = false;
	assert_false(policy_body_eq(&read, &body));
}

static void a_policy_for_errors_about_its_packets(void **state)
{
	struct policy_key k = policy_key(XFRM_POLICY_OUT, "10.1.0.0/16", "10.2.0.0/16"), again;
	struct policy_body body = { .ours = true,
		.protect = true,
		.icmp = true,
		.tmpl = { .reqid = 7, .proto = IPPROTO_ESP, .mode = XFRM_MODE_TUNNEL } },
			   read;
	struct nlmsghdr *h = request();

	(void)state;
	message_policy(h, &k, &body);
	assert_int_equal(((struct xfrm_userpolicy_info *)mnl_nlmsg_get_payload(h))->flags, XFRM_POLICY_ICMP);
	assert_int_equal(message_policy_read(h, &again, &read), ERR_OK);
	assert_true(policy_body_eq(&read, &body));
	body.icmp = false;
	assert_false(policy_body_eq(&read, &body));
}

static void a_packet_that_asks_for_its_cpu(void **state)
{
	struct nlmsghdr *h = request();
	struct xfrm_user_acquire *k = mnl_nlmsg_put_extra_header(h, sizeof *k);
	struct selector sel;
	struct acquire a;

	(void)state;
	assert_int_equal(selector_parse("10.1.0.1/32 10.2.0.1/32 17 53/ffff 99/ffff", &sel), ERR_OK);
	selector_to_kernel(&sel, &k->sel);
	k->policy.sel = k->sel;
	k->policy.dir = XFRM_POLICY_OUT;
	assert_int_equal(message_acquire(h, &a), ERR_OK);
	assert_int_equal(a.resource, 0);
	mnl_attr_put_u32(h, PCPU, 0);
	assert_int_equal(message_acquire(h, &a), ERR_OK);
	assert_int_equal(a.resource, 1);
}

/* What is cut off, or speaks of no address, is refused. */
static void events_that_are_not_whole(void **state)
{
	struct acquire a;
	struct mapping m;
	struct sa_seen sa;
	bool hard;
	struct nlmsghdr *h = request();

	(void)state;
	mnl_nlmsg_put_extra_header(h, sizeof(struct xfrm_user_mapping) - 4);
	assert_int_equal(message_mapping(h, &m), ERR_SHORT);
	assert_int_equal(message_acquire(h, &a), ERR_SHORT);
	assert_int_equal(message_expire(h, &sa, &hard), ERR_SHORT);
	h = request();
	mnl_nlmsg_put_extra_header(h, sizeof(struct xfrm_user_acquire));
	assert_int_equal(message_mapping(h, &m), ERR_RANGE);
	assert_int_equal(message_acquire(h, &a), ERR_RANGE);
	assert_int_equal(message_expire(h, &sa, &hard), ERR_RANGE);
}

static int forget(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_aead_with_one_selector),
		cmocka_unit_test(without_a_cipher),
		cmocka_unit_test(cipher_and_integrity_with_all_that_can_be_said),
		cmocka_unit_test(padded),
		cmocka_unit_test(iptfs_by_direction),
		cmocka_unit_test(iptfs_cuts_no_packets_where_one_of_both_does_not_want_it),
		cmocka_unit_test(iptfs_says_nothing_of_the_other_direction),
		cmocka_unit_test(for_a_cpu),
		cmocka_unit_test(one_for_a_cpu_is_said_to_be_outbound),
		cmocka_unit_test(ports_of_those_for_cpus),
		cmocka_unit_test(a_policy_that_asks_for_each_cpu),
		cmocka_unit_test(a_policy_for_errors_about_its_packets),
		cmocka_unit_test(a_packet_that_asks_for_its_cpu),
		cmocka_unit_test(a_large_window),
		cmocka_unit_test(the_name_of_an_sa),
		cmocka_unit_test(hmacs_of_old),
		cmocka_unit_test(a_policy_and_its_name),
		cmocka_unit_test(a_policy_that_blocks),
		cmocka_unit_test(events_that_are_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
