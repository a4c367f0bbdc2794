/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From start to stop: THE list of the daemon's parts, in the order in which they are started; they are
 * stopped in the opposite one. */
#include "daemon/accounts.h"
#include "daemon/clock.h"
#include "daemon/datapath.h"
#include "daemon/dns.h"
#include "daemon/engine.h"
#include "daemon/host.h"
#include "daemon/lacking.h"
#include "daemon/line.h"
#include "daemon/logging.h"
#include "daemon/members.h"
#include "daemon/memories.h"
#include "daemon/parley.h"
#include "daemon/patience.h"
#include "daemon/process.h"
#include "daemon/record.h"
#include "daemon/sandbox.h"
#include "daemon/updown.h"
#include "daemon/world.h"
#include "pki/providers.h"
#include "xfrm/choice.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STATE_DIR   "/var/lib/ikev2d"
#define CHARON_VICI "/run/charon.vici"

enum { STOP_TIME = 1 /* s that peers have to answer our deletes */ };

/* ------------------------------------------------------------------- signals */

static void on_stop(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;

	(void)fd;
	if (w->stop_timer) {
		w->hurry |= what & EV_SIGNAL;
		event_base_loopbreak(w->base);
		return;
	}
	line_say(LOG_NOTICE, "stop", "stopping: all SAs are deleted");
	w->stop_timer = evtimer_new(w->base, on_stop, w);
	if (w->stop_timer)
		evtimer_add(w->stop_timer, &(struct timeval){ .tv_sec = STOP_TIME });
	engine_feed(w, &(struct ike_event){ .kind = EVENT_COMMAND,
			       .command = { .kind = COMMAND_DOWN, .ticket = TICKET_STOP } });
}

/* Not at once: who asks for it is still being answered. */
void daemon_stop(struct world *w)
{
	event_active(w->signals[0], EV_SIGNAL, 1);
}

static void on_reload(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;

	(void)fd;
	(void)what;
	if (w->stop_timer)
		return;
	pulse_begin(&w->pulse);
	daemon_reload(w, 0);
}

static void on_libevent(int severity, const char *line)
{
	line_say(severity >= EVENT_LOG_WARN ? LOG_WARN : LOG_DETAIL, "libevent", line);
}

static enum err loop_start(struct world *w, struct text *why)
{
	static const struct {
		int number;
		event_callback_fn handle;
	} signals[] = { { SIGTERM, on_stop }, { SIGINT, on_stop }, { SIGHUP, on_reload } };

	(void)signal(SIGPIPE, SIG_IGN);
	event_set_log_callback(on_libevent);
	w->base = event_base_new();
	for (unsigned i = 0; w->base && i < sizeof signals / sizeof *signals; i++) {
		w->signals[i] = evsignal_new(w->base, signals[i].number, signals[i].handle, w);
		if (!w->signals[i])
			break;
	}
	if (w->base && w->signals[2])
		return ERR_OK;
	text_add(why, "the event loop cannot be made: %s", strerror(errno));
	return ERR_SYSTEM;
}

static void loop_stop(struct world *w)
{
	for (unsigned i = 0; i < 3; i++)
		event_free(w->signals[i]);
	if (w->stop_timer)
		event_free(w->stop_timer);
	event_base_free(w->base);
}

/* ------------------------------------------------------------- configuration */

static const char *config_path(const struct world *w)
{
	return w->options->config ? w->options->config : config_usual();
}

static void log_notes(const struct text *notes)
{
	const char *line = text_str(notes);

	while (*line) {
		size_t n = strcspn(line, "\n");

		line_say(LOG_NOTICE, "config", arena_text(notes->arena, bytes_of(line, n)));
		line += n + (line[n] == '\n');
	}
}

static enum err read_config(struct world *w, struct text *why)
{
	struct arena arena = { 0 };
	struct text notes = text_in(&arena);
	enum err e = config_read(&w->config, config_path(w), why, &notes);

	if (!e)
		log_notes(&notes);
	arena_free(&arena);
	return e;
}

static const char *kept(struct world *w, const char *s)
{
	return s ? arena_str(&w->arena, s) : NULL;
}

/* Before anything is read that is secret. */
static enum err vault_part_start(struct world *w, struct text *why)
{
	return vault_start(w, w->rundir.path, why);
}

/* Long before it is wanted: it needs nothing that is in the configuration, and takes its time. */
static enum err ctl_part_start(struct world *w, struct text *why)
{
	const struct family_spec spec = { .fds = { -1, vault_offers(w->vault),
						  vault_offers_tokens(w->vault) },
		.folder = w->rundir.path,
		.one = w->options->one,
		.foreground = w->options->foreground };

	return control_launch(&w->control, &spec, why);
}

static enum err config_part_start(struct world *w, struct text *why)
{
	enum err e;

	family_ask_nursery(); /* which takes as long as keeper needs */
	e = vault_begun(w, why);
	if (e)
		return e;
	config_start(&w->config, w->vault);
	failures_start(&w->failures);
	e = read_config(w, why);
	if (e) {
		config_stop(&w->config);
		return e;
	}
	w->settings = config_now(&w->config)->settings;
	w->settings.tun_name = arena_str(&w->arena, w->settings.tun_name);
	w->settings.charon_socket = arena_str(&w->arena, w->settings.charon_socket);
	w->settings.vici_socket = kept(w, w->settings.vici_socket);
	w->settings.socket_group = kept(w, w->settings.socket_group);
	w->settings.socket_readers = kept(w, w->settings.socket_readers);
	return ERR_OK;
}

static void config_part_stop(struct world *w)
{
	failures_stop(&w->failures);
	config_stop(&w->config);
}

static enum err stays_as_it_was(enum err e, const struct text *wrong, struct arena *arena, struct why *why)
{
	why->what = arena_printf(
		arena, "the configuration stays as it was; the file is not right:\n%s", text_str(wrong));
	return e;
}

static void note_what_waits(struct world *w)
{
	const struct settings *s = &config_now(&w->config)->settings;

	if (s->port != w->settings.port || s->port_nat_t != w->settings.port_nat_t ||
		s->workers != w->settings.workers || strcmp(s->tun_name, w->settings.tun_name))
		line_say(LOG_WARN, "config",
			"new ports, device names and numbers of workers take effect at the next start only");
}

/* The file that was read. */
struct reload {
	struct world *world;
	struct arena arena;
	uint32_t ticket;
	bool again; /* it is to be read once more: it may have changed since */
	const char *path;
	struct conf file;
	struct text wrong, notes;
};

static void in_force(struct world *w)
{
	note_what_waits(w);
	failures_prune(&w->failures, &w->config);
	log_say(LOG_NOTICE, "config", "connections=%u msg=\"the configuration was read again\"",
		config_now(&w->config)->n_peers);
	engine_configure(w);
	datapath_configure(w);
	watch_again(w);
}

static void tell_reload(struct reload *r, enum err e)
{
	struct why why = { 0 };

	if (e)
		(void)!stays_as_it_was(e, &r->wrong, &r->arena, &why);
	if (r->ticket)
		vici_done(r->world->vici, r->ticket, &(struct vici_outcome){ .success = !e, .why = why });
	else if (e)
		line_say(LOG_ERROR, "config", why.what);
}

static void reload_free(struct reload *r)
{
	arena_free(&r->arena);
	free(r);
}

static void end_reload(struct reload *r, enum err e)
{
	struct world *w = r->world;
	const bool again = r->again;

	w->reload = NULL;
	if (!e) {
		log_notes(&r->notes);
		in_force(w);
	}
	tell_reload(r, e);
	reload_free(r);
	if (again)
		daemon_reload(w, 0);
}

static void on_asked(void *ctx, bool given_up)
{
	struct reload *r = ctx;

	if (!given_up && !r->world->stop_timer) {
		end_reload(r, config_put(&r->world->config, r->path, &r->file, &r->wrong, &r->notes));
		return;
	}
	r->world->reload = NULL;
	if (r->ticket)
		vici_done(r->world->vici, r->ticket,
			&(struct vici_outcome){ .why.what = "the daemon is stopping" });
	config_leave(&r->file);
	reload_free(r);
}

static void begin_reload(struct world *w, uint32_t ticket)
{
	struct reload *r = calloc(1, sizeof *r);
	struct errand *errand = errand_new(w->vault);
	enum err e;

	if (!r)
		abort();
	w->reload = r;
	r->world = w;
	r->ticket = ticket;
	r->path = config_path(w);
	r->wrong = text_in(&r->arena);
	r->notes = text_in(&r->arena);
	e = config_open(&w->config, r->path, &r->file, errand, &r->wrong, &r->notes);
	if (!e) {
		errand_run(errand, on_asked, r);
		return;
	}
	errand_drop(errand);
	end_reload(r, e);
}

void daemon_reload(struct world *w, uint32_t ticket)
{
	if (!w->reload)
		begin_reload(w, ticket);
	else if (!ticket)
		w->reload->again = true;
	else
		vici_done(w->vici, ticket,
			&(struct vici_outcome){
				.why.what =
					"the file is being read already, and a token has not answered yet: "
					"try it again in a few seconds" });
}

enum err daemon_reload_settings(struct world *w, struct arena *arena, struct why *why)
{
	struct text wrong = text_in(arena), notes = text_in(arena);
	enum err e = config_read_settings(&w->config, &wrong, &notes);

	if (e)
		return stays_as_it_was(e, &wrong, arena, why);
	if (w->reload)
		w->reload->again = true; /* what it has read is older */
	note_what_waits(w);
	line_say(LOG_NOTICE, "config", "the settings were read again");
	engine_configure(w);
	datapath_configure(w);
	return ERR_OK;
}

/* -------------------------------------------------------------- other parts */

static enum err clients_start(struct world *w, struct text *why)
{
	struct vici_host host = host_of(w);

	(void)why;
	list_init(&w->patience);
	list_init(&w->look_ups);
	w->vici = vici_new(&host);
	control_start(&w->control, w->base, w->vici);
	return ERR_OK;
}

static void clients_stop(struct world *w)
{
	patience_stop(w);
	control_stop(&w->control);
	vici_free(w->vici);
}

static const char *run_dir(const struct world *w)
{
	return w->options->run_dir ? w->options->run_dir : RUN_DIR;
}

static enum err rundir_start(struct world *w, struct text *why)
{
	const char *state = w->options->state_dir;
	enum err e = rundir_open(&w->rundir, run_dir(w), &w->arena, why);

	if (e)
		return e;
	if (!state)
		state = w->options->run_dir ? arena_printf(&w->arena, "%s/state", run_dir(w)) : STATE_DIR;
	e = rundir_make(state, 0700, why);
	if (e)
		rundir_close(&w->rundir);
	family_keeps(w->rundir.family);
	w->state_dir = state;
	return e;
}

static void rundir_stop(struct world *w)
{
	family_keeps(-1);
	rundir_close(&w->rundir);
}

static enum err nursery_part_start(struct world *w, struct text *why)
{
	(void)why;
	if (!w->options->one)
		family_open_nursery(w->options->foreground);
	return ERR_OK;
}

static void nursery_part_stop(struct world *w)
{
	(void)w;
	family_close_nursery();
}

static enum err record_start(struct world *w, struct text *why)
{
	const struct options *o = w->options;
	enum err e;

	if (!o->record)
		return ERR_OK;
	e = record_open(o->record, o->record_secrets, RECORD_LIMIT, &w->record, why);
	if (!e)
		line_say(o->record_secrets ? LOG_WARN : LOG_NOTICE, "record",
			arena_printf(&w->arena, "%s: events are recorded, %s", record_path(w->record),
				o->record_secrets ? "with keys: whoever reads it can read the traffic"
						  : "without keys"));
	return e;
}

static void record_stop(struct world *w)
{
	record_close(w->record);
}

static void say_leases(const char *line)
{
	line_say(LOG_WARN, "leases", line);
}

static enum err leases_part_start(struct world *w, struct text *why)
{
	(void)why;
	leases_start(&w->leases);
	lease_file_start(
		&w->lease_file, arena_printf(&w->arena, "%s/leases", w->state_dir), &w->leases, say_leases);
	return ERR_OK;
}

static void leases_part_stop(struct world *w)
{
	lease_file_stop(&w->lease_file);
	leases_stop(&w->leases);
}

static enum err core_start(struct world *w, struct text *why)
{
	enum err e = engine_start(w, why);

	if (!e)
		memories_start(w);
	return e;
}

static enum err parleys_part_start(struct world *w, struct text *why)
{
	(void)why;
	parleys_start(w, w->rundir.path);
	return ERR_OK;
}

static void core_stop(struct world *w)
{
	memories_stop(w);
	engine_stop(w);
	vault_leave_core(w->vault);
}

static enum err sockets_start(struct world *w, struct text *why)
{
	return sockets_open(&w->sockets, w->base, &w->settings, why);
}

static void sockets_stop(struct world *w)
{
	sockets_close(&w->sockets);
}

static void received(void *ctx, const struct path *path, struct bytes message)
{
	engine_feed(ctx, &(struct ike_event){
				 .kind = EVENT_DATAGRAM, .datagram = { .path = *path, .data = message } });
}

static enum err streams_start(struct world *w, struct text *why)
{
	return streams_open(&w->streams, w->base, &w->settings, received, w, why);
}

static void streams_stop(struct world *w)
{
	streams_close(&w->streams);
}

static enum err shunts_part_start(struct world *w, struct text *why)
{
	(void)why;
	shunts_start(&w->shunts, w->backend, w->xfrm);
	switches_start(&w->switches, choice_route(w->xfrm), w->options->one ? 0 : sandbox_user(IPC_CERTS));
	return ERR_OK;
}

static void shunts_part_stop(struct world *w)
{
	switches_stop(&w->switches);
	beside_stop(w);
	shunts_stop(&w->shunts);
}

static enum err trust_part_start(struct world *w, struct text *why)
{
	return trust_start(w, w->rundir.path, arena_printf(&w->arena, "%s/crls", w->state_dir), why);
}

static enum err accounts_part_start(struct world *w, struct text *why)
{
	(void)why;
	accounts_start(w);
	return ERR_OK;
}

static enum err roam_part_start(struct world *w, struct text *why)
{
	(void)why;
	roam_start(w);
	return ERR_OK;
}

static enum err portal_part_start(struct world *w, struct text *why)
{
	(void)why;
	w->portal = (struct portal){ 0 };
	return ERR_OK;
}

static enum err slumber_part_start(struct world *w, struct text *why)
{
	(void)why;
	slumber_start(w);
	return ERR_OK;
}

static enum err recheck_part_start(struct world *w, struct text *why)
{
	(void)why;
	recheck_start(w);
	return ERR_OK;
}

static enum err watch_part_start(struct world *w, struct text *why)
{
	(void)why;
	watch_start(w);
	return ERR_OK;
}

/* "auto" does not take the place of a daemon that is only not running now. */
static void offer_to_charons_clients(struct world *w)
{
	const struct settings *s = &w->settings;
	const char *at = s->vici_socket ? s->vici_socket : CHARON_VICI;
	bool yes = s->vici_socket || !strcmp(s->charon_socket, "yes");
	bool wanted = yes || (!strcmp(s->charon_socket, "auto") && !strcmp(run_dir(w), RUN_DIR));

	if (wanted && strcmp(at, w->control.path) && !control_offer(&w->control, at))
		log_say(yes ? LOG_WARN : LOG_DETAIL, "control", "msg=\"%s is not offered: %s\"", at,
			strerror(errno));
}

static enum err listener_start(struct world *w, struct text *why)
{
	struct rights rights;
	enum err e = rights_read(&w->settings, &rights, why);

	if (!e)
		e = trust_begun(w, why);
	if (!e)
		e = control_listen(&w->control, arena_printf(&w->arena, "%s/vici", run_dir(w)), &rights, why);
	if (!e)
		offer_to_charons_clients(w);
	return e;
}

static void listener_stop(struct world *w)
{
	errands_give_up(w->vault);
	vici_stopping(w->vici);
	control_shut(&w->control);
}

/* Scripts of what was up are run, and waited for, when nothing can come up any more. The data path opens
 * after the sockets (it joins them on their port), and clients see the connection closed only when all else
 * has gone, so that "stopped" means it. */
static const struct part {
	enum err (*start)(struct world *w, struct text *why);
	void (*stop)(struct world *w); /* NULL: another part ends it */
} parts[] = {
	{ loop_start, loop_stop },
	{ clients_start, clients_stop },
	{ rundir_start, rundir_stop },
	{ nursery_part_start, nursery_part_stop },
	{ vault_part_start, vault_stop },
	{ ctl_part_start, NULL },
	{ config_part_start, config_part_stop },
	{ record_start, record_stop },
	{ updown_start, updown_stop },
	{ leases_part_start, leases_part_stop },
	{ parleys_part_start, parleys_stop },
	{ sockets_start, sockets_stop },
	{ core_start, core_stop },
	{ streams_start, streams_stop },
	{ datapath_start, datapath_stop },
	{ engine_begun, NULL }, /* what takes time without the core has been done meanwhile */
	{ dns_start, dns_stop },
	{ shunts_part_start, shunts_part_stop },
	{ portal_part_start, portal_stop },
	{ trust_part_start, trust_stop },
	{ accounts_part_start, accounts_stop },
	{ roam_part_start, roam_stop },
	{ slumber_part_start, slumber_stop },
	{ recheck_part_start, recheck_stop },
	{ watch_part_start, watch_stop },
	{ listener_start, listener_stop },
};

enum { PARTS = sizeof parts / sizeof *parts };

/* ---------------------------------------------------------------------- life */

/* UNLOCKED: why memory is not (errno); 0: it is. */
static void live(struct world *w, int background, int unlocked)
{
	if (unlocked)
		log_say(LOG_WARN, "start", "msg=\"keys may be swapped to disk: memory cannot be locked: %s\"",
			strerror(unlocked));
	for (unsigned i = 0; i < 3; i++)
		evsignal_add(w->signals[i], NULL);
	datapath_say(w);
	lacking_say();
	vault_started(w->vault);
	family_close_nursery();
	log_say(LOG_NOTICE, "start", "version=%s config=%s connections=%u msg=\"ready at %s\"",
		IKEV2D_VERSION, w->config.path ? w->config.path : "none", config_now(&w->config)->n_peers,
		w->control.path);
	if (background >= 0)
		process_ready(background);
	engine_configure(w);
	process_forget_code();
	while (!event_base_loop(w->base, EVLOOP_ONCE) && !event_base_got_break(w->base))
		pulse_end(&w->pulse);
}

static int run(const struct options *o, int background)
{
	struct world w = { .options = o, .started = clock_ms() };
	struct text why = text_in(&w.arena);
	enum err e = ERR_OK;
	int unlocked = process_lock_memory() ? 0 : errno;
	unsigned n = 0;

	logging_start(o);
	while (n < PARTS && !(e = parts[n].start(&w, &why)))
		n++;
	if (e)
		fprintf(stderr, "ikev2d: %s\n", text_str(&why));
	else
		live(&w, background, unlocked);
	while (n--)
		if (parts[n].stop)
			parts[n].stop(&w);
	arena_free(&w.arena);
	return e ? 1 : 0;
}

/* The background has another working directory. */
static const char *absolute(const char *path, struct arena *arena)
{
	char *here = path && *path != '/' ? getcwd(NULL, 0) : NULL;

	if (here)
		path = arena_printf(arena, "%s/%s", here, path);
	free(here);
	return path;
}

int daemon_member(char *title)
{
	return members_run(title);
}

int daemon_run(const struct options *o)
{
	struct arena arena = { 0 };
	struct options resolved = *o;
	int background = -1, code;

	resolved.config = absolute(o->config, &arena);
	resolved.run_dir = absolute(o->run_dir, &arena);
	resolved.state_dir = absolute(o->state_dir, &arena);
	resolved.record = absolute(o->record, &arena);
	process_harden(o->core_dumps);
	if (!process_limit_root()) {
		fprintf(stderr, "ikev2d: root's capabilities cannot be given up: %s: let whatever starts ikev2d allow the "
			"system calls capget and capset\n",
			strerror(errno));
		return 1;
	}
	if (!o->one)
		providers_no_tokens();
	if (!o->foreground && (background = process_detach()) < 0) {
		fprintf(stderr, "ikev2d: no process can be started in the background: %s\n", strerror(errno));
		return 1;
	}
	code = run(&resolved, background);
	arena_free(&arena);
	return code;
}
