/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of commands, and how one is carried out. */
#include "vici/commands.h"
#include "vici/describe.h"

static const struct vici_command commands[] = {
	{ "version", VICI_ASKS, vici_do_version },
	{ "stats", VICI_ASKS, vici_do_stats },
	{ "reload-settings", VICI_CHANGES, vici_do_reload_settings },
	{ "initiate", VICI_CHANGES, vici_do_initiate },   /* streams control-log */
	{ "terminate", VICI_CHANGES, vici_do_terminate }, /* streams control-log */
	{ "rekey", VICI_CHANGES, vici_do_rekey },
	{ "redirect", VICI_CHANGES, vici_do_redirect },
	{ "install", VICI_CHANGES, vici_do_install },
	{ "uninstall", VICI_CHANGES, vici_do_uninstall },
	{ "list-sas", VICI_ASKS, vici_do_list_sas },           /* streams list-sa */
	{ "list-policies", VICI_ASKS, vici_do_list_policies }, /* streams list-policy */
	{ "list-conns", VICI_ASKS, vici_do_list_conns },       /* streams list-conn */
	{ "get-conns", VICI_ASKS, vici_do_get_conns },
	{ "list-certs", VICI_ASKS, vici_do_list_certs },             /* streams list-cert */
	{ "list-authorities", VICI_ASKS, vici_do_list_authorities }, /* streams list-authority */
	{ "get-authorities", VICI_ASKS, vici_do_get_authorities },
	{ "load-conn", VICI_CHANGES, vici_do_load_conn },
	{ "unload-conn", VICI_CHANGES, vici_do_unload_conn },
	{ "load-cert", VICI_CHANGES, vici_do_load_cert },
	{ "load-key", VICI_CHANGES, vici_do_load_key },
	{ "unload-key", VICI_CHANGES, vici_do_unload_key },
	{ "get-keys", VICI_ASKS, vici_do_get_keys },
	{ "load-token", VICI_CHANGES, vici_do_load_token },
	{ "load-shared", VICI_CHANGES, vici_do_load_shared },
	{ "unload-shared", VICI_CHANGES, vici_do_unload_shared },
	{ "get-shared", VICI_ASKS, vici_do_get_shared },
	{ "flush-certs", VICI_CHANGES, vici_do_flush_certs },
	{ "clear-creds", VICI_CHANGES, vici_do_clear_creds },
	{ "load-authority", VICI_CHANGES, vici_do_load_authority },
	{ "unload-authority", VICI_CHANGES, vici_do_unload_authority },
	{ "load-pool", VICI_CHANGES, vici_do_load_pool },
	{ "unload-pool", VICI_CHANGES, vici_do_unload_pool },
	{ "get-pools", VICI_ASKS, vici_do_get_pools },
	{ "get-algorithms", VICI_ASKS, vici_do_get_algorithms },
	{ "get-counters", VICI_ASKS, vici_do_get_counters },
	{ "reset-counters", VICI_CHANGES, vici_do_reset_counters },
	/* Our own. */
	{ "reload", VICI_CHANGES, vici_do_reload },
	{ "stop", VICI_CHANGES, vici_do_stop },
	{ "failures", VICI_ASKS, vici_do_failures },
	{ "audit", VICI_ASKS, vici_do_audit },
	{ "capture", VICI_SEES_KEYS, vici_do_capture },
	{ "hold", VICI_CHANGES, vici_do_hold },
};

enum { COMMANDS = sizeof commands / sizeof *commands };

const char *vici_command_name(unsigned i)
{
	return i < COMMANDS ? commands[i].name : NULL;
}

const char *vici_command_secret(unsigned i)
{
	const bool has = i < COMMANDS &&
			 (commands[i].run == vici_do_load_shared || commands[i].run == vici_do_load_key);

	return has ? "data" : vici_command_is_for_tokens(i) ? "pin" : NULL;
}

bool vici_command_is_for_tokens(unsigned i)
{
	return i < COMMANDS && commands[i].run == vici_do_load_token;
}

enum vici_certs_at vici_command_certs(unsigned i)
{
	if (i >= COMMANDS)
		return VICI_CERTS_NOWHERE;
	if (commands[i].run == vici_do_load_cert)
		return VICI_CERTS_IN_DATA;
	return commands[i].run == vici_do_load_conn || commands[i].run == vici_do_load_authority
		       ? VICI_CERTS_BY_NAME
		       : VICI_CERTS_NOWHERE;
}

static void refuse(struct vici_call *c, const char *what)
{
	vici_put_result(c->out, &(struct why){ .what = what }, c->arena);
}

unsigned vici_command_number(struct bytes name)
{
	unsigned i = 0;

	while (i < COMMANDS && !bytes_eq(bytes_str(commands[i].name), name))
		i++;
	return i;
}

/* Secrets and certificates may be any octets. */
static bool may_be_octets(const char *key)
{
	return !strcmp(key, "data") || !strcmp(key, "pin") || vici_is_certificate(key);
}

/* The first key below N whose value is not text, or NULL. */
static const char *not_text(const struct vici_node *n)
{
	const char *found = NULL;

	for (const struct vici_node *child = n->first; child && !found; child = child->next) {
		const char *key = child->type == VICI_LIST_ITEM ? n->name : child->name;

		if (child->type == VICI_SECTION_START || child->type == VICI_LIST_START)
			found = not_text(child);
		else if (memchr(child->value.p, 0, child->value.n) && !may_be_octets(key))
			found = key;
	}
	return found;
}

static const char *forbidden(struct vici_call *c)
{
	if (c->session->rights >= c->command->needs)
		return NULL;
	if (c->session->rights == VICI_ASKS)
		return arena_printf(c->arena,
			"%s changes something, and you may only ask: run it as root, or as a member of the "
			"group of daemon.socket_group",
			c->command->name);
	if (c->session->rights == VICI_CHANGES)
		return arena_printf(c->arena, "%s shows keys, and that is for root alone", c->command->name);
	return "you have no rights here: run it as root, or as a member of the group of daemon.socket_group "
	       "or daemon.socket_readers";
}

static void run(struct vici_call *c)
{
	const char *bad = not_text(c->args), *no = forbidden(c);

	if (c->session->vici->stopping)
		refuse(c, "the daemon is stopping: ask the next one");
	else if (no)
		refuse(c, no);
	else if (bad)
		refuse(c, arena_printf(c->arena, "the value of %s is not text", bad));
	else
		c->command->run(c);
}

bool vici_command_run(
	struct vici_session *s, unsigned number, const struct vici_node *args, struct arena *arena)
{
	const struct vici_command *command = number < COMMANDS ? &commands[number] : NULL;
	struct vici_out out = { 0 };
	struct vici_call call = { s, &s->vici->host, command, args, arena, &out, false };

	if (!command)
		return false;
	vici_out_packet(&out, VICI_CMD_RESPONSE, NULL);
	run(&call);
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
