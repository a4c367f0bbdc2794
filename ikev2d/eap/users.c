/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorted by name, so that a name twice stands beside itself and a look-up is a binary search. */
#include "eap/users.h"

#include "base/arena.h"
#include "eap/mschap.h"

#include <stdio.h>
#include <stdlib.h>

enum { CRYPT_MAX = 384 }; /* octets of a crypt(3) string */

struct user {
	struct bytes name;
	struct eap_secret secret;
	unsigned line;
};

struct eap_users {
	struct arena arena;
	struct user *users; /* by name */
	size_t n;
	struct bytes salted; /* somebody's, to work against in nobody's place */
};

static enum err refuse(char why[EAP_USERS_WHY], enum err e, unsigned line, const char *what)
{
	if (line)
		snprintf(why, EAP_USERS_WHY, "Line %u of the users file %s.", line, what);
	else
		snprintf(why, EAP_USERS_WHY, "The users file %s.", what);
	return e;
}

static bool read_password(struct eap_users *u, struct bytes value, struct eap_secret *out)
{
	uint8_t hash[MSCHAP_HASH];
	bool good = value.n && mschap_nt_hash(value, hash);

	(void)u;
	WIPE(hash);
	*out = (struct eap_secret){ EAP_PASSWORD, value };
	return good;
}

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9'                     ? c - '0'
	       : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
							: -1;
}

static bool read_nt(struct eap_users *u, struct bytes value, struct eap_secret *out)
{
	uint8_t *hash;

	if (value.n != 2 * MSCHAP_HASH)
		return false;
	hash = arena_alloc(&u->arena, MSCHAP_HASH);
	for (unsigned i = 0; i < MSCHAP_HASH; i++) {
		int high = digit(value.p[2 * i]), low = digit(value.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		hash[i] = (uint8_t)(high << 4 | low);
	}
	*out = (struct eap_secret){ EAP_NT_HASH, bytes_of(hash, MSCHAP_HASH) };
	return true;
}

/* Its inside is the system's business; "*" and "!" before it are how a password is locked. */
static bool read_crypt(struct eap_users *u, struct bytes value, struct eap_secret *out)
{
	if (value.n < 3 || value.n > CRYPT_MAX || value.p[0] != '$')
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] <= ' ' || value.p[i] > '~' || value.p[i] == ':')
			return false;
	*out = (struct eap_secret){ EAP_SALTED, value };
	if (!u->salted.n)
		u->salted = value;
	return true;
}

/* The kinds of secrets. */
static const struct kind {
	const char *word; /* with its colons */
	bool (*read)(struct eap_users *u, struct bytes value, struct eap_secret *out);
	const char *wrong;
} kinds[] = {
	{ ":password:", read_password, "has an empty or too long password, or one that is not UTF-8" },
	{ ":nt:", read_nt, "has an NT hash that is not of 32 hexadecimal digits" },
	{ ":crypt:", read_crypt,
		"has something after \"crypt:\" that is no string of crypt(3), which begins with $: make one "
		"by "
		"mkpasswd" },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* The kind whose word stands first in LINE, and where. */
static const struct kind *find_kind(struct bytes line, size_t *at)
{
	for (*at = 0; *at < line.n; ++*at)
		for (unsigned k = 0; k < KINDS; k++) {
			size_t n = strlen(kinds[k].word);

			if (n <= line.n - *at && !memcmp(line.p + *at, kinds[k].word, n))
				return &kinds[k];
		}
	return NULL;
}

static bool good_name(struct bytes name)
{
	if (!name.n || name.n > EAP_MAX_NAME || name.p[0] == ' ' || name.p[name.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < ' ' || name.p[i] == 0x7f)
			return false;
	return true;
}

static enum err read_line(struct eap_users *u, struct bytes line, unsigned number, char why[EAP_USERS_WHY])
{
	size_t at;
	const struct kind *kind = find_kind(line, &at);
	struct user *user = &u->users[u->n];

	if (line.n > EAP_USERS_LINE_MAX)
		return refuse(why, ERR_RANGE, number, "is too long");
	if (!kind)
		return refuse(why, ERR_SYNTAX, number,
			"is not of the form NAME:KIND:VALUE, where KIND is password, nt or crypt");
	*user = (struct user){ .name = { line.p, at }, .line = number };
	if (!good_name(user->name))
		return refuse(why, ERR_SYNTAX, number,
			"has no good name: it is empty or too long, or has blanks around it or control "
			"characters");
	at += strlen(kind->word);
	if (!kind->read(u, bytes_of(line.p + at, line.n - at), &user->secret))
		return refuse(why, ERR_SYNTAX, number, kind->wrong);
	u->n++;
	return ERR_OK;
}

/* The line at the beginning of TEXT, without its end; TEXT goes on behind it. */
static struct bytes next_line(struct bytes *text)
{
	const uint8_t *end = memchr(text->p, '\n', text->n);
	struct bytes line = { text->p, end ? (size_t)(end - text->p) : text->n };

	*text = bytes_of(text->p + line.n + !!end, text->n - line.n - !!end);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static int by_name(const void *a, const void *b)
{
	const struct user *x = a, *y = b;
	int order = bytes_cmp(x->name, y->name);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static enum err sort(struct eap_users *u, char why[EAP_USERS_WHY])
{
	char what[64];

	qsort(u->users, u->n, sizeof *u->users, by_name);
	for (size_t i = 1; i < u->n; i++)
		if (bytes_eq(u->users[i - 1].name, u->users[i].name)) {
			snprintf(what, sizeof what, "has the name that line %u has already",
				u->users[i - 1].line);
			return refuse(why, ERR_EXISTS, u->users[i].line, what);
		}
	return ERR_OK;
}

static enum err read_lines(struct eap_users *u, struct bytes text, char why[EAP_USERS_WHY])
{
	for (unsigned number = 1; text.n; number++) {
		struct bytes line = next_line(&text);
		enum err e;

		if (!line.n || line.p[0] == '#')
			continue;
		if (u->n == EAP_USERS_MAX)
			return refuse(why, ERR_RANGE, number, "is one user too many");
		e = read_line(u, line, number, why);
		if (e)
			return e;
	}
	return sort(u, why);
}

static size_t lines_of(struct bytes text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n < EAP_USERS_MAX ? n : EAP_USERS_MAX;
}

enum err eap_users_read(struct bytes text, struct eap_users **out, char why[EAP_USERS_WHY])
{
	struct eap_users *u;
	enum err e;

	if (text.n > EAP_USERS_TEXT_MAX)
		return refuse(why, ERR_RANGE, 0, "is too long");
	u = calloc(1, sizeof *u);
	if (!u)
		return refuse(why, ERR_SYSTEM, 0, "finds no memory");
	text = arena_bytes(&u->arena, text);
	u->users = ARENA_ARRAY(&u->arena, lines_of(text), struct user);
	e = read_lines(u, text, why);
	if (e)
		eap_users_free(u);
	else
		*out = u;
	return e;
}

size_t eap_users_count(const struct eap_users *users)
{
	return users->n;
}

struct eap_secret eap_users_find(const struct eap_users *users, struct bytes name)
{
	size_t low = 0, high = users->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = bytes_cmp(users->users[middle].name, name);

		if (!order)
			return users->users[middle].secret;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return (struct eap_secret){ EAP_NO_SECRET, users->salted };
}

void eap_users_free(struct eap_users *users)
{
	if (!users)
		return;
	arena_free(&users->arena);
	free(users);
}
