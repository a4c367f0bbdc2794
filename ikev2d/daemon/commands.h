/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders of RADIUS servers (RFC 5176), heard by certs: they go to ike, and what came of them back to the
 * server. */
#pragma once

#include "daemon/gate.h"
#include "daemon/ipc_radius.h"
#include "daemon/relay_port.h"

struct certs;
struct ipc_message;

/* Who has given an order that is being obeyed. */
struct commander {
	unsigned number; /* 0: none */
	struct addr from;
};

struct commands {
	struct certs *certs;
	struct addr listen;
	struct relay_port *port; /* there; NULL: nobody is heard */
	struct radius_dae *dae;
	struct commander from[RADIUS_ORDERS_MAX];
	struct gate lines; /* of what strangers can make us say */
};

void commands_start(struct commands *o, struct certs *c);
void commands_stop(struct commands *o);

/* From now on they are heard as DAE says. Where that is nothing new, what was obeyed is known as before: who
 * has seen an order cannot have it obeyed again. */
void commands_set(struct commands *o, const struct ipc_dae *dae);

/* What is done with messages (ipc_table.c); CTX is certs. */
bool commands_take_obeyed(void *ctx, const struct ipc_message *m);
