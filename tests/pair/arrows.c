/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams in words. */
#include "tests/pair/arrows.h"

#include "tests/pair/forge.h"
#include "tests/unit/unit.h"
#include "wire/print.h"

#include <stdio.h>

static void add_host(struct text *t, const struct host *h, const struct addr *a)
{
	char ip[IP_TEXT];

	text_add(t, "%s", h ? h->name : ip_print(&a->ip, ip));
	if (h && !ip_eq(&a->ip, &h->ip) && !ip_eq(&a->ip, &h->nat.outside))
		text_add(t, "@%s", ip_print(&a->ip, ip));
}

static void add_target(struct text *t, const struct host *h, const struct addr *a)
{
	add_host(t, h, a);
	if (a->port != PORT_IKE)
		text_add(t, ":%u", a->port);
}

static void add_way(struct text *t, struct lab *lab, const struct flight *f)
{
	const struct host *to = lab_reached(lab, f);

	if (to && to < f->from) {
		add_target(t, to, &f->target);
		text_add(t, " <-- ");
		add_host(t, f->from, &f->source);
	} else {
		add_host(t, f->from, &f->source);
		text_add(t, " --> ");
		add_target(t, to, &f->target);
	}
	if (f->tcp)
		text_add(t, " (TCP)");
}

static void add_content(struct text *t, struct lab *lab, const struct flight *f, const struct message *m)
{
	struct message inner;

	if (m->has & PAYLOAD_BIT(PAYLOAD_SKF)) {
		text_add(t, "%sSKF %u/%u", m->has & PAYLOAD_BIT(PAYLOAD_PS) ? "PS, " : "", m->sk.fragment,
			m->sk.total);
		return;
	}
	if (!(m->has & PAYLOAD_BIT(PAYLOAD_SK))) {
		message_print_payloads(m, t);
		return;
	}
	if (m->has & PAYLOAD_BIT(PAYLOAD_PS))
		text_add(t, "PS, ");
	text_add(t, "SK {");
	if (forge_open(lab, bytes_of(f->data, f->n), t->arena, &inner))
		message_print_payloads(&inner, t);
	else
		text_add(t, "?");
	text_add(t, "}");
}

const char *arrow_print(struct lab *lab, const struct flight *f, struct arena *arena)
{
	struct bytes all = bytes_of(f->data, f->n);
	struct text t = text_in(arena);
	struct message m = { 0 };
	uint8_t bad;

	add_way(&t, lab, f);
	if (f->keepalive) {
		text_add(&t, "  keepalive");
		return text_str(&t);
	}
	if (header_get(all, &m.header) || message_get(bytes_of(f->data + IKE_HEADER, f->n - IKE_HEADER),
						  IKE_HEADER, m.header.next, arena, &m, &bad)) {
		text_add(&t, "  ?");
		return text_str(&t);
	}
	text_add(&t, "  ");
	message_print_header(&m.header, &t);
	text_add(&t, ": ");
	add_content(&t, lab, f, &m);
	return text_str(&t);
}

static bool skip_word(const char **s, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*s, word, n))
		return false;
	*s += n;
	return true;
}

static void expect_one(struct lab *lab, const char *expected, const char *file, int line)
{
	bool lost = skip_word(&expected, "lost: "), twice = skip_word(&expected, "twice: ");
	bool kept = skip_word(&expected, "kept: ");
	struct flight *f = lab_first(lab);
	struct arena arena = { 0 };

	_assert_string_equal(f ? arrow_print(lab, f, &arena) : "silence", expected, file, line);
	arena_free(&arena);
	if (twice)
		lab_deliver(lab, lab_copy(lab, f));
	if (kept) {
		list_remove(&f->node);
		list_append(&lab->flights, &f->node);
	} else if (lost) {
		lab_lose(f);
	} else {
		lab_deliver(lab, f);
	}
}

void arrows_expect(struct lab *lab, const char *const *expected, const char *file, int line)
{
	for (; *expected; expected++)
		expect_one(lab, *expected, file, line);
}

void arrows_silence(struct lab *lab, const char *file, int line)
{
	struct flight *f = lab_first(lab);
	struct arena arena = { 0 };

	_assert_string_equal(f ? arrow_print(lab, f, &arena) : "silence", "silence", file, line);
	arena_free(&arena);
}
