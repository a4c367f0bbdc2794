/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radius/packet.h"

#include "crypto/prf.h"

enum {
	LENGTH_AT = 2,
	AUTHENTICATOR_AT = 4,
	HEAD = 2, /* octets of an attribute in front of its value */
	VENDOR_HEAD = 4,
};

static const uint8_t zeros[RADIUS_AUTHENTICATOR];

/* The next attribute as it stands. Nobody may send empty ones (RFC 2865, 5), but they do no harm. */
static bool raw_next(struct rd *r, struct radius_attribute *a)
{
	uint8_t length;

	if (r->bad || !r->n)
		return false;
	a->vendor = 0;
	a->type = rd_u8(r);
	length = rd_u8(r);
	if (length < HEAD)
		r->bad = true;
	a->value = rd_bytes(r, r->bad ? 0 : length - HEAD);
	return !r->bad;
}

enum err radius_parse(struct bytes datagram, struct radius_packet *p)
{
	struct rd r = rd_of(datagram), attributes;
	struct radius_attribute a;
	uint16_t length;

	*p = (struct radius_packet){ .code = rd_u8(&r), .id = rd_u8(&r) };
	length = rd_u16(&r);
	p->authenticator = rd_bytes(&r, RADIUS_AUTHENTICATOR);
	if (r.bad || length > datagram.n)
		return ERR_SHORT;
	if (length < RADIUS_HEADER || length > RADIUS_MAX)
		return ERR_SYNTAX;
	p->whole = bytes_of(datagram.p, length);
	p->attributes = bytes_of(datagram.p + RADIUS_HEADER, length - RADIUS_HEADER);
	attributes = rd_of(p->attributes);
	while (raw_next(&attributes, &a))
		;
	return attributes.bad ? ERR_SYNTAX : ERR_OK;
}

/* The single attribute inside a Vendor-Specific, if its value has the usual form (RFC 2865, 5.26). */
static void open_vendor(struct radius_attribute *a)
{
	struct radius_attribute inner;
	struct rd r = rd_of(a->value);
	uint32_t vendor = rd_u32(&r);

	if (!vendor || !raw_next(&r, &inner) || !rd_done(&r))
		return;
	*a = inner;
	a->vendor = vendor;
}

bool radius_next(struct rd *r, struct radius_attribute *a)
{
	if (!raw_next(r, a))
		return false;
	if (a->type == RADIUS_VENDOR_SPECIFIC)
		open_vendor(a);
	return true;
}

bool radius_find(const struct radius_packet *p, enum radius_type type, struct bytes *value)
{
	struct rd r = rd_of(p->attributes);
	struct radius_attribute a;

	while (raw_next(&r, &a))
		if (a.type == type) {
			*value = a.value;
			return true;
		}
	return false;
}

size_t radius_join(const struct radius_packet *p, enum radius_type type, uint8_t *out, size_t cap)
{
	struct rd r = rd_of(p->attributes);
	struct radius_attribute a;
	struct wr w = wr_of(out, cap);

	while (raw_next(&r, &a))
		if (a.type == type)
			wr_bytes(&w, a.value);
	return wr_done(&w).n;
}

bool radius_number(struct bytes value, uint32_t *n)
{
	struct rd r = rd_of(value);

	*n = rd_u32(&r);
	return rd_done(&r);
}

bool radius_is_esp(struct bytes value)
{
	uint32_t n;

	return radius_number(value, &n) && (n & 0xffffff) == RADIUS_TUNNEL_ESP;
}

void radius_begin(struct wr *w, enum radius_code code, uint8_t id, const uint8_t *authenticator, bool mac)
{
	wr_u8(w, (uint8_t)code);
	wr_u8(w, id);
	wr_u16(w, 0);
	wr_bytes(w, bytes_of(authenticator ? authenticator : zeros, RADIUS_AUTHENTICATOR));
	if (mac)
		radius_put(w, RADIUS_MESSAGE_AUTHENTICATOR, bytes_of(zeros, sizeof zeros));
}

void radius_put(struct wr *w, enum radius_type type, struct bytes value)
{
	if (!value.n || value.n > RADIUS_VALUE_MAX)
		w->bad = true;
	wr_u8(w, (uint8_t)type);
	wr_u8(w, (uint8_t)(HEAD + value.n));
	wr_bytes(w, value);
}

void radius_put_number(struct wr *w, enum radius_type type, uint32_t n)
{
	uint8_t octets[4];
	struct wr number = wr_of(octets, sizeof octets);

	wr_u32(&number, n);
	radius_put(w, type, wr_done(&number));
}

void radius_put_long(struct wr *w, enum radius_type type, struct bytes value)
{
	while (value.n > RADIUS_VALUE_MAX) {
		radius_put(w, type, bytes_of(value.p, RADIUS_VALUE_MAX));
		value = bytes_of(value.p + RADIUS_VALUE_MAX, value.n - RADIUS_VALUE_MAX);
	}
	radius_put(w, type, value);
}

/* Whether the authenticator of such a packet is drawn, and not made of its contents. */
static bool is_drawn(uint8_t code)
{
	return code == RADIUS_ACCESS_REQUEST || code == RADIUS_STATUS_SERVER;
}

/* The authenticator that a packet is signed with: its own drawn one, its request's, or none. */
static struct bytes signed_with(uint8_t code, struct bytes own, const uint8_t *request)
{
	return is_drawn(code) ? own : bytes_of(request ? request : zeros, RADIUS_AUTHENTICATOR);
}

/* Where in WHOLE, a packet, the value of its Message-Authenticator is; 0: it has none. ERR_SYNTAX: it has
 * two, or one of another size. */
static enum err find_mac(struct bytes whole, size_t *at)
{
	struct rd r = rd_of(bytes_of(whole.p + RADIUS_HEADER, whole.n - RADIUS_HEADER));
	struct radius_attribute a;

	*at = 0;
	while (raw_next(&r, &a))
		if (a.type == RADIUS_MESSAGE_AUTHENTICATOR) {
			if (*at || a.value.n != RADIUS_AUTHENTICATOR)
				return ERR_SYNTAX;
			*at = (size_t)(a.value.p - whole.p);
		}
	return ERR_OK;
}

/* The Message-Authenticator of WHOLE that belongs at AT (RFC 3579, 3.2): its value counts as zeros. */
static enum err make_mac(
	struct bytes whole, size_t at, struct bytes authenticator, struct bytes secret, uint8_t *out)
{
	size_t behind = at + RADIUS_AUTHENTICATOR;
	struct bytes parts[] = {
		bytes_of(whole.p, AUTHENTICATOR_AT),
		authenticator,
		bytes_of(whole.p + RADIUS_HEADER, at - RADIUS_HEADER),
		bytes_of(zeros, sizeof zeros),
		bytes_of(whole.p + behind, whole.n - behind),
	};

	return digest_hmac("MD5", secret, parts, 5, out);
}

/* The authenticator of WHOLE, where it is no random one. OUT holds PRF_OUT_MAX octets. */
static enum err make_authenticator(
	struct bytes whole, struct bytes authenticator, struct bytes secret, uint8_t *out)
{
	struct bytes parts[] = {
		bytes_of(whole.p, AUTHENTICATOR_AT),
		authenticator,
		bytes_of(whole.p + RADIUS_HEADER, whole.n - RADIUS_HEADER),
		secret,
	};
	size_t n;

	return digest("MD5", parts, 4, out, &n);
}

enum err radius_sign(struct wr *w, struct bytes secret, const uint8_t *request)
{
	uint8_t sum[PRF_OUT_MAX];
	struct bytes whole, with;
	size_t mac;
	enum err e;

	if (w->bad || w->n > RADIUS_MAX)
		return ERR_SPACE;
	wr_u16_at(w, LENGTH_AT, (uint16_t)w->n);
	whole = wr_done(w);
	with = signed_with(w->p[0], bytes_of(w->p + AUTHENTICATOR_AT, RADIUS_AUTHENTICATOR), request);
	e = find_mac(whole, &mac);
	if (!e && mac) {
		e = make_mac(whole, mac, with, secret, sum);
		if (!e)
			memcpy(w->p + mac, sum, RADIUS_AUTHENTICATOR);
	}
	if (e || is_drawn(w->p[0]))
		return e;
	e = make_authenticator(whole, with, secret, sum);
	if (!e)
		memcpy(w->p + AUTHENTICATOR_AT, sum, RADIUS_AUTHENTICATOR);
	return e;
}

/* Whether the SUM that we made is the one at P. */
static enum err compare(const uint8_t *p, const uint8_t *sum)
{
	return bytes_eq_secret(bytes_of(p, RADIUS_AUTHENTICATOR), bytes_of(sum, RADIUS_AUTHENTICATOR))
		       ? ERR_OK
		       : ERR_AUTH;
}

static enum err verify_authenticator(const struct radius_packet *p, struct bytes with, struct bytes secret)
{
	uint8_t sum[PRF_OUT_MAX];
	enum err e = make_authenticator(p->whole, with, secret, sum);

	return e ? e : compare(p->authenticator.p, sum);
}

enum err radius_verify(const struct radius_packet *p, struct bytes secret, const uint8_t *request, bool mac)
{
	struct bytes with = signed_with(p->code, p->authenticator, request);
	uint8_t sum[PRF_OUT_MAX];
	size_t at;
	enum err e = find_mac(p->whole, &at);

	if (e)
		return ERR_AUTH;
	if (!is_drawn(p->code)) {
		e = verify_authenticator(p, with, secret);
		if (e)
			return e;
	}
	if (!at)
		return mac || is_drawn(p->code) ? ERR_MISSING : ERR_OK;
	e = make_mac(p->whole, at, with, secret, sum);
	return e ? e : compare(p->whole.p + at, sum);
}
