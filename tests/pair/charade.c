/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation in words. */
#include "tests/pair/charade.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEY = 64 };

static void stop(const char *why)
{
	fprintf(stderr, "charade: %s\n", why);
	abort();
}

static struct bytes packet(const struct charade *p, const char *words, struct arena *arena)
{
	return bytes_str(arena_printf(arena, "%-*s", (int)p->octets, words));
}

static bool says(const struct ike_question *q, const char *word)
{
	struct bytes b = q->eap.packet;

	return b.n >= strlen(word) && !memcmp(b.p, word, strlen(word));
}

static void over(struct charade *p, struct ike_answer *out)
{
	static const uint8_t key[KEY] = "what both have come to";

	out->eap.over = true;
	out->eap.mutual = p->mutual;
	out->valid = p->valid;
	out->idle = p->idle;
	out->eap.groups = (struct strings){ &p->group, !!p->group };
	out->eap.method = p->method ? p->method : "md5";
	out->shared = p->keyless ? (struct bytes){ 0 } : bytes_of(key, sizeof key);
}

static void fail(const char *what, const char *words, struct ike_answer *out)
{
	out->result = ERR_AUTH;
	out->eap.wrong = out->eap.delayed = true;
	out->why.what = what;
	out->eap.packet = bytes_str(words);
}

static void ask(struct charade *p, const struct ike_question *q, unsigned said, struct arena *arena,
	struct ike_answer *out)
{
	const char *words = arena_text(arena, q->eap.packet), *user = words + strlen("user ");

	if (said <= (p->asks ? p->asks : 1)) {
		out->eap.packet = packet(p, "ask", arena);
		return;
	}
	if (p->strict || !says(q, "user ")) {
		fail("the password is another one", p->mute ? "" : "no", out);
		return;
	}
	over(p, out);
	out->eap.packet = bytes_str("yes");
	if (id_parse(arena_text(arena, bytes_of(user, strcspn(user, " "))), arena, &out->eap.id))
		stop("a user has no name");
}

static void reply(
	struct charade *p, const struct ike_question *q, struct arena *arena, struct ike_answer *out)
{
	const char *user = p->user ? p->user : id_print(&q->local, arena);

	if (says(q, "yes") || p->hasty)
		over(p, out);
	else if (says(q, "ask"))
		out->eap.packet = packet(p, arena_printf(arena, "user %s ", user), arena);
	else
		fail("the authenticator refuses", "", out);
}

void charade_ask(struct charade *p, const struct ike_question *q, struct arena *arena, struct ike_answer *out)
{
	unsigned said = (unsigned)(uintptr_t)map_take(&p->open, q->eap.conversation) + 1;

	if (!q->eap.conversation || !q->auth || q->auth->way.method != AUTH_EAP)
		stop("a question that does not say what about");
	if (!q->eap.packet.n != (q->eap.authenticator && said == 1))
		stop("a conversation that is not begun as it must");
	map_put(&p->open, q->eap.conversation, (void *)(uintptr_t)said);
	if (out->result)
		return;
	if (q->eap.authenticator)
		ask(p, q, said, arena, out);
	else
		reply(p, q, arena, out);
}

void charade_end(struct charade *p, uint32_t conversation)
{
	if (!map_take(&p->open, conversation))
		stop("a conversation ends that was not begun, or has ended");
}
