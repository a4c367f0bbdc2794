/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of commands, and how one is carried out. */
#include "vici/commands.h"

struct vici_command {
	const char *name;
	void (*run)(struct vici_call *c);
};

static const struct vici_command commands[] = {
	{ "version", vici_do_version },
	{ "stats", vici_do_stats },
	{ "reload-settings", vici_do_reload },
	{ "initiate", vici_do_initiate },   /* streams control-log */
	{ "terminate", vici_do_terminate }, /* streams control-log */
	{ "rekey", vici_do_rekey },
	{ "list-sas", vici_do_list_sas },     /* streams list-sa */
	{ "list-conns", vici_do_list_conns }, /* streams list-conn */
	{ "get-conns", vici_do_get_conns },
	{ "load-conn", vici_do_load_conn },
	{ "unload-conn", vici_do_unload_conn },
	{ "load-shared", vici_do_load_shared },
	{ "unload-shared", vici_do_unload_shared },
	{ "get-shared", vici_do_get_shared },
	{ "clear-creds", vici_do_clear_creds },
	{ "get-keys", vici_do_get_keys },
	{ "get-authorities", vici_do_get_authorities },
	{ "get-pools", vici_do_get_pools },
	/* Our own. */
	{ "reload", vici_do_reload },
	{ "stop", vici_do_stop },
	{ "failures", vici_do_failures },
};

static const struct vici_command *command_find(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* The first key below N whose value is not text, or NULL. Only a secret may be any octets. */
static const char *not_text(const struct vici_node *n)
{
	const char *found = NULL;

	for (const struct vici_node *child = n->first; child && !found; child = child->next) {
		if (child->type == VICI_SECTION_START || child->type == VICI_LIST_START)
			found = not_text(child);
		else if (memchr(child->value.p, 0, child->value.n) && strcmp(child->name, "data"))
			found = child->type == VICI_LIST_ITEM ? n->name : child->name;
	}
	return found;
}

bool vici_command_run(
	struct vici_session *s, const char *name, const struct vici_node *args, struct arena *arena)
{
	const struct vici_command *command = command_find(name);
	const char *bad = not_text(args);
	struct vici_out out = { 0 };
	struct vici_call call = { s, &s->vici->host, args, arena, &out, false };

	if (!command)
		return false;
	vici_out_packet(&out, VICI_CMD_RESPONSE, NULL);
	if (bad)
		vici_put_result(&out,
			&(struct why){ .what = arena_printf(arena, "the value of %s is not text", bad) },
			arena);
	else
		command->run(&call);
	if (!call.later)
		vici_respond(s, &out);
	vici_out_free(&out);
	return true;
}

void vici_respond(struct vici_session *s, struct vici_out *out)
{
	if (!vici_out_done(out).n) {
		vici_out_packet(out, VICI_CMD_RESPONSE, NULL);
		vici_put_pair(out, "success", "no");
		vici_put_pair(out, "errmsg", "the answer is larger than a VICI message can be");
	}
	vici_send(s, vici_out_done(out));
}

void vici_put_why(struct vici_out *out, const char *name, const struct why *why)
{
	const struct {
		const char *key, *value;
	} parts[] = {
		{ "what", why->what },
		{ "offered", why->offered },
		{ "configured", why->configured },
		{ "differs", why->differs },
		{ "where", why->where },
		{ "instead", why->instead },
		{ "notify", why->notify },
	};

	vici_put_section(out, name);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].value)
			vici_put_pair(out, parts[i].key, parts[i].value);
	vici_put_section_end(out);
}

void vici_put_result(struct vici_out *out, const struct why *failed, struct arena *arena)
{
	vici_put_pair(out, "success", failed ? "no" : "yes");
	if (failed)
		vici_put_failure(out, failed, arena);
}

/* A sentence may have come in several lines, where several things are wrong. */
static const char *on_one_line(const char *lines, struct arena *arena)
{
	char *rest = arena_str(arena, lines), *line;
	struct text t = text_in(arena);

	while ((line = strsep(&rest, "\n")))
		if (*line)
			text_add(&t, "%s%s", !t.n ? "" : t.s[t.n - 1] == ':' ? " " : "; ", line);
	return text_str(&t);
}

void vici_put_failure(struct vici_out *out, const struct why *why, struct arena *arena)
{
	vici_put_sentence(out, "errmsg", on_one_line(why_line(why, arena), arena));
	vici_put_why(out, "why", why);
}
