/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radius/dae.h"

#include "base/arena.h"

/* An order that came a short time ago. */
struct entry {
	unsigned number; /* 0: none */
	struct addr from;
	uint8_t code, id;
	uint8_t authenticator[RADIUS_AUTHENTICATOR];
	bool dated;                             /* it has an Event-Timestamp */
	uint8_t proxy[RADIUS_ORDER_ANSWER / 2]; /* its Proxy-States, as they stand */
	size_t n_proxy;
	uint8_t answer[RADIUS_ORDER_ANSWER];
	size_t n_answer; /* 0: it is being obeyed, or */
	bool obeyed;     /* only its answer is still to be made, with */
	enum radius_error error;
};

/* One with an Event-Timestamp, which nobody may have obeyed again by sending what was seen on its way. */
struct dated {
	uint64_t until; /* s since 1970: from then on it is too old for anybody */
	uint8_t authenticator[RADIUS_AUTHENTICATOR];
};

struct radius_dae {
	struct arena arena;
	struct radius_secret secret;
	struct bytes nas_identifier;
	bool filters;
	struct entry entries[RADIUS_ORDERS_MAX]; /* a ring */
	unsigned next, last_number;
	struct dated dated[RADIUS_DATED_MAX];
	uint64_t dropped[RADIUS_DAE_DROPS];
};

struct radius_dae *radius_dae_new(
	const struct radius_secret *secret, struct bytes nas_identifier, bool filters)
{
	struct arena arena = { 0 };
	struct radius_dae *d = ARENA_NEW(&arena, struct radius_dae);

	d->secret = *secret;
	d->nas_identifier = arena_bytes(&arena, nas_identifier);
	d->filters = filters;
	d->arena = arena;
	return d;
}

bool radius_dae_is(const struct radius_dae *d, const struct radius_secret *secret,
	struct bytes nas_identifier, bool filters)
{
	return radius_secret_same(&d->secret, secret) && bytes_eq(d->nas_identifier, nas_identifier) &&
	       d->filters == filters;
}

void radius_dae_free(struct radius_dae *d)
{
	struct arena arena = { 0 };

	if (d)
		arena = d->arena;
	arena_free(&arena);
}

const uint64_t *radius_dae_dropped(const struct radius_dae *d)
{
	return d->dropped;
}

/* Without a date the same may be ordered again by somebody else; with one it is this one, replayed. */
static struct entry *find(struct radius_dae *d, const struct addr *from, const struct radius_packet *p)
{
	for (unsigned i = 0; i < RADIUS_ORDERS_MAX; i++) {
		struct entry *e = &d->entries[i];

		if (e->number && e->code == p->code && e->id == p->id &&
			(e->dated || addr_eq(&e->from, from)) &&
			!memcmp(e->authenticator, p->authenticator.p, RADIUS_AUTHENTICATOR))
			return e;
	}
	return NULL;
}

/* Which of the dated orders P is; else one to note it in, or NULL where all are still to be known. */
static struct dated *find_dated(
	struct radius_dae *d, const struct radius_packet *p, uint64_t wall, bool *known)
{
	struct dated *room = NULL;

	*known = false;
	for (unsigned i = 0; i < RADIUS_DATED_MAX; i++) {
		struct dated *x = &d->dated[i];

		if (x->until < wall)
			room = x;
		else if (!memcmp(x->authenticator, p->authenticator.p, RADIUS_AUTHENTICATOR)) {
			*known = true;
			return x;
		}
	}
	return room;
}

/* Notes P, where it has a date. ERR_EXISTS: it was noted before; ERR_SPACE: too many are. */
static enum err note_date(struct radius_dae *d, const struct radius_packet *p, uint64_t wall)
{
	struct dated *x;
	struct bytes value;
	uint32_t at;
	bool known;

	if (!radius_find(p, RADIUS_EVENT_TIMESTAMP, &value) || !radius_number(value, &at))
		return ERR_OK;
	x = find_dated(d, p, wall, &known);
	if (known || !x)
		return known ? ERR_EXISTS : ERR_SPACE;
	x->until = at + (uint64_t)RADIUS_ORDER_SKEW;
	memcpy(x->authenticator, p->authenticator.p, RADIUS_AUTHENTICATOR);
	return ERR_OK;
}

/* What an answer must bring back as it came (RFC 5176, 3.1). One that is too much for us is left out. */
static void keep_proxies(struct entry *e, const struct radius_packet *p)
{
	struct rd r = rd_of(p->attributes);
	struct wr w = wr_of(e->proxy, sizeof e->proxy);
	struct radius_attribute a;

	while (radius_next(&r, &a))
		if (!a.vendor && a.type == RADIUS_PROXY_STATE && a.value.n && w.n + 2 + a.value.n <= w.cap)
			radius_put(&w, RADIUS_PROXY_STATE, a.value);
	e->n_proxy = w.n;
}

static struct entry *keep(struct radius_dae *d, const struct addr *from, const struct radius_packet *p)
{
	struct entry *e = &d->entries[d->next++ % RADIUS_ORDERS_MAX];
	struct bytes value;

	*e = (struct entry){ .number = ++d->last_number ? d->last_number : ++d->last_number,
		.from = *from,
		.code = p->code,
		.id = p->id };
	memcpy(e->authenticator, p->authenticator.p, RADIUS_AUTHENTICATOR);
	e->dated = radius_find(p, RADIUS_EVENT_TIMESTAMP, &value);
	keep_proxies(e, p);
	return e;
}

/* The answer to E: an ACK, or a NAK with ERROR. */
static struct bytes make_answer(struct radius_dae *d, struct entry *e, enum radius_error error)
{
	struct wr w = wr_of(e->answer, sizeof e->answer);

	/* The codes of ACK and NAK follow that of the order. */
	radius_begin(&w, (enum radius_code)(e->code + (error ? 2 : 1)), e->id, NULL, true);
	if (error)
		radius_put_number(&w, RADIUS_ERROR_CAUSE, error);
	wr_bytes(&w, bytes_of(e->proxy, e->n_proxy));
	e->obeyed = true;
	e->error = error;
	if (!radius_finish(&w, &d->secret, e->authenticator))
		e->n_answer = w.n;
	return bytes_of(e->answer, e->n_answer);
}

struct bytes radius_dae_answer(struct radius_dae *d, unsigned number, enum radius_error error)
{
	for (unsigned i = 0; i < RADIUS_ORDERS_MAX; i++)
		if (number && d->entries[i].number == number && !d->entries[i].obeyed)
			return make_answer(d, &d->entries[i], error);
	return bytes_of(NULL, 0);
}

/* Attributes that are no demand: they say who is asked, by whom, when, and that it is a service we give. */
static bool says_nothing(const struct radius_attribute *a)
{
	switch (a->type) {
	case RADIUS_NAS_IP_ADDRESS:
	case RADIUS_NAS_IPV6_ADDRESS:
	case RADIUS_NAS_PORT_TYPE:
	case RADIUS_SERVICE_TYPE:
	case RADIUS_CALLED_STATION_ID:
	case RADIUS_PROXY_STATE:
	case RADIUS_STATE:
	case RADIUS_CLASS:
	case RADIUS_EVENT_TIMESTAMP:
	case RADIUS_REPLY_MESSAGE:
	case RADIUS_ACCT_TERMINATE_CAUSE:
	case RADIUS_MESSAGE_AUTHENTICATOR: return true;
	default: return false;
	}
}

static enum radius_error take_ip(struct ip *ip, const struct bytes value, size_t size)
{
	return value.n == size && !ip_from(value, ip) ? 0 : RADIUS_ERROR_INVALID_VALUE;
}

static enum radius_error take_timeout(struct bytes value, struct radius_order *o)
{
	if (!radius_number(value, &o->timeout) || !o->timeout)
		return RADIUS_ERROR_INVALID_VALUE;
	return o->disconnect ? RADIUS_ERROR_INVALID_REQUEST : 0;
}

static enum radius_error take_filter(const struct radius_dae *d, struct bytes value, struct radius_order *o)
{
	if (!d->filters)
		return RADIUS_ERROR_UNSUPPORTED_ATTRIBUTE;
	if (!value.n)
		return RADIUS_ERROR_INVALID_VALUE;
	if (o->disconnect)
		return RADIUS_ERROR_INVALID_REQUEST;
	if (o->n_filters == RADIUS_ORDER_FILTERS)
		return RADIUS_ERROR_RESOURCES;
	o->filters[o->n_filters++] = value;
	return 0;
}

/* What A demands, into O; ESP: it is about tunnels of ESP. 0, or why it cannot be obeyed. */
static enum radius_error take_attribute(
	const struct radius_dae *d, const struct radius_attribute *a, struct radius_order *o, bool *esp)
{
	struct radius_match *m = &o->match;

	if (a->vendor)
		return RADIUS_ERROR_UNSUPPORTED_ATTRIBUTE;
	switch (a->type) {
	case RADIUS_USER_NAME: m->user = a->value; return 0;
	case RADIUS_ACCT_SESSION_ID: m->session = a->value; return 0;
	case RADIUS_NAS_PORT_ID: m->connection = a->value; return 0;
	case RADIUS_CALLING_STATION_ID: m->calling = a->value; return 0;
	case RADIUS_NAS_PORT:
		m->has_port = radius_number(a->value, &m->port);
		return m->has_port ? 0 : RADIUS_ERROR_INVALID_VALUE;
	case RADIUS_FRAMED_IP_ADDRESS: return take_ip(&m->ip, a->value, 4);
	case RADIUS_FRAMED_IPV6_ADDRESS: return take_ip(&m->ip6, a->value, 16);
	case RADIUS_NAS_IDENTIFIER:
		return bytes_eq(a->value, d->nas_identifier) ? 0 : RADIUS_ERROR_NAS_MISMATCH;
	case RADIUS_SESSION_TIMEOUT: return take_timeout(a->value, o);
	case RADIUS_FILTER_ID: return take_filter(d, a->value, o);
	case RADIUS_TUNNEL_TYPE: *esp = radius_is_esp(a->value); return 0;
	default: return says_nothing(a) ? 0 : RADIUS_ERROR_UNSUPPORTED_ATTRIBUTE;
	}
}

static bool means_somebody(const struct radius_match *m)
{
	return m->user.n || m->session.n || m->connection.n || m->calling.n || m->ip.v || m->ip6.v ||
	       m->has_port;
}

/* What P orders. 0, or why it cannot be obeyed: then nothing of it is (RFC 5176, 2.3). */
static enum radius_error read_order(
	const struct radius_dae *d, const struct radius_packet *p, struct radius_order *o)
{
	struct rd r = rd_of(p->attributes);
	struct radius_attribute a;
	bool esp = false;

	*o = (struct radius_order){ .disconnect = p->code == RADIUS_DISCONNECT_REQUEST };
	while (radius_next(&r, &a)) {
		enum radius_error error = take_attribute(d, &a, o, &esp);

		if (error)
			return error;
	}
	if (!means_somebody(&o->match) || (o->n_filters && !esp))
		return RADIUS_ERROR_MISSING_ATTRIBUTE;
	return o->disconnect || o->timeout || o->n_filters ? 0 : RADIUS_ERROR_MISSING_ATTRIBUTE;
}

static bool is_of_another_time(const struct radius_packet *p, uint64_t wall)
{
	struct bytes value;
	uint32_t at;

	return radius_find(p, RADIUS_EVENT_TIMESTAMP, &value) &&
	       (!radius_number(value, &at) || at + (uint64_t)RADIUS_ORDER_SKEW < wall ||
		       wall + RADIUS_ORDER_SKEW < at);
}

/* Who has the secret is asked last: strangers can have us ask. */
static enum radius_dae_drop judge(
	const struct radius_dae *d, struct bytes datagram, uint64_t wall, struct radius_packet *p)
{
	enum err e;

	if (radius_parse(datagram, p) ||
		(p->code != RADIUS_DISCONNECT_REQUEST && p->code != RADIUS_COA_REQUEST))
		return RADIUS_DAE_MALFORMED;
	if (is_of_another_time(p, wall))
		return RADIUS_DAE_OLD;
	e = d->secret.holder->check(&d->secret, p, NULL);
	if (e)
		return e == ERR_BUSY ? RADIUS_DAE_UNJUDGED : RADIUS_DAE_FORGED;
	return RADIUS_DAE_TAKEN;
}

static void drop(struct radius_dae *d, enum radius_dae_drop why, struct radius_dae_out *out)
{
	d->dropped[why]++;
	*out = (struct radius_dae_out){ .what = RADIUS_DAE_DROP, .drop = why };
}

/* P is none whose answer is remembered. */
static void take_new(struct radius_dae *d, const struct addr *from, const struct radius_packet *p,
	uint64_t wall, struct radius_dae_out *out)
{
	enum err dated = note_date(d, p, wall);
	enum radius_error error;
	struct entry *e;

	if (dated == ERR_EXISTS) {
		drop(d, RADIUS_DAE_REPLAYED, out);
		return;
	}
	e = keep(d, from, p);
	error = dated ? RADIUS_ERROR_RESOURCES : read_order(d, p, &out->order);
	out->order.number = e->number;
	if (error)
		out->answer = make_answer(d, e, error);
	else
		out->what = RADIUS_DAE_ORDER;
}

void radius_dae_take(struct radius_dae *d, const struct addr *from, struct bytes datagram, uint64_t wall,
	struct radius_dae_out *out)
{
	struct radius_packet p;
	enum radius_dae_drop why = judge(d, datagram, wall, &p);
	struct entry *e = why ? NULL : find(d, from, &p);

	*out = (struct radius_dae_out){ .what = RADIUS_DAE_ANSWER };
	if (why)
		drop(d, why, out);
	else if (!e)
		take_new(d, from, &p, wall, out);
	else if (e->n_answer || !e->obeyed)
		out->answer = bytes_of(e->answer, e->n_answer);
	else
		out->answer = make_answer(d, e, e->error);
	if (out->what == RADIUS_DAE_ANSWER && !out->answer.n)
		drop(d, RADIUS_DAE_PENDING, out);
}

static bool agrees(struct bytes wanted, struct bytes is)
{
	return !wanted.n || bytes_eq(wanted, is);
}

bool radius_matches(const struct radius_match *m, const struct radius_match *of)
{
	return agrees(m->user, of->user) && agrees(m->session, of->session) &&
	       agrees(m->connection, of->connection) && agrees(m->calling, of->calling) &&
	       (!m->ip.v || ip_eq(&m->ip, &of->ip)) && (!m->ip6.v || ip_eq(&m->ip6, &of->ip6)) &&
	       (!m->has_port || m->port == of->port);
}
