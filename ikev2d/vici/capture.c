/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of one connection, to root and for a time: for who captures its packets and wants to read them. */
#include "vici/commands.h"
#include "vici/describe.h"

#include <inttypes.h>
#include <stdlib.h>

enum { SECONDS_MAX = 3600, SECONDS = 60 };

static void fail(struct vici_call *c, const char *what)
{
	vici_put_result(c->out, &(struct why){ .what = what }, c->arena);
}

static uint64_t now(const struct vici *v)
{
	return v->host.now(v->host.ctx);
}

void vici_capture_stop(struct vici_session *s)
{
	const struct vici_host *h = &s->vici->host;

	if (!s->capture)
		return;
	h->capture_end(h->ctx, s->capture, s->captured);
	free(s->capture);
	s->capture = NULL;
	s->captured = 0;
}

static bool sees(const struct vici_session *s, const char *name)
{
	return s->capture && !strcmp(s->capture, name);
}

bool vici_captures(const struct vici *v, const char *name)
{
	if (!v)
		return false;
	list_each (n, (struct node *)&v->sessions)
		if (sees(node_owner(n, struct vici_session, node), name))
			return true;
	return false;
}

/* Its time is over when the next key would be shown, at the latest. */
static void show(struct vici *v, const char *name, struct vici_out *out)
{
	list_each (n, &v->sessions) {
		struct vici_session *s = node_owner(n, struct vici_session, node);

		if (!sees(s, name))
			continue;
		if (now(v) >= s->capture_until) {
			vici_capture_stop(s);
			continue;
		}
		s->captured++;
		vici_event_send(s, EVENT_CAPTURE_KEYS, out);
	}
}

static void put_hex(struct vici_out *out, const char *name, struct bytes b)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * 128 + 1];
	size_t n = b.n < 128 ? b.n : 128;

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[b.p[i] >> 4];
		text[2 * i + 1] = digits[b.p[i] & 15];
	}
	text[2 * n] = 0;
	vici_put_pair(out, name, text);
	WIPE(text);
}

/* Words of proposals: a program looks them up. */
static void put_suite(struct vici_out *out, const struct suite *s)
{
	vici_put_pair(out, "encr", s->encr->word);
	if (s->integ)
		vici_put_pair(out, "integ", s->integ->word);
}

void vici_capture_ike(struct vici *v, const struct ike_key_record *keys)
{
	struct vici_out out = { 0 };

	vici_event_begin(&out, EVENT_CAPTURE_KEYS);
	vici_put_section(&out, "ike");
	vici_put_pair(&out, "name", keys->name);
	vici_put_pairf(&out, "uniqueid", "%u", keys->id);
	vici_put_pairf(&out, "initiator-spi", "%016" PRIx64, keys->spi_i);
	vici_put_pairf(&out, "responder-spi", "%016" PRIx64, keys->spi_r);
	put_suite(&out, &keys->suite);
	put_hex(&out, "sk-ei", keys->ei);
	put_hex(&out, "sk-er", keys->er);
	put_hex(&out, "sk-ai", keys->ai);
	put_hex(&out, "sk-ar", keys->ar);
	vici_put_section_end(&out);
	show(v, keys->name, &out);
	vici_out_free(&out);
}

void vici_capture_child(struct vici *v, const struct sa_spec *sa)
{
	const struct addr *from = sa->inbound ? &sa->remote : &sa->local,
			  *to = sa->inbound ? &sa->local : &sa->remote;
	struct vici_out out = { 0 };
	char text[IP_TEXT];

	/* AH hides nothing. */
	if (!sa->suite.encr)
		return;
	vici_event_begin(&out, EVENT_CAPTURE_KEYS);
	vici_put_section(&out, "child");
	vici_put_pair(&out, "name", sa->conf->name);
	vici_put_pair(&out, "peer", ip_print(&sa->remote.ip, text));
	vici_put_pair(&out, "from", ip_print(&from->ip, text));
	vici_put_pair(&out, "to", ip_print(&to->ip, text));
	vici_put_pairf(&out, "spi", "%08" PRIx32, sa->spi);
	put_suite(&out, &sa->suite);
	vici_put_pair(&out, "esn", sa->suite.esn ? "yes" : "no");
	put_hex(&out, "encr-key", sa->encr_key);
	put_hex(&out, "integ-key", sa->integ_key);
	vici_put_selectors(&out, "local-ts", sa->local_ts);
	vici_put_selectors(&out, "remote-ts", sa->remote_ts);
	vici_put_section_end(&out);
	show(v, sa->conf->peer->name, &out);
	vici_out_free(&out);
}

/* Whose keys, and for how many seconds; the client has registered the event before. */
void vici_do_capture(struct vici_call *c)
{
	const char *name = vici_str(c->args, "ike"), *timeout = vici_str(c->args, "timeout");
	long seconds = timeout ? strtol(timeout, NULL, 10) : SECONDS;
	struct vici_session *s = c->session;
	struct why why = { 0 };

	if (!name || seconds < 1 || seconds > SECONDS_MAX) {
		fail(c, arena_printf(c->arena,
				"capture wants ike, a connection, and timeout, 1 to %d seconds",
				SECONDS_MAX));
		return;
	}
	vici_capture_stop(s);
	s->capture = strdup(name);
	if (!s->capture)
		abort();
	s->capture_until = now(s->vici) + (uint64_t)seconds * 1000;
	if (!c->host->capture(c->host->ctx, name, (unsigned)seconds, c->arena, &why)) {
		vici_put_result(c->out, NULL, c->arena);
		return;
	}
	free(s->capture);
	s->capture = NULL;
	vici_put_result(c->out, &why, c->arena);
}
