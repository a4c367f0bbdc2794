/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radius/grant.h"

#include "crypto/prf.h"

enum {
	BLOCK = 16,
	SALT = 2,
	INTERFACE = 8,                /* octets of an address that name an interface */
	TERMINATE_RADIUS_REQUEST = 1, /* Termination-Action (RFC 2865, 5.29) */
};

/* The stream that block BEHIND of a key is hidden by: MD5(secret, what stands before). */
static enum err stream(struct bytes secret, struct bytes before, struct bytes salt, uint8_t *out)
{
	size_t n;

	return digest("MD5", (struct bytes[]){ secret, before, salt }, 3, out, &n);
}

/* Hides or shows N octets of whole blocks (RFC 2548, 2.4.2): each block's stream is made of the hidden one
 * before it, which is in OUT when HIDE, else in IN. */
static enum err turn(const uint8_t *in, uint8_t *out, size_t n, struct bytes salt, struct bytes secret,
	const uint8_t *request, bool hide)
{
	struct bytes before = bytes_of(request, BLOCK);
	uint8_t mask[PRF_OUT_MAX];
	enum err e = ERR_OK;

	for (size_t at = 0; !e && at < n; at += BLOCK) {
		e = stream(secret, before, salt, mask);
		for (unsigned i = 0; !e && i < BLOCK; i++)
			out[at + i] = in[at + i] ^ mask[i];
		before = bytes_of((hide ? out : in) + at, BLOCK);
		salt.n = 0;
	}
	WIPE(mask);
	return e;
}

enum err radius_key_open(
	struct bytes value, struct bytes secret, const uint8_t *request, uint8_t *out, size_t *n)
{
	uint8_t plain[RADIUS_VALUE_MAX];
	size_t hidden = value.n - SALT;
	enum err e;

	*n = 0;
	if (value.n < SALT + BLOCK || hidden % BLOCK || hidden > sizeof plain)
		return ERR_AUTH;
	e = turn(value.p + SALT, plain, hidden, bytes_of(value.p, SALT), secret, request, false);
	if (!e && (!plain[0] || plain[0] >= hidden || plain[0] > RADIUS_KEY_MAX))
		e = ERR_AUTH;
	if (!e) {
		*n = plain[0];
		memcpy(out, plain + 1, *n);
	}
	WIPE(plain);
	return e;
}

enum err radius_key_close(struct bytes key, uint16_t salt, struct bytes secret, const uint8_t *request,
	uint8_t *value, size_t *n)
{
	uint8_t plain[RADIUS_KEY_MAX + BLOCK] = { (uint8_t)key.n };
	size_t hidden = (1 + key.n + BLOCK - 1) / BLOCK * BLOCK;
	struct wr w = wr_of(value, SALT);
	enum err e;

	*n = SALT + hidden;
	if (key.n > RADIUS_KEY_MAX)
		return ERR_SPACE;
	wr_u16(&w, salt);
	memcpy(plain + 1, key.p, key.n);
	e = turn(plain, value + SALT, hidden, wr_done(&w), secret, request, true);
	WIPE(plain);
	return e;
}

/* The two MPPE keys, hidden. */
struct keys {
	struct bytes send, recv;
};

static struct keys find_keys(const struct radius_packet *accept)
{
	struct rd r = rd_of(accept->attributes);
	struct radius_attribute a;
	struct keys k = { 0 };

	while (radius_next(&r, &a))
		if (a.vendor == RADIUS_MICROSOFT && a.type == RADIUS_MS_MPPE_SEND_KEY)
			k.send = a.value;
		else if (a.vendor == RADIUS_MICROSOFT && a.type == RADIUS_MS_MPPE_RECV_KEY)
			k.recv = a.value;
	return k;
}

/* MSK = Recv-Key | Send-Key (RFC 3579, 4.3.2; RFC 5216, 2.3), with zeros behind it where they are short:
 * those of EAP-MSCHAPv2 have 16 octets each, and its MSK ends in 32 zeros. */
enum err radius_msk_open(const struct radius_packet *accept, struct bytes secret, const uint8_t *request,
	uint8_t msk[RADIUS_MSK_MAX], size_t *n)
{
	const struct keys k = find_keys(accept);
	size_t recv, send;
	enum err e;

	*n = 0;
	if (!k.send.n && !k.recv.n)
		return ERR_OK;
	if (!k.send.n || !k.recv.n)
		return ERR_SYNTAX;
	memset(msk, 0, RADIUS_MSK_MAX);
	e = radius_key_open(k.recv, secret, request, msk, &recv);
	if (!e)
		e = radius_key_open(k.send, secret, request, msk + recv, &send);
	if (!e && (recv < BLOCK || send < BLOCK))
		e = ERR_SYNTAX;
	if (e) {
		wipe(msk, RADIUS_MSK_MAX);
		return e;
	}
	*n = recv + send < RADIUS_MSK_MIN ? RADIUS_MSK_MIN : recv + send;
	return ERR_OK;
}

/* Attributes that mean something together: the prefix and the rest of an address. */
struct parts {
	struct bytes interface;
	struct ip prefix; /* v 0: none */
	unsigned bits;
};

static void add_text(struct bytes *list, unsigned *n, struct bytes value)
{
	if (value.n && *n < RADIUS_CLASSES_MAX)
		list[(*n)++] = value;
}

static void add_address(struct ip *list, unsigned *n, struct bytes value, size_t size)
{
	struct ip ip;

	if (value.n == size && *n < RADIUS_DNS_MAX && !ip_from(value, &ip) && !ip_is_any(&ip))
		list[(*n)++] = ip;
}

/* An address that is assigned. 255.255.255.255 means that the user chooses, 255.255.255.254 that we do
 * (RFC 2865, 5.8). */
static void set_ip(struct ip *out, struct bytes value, size_t size)
{
	struct ip ip;

	if (value.n != size || ip_from(value, &ip) || ip_is_any(&ip))
		return;
	if (ip.v == 4 && !memcmp(ip.a, "\xff\xff\xff", 3) && ip.a[3] >= 254)
		return;
	*out = ip;
}

/* Framed-IPv6-Prefix (RFC 3162, 2.3): an octet, the length, and what of the prefix is not zero. */
static void set_prefix(struct parts *p, struct bytes value)
{
	struct ip ip = { .v = 6 }, first, last;

	if (value.n < 2 || value.n > 2 + sizeof ip.a)
		return;
	memcpy(ip.a, value.p + 2, value.n - 2);
	if (ip_prefix(&ip, value.p[1], &first, &last) || ip_is_any(&first))
		return;
	p->prefix = first;
	p->bits = value.p[1];
}

/* RFC 3162, 2.2. The address of zeros behind a prefix is that of its routers (RFC 4291, 2.6.1). */
static struct ip address_of(const struct parts *p)
{
	struct ip ip = p->prefix;

	if (p->interface.n == INTERFACE && p->bits <= 8 * INTERFACE)
		memcpy(ip.a + INTERFACE, p->interface.p, INTERFACE);
	else if (p->bits < 8 * sizeof ip.a)
		ip.a[sizeof ip.a - 1] |= 1;
	return ip;
}

static void set_seconds(uint32_t *out, struct bytes value)
{
	uint32_t n;

	if (radius_number(value, &n))
		*out = n;
}

static void take_microsoft(struct radius_grant *g, const struct radius_attribute *a)
{
	switch (a->type) {
	case RADIUS_MS_PRIMARY_DNS:
	case RADIUS_MS_SECONDARY_DNS: add_address(g->dns, &g->n_dns, a->value, 4); break;
	case RADIUS_MS_PRIMARY_NBNS:
	case RADIUS_MS_SECONDARY_NBNS: add_address(g->nbns, &g->n_nbns, a->value, 4); break;
	}
}

static void take(struct radius_grant *g, struct parts *p, const struct radius_attribute *a)
{
	uint32_t n;

	switch (a->type) {
	case RADIUS_USER_NAME: g->user = a->value; break;
	case RADIUS_CHARGEABLE_USER_IDENTITY: g->cui = a->value; break;
	case RADIUS_CLASS: add_text(g->classes, &g->n_classes, a->value); break;
	case RADIUS_FILTER_ID: add_text(g->filters, &g->n_filters, a->value); break;
	case RADIUS_SESSION_TIMEOUT: set_seconds(&g->session_timeout, a->value); break;
	case RADIUS_IDLE_TIMEOUT: set_seconds(&g->idle_timeout, a->value); break;
	case RADIUS_ACCT_INTERIM_INTERVAL: set_seconds(&g->interim, a->value); break;
	case RADIUS_TERMINATION_ACTION:
		g->renew = radius_number(a->value, &n) && n == TERMINATE_RADIUS_REQUEST;
		break;
	case RADIUS_TUNNEL_TYPE: g->esp = radius_is_esp(a->value); break;
	case RADIUS_FRAMED_IP_ADDRESS: set_ip(&g->ip, a->value, 4); break;
	case RADIUS_FRAMED_IPV6_ADDRESS: set_ip(&g->ip6, a->value, 16); break;
	case RADIUS_FRAMED_INTERFACE_ID: p->interface = a->value; break;
	case RADIUS_FRAMED_IPV6_PREFIX: set_prefix(p, a->value); break;
	case RADIUS_DNS_SERVER_IPV6_ADDRESS: add_address(g->dns, &g->n_dns, a->value, 16); break;
	}
}

void radius_grant_read(const struct radius_packet *accept, struct radius_grant *g)
{
	struct rd r = rd_of(accept->attributes);
	struct radius_attribute a;
	struct parts parts = { 0 };

	*g = (struct radius_grant){ 0 };
	while (radius_next(&r, &a))
		if (!a.vendor)
			take(g, &parts, &a);
		else if (a.vendor == RADIUS_MICROSOFT)
			take_microsoft(g, &a);
	if (!g->ip6.v && parts.prefix.v)
		g->ip6 = address_of(&parts);
}
