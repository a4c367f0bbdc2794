/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 7296, 2.25, once more and in other words than the core's: what an end must answer while it has an
 * exchange of its own under way. Cores that break these rules together may come to agree all the same; with
 * others they would not. */
#include "ike/task.h"
#include "tests/pair/forge.h"
#include "tests/sim/explore.h"
#include "wire/payload.h"

/* A request on an IKE_SA that replaces another is about the children of that too: they are to move. */
static const struct child *child_at(const struct host *h, const struct sa *sa, uint64_t spi_out)
{
	const struct sa *before = map_get(&h->ike->sas, sa->core.predecessor);

	list_each (n, (struct node *)&sa->children) {
		const struct child *c = node_owner(n, struct child, of_sa);

		if (c->spi_out == spi_out)
			return c;
	}
	return before && sa->core.state == S_UP ? child_at(h, before, spi_out) : NULL;
}

/* What SA has begun and the peer may know of. */
static enum task_kind under_way(const struct sa *sa)
{
	bool told = sa->window.request || sa->ours->state == N_AGREE || sa->ours->state == N_INSTALL;

	return sa->task && told ? sa->task->kind : TASK_LIVENESS;
}

static enum rule_duty of_create(const struct host *h, const struct sa *sa, const struct seen *m)
{
	enum task_kind ours = under_way(sa);
	const struct child *old = m->rekeys ? child_at(h, sa, m->rekeys) : NULL;
	bool about_child = m->has & PAYLOAD_BIT(PAYLOAD_TSI);
	bool ours_about_child =
		ours == TASK_CREATE_CHILD || ours == TASK_REKEY_CHILD || ours == TASK_DELETE_CHILD;

	if (sa->core.state == S_DELETING || sa->core.state == S_REKEYED)
		return DUTY_BUSY;
	if (about_child ? ours == TASK_REKEY_IKE : ours_about_child)
		return DUTY_BUSY;
	if (old && old->state == CHILD_DELETING)
		return DUTY_BUSY;
	if (m->rekeys && !old)
		return sa->ours->kind ? DUTY_NONE : DUTY_NOT_FOUND;
	/* Nothing of ours that they could know of is in their way. */
	return !sa->window.request && ours == TASK_LIVENESS && !(old && old->state != CHILD_INSTALLED)
		       ? DUTY_NOT_BUSY
		       : DUTY_NONE;
}

static enum rule_duty of_delete(const struct host *h, const struct sa *sa, const struct seen *m)
{
	const struct child *c = child_at(h, sa, m->deletes);

	if (sa->core.state != S_UP && sa->core.state != S_REKEYED)
		return DUTY_NONE;
	return c && c->state != CHILD_DELETING ? DUTY_DELETE : DUTY_NO_DELETE;
}

/* What the peer has no more is made anew, unless something else carries on. */
static enum rule_duty of_not_found(const struct sa *sa, const struct host *h, struct duty *d)
{
	const struct child *old = map_get(&h->ike->children, sa->ours->old);
	const struct child *before = old ? map_get(&h->ike->children, old->replaces) : NULL;

	/* For a CPU there is one when a packet asks for it. */
	if (sa->ours->kind != N_REKEY_CHILD || !old || old->sa != sa || old->state != CHILD_INSTALLED ||
		old->resource || old->successor || (before && before->state == CHILD_DELETING))
		return DUTY_NONE;
	d->conf = old->conf;
	return before && before->state == CHILD_INSTALLED ? DUTY_NO_MAKE : DUTY_MAKE;
}

static enum rule_duty duty_of(const struct sa *sa, const struct seen *m, const struct host *h, struct duty *d)
{
	const struct window *w = &sa->window;

	if (m->header.flags & FLAG_RESPONSE)
		return m->error == CHILD_SA_NOT_FOUND && w->request && m->header.mid == w->next - 1
			       ? of_not_found(sa, h, d)
			       : DUTY_NONE;
	/* Before it is up it says nothing. */
	if (sa->core.state < S_UP || m->header.mid != w->expected || (w->expected && !w->response))
		return DUTY_NONE;
	if (m->header.exchange == CREATE_CHILD_SA)
		return of_create(h, sa, m);
	return m->deletes ? of_delete(h, sa, m) : DUTY_NONE;
}

struct duty rules_before(const struct world *w, const struct flight *f)
{
	const struct host *to = lab_reached(w->life.lab, f);
	const struct seen *m = state_seen(w, bytes_of(f->data, f->n));
	struct duty d = { DUTY_NONE, to == w->life.hosts[SUN], 0, NULL };
	const struct sa *sa;

	if (!m || !to)
		return d;
	d.spi = m->header.flags & FLAG_INITIATOR ? m->header.spi_r : m->header.spi_i;
	sa = map_get(&to->ike->sas, d.spi);
	if (sa)
		d.duty = duty_of(sa, m, to, &d);
	return d;
}

static bool is_done(const struct world *w, const struct duty *d, const struct sa *sa)
{
	const struct seen *m;

	if (d->duty == DUTY_MAKE || d->duty == DUTY_NO_MAKE)
		return !task_creating(sa, d->conf, 0) == (d->duty == DUTY_NO_MAKE);
	/* It is not answered yet: so nobody was told to come later. */
	if (!sa->window.response)
		return d->duty == DUTY_NOT_BUSY;
	m = state_seen(w, bytes_of(sa->window.response, sa->window.response_n));
	switch (m ? d->duty : DUTY_NONE) {
	case DUTY_BUSY: return m->error == TEMPORARY_FAILURE;
	case DUTY_NOT_BUSY: return m->error != TEMPORARY_FAILURE;
	case DUTY_NOT_FOUND: return m->error == CHILD_SA_NOT_FOUND;
	case DUTY_DELETE: return m->deletes;
	case DUTY_NO_DELETE: return !m->deletes;
	default: return true;
	}
}

void rules_after(struct world *w, const struct duty *d)
{
	static const char *const words[] = {
		[DUTY_BUSY] = "must answer TEMPORARY_FAILURE",
		[DUTY_NOT_BUSY] = "has no reason to answer TEMPORARY_FAILURE",
		[DUTY_NOT_FOUND] = "must answer CHILD_SA_NOT_FOUND",
		[DUTY_DELETE] = "must answer with the SPI of its own",
		[DUTY_NO_DELETE] = "must answer without an SPI",
		[DUTY_MAKE] = "must ask for a new child",
		[DUTY_NO_MAKE] = "asks for a new child, and has one",
	};
	const struct host *h = w->life.hosts[d->side];
	const struct sa *sa = map_get(&h->ike->sas, d->spi);

	if (d->duty != DUTY_NONE && sa && !is_done(w, d, sa))
		life_fail(&w->life, "%s %s", h->name, words[d->duty]);
}
