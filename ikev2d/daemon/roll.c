/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/roll.h"

#include <stdio.h>
#include <stdlib.h>

static void forget_text(struct roll *r)
{
	if (r->text)
		wipe(r->text, r->total);
	free(r->text);
	r->text = NULL;
	r->n = r->total = 0;
}

static void forget_place(struct roll_place *p, struct image *i)
{
	for (unsigned k = 0; k < p->n; k++)
		image_forget(i, p->at[k]);
	p->n = 0;
}

static enum err begin(struct roll *r, size_t total)
{
	forget_text(r);
	r->text = malloc(total + 1);
	r->total = total;
	return r->text ? ERR_OK : ERR_SYSTEM;
}

/* *WHOLE: it is all there. */
static enum err append(struct roll *r, const struct ipc_users *part, bool *whole)
{
	enum err e = part->at ? ERR_OK : begin(r, part->total);

	if (e)
		return e;
	if (!r->text || part->at != r->n || part->total != r->total)
		return ERR_MISSING;
	if (part->text.n)
		memcpy(r->text + r->n, part->text.p, part->text.n);
	r->n += part->text.n;
	*whole = r->n == r->total;
	return ERR_OK;
}

static enum err read_text(struct roll *r, struct eap_users **out, char why[EAP_USERS_WHY])
{
	enum err e = eap_users_read(bytes_of(r->text, r->n), out, why);

	forget_text(r);
	return e;
}

static enum err write_part(struct bytes text, uint32_t at, struct image *i, struct roll_place *to)
{
	const struct ipc_message m = { .kind = IPC_USERS, .users = ipc_users_part(text, at) };
	struct arena arena = { 0 };
	struct wr w = wr_of(arena_alloc(&arena, IPC_MAX), IPC_MAX);
	enum err e = ipc_encode(&w, &m) ? image_add(i, wr_done(&w), &to->at[to->n]) : ERR_RANGE;

	to->n += !e;
	arena_free(&arena);
	return e;
}

static enum err write_users(const struct eap_users *users, struct image *i, struct roll_place *to)
{
	struct bytes text = eap_users_text(users);
	uint32_t at = 0;
	enum err e;

	to->n = 0;
	do {
		e = image_full(i) ? ERR_RANGE : write_part(text, at, i, to);
		at += IPC_DATA_MAX;
	} while (!e && at < text.n);
	if (e)
		forget_place(to, i);
	return e;
}

/* USERS, which stand at PLACE, are those that count. */
static void replace(struct roll *r, struct image *i, struct eap_users *users, const struct roll_place *place)
{
	forget_place(&r->place, i);
	eap_users_free(r->users);
	r->users = users;
	r->place = *place;
}

enum err roll_take(struct roll *r, struct image *i, const struct ipc_users *part, char why[EAP_USERS_WHY])
{
	struct roll_place place;
	struct eap_users *users;
	bool whole = false;
	enum err e = append(r, part, &whole);

	*why = 0;
	if (!e && !whole)
		return ERR_OK;
	if (!e)
		e = read_text(r, &users, why);
	if (e)
		return e;
	e = write_users(users, i, &place);
	if (!e) {
		replace(r, i, users, &place);
		return ERR_OK;
	}
	snprintf(why, EAP_USERS_WHY, "There is no memory to keep the users file in.");
	eap_users_free(users);
	return e;
}

enum err roll_remember(struct roll *r, struct image *i, const struct ipc_users *part, uint64_t at)
{
	char why[EAP_USERS_WHY];
	struct eap_users *users;
	bool whole = false;
	enum err e;

	if (!part->at)
		forget_place(&r->next, i);
	e = append(r, part, &whole);
	if (!e && r->next.n == ROLL_PARTS_MAX)
		e = ERR_RANGE;
	if (e)
		return e;
	r->next.at[r->next.n++] = at;
	if (whole)
		e = read_text(r, &users, why);
	if (!e && whole) {
		replace(r, i, users, &r->next);
		r->next.n = 0;
	}
	return e;
}

/* Who wrote it ended before the last part. */
void roll_remembered(struct roll *r, struct image *i)
{
	forget_place(&r->next, i);
	forget_text(r);
}

enum err roll_write(struct roll *r, struct image *i)
{
	return r->users ? write_users(r->users, i, &r->place) : ERR_OK;
}

static bool is_there(const struct eap_user *u)
{
	return u->secret.kind != EAP_NO_SECRET || u->n_groups || u->ip.v || u->ip6.v;
}

struct eap_user roll_find(const struct roll *r, struct bytes name)
{
	const uint8_t *domain = name.n ? memrchr(name.p, '\\', name.n) : NULL;
	struct eap_user found = { 0 };

	if (!r->users)
		return found;
	found = eap_users_find(r->users, name);
	if (!domain || is_there(&found))
		return found;
	return eap_users_find(r->users, bytes_of(domain + 1, (size_t)(name.p + name.n - domain - 1)));
}

void roll_end(struct roll *r)
{
	forget_text(r);
	eap_users_free(r->users);
	*r = (struct roll){ 0 };
}
