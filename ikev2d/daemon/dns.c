/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who was told which servers; and one change after the other until what is wanted is in force. */
#include "daemon/dns.h"

#include "daemon/dns_file.h"
#include "daemon/dns_method.h"
#include "daemon/line.h"
#include "daemon/tells.h"
#include "xfrm/choice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESOLV_CONF "/etc/resolv.conf"

enum { NOTE_MAX = 1024 };

/* An IKE_SA whose gateway has given us servers, as it was when something was last told of it. */
struct holder {
	struct node of_dns;
	uint32_t sa;
	struct arena arena;
	struct dns_setup setup;
};

struct dns {
	struct world *world;
	struct dns_work work;
	const char *note;
	struct node holders;
	const struct dns_method *method; /* in force, or tried; NULL: none */
	struct dns_setup in_force, next;
	struct arena arenas[2];        /* of their texts */
	struct event *turn;            /* a change is over */
	bool busy;                     /* NEXT is not in force yet */
	bool in_vain;                  /* what is in force is not: it has failed */
	const struct dns_method *half; /* has failed, and may have done a part of it; NULL: none */
	bool undoes;                   /* that is being taken back */
	enum err outcome;
	struct arena why_arena;
	const char *why;
};

/* ------------------------------------------------------------------- the note */

/* The method in force, and its devices. */

/* A crash meanwhile leaves the one before. */
static bool note_write(const struct dns *d)
{
	struct arena scratch = { 0 };
	struct text t = text_in(&scratch);
	const char *fresh = arena_printf(&scratch, "%s.new", d->note);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok;

	text_add(&t, "%s", d->method->word);
	for (unsigned i = 0; i < d->in_force.n; i++)
		text_add(&t, " %s", d->in_force.links[i].dev);
	for (unsigned i = 0; i < d->next.n; i++)
		text_add(&t, " %s", d->next.links[i].dev);
	text_add(&t, "\n");
	ok = fd >= 0 && write(fd, t.s, t.n) == (ssize_t)t.n && !rename(fresh, d->note);
	if (fd >= 0)
		close(fd);
	arena_free(&scratch);
	return ok;
}

/* The method that the file says; NULL: it says none. SETUP gets its devices. */
static const struct dns_method *note_read(const char *path, struct dns_setup *setup)
{
	char text[NOTE_MAX], *rest = text, *word;
	const struct dns_method *method;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	text[strcspn(text, "\n")] = 0;
	method = dns_method_find(strsep(&rest, " "));
	while (method && setup->n < DNS_LINKS_MAX && (word = strsep(&rest, " ")))
		snprintf(setup->links[setup->n++].dev, DNS_DEVICE, "%s", word);
	return method;
}

/* --------------------------------------------------------------------- change */

static enum dns_way configured(const struct dns *d)
{
	return config_now(&d->world->config)->settings.dns;
}

/* What is wanted; its texts are the holders'. */
static struct dns_setup wanted(const struct dns *d)
{
	struct dns_setup s = { 0 };

	if (configured(d) == DNS_NO)
		return s;
	list_each (n, (struct node *)&d->holders)
		dns_setup_join(&s, &node_owner(n, struct holder, of_dns)->setup);
	return s;
}

static bool in_force(const struct dns *d, const struct dns_setup *s)
{
	struct arena scratch = { 0 };
	bool same = !strcmp(dns_setup_text(&d->in_force, &scratch), dns_setup_text(s, &scratch));

	arena_free(&scratch);
	return same;
}

/* The method that is configured; or the first one behind AFTER (NULL: of all) that this machine has. */
static const struct dns_method *method_for(const struct dns *d, const struct dns_method *after)
{
	enum dns_way way = configured(d);

	if (way != DNS_AUTO)
		return after || way == DNS_NO ? NULL : &dns_methods[way - DNS_RESOLVED];
	for (unsigned i = after ? (unsigned)(after - dns_methods) + 1 : 0; i < DNS_METHODS; i++)
		if (dns_methods[i].there(&d->work))
			return &dns_methods[i];
	return NULL;
}

static void on_done(void *ctx, enum err e, const char *why)
{
	struct dns *d = ctx;

	d->outcome = e;
	d->why = e ? arena_str(&d->why_arena, why) : NULL;
	event_active(d->turn, EV_TIMEOUT, 0);
}

static void begin(struct dns *d)
{
	d->busy = true;
	if (note_write(d))
		d->method->set(&d->work, &d->next, &d->in_force);
	else
		on_done(d, ERR_SYSTEM,
			arena_printf(&d->why_arena, "%s cannot be written: %s", d->note, strerror(errno)));
}

/* Whoever has not answered may not answer this either: something is wanted meanwhile. */
static void stop_taking_back(struct dns *d)
{
	dbus_free(d->work.dbus);
	d->work.dbus = NULL;
	event_del(d->turn);
	d->busy = d->undoes = false;
}

/* Brings what is wanted into force, one change at a time. */
static void apply(struct dns *d)
{
	struct dns_setup want = wanted(d);

	if (in_force(d, &want))
		return;
	if (d->undoes)
		stop_taking_back(d);
	if (d->busy)
		return;
	if (!d->method)
		d->method = method_for(d, NULL);
	if (!d->method)
		return;
	d->next = want;
	dns_setup_keep(&d->next, &d->arenas[1]);
	begin(d);
}

static void say(enum log_level level, const struct dns_method *method, const char *text)
{
	struct arena scratch = { 0 };
	struct text line = text_in(&scratch);

	line_add(&line, "method", method ? method->word : NULL);
	line_add(&line, "msg", text);
	log_say(level, "dns", "%s", text_str(&line));
	arena_free(&scratch);
}

static void say_change(const struct dns *d)
{
	struct arena scratch = { 0 };
	struct dns_link all = dns_setup_joined(&d->in_force);
	struct text t = text_in(&scratch);
	char ip[IP_TEXT];

	text_add(&t, "this machine asks");
	for (unsigned i = 0; i < all.n_servers; i++)
		text_add(&t, " %s", ip_print(&all.servers[i], ip));
	if (!all.n_servers)
		text_add(&t, " the DNS servers that it asked before");
	if (all.n_servers && !all.everything)
		text_add(&t, ", for names of");
	for (unsigned i = 0; !all.everything && i < all.n_domains; i++)
		text_add(&t, " %s", all.domains[i]);
	if (all.n_servers && !all.everything && !d->method->splits)
		text_add(&t, ", and for all others: only systemd-resolved could tell them apart");
	say(LOG_NOTICE, d->method, text_str(&t));
	arena_free(&scratch);
}

/* True when another method is tried. What cannot be had is not tried again before something else is wanted;
 * and to have it taken back is tried, but nobody wonders when that fails, too. */
static bool try_another(struct dns *d)
{
	const struct dns_method *next = d->in_force.n ? NULL : method_for(d, d->method);
	const char *rest = next ? "what is tried next is" : "see daemon.dns, and resolv.conf(5)";

	say(d->in_vain ? LOG_DETAIL : LOG_WARN, d->method,
		arena_printf(
			&d->why_arena, "%s; %s%s%s", d->why, rest, next ? " " : "", next ? next->word : ""));
	if (!next)
		return false;
	if (d->method->in_steps)
		d->half = d->method;
	d->method = next;
	begin(d);
	return true;
}

/* What the method that has failed did of it is taken back, now that another one has: nobody waits for that.
 */
static bool take_back(struct dns *d)
{
	static const struct dns_setup nothing;
	const struct dns_method *half = d->half;

	d->half = NULL;
	if (!half)
		return false;
	d->busy = d->undoes = true;
	half->set(&d->work, &nothing, &d->in_force);
	return true;
}

static void taken_back(struct dns *d)
{
	if (d->outcome)
		say(LOG_DETAIL, NULL, d->why);
	arena_free(&d->why_arena);
	d->busy = d->undoes = false;
}

static void on_turn(evutil_socket_t fd, short what, void *ctx)
{
	struct dns *d = ctx;
	enum err e = d->outcome;

	(void)fd;
	(void)what;
	if (d->undoes) {
		taken_back(d);
		apply(d);
		return;
	}
	if (e && try_another(d))
		return;
	arena_free(&d->why_arena);
	arena_free(&d->arenas[0]);
	d->arenas[0] = d->arenas[1];
	d->arenas[1] = (struct arena){ 0 };
	d->in_force = d->next;
	d->next.n = 0;
	d->busy = false;
	if (!e && !d->in_vain)
		say_change(d);
	d->in_vain = e && !d->in_vain;
	if (!e && !d->in_force.n) {
		(void)unlink(d->note);
		d->method = NULL;
	}
	if (!take_back(d))
		apply(d);
}

/* ----------------------------------------------------------------------- news */

static struct holder *holder_find(const struct dns *d, uint32_t sa)
{
	list_each (n, (struct node *)&d->holders)
		if (node_owner(n, struct holder, of_dns)->sa == sa)
			return node_owner(n, struct holder, of_dns);
	return NULL;
}

/* False when there was none. */
static bool holder_drop(struct dns *d, uint32_t sa)
{
	struct holder *h = holder_find(d, sa);

	if (!h)
		return false;
	list_remove(&h->of_dns);
	arena_free(&h->arena);
	free(h);
	return true;
}

static void holder_set(struct dns *d, const struct sa_record *r, uint32_t gone)
{
	struct holder *h = calloc(1, sizeof *h);
	struct xfrm_devices *devices;

	if (!h)
		abort();
	h->sa = r->id;
	devices = ARENA_ARRAY(&h->arena, r->n_children, struct xfrm_devices);
	for (unsigned i = 0; i < r->n_children; i++)
		devices[i] = d->world->backend->devices(d->world->xfrm, r->children[i].id);
	dns_setup_add(&h->setup, r, gone, devices);
	dns_setup_keep(&h->setup, &h->arena);
	list_append(&d->holders, &h->of_dns);
}

/* Those to which the CHILD_SA does not lead would be asked in the clear, by whoever is between. */
static void say_beside(const struct sa_record *r, const struct child_record *c)
{
	char ip[IP_TEXT];

	for (unsigned i = 0; c && i < r->n_dns; i++)
		if (!dns_leads_to(c, &r->dns[i]))
			log_say(LOG_NOTICE, "dns",
				"conn=%s child=%s msg=\"the DNS server %s that the gateway names is not "
				"asked: "
				"it lies outside of the tunnel (remote_ts)\"",
				r->name, c->name, ip_print(&r->dns[i], ip));
}

void dns_told(struct world *w, const struct ike_tell *t)
{
	const struct sa_record *r = t->record;
	struct dns *d = w->dns;
	bool held;

	/* Of one that went with its process nothing more is known. */
	if (d && t->kind == TELL_SA_DOWN && !r && holder_drop(d, t->sa))
		apply(d);
	if (!d || t->kind < TELL_SA_UP || !r || !r->n_dns || !r->local_vips.n)
		return;
	if (t->kind == TELL_SA_REKEYED && t->old_record)
		(void)holder_drop(d, t->old_record->id);
	held = holder_drop(d, r->id);
	/* What is said of the children of an IKE_SA that has gone comes after that. */
	if (t->kind != TELL_SA_DOWN && (held || t->kind != TELL_CHILD_DOWN))
		holder_set(d, r,
			t->kind == TELL_CHILD_DOWN      ? t->child
			: t->kind == TELL_CHILD_REKEYED ? t->old
							: 0);
	if (t->kind == TELL_CHILD_UP)
		say_beside(r, tells_child(t));
	apply(d);
}

/* ----------------------------------------------------------------- taken back */

struct restoring {
	struct event_base *base;
	bool over;
	enum err e;
};

static void on_restored(void *ctx, enum err e, const char *why)
{
	struct restoring *r = ctx;

	if (e)
		say(LOG_WARN, NULL, why);
	r->over = true;
	r->e = e;
	event_base_loopbreak(r->base);
}

static void work_open(struct dns_work *w, const char *run_dir)
{
	*w = (struct dns_work){ .resolv_conf = RESOLV_CONF, .owner = run_dir };
	dns_work_start(w);
}

/* The file tells by itself, also after a restart of the machine, which forgets the note. */
static void restore_file(const struct dns_work *w)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (dns_file_reset(w->resolv_conf, w->owner, &why))
		say(LOG_WARN, NULL, text_str(&why));
	arena_free(&scratch);
}

void dns_restore(const char *run_dir)
{
	struct arena arena = { 0 };
	const char *note = arena_printf(&arena, "%s/" DNS_NOTE, run_dir);
	struct restoring r = { .base = event_base_new() };
	struct dns_setup before = { 0 };
	const struct dns_method *method = note_read(note, &before);
	struct dns_work work;

	work_open(&work, run_dir);
	work.base = r.base;
	work.ctx = &r;
	work.done = on_restored;
	if (method && r.base)
		method->reset(&work, &before);
	while (method && r.base && !r.over)
		event_base_loop(r.base, EVLOOP_ONCE);
	restore_file(&work);
	if (method && !r.e)
		(void)unlink(note);
	dns_work_stop(&work);
	if (r.base)
		event_base_free(r.base);
	arena_free(&arena);
}

/* ---------------------------------------------------------------- begin and end */

enum err dns_start(struct world *w, struct text *why)
{
	struct dns *d = calloc(1, sizeof *d);

	if (!d)
		abort();
	dns_restore(w->rundir.path);
	d->world = w;
	d->note = arena_printf(&w->arena, "%s/" DNS_NOTE, w->rundir.path);
	list_init(&d->holders);
	work_open(&d->work, w->rundir.path);
	d->work.base = w->base;
	d->work.route = choice_route(w->xfrm);
	d->work.ctx = d;
	d->work.done = on_done;
	d->turn = event_new(w->base, -1, 0, on_turn, d);
	w->dns = d;
	if (d->turn)
		return ERR_OK;
	text_add(why, "the loop takes no more events");
	dns_stop(w);
	return ERR_SYSTEM;
}

void dns_stop(struct world *w)
{
	struct dns *d = w->dns;

	w->dns = NULL;
	dns_work_stop(&d->work);
	dns_restore(w->rundir.path);
	list_each_safe (n, &d->holders)
		(void)holder_drop(d, node_owner(n, struct holder, of_dns)->sa);
	arena_free(&d->why_arena);
	arena_free(&d->arenas[0]);
	arena_free(&d->arenas[1]);
	if (d->turn)
		event_free(d->turn);
	free(d);
}
