/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leases are found by address, by holder, and free ones by age. */
#include "daemon/leases.h"

#include <stdlib.h>

void leases_start(struct leases *l)
{
	*l = (struct leases){ 0 };
	list_init(&l->all);
	leases_configure(l, NULL, 0);
}

static void *room(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		abort();
	return p;
}

/* ----------------------------------------------------------------- by address */

static uint64_t ip_key(const struct ip *ip)
{
	return bytes_hash(BYTES_HASH, ip_bytes(ip));
}

static struct lease *find(const struct leases *l, const struct ip *ip)
{
	struct lease *e = map_get(&l->by_ip, ip_key(ip));

	while (e && !ip_eq(&e->ip, ip))
		e = e->next;
	return e;
}

/* ------------------------------------------------------------------ by holder */

/* The case of what id_eq does not tell apart makes two holders: each has its own addresses then. */
static uint64_t id_key(const struct id *id)
{
	return bytes_hash(bytes_hash(BYTES_HASH, bytes_of(&id->type, 1)), id->data);
}

static bool is_holder(const struct lease_holder *h, const struct id *id)
{
	return h->id.type == id->type && bytes_eq(h->id.data, id->data);
}

static struct lease_holder *holder_find(const struct leases *l, const struct id *id)
{
	struct lease_holder *h = map_get(&l->by_id, id_key(id));

	while (h && !is_holder(h, id))
		h = h->next;
	return h;
}

static struct lease_holder *holder_get(struct leases *l, const struct id *id)
{
	struct lease_holder *h = holder_find(l, id);

	if (h)
		return h;
	h = room(sizeof *h + id->data.n);
	if (id->data.n)
		memcpy(h->data, id->data.p, id->data.n);
	h->id = (struct id){ id->type, bytes_of(h->data, id->data.n) };
	list_init(&h->busy);
	list_init(&h->free);
	h->next = map_get(&l->by_id, id_key(id));
	map_put(&l->by_id, id_key(id), h);
	return h;
}

static void holder_free(struct leases *l, struct lease_holder *h)
{
	uint64_t key = id_key(&h->id);
	struct lease_holder *first = map_get(&l->by_id, key), **at = &first;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	if (first)
		map_put(&l->by_id, key, first);
	else
		map_take(&l->by_id, key);
	free(h);
}

/* E has another holder, or (NULL) none. */
static void hand_over(struct leases *l, struct lease *e, struct lease_holder *to)
{
	struct lease_holder *from = e->holder;

	list_remove(&e->of_holder);
	e->holder = to;
	if (to)
		list_append(e->users ? &to->busy : &to->free, &e->of_holder);
	if (from && from != to && list_empty(&from->busy) && list_empty(&from->free))
		holder_free(l, from);
}

/* ---------------------------------------------------------------------- areas */

static bool is_within(const struct ip *ip, const struct ip *lo, const struct ip *hi)
{
	return ip->v == lo->v && ip_cmp(lo, ip) <= 0 && ip_cmp(ip, hi) <= 0;
}

static int area_cmp(const void *a, const void *b)
{
	const struct lease_area *x = a, *y = b;
	int order = ip_cmp(&x->lo, &y->lo);

	return order ? order : ip_cmp(&x->hi, &y->hi);
}

/* How many areas begin at IP or before it. */
static unsigned areas_up_to(const struct leases *l, const struct ip *ip)
{
	unsigned lo = 0, hi = l->n_areas;

	while (lo < hi) {
		unsigned middle = lo + (hi - lo) / 2;

		if (ip_cmp(&l->areas[middle].lo, ip) <= 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

/* The area of IP: the nearest, or else, if any, the widest one before it. */
static struct lease_area *area_of(const struct leases *l, const struct ip *ip)
{
	unsigned n = areas_up_to(l, ip);
	struct lease_area *nearest = n ? &l->areas[n - 1] : NULL;

	if (nearest && !is_within(ip, &nearest->lo, &nearest->hi))
		nearest = &l->areas[nearest->widest];
	return nearest && is_within(ip, &nearest->lo, &nearest->hi) ? nearest : &l->areas[l->n_areas];
}

static void area_enter(struct lease *e, struct lease_area *area)
{
	e->area = area;
	if (e->users) {
		area->online++;
	} else {
		area->offline++;
		list_append(&area->free, &e->of_area);
	}
}

static void area_leave(struct lease *e)
{
	list_remove(&e->of_area);
	if (e->users)
		e->area->online--;
	else
		e->area->offline--;
}

/* In order, without those that are there twice. */
static void areas_sort(struct leases *l, unsigned n)
{
	unsigned kept = 0;

	qsort(l->areas, n, sizeof *l->areas, area_cmp);
	for (unsigned i = 0; i < n; i++) {
		struct lease_area *a = &l->areas[i];
		const struct lease_area *before = kept ? &l->areas[kept - 1] : NULL;

		if (before && !area_cmp(before, a))
			continue;
		a->widest =
			before && before->lo.v == a->lo.v && ip_cmp(&l->areas[before->widest].hi, &a->hi) > 0
				? before->widest
				: kept;
		l->areas[kept++] = *a;
	}
	l->n_areas = kept;
	l->areas[kept] = (struct lease_area){ 0 };
}

void leases_configure(struct leases *l, const struct vip_pool *pools, unsigned n)
{
	free(l->areas);
	l->areas = room((n + 1) * sizeof *l->areas);
	for (unsigned i = 0; i < n; i++)
		l->areas[i] =
			(struct lease_area){ .lo = pools[i].lo, .hi = pools[i].hi, .fresh = pools[i].lo };
	areas_sort(l, n);
	for (unsigned i = 0; i <= l->n_areas; i++)
		list_init(&l->areas[i].free);
	list_each (k, &l->all) {
		struct lease *e = node_owner(k, struct lease, of_all);

		list_init(&e->of_area);
		area_enter(e, area_of(l, &e->ip));
	}
}

const struct lease_area *leases_area(const struct leases *l, const struct vip_pool *pool)
{
	const struct lease_area key = { .lo = pool->lo, .hi = pool->hi };

	return bsearch(&key, l->areas, l->n_areas, sizeof key, area_cmp);
}

/* ------------------------------------------------------------------ giving */

/* E has so many users, and ID holds it. */
static void set(struct leases *l, struct lease *e, unsigned users, struct lease_holder *holder)
{
	area_leave(e);
	e->users = users;
	area_enter(e, e->area);
	hand_over(l, e, holder);
	list_remove(&e->of_all);
	list_append(&l->all, &e->of_all);
	if (l->changed)
		l->changed(l->ctx, e);
}

static struct lease *add(struct leases *l, const struct ip *ip)
{
	struct lease *e = room(sizeof *e);
	uint64_t key = ip_key(ip);

	e->ip = *ip;
	list_init(&e->of_all);
	list_init(&e->of_area);
	list_init(&e->of_holder);
	list_append(&l->all, &e->of_all);
	e->next = map_get(&l->by_ip, key);
	map_put(&l->by_ip, key, e);
	area_enter(e, area_of(l, ip));
	l->n++;
	return e;
}

static bool is_given(const struct lease_request *r, const struct lease *e)
{
	for (unsigned i = 0; i < r->n_given; i++)
		if (ip_eq(&r->given[i], &e->ip))
			return true;
	return false;
}

static bool in_pool(const struct lease_request *r, const struct ip *ip)
{
	for (unsigned i = 0; i < r->n_pools; i++)
		if (is_within(ip, &r->pools[i]->lo, &r->pools[i]->hi))
			return true;
	return false;
}

/* Of what its holder has in LIST, one that the request may have. */
static struct lease *pick(const struct lease_request *r, const struct node *list)
{
	unsigned looks = 0;

	list_each (k, (struct node *)list) {
		struct lease *e = node_owner(k, struct lease, of_holder);

		if (looks++ == LEASE_HOLDER_LOOKS)
			break;
		if (in_pool(r, &e->ip) && !is_given(r, e))
			return e;
	}
	return NULL;
}

/* What ID has or had. One in use is shared by its next IKE_SA: the peer authenticates anew from where it is,
 * with the address that it has, or the others go. */
static struct lease *own(const struct leases *l, const struct lease_request *r)
{
	const struct lease_holder *h = holder_find(l, r->id);
	struct lease *wanted = ip_is_any(&r->wanted) ? NULL : find(l, &r->wanted), *e;

	if (!h)
		return NULL;
	if (wanted && wanted->holder == h && in_pool(r, &wanted->ip) && !is_given(r, wanted) &&
		(!wanted->users || r->replaces || ip_eq(&wanted->remote, &r->remote)))
		return wanted;
	e = r->replaces ? pick(r, &h->busy) : NULL;
	return e ? e : pick(r, &h->free);
}

/* One of POOL that nobody has ever had. */
static struct lease *fresh(struct leases *l, const struct vip_pool *pool)
{
	struct lease_area *a = (struct lease_area *)leases_area(l, pool);

	while (a && a->fresh.v && l->n < LEASES_MAX) {
		struct ip ip = a->fresh;

		if (ip_eq(&ip, &a->hi) || !ip_next(&ip, &a->fresh))
			a->fresh.v = 0;
		if (!find(l, &ip))
			return add(l, &ip);
	}
	return NULL;
}

static struct lease *oldest(const struct leases *l, const struct vip_pool *pool)
{
	const struct lease_area *a = leases_area(l, pool);

	return a && !list_empty(&a->free) ? node_owner(a->free.next, struct lease, of_area) : NULL;
}

/* Free, it is ID's, whoever had it. */
static struct lease *assigned(struct leases *l, const struct lease_request *r)
{
	struct lease *e = find(l, &r->wanted);

	if (!e)
		return l->n < LEASES_MAX ? add(l, &r->wanted) : NULL;
	return !e->users || e == own(l, r) ? e : NULL;
}

static struct lease *choose(struct leases *l, const struct lease_request *r)
{
	struct lease *e;

	if (r->assigned)
		return assigned(l, r);
	e = own(l, r);
	if (!e && !ip_is_any(&r->wanted) && in_pool(r, &r->wanted) && l->n < LEASES_MAX &&
		!find(l, &r->wanted))
		e = add(l, &r->wanted);
	for (unsigned i = 0; !e && i < r->n_pools; i++)
		e = fresh(l, r->pools[i]);
	for (unsigned i = 0; !e && i < r->n_pools; i++)
		e = oldest(l, r->pools[i]);
	return e;
}

enum err leases_get(struct leases *l, const struct lease_request *r, struct ip *out)
{
	struct lease *e;

	if (r->id->data.n > LEASE_ID_MAX)
		return ERR_RANGE;
	e = choose(l, r);
	if (!e)
		return ERR_MISSING;
	e->remote = r->remote;
	set(l, e, e->users + 1, holder_get(l, r->id));
	*out = e->ip;
	return ERR_OK;
}

void leases_put(struct leases *l, const struct ip *ip)
{
	struct lease *e = find(l, ip);

	if (e && e->users)
		set(l, e, e->users - 1, e->holder);
}

bool leases_restore(struct leases *l, const struct ip *ip, const struct id *id, bool used)
{
	struct lease *e = find(l, ip);

	if (id->data.n > LEASE_ID_MAX || (!e && l->n == LEASES_MAX))
		return false;
	if (!e)
		e = add(l, ip);
	set(l, e, used, holder_get(l, id));
	return true;
}

void leases_restored(struct leases *l)
{
	list_each_safe (k, &l->all) {
		struct lease *e = node_owner(k, struct lease, of_all);

		if (e->users)
			set(l, e, 0, e->holder);
	}
}

void leases_stop(struct leases *l)
{
	list_each_safe (k, &l->all) {
		struct lease *e = node_owner(k, struct lease, of_all);

		hand_over(l, e, NULL);
		free(e);
	}
	map_free(&l->by_ip);
	map_free(&l->by_id);
	free(l->areas);
}
