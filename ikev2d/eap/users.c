/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorted by name, so that what is said of one stands together and a look-up is a binary search. */
#include "eap/users.h"

#include "base/arena.h"
#include "eap/mschap.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	CRYPT_MAX = 384, /* octets of a crypt(3) string */
	GROUP_MAX = 253, /* and of a group */
};

/* What lines say. */
enum said { SECRET = 1, GROUPS = 2, ADDRESS = 4 };

struct user {
	struct bytes name;
	struct eap_user is;
	unsigned line; /* the last one, */
	unsigned said; /* and what all of them have said */
};

struct eap_users {
	struct arena arena;
	struct bytes text;
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

static bool read_password(struct eap_users *u, struct bytes value, struct eap_user *out)
{
	uint8_t hash[MSCHAP_HASH];
	bool good = value.n && mschap_nt_hash(value, hash);

	(void)u;
	WIPE(hash);
	out->secret = (struct eap_secret){ EAP_PASSWORD, value };
	return good;
}

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9'                     ? c - '0'
	       : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
							: -1;
}

static bool read_nt(struct eap_users *u, struct bytes value, struct eap_user *out)
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
	out->secret = (struct eap_secret){ EAP_NT_HASH, bytes_of(hash, MSCHAP_HASH) };
	return true;
}

/* Its inside is the system's business; "*" and "!" before it are how a password is locked. */
static bool read_crypt(struct eap_users *u, struct bytes value, struct eap_user *out)
{
	if (value.n < 3 || value.n > CRYPT_MAX || value.p[0] != '$')
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] <= ' ' || value.p[i] > '~' || value.p[i] == ':')
			return false;
	out->secret = (struct eap_secret){ EAP_SALTED, value };
	if (!u->salted.n)
		u->salted = value;
	return true;
}

/* What stands in front of the first comma of REST, which goes on behind it. */
static struct bytes next_word(struct bytes *rest)
{
	const uint8_t *end = rest->n ? memchr(rest->p, ',', rest->n) : NULL;
	struct bytes word = { rest->p, end ? (size_t)(end - rest->p) : rest->n };

	*rest = bytes_of(rest->p + word.n + !!end, rest->n - word.n - !!end);
	while (word.n && word.p[0] == ' ')
		word = bytes_of(word.p + 1, word.n - 1);
	while (word.n && word.p[word.n - 1] == ' ')
		word.n--;
	return word;
}

static bool is_plain(struct bytes b, size_t max)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] < ' ' || b.p[i] == 0x7f)
			return false;
	return b.n && b.n <= max;
}

static bool read_groups(struct eap_users *u, struct bytes value, struct eap_user *out)
{
	struct bytes *groups = ARENA_ARRAY(&u->arena, EAP_USERS_GROUPS_MAX, struct bytes);

	out->groups = groups;
	do {
		struct bytes word = next_word(&value);

		if (out->n_groups == EAP_USERS_GROUPS_MAX || !is_plain(word, GROUP_MAX))
			return false;
		groups[out->n_groups++] = word;
	} while (value.n);
	return true;
}

static bool read_address(struct eap_users *u, struct bytes value, struct eap_user *out)
{
	do {
		struct bytes word = next_word(&value);
		struct ip ip, *mine;

		if (ip_parse(arena_text(&u->arena, word), &ip) || ip_is_any(&ip))
			return false;
		mine = ip.v == 4 ? &out->ip : &out->ip6;
		if (mine->v)
			return false;
		*mine = ip;
	} while (value.n);
	return true;
}

/* The kinds of lines. */
static const struct kind {
	const char *word; /* with its colons */
	enum said says;
	bool (*read)(struct eap_users *u, struct bytes value, struct eap_user *out);
	const char *wrong;
} kinds[] = {
	{ ":password:", SECRET, read_password,
		"has an empty or too long password, or one that is not UTF-8" },
	{ ":nt:", SECRET, read_nt, "has an NT hash that is not of 32 hexadecimal digits" },
	{ ":crypt:", SECRET, read_crypt,
		"has something after \"crypt:\" that is no string of crypt(3), which begins with $: make one "
		"by mkpasswd" },
	{ ":groups:", GROUPS, read_groups,
		"has an empty or too long group, or too many: write them with commas in between" },
	{ ":address:", ADDRESS, read_address,
		"has something after \"address:\" that is not one IPv4 address, one IPv6 address, or both "
		"with "
		"a comma in between" },
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
	return is_plain(name, EAP_MAX_NAME) && name.p[0] != ' ' && name.p[name.n - 1] != ' ';
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
			"is not of the form NAME:KIND:VALUE, where KIND is password, nt, crypt, groups or "
			"address");
	*user = (struct user){ .name = { line.p, at }, .line = number, .said = kind->says };
	if (!good_name(user->name))
		return refuse(why, ERR_SYNTAX, number,
			"has no good name: it is empty or too long, or has blanks around it or control "
			"characters");
	at += strlen(kind->word);
	if (!kind->read(u, bytes_of(line.p + at, line.n - at), &user->is))
		return refuse(why, ERR_SYNTAX, number, kind->wrong);
	if (kind->says == SECRET)
		user->is.line = number;
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

static const char *name_of(enum said s)
{
	return s == SECRET ? "secret" : s == GROUPS ? "groups" : "address";
}

/* What B says of him as well. */
static void add(struct user *a, const struct user *b)
{
	a->said |= b->said;
	a->line = b->line;
	if (b->said == SECRET) {
		a->is.secret = b->is.secret;
		a->is.line = b->is.line;
	} else if (b->said == GROUPS) {
		a->is.groups = b->is.groups;
		a->is.n_groups = b->is.n_groups;
	} else {
		a->is.ip = b->is.ip;
		a->is.ip6 = b->is.ip6;
	}
}

/* All lines of one user become one. */
static enum err join(struct eap_users *u, char why[EAP_USERS_WHY])
{
	size_t n = 0;

	qsort(u->users, u->n, sizeof *u->users, by_name);
	for (size_t i = 0; i < u->n; i++) {
		struct user *last = n ? &u->users[n - 1] : NULL, *next = &u->users[i];

		if (!last || !bytes_eq(last->name, next->name)) {
			u->users[n++] = *next;
		} else if (last->said & next->said) {
			char what[96];

			snprintf(what, sizeof what, "has a name of which a line before has the %s already",
				name_of(next->said));
			return refuse(why, ERR_EXISTS, next->line, what);
		} else {
			add(last, next);
		}
	}
	u->n = n;
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
			return refuse(why, ERR_RANGE, number, "is one too many");
		e = read_line(u, line, number, why);
		if (e)
			return e;
	}
	return join(u, why);
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
	u->text = text = arena_bytes(&u->arena, text);
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

struct bytes eap_users_text(const struct eap_users *users)
{
	return users->text;
}

static struct eap_user without_secret(const struct eap_users *u, struct eap_user is)
{
	is.secret = (struct eap_secret){ EAP_NO_SECRET, u->salted };
	return is;
}

struct eap_user eap_users_find(const struct eap_users *users, struct bytes name)
{
	size_t low = 0, high = users->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct user *u = &users->users[middle];
		int order = bytes_cmp(u->name, name);

		if (!order)
			return u->said & SECRET ? u->is : without_secret(users, u->is);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return without_secret(users, (struct eap_user){ 0 });
}

void eap_users_free(struct eap_users *users)
{
	if (!users)
		return;
	arena_free(&users->arena);
	free(users);
}

bool eap_users_next(struct bytes *text, struct eap_users_line *out)
{
	const uint8_t *from = text->p;
	struct bytes line;
	const struct kind *kind;
	size_t at;

	if (!text->n)
		return false;
	line = next_line(text);
	kind = line.n && line.p[0] != '#' ? find_kind(line, &at) : NULL;
	*out = (struct eap_users_line){ .whole = { from, (size_t)(text->p - from) } };
	if (kind) {
		out->name = bytes_of(line.p, at);
		out->secret = kind->says == SECRET;
	}
	return true;
}

bool eap_users_print(struct bytes name, struct bytes password, bool clear, struct text *out)
{
	uint8_t hash[MSCHAP_HASH];
	bool good = password.n && mschap_nt_hash(password, hash);

	if (good) {
		text_put(out, name.p, name.n);
		text_add(out, clear ? ":password:" : ":nt:");
		if (clear)
			text_put(out, password.p, password.n);
		for (unsigned i = 0; !clear && i < MSCHAP_HASH; i++)
			text_add(out, "%02x", hash[i]);
		text_add(out, "\n");
	}
	WIPE(hash);
	return good;
}
