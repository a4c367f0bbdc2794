/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of messages that have files of their own, to the table of messages (ipc_table.c). */
#pragma once

#include "daemon/ipc.h"

struct walk;

void ipc_fields_event(struct walk *x, struct ipc_message *m);
void ipc_fields_peer(struct walk *x, struct ipc_message *m);
void ipc_fields_released(struct walk *x, struct ipc_message *m);
void ipc_fields_action(struct walk *x, struct ipc_message *m);
void ipc_fields_inquiry(struct walk *x, struct ipc_message *m);
void ipc_fields_reply(struct walk *x, struct ipc_message *m);
void ipc_fields_admit(struct walk *x, struct ipc_message *m);
void ipc_fields_client(struct walk *x, struct ipc_message *m);
void ipc_fields_request(struct walk *x, struct ipc_message *m);
void ipc_fields_register(struct walk *x, struct ipc_message *m);
void ipc_fields_output(struct walk *x, struct ipc_message *m);
void ipc_fields_taken(struct walk *x, struct ipc_message *m);
void ipc_fields_gone(struct walk *x, struct ipc_message *m);
void ipc_fields_offer(struct walk *x, struct ipc_message *m);
void ipc_fields_esp_order(struct walk *x, struct ipc_message *m);
void ipc_fields_esp_report(struct walk *x, struct ipc_message *m);
void ipc_fields_done(struct walk *x, struct ipc_message *m);

/* Pieces of them. */
void ipc_suite(struct walk *x, struct suite *s);
void ipc_selector(struct walk *x, struct ts *ts);
void ipc_selectors(struct walk *x, struct tss *set);
void ipc_marks(struct walk *x, struct sa_marks *m);
void ipc_path(struct walk *x, struct path *p);
void ipc_why(struct walk *x, struct why *w);
void ipc_part(struct walk *x, struct ipc_part *p);

/* The status of an IKE_SA, with what its children are of in PARTS; of those only so many that it takes no
 * more than ROOM octets, more or less, and its N_CHILDREN is how many they are. */
void ipc_sa_record(struct walk *x, struct sa_record *r, struct ipc_part **parts, size_t room);

/* How C is said. */
struct ipc_part ipc_part_of_child(const struct child_conf *c);
