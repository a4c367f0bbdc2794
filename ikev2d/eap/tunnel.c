/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eap/tunnel.h"

enum { LENGTH = 0x80, MORE = 0x40, START = 0x20 };

enum move tunnel_begin(struct eap *e)
{
	wr_u8(&e->out, START);
	return MOVE_SEND;
}

static enum move send_empty(struct eap *e)
{
	wr_u8(&e->out, 0);
	return MOVE_SEND;
}

/* The next piece of what is pending, or an empty packet. The length goes with the first of several. */
static enum move flush(struct eap *e)
{
	struct tunnel *t = e->state;
	size_t pending = session_pending(t->session), n = pending;
	uint8_t piece[EAP_MAX_FRAGMENT];
	bool first = !t->going;

	if (n > e->settings.fragment)
		n = e->settings.fragment;
	t->going = n < pending;
	wr_u8(&e->out, (uint8_t)((t->going ? MORE : 0) | (t->going && first ? LENGTH : 0)));
	if (t->going && first)
		wr_u32(&e->out, (uint32_t)pending);
	if (n) {
		session_pull(t->session, piece, n);
		wr_bytes(&e->out, bytes_of(piece, n));
	}
	return MOVE_SEND;
}

/* TLS broke. The other side is told by an alert, and answers to that before it is over. */
static enum move broken(struct eap *e)
{
	struct tunnel *t = e->state;

	eap_refuse(e, "%s", session_why(t->session));
	if (e->settings.authenticator && !session_pending(t->session))
		return MOVE_FAIL;
	flush(e);
	return MOVE_LAST;
}

enum move tunnel_move(struct eap *e, enum move m)
{
	if (m == MOVE_SEND || m == MOVE_LAST)
		flush(e);
	return m;
}

/* A whole message is there. */
static enum move run(struct eap *e)
{
	struct tunnel *t = e->state;
	bool first = !t->open;
	size_t n = 0;
	enum session_state state = session_run(t->session);

	if (state == SESSION_READY)
		state = session_read(t->session, t->plain, sizeof t->plain, &n);
	if (state == SESSION_BROKEN)
		return broken(e);
	if (state == SESSION_SIGNS)
		return MOVE_SIGN;
	if (state == SESSION_SHOWS) {
		tunnel_certificates(e);
		return MOVE_SHOW;
	}
	if (state == SESSION_READY) {
		t->open = true;
		return tunnel_move(e, t->inside(e, bytes_of(t->plain, n), first));
	}
	if (!session_pending(t->session))
		return eap_refuse(e, "TLS in EAP stands still: the other side says nothing that leads on.");
	return flush(e);
}

struct bytes tunnel_to_sign(const struct eap *e, const struct scheme **scheme)
{
	return session_to_sign(((const struct tunnel *)e->state)->session, scheme);
}

enum move tunnel_signed(struct eap *e, struct bytes signature)
{
	session_signed(((struct tunnel *)e->state)->session, signature);
	return run(e);
}

void tunnel_certificates(struct eap *e)
{
	struct tunnel *t = e->state;

	for (unsigned i = 0; i < EAP_MAX_CERTIFICATES; i++)
		e->certificates[i] = session_certificate(t->session, i);
}

enum move tunnel_judged(struct eap *e, bool good)
{
	session_judged(((struct tunnel *)e->state)->session, good);
	return run(e);
}

static enum move malformed(struct eap *e)
{
	return eap_refuse(
		e, "An EAP packet with TLS is malformed: its flags, its length or its order are wrong.");
}

/* A piece of theirs. */
static enum move take_piece(struct eap *e, uint8_t flags, size_t declared, struct bytes piece)
{
	struct tunnel *t = e->state;

	if (flags & LENGTH) {
		if (!declared || (t->coming && t->declared != declared))
			return malformed(e);
		t->declared = declared;
	} else if (!t->coming && (flags & MORE))
		return malformed(e);
	t->arrived += piece.n;
	t->total += piece.n;
	if (t->total > EAP_MAX_TLS || declared > EAP_MAX_TLS)
		return eap_refuse(e, "The other side sends more than %d octets of TLS in EAP.", EAP_MAX_TLS);
	if (t->declared && t->arrived > t->declared)
		return malformed(e);
	if (!session_feed(t->session, piece))
		return eap_refuse(e, "There is no memory for TLS in EAP.");
	if (flags & MORE) {
		t->coming = true;
		return piece.n ? send_empty(e) : malformed(e);
	}
	if (t->declared && t->arrived != t->declared)
		return malformed(e);
	t->coming = false;
	t->arrived = t->declared = 0;
	return run(e);
}

static bool start(struct eap *e, bool client_proves)
{
	struct tunnel *t = e->state;

	t->session = session_new(e->settings.tls, e->settings.authenticator, client_proves, e->settings.now);
	return t->session;
}

enum move tunnel_take(struct eap *e, struct bytes data, bool client_proves, tunnel_inside *inside)
{
	struct tunnel *t = e->state;
	struct rd r = rd_of(data);
	uint8_t flags = rd_u8(&r);
	uint32_t declared = flags & LENGTH ? rd_u32(&r) : 0;
	bool starts = !t->session;

	t->inside = inside;
	/* The low bits are a version: a server may offer a higher one, and we answer with 0. */
	if (r.bad || (flags & START) != (starts && !e->settings.authenticator ? START : 0))
		return malformed(e);
	if (starts && !start(e, client_proves))
		return eap_refuse(e, "There is no memory for TLS in EAP.");
	if (starts && !e->settings.authenticator)
		return run(e);
	if (!t->going)
		return take_piece(e, flags, declared, rd_rest(&r));
	return r.n || flags & (LENGTH | MORE) ? malformed(e) : flush(e);
}

enum move tunnel_write(struct eap *e, struct bytes plain)
{
	struct tunnel *t = e->state;

	if (session_write(t->session, plain))
		return MOVE_SEND;
	return eap_refuse(e, "OpenSSL refuses to send what belongs inside TLS.");
}

bool tunnel_key(struct eap *e, const char *label)
{
	struct tunnel *t = e->state;
	uint8_t type = (uint8_t)e->method->type, material[2 * EAP_MSK];
	bool newer = session_is_1_3(t->session);

	e->has_msk = session_export(t->session, newer ? "EXPORTER_EAP_TLS_Key_Material" : label,
		bytes_of(&type, newer ? 1 : 0), material, sizeof material);
	if (e->has_msk)
		memcpy(e->msk, material, EAP_MSK);
	else
		eap_refuse(e, "OpenSSL gives no key for EAP out of TLS.");
	WIPE(material);
	return e->has_msk;
}

struct eap *tunnel_inner(const struct eap *e)
{
	static const uint8_t usual[] = { EAP_MSCHAPV2, EAP_MD5, EAP_GTC };
	const struct eap_settings *outer = &e->settings;
	struct eap_settings s = { .authenticator = outer->authenticator, .ask_identity = true };

	s.n_methods = outer->n_inner ? outer->n_inner : sizeof usual;
	memcpy(s.methods, outer->n_inner ? outer->inner : usual, s.n_methods);
	if (!outer->authenticator)
		s.identity = e->inner_name.n ? bytes_of(e->inner_name.octets, e->inner_name.n) : eap_name(e);
	return eap_new(&s, e->rng);
}

enum move tunnel_follow(struct eap *e, const struct eap *inner, const struct eap_turn *t)
{
	eap_rename(e, eap_name(inner));
	if (t->what == EAP_ASKS)
		return MOVE_ASK;
	if (t->what == EAP_SUCCEEDED)
		return MOVE_DONE;
	if (t->what == EAP_FAILED)
		return eap_refuse(e, "%s", inner->why);
	if (!inner->last)
		return MOVE_SEND;
	eap_refuse(e, "%s", inner->why);
	return MOVE_LAST;
}

void tunnel_end(struct eap *e)
{
	struct tunnel *t = e->state;

	session_free(t->session);
}
