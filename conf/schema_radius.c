/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How RADIUS servers are reached, and what they are told. */
#include "conf/schema_rows.h"

#include "model/conf.h"

#define RADIUS(field) offsetof(struct radius_conf, field)
#define DAE(field)    offsetof(struct radius_dae_conf, field)
#define SERVER(field) offsetof(struct radius_server_conf, field)

#define FOR_ALL "it holds for all servers: write it beside the section \"servers\""

const struct conf_key schema_radius_keys[] = {
	{ "accounting", STATUS_READ, TYPE_BOOL, RADIUS(accounting), "no",
		.doc = "tell the servers what sessions use" },
	{ "accounting_close_on_timeout", STATUS_READ, TYPE_BOOL, RADIUS(accounting_close_on_timeout), "yes",
		.doc = "end a session when no server acknowledges what it uses" },
	{ "accounting_interval", STATUS_READ, TYPE_TIME, RADIUS(accounting_interval), "0s",
		.doc = "how often to tell them while it lasts, unless they say so; 0: never" },
	{ "accounting_requires_vip", STATUS_READ, TYPE_BOOL, RADIUS(accounting_requires_vip), "no",
		.doc = "tell them only of sessions with a virtual address" },
	{ "accounting_send_class", STATUS_READ, TYPE_BOOL, RADIUS(accounting_send_class), "no",
		.doc = "tell them the Class that they gave" },
	{ "acct_port", STATUS_READ, TYPE_PORT, RADIUS(single.acct_port), "1813",
		.doc = "port for accounting" },
	{ "auth_port", STATUS_READ, TYPE_PORT, RADIUS(single.auth_port), "1812",
		.doc = "port for authentication" },
	{ "class_group", STATUS_READ, TYPE_BOOL, RADIUS(class_group), "no",
		.doc = "Class attributes of at most 43 octets name the groups of the user" },
	{ "close_all_on_timeout", STATUS_IGNORED, TYPE_BOOL, CONF_NOWHERE, "no",
		.doc = "end all sessions when no server answers",
		.note = "a server that is silent ends no sessions but those that wait for it" },
	{ "eap_start", STATUS_IGNORED, TYPE_BOOL, CONF_NOWHERE, "no", .doc = "begin with EAP-Start",
		.note = "conversations begin with the user's identity" },
	{ "filter_id", STATUS_READ, TYPE_BOOL, RADIUS(filter_id), "no",
		.doc = "Filter-Id attributes name groups too, where the Tunnel-Type is ESP" },
	{ "id_prefix", STATUS_READ, TYPE_TEXT, RADIUS(id_prefix), .doc = "in front of the user's identity" },
	{ "load", STATUS_IGNORED, TYPE_TEXT, CONF_NOWHERE, "yes", .doc = "as plugins have it",
		.note = "RADIUS is used where a server is named" },
	{ "nas_identifier", STATUS_READ, TYPE_TEXT, RADIUS(single.nas_identifier), "strongSwan",
		.doc = "what we call ourselves" },
	{ "port", STATUS_READ, TYPE_PORT, RADIUS(single.auth_port), .doc = "the same as auth_port" },
	{ "retransmit_base", STATUS_READ, TYPE_FACTOR, RADIUS(retransmit_base), "1.4",
		.doc = "how many times longer each further wait is" },
	{ "retransmit_timeout", STATUS_READ, TYPE_TIME, RADIUS(retransmit_timeout), "2s",
		.doc = "wait before a request is sent again" },
	{ "retransmit_tries", STATUS_READ, TYPE_COUNT, RADIUS(retransmit_tries), "4",
		.doc = "how often a request is sent to a server, at most 16; fewer times where another one "
		       "answers" },
	{ "secret", STATUS_READ, TYPE_SECRET, RADIUS(single.secret), .doc = "secret shared with the server" },
	{ "server", STATUS_READ, TYPE_GATEWAY, RADIUS(single.address),
		.doc = "address or name of the server, where there is only one" },
	{ "sockets", STATUS_READ, TYPE_COUNT, RADIUS(single.sockets), "4",
		.doc = "source ports, each for 256 requests at once, 1 to 32",
		.differs = "1, for one request" },
	{ "station_id_with_port", STATUS_READ, TYPE_BOOL, RADIUS(station_id_with_port), "yes",
		.doc = "ports in Called-Station-Id and Calling-Station-Id" },
	{ 0 },
};

const struct conf_key schema_radius_server_keys[] = {
	{ "acct_port", STATUS_READ, TYPE_PORT, SERVER(acct_port), "1813", .doc = "port for accounting" },
	{ "address", STATUS_READ, TYPE_GATEWAY, SERVER(address), .doc = "address or name" },
	{ "auth_port", STATUS_READ, TYPE_PORT, SERVER(auth_port), "1812", .doc = "port for authentication" },
	{ "nas_identifier", STATUS_READ, TYPE_TEXT, SERVER(nas_identifier), "strongSwan",
		.doc = "what we call ourselves" },
	{ "port", STATUS_READ, TYPE_PORT, SERVER(auth_port), .doc = "the same as auth_port" },
	{ "preference", STATUS_READ, TYPE_COUNT, SERVER(preference), "0",
		.doc = "the highest is asked first" },
	{ "retransmit_base", STATUS_IGNORED, TYPE_FACTOR, CONF_NOWHERE, "1.4", .doc = "as beside the servers",
		.note = FOR_ALL },
	{ "retransmit_timeout", STATUS_IGNORED, TYPE_TIME, CONF_NOWHERE, "2s", .doc = "as beside the servers",
		.note = FOR_ALL },
	{ "retransmit_tries", STATUS_IGNORED, TYPE_COUNT, CONF_NOWHERE, "4", .doc = "as beside the servers",
		.note = FOR_ALL },
	{ "secret", STATUS_READ, TYPE_SECRET, SERVER(secret), .doc = "secret shared with it" },
	{ "sockets", STATUS_READ, TYPE_COUNT, SERVER(sockets), "4",
		.doc = "source ports, each for 256 requests at once, 1 to 32",
		.differs = "1, for one request" },
	{ 0 },
};

const struct conf_key schema_radius_dae_keys[] = {
	{ "enable", STATUS_READ, TYPE_BOOL, DAE(enable), "no",
		.doc = "end sessions when a server says so (RFC 5176)" },
	{ "listen", STATUS_READ, TYPE_TEXT, DAE(listen), "0.0.0.0", .doc = "our address for that" },
	{ "port", STATUS_READ, TYPE_PORT, DAE(port), "3799", .doc = "our port for that" },
	{ "secret", STATUS_READ, TYPE_SECRET, DAE(secret), .doc = "secret that proves who says so" },
	{ 0 },
};
