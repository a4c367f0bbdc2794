/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link_key.h"

#include "pki_files.h"

#include "pki/make.h"
#include "tools/profile/profile.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static int damaged(struct pki *p, const char *path, const char *what)
{
	return ipsec_fail(p->x, FAILED,
		"%s: %s: take it away, and another key is made, which other machines have to be told", path,
		what);
}

/* Whoever reads it can be this machine. */
static int check_mode(struct pki *p, const char *path)
{
	struct stat st;

	if (!stat(path, &st) && st.st_mode & 077)
		return ipsec_fail(p->x, FAILED,
			"%s: others than its owner may read or write it: chmod 600 %s", path, path);
	return DONE;
}

static int read_key(struct pki *p, struct link_key *k)
{
	struct why why = { 0 };
	int code = check_mode(p, k->path);

	if (!code)
		code = pki_read_file(p, k->path, &k->pem);
	if (code)
		return code;
	if (key_private(k->pem, NULL, p->arena, &k->key, &why))
		return damaged(p, k->path, why_line(&why, p->arena));
	return k->key->type == KEY_ED25519 ? DONE : damaged(p, k->path, "it is no key of a link");
}

/* Of several commands that find none at the same time the first one's stays. */
static int put_key(struct pki *p, const char *path, struct bytes pem, bool *made)
{
	const char *temp = arena_printf(p->arena, "%s.%ld", path, (long)getpid());
	int code = pki_mkdir(p, p->dir);

	if (!code)
		code = pki_write_new(p, temp, pem);
	if (code)
		return code;
	*made = !link(temp, path);
	if (!*made && errno != EEXIST)
		code = ipsec_fail(p->x, FAILED, "%s cannot be made: %s", path, strerror(errno));
	(void)unlink(temp);
	return code;
}

static int make(struct pki *p, struct link_key *k)
{
	struct why why = { 0 };
	struct bytes pem;
	struct key *key;
	bool failed;

	if (make_key("ed25519", p->arena, &key, &why))
		return pki_fail(p, k->path, &why);
	failed = make_key_pem(key, NULL, p->arena, &pem, &why);
	key_unref(key);
	return failed ? pki_fail(p, k->path, &why) : put_key(p, k->path, pem, &k->made);
}

static struct pki folder(struct ipsec *x, const char *dir, struct link_key *out)
{
	struct pki p = { .x = x, .arena = &x->arena, .dir = dir ? dir : PKI_DIR, .lock = -1 };

	*out = (struct link_key){ .path = pki_path(&p, "link.key") };
	return p;
}

int link_key_open(struct ipsec *x, const char *dir, struct link_key *out)
{
	struct pki p = folder(x, dir, out);
	int code = pki_exists(out->path) ? DONE : make(&p, out);

	return code ? code : read_key(&p, out);
}

void link_key_close(struct link_key *k)
{
	key_unref(k->key);
	k->key = NULL;
}

const char *link_key_line(const struct key *key, struct arena *arena)
{
	return profile_base64(key->spki, 0, "", arena);
}

int link_key_peer(struct ipsec *x, const char *line, const struct key *own, struct key **out)
{
	struct bytes pem = bytes_str(
		arena_printf(&x->arena, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", line));
	struct why why = { 0 };

	*out = NULL;
	if (key_public(pem, &x->arena, out, &why) || (*out)->type != KEY_ED25519 ||
		strcmp(link_key_line(*out, &x->arena), line)) {
		key_unref(*out);
		*out = NULL;
		return ipsec_fail(x, USAGE,
			"%s is no key of a link: ipsec connect --key on the other machine shows one, %u "
			"characters",
			line, LINK_KEY_LINE);
	}
	if (!key_eq(*out, own))
		return DONE;
	key_unref(*out);
	*out = NULL;
	return ipsec_fail(x, USAGE,
		"%s is this machine's own key: the other one's is shown by ipsec connect --key there", line);
}
