/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values on their way in, for value.c: one function a type. */
#pragma once

#include "base/text.h"
#include "conf/schema.h"

/* One value on its way. */
struct value {
	const struct conf_key *row;
	const char *text;
	void *base, *field;
	struct arena *arena;
	struct text *why; /* filled where there is more to say than what the type's row says */
};

/* Each reads the text into the field; false when it is no such value. */
bool value_read_addresses(struct value *v);
bool value_read_ah_proposals(struct value *v);
bool value_read_authentication(struct value *v);
bool value_read_big_count(struct value *v);
bool value_read_bool(struct value *v);
bool value_read_cert(struct value *v);
bool value_read_certs(struct value *v);
bool value_read_choice(struct value *v);
bool value_read_count(struct value *v);
bool value_read_device(struct value *v);
bool value_read_devices(struct value *v);
bool value_read_dscp(struct value *v);
bool value_read_esp_proposals(struct value *v);
bool value_read_factor(struct value *v);
bool value_read_gateway(struct value *v);
bool value_read_handle(struct value *v);
bool value_read_identity(struct value *v);
bool value_read_if_addrs(struct value *v);
bool value_read_if_id(struct value *v);
bool value_read_ike_proposals(struct value *v);
bool value_read_ips(struct value *v);
bool value_read_mark(struct value *v);
bool value_read_mss(struct value *v);
bool value_read_oids(struct value *v);
bool value_read_owner(struct value *v);
bool value_read_padding(struct value *v);
bool value_read_percent(struct value *v);
bool value_read_port(struct value *v);
bool value_read_routes(struct value *v);
bool value_read_secret(struct value *v);
bool value_read_selectors(struct value *v);
bool value_read_set_mark(struct value *v);
bool value_read_size(struct value *v);
bool value_read_socket(struct value *v);
bool value_read_strings(struct value *v);
bool value_read_table(struct value *v);
bool value_read_text(struct value *v);
bool value_read_time(struct value *v);
bool value_read_word(struct value *v);
