/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core, as guard knows it: another process has it (speaker.h). Events go there, its actions come back and
 * are carried out, and the answers they bring go there again. What it may not have is refused, and ends it;
 * when it is lost another one is started, and told all anew. */
#pragma once

#include "daemon/world.h"

/* An answer on its way to the core. What it points to lives in its arena. */
struct answer {
	struct node node;
	struct arena arena;
	struct ike_answer a;
	struct cert_list shown; /* a proof: our certificates that go along, and */
	const char *connection; /* whose peer wants OCSP answers about them; NULL: it does not */
};

/* Begins to start it, once the sockets are open; and waits for it. */
enum err engine_start(struct world *w, struct text *why) MUST_CHECK;
enum err engine_begun(struct world *w, struct text *why) MUST_CHECK;
void engine_stop(struct world *w);

/* Hands over one event. While there is no core it is lost; but a command that somebody waits for is handed to
 * the next one, too. */
void engine_feed(struct world *w, const struct ike_event *event);

/* No peer is heard any more. */
void engine_deafen(struct world *w);

/* Gives the core the configuration as it is now, but for what it has nothing to do with: connections that
 * cannot be used, and shunts, which are installed here. */
void engine_configure(struct world *w);
/* The same where only the connection NAME has changed, has come or is gone. */
void engine_configure_one(struct world *w, const char *name);

/* A peer has got the address IP as its own. */
void engine_note_lease(struct world *w, const struct ip *ip);

/* A new answer to the question or action TICKET. */
struct answer *answer_new(uint32_t ticket);
void answer_free(struct answer *a);

/* Hands A over, once there is a core; one whose asker was lost finds nobody there. */
void engine_answer(struct world *w, struct answer *a);

/* It has had keeper asked for what keeper does not give: WHAT it did. It ends. */
void engine_blame(struct world *w, const char *what);

/* How many IKE_SAs it can have, by what it has told of them and the connections that it was handed. */
size_t engine_most(const struct world *w);

/* Whether it can have TOTAL IKE_SAs, by what it has told of them; else it ends. */
bool engine_can_have(struct world *w, size_t total);

/* The member, for what is asked of it (inquire.h). */
struct member *engine_member(struct world *w);
struct world *engine_world(void *member);
/* The connection, its child or its round that PART means; NULL: there is none. */
const struct peer *engine_peer(const struct world *w, const struct ipc_part *part);
const struct child_conf *engine_child(const struct world *w, const struct ipc_part *part);
const struct auth_conf *engine_round(const struct world *w, const struct ipc_part *part);

/* What is done with messages (ipc_table.c); CTX is the member. */
bool engine_take_action(void *ctx, const struct ipc_message *m);
bool engine_take_released(void *ctx, const struct ipc_message *m);
