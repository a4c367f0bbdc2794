/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A token is HMAC-SHA256(secret, role | SPIi | SPIr). The role is ours, so that a message with one flag
 * turned around, to an IKE_SA that is alive, does not bring out its token. */
#include "ike/crash.h"

#include "ike/count.h"

enum {
	TOKEN_MIN = 16, /* octets of the peer's (RFC 6290, 4.1) */
	TOKEN_OURS = 32,
	IKE_PROTOCOL = 1,
	HMAC_SHA256 = 5, /* its transform ID */
};

void crash_secret(struct ike *ike, struct bytes secret)
{
	WIPE(ike->crash_secret);
	ike->has_crash_secret = secret.n == CRASH_SECRET;
	if (ike->has_crash_secret)
		memcpy(ike->crash_secret, secret.p, CRASH_SECRET);
}

bool crash_makes(const struct ike *ike)
{
	return ike->has_crash_secret && ike->settings.crash_detection;
}

static struct bytes token_make(struct step *s, bool initiator, uint64_t spi_i, uint64_t spi_r)
{
	const struct transform *hmac = transform_find(TRANSFORM_PRF, HMAC_SHA256, 0);
	uint8_t what[17], *out = arena_alloc(s->scratch, TOKEN_OURS);
	struct wr w = wr_of(what, sizeof what);
	struct bytes part;

	wr_u8(&w, initiator);
	wr_u64(&w, spi_i);
	wr_u64(&w, spi_r);
	part = wr_done(&w);
	if (prf(hmac, bytes_of(s->ike->crash_secret, CRASH_SECRET), &part, 1, out))
		return (struct bytes){ 0 };
	return bytes_of(out, TOKEN_OURS);
}

static void put(struct step *s, struct message *m, struct bytes token)
{
	if (token.n)
		message_add_notify(m, s->scratch, QUICK_CRASH_DETECTION, token)->protocol = IKE_PROTOCOL;
}

void crash_token_put(struct step *s, const struct sa_core *core, struct message *m)
{
	if (crash_makes(s->ike))
		put(s, m, token_make(s, core->initiator, core->spi_i, core->spi_r));
}

void crash_token_show(struct step *s, const struct wire_header *h, struct message *m)
{
	if (crash_makes(s->ike))
		put(s, m, token_make(s, !(h->flags & FLAG_INITIATOR), h->spi_i, h->spi_r));
}

struct bytes crash_token(const struct message *m)
{
	const struct wire_notify *n = message_notify(m, QUICK_CRASH_DETECTION);

	return n && n->data.n >= TOKEN_MIN ? n->data : (struct bytes){ 0 };
}

static bool fingerprint(struct bytes token, uint8_t out[CRASH_PRINT])
{
	uint8_t sum[PRF_OUT_MAX];
	size_t n;

	if (digest("SHA256", &token, 1, sum, &n))
		return false;
	memcpy(out, sum, CRASH_PRINT);
	return true;
}

void crash_token_keep(struct sa_core *core, struct bytes token)
{
	if (token.n)
		core->has_token = fingerprint(token, core->token);
}

/* Whether one of the tokens in M is the one that SA's peer gave. */
static bool is_shown(const struct sa *sa, const struct message *m)
{
	uint8_t print[CRASH_PRINT];
	bool shown = false;

	for (unsigned i = 0; i < m->n_notifies; i++)
		shown |= m->notifies[i].type == QUICK_CRASH_DETECTION && m->notifies[i].data.n >= TOKEN_MIN &&
			 fingerprint(m->notifies[i].data, print) &&
			 bytes_eq_secret(bytes_of(print, CRASH_PRINT), bytes_of(sa->core.token, CRASH_PRINT));
	return shown;
}

static void end_crashed(struct step *s, struct sa *sa)
{
	char remote[ADDR_TEXT];
	struct draft d;

	draft_open(&d, s, sa);
	count(s->ike, sa->core.peer, COUNT_CRASHES);
	if (sa->core.state != S_DELETING)
		d.core.ending = END_BY_CRASH;
	d.why.what = arena_printf(s->scratch,
		"%s has lost the IKE_SA of connection %s, and proves it (RFC 6290): it was restarted",
		addr_print(&sa->core.path.remote, remote), sa->core.peer->name);
	d.why.notify = notify_name(QUICK_CRASH_DETECTION);
	draft_close(&d, draft_end(&d, 0));
}

bool crash_shown(struct step *s, struct sa *sa, const struct message *m)
{
	enum sa_state state = sa->core.state;

	if (!sa->core.has_token || !s->ike->settings.crash_detection ||
		(state != S_UP && state != S_REKEYED && state != S_DELETING) ||
		!message_notify(m, INVALID_IKE_SPI) || !is_shown(sa, m))
		return false;
	end_crashed(s, sa);
	return true;
}
