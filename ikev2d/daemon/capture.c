/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that root wants to see. CHILD_SAs are shown as they are installed: nobody keeps their keys. */
#include "daemon/capture.h"

#include "daemon/inquire.h"
#include "daemon/line.h"

void capture_show(struct world *w, const char *name)
{
	struct arena arena = { 0 };
	struct ike_key_record keys;
	unsigned n;
	const uint64_t *sas = inquire_sas(w, &arena, &n);

	for (unsigned i = 0; i < n; i++)
		if (inquire_keys(w, sas[i], &arena, &keys) && !strcmp(keys.name, name))
			vici_capture_ike(w->vici, &keys);
	arena_free(&arena);
}

static void say(const char *name, const char *msg)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	line_add(&line, "conn", name);
	line_add(&line, "msg", msg);
	log_say(LOG_WARN, "capture", "%s", text_str(&line));
	arena_free(&arena);
}

static bool is_known(struct world *w, const char *name)
{
	const struct conf *c = config_now(&w->config);

	for (unsigned i = 0; i < c->n_peers; i++)
		if (!strcmp(c->peers[i]->name, name))
			return true;
	return false;
}

static enum err capture(void *ctx, const char *name, unsigned seconds, struct arena *arena, struct why *why)
{
	struct world *w = ctx;

	if (!is_known(w, name)) {
		why->what = arena_printf(arena, "there is no connection %s", name);
		return ERR_MISSING;
	}
	say(name, arena_printf(arena,
			  "root captures this connection for %u s: keys of its IKE_SAs and CHILD_SAs go out "
			  "over the "
			  "control socket",
			  seconds));
	capture_show(w, name);
	return ERR_OK;
}

static void capture_end(void *ctx, const char *name, unsigned seen)
{
	struct arena arena = { 0 };

	(void)ctx;
	say(name, arena_printf(&arena, "the capture has ended: keys of %u SAs went out", seen));
	arena_free(&arena);
}

void capture_into(struct vici_host *h)
{
	h->capture = capture;
	h->capture_end = capture_end;
}
