/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/radius.h"

#include "conf/section.h"

enum {
	TRIES_MAX = 16,
	SOCKETS_MAX = 32,
	NAME_MAX_OCTETS = 253, /* of a server, and of what we call ourselves */
	SECRET_MAX = 1024,     /* octets */
	TIMEOUT_MAX = 60000,   /* ms */
};

static void check_server(const struct radius_server_conf *c, const struct tree_section *s, struct report *r)
{
	size_t n = strlen(c->nas_identifier);

	if (!c->secret.n)
		report_error(r, s->at, s, "secret",
			"a RADIUS server needs one: write the secret that it has for us");
	if (c->secret.n > SECRET_MAX)
		report_error(r, s->at, s, "secret", "write at most %d octets", SECRET_MAX);
	if (strlen(c->name) > NAME_MAX_OCTETS)
		report_error(r, s->at, s, NULL, "give it a name of at most %d octets", NAME_MAX_OCTETS);
	if (c->sockets < 1 || c->sockets > SOCKETS_MAX)
		report_error(r, s->at, s, "sockets", "write a number from 1 to %d", SOCKETS_MAX);
	if (n < 1 || n > NAME_MAX_OCTETS)
		report_error(
			r, s->at, s, "nas_identifier", "write a name of 1 to %d octets", NAME_MAX_OCTETS);
}

static void read_server(
	const struct tree_section *s, struct radius_conf *out, struct arena *arena, struct report *r)
{
	struct radius_server_conf *c = &out->servers[out->n_servers];

	if (out->n_servers == RADIUS_SERVERS_CONF_MAX) {
		report_error(
			r, s->at, s, NULL, "there are more than %d RADIUS servers", RADIUS_SERVERS_CONF_MAX);
		return;
	}
	out->n_servers++;
	c->name = arena_str(arena, s->name);
	section_read(s, CONF_RADIUS_SERVER, c, arena, r);
	if (!c->address)
		report_error(r, s->at, s, "address", "a RADIUS server needs one");
	check_server(c, s, r);
}

/* As strongSwan has it: one that stands in "server" is the only one. */
static void read_servers(
	const struct tree_section *s, struct radius_conf *out, struct arena *arena, struct report *r)
{
	section_without_keys(s, CONF_RADIUS_SERVERS, r);
	if (out->single.address && s->sections)
		report_note(r, s->at, s, NULL, "without effect, since there is the key \"server\" beside it");
	for (const struct tree_section *sub = s->sections; sub && !out->single.address; sub = sub->next)
		read_server(sub, out, arena, r);
}

static void read_dae(
	const struct tree_section *s, struct radius_dae_conf *out, struct arena *arena, struct report *r)
{
	struct ip ip;

	section_read(s, CONF_RADIUS_DAE, out, arena, r);
	if (out->enable && (!out->secret.n || out->secret.n > SECRET_MAX))
		report_error(r, s->at, s, "secret",
			"write a secret of 1 to %d octets that servers prove themselves by", SECRET_MAX);
	if (ip_parse(out->listen, &ip))
		report_error(
			r, s->at, s, "listen", "write an address of this machine, or 0.0.0.0 or :: for any");
}

static void read_section(
	const struct tree_section *s, struct radius_conf *out, struct arena *arena, struct report *r)
{
	switch (section_kind(s, CONF_RADIUS, r)) {
	case CONF_RADIUS_SERVERS: read_servers(s, out, arena, r); break;
	case CONF_RADIUS_DAE: read_dae(s, &out->dae, arena, r); break;
	default: break;
	}
}

void radius_read(const struct tree_section *s, struct radius_conf *out, struct arena *arena, struct report *r)
{
	*out = (struct radius_conf){ 0 };
	section_read(s, CONF_RADIUS, out, arena, r);
	out->servers = ARENA_ARRAY(arena, RADIUS_SERVERS_CONF_MAX, struct radius_server_conf);
	if (out->single.address) {
		out->single.name = out->single.address;
		check_server(&out->single, s, r);
		out->servers[out->n_servers++] = out->single;
	}
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next)
		read_section(sub, out, arena, r);
	if (out->retransmit_tries < 1 || out->retransmit_tries > TRIES_MAX)
		report_error(r, s->at, s, "retransmit_tries", "write a number from 1 to %d", TRIES_MAX);
	if (out->retransmit_timeout < 1 || out->retransmit_timeout > TIMEOUT_MAX)
		report_error(r, s->at, s, "retransmit_timeout", "write more than 0, and at most %d seconds",
			TIMEOUT_MAX / 1000);
}
