/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VICI's clients want of the core. */
#include "daemon/engine.h"
#include "daemon/host.h"
#include "daemon/inquire.h"
#include "daemon/patience.h"

/* TIMEOUT < 0: the client wants no more than to know that it began, with N SAs. A command that ended at once
 * has been answered already, and what comes for its ticket later finds nobody. */
static void run(struct world *w, const struct ike_command *command, int64_t timeout_ms, unsigned n)
{
	if (timeout_ms > 0)
		patience_set(w, command->ticket, command->kind == COMMAND_UP, timeout_ms);
	engine_feed(w, &(struct ike_event){ .kind = EVENT_COMMAND, .command = *command });
	if (timeout_ms < 0)
		vici_done(w->vici, command->ticket,
			&(struct vici_outcome){ .success = true, .matches = n, .terminated = n });
}

/* Whether WHAT names P or a child of it. */
static bool named(const struct peer *p, const struct vici_target *what)
{
	return (!what->ike || !strcmp(what->ike, p->name)) &&
	       (!what->child || peer_child(p, what->child) || peer_shunt(p, what->child));
}

/* The connection that WHAT names, where it is only one that cannot be used. */
static const struct peer *find_unready(const struct conf *c, const struct vici_target *what)
{
	const struct peer *found = NULL;

	for (unsigned i = 0; i < c->n_peers; i++) {
		const struct peer *p = c->peers[i];

		if (!named(p, what))
			continue;
		if (!p->unready)
			return NULL;
		found = p;
	}
	return found;
}

/* True after an answer that says why it cannot be used. */
static bool refused(struct world *w, uint32_t ticket, const struct vici_target *what)
{
	const struct peer *unready = find_unready(config_now(&w->config), what);

	if (unready)
		vici_done(w->vici, ticket, &(struct vici_outcome){ .why.what = unready->unready });
	return unready;
}

/* A shunt that WHAT names, where it names nothing that could be negotiated. */
static const struct child_conf *find_shunt(const struct conf *c, const struct vici_target *what)
{
	const struct child_conf *found = NULL;

	for (unsigned i = 0; i < c->n_peers; i++) {
		const struct peer *p = c->peers[i];

		if (!named(p, what))
			continue;
		if (what->child ? !!peer_child(p, what->child) : p->n_children || !p->n_shunts)
			return NULL;
		found = what->child ? peer_shunt(p, what->child) : &p->children[0];
	}
	return found;
}

/* strongSwan tries, and fails, unless the peer takes it for a tunnel. */
static void refuse_shunt(struct world *w, uint32_t ticket, const struct child_conf *c)
{
	struct arena scratch = { 0 };
	const struct why why = {
		.what = arena_printf(&scratch,
			"child %s is a shunt (mode = %s): there is nothing to negotiate with a peer", c->name,
			c->mode == MODE_DROP ? "drop" : "pass"),
		.where = source_print(&c->at, "mode", &scratch),
		.instead = "start_action = trap, which installs it; or swanctl --install",
	};

	vici_done(w->vici, ticket, &(struct vici_outcome){ .why = why });
	arena_free(&scratch);
}

/* Nothing goes in the clear from now on; false after an answer that says why that cannot be had. */
static bool shut(struct world *w, uint32_t ticket, const struct vici_target *what)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	enum err e = switches_close(&w->switches, what->ike, what->child, &why);

	if (e)
		vici_done(w->vici, ticket, &(struct vici_outcome){ .why.what = text_str(&why) });
	arena_free(&scratch);
	return !e;
}

static void initiate(void *ctx, uint32_t ticket, const struct vici_target *what, int64_t timeout_ms)
{
	struct world *w = ctx;
	const struct child_conf *shunt;

	if (refused(w, ticket, what))
		return;
	shunt = find_shunt(config_now(&w->config), what);
	if (shunt) {
		refuse_shunt(w, ticket, shunt);
		return;
	}
	if (!shut(w, ticket, what))
		return;
	run(ctx,
		&(struct ike_command){
			.kind = COMMAND_UP,
			.ticket = ticket,
			.ike = what->ike,
			.child = what->child,
			.hosts = what->hosts,
			.limits = what->limits,
		},
		timeout_ms, 0);
}

static bool is_called(const char *wanted, const char *name)
{
	return !wanted || !strcmp(wanted, name);
}

/* How many SAs WHAT names: children where it names any, else IKE_SAs. */
static unsigned count(struct world *w, const struct vici_target *what)
{
	struct arena arena = { 0 };
	unsigned n, found = 0;
	const uint64_t *keys = inquire_sas(w, &arena, &n);
	struct sa_record r;

	for (unsigned i = 0; i < n; i++) {
		if (!inquire_sa(w, keys[i], &arena, &r) || !is_called(what->ike, r.name) ||
			(what->ike_id && what->ike_id != r.id))
			continue;
		found += !what->child && !what->child_id;
		for (unsigned k = 0; (what->child || what->child_id) && k < r.n_children; k++)
			found += is_called(what->child, r.children[k].name) &&
				 (!what->child_id || what->child_id == r.children[k].id);
	}
	arena_free(&arena);
	return found;
}

static void terminate(
	void *ctx, uint32_t ticket, const struct vici_target *what, bool force, int64_t timeout_ms)
{
	struct world *w = ctx;
	bool opened = !what->ike_id && !what->child_id && switches_open(&w->switches, what->ike, what->child);

	/* The core has nothing then, but perhaps it wants to have: it is told all the same. */
	if (opened && !count(w, what))
		vici_done(w->vici, ticket, &(struct vici_outcome){ .success = true });
	run(ctx,
		&(struct ike_command){
			.kind = COMMAND_DOWN,
			.ticket = ticket,
			.ike = what->ike,
			.child = what->child,
			.ike_id = what->ike_id,
			.child_id = what->child_id,
			.force = force,
		},
		timeout_ms, timeout_ms < 0 ? count(ctx, what) : 0);
}

static void rekey(void *ctx, uint32_t ticket, const struct vici_target *what, bool reauth)
{
	run(ctx,
		&(struct ike_command){
			.kind = COMMAND_REKEY,
			.ticket = ticket,
			.ike = what->ike,
			.child = what->child,
			.ike_id = what->ike_id,
			.child_id = what->child_id,
			.reauth = reauth,
		},
		0, 0);
}

static void redirect(
	void *ctx, uint32_t ticket, const struct vici_target *what, const struct vici_redirect *where)
{
	run(ctx,
		&(struct ike_command){
			.kind = COMMAND_REDIRECT,
			.ticket = ticket,
			.ike = what->ike,
			.ike_id = what->ike_id,
			.redirect = { where->gateway, where->lo, where->hi, where->identity },
		},
		0, 0);
}

static void policy(void *ctx, enum ike_command_kind kind, uint32_t ticket, const struct vici_target *what)
{
	run(ctx,
		&(struct ike_command){
			.kind = kind,
			.ticket = ticket,
			.ike = what->ike,
			.child = what->child,
		},
		0, 0);
}

/* A shunt, or else the core's. */
static void install(void *ctx, uint32_t ticket, const struct vici_target *what)
{
	struct world *w = ctx;
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	enum err e = ERR_OK;

	if (!refused(w, ticket, what)) {
		e = shunts_install(&w->shunts, what->ike, what->child, &why);
		if (e == ERR_MISSING)
			policy(w, COMMAND_TRAP, ticket, what);
		else
			vici_done(w->vici, ticket,
				&(struct vici_outcome){ .success = !e, .why.what = text_str(&why) });
	}
	arena_free(&scratch);
}

static void uninstall(void *ctx, uint32_t ticket, const struct vici_target *what)
{
	struct world *w = ctx;

	if (shunts_uninstall(&w->shunts, what->ike, what->child))
		policy(w, COMMAND_UNTRAP, ticket, what);
	else
		vici_done(w->vici, ticket, &(struct vici_outcome){ .success = true });
}

void orders_into(struct vici_host *h)
{
	h->initiate = initiate;
	h->terminate = terminate;
	h->rekey = rekey;
	h->redirect = redirect;
	h->install = install;
	h->uninstall = uninstall;
}
