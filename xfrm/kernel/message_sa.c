/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SAs as messages. */
#include "xfrm/kernel/algorithm.h"
#include "xfrm/kernel/message.h"
#include "xfrm/kernel/newer.h"

#include <arpa/inet.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdio.h>

enum { OWN_PORTS = 0xc000 /* from here on nobody listens */ };

enum { LARVA_SPI_MIN = 0x100 /* those below are reserved (RFC 4303, 2.1) */ };

enum { WINDOW_PLAIN = 32 /* packets, in the oldest form */ };

uint8_t message_protocol(uint8_t protocol)
{
	return protocol == PROTO_AH ? IPPROTO_AH : IPPROTO_ESP;
}

struct sa_key message_sa_key(const struct sa_spec *spec)
{
	const struct addr *src = spec->inbound ? &spec->remote : &spec->local;
	const struct addr *dst = spec->inbound ? &spec->local : &spec->remote;
	bool marked = !spec->inbound || spec->conf->mark_in_sa;

	return (struct sa_key){
		.src = src->ip,
		.dst = dst->ip,
		.spi = spec->spi,
		.reqid = spec->reqid,
		.proto = message_protocol(spec->suite.protocol),
		.mark = !marked         ? (struct mark){ 0 }
			: spec->inbound ? spec->marks.in
					: spec->marks.out,
		.if_id = spec->inbound ? spec->marks.if_id_in : spec->marks.if_id_out,
	};
}

static uint64_t limit_of(uint64_t configured)
{
	return configured ? configured : XFRM_INF;
}

/* Sequence numbers are a volume too: an outbound SA asks to be renewed when an eighth of them is left. */
struct sa_limits message_limits(const struct sa_spec *spec)
{
	const struct child_conf *c = spec->conf;
	struct sa_limits l = { .soft_bytes = limit_of(c->rekey_bytes),
		.hard_bytes = limit_of(c->life_bytes),
		.soft_packets = limit_of(c->rekey_packets),
		.hard_packets = limit_of(c->life_packets) };
	uint64_t last = spec->suite.esn ? XFRM_INF : UINT32_MAX, soft = last - last / 8;

	if (!spec->inbound && l.soft_packets > soft)
		l.soft_packets = soft;
	if (!spec->inbound && l.hard_packets > last)
		l.hard_packets = last;
	return l;
}

struct xfrm_lifetime_cfg message_lifetimes(const struct sa_limits *l)
{
	return (struct xfrm_lifetime_cfg){ .soft_byte_limit = l->soft_bytes,
		.hard_byte_limit = l->hard_bytes,
		.soft_packet_limit = l->soft_packets,
		.hard_packet_limit = l->hard_packets,
		.soft_use_expires_seconds = l->soft_use };
}

uint8_t message_mode(enum child_mode mode)
{
	switch (mode) {
	case MODE_TRANSPORT:
	case MODE_TRANSPORT_PROXY: return XFRM_MODE_TRANSPORT;
	case MODE_BEET: return XFRM_MODE_BEET;
	case MODE_IPTFS: return KERNEL_MODE_IPTFS;
	default: return XFRM_MODE_TUNNEL;
	}
}

/* The only selector the SA needs, if one says it all: then what a peer sends of other addresses is refused by
 * the SA itself. */
static bool selector_of(const struct sa_spec *spec, struct xfrm_selector *out)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	struct selectors s;
	bool one = spec->local_ts.n == 1 && spec->remote_ts.n == 1 &&
		   !selectors_of(spec->local_ts, spec->remote_ts, &scratch, &s, &why) && s.n == 1;

	if (one) {
		struct selector turned = selector_turned(&s.v[0]);

		selector_to_kernel(spec->inbound ? &turned : &s.v[0], out);
	}
	arena_free(&scratch);
	return one;
}

/* The kernel is told in which direction these go, and holds us to it: what means nothing there is an error.
 */
static bool is_directed(const struct sa_spec *spec)
{
	return spec->mode == MODE_IPTFS || (spec->resource && !spec->inbound);
}

static uint8_t flags_of(const struct sa_spec *spec)
{
	const struct child_conf *c = spec->conf;
	bool dscp_in = c->copy_dscp == DSCP_IN || c->copy_dscp == DSCP_BOTH;
	bool out = !spec->inbound || !is_directed(spec), in = spec->inbound || !is_directed(spec);
	/* As RFC 4302, 3.3.3.2.1 has it; by itself Linux fills AH up to 8 octets in IPv4 as well. */
	bool align4 = spec->suite.protocol == PROTO_AH && spec->remote.ip.v == 4;

	return (uint8_t)((align4 ? XFRM_STATE_ALIGN4 : 0) | (out && !c->copy_df ? XFRM_STATE_NOPMTUDISC : 0) |
			 (c->copy_ecn ? 0 : XFRM_STATE_NOECN) | (in && c->icmp ? XFRM_STATE_ICMP : 0) |
			 (spec->suite.esn ? XFRM_STATE_ESN : 0) |
			 (spec->inbound && dscp_in ? XFRM_STATE_DECAP_DSCP : 0));
}

/* A tunnel without a selector of its own carries both families. */
static enum err put_selector(struct xfrm_usersa_info *sa, const struct sa_spec *spec, struct text *why)
{
	bool one = selector_of(spec, &sa->sel);
	unsigned whole = sa->sel.family == AF_INET ? 32 : 128;

	if (sa->mode == XFRM_MODE_BEET &&
		(!one || sa->sel.prefixlen_s != whole || sa->sel.prefixlen_d != whole)) {
		text_add(why, "BEET mode is for one address at either end: write it in local_ts and "
			      "remote_ts, or use mode = tunnel");
		return ERR_UNSUPPORTED;
	}
	if (!one && (sa->mode == XFRM_MODE_TUNNEL || sa->mode == KERNEL_MODE_IPTFS))
		sa->flags |= XFRM_STATE_AF_UNSPEC;
	return ERR_OK;
}

/* The window in the old form, or with a bitmap, which need not be sent while it is empty. ESN needs one, also
 * where nothing is received, unless the kernel knows that. */
static enum err put_window(
	struct nlmsghdr *h, struct xfrm_usersa_info *sa, const struct sa_spec *spec, struct text *why)
{
	struct xfrm_replay_state_esn r = { 0 };
	uint32_t window = spec->inbound ? spec->conf->replay_window : 0;

	if (window > KERNEL_WINDOW_MAX) {
		text_add(why,
			"the kernel keeps replay windows of at most %d packets: write replay_window = %d",
			KERNEL_WINDOW_MAX, KERNEL_WINDOW_MAX);
		return ERR_RANGE;
	}
	if (!spec->suite.esn && window <= WINDOW_PLAIN) {
		sa->replay_window = (uint8_t)window;
		return ERR_OK;
	}
	if (!window)
		window = spec->inbound ? WINDOW_PLAIN : is_directed(spec) ? 0 : 1;
	r.replay_window = window;
	r.bmp_len = (window + 31) / 32;
	mnl_attr_put(h, XFRMA_REPLAY_ESN_VAL, sizeof r, &r);
	return ERR_OK;
}

static void put_mark(struct nlmsghdr *h, const struct mark *mark)
{
	struct xfrm_mark m = { mark->value, mark->mask };

	if (mark->mask)
		mnl_attr_put(h, XFRMA_MARK, sizeof m, &m);
}

/* The mark of packets after the SA has worked on them. */
static void put_set_mark(struct nlmsghdr *h, const struct sa_request *sa)
{
	const struct sa_spec *spec = sa->spec;
	struct mark set = spec->inbound ? spec->conf->set_mark_in : spec->conf->set_mark_out;

	if (set.drawn == DRAWN_SAME)
		set.value = spec->inbound ? spec->marks.in.value : spec->marks.out.value;
	if (!set.mask && !spec->inbound)
		set = (struct mark){ .value = sa->outer_mark, .mask = sa->outer_mark ? UINT32_MAX : 0 };
	if (!set.mask)
		return;
	mnl_attr_put_u32(h, XFRMA_SET_MARK, set.value);
	mnl_attr_put_u32(h, XFRMA_SET_MARK_MASK, set.mask);
}

uint16_t message_source_port(const struct sa_spec *spec)
{
	if (spec->inbound)
		return spec->per_cpu ? 0 : spec->remote.port;
	return spec->resource && spec->conf->per_cpu_sas == PER_CPU_ENCAP ? OWN_PORTS | (uint16_t)spec->spi
									  : spec->local.port;
}

/* Where packets may come from any port, the kernel need not tell of each. */
static void put_encap(struct nlmsghdr *h, const struct sa_spec *spec)
{
	struct xfrm_encap_tmpl t = { .encap_type = UDP_ENCAP_ESPINUDP,
		.encap_sport = htons(message_source_port(spec)),
		.encap_dport = htons(spec->inbound ? spec->local.port : spec->remote.port) };

	if (!spec->encap)
		return;
	mnl_attr_put(h, XFRMA_ENCAP, sizeof t, &t);
	if (!t.encap_sport)
		mnl_attr_put_u32(h, XFRMA_MTIMER_THRESH, UINT32_MAX);
}

static void put_iptfs(struct nlmsghdr *h, const struct sa_spec *spec, const struct iptfs_conf *c)
{
	if (c && spec->inbound) {
		mnl_attr_put_u32(h, ATTR_IPTFS_DROP_TIME, c->drop_time);
		mnl_attr_put_u16(h, ATTR_IPTFS_REORDER_WINDOW, (uint16_t)c->reorder_window);
	} else if (c) {
		mnl_attr_put_u32(h, ATTR_IPTFS_INIT_DELAY, c->init_delay);
		mnl_attr_put_u32(h, ATTR_IPTFS_MAX_QSIZE, c->max_queue_size);
		mnl_attr_put_u32(h, ATTR_IPTFS_PKT_SIZE, c->packet_size);
	}
	if (!spec->inbound && (spec->whole || (c && c->dont_fragment)))
		mnl_attr_put(h, ATTR_IPTFS_DONT_FRAG, 0, NULL);
}

static void put_extras(struct nlmsghdr *h, const struct sa_request *sa, const struct sa_key *key)
{
	const struct child_conf *c = sa->spec->conf;
	bool dscp_out = c->copy_dscp == DSCP_OUT || c->copy_dscp == DSCP_BOTH;
	struct xfrm_user_offload offload = { .ifindex = (int)sa->offload.device,
		.flags = (uint8_t)((sa->spec->inbound ? XFRM_OFFLOAD_INBOUND : 0) |
				   (sa->offload.packet ? XFRM_OFFLOAD_PACKET : 0)) };

	put_encap(h, sa->spec);
	put_mark(h, &key->mark);
	put_set_mark(h, sa);
	if (key->if_id)
		mnl_attr_put_u32(h, XFRMA_IF_ID, key->if_id);
	if (!sa->spec->inbound && !dscp_out)
		mnl_attr_put_u32(h, XFRMA_SA_EXTRA_FLAGS, XFRM_SA_XFLAG_DONT_ENCAP_DSCP);
	if (sa->spec->tfc_padding)
		mnl_attr_put_u32(h, XFRMA_TFCPAD, sa->spec->tfc_padding);
	if (sa->offload.device)
		mnl_attr_put(h, XFRMA_OFFLOAD_DEV, sizeof offload, &offload);
	if (is_directed(sa->spec))
		mnl_attr_put_u8(h, ATTR_SA_DIR, sa->spec->inbound ? DIR_IN : DIR_OUT);
	if (sa->spec->mode == MODE_IPTFS)
		put_iptfs(h, sa->spec, sa->iptfs);
	if (sa->spec->resource && !sa->spec->inbound)
		mnl_attr_put_u32(h, ATTR_SA_PCPU, sa->spec->resource - 1);
}

enum err message_sa(struct nlmsghdr *h, const struct sa_request *sa, struct text *why)
{
	const struct sa_spec *spec = sa->spec;
	struct sa_key key = message_sa_key(spec);
	struct xfrm_usersa_info *info = mnl_nlmsg_put_extra_header(h, sizeof *info);
	enum err e;

	info->id = (struct xfrm_id){ selector_address(&key.dst), htonl(key.spi), key.proto };
	info->saddr = selector_address(&key.src);
	info->family = selector_family(&key.dst);
	info->reqid = key.reqid;
	info->seq = sa->seq;
	info->mode = message_mode(spec->mode);
	info->flags = flags_of(spec);
	info->lft = message_lifetimes(&sa->limits);
	e = put_selector(info, spec, why);
	if (!e)
		e = algorithm_put(
			h, &spec->suite, spec->encr_key, spec->integ_key, spec->conf->sha256_96, why);
	if (!e)
		e = put_window(h, info, spec, why);
	if (!e)
		put_extras(h, sa, &key);
	return e;
}

void message_sa_id(struct nlmsghdr *h, const struct sa_key *key)
{
	struct xfrm_usersa_id *id = mnl_nlmsg_put_extra_header(h, sizeof *id);
	xfrm_address_t src = selector_address(&key->src);

	id->daddr = selector_address(&key->dst);
	id->spi = htonl(key->spi);
	id->family = selector_family(&key->dst);
	id->proto = key->proto;
	put_mark(h, &key->mark);
	mnl_attr_put(h, XFRMA_SRCADDR, sizeof src, &src);
}

void message_larva(struct nlmsghdr *h, const struct sa_seen *larva)
{
	struct xfrm_userspi_info *p = mnl_nlmsg_put_extra_header(h, sizeof *p);
	const struct sa_key *key = &larva->key;

	p->info.id = (struct xfrm_id){ .daddr = selector_address(&key->dst), .proto = key->proto };
	p->info.saddr = selector_address(&key->src);
	p->info.family = selector_family(&key->dst);
	p->info.reqid = key->reqid;
	p->info.seq = larva->seq;
	p->info.mode = larva->mode;
	p->min = LARVA_SPI_MIN;
	p->max = UINT32_MAX;
	put_mark(h, &key->mark);
	if (key->if_id)
		mnl_attr_put_u32(h, XFRMA_IF_ID, key->if_id);
	if (larva->resource)
		mnl_attr_put_u32(h, ATTR_SA_PCPU, larva->resource - 1);
}

static void read_info(const struct xfrm_usersa_info *info, struct sa_seen *out)
{
	*out = (struct sa_seen){
		.key = { .src = selector_ip(&info->saddr, info->family),
			.dst = selector_ip(&info->id.daddr, info->family),
			.spi = ntohl(info->id.spi),
			.reqid = info->reqid,
			.proto = info->id.proto },
		.limits = { info->lft.soft_byte_limit, info->lft.hard_byte_limit, info->lft.soft_packet_limit,
			info->lft.hard_packet_limit, info->lft.soft_use_expires_seconds },
		.bytes = info->curlft.bytes,
		.packets = info->curlft.packets,
		.seq = info->seq,
		.mode = info->mode,
		.replays = info->stats.replay + info->stats.replay_window,
		.invalid = info->stats.integrity_failed,
		.larval = true,
	};
}

uint32_t message_resource(const struct nlattr *a)
{
	return mnl_attr_get_type(a) == ATTR_SA_PCPU && mnl_attr_get_payload_len(a) >= sizeof(uint32_t)
		       ? mnl_attr_get_u32(a) + 1
		       : 0;
}

static void read_attr(const struct nlattr *a, struct sa_seen *out)
{
	size_t n = mnl_attr_get_payload_len(a);
	struct xfrm_mark mark;

	switch (mnl_attr_get_type(a)) {
	case XFRMA_ALG_AEAD:
	case XFRMA_ALG_CRYPT:
	case XFRMA_ALG_AUTH: out->larval = false; break;
	case XFRMA_OFFLOAD_DEV: out->offloaded = true; break;
	case ATTR_IPTFS_DROP_TIME:
	case ATTR_IPTFS_PKT_SIZE: out->iptfs = true; break;
	case ATTR_SA_PCPU: out->resource = message_resource(a); break;
	case XFRMA_LASTUSED:
		if (n >= sizeof out->last_used)
			memcpy(&out->last_used, mnl_attr_get_payload(a), sizeof out->last_used);
		break;
	case XFRMA_MARK:
		if (n >= sizeof mark) {
			memcpy(&mark, mnl_attr_get_payload(a), sizeof mark);
			out->key.mark = (struct mark){ .value = mark.v, .mask = mark.m };
		}
		break;
	case XFRMA_IF_ID:
		if (n >= sizeof out->key.if_id)
			out->key.if_id = mnl_attr_get_u32(a);
		break;
	}
}

static enum err read_behind(
	const struct nlmsghdr *h, const struct xfrm_usersa_info *info, size_t size, struct sa_seen *out)
{
	const struct nlattr *a;

	read_info(info, out);
	mnl_attr_for_each(a, h, size) read_attr(a, out);
	return out->key.dst.v ? ERR_OK : ERR_RANGE;
}

bool message_head(const struct nlmsghdr *h, void *out, size_t n)
{
	if (mnl_nlmsg_get_payload_len(h) < n)
		return false;
	memcpy(out, mnl_nlmsg_get_payload(h), n);
	return true;
}

enum err message_sa_read(const struct nlmsghdr *h, struct sa_seen *out)
{
	struct xfrm_usersa_info info;

	return message_head(h, &info, sizeof info) ? read_behind(h, &info, sizeof info, out) : ERR_SHORT;
}

enum err message_expire(const struct nlmsghdr *h, struct sa_seen *sa, bool *hard)
{
	struct xfrm_user_expire e;
	enum err err;

	if (!message_head(h, &e, sizeof e))
		return ERR_SHORT;
	*hard = e.hard;
	err = read_behind(h, &e.state, sizeof e, sa);
	/* Its keys are not told of; but only a question of the kernel's ends after a time. */
	sa->larval = e.state.lft.hard_add_expires_seconds != 0;
	return err;
}

const char *sa_key_print(const struct sa_key *key, char out[SA_KEY_TEXT])
{
	char src[IP_TEXT], dst[IP_TEXT];

	snprintf(out, SA_KEY_TEXT, "sa %s %x %u %s %u %x/%x %u", ip_print(&key->dst, dst), key->spi,
		key->proto, ip_print(&key->src, src), key->reqid, key->mark.value, key->mark.mask,
		key->if_id);
	return out;
}

enum err sa_key_parse(const char *s, struct sa_key *out)
{
	char src[IP_TEXT], dst[IP_TEXT];
	enum err e;

	*out = (struct sa_key){ 0 };
	if (sscanf(s, "sa %45s %x %hhu %45s %u %x/%x %u", dst, &out->spi, &out->proto, src, &out->reqid,
		    &out->mark.value, &out->mark.mask, &out->if_id) != 8)
		return ERR_SYNTAX;
	e = ip_parse(dst, &out->dst);
	return e ? e : ip_parse(src, &out->src);
}
