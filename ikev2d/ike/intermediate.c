/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_INTERMEDIATE (RFC 9242; RFC 9370, 2.2.2; RFC 9867).
 *
 *   initiator                                     responder
 *   HDR, SK {KEi(1)}                    -->
 *                                       <--       HDR, SK {KEr(1)}
 *
 * The last one may name a post-quantum preshared key beside, or instead of, the key exchange (ppk_int.h).
 * Both messages are sealed with the keys so far; those that follow from the exchange hold from the next
 * message on. What is exchanged is covered by AUTH in the end.
 */
#include "ike/intermediate.h"

#include "ike/admit.h"
#include "ike/announce.h"
#include "ike/auth.h"
#include "ike/keys.h"
#include "ike/ppk_int.h"

/* NULL: there is no other one; those of an IKE_SA that is resumed were made before it was lost. */
static const struct transform *method(const struct draft *d)
{
	return d->hs.resumed ? NULL : suite_more(&d->core.suite, d->hs.x.done);
}

/* The message at hand, of the peer, counts for AUTH. */
static enum err add_theirs(struct draft *d)
{
	return keys_intermediate(&d->core, &d->hs, !d->core.initiator, d->front, d->inner_first, d->inner,
		&d->keep, d->step->scratch);
}

/* So does M, ours, which is yet to be sealed. */
static enum err add_ours(struct draft *d, uint32_t mid, const struct message *m)
{
	struct wire_header h = draft_header(d, IKE_INTERMEDIATE, mid, !d->core.initiator);
	struct wr w = wr_of(arena_alloc(d->step->scratch, MESSAGE_ROOM), MESSAGE_ROOM);
	uint8_t first, room[IKE_HEADER + PAYLOAD_HEADER];
	struct wr front = wr_of(room, sizeof room);

	h.next = PAYLOAD_SK;
	header_put(&h, &front);
	wr_zero(&front, PAYLOAD_HEADER);
	message_put(m, &w, &first);
	return keys_intermediate(&d->core, &d->hs, d->core.initiator, wr_done(&front), first, wr_done(&w),
		&d->keep, d->step->scratch);
}

/* The keys of CORE are followed by those that SHARED, of an additional key exchange, leads to. */
static enum err next_keys(struct draft *d, struct sa_core *core, struct bytes shared)
{
	struct secrets secrets = { .shared = shared };

	d->core.post_quantum |= method(d)->kind == KIND_KEM;
	return keys_rekey(core, core, &secrets, d->hs.x.nonce_i, d->hs.x.nonce_r);
}

static struct message message_of(const struct draft *d)
{
	struct message m = { 0 };

	if (method(d)) {
		m.has = PAYLOAD_BIT(PAYLOAD_KE);
		m.ke = (struct wire_ke){ method(d)->id, d->hs.x.public };
	}
	return m;
}

/* Whether the message at hand has the key exchange that is due, or none where none is. */
static bool fits(const struct draft *d)
{
	const struct message *m = d->message;
	bool has = m->has & PAYLOAD_BIT(PAYLOAD_KE);

	return method(d) ? has && m->ke.group == method(d)->id : !has;
}

static void explain_method(struct draft *d)
{
	struct arena *a = d->step->scratch;
	struct xform sent = { .type = TRANSFORM_KE, .id = d->message->ke.group };
	const struct transform *ke = method(d);

	d->why.what = "the peer sent another additional key exchange than was agreed on";
	d->why.offered = d->message->has & PAYLOAD_BIT(PAYLOAD_KE) ? xform_print(&sent, a) : "none";
	d->why.configured = ke ? ke->word : "none that is left";
	d->why.notify = notify_name(INVALID_SYNTAX);
}

/* --------------------------------------------------------------- initiator */

enum verdict intermediate_next(struct draft *d)
{
	if (method(d)) {
		draft_ask(d, ASK_KEY_PAIR, S_I_NEXT_KEY_PAIR)->ke = method(d);
		return DRAFT_COMMIT;
	}
	return ppk_int_due(d) ? ppk_int_prepare(d) : auth_begin(d);
}

static enum verdict send_request(struct draft *d)
{
	struct message m = message_of(d);
	uint32_t mid = d->sa->window.next;

	if (ppk_int_due(d))
		ppk_int_name(d, &m);
	if (add_ours(d, mid, &m))
		return draft_end(d, 0);
	d->core.state = S_I_NEXT;
	d->core.ask = 0;
	draft_request(d, IKE_INTERMEDIATE, mid, &m);
	return DRAFT_COMMIT;
}

enum verdict intermediate_key_pair(struct draft *d)
{
	d->hs.x.secret = arena_bytes(&d->keep, d->answer->secret);
	d->hs.x.public = arena_bytes(&d->keep, d->answer->public);
	return ppk_int_due(d) ? ppk_int_prepare(d) : send_request(d);
}

enum verdict intermediate_confirmed(struct draft *d)
{
	ppk_int_prepared(d);
	return send_request(d);
}

enum verdict intermediate_not_confirmed(struct draft *d)
{
	if (!ppk_int_lacking(d))
		return draft_end(d, 0);
	return method(d) ? send_request(d) : auth_begin(d);
}

/* The exchange at hand is over, but for the post-quantum preshared key that was found in it. */
static enum verdict go_on(struct draft *d)
{
	return ppk_int_found(d) ? ppk_int_ask(d, &d->core.keys, S_I_PPK_SEED) : intermediate_next(d);
}

enum verdict intermediate_response(struct draft *d)
{
	struct ike_question *q;

	if (!fits(d)) {
		explain_method(d);
		return draft_end(d, 0);
	}
	if (add_theirs(d) || (ppk_int_due(d) && !ppk_int_answered(d, d->message)))
		return draft_end(d, 0);
	announce_keep(d, d->message);
	d->hs.intermediates++;
	if (!method(d))
		return go_on(d);
	q = draft_ask(d, ASK_AGREE, S_I_NEXT_AGREE);
	q->ke = method(d);
	q->secret = d->hs.x.secret;
	q->peer_public = d->message->ke.data;
	return DRAFT_COMMIT;
}

enum verdict intermediate_agreed(struct draft *d)
{
	if (next_keys(d, &d->core, d->answer->shared))
		return draft_end(d, 0);
	keys_agreed(&d->hs);
	d->hs.x.done++;
	return go_on(d);
}

enum verdict intermediate_mixed(struct draft *d)
{
	return ppk_int_mix(d, &d->core) ? intermediate_next(d) : draft_end(d, 0);
}

enum verdict intermediate_refusal(struct draft *d)
{
	const struct peer *p = d->core.peer;
	const struct wire_notify *n = message_error(d->message);
	struct arena *a = d->step->scratch;
	/* That notify is never about a key exchange (RFC 9867, 3.1). */
	bool ppk = !method(d) || (n->type == AUTHENTICATION_FAILED && p->ppk_id.type != ID_ANY);
	const char *what = ppk ? arena_printf(a, "post-quantum preshared key %s", id_print(&p->ppk_id, a))
			       : arena_printf(a, "additional key exchange %s", method(d)->word);

	d->why = (struct why){
		.what = arena_printf(a, "the peer refused the %s of connection %s with %s", what, p->name,
			notify_name(n->type)),
		.where = source_print(&p->at, ppk ? "ppk_id" : "proposals", a),
		.notify = notify_name(n->type),
	};
	return draft_end(d, 0);
}

/* --------------------------------------------------------------- responder */

bool intermediate_over(struct draft *d)
{
	if (!method(d))
		return true;
	d->why = (struct why){
		.what = "the peer began to authenticate before all additional key exchanges were made",
		.configured = method(d)->word,
		.notify = notify_name(INVALID_SYNTAX),
	};
	return false;
}

static enum verdict refuse(struct draft *d, uint16_t notify)
{
	struct message m = { 0 };

	message_add_notify(&m, d->step->scratch, notify, (struct bytes){ 0 });
	draft_respond(d, IKE_INTERMEDIATE, &m);
	return draft_end(d, 0);
}

/* The answer is sealed with the keys so far. */
static enum verdict send_response(struct draft *d)
{
	struct message m = message_of(d);
	struct sa_keys *before = ARENA_NEW(&d->keep, struct sa_keys);

	ppk_int_choose(d, &m);
	*before = d->core.keys;
	if (add_ours(d, draft_response_mid(d), &m))
		return draft_end(d, 0);
	draft_respond(d, IKE_INTERMEDIATE, &m);
	d->hs.before = before;
	d->core.keys = *d->hs.after;
	d->hs.x.done += method(d) != NULL;
	d->hs.intermediates++;
	d->core.state = S_R_INIT;
	d->core.ask = 0;
	return DRAFT_COMMIT;
}

/* The keys that hold afterwards are made, but for the post-quantum preshared key. */
static enum verdict respond(struct draft *d, const struct sa_keys *after)
{
	d->hs.after = ARENA_NEW(&d->keep, struct sa_keys);
	*d->hs.after = *after;
	return ppk_int_found(d) ? ppk_int_ask(d, after, S_R_PPK_SEED) : send_response(d);
}

/* Which post-quantum preshared key there is, if any, is known. */
static enum verdict take(struct draft *d)
{
	struct ike_question *q;

	if (d->hs.early.over && ppk_int_refused(d))
		return refuse(d, AUTHENTICATION_FAILED);
	if (!method(d))
		return respond(d, &d->core.keys);
	q = draft_ask(d, ASK_RESPOND, S_R_NEXT);
	q->ke = method(d);
	q->peer_public = d->hs.peer_public;
	return DRAFT_COMMIT;
}

/* The peer has gone on: it has as long again for its next request. There are no more of these than key
 * exchanges were agreed on, and one for a preshared key; and where many are half open the time is short. */
static void more_time(struct draft *d)
{
	uint64_t end = d->step->now + admit_patience(d->step);

	if (d->core.deadline < end)
		d->core.deadline = end;
}

enum verdict intermediate_request(struct draft *d)
{
	const struct message *m = d->message;
	bool named = ppk_int_due(d);

	d->core.path = *d->path;
	if (!fits(d) || !(method(d) || named)) {
		explain_method(d);
		return draft_end(d, INVALID_SYNTAX);
	}
	more_time(d);
	if (add_theirs(d))
		return draft_end(d, 0);
	d->hs.peer_public = arena_bytes(&d->keep, m->ke.data);
	if (named)
		ppk_int_read(d, m);
	return named && ppk_int_try(d) ? DRAFT_COMMIT : take(d);
}

enum verdict intermediate_compared(struct draft *d)
{
	return !ppk_int_fits(d) && ppk_int_try(d) ? DRAFT_COMMIT : take(d);
}

enum verdict intermediate_responded(struct draft *d)
{
	struct sa_core next = d->core;
	enum verdict v;

	d->hs.x.public = arena_bytes(&d->keep, d->answer->public);
	v = next_keys(d, &next, d->answer->shared) ? draft_end(d, 0) : respond(d, &next.keys);
	WIPE(next);
	return v;
}

enum verdict intermediate_mixed_theirs(struct draft *d)
{
	struct sa_core next = d->core;
	bool mixed;

	next.keys = *d->hs.after;
	mixed = ppk_int_mix(d, &next);
	*d->hs.after = next.keys;
	WIPE(next);
	return mixed ? send_response(d) : draft_end(d, 0);
}

enum verdict intermediate_failed(struct draft *d)
{
	d->why = d->answer->why;
	if (!d->why.what)
		d->why.what = d->core.state == S_R_PPK_SEED
				      ? "the post-quantum preshared key could not be used"
				      : "an additional key exchange could not be computed";
	return refuse(d, INVALID_SYNTAX);
}
