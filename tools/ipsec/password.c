/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asked for when it is needed, and kept nowhere but in the daemon's memory. */
#include "password.h"

#include "secret.h"

#include <stdlib.h>
#include <unistd.h>

/* Which secret is meant, apart from a person's own. */
static const char *name_of(struct client *c, const char *conn)
{
	return arena_printf(&c->x->arena, "ipsec-up-%s", conn);
}

/* A file that systemd gives the service that runs us (systemd.exec(5), LoadCredential). */
static const char *credential(struct client *c, const char *conn)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY"), *path;

	if (!folder || strchr(conn, '/'))
		return NULL;
	path = arena_printf(&c->x->arena, "%s/%s", folder, conn);
	return access(path, F_OK) ? NULL : path;
}

static int find(struct client *c, const char *conn, const char *user, const char *file, struct arena *arena,
	struct bytes *out)
{
	const char *of_what = arena_printf(&c->x->arena, "the password of %s for %s", user, conn);

	file = file ? file : credential(c, conn);
	if (file)
		return secret_read(c->x, file, of_what, arena, out);
	return secret_ask(c->x, of_what, false,
		arena_printf(&c->x->arena,
			"--password-file FILE reads it, or a systemd credential %s, or write it into the "
			"section "
			"secrets",
			conn),
		arena, out);
}

static int load(struct client *c, const char *conn, const char *user, struct bytes password)
{
	const struct vici_node *response;
	int code;

	client_request(c, "load-shared");
	vici_put_pair(&c->out, "id", name_of(c, conn));
	vici_put_pair(&c->out, "type", "EAP");
	vici_put_value(&c->out, "data", password);
	vici_put_list(&c->out, "owners");
	vici_put_item(&c->out, user);
	vici_put_list_end(&c->out);
	code = client_call(c, NULL, NULL, CLIENT_PATIENCE, &response);
	if (code || client_succeeded(response))
		return code;
	client_complain(c->x, conn, response);
	return FAILED;
}

/* The user whose password CONN lacks, or NULL. */
static const char *lacking(const struct vici_node *conn)
{
	for (const struct vici_node *n = conn ? conn->first : NULL; n; n = n->next)
		if (!strncmp(n->name, "local-", strlen("local-")) && vici_str(n, "password-missing"))
			return vici_str(n, "password-missing");
	return NULL;
}

int password_give(struct client *c, const struct vici_node *conn, const char *file, bool *given)
{
	const char *user = lacking(conn);
	struct arena arena = { 0 };
	struct bytes password;
	int code;

	*given = false;
	if (!user && file)
		return ipsec_fail(c->x, FAILED, "%s: no password is missing that %s could give",
			conn ? conn->name : "the connection", file);
	if (!user)
		return DONE;
	code = find(c, conn->name, user, file, &arena, &password);
	if (!code)
		code = load(c, conn->name, user, password);
	*given = !code;
	arena_free(&arena);
	return code;
}

static bool by_eap(const struct vici_node *conn)
{
	for (const struct vici_node *n = conn ? conn->first : NULL; n; n = n->next)
		if (!strncmp(n->name, "local-", strlen("local-")) && vici_str(n, "class") &&
			!strcmp(vici_str(n, "class"), "EAP"))
			return true;
	return false;
}

void password_forget(struct client *c, const struct vici_node *conn)
{
	const struct vici_node *response;

	if (!by_eap(conn))
		return;
	client_request(c, "unload-shared");
	vici_put_pair(&c->out, "id", name_of(c, conn->name));
	(void)!client_call(c, NULL, NULL, CLIENT_PATIENCE, &response);
}
