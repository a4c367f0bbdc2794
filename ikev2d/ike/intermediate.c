/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_INTERMEDIATE (RFC 9242; RFC 9370, 2.2.2).
 *
 *   initiator                                     responder
 *   HDR, SK {KEi(1)}                    -->
 *                                       <--       HDR, SK {KEr(1)}
 *
 * Both messages are sealed with the keys so far; those that follow from the exchange hold from the next
 * message on. What is exchanged is covered by AUTH in the end.
 */
#include "ike/intermediate.h"

#include "ike/announce.h"
#include "ike/auth.h"
#include "ike/keys.h"

/* NULL: there is no other one; those of an IKE_SA that is resumed were made before it was lost. */
static const struct transform *method(const struct draft *d)
{
	return d->hs.resumed ? NULL : suite_more(&d->core.suite, d->hs.x.done);
}

/* The message at hand, of the peer, counts for AUTH. */
static enum err add_theirs(struct draft *d)
{
	return keys_intermediate(&d->core, &d->hs, !d->core.initiator, &d->message->header, d->inner_first,
		d->inner, &d->keep);
}

/* So does M, ours, which is yet to be sealed. */
static enum err add_ours(struct draft *d, uint32_t mid, const struct message *m)
{
	struct wire_header h = draft_header(d, IKE_INTERMEDIATE, mid, !d->core.initiator);
	struct wr w = wr_of(arena_alloc(d->step->scratch, MESSAGE_ROOM), MESSAGE_ROOM);
	uint8_t first;

	message_put(m, &w, &first);
	return keys_intermediate(&d->core, &d->hs, d->core.initiator, &h, first, wr_done(&w), &d->keep);
}

/* The keys that follow from SHARED. */
static enum err next_keys(struct draft *d, struct bytes shared)
{
	struct secrets secrets = { .shared = shared };

	d->core.post_quantum |= method(d)->kind == KIND_KEM;
	d->hs.x.done++;
	d->hs.intermediates++;
	return keys_rekey(&d->core, &d->core, &secrets, d->hs.x.nonce_i, d->hs.x.nonce_r);
}

static struct message message_of(const struct draft *d, struct bytes public)
{
	return (struct message){ .has = PAYLOAD_BIT(PAYLOAD_KE), .ke = { method(d)->id, public } };
}

static void explain_method(struct draft *d)
{
	struct arena *a = d->step->scratch;
	struct xform sent = { .type = TRANSFORM_KE, .id = d->message->ke.group };
	const struct transform *ke = method(d);

	d->why.what = "the peer sent another additional key exchange than was agreed on";
	d->why.offered = xform_print(&sent, a);
	d->why.configured = ke ? ke->word : "none that is left";
	d->why.notify = notify_name(INVALID_SYNTAX);
}

/* --------------------------------------------------------------- initiator */

enum verdict intermediate_next(struct draft *d)
{
	if (!method(d))
		return auth_begin(d);
	draft_ask(d, ASK_KEY_PAIR, S_I_NEXT_KEY_PAIR)->ke = method(d);
	return DRAFT_COMMIT;
}

enum verdict intermediate_key_pair(struct draft *d)
{
	struct message m = message_of(d, d->answer->public);
	uint32_t mid = d->sa->window.next;

	d->hs.x.secret = arena_bytes(&d->keep, d->answer->secret);
	if (add_ours(d, mid, &m))
		return draft_end(d, 0);
	d->core.state = S_I_NEXT;
	d->core.ask = 0;
	draft_request(d, IKE_INTERMEDIATE, mid, &m);
	return DRAFT_COMMIT;
}

enum verdict intermediate_response(struct draft *d)
{
	struct ike_question *q;

	if (d->message->ke.group != method(d)->id) {
		explain_method(d);
		return draft_end(d, 0);
	}
	if (add_theirs(d))
		return draft_end(d, 0);
	announce_keep(d, d->message);
	q = draft_ask(d, ASK_AGREE, S_I_NEXT_AGREE);
	q->ke = method(d);
	q->secret = d->hs.x.secret;
	q->peer_public = d->message->ke.data;
	return DRAFT_COMMIT;
}

enum verdict intermediate_agreed(struct draft *d)
{
	if (next_keys(d, d->answer->shared))
		return draft_end(d, 0);
	return intermediate_next(d);
}

enum verdict intermediate_refusal(struct draft *d)
{
	const struct peer *p = d->core.peer;
	const struct wire_notify *n = message_error(d->message);

	d->why = (struct why){
		.what = arena_printf(d->step->scratch,
			"the peer refused the additional key exchange %s of connection %s with %s",
			method(d)->word, p->name, notify_name(n->type)),
		.where = source_print(&p->at, "proposals", d->step->scratch),
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

enum verdict intermediate_request(struct draft *d)
{
	const struct message *m = d->message;
	struct ike_question *q;

	d->core.path = *d->path;
	if (!method(d) || m->ke.group != method(d)->id) {
		explain_method(d);
		return draft_end(d, INVALID_SYNTAX);
	}
	if (add_theirs(d))
		return draft_end(d, 0);
	q = draft_ask(d, ASK_RESPOND, S_R_NEXT);
	q->ke = method(d);
	q->peer_public = m->ke.data;
	return DRAFT_COMMIT;
}

enum verdict intermediate_responded(struct draft *d)
{
	struct message m = message_of(d, d->answer->public);
	struct sa_keys *before = ARENA_NEW(&d->keep, struct sa_keys);

	*before = d->core.keys;
	if (add_ours(d, draft_response_mid(d), &m))
		return draft_end(d, 0);
	draft_respond(d, IKE_INTERMEDIATE, &m);
	d->hs.before = before;
	d->core.state = S_R_INIT;
	d->core.ask = 0;
	return next_keys(d, d->answer->shared) ? draft_end(d, 0) : DRAFT_COMMIT;
}

enum verdict intermediate_failed(struct draft *d)
{
	struct message m = { 0 };

	d->why = d->answer->why;
	if (!d->why.what)
		d->why.what = "an additional key exchange could not be computed";
	message_add_notify(&m, d->step->scratch, INVALID_SYNTAX, (struct bytes){ 0 });
	draft_respond(d, IKE_INTERMEDIATE, &m);
	return draft_end(d, 0);
}
