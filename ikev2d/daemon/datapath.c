/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports become events. */
#include "daemon/datapath.h"

#include "base/log.h"
#include "daemon/datapath_esp.h"
#include "daemon/engine.h"
#include "daemon/line.h"
#include "xfrm/choice.h"

enum { SETTLE_TIME = 30 /* s in which the names of peers are resolved and all traps are set */ };

static void acquire(
	void *ctx, uint32_t policy, uint32_t resource, const struct ts *local, const struct ts *remote)
{
	engine_feed(ctx, &(struct ike_event){ .kind = EVENT_ACQUIRE,
				 .acquire = { .policy = policy,
					 .resource = resource,
					 .local = *local,
					 .remote = *remote } });
}

static void mapping(void *ctx, uint32_t child, const struct addr *remote)
{
	const struct world *w = ctx;
	struct ike_event e = { .kind = EVENT_MAPPING, .mapping = { .child = child, .remote = *remote } };

	streams_from_relay(&w->streams, &e.mapping.remote);
	engine_feed(ctx, &e);
}

static void used(void *ctx, uint32_t child)
{
	engine_feed(ctx, &(struct ike_event){ .kind = EVENT_USED, .used = { .child = child } });
}

static void expire(void *ctx, uint32_t child, bool hard)
{
	engine_feed(
		ctx, &(struct ike_event){ .kind = EVENT_EXPIRE, .expire = { .child = child, .hard = hard } });
}

static void ike(void *ctx, const struct path *path, struct bytes datagram)
{
	engine_feed(ctx, &(struct ike_event){
				 .kind = EVENT_DATAGRAM, .datagram = { .path = *path, .data = datagram } });
}

static void unknown_spi(void *ctx, const struct path *path, bool encap, uint32_t spi)
{
	engine_feed(ctx, &(struct ike_event){ .kind = EVENT_UNKNOWN_SPI,
				 .unknown_spi = { .path = *path, .encap = encap, .spi = spi } });
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;

	(void)fd;
	(void)what;
	w->backend->dispatch(w->xfrm);
}

static void on_settled(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;

	(void)fd;
	(void)what;
	w->backend->settled(w->xfrm);
}

static void on_audit(evutil_socket_t fd, short what, void *ctx)
{
	struct arena scratch = { 0 };
	struct text found = text_in(&scratch);
	char *rest, *line;

	(void)fd;
	(void)what;
	datapath_audit(ctx, &found);
	rest = arena_str(&scratch, text_str(&found));
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_say(LOG_WARN, "audit", "msg=\"%s\"", line);
	arena_free(&scratch);
}

static bool audit_every(struct world *w, uint64_t ms)
{
	const struct timeval every = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (long)(ms % 1000) * 1000 };

	return ms ? !event_add(w->xfrm_audit, &every) : !event_del(w->xfrm_audit);
}

void datapath_configure(struct world *w)
{
	if (!audit_every(w, config_now(&w->config)->settings.audit_interval))
		line_say(LOG_WARN, "audit", "what is installed is compared at the old times: try \"ipsec reload\" once more");
}

static bool watch(struct world *w)
{
	const struct timeval settle_time = { .tv_sec = SETTLE_TIME };

	w->xfrm_settled = evtimer_new(w->base, on_settled, w);
	w->xfrm_readable = event_new(w->base, w->backend->fd(w->xfrm), EV_READ | EV_PERSIST, on_readable, w);
	w->xfrm_audit = event_new(w->base, -1, EV_PERSIST, on_audit, w);
	return w->xfrm_settled && !evtimer_add(w->xfrm_settled, &settle_time) && w->xfrm_readable &&
	       !event_add(w->xfrm_readable, NULL) && w->xfrm_audit &&
	       audit_every(w, w->settings.audit_interval);
}

static void share_port(struct world *w)
{
	const struct xfrm_caps *kernel = choice_of(w->xfrm)->kernel;

	for (unsigned v6 = 0; kernel && v6 < 2; v6++)
		if (v6 ? kernel->encap6 : kernel->encap4)
			sockets_encap(&w->sockets, v6);
}

enum err datapath_start(struct world *w, struct text *why)
{
	struct xfrm_setup setup = {
		.settings = &w->settings,
		.run_dir = w->rundir.path,
		.link = datapath_esp_start(w),
		.reports = { w, acquire, mapping, used, expire, ike, unknown_spi },
	};
	enum err e;

	w->backend = &xfrm_choice;
	if (w->settings.datapath != DATAPATH_KERNEL)
		datapath_esp_launch(w);
	e = w->backend->open(&setup, &w->xfrm, why);
	if (e) {
		datapath_esp_stop(w);
		return e;
	}
	if (!choice_of(w->xfrm)->user)
		datapath_esp_unused(w);
	share_port(w);
	if (watch(w))
		return ERR_OK;
	text_add(why, "the loop takes no more descriptors");
	datapath_stop(w);
	return ERR_SYSTEM;
}

void datapath_stop(struct world *w)
{
	if (w->xfrm_settled)
		event_free(w->xfrm_settled);
	if (w->xfrm_readable)
		event_free(w->xfrm_readable);
	if (w->xfrm_audit)
		event_free(w->xfrm_audit);
	w->xfrm_settled = w->xfrm_readable = w->xfrm_audit = NULL;
	w->backend->close(w->xfrm);
	w->xfrm = NULL;
	datapath_esp_stop(w);
}

void datapath_assign(struct world *w, struct peer *p)
{
	for (unsigned i = 0; i < p->n_children && !p->unready; i++) {
		struct child_conf *c = &p->children[i];
		struct text why = text_in(&p->arena);

		if (c->datapath_why)
			continue;
		if (choose(choice_of(w->xfrm), c, &c->datapath, &why))
			p->unready = arena_printf(&p->arena, "%s: child %s cannot be carried: %s",
				source_print(&c->at, "datapath", &p->arena), c->name, text_str(&why));
		else
			c->datapath_why = text_str(&why);
	}
	if (p->unready)
		log_say(LOG_DETAIL, "not-used", "conn=%s msg=\"%s\"", p->name, p->unready);
}

static const char *reason_of(struct world *w, const struct child_record *c, struct arena *arena)
{
	const char *no_device = w->backend->no_device(w->xfrm, c->id);

	if (!no_device)
		return c->conf->datapath_why;
	return arena_printf(arena, "%s; no device carries it: %s", c->conf->datapath_why, no_device);
}

void datapath_fill(struct world *w, struct sa_record *sa, struct arena *arena)
{
	for (unsigned i = 0; i < sa->n_children; i++) {
		struct child_record *c = &sa->children[i];

		c->data_path = data_path_name(c->conf->datapath);
		c->data_path_why = reason_of(w, c, arena);
		(void)w->backend->usage(w->xfrm, c->id, true, &c->in);
		(void)w->backend->usage(w->xfrm, c->id, false, &c->out);
	}
}

void datapath_drops(struct world *w, struct text *out)
{
	w->backend->drops(w->xfrm, out);
}

void datapath_pace(struct world *w, struct text *out)
{
	w->backend->pace(w->xfrm, out);
}

void datapath_advice(struct world *w, struct text *out)
{
	w->backend->advice(w->xfrm, out);
}

void datapath_gather(struct world *w, bool on)
{
	if (w->xfrm && w->backend->gather)
		w->backend->gather(w->xfrm, on);
}

void datapath_audit(struct world *w, struct text *out)
{
	w->backend->audit(w->xfrm, out);
}

void datapath_in_use(const struct world *w, const char **no_kernel, const char **no_user)
{
	const struct choice *c = choice_of(w->xfrm);

	*no_kernel = c->kernel ? NULL : c->no_kernel;
	*no_user = c->user ? NULL : c->no_user;
}

void datapath_say(const struct world *w)
{
	const char *no_kernel, *no_user, *why;

	datapath_in_use(w, &no_kernel, &no_user);
	why = no_kernel ? no_kernel : no_user;
	log_say(LOG_NOTICE, "data-path", "kernel=%s userspace=%s%s%s%s", no_kernel ? "no" : "yes",
		no_user ? "no" : "yes", why ? " msg=\"" : "", why ? why : "", why ? "\"" : "");
}
