/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec up, ipsec down. */
#include "json.h"
#include "password.h"
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { GRACE = 5000 /* ms that an answer may come late */, DOWN_PATIENCE = 60000, TIMEOUT_DEFAULT = 30 };

/* One call of either verb. The daemon's lines are shown as they come, or gathered for --json. */
struct order {
	struct client client;
	struct snapshot snapshot;
	struct target target;
	struct json json;
	struct text lines;
	unsigned n_lines;
};

static void show_line(void *ctx, const struct vici_node *event)
{
	struct order *o = ctx;
	struct ipsec *x = o->client.x;
	const char *group = vici_str(event, "group"), *line = vici_str(event, "msg");

	if (!group || !line)
		return;
	if (x->json) {
		text_put(&o->lines, ",", o->n_lines++ ? 1 : 0);
		text_json(&o->lines, line);
		return;
	}
	fprintf(x->out, "[%s] %s\n", group, line);
	fflush(x->out);
}

/* Connects, finds out what NAME is, and asks for the lines. */
static int order_begin(struct order *o, struct ipsec *x, const char *name)
{
	int code = client_open(&o->client, x);

	o->json = json_in(&x->arena);
	o->lines = text_in(&x->arena);
	if (!code)
		code = snapshot_take(&o->client, &o->snapshot);
	if (!code)
		code = target_find(x, &o->snapshot, name, &o->target);
	return code ? code : client_subscribe(&o->client, "control-log");
}

static void put_log(struct order *o)
{
	json_open(&o->json, "log", '[');
	text_add(&o->json.text, "%s", text_str(&o->lines));
	json_close(&o->json, ']');
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Brings one child (or, without children, the IKE_SA) up and tells how it went. */
static int up_one(struct order *o, struct target t, int64_t deadline)
{
	struct ipsec *x = o->client.x;
	int64_t left = deadline - now_ms();
	const struct vici_node *response;
	const char *name = target_print(t, &x->arena);
	int code;

	if (left < 1)
		left = 1;
	client_request(&o->client, "initiate");
	vici_put_pair(&o->client.out, "ike", t.conn);
	if (t.child)
		vici_put_pair(&o->client.out, "child", t.child);
	vici_put_pairf(&o->client.out, "timeout", "%lld", (long long)left);
	code = client_call(&o->client, show_line, o, (int)left + GRACE, &response);
	if (code)
		return -code;
	code = client_succeeded(response) ? DONE : FAILED;
	json_open(&o->json, NULL, '{');
	json_str(&o->json, "connection", t.conn);
	json_str(&o->json, "child", t.child);
	json_outcome(&o->json, response, NULL);
	json_close(&o->json, '}');
	if (code)
		client_complain(x, name, response);
	else if (!x->json)
		fprintf(x->out, "%s: %s\n", name, ipsec_paint(x, PAINT_GOOD, "up"));
	return code;
}

/* Every child of the connection, one after the other, until one fails. Negative: the connection to ikev2d is
 * lost, and that was said. */
static int up_all(struct order *o, int64_t deadline)
{
	const struct vici_node *conn = snapshot_conn(&o->snapshot, o->target.conn);
	const struct vici_node *children = vici_find(conn, "children");
	int code = DONE;

	if (o->target.child || !children || !children->first)
		return up_one(o, o->target, deadline);
	for (const struct vici_node *n = children->first; n && !code; n = n->next)
		code = up_one(o, (struct target){ o->target.conn, n->name }, deadline);
	return code;
}

static int up(struct order *o, const char *name, int64_t timeout_ms)
{
	struct ipsec *x = o->client.x;
	int code;

	json_begin(&o->json);
	json_str(&o->json, "name", name);
	json_open(&o->json, "initiated", '[');
	code = up_all(o, now_ms() + timeout_ms);
	if (code < 0)
		return -code;
	json_close(&o->json, ']');
	json_bool(&o->json, "success", !code);
	put_log(o);
	json_close(&o->json, '}');
	if (x->json)
		json_print(&o->json, x->out);
	return code;
}

/* The words of `ipsec up`. */
struct up_words {
	const char *name, *timeout, *password_file;
	long seconds;
};

/* The value of OPTION, if that is what stands at *I, with "=" or as the next word. */
static const char *value_of(const char *option, int argc, char **argv, int *i)
{
	size_t n = strlen(option);

	if (strncmp(argv[*i], option, n))
		return NULL;
	if (argv[*i][n] == '=')
		return argv[*i] + n + 1;
	return argv[*i][n] || *i + 1 >= argc ? NULL : argv[++*i];
}

/* They come in any order. */
static bool up_read(int argc, char **argv, struct up_words *w)
{
	char *end;

	*w = (struct up_words){ .seconds = TIMEOUT_DEFAULT };
	for (int i = 0; i < argc; i++) {
		const char *value;

		if ((value = value_of("--timeout", argc, argv, &i)))
			w->timeout = value;
		else if ((value = value_of("--password-file", argc, argv, &i)))
			w->password_file = value;
		else if (w->name || argv[i][0] == '-')
			return false;
		else
			w->name = argv[i];
	}
	if (w->timeout) {
		w->seconds = strtol(w->timeout, &end, 10);
		if (end == w->timeout || *end || w->seconds < 1 || w->seconds > 86400)
			return false;
	}
	return w->name != NULL;
}

/* A password that led nowhere may be a wrong one: the next time it is asked for again. */
static int up_with_password(struct order *o, const struct up_words *w)
{
	bool given;
	int code = password_give(
		&o->client, snapshot_conn(&o->snapshot, o->target.conn), w->password_file, &given);

	if (code)
		return code;
	code = up(o, w->name, w->seconds * 1000);
	if (code && given)
		password_forget(&o->client, snapshot_conn(&o->snapshot, o->target.conn));
	return code;
}

int verb_up(struct ipsec *x, int argc, char **argv)
{
	struct order o = { 0 };
	struct up_words w;
	int code;

	if (!up_read(argc, argv, &w))
		return ipsec_fail(x, USAGE,
			"usage: ipsec up NAME [--timeout S] [--password-file FILE], S from 1 to 86400 "
			"seconds");
	code = order_begin(&o, x, w.name);
	if (!code)
		code = up_with_password(&o, &w);
	client_close(&o.client);
	return code;
}

static void down_report(struct order *o, const char *name, const struct vici_node *response)
{
	static const struct json_field counts[] = {
		{ "matches", JSON_NUMBER },
		{ "terminated", JSON_NUMBER },
		{ NULL, JSON_TEXT },
	};
	struct ipsec *x = o->client.x;

	if (x->json) {
		json_begin(&o->json);
		json_str(&o->json, "name", name);
		json_outcome(&o->json, response, counts);
		put_log(o);
		json_close(&o->json, '}');
		json_print(&o->json, x->out);
	}
	if (!client_succeeded(response))
		client_complain(x, target_print(o->target, &x->arena), response);
	else if (!x->json)
		fprintf(x->out, "%s: down\n", target_print(o->target, &x->arena));
}

static int down(struct order *o, const char *name)
{
	const struct vici_node *response;
	int code;

	client_request(&o->client, "terminate");
	vici_put_pair(&o->client.out, "ike", o->target.conn);
	if (o->target.child)
		vici_put_pair(&o->client.out, "child", o->target.child);
	code = client_call(&o->client, show_line, o, DOWN_PATIENCE, &response);
	if (code)
		return code;
	down_report(o, name, response);
	if (!o->target.child)
		password_forget(&o->client, snapshot_conn(&o->snapshot, o->target.conn));
	return client_succeeded(response) ? DONE : FAILED;
}

int verb_down(struct ipsec *x, int argc, char **argv)
{
	struct order o = { 0 };
	int code = order_begin(&o, x, argv[0]);

	(void)argc;
	if (!code)
		code = down(&o, argv[0]);
	client_close(&o.client);
	return code;
}
