/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec monitor: SAs that come, go and get new keys, as they do so. An event is a row and the function that
 * says it in words. */
#include "client.h"
#include "fields.h"

#include <time.h>

/* One event. */
struct news {
	struct ipsec *x;
	const struct vici_node *message;
	const struct vici_node *sa; /* the section of the IKE_SA, by the name of its connection; NULL: none */
};

static const struct vici_node *first_child(const struct vici_node *sa)
{
	const struct vici_node *children = vici_find(sa, "child-sas");

	return children ? children->first : NULL;
}

static const char *updown(const struct news *n)
{
	return vici_str(n->message, "up") ? ipsec_paint(n->x, PAINT_GOOD, "up")
					  : ipsec_paint(n->x, PAINT_BAD, "down");
}

static void say_ike_updown(const struct news *n)
{
	fprintf(n->x->out, "%s: IKE_SA #%s is %s, '%s' %s[%s] === '%s' %s[%s]\n", n->sa->name,
		client_str(n->sa, "uniqueid"), updown(n), client_str(n->sa, "local-id"),
		client_str(n->sa, "local-host"), client_str(n->sa, "local-port"),
		client_str(n->sa, "remote-id"), client_str(n->sa, "remote-host"),
		client_str(n->sa, "remote-port"));
}

static void say_child_updown(const struct news *n)
{
	const struct vici_node *child = first_child(n->sa);
	struct arena *a = &n->x->arena;

	fprintf(n->x->out, "%s/%s: CHILD_SA #%s is %s, %s === %s\n", n->sa->name, client_str(child, "name"),
		client_str(child, "uniqueid"), updown(n), client_items(child, "local-ts", a),
		client_items(child, "remote-ts", a));
}

static void say_ike_rekey(const struct news *n)
{
	fprintf(n->x->out, "%s: IKE_SA #%s has new keys, as #%s\n", n->sa->name,
		client_str(vici_find(n->sa, "old"), "uniqueid"),
		client_str(vici_find(n->sa, "new"), "uniqueid"));
}

static void say_child_rekey(const struct news *n)
{
	const struct vici_node *child = first_child(n->sa);

	fprintf(n->x->out, "%s/%s: CHILD_SA #%s has new keys, as #%s\n", n->sa->name,
		child ? child->name : "?", client_str(vici_find(child, "old"), "uniqueid"),
		client_str(vici_find(child, "new"), "uniqueid"));
}

static void say_ike_update(const struct news *n)
{
	fprintf(n->x->out, "%s: IKE_SA #%s moves to %s[%s] === %s[%s]\n", n->sa->name,
		client_str(n->sa, "uniqueid"), client_str(n->message, "local-host"),
		client_str(n->message, "local-port"), client_str(n->message, "remote-host"),
		client_str(n->message, "remote-port"));
}

static void say_alert(const struct news *n)
{
	const struct vici_node *sa = vici_find(n->message, "ike-sa"), *section = vici_find(n->message, "why");
	struct why why = client_why(section);
	struct text text = text_in(&n->x->arena);
	const char *s;

	if (section)
		why_print(&why, &text);
	s = text_str(&text);
	fprintf(n->x->out, "%s%s%s%s", sa ? client_str(sa, "name") : "", sa ? ": " : "",
		ipsec_paint(n->x, PAINT_BAD, client_str(n->message, "type")), *s ? ": " : "\n");
	fputs(s, n->x->out);
}

static void say_log(const struct news *n)
{
	fprintf(n->x->out, "[%s] %s\n", client_str(n->message, "group"), client_str(n->message, "msg"));
}

static const struct row {
	const char *event;
	bool about_sa; /* its section is in the message */
	void (*say)(const struct news *n);
} rows[] = {
	{ "ike-updown", true, say_ike_updown }, { "child-updown", true, say_child_updown },
	{ "ike-rekey", true, say_ike_rekey }, { "child-rekey", true, say_child_rekey },
	{ "ike-update", true, say_ike_update }, { "alert", false, say_alert },
	{ "log", false, say_log }, /* the last one: with --log only */
};

enum { ROWS = sizeof rows / sizeof *rows };

/* The section of an IKE_SA that stands by the name of its connection, or NULL. */
static const struct vici_node *sa_of(const struct vici_node *message)
{
	const struct vici_node *n = message->first;

	while (n && n->type != VICI_SECTION_START)
		n = n->next;
	return n;
}

/* "old" or "new" of an event about keys; null elsewhere. */
static void put_side(struct json *j, const struct news *n, const char *event, const char *side)
{
	if (!strcmp(event, "ike-rekey"))
		fields_sa_as(j, side, n->sa->name, vici_find(n->sa, side), NULL);
	else if (!strcmp(event, "child-rekey"))
		fields_child(j, side, vici_find(first_child(n->sa), side));
	else
		json_str(j, side, NULL);
}

static void put_sa(struct json *j, const struct news *n, const char *event)
{
	const struct vici_node *alerted = vici_find(n->message, "ike-sa");
	bool with_children = strcmp(event, "child-rekey") != 0;

	if (alerted)
		fields_sa_as(j, "sa", client_str(alerted, "name"), alerted, NULL);
	else if (n->sa && strcmp(event, "ike-rekey") != 0 && strcmp(event, "alert") != 0)
		fields_sa_as(
			j, "sa", n->sa->name, n->sa, with_children ? vici_find(n->sa, "child-sas") : NULL);
	else
		json_str(j, "sa", NULL);
}

/* "2026-11-25T18:52:53Z". */
static const char *now_text(struct arena *arena)
{
	time_t now = time(NULL);
	struct tm t;
	char text[32];

	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &t));
	return arena_str(arena, text);
}

static void put_json(const struct news *n, const char *event)
{
	static const struct json_field fields[] = {
		{ "type", JSON_TEXT },
		{ "group", JSON_TEXT },
		{ "level", JSON_NUMBER },
		{ "msg", JSON_TEXT },
		{ NULL, JSON_TEXT },
	};
	struct json j = json_in(&n->x->arena);

	json_begin(&j);
	json_str(&j, "time", now_text(&n->x->arena));
	json_str(&j, "event", event);
	json_bool(&j, "up", vici_str(n->message, "up") != NULL);
	json_fields(&j, n->message, fields);
	put_sa(&j, n, event);
	put_side(&j, n, event, "old");
	put_side(&j, n, event, "new");
	json_why(&j, "why", vici_find(n->message, "why"));
	json_close(&j, '}');
	json_print(&j, n->x->out);
}

static void say(const struct news *n, const struct row *row)
{
	const char *now = now_text(&n->x->arena);

	if (n->x->json) {
		put_json(n, row->event);
	} else {
		fprintf(n->x->out, "%.8s  ", now + sizeof "2026-11-25");
		row->say(n);
	}
	fflush(n->x->out);
}

static void take(struct ipsec *x, const char *event, const struct vici_node *message)
{
	struct news n = { .x = x, .message = message, .sa = sa_of(message) };

	for (const struct row *r = rows; r < rows + ROWS; r++)
		if (!strcmp(r->event, event) && (n.sa || !r->about_sa))
			say(&n, r);
	arena_free(&x->arena);
}

int verb_monitor(struct ipsec *x, int argc, char **argv)
{
	unsigned wanted = argc ? ROWS : ROWS - 1;
	const struct vici_node *message;
	struct client c;
	int code;

	if (argc && strcmp(argv[0], "--log") != 0)
		return ipsec_fail(x, USAGE, "usage: ipsec monitor [--log]");
	code = client_open(&c, x);
	for (unsigned i = 0; i < wanted && !code; i++)
		code = client_subscribe(&c, rows[i].event);
	while (!code && client_wait(&c, CLIENT_FOREVER, &message) > 0)
		take(x, c.event, message);
	client_close(&c);
	return code;
}
