/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link_key.h"

#include "pki_files.h"

#include "pki/make.h"
#include "tools/profile/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 4096 /* octets; a key has 119 */ };

static int damaged(struct pki *p, const char *path, const char *what)
{
	return ipsec_fail(p->x, FAILED,
		"%s: %s: take it away, and another key is made, which other machines have to be told", path,
		what);
}

static bool is_ours(const struct stat *st)
{
	return !st->st_uid || st->st_uid == geteuid();
}

/* Whoever reads the file can be this machine, and who may write to its folder can put another one there. */
static int check_folder(struct pki *p)
{
	struct stat st;

	if (stat(p->dir, &st))
		return ipsec_fail(p->x, FAILED, "%s cannot be read: %s", p->dir, strerror(errno));
	if (!is_ours(&st))
		return ipsec_fail(p->x, FAILED, "%s belongs to another user: chown root %s", p->dir, p->dir);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return ipsec_fail(p->x, FAILED, "%s: others than its owner may write to it: chmod go-w %s",
			p->dir, p->dir);
	return DONE;
}

static int check_file(struct pki *p, const char *path, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return damaged(p, path, "it is no regular file");
	if (!is_ours(st))
		return damaged(p, path, "it belongs to another user");
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		return ipsec_fail(p->x, FAILED,
			"%s: others than its owner may read or write it: chmod 600 %s", path, path);
	return DONE;
}

static int read_fd(struct pki *p, int fd, const char *path, struct bytes *out)
{
	uint8_t *data = arena_alloc(p->arena, FILE_MAX);
	struct stat st;
	ssize_t n;
	int code = fstat(fd, &st) ? ipsec_fail(p->x, FAILED, "%s cannot be read: %s", path, strerror(errno))
				  : check_file(p, path, &st);

	if (code)
		return code;
	n = read(fd, data, FILE_MAX);
	if (n < 0)
		return ipsec_fail(p->x, FAILED, "%s cannot be read: %s", path, strerror(errno));
	*out = bytes_of(data, (size_t)n);
	return DONE;
}

/* What was looked at is what is read, whatever is put there meanwhile; nothing makes us wait. */
static int read_file(struct pki *p, const char *path, struct bytes *out)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), code;

	if (fd < 0 && errno == ELOOP)
		return damaged(p, path, "it is a symbolic link");
	if (fd < 0)
		return ipsec_fail(p->x, FAILED, "%s cannot be read: %s", path, strerror(errno));
	code = read_fd(p, fd, path, out);
	close(fd);
	return code;
}

static int read_key(struct pki *p, struct link_key *k)
{
	struct why why = { 0 };
	int code = read_file(p, k->path, &k->pem);

	if (code)
		return code;
	if (key_private(k->pem, NULL, p->arena, &k->key, &why))
		return damaged(p, k->path, why_line(&why, p->arena));
	return k->key->type == KEY_ED25519 ? DONE : damaged(p, k->path, "it is no key of a link");
}

static int make(struct pki *p, struct link_key *k)
{
	struct why why = { 0 };
	struct bytes pem;
	struct key *key;
	bool failed;
	int code;

	if (make_key("ed25519", p->arena, &key, &why))
		return pki_fail(p, k->path, &why);
	failed = make_key_pem(key, NULL, p->arena, &pem, &why);
	key_unref(key);
	code = failed ? pki_fail(p, k->path, &why) : pki_write(p, k->path, pem);
	k->made = !code;
	return code;
}

/* Of several commands that find none at the same time the first one's stays. */
static int make_where_missing(struct pki *p, struct link_key *k)
{
	int code = pki_lock(p);

	if (!code && !pki_exists(k->path))
		code = make(p, k);
	if (p->lock >= 0)
		close(p->lock);
	return code;
}

static struct pki folder(struct ipsec *x, const char *dir, struct link_key *out)
{
	struct pki p = { .x = x, .arena = &x->arena, .dir = dir ? dir : PKI_DIR, .waits = true, .lock = -1 };

	*out = (struct link_key){ .path = pki_path(&p, "link.key") };
	return p;
}

int link_key_open(struct ipsec *x, const char *dir, struct link_key *out)
{
	struct pki p = folder(x, dir, out);
	int code = pki_mkdir(&p, p.dir);

	if (!code)
		code = check_folder(&p);
	if (!code && !pki_exists(out->path))
		code = make_where_missing(&p, out);
	if (out->made)
		fprintf(x->err, "made this machine's key: %s\n", out->path);
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

int link_key_peer(struct ipsec *x, const char *line, struct key **out)
{
	struct bytes pem = bytes_str(
		arena_printf(&x->arena, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", line));
	struct why why = { 0 };

	*out = NULL;
	if (!key_public(pem, &x->arena, out, &why) && (*out)->type == KEY_ED25519 &&
		!strcmp(link_key_line(*out, &x->arena), line))
		return DONE;
	key_unref(*out);
	*out = NULL;
	return ipsec_fail(x, USAGE,
		"%s is no key of a link: ipsec connect --key on the other machine shows one, %u characters",
		line, LINK_KEY_LINE);
}
