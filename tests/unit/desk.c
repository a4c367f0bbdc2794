/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One keeper, and who asks it. */
#include "tests/unit/desk.h"

#include "tests/unit/unit.h"

#include "pki/paper.h"
#include "pki/sign.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* An IKE_SA_INIT, a nonce and a MAC, as far as they can be told. */
struct bytes desk_auth_octets(struct arena *arena)
{
	uint8_t *p = arena_alloc(arena, INIT + NONCE + PRF_OUT);

	memset(p, 1, 8);
	p[17] = 0x20;
	p[18] = 34;
	p[27] = INIT;
	return bytes_of(p, INIT + NONCE + PRF_OUT);
}

enum err desk_begin(struct desk *d)
{
	enum err e = talk_begin(&d->talk, d->process, &d->keeper.guard, &d->keeper.ike);

	return e ? e : keeper_start(&d->keeper, d->image);
}

void desk_finish(struct desk *d)
{
	keeper_stop(&d->keeper);
	talk_end(&d->talk);
	d->keeper = (struct keeper){ 0 };
}

int desk_make(void **state, enum ipc_process process)
{
	struct desk *d = calloc(1, sizeof *d);

	d->process = process;
	d->image = image_make();
	d->octets = desk_auth_octets(&d->arena);
	if (desk_begin(d) || id_parse("moon", &d->arena, &d->moon) || id_parse("sun", &d->arena, &d->sun) ||
		id_parse("other", &d->arena, &d->other))
		return -1;
	*state = d;
	return 0;
}

int desk_tear_down(void **state)
{
	struct desk *d = *state;

	desk_finish(d);
	close(d->image);
	arena_free(&d->arena);
	free(d);
	return 0;
}

/* The next message to us at NEAR. */
struct ipc_message desk_heard(struct desk *d, const struct ipc_channel *near)
{
	uint8_t *room = arena_alloc(&d->arena, IPC_MAX);
	ssize_t n = recv(near->fd, room, IPC_MAX, MSG_DONTWAIT);
	struct ipc_message m;

	assert_true(n > 0);
	assert_null(ipc_decode(bytes_of(room, (size_t)n), &d->arena, &m));
	return m;
}

struct ipc_message desk_asked(struct desk *d, struct ipc_channel *near, struct ipc_message *m)
{
	struct ipc_message a;

	m->ticket = 42;
	assert_int_equal(ipc_send(near, m), ERR_OK);
	assert_true(keeper_serve(&d->keeper, near == &d->talk.guard ? &d->keeper.guard : &d->keeper.ike));
	a = desk_heard(d, near);
	assert_true(a.ticket == 42);
	return a;
}

/* What A says of the file. */
struct bundle desk_said(struct desk *d, const struct ipc_message *a)
{
	struct rd r = rd_of(a->opened.paper);
	struct bundle b;
	struct why why;

	assert_int_equal(a->opened.result, ERR_OK);
	assert_int_equal(paper_take(&r, &d->arena, &b, &why), ERR_OK);
	return b;
}

unsigned desk_scheme_of(enum key_type type)
{
	for (unsigned i = 0; i < SCHEMES; i++)
		if (schemes[i].key == type && schemes[i].method == SCHEME_METHOD_SIGNATURE)
			return i;
	fail();
	return 0;
}

struct ipc_message desk_sign(struct desk *d, unsigned scheme, struct bytes octets)
{
	struct ipc_message m = { .kind = IPC_SIGN,
		.sign = { KEY, PRF_HMAC_SHA2_256, (uint8_t)scheme, octets } };

	return desk_asked(d, &d->talk.ike, &m);
}

/* A by the key whose public part is SPKI. */
enum err desk_checked(struct desk *d, struct bytes spki, struct bytes signature)
{
	const struct constraints any = { 0 };
	struct key *key = NULL;
	struct why why;
	enum err e = key_public(spki, &d->arena, &key, &why);

	if (!e)
		e = sign_check(
			key, SCHEME_METHOD_SIGNATURE, signature, d->octets, &any, &d->arena, NULL, &why);
	key_unref(key);
	return e;
}
