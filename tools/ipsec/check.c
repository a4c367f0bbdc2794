/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec check: THE table of findings, what would keep ikev2d from working on this machine. A new one is a row
 * and its function. */
#include "check.h"

#include "json.h"

#include <stdlib.h>
#include <unistd.h>

static const struct finding findings[] = {
	{ "configuration", check_configuration, NULL },
	{ "certificates", check_certificates, NULL },
	{ "daemon", check_daemon, NULL },
	{ "data-path", check_data_path, NULL },
	{ "port", check_ike_port, NULL },
	{ "port-nat-t", check_nat_port, NULL },
	{ "tun", check_tun, fix_tun },
	{ "rights", check_rights, NULL },
	{ "forwarding", check_forwarding, NULL },
	{ "rp-filter", check_rp_filter, NULL },
};

enum verdict check_say(struct check *k, enum verdict v, const char *sentence)
{
	text_add(&k->says, "%s", sentence);
	return v;
}

unsigned long long check_number(const char *path, const char *after, int base, unsigned long long fallback)
{
	char buffer[4096], *at = buffer;
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return fallback;
	n = fread(buffer, 1, sizeof buffer - 1, file);
	fclose(file);
	buffer[n] = 0;
	if (after)
		at = strstr(buffer, after);
	return at ? strtoull(at + (after ? strlen(after) : 0), NULL, base) : fallback;
}

/* What the words behind the verb ask for. */
struct wish {
	const char *path; /* of the configuration; NULL: ikev2d's own */
	bool fix;
};

/* What became of one finding. */
struct result {
	enum verdict verdict;
	bool fixable, fixed;
};

/* Mends what F found, and looks again: what was done stands in front of what there is now. */
static void mend(struct check *k, const struct finding *f, struct result *r)
{
	struct text found = k->says;

	k->says = text_in(&k->x->arena);
	r->fixed = f->fix(k);
	if (r->fixed) {
		text_add(&k->says, "\n");
		r->verdict = f->run(k);
	} else {
		text_add(&found, "\nnot mended: %s", text_str(&k->says));
		k->says = found;
	}
}

static struct result look(struct check *k, const struct finding *f, bool fix)
{
	struct result r = { .fixable = f->fix != NULL };

	k->says = text_in(&k->x->arena);
	r.verdict = f->run(k);
	if (r.verdict == GOOD || !f->fix)
		return r;
	if (fix)
		mend(k, f, &r);
	else
		text_add(&k->says, "\nipsec check --fix does it");
	return r;
}

static void show(struct check *k, struct json *j, const struct finding *f, const struct result *r)
{
	static const char *const words[] = { "ok", "note", "bad" };

	json_open(j, NULL, '{');
	json_str(j, "name", f->name);
	json_str(j, "verdict", words[r->verdict]);
	json_str(j, "text", text_str(&k->says));
	json_bool(j, "fixable", r->fixable);
	json_bool(j, "fixed", r->fixed);
	json_close(j, '}');
	if (!k->x->json)
		fprintf(k->x->out, "%-5s %-14s %s\n", r->fixed ? "fixed" : words[r->verdict], f->name,
			text_str(&k->says));
}

/* The file ikev2d would read. */
static const char *default_path(void)
{
	static const char *const places[] = { "/etc/ikev2d/ikev2d.conf", "/etc/swanctl/swanctl.conf" };

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (!access(places[i], F_OK))
			return places[i];
	return NULL;
}

static bool read_words(int argc, char **argv, struct wish *w)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--fix"))
			w->fix = true;
		else if (argv[i][0] == '-' || w->path)
			return false;
		else
			w->path = argv[i];
	}
	return true;
}

static int check(struct check *k, const struct wish *w)
{
	struct json j = json_in(&k->x->arena);
	int code = DONE;

	json_begin(&j);
	json_open(&j, "findings", '[');
	for (size_t i = 0; i < sizeof findings / sizeof *findings; i++) {
		struct result r = look(k, &findings[i], w->fix);

		show(k, &j, &findings[i], &r);
		if (r.verdict == BAD)
			code = FAILED;
	}
	json_close(&j, ']');
	json_bool(&j, "success", !code);
	json_close(&j, '}');
	if (k->x->json)
		json_print(&j, k->x->out);
	return code;
}

int verb_check(struct ipsec *x, int argc, char **argv)
{
	struct check k = { .x = x, .conf.settings = settings_default() };
	struct wish w = { 0 };
	int code;

	if (!read_words(argc, argv, &w))
		return ipsec_fail(x, USAGE, "usage: ipsec check [FILE] [--fix]");
	k.path = w.path ? w.path : default_path();
	k.running = client_probe(x);
	creds_start(&k.creds);
	code = check(&k, &w);
	creds_stop(&k.creds);
	conf_free(&k.conf);
	return code;
}
