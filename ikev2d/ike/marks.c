/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drawing, as strongSwan does it: numbers from 1 up, of marks and of interfaces apart, never zero. */
#include "ike/marks.h"

static bool is_drawn(enum drawn d)
{
	return d == DRAWN_UNIQUE || d == DRAWN_DIRECTION;
}

static uint32_t next(uint32_t *last)
{
	if (!++*last)
		++*last;
	return *last;
}

/* Fills those of IN and OUT that are to be drawn; both with one number, unless a number for each direction is
 * asked for. */
static void draw(uint32_t *last, enum drawn for_in, enum drawn for_out, uint32_t *in, uint32_t *out)
{
	bool apart = for_in == DRAWN_DIRECTION || for_out == DRAWN_DIRECTION;

	if (is_drawn(for_in))
		*in = next(last);
	if (is_drawn(for_out))
		*out = is_drawn(for_in) && !apart ? *in : next(last);
}

static struct mark plain(const struct mark *configured, uint32_t value)
{
	return (struct mark){ .value = value & configured->mask, .mask = configured->mask };
}

static struct sa_marks marks_make(
	struct ike *ike, const struct child_conf *conf, struct if_id if_in, struct if_id if_out)
{
	uint32_t in = conf->mark_in.value, out = conf->mark_out.value;
	struct sa_marks m = { .if_id_in = if_in.value, .if_id_out = if_out.value };

	draw(&ike->last_mark, conf->mark_in.drawn, conf->mark_out.drawn, &in, &out);
	draw(&ike->last_if_id, if_in.drawn, if_out.drawn, &m.if_id_in, &m.if_id_out);
	m.in = plain(&conf->mark_in, in);
	m.out = plain(&conf->mark_out, out);
	return m;
}

static struct if_id either(struct if_id first, struct if_id second)
{
	return first.drawn || first.value ? first : second;
}

struct sa_marks marks_of_child(struct draft *d, const struct child_conf *conf)
{
	struct if_id in = conf->peer->if_id_in, out = conf->peer->if_id_out;

	if (!d->core.if_id_in && !d->core.if_id_out) {
		d->core.if_id_in = in.value;
		d->core.if_id_out = out.value;
		draw(&d->step->ike->last_if_id, in.drawn, out.drawn, &d->core.if_id_in, &d->core.if_id_out);
	}
	in = (struct if_id){ .value = d->core.if_id_in };
	out = (struct if_id){ .value = d->core.if_id_out };
	return marks_make(d->step->ike, conf, either(conf->if_id_in, in), either(conf->if_id_out, out));
}

struct sa_marks marks_of_trap(struct ike *ike, const struct child_conf *conf)
{
	const struct peer *p = conf->peer;

	return marks_make(
		ike, conf, either(conf->if_id_in, p->if_id_in), either(conf->if_id_out, p->if_id_out));
}

static bool mark_eq(const struct mark *a, const struct mark *b)
{
	return a->value == b->value && a->mask == b->mask;
}

bool marks_eq(const struct sa_marks *a, const struct sa_marks *b)
{
	return mark_eq(&a->in, &b->in) && mark_eq(&a->out, &b->out) && a->if_id_in == b->if_id_in &&
	       a->if_id_out == b->if_id_out;
}
