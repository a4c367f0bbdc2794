/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "user_eap.h"

#include "eap/users.h"
#include "pki_files.h"

#include <stdlib.h>

/* Without links and "..", from the root: a change puts a file in its place by its name in the folder of P,
 * and goes to no other by "..". */
static const char *path_of(struct pki *p, const struct gateway *g)
{
	const char *name = g->conf.settings.users_file, *path;
	char *whole;

	if (!name)
		return NULL;
	path = pki_path(p, name);
	whole = realpath(path, NULL);
	if (whole)
		path = arena_str(p->arena, whole);
	free(whole);
	return path;
}

/* Whether the daemon will take it. */
static int judge(struct pki *p, const struct eap_file *f)
{
	struct eap_users *users;
	char why[EAP_USERS_WHY];

	if (eap_users_read(f->text, &users, why))
		return ipsec_fail(p->x, FAILED, "%s: %s", f->path, why);
	eap_users_free(users);
	return DONE;
}

int eap_file_read(struct pki *p, const struct gateway *g, struct eap_file *out)
{
	int code;

	*out = (struct eap_file){ .path = path_of(p, g) };
	if (!out->path)
		return DONE;
	code = pki_read_file(p, out->path, &out->text);
	return code ? code : judge(p, out);
}

int eap_file_open(struct pki *p, struct eap_file *out)
{
	struct gateway g;
	int code;

	*out = (struct eap_file){ 0 };
	if (!gateway_is_there(p))
		return DONE;
	gateway_start(&g);
	code = gateway_load(p, &g);
	if (!code)
		code = eap_file_read(p, &g, out);
	gateway_stop(&g);
	return code;
}

bool eap_file_has(const struct eap_file *f, const char *name)
{
	struct bytes text = f->text;
	struct eap_users_line line;

	while (eap_users_next(&text, &line))
		if (line.secret && bytes_eq(line.name, bytes_str(name)))
			return true;
	return false;
}

/* Appends the text without NAME's secret, or without all of NAME's. */
static void put_without(const struct eap_file *f, const char *name, bool all, struct text *out)
{
	struct bytes text = f->text;
	struct eap_users_line line;

	while (eap_users_next(&text, &line))
		if (!bytes_eq(line.name, bytes_str(name)) || !(all || line.secret))
			text_put(out, line.whole.p, line.whole.n);
	if (out->n && out->s[out->n - 1] != '\n')
		text_add(out, "\n");
}

int eap_file_set(struct pki *p, const struct eap_file *f, const char *name, const char *password, bool clear)
{
	struct text t = text_in(p->arena);
	struct eap_file made = { .path = f->path };
	int code;

	put_without(f, name, false, &t);
	if (!eap_users_print(bytes_str(name), bytes_str(password), clear, &t))
		return ipsec_fail(p->x, FAILED, "the password of %s is too long, or no UTF-8", name);
	made.text = bytes_of(t.s, t.n);
	code = judge(p, &made);
	if (!code && !eap_file_has(&made, name))
		code = ipsec_fail(p->x, FAILED,
			"%s cannot be a name in %s: it begins with #, or has a word of that file between "
			"colons",
			name, f->path);
	return code ? code : pki_stage(p, f->path, made.text, true);
}

int eap_file_drop(struct pki *p, const struct eap_file *f, const char *name)
{
	struct text t = text_in(p->arena);

	put_without(f, name, true, &t);
	return pki_stage(p, f->path, bytes_str(text_str(&t)), true);
}
