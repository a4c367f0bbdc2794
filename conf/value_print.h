/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values on their way back to text, for value.c: one function a type. */
#pragma once

#include "base/text.h"
#include "conf/schema.h"

#define VALUE_UNIX "unix://" /* in front of the path of a socket */

/* One value on its way back. */
struct written {
	const struct conf_key *row;
	const void *base, *field;
	struct text *out;
};

extern const struct name value_drawn[]; /* the words of enum drawn */

/* Each appends what value_read would read; false where there is nothing. */
bool value_print_addresses(const struct written *v);
bool value_print_authentication(const struct written *v);
bool value_print_big_count(const struct written *v);
bool value_print_bool(const struct written *v);
bool value_print_count(const struct written *v);
bool value_print_factor(const struct written *v);
bool value_print_identity(const struct written *v);
bool value_print_if_addrs(const struct written *v);
bool value_print_if_id(const struct written *v);
bool value_print_ips(const struct written *v);
bool value_print_mark(const struct written *v);
bool value_print_port(const struct written *v);
bool value_print_padding(const struct written *v);
bool value_print_mss(const struct written *v);
bool value_print_proposals(const struct written *v);
bool value_print_routes(const struct written *v);
bool value_print_selectors(const struct written *v);
bool value_print_size(const struct written *v);
bool value_print_socket(const struct written *v);
bool value_print_strings(const struct written *v);
bool value_print_text(const struct written *v);
bool value_print_time(const struct written *v);
bool value_print_word(const struct written *v);
