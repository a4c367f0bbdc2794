/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/fake_tokens.h"

#include "daemon/engine.h"
#include "pki/paper.h"
#include "tests/unit/pki_maker.h"

#include <sys/socket.h>

struct fake_tokens fake;

int fake_tokens_set_up(void **state)
{
	static const struct options one = { .one = true };
	struct text why = text_in(&fake.arena);

	(void)state;
	fake.world = (struct world){ .options = &one, .base = event_base_new() };
	list_init(&fake.world.answers);
	list_init(&fake.world.look_ups);
	entropy_start(&fake.world.entropy);
	return vault_start(&fake.world, "/nowhere", &why) ? -1 : 0;
}

int fake_tokens_tear_down(void **state)
{
	(void)state;
	entropy_stop(&fake.world.entropy);
	event_base_free(fake.world.base);
	arena_free(&fake.arena);
	return 0;
}

void fake_tokens_tell(struct ipc_channel *far, struct ipc_message m)
{
	assert_int_equal(ipc_tell(far, &m), ERR_OK);
}

static void take_pin(struct ipc_channel *far, const struct ipc_message *m)
{
	const uint8_t mark[IPC_MARK_SIZE] = { fake.marks };

	assert_int_equal(m->secret.use, IPC_USE_PASSPHRASE);
	assert_true(bytes_eq(m->secret.data, bytes_str("1234")));
	if (fake.pins++ < fake.pins_lost)
		ipc_close(far);
	else
		fake_tokens_tell(far, (struct ipc_message){ .kind = IPC_KEPT,
					      .ticket = m->ticket,
					      .kept.mark = bytes_of(mark, sizeof mark) });
}

static void be_tokens(void *ctx, struct ipc_channel *far)
{
	uint8_t room[IPC_MAX];
	const ssize_t n = recv(far->fd, room, sizeof room, MSG_DONTWAIT);
	struct ipc_message m;

	(void)ctx;
	assert_true(n > 0);
	assert_null(ipc_decode(bytes_of(room, (size_t)n), &fake.arena, &m));
	assert_false(fake.hanging);
	if (m.kind == IPC_SECRET)
		take_pin(far, &m);
	if (m.kind == IPC_DROP && m.drop.offer)
		fake.unwanted[m.drop.offer % 4]++;
	else if (m.kind == IPC_DROP)
		fake.dropped = m.drop.handle;
	if (m.kind != IPC_TOKEN && m.kind != IPC_TLS_SIGN)
		return;
	fake.handles[fake.asked++ % 4] = m.token.handle;
	fake.opener = m.kind == IPC_TOKEN ? m.token.opener : 0;
	fake.offer = m.kind == IPC_TOKEN ? m.token.offer : 0;
	fake.hanging = fake.hangs && m.kind == IPC_TOKEN && !strcmp(fake.hangs, m.token.uri);
	if (fake.hanging)
		return;
	if (fake.paper.n)
		fake_tokens_tell(
			far, (struct ipc_message){
				     .kind = IPC_OPENED, .ticket = m.ticket, .opened.paper = fake.paper });
	else
		ipc_close(far);
}

struct vault *fake_tokens_answering(struct bytes with)
{
	struct vault *v = fake.world.vault->tokens;
	struct text why = text_in(&fake.arena);

	fake.paper = with;
	fake.hangs = NULL;
	fake.hanging = false;
	fake.asked = fake.pins = fake.pins_lost = 0;
	fake.marks = 1;
	fake.dropped = 0;
	memset(fake.unwanted, 0, sizeof fake.unwanted);
	assert_int_equal(vault_be_there(v, &why), ERR_OK);
	v->keeper.spec.serve = be_tokens;
	return v;
}

void fake_tokens_end(void)
{
	vault_leave_core(fake.world.vault);
	vault_stop(&fake.world);
}

struct bytes fake_tokens_key(void)
{
	struct key *key = maker_key("P-256", 1, false);
	const struct bundle b = { .key = key };
	struct bytes made = paper_of_bundle(&b, 1000, &fake.arena);

	key_unref(key);
	return made;
}

void fake_tokens_late(struct vault *v)
{
	assert_true(evtimer_pending(v->open.late, NULL));
	fake.hanging = false; /* the next one does not */
	event_active(v->open.late, EV_TIMEOUT, 1);
}
