/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conversation: Identity, Nak, Success and Failure; what a method says goes between. */
#include "eap/method.h"

#include "base/names.h"
#include "eap/tls.h"
#include "eap/tunnel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum eap_code { REQUEST = 1, RESPONSE = 2, SUCCESS = 3, FAILURE = 4 };
enum { FIRST_METHOD = 4, EXPANDED = 254 };

/* THE list of methods, strongest first. */
static const struct eap_method *const methods[] = {
	&eap_method_tls,
	&eap_method_ttls,
	&eap_method_peap,
	&eap_method_mschapv2,
	&eap_method_md5,
	&eap_method_gtc,
};
enum { METHODS = sizeof methods / sizeof *methods };

static const struct name type_names[] = {
	{ EAP_MD5, "md5" },
	{ EAP_GTC, "gtc" },
	{ EAP_TLS, "tls" },
	{ EAP_TTLS, "ttls" },
	{ EAP_PEAP, "peap" },
	{ EAP_MSCHAPV2, "mschapv2" },
	{ EAP_DYNAMIC, "dynamic" },
	{ 0, NULL },
};

const char *eap_type_name(unsigned type)
{
	return name_word(type_names, (int)type);
}

unsigned eap_type_find(const char *word)
{
	const struct name *row = name_find(type_names, word);

	return row ? (unsigned)row->value : 0;
}

static const struct eap_method *method_of(unsigned type)
{
	for (unsigned i = 0; i < METHODS; i++)
		if (methods[i]->type == type)
			return methods[i];
	return NULL;
}

bool eap_type_mutual(unsigned type)
{
	const struct eap_method *m = method_of(type);

	return m && m->mutual;
}

static const struct eap_role *role_of(const struct eap *e)
{
	return e->settings.authenticator ? &e->method->authenticator : &e->method->peer;
}

enum move eap_refuse(struct eap *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->why, sizeof e->why, format, args);
	va_end(args);
	return MOVE_FAIL;
}

static bool set_name(struct eap_name *to, struct bytes name)
{
	if (name.n > sizeof to->octets)
		return false;
	if (name.n)
		memcpy(to->octets, name.p, name.n);
	to->n = name.n;
	return true;
}

bool eap_rename(struct eap *e, struct bytes name)
{
	return set_name(&e->name, name);
}

static bool can_carry(const struct eap_settings *s, const struct eap_method *m)
{
	return !m->on_tls || (s->tls && eap_tls_serves(s->tls, s->authenticator, m->client_proves));
}

/* Once, and only what these settings can carry. */
static void add_method(struct eap *e, const struct eap_method *m)
{
	if (!m || !can_carry(&e->settings, m) || e->n_methods == EAP_MAX_METHODS)
		return;
	for (unsigned i = 0; i < e->n_methods; i++)
		if (e->methods[i] == m)
			return;
	e->methods[e->n_methods++] = m;
}

static void add_methods(struct eap *e, const struct eap_settings *settings)
{
	for (unsigned i = 0; i < settings->n_methods && i < EAP_MAX_METHODS; i++)
		if (settings->methods[i] != EAP_DYNAMIC)
			add_method(e, method_of(settings->methods[i]));
		else
			for (unsigned k = 0; k < METHODS; k++)
				add_method(e, methods[k]);
}

struct eap *eap_new(const struct eap_settings *settings, struct rng *r)
{
	struct eap *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->settings = *settings;
	if (e->settings.n_inner > EAP_MAX_METHODS)
		e->settings.n_inner = EAP_MAX_METHODS;
	e->rng = r;
	e->what = EAP_SENDS;
	if (!e->settings.fragment)
		e->settings.fragment = EAP_FRAGMENT;
	if (e->settings.fragment < EAP_MIN_FRAGMENT)
		e->settings.fragment = EAP_MIN_FRAGMENT;
	if (e->settings.fragment > EAP_MAX_FRAGMENT)
		e->settings.fragment = EAP_MAX_FRAGMENT;
	add_methods(e, settings);
	if (e->n_methods && set_name(&e->name, settings->identity) &&
		set_name(&e->inner_name, settings->inner_identity)) {
		e->settings.identity = e->settings.inner_identity = bytes_of(NULL, 0);
		if (e->settings.tls)
			eap_tls_ref(e->settings.tls);
		return e;
	}
	wipe(e, sizeof *e);
	free(e);
	return NULL;
}

static void end_method(struct eap *e)
{
	if (!e->method)
		return;
	if (e->method->end)
		e->method->end(e);
	wipe(e->state, e->method->state);
	free(e->state);
	e->state = NULL;
	e->method = NULL;
}

static bool start_method(struct eap *e, const struct eap_method *m)
{
	end_method(e);
	e->state = calloc(1, m->state);
	if (!e->state)
		return false;
	e->method = m;
	e->begun = false;
	return true;
}

void eap_free(struct eap *e)
{
	if (!e)
		return;
	end_method(e);
	eap_tls_unref(e->settings.tls);
	wipe(e, sizeof *e);
	free(e);
}

struct bytes eap_name(const struct eap *e)
{
	return bytes_of(e->name.octets, e->name.n);
}

struct bytes eap_msk(const struct eap *e)
{
	return e->what == EAP_SUCCEEDED && e->has_msk ? bytes_of(e->msk, sizeof e->msk) : bytes_of(NULL, 0);
}

struct bytes eap_certificate(const struct eap *e, unsigned i)
{
	bool shown = e->what == EAP_SHOWS || (e->what == EAP_SUCCEEDED && e->settings.authenticator);

	return shown && i < EAP_MAX_CERTIFICATES ? e->certificates[i] : bytes_of(NULL, 0);
}

unsigned eap_method(const struct eap *e)
{
	return e->method ? e->method->type : 0;
}

/* The packet in the making: of CODE, of TYPE unless that is 0. An authenticator's request counts on. */
static void open_packet(struct eap *e, enum eap_code code, unsigned type)
{
	uint8_t id = code == REQUEST ? (uint8_t)(e->id + 1) : e->id;

	e->out = wr_of(e->packet, sizeof e->packet);
	wr_u8(&e->out, code);
	wr_u8(&e->out, id);
	wr_u16(&e->out, EAP_HEADER);
	if (type)
		wr_u8(&e->out, (uint8_t)type);
}

static void open_own(struct eap *e, unsigned type)
{
	open_packet(e, e->settings.authenticator ? REQUEST : RESPONSE, type);
}

static struct eap_turn close_packet(struct eap *e)
{
	wr_u16_at(&e->out, 2, (uint16_t)e->out.n);
	e->sent = wr_done(&e->out);
	if (e->packet[0] == REQUEST) {
		e->id = e->packet[1];
		e->requests++;
	}
	return (struct eap_turn){ .what = e->what, .packet = e->sent };
}

static struct eap_turn end(struct eap *e, enum eap_what what)
{
	struct eap_turn t = { .what = what };

	e->what = what;
	e->sent = bytes_of(NULL, 0);
	if (e->settings.authenticator) {
		open_packet(e, what == EAP_SUCCEEDED ? SUCCESS : FAILURE, 0);
		t = close_packet(e);
	}
	t.why = what == EAP_FAILED ? e->why : NULL;
	return t;
}

static struct eap_turn turn_of(struct eap *e, enum move m)
{
	switch (m) {
	case MOVE_LAST: e->last = true; break;
	case MOVE_SEND: break;
	case MOVE_ASK: e->what = EAP_ASKS; return (struct eap_turn){ .what = EAP_ASKS };
	case MOVE_SHOW: e->what = EAP_SHOWS; return (struct eap_turn){ .what = EAP_SHOWS };
	case MOVE_SIGN: e->what = EAP_SIGNS; return (struct eap_turn){ .what = EAP_SIGNS };
	case MOVE_DONE: return end(e, EAP_SUCCEEDED);
	case MOVE_FAIL: return end(e, EAP_FAILED);
	}
	e->what = EAP_SENDS;
	if (!e->out.bad) {
		struct eap_turn t = close_packet(e);

		t.why = *e->why ? e->why : NULL;
		return t;
	}
	eap_refuse(e, "The EAP packet to be sent has no room for what belongs in it.");
	return end(e, EAP_FAILED);
}

/* The turn that was made last, once more. */
static struct eap_turn again(struct eap *e)
{
	return (struct eap_turn){ .what = e->what,
		.packet = e->what == EAP_ASKS || e->what == EAP_SHOWS || e->what == EAP_SIGNS
				  ? bytes_of(NULL, 0)
				  : e->sent,
		.why = e->what == EAP_FAILED ? e->why : NULL };
}

/* What of a packet every kind has. */
struct packet {
	uint8_t code, id, type;
	struct bytes data;
};

static bool parse(struct bytes all, struct packet *p)
{
	struct rd r = rd_of(all);

	*p = (struct packet){ .code = rd_u8(&r), .id = rd_u8(&r) };
	if (rd_u16(&r) != all.n)
		return false;
	if (p->code == REQUEST || p->code == RESPONSE)
		p->type = rd_u8(&r);
	else if (r.n || (p->code != SUCCESS && p->code != FAILURE))
		return false;
	p->data = rd_rest(&r);
	return !r.bad;
}

/* The authenticator. */

static struct eap_turn offer(struct eap *e)
{
	const struct eap_method *m = e->methods[0];

	if (!start_method(e, m))
		return turn_of(e, eap_refuse(e, "There is no memory for an EAP method."));
	open_own(e, m->type);
	return turn_of(e, m->authenticator.begin(e));
}

struct eap_turn eap_begin(struct eap *e)
{
	rng_fill(e->rng, &e->id, 1);
	if (!e->settings.ask_identity)
		return offer(e);
	open_own(e, EAP_IDENTITY);
	return turn_of(e, MOVE_SEND);
}

static struct eap_turn take_identity(struct eap *e, struct bytes name)
{
	if (e->method || !e->settings.ask_identity)
		return turn_of(e, eap_refuse(e, "The peer named itself in EAP without being asked."));
	if (!eap_rename(e, name))
		return turn_of(
			e, eap_refuse(e, "The peer's EAP identity has more than %d octets.", EAP_MAX_NAME));
	return offer(e);
}

static void drop_method(struct eap *e, unsigned i)
{
	e->n_methods--;
	memmove(&e->methods[i], &e->methods[i + 1], (e->n_methods - i) * sizeof *e->methods);
}

/* The first of our methods that the peer would have goes to the front; the one it refused goes. */
static bool follow(struct eap *e, struct bytes wanted)
{
	drop_method(e, 0);
	for (unsigned i = 0; i < e->n_methods; i++)
		if (wanted.n && memchr(wanted.p, e->methods[i]->type, wanted.n)) {
			const struct eap_method *m = e->methods[i];

			drop_method(e, i);
			memmove(&e->methods[1], &e->methods[0], e->n_methods++ * sizeof *e->methods);
			e->methods[0] = m;
			return true;
		}
	return false;
}

static struct eap_turn take_nak(struct eap *e, struct bytes wanted)
{
	unsigned first = wanted.n ? wanted.p[0] : 0;
	const struct eap_method *known = method_of(first);
	char name[sizeof "method 4294967295"];

	if (!e->method || e->begun)
		return turn_of(
			e, eap_refuse(e, "The peer refused an EAP method that it had gone along with."));
	if (follow(e, wanted))
		return offer(e);
	if (!first)
		return turn_of(
			e, eap_refuse(e, "The peer refuses %s and names no other method: allow it there.",
				   e->method->label));
	snprintf(name, sizeof name, "method %u", first);
	return turn_of(
		e, eap_refuse(e,
			   "The peer refuses %s and asks for %s%s, which is not among those of this "
			   "connection: add it to the connection's auth, or change the peer.",
			   e->method->label, known ? known->label : name, wanted.n > 1 ? " or others" : ""));
}

static struct eap_turn take_response(struct eap *e, const struct packet *p)
{
	if (p->code != RESPONSE)
		return turn_of(
			e, eap_refuse(e, "The peer sent an EAP packet of code %u instead of a response.",
				   p->code));
	if (p->id != e->id)
		return turn_of(e, eap_refuse(e, "The peer answers to an EAP request that was not asked."));
	if (p->type == EAP_IDENTITY)
		return take_identity(e, p->data);
	if (p->type == EAP_NAK)
		return take_nak(e, p->data);
	if (!e->method || p->type != e->method->type)
		return turn_of(e,
			eap_refuse(e, "The peer answers with EAP method %u, which was not asked.", p->type));
	e->begun = true;
	open_own(e, p->type);
	return turn_of(e, e->method->authenticator.take(e, p->data));
}

/* The peer. */

static bool accepts(const struct eap *e, unsigned type)
{
	for (unsigned i = 0; i < e->n_methods; i++)
		if (e->methods[i]->type == type)
			return true;
	return false;
}

static struct eap_turn send_nak(struct eap *e)
{
	open_own(e, EAP_NAK);
	for (unsigned i = 0; i < e->n_methods; i++)
		wr_u8(&e->out, e->methods[i]->type);
	return turn_of(e, MOVE_SEND);
}

static struct eap_turn run_method(struct eap *e, const struct packet *p)
{
	if (e->method && e->method->type != p->type)
		return turn_of(e, eap_refuse(e, "The gateway changes from %s to another method half way.",
					  e->method->label));
	if (!accepts(e, p->type))
		return send_nak(e);
	if (!e->method && !start_method(e, method_of(p->type)))
		return turn_of(e, eap_refuse(e, "There is no memory for an EAP method."));
	open_own(e, p->type);
	return turn_of(e, e->method->peer.take(e, p->data));
}

static struct eap_turn take_request(struct eap *e, const struct packet *p)
{
	e->id = p->id;
	if (p->type == EAP_NOTIFICATION) {
		open_own(e, EAP_NOTIFICATION);
		return turn_of(e, MOVE_SEND);
	}
	if (p->type == EAP_IDENTITY && !e->method) {
		open_own(e, EAP_IDENTITY);
		wr_bytes(&e->out, eap_name(e));
		return turn_of(e, MOVE_SEND);
	}
	if (p->type < FIRST_METHOD)
		return turn_of(e,
			eap_refuse(e, "The gateway sent an EAP request of type %u out of place.", p->type));
	return run_method(e, p);
}

static struct eap_turn take_end(struct eap *e, const struct packet *p)
{
	if (p->code == SUCCESS && e->may_succeed)
		return turn_of(e, MOVE_DONE);
	if (p->code == SUCCESS)
		return turn_of(e, eap_refuse(e, "The gateway reports success in EAP before it was due: it "
						"has not proved that "
						"it knows the secret, or another method was to run."));
	if (p->code == FAILURE && e->method)
		return turn_of(e, eap_refuse(e, "The gateway refuses us in %s: check name and secret.",
					  e->method->label));
	if (p->code == FAILURE)
		return turn_of(e, eap_refuse(e, "The gateway refuses us before any EAP method ran: it does "
						"not know the name, or "
						"has none of our methods."));
	return turn_of(
		e, eap_refuse(e, "The gateway sent an EAP packet of code %u instead of a request.", p->code));
}

/* Whether the request was seen before; else it is from now on. */
static bool repeats(struct eap *e, struct bytes packet)
{
	uint64_t hash = bytes_hash(BYTES_HASH, packet);

	if (e->seen == hash && e->sent.n)
		return true;
	e->seen = hash;
	return false;
}

struct eap_turn eap_take(struct eap *e, struct bytes packet)
{
	bool authenticator = e->settings.authenticator;
	struct packet p;

	if (e->what != EAP_SENDS)
		return again(e);
	if (++e->rounds > EAP_MAX_ROUNDS)
		return turn_of(
			e, eap_refuse(e, "EAP did not come to an end within %d packets.", EAP_MAX_ROUNDS));
	if (!parse(packet, &p))
		return turn_of(e, eap_refuse(e, "An EAP packet is malformed."));
	if (authenticator && e->requests > 1 && p.code == RESPONSE && p.id == (uint8_t)(e->id - 1))
		return again(e);
	if (!authenticator && p.code == REQUEST && repeats(e, packet))
		return again(e);
	if (e->last)
		return turn_of(e, MOVE_FAIL);
	*e->why = 0;
	if (authenticator)
		return take_response(e, &p);
	return p.code == REQUEST ? take_request(e, &p) : take_end(e, &p);
}

struct eap_turn eap_answer(struct eap *e, const struct eap_secret *secret)
{
	if (e->what != EAP_ASKS)
		return again(e);
	e->what = EAP_SENDS;
	open_own(e, e->method->type);
	return turn_of(e, role_of(e)->answer(e, secret));
}

struct bytes eap_to_sign(const struct eap *e, const struct scheme **scheme)
{
	return tunnel_to_sign(e, scheme);
}

struct eap_turn eap_signed(struct eap *e, struct bytes signature)
{
	if (e->what != EAP_SIGNS)
		return again(e);
	e->what = EAP_SENDS;
	open_own(e, e->method->type);
	return turn_of(e, tunnel_signed(e, signature));
}

struct eap_turn eap_judged(struct eap *e, bool good)
{
	if (e->what != EAP_SHOWS)
		return again(e);
	memset(e->certificates, 0, sizeof e->certificates);
	e->what = EAP_SENDS;
	open_own(e, e->method->type);
	return turn_of(e, tunnel_judged(e, good));
}
