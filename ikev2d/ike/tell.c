/* SPDX-License-Identifier: GPL-2.0-or-later */
/* News for people and programs, as data. */
#include "ike/count.h"
#include "ike/record.h"
#include "ike/step.h"

#include <stdarg.h>
#include <stdio.h>

enum { TICKETS_MAX = 32, LINE_ROOM = 512 };

static const char *const drop_words[DROP_COUNT] = {
	[DROP_MALFORMED] = "malformed",
	[DROP_VERSION] = "version",
	[DROP_UNKNOWN_SA] = "unknown-sa",
	[DROP_UNSEALED] = "unsealed",
	[DROP_SEAL] = "seal",
	[DROP_MESSAGE_ID] = "message-id",
	[DROP_REPEATED] = "repeated",
	[DROP_SHAPE] = "shape",
	[DROP_STATE] = "state",
	[DROP_NO_REQUEST] = "no-request",
	[DROP_HALF_OPEN] = "half-open-max",
	[DROP_CROWD] = "half-open-address",
	[DROP_BUSY] = "busy",
	[DROP_UNSOLVED] = "unsolved",
	[DROP_INVALID] = "invalid",
	[DROP_FRAGMENT] = "fragment",
	[DROP_INCOMPLETE] = "fragments-missing",
};

const char *dropped_name(enum drop_reason reason)
{
	return drop_words[reason];
}

struct ike_tell *tell_new(struct step *s, enum ike_tell_kind kind)
{
	struct ike_tell *t = &step_action(s, ACTION_TELL)->tell;

	t->kind = kind;
	t->level = LOG_NOTICE;
	t->group = "IKE";
	return t;
}

/* The tickets of all commands that wait for SA or one of its children. */
static void tell_tickets(struct step *s, struct ike_tell *t, const struct sa *sa)
{
	uint32_t *v = ARENA_ARRAY(s->scratch, TICKETS_MAX, uint32_t);
	unsigned n = waits_tickets(&sa->waits, v, TICKETS_MAX);

	list_each (c, (struct node *)&sa->children)
		n += waits_tickets(&node_owner(c, struct child, of_sa)->waits, v + n, TICKETS_MAX - n);
	t->sa = sa->id;
	t->tickets = v;
	t->n_tickets = n;
}

static const struct sa_record *record_of(struct step *s, const struct sa *sa)
{
	struct sa_record *r = ARENA_NEW(s->scratch, struct sa_record);

	record_make(sa, s->scratch, r);
	return r;
}

struct ike_tell *tell_log(struct draft *d, const char *group, const char *format, ...)
{
	struct ike_action *a = draft_action(d, ACTION_TELL);
	char line[LINE_ROOM];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	a->tell.kind = TELL_LOG;
	a->tell.level = LOG_NOTICE;
	a->tell.group = group;
	a->tell.name = d->core.peer ? d->core.peer->name : NULL;
	a->tell.text = arena_str(d->step->scratch, line);
	if (d->sa)
		tell_tickets(d->step, &a->tell, d->sa);
	return &a->tell;
}

/* What a drop is counted as (0: it is not), and strongSwan's word for it. */
static const struct {
	enum counter counter;
	const char *alert;
} drop_meanings[DROP_COUNT] = {
	[DROP_MALFORMED] = { COUNT_INVALID, "parse-error-header" },
	[DROP_UNKNOWN_SA] = { COUNT_INVALID_SPI, "invalid-ike-spi" },
	[DROP_UNSEALED] = { COUNT_INVALID, "parse-error-body" },
	[DROP_SEAL] = { COUNT_INVALID, "parse-error-body" },
	[DROP_SHAPE] = { COUNT_INVALID, "parse-error-body" },
	[DROP_REPEATED] = { 0, "retransmit-receive" },
};

struct ike_tell *tell_dropped(
	struct step *s, enum drop_reason reason, const struct path *from, const struct peer *peer)
{
	struct ike_tell *t = tell_new(s, TELL_DROPPED);
	char remote[ADDR_TEXT];

	s->ike->drops[reason]++;
	if (drop_meanings[reason].counter)
		count(s->ike, peer, drop_meanings[reason].counter);
	t->alert = drop_meanings[reason].alert;
	t->level = LOG_DETAIL;
	t->group = "NET";
	t->text = arena_printf(
		s->scratch, "%s from %s", dropped_name(reason), addr_print(&from->remote, remote));
	return t;
}

const char *tell_stage(const struct step *s, const struct sa *sa)
{
	if (s->exchange)
		return exchange_name(s->exchange);
	if (!sa)
		return NULL;
	if (sa->core.state >= S_UP)
		return sa->window.request ? exchange_name(sa->window.exchange) : NULL;
	switch (sa->core.state) {
	case S_I_ROUTE: return "the way to the peer, before IKE_SA_INIT";
	case S_I_RESUME: return exchange_name(IKE_SESSION_RESUME);
	case S_I_KEY_PAIR:
	case S_I_PUZZLE:
	case S_I_INIT:
	case S_I_AUTH_PUZZLE:
	case S_I_AGREE:
	case S_R_RESPOND:
	case S_R_KEY_PAIR: return exchange_name(IKE_SA_INIT);
	case S_I_NEXT_KEY_PAIR:
	case S_I_NEXT:
	case S_I_NEXT_AGREE:
	case S_I_PPK_CONFIRM:
	case S_I_PPK_SEED:
	case S_R_PPK_CONFIRM:
	case S_R_PPK_SEED:
	case S_R_NEXT: return exchange_name(IKE_INTERMEDIATE);
	default: return exchange_name(IKE_AUTH);
	}
}

void tell_refused(struct step *s, const char *name, const struct sa *sa, const struct why *why)
{
	struct ike_tell *t = tell_new(s, TELL_REFUSED);
	struct why *copy = ARENA_NEW(s->scratch, struct why);

	*copy = why_copy(s->scratch, why);
	if (!copy->stage)
		copy->stage = tell_stage(s, sa);
	t->level = LOG_WARN;
	t->name = name;
	t->why = copy;
	t->alert = copy->alert;
	t->text = copy->what;
	if (sa) {
		tell_tickets(s, t, sa);
		t->record = record_of(s, sa);
	} else if (s->path) {
		t->path = *s->path;
	}
}

static struct ike_tell *tell_record(
	struct step *s, enum ike_tell_kind kind, const struct sa *sa, const struct sa_record *record)
{
	struct ike_tell *t = tell_new(s, kind);

	t->name = sa->core.peer->name;
	t->record = record;
	t->group = "IKE";
	tell_tickets(s, t, sa);
	return t;
}

static struct ike_tell *tell_child(
	struct step *s, enum ike_tell_kind kind, const struct child *child, const struct child *old)
{
	struct sa_record *r = ARENA_NEW(s->scratch, struct sa_record);
	struct ike_tell *t = tell_record(s, kind, child->sa, r);

	record_make_of(child, old, s->scratch, r);
	t->child = child->id;
	t->group = "CHD";
	return t;
}

void tell_sa(struct step *s, enum ike_tell_kind kind, const struct sa *sa, const struct child *child)
{
	if (child)
		tell_child(s, kind, child, NULL);
	else
		tell_record(s, kind, sa, record_of(s, sa));
}

void tell_moved(struct draft *d)
{
	const struct path *from = &d->sa->core.path, *to = &d->core.path;
	char local[2][ADDR_TEXT], remote[2][ADDR_TEXT];
	struct ike_tell *t =
		tell_log(d, "IKE", "IKE_SA %s[%u] moves from %s...%s to %s...%s", d->core.peer->name,
			d->sa->id, addr_print(&from->local, local[0]), addr_print(&from->remote, remote[0]),
			addr_print(&to->local, local[1]), addr_print(&to->remote, remote[1]));

	t->kind = TELL_SA_MOVED;
	t->record = record_of(d->step, d->sa);
	t->path = *to;
}

void tell_sa_rekeyed(struct step *s, const struct sa *sa, const struct sa *old)
{
	struct ike_tell *t = tell_record(s, TELL_SA_REKEYED, sa, record_of(s, sa));

	count(s->ike, sa->core.peer, sa->core.initiator ? COUNT_IKE_REKEY_INIT : COUNT_IKE_REKEY_RESP);
	t->old = old->id;
	t->old_record = record_of(s, old);
}

void tell_rekeyed(struct step *s, const struct child *child, const struct child *old)
{
	count(s->ike, child->sa->core.peer, COUNT_CHILD_REKEY);
	tell_child(s, TELL_CHILD_REKEYED, child, old)->old = old ? old->id : child->replaces;
}
