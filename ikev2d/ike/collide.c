/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of simultaneous requests. */
#include "ike/collide.h"

/* Our exchange under way, as their request sees it. */
enum ours {
	OURS_NOTHING, /* or one that concerns nobody */
	OURS_CREATE,
	OURS_REKEY_OTHER, /* another child than theirs */
	OURS_REKEY_THIS,
	OURS_DELETE_OTHER,
	OURS_DELETE_THIS, /* under way, or decided */
	OURS_REKEY_IKE,
	OURS_DELETE_IKE,
	OURS_COUNT
};

#define ROW(ours, create, child, ike, delete)                                                                \
	[ours] = { RULE_##create, RULE_##child, RULE_##ike, RULE_##delete }

/* clang-format off */
static const enum rule table[OURS_COUNT][THEIRS_COUNT] = {
/*  ours               create  rekey a child  rekey the IKE_SA  delete a child */
ROW(OURS_NOTHING,      TAKE,   TAKE,          TAKE,             TAKE),
ROW(OURS_CREATE,       TAKE,   TAKE,          BUSY,             TAKE),
ROW(OURS_REKEY_OTHER,  TAKE,   TAKE,          BUSY,             TAKE),
ROW(OURS_REKEY_THIS,   TAKE,   CONTEST,       BUSY,             TAKE),
ROW(OURS_DELETE_OTHER, TAKE,   TAKE,          BUSY,             TAKE),
ROW(OURS_DELETE_THIS,  TAKE,   BUSY,          BUSY,             SILENT),
ROW(OURS_REKEY_IKE,    BUSY,   BUSY,          CONTEST,          TAKE),
ROW(OURS_DELETE_IKE,   BUSY,   BUSY,          BUSY,             TAKE),
};
/* clang-format on */

static enum ours under_way(const struct sa *sa, const struct child *child)
{
	const struct task *t = sa->task;
	bool this = t && child && t->child == child->id;

	if (sa->core.state == S_DELETING)
		return OURS_DELETE_IKE;
	if (child && child->state == CHILD_DELETING)
		return OURS_DELETE_THIS;
	switch (t ? t->kind : TASK_LIVENESS) {
	case TASK_CREATE_CHILD: return OURS_CREATE;
	case TASK_REKEY_CHILD: return this ? OURS_REKEY_THIS : OURS_REKEY_OTHER;
	case TASK_DELETE_CHILD: return this ? OURS_DELETE_THIS : OURS_DELETE_OTHER;
	case TASK_REKEY_IKE: return OURS_REKEY_IKE;
	case TASK_DELETE_IKE: return OURS_DELETE_IKE;
	default: return OURS_NOTHING;
	}
}

enum rule collide(const struct draft *d, enum theirs theirs, const struct child *child)
{
	enum rule rule = table[under_way(d->sa, child)][theirs];
	const struct negotiation *ours = d->sa->ours;
	bool unseen = ours->kind && ours->state == N_KEY_PAIR && !ours->rounds &&
		      !(child && child->state == CHILD_DELETING);

	return unseen && (rule == RULE_BUSY || rule == RULE_CONTEST) ? RULE_GIVE_WAY : rule;
}

static struct bytes lower(struct bytes a, struct bytes b)
{
	return bytes_cmp(a, b) < 0 ? a : b;
}

void contest_note(struct draft *d, const struct negotiation *x)
{
	d->ours.rival_nonce = arena_bytes(&d->keep_ours, lower(x->nonce_i, x->nonce_r));
}

bool contest_lost(const struct negotiation *x)
{
	return bytes_cmp(lower(x->nonce_i, x->nonce_r), x->rival_nonce) < 0;
}
