/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tun devices and their owners. */
#include "xfrm/user/state.h"

#include <stdlib.h>
#include <unistd.h>

enum { MTU_FIRST = 1500 /* routes say less, where they lead into tunnels that take less */ };

static struct user_device *find(struct xfrm *x, const char *name)
{
	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		struct user_device *d = x->devices[i];

		if (d && !d->shared && !strcmp(d->name, name))
			return d;
	}
	return NULL;
}

/* Not one that was free just now, while there are others: packet threads may still see the device that had
 * it. */
static enum err find_slot(struct xfrm *x, unsigned *slot, struct text *why)
{
	for (unsigned i = 1; i <= DEVICES_MAX; i++) {
		*slot = (x->last_slot + i) % DEVICES_MAX;
		if (!x->devices[*slot]) {
			x->last_slot = *slot;
			return ERR_OK;
		}
	}
	text_add(why, "there are %d tun devices already: let connections share one", DEVICES_MAX);
	return ERR_SPACE;
}

static void close_queues(const struct xfrm *x, const struct user_device *d)
{
	for (unsigned i = 0; i < x->n_workers; i++)
		close(d->queue[i]);
}

static enum err hand_over(struct xfrm *x, const struct user_device *d, struct text *why)
{
	const struct esp_order o = { .kind = ORDER_DEVICE_ADD,
		.device_add = { .slot = d->slot, .joins_udp = d->joins_udp } };

	return user_order(x, &o, d->queue, x->n_workers, why);
}

/* NULL: the shared one. */
static enum err open_new(struct xfrm *x, const char *name, struct user_device **out, struct text *why)
{
	struct user_device *d = calloc(1, sizeof *d);
	enum err err;

	if (!d)
		abort();
	err = find_slot(x, &d->slot, why);
	if (!err)
		err = tun_open(
			name ? name : x->settings->tun_name, !name, x->n_workers, d->queue, d->name, why);
	if (err) {
		free(d);
		return err;
	}
	for (unsigned i = 0; i < x->n_workers; i++)
		d->joins_udp = tun_offload(d->queue[i]);
	err = route_device_up(x->route, d->name, MTU_FIRST, why);
	if (!err)
		err = hand_over(x, d, why);
	if (err) {
		close_queues(x, d);
		free(d);
		return err;
	}
	d->shared = !name;
	d->owners = 1;
	*out = x->devices[d->slot] = d;
	return ERR_OK;
}

enum err user_device_get(struct xfrm *x, const char *name, struct user_device **out, struct text *why)
{
	struct user_device *d = name ? find(x, name) : x->shared;
	enum err err = ERR_OK;

	if (d) {
		d->owners++;
		*out = d;
		return ERR_OK;
	}
	err = open_new(x, name, out, why);
	if (!err && !name)
		x->shared = *out;
	return err;
}

/* The kernel removes it when nobody has it open any more. */
void user_device_put(struct xfrm *x, struct user_device *d)
{
	if (--d->owners)
		return;
	user_tell(x, &(struct esp_order){ .kind = ORDER_DEVICE_DEL, .device_del.slot = d->slot });
	if (x->shared == d)
		x->shared = NULL;
	x->devices[d->slot] = NULL;
	close_queues(x, d);
	free(d);
}

enum err user_devices_again(struct xfrm *x, struct text *why)
{
	enum err err = ERR_OK;

	for (unsigned i = 0; i < DEVICES_MAX && !err; i++)
		if (x->devices[i])
			err = hand_over(x, x->devices[i], why);
	return err;
}
