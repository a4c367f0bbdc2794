/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Status for people: a block for each connection. */
#include "status.h"

#include "failures.h"

#include <stdlib.h>

const char *status_duration(const char *seconds, struct arena *arena)
{
	static const struct {
		long long seconds;
		const char *word;
	} units[] = { { 86400, "days" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	long long s = strtoll(seconds, NULL, 10);
	unsigned i = 0;

	while (units[i].seconds > 1 && llabs(s) < 2 * units[i].seconds)
		i++;
	return arena_printf(arena, "%lld %s", s / units[i].seconds, units[i].word);
}

/* ", WORDS 5 min" where SECTION has KEY, else "". AFTER stands behind it. */
static const char *when(const struct vici_node *section, const char *key, const char *words,
	const char *after, struct arena *arena)
{
	const char *s = vici_str(section, key);

	return s ? arena_printf(arena, ", %s%s%s", words, status_duration(s, arena), after) : "";
}

static const char *volume(const char *bytes, struct arena *arena)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double v = strtod(bytes, NULL);
	unsigned i = 0;

	for (; v >= 1000 && i < sizeof units / sizeof *units - 1; i++)
		v /= 1000;
	return arena_printf(arena, i && v < 10 ? "%.1f %s" : "%.0f %s", v, units[i]);
}

/* In front of an additional key exchange: "KE1_". */
static const char *ake(const char *key, struct arena *arena)
{
	return strncmp(key, "ake", 3) ? "" : arena_printf(arena, "KE%s_", key + 3);
}

/* "AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ML_KEM_768 (post-quantum)"; what has no cipher is AH. */
static const char *suite(const struct vici_node *sa, struct arena *arena)
{
	static const char *const rest[] = { "integ-alg", "prf-alg", "dh-group", "ake1", "ake2", "ake3",
		"ake4", "ake5", "ake6", "ake7" };
	const char *encr = vici_str(sa, "encr-alg"), *bits = vici_str(sa, "encr-keysize");
	struct text t = text_in(arena);

	text_add(&t, "%s%s%s", encr ? encr : "AH", bits ? "-" : "", bits ? bits : "");
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
		if (vici_str(sa, rest[i]))
			text_add(&t, "/%s%s", ake(rest[i], arena), vici_str(sa, rest[i]));
	if (vici_str(sa, "esn"))
		text_add(&t, "/ESN");
	if (vici_str(sa, "ppk"))
		text_add(&t, vici_str(sa, "ppk-int") ? "/PPK_INT" : "/PPK");
	if (vici_str(sa, "post-quantum"))
		text_add(&t, " (%s)",
			!strcmp(client_str(sa, "post-quantum"), "yes") ? "post-quantum" : "not post-quantum");
	return text_str(&t);
}

/* ", mark 00000017/000000ff, if_id 00000005": what packets of one direction must have; KEYS are those of the
 * mark, its mask and the interface. */
static const char *marks(const struct vici_node *c, const char *const keys[3], struct arena *arena)
{
	const char *mark = vici_str(c, keys[0]), *mask = vici_str(c, keys[1]), *if_id = vici_str(c, keys[2]);

	return arena_printf(arena, "%s%s%s%s%s%s", mark ? ", mark " : "", mark ? mark : "", mask ? "/" : "",
		mask ? mask : "", if_id ? ", if_id " : "", if_id ? if_id : "");
}

/* A state in its colour. */
static const char *painted(const struct status *s, const char *state)
{
	static const struct {
		const char *state;
		enum paint paint;
	} rows[] = {
		{ "up", PAINT_GOOD },
		{ "ESTABLISHED", PAINT_GOOD },
		{ "INSTALLED", PAINT_GOOD },
		{ "PASS", PAINT_GOOD },
		{ "DROP", PAINT_GOOD },
		{ "down", PAINT_BAD },
		{ "unusable", PAINT_BAD },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].state, state))
			return ipsec_paint(s->x, rows[i].paint, state);
	return ipsec_paint(s->x, PAINT_NOTE, state);
}

static void show_child_details(const struct status *s, const struct vici_node *c)
{
	static const char *const in[] = { "mark-in", "mark-mask-in", "if-id-in" };
	static const char *const out[] = { "mark-out", "mark-mask-out", "if-id-out" };
	struct arena *a = &s->x->arena;

	fprintf(s->x->out, "    #%s, reqid %s, %s%s, %s%s%s%s\n", client_str(c, "uniqueid"),
		client_str(c, "reqid"), client_str(c, "mode"),
		vici_str(c, "tcp")     ? " in TCP"
		: vici_str(c, "encap") ? " in UDP"
				       : "",
		suite(c, a), when(c, "install-time", "installed ", " ago", a),
		when(c, "rekey-time", "rekeying in ", "", a), when(c, "life-time", "expires in ", "", a));
	fprintf(s->x->out, "    in  %s%s, %s packets%s%s%s\n", client_str(c, "spi-in"), marks(c, in, a),
		client_str(c, "packets-in"), when(c, "use-in", "last ", " ago", a),
		vici_str(c, "replays") ? ", replays dropped: " : "",
		vici_str(c, "replays") ? vici_str(c, "replays") : "");
	fprintf(s->x->out, "    out %s%s, %s packets%s\n", client_str(c, "spi-out"), marks(c, out, a),
		client_str(c, "packets-out"), when(c, "use-out", "last ", " ago", a));
}

static void show_child_sa(const struct status *s, const struct vici_node *c)
{
	struct arena *a = &s->x->arena;
	bool installed = vici_str(c, "spi-in") != NULL;

	if (s->only && strcmp(s->only, client_str(c, "name")))
		return;
	fprintf(s->x->out, "  %s: %s, %s === %s", client_str(c, "name"), painted(s, client_str(c, "state")),
		client_items(c, "local-ts", a), client_items(c, "remote-ts", a));
	if (vici_str(c, "cpu"))
		fprintf(s->x->out, ", CPU %s", vici_str(c, "cpu"));
	if (installed)
		fprintf(s->x->out, ", %s in, %s out", volume(client_str(c, "bytes-in"), a),
			volume(client_str(c, "bytes-out"), a));
	if (vici_str(c, "data-path"))
		fprintf(s->x->out, ", %s", vici_str(c, "data-path"));
	if (vici_str(c, "data-path-reason"))
		fprintf(s->x->out, " (%s)", vici_str(c, "data-path-reason"));
	fputc('\n', s->x->out);
	if (s->all && installed)
		show_child_details(s, c);
}

/* A line for each kind that there is. */
static void show_vips(const struct status *s, const struct vici_node *sa)
{
	static const struct {
		const char *key, *words;
	} rows[] = {
		{ "local-vips", "virtual addresses" },
		{ "remote-vips", "virtual addresses of the peer" },
		{ "dns", "DNS" },
	};
	struct arena *a = &s->x->arena;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (vici_find(sa, rows[i].key))
			fprintf(s->x->out, "    %s %s\n", rows[i].words, client_items(sa, rows[i].key, a));
}

static void show_sa(const struct status *s, const struct vici_node *sa)
{
	const struct vici_node *children = vici_find(sa, "child-sas");
	struct arena *a = &s->x->arena;

	fprintf(s->x->out, "  IKE_SA #%s: %s, '%s' %s[%s] === '%s' %s[%s]%s%s\n", client_str(sa, "uniqueid"),
		painted(s, client_str(sa, "state")), client_str(sa, "local-id"), client_str(sa, "local-host"),
		client_str(sa, "local-port"), client_str(sa, "remote-id"), client_str(sa, "remote-host"),
		client_str(sa, "remote-port"), when(sa, "established", "since ", "", a),
		!strcmp(client_str(sa, "post-quantum"), "yes") ? ", post-quantum" : "");
	show_vips(s, sa);
	if (s->all)
		fprintf(s->x->out, "    %s_i%s %s_r%s, %s%s%s\n", client_str(sa, "initiator-spi"),
			vici_str(sa, "initiator") ? "*" : "", client_str(sa, "responder-spi"),
			vici_str(sa, "initiator") ? "" : "*", suite(sa, a),
			when(sa, "rekey-time", "rekeying in ", "", a),
			when(sa, "reauth-time", "reauthentication in ", "", a));
	for (const struct vici_node *n = children ? children->first : NULL; n; n = n->next)
		show_child_sa(s, n);
}

/* Children without an SA, shunts among them; the others were shown. */
static void show_idle(const struct status *s, const struct status_conn *c)
{
	const struct vici_node *children = vici_find(c->conn, "children");
	struct arena *a = &s->x->arena;

	for (const struct vici_node *n = children ? children->first : NULL; n; n = n->next) {
		const char *state = status_child_state(s, c->name, n->name);
		bool installed = !strcmp(state, "installed"), down = !strcmp(state, "down");

		if ((!s->only || !strcmp(s->only, n->name)) && (installed || down))
			fprintf(s->x->out, "  %s: %s, %s === %s\n", n->name,
				painted(s, installed ? client_str(n, "mode") : state),
				client_items(n, "local-ts", a), client_items(n, "remote-ts", a));
	}
}

/* Of a connection that is not up: since when, and what comes next. */
static void show_outage(const struct status *s, const struct status_conn *c)
{
	const char *down = vici_str(c->conn, "down"), *next = vici_str(c->conn, "next-attempt"),
		   *by = vici_str(c->failure, "begun-by");
	struct arena *a = &s->x->arena;

	if (down)
		fprintf(s->x->out, "  down since: %s ago\n", status_duration(down, a));
	if (next)
		fprintf(s->x->out, "  next attempt: in %s\n", status_duration(next, a));
	else if (by && !strcmp(by, "us") && !strcmp(c->state, "down"))
		fprintf(s->x->out, "  next attempt: none by itself; ipsec up %s, or keep = yes to go on\n",
			c->name);
}

void status_text(const struct status *s, const struct status_conn *c)
{
	struct arena *a = &s->x->arena;

	fprintf(s->x->out, "%s: %s", c->name, painted(s, c->state));
	if (c->conn)
		fprintf(s->x->out, ", %s === %s", client_items(c->conn, "local_addrs", a),
			client_items(c->conn, "remote_addrs", a));
	else
		fprintf(s->x->out, ", no longer configured");
	fputc('\n', s->x->out);
	if (vici_str(c->conn, "unready"))
		fprintf(s->x->out, "  not used: %s\n", vici_str(c->conn, "unready"));
	for (unsigned i = 0; i < s->snapshot.n_sas; i++)
		if (!strcmp(s->snapshot.sas[i]->name, c->name))
			show_sa(s, s->snapshot.sas[i]);
	show_idle(s, c);
	if (strcmp(c->state, "up") != 0)
		show_outage(s, c);
	if (c->failure)
		failures_show(s->x, "last failure", c->failure);
}

void status_text_daemon(const struct status *s)
{
	const struct vici_node *ikesas = vici_find(s->stats, "ikesas");
	const char *drops = vici_str(s->stats, "drops"), *pace = vici_str(s->stats, "pace");
	const char *load = vici_str(s->stats, "load");

	fprintf(s->x->out, "ikev2d %s, running for %s, %s IKE_SAs, %s half-open\n",
		client_str(s->version, "version"), client_str(vici_find(s->stats, "uptime"), "running"),
		client_str(ikesas, "total"), client_str(ikesas, "half-open"));
	if (drops && *drops)
		fprintf(s->x->out, "dropped: %s\n", drops);
	if (load && *load)
		fprintf(s->x->out, "load: %s\n", load);
	if (pace && *pace)
		fprintf(s->x->out, "userspace path, packets per call: %s\n", pace);
}

void status_text_warnings(const struct status *s)
{
	const struct vici_node *list = vici_find(s->stats, "warnings");

	for (const struct vici_node *n = list ? list->first : NULL; n; n = n->next)
		fprintf(s->x->out, "%s %s\n", ipsec_paint(s->x, PAINT_NOTE, "warning:"), vici_text(n));
}
