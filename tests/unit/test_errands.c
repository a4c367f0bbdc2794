/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guard has tokens asked for while everything else goes on. */
#include "tests/unit/fake_tokens.h"

#include <unistd.h>

/* What is known then; in on_ran, for once. */
static void (*then)(void);

static void on_ran(void *ctx, bool given_up)
{
	*(bool *)ctx = true;
	assert_false(given_up);
	if (then)
		then();
	then = NULL;
}

static void run(struct errand *e, bool *ran)
{
	*ran = false;
	errand_run(e, on_ran, ran);
}

static void until_it_ran(const bool *ran)
{
	while (!*ran)
		event_base_loop(fake.world.base, EVLOOP_ONCE);
}

/* An errand for K alone, from its beginning to its end. */
static void fetch(struct key_conf *k)
{
	struct errand *e = errand_new(fake.world.vault);
	bool ran;

	errand_want(e, k->uri, k);
	run(e, &ran);
	until_it_ran(&ran);
}

static enum err said(const char *uri, struct why *why)
{
	const struct key_conf k = { .uri = uri };
	struct bundle b;
	enum err e = vault_fetch(fake.world.vault, uri, &k, &fake.arena, &b, why);

	bundle_free(&b);
	return e;
}

static const char *const uris[] = { "file:/a", "file:/hangs", "file:/b", "file:/c" };

static void all_but_one_are_had(void)
{
	struct why why = { 0 };

	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(said(uris[i], &why), i == 1 ? ERR_BUSY : ERR_OK);
	assert_int_equal(said(uris[1], &why), ERR_BUSY);
	assert_non_null(strstr(why.what, "a token that hangs"));
	assert_int_equal(fake.asked, 5);
}

/* Guard serves everybody else meanwhile; and each of the other keys is asked for, once. What hangs
 * is asked for twice: tokens may hang over what somebody else wanted. */
static void a_token_that_hangs_keeps_nobody_waiting_and_takes_no_key_with_it(void **state)
{
	struct errand *e;
	struct vault *v;
	bool ran;

	(void)state;
	v = fake_tokens_answering(fake_tokens_key());
	fake.hangs = uris[1];
	e = errand_new(fake.world.vault);
	for (unsigned i = 0; i < 4; i++)
		errand_want(e, uris[i], &(struct key_conf){ .uri = uris[i] });
	run(e, &ran);
	for (unsigned i = 0; i < 5; i++)
		event_base_loop(fake.world.base, EVLOOP_NONBLOCK);
	assert_false(ran);
	assert_int_equal(fake.asked, 2);
	fake_tokens_late(v);
	while (fake.asked < 3)
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	fake_tokens_late(v);
	then = all_but_one_are_had;
	until_it_ran(&ran);
	assert_int_equal(fake.asked, 5);
	assert_true(list_empty(&v->known)); /* nothing of it is in force */
	fake_tokens_end();
}

static struct key_conf key_with_pin(void)
{
	struct key_conf k = { .uri = "file:/nowhere" };

	k.secret = arena_bytes(&fake.arena, bytes_str("1234"));
	return k;
}

static void a_pin_is_handed_over_before_its_key_is_asked_for(void **state)
{
	struct key_conf k = key_with_pin();
	const struct bytes octets = k.secret;
	struct errand *e;
	bool ran;

	(void)state;
	(void)fake_tokens_answering(fake_tokens_key());
	e = errand_new(fake.world.vault);
	errand_want(e, k.uri, &k);
	assert_int_equal(k.secret.n, 0);
	assert_false(memchr(octets.p, '1', octets.n));
	run(e, &ran);
	until_it_ran(&ran);
	assert_int_equal(fake.pins, 1);
	assert_int_equal(fake.asked, 1);
	assert_int_equal(fake.opener, k.kept->handle);
	assert_int_equal(k.kept->mark[0], 1);
	kept_unref(k.kept);
	fake_tokens_end();
}

/* Two sections say the same: the card counts one try. */
static void a_pin_that_is_there_twice_is_tried_once(void **state)
{
	struct key_conf k[] = { key_with_pin(), key_with_pin() };
	const struct bytes octets = k[1].secret;
	struct errand *e;
	bool ran;

	(void)state;
	(void)fake_tokens_answering(bytes_str("nonsense"));
	e = errand_new(fake.world.vault);
	errand_want(e, k[0].uri, &k[0]);
	errand_want(e, k[1].uri, &k[1]);
	assert_false(memchr(octets.p, '1', octets.n));
	assert_int_equal(k[1].secret.n, 0);
	run(e, &ran);
	until_it_ran(&ran);
	assert_int_equal(fake.pins, 1);
	assert_int_equal(fake.asked, 1);
	assert_ptr_equal(k[0].kept, k[1].kept);
	kept_unref(k[0].kept);
	kept_unref(k[1].kept);
	fake_tokens_end();
}

/* It may have kept the key, and a copy of the PIN, before it was lost. */
static void a_key_that_tokens_was_lost_over_is_forgotten_by_the_next(void **state)
{
	struct errand *e;
	bool ran;

	(void)state;
	(void)fake_tokens_answering((struct bytes){ 0 });
	e = errand_new(fake.world.vault);
	errand_want(e, "file:/a", &(struct key_conf){ .uri = "file:/a" });
	run(e, &ran);
	while (fake.asked < 2)
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	assert_int_not_equal(fake.handles[0], fake.handles[1]);
	assert_int_equal(fake.dropped, fake.handles[0]);
	until_it_ran(&ran);
	fake_tokens_end();
}

/* One that has taken it ends before it says so: the next one does not know it. */
static void a_pin_is_handed_over_again_where_tokens_was_lost(void **state)
{
	struct key_conf k = key_with_pin();

	(void)state;
	(void)fake_tokens_answering(fake_tokens_key());
	fake.pins_lost = 1;
	fetch(&k);
	assert_int_equal(fake.pins, 2);
	assert_int_equal(fake.asked, 1);
	kept_unref(k.kept);
	fake_tokens_end();
}

/* A card is locked after a few wrong PINs. */
static void a_pin_that_may_have_been_tried_is_not_tried_again(void **state)
{
	struct key_conf k = key_with_pin();

	(void)state;
	(void)fake_tokens_answering((struct bytes){ 0 });
	fetch(&k);
	assert_int_equal(fake.asked, 1);
	kept_unref(k.kept);
	fake_tokens_end();
}

/* Nor one that is not taken without end. */
static void a_pin_is_handed_over_twice_at_most(void **state)
{
	struct key_conf k = key_with_pin();

	(void)state;
	(void)fake_tokens_answering(fake_tokens_key());
	fake.pins_lost = 100;
	fetch(&k);
	assert_int_equal(fake.pins, 2);
	assert_int_equal(fake.asked, 0);
	kept_unref(k.kept);
	fake_tokens_end();
}

static void the_first_is_had(void)
{
	struct why why = { 0 };

	assert_int_equal(said("file:/a", &why), ERR_OK);
	assert_int_equal(fake.asked, 3);
}

/* A folder changes, or a client loads something, before all is answered: nothing is asked for twice. */
static void what_is_read_meanwhile_takes_nothing_of_an_errand(void **state)
{
	struct text wrong = text_in(&fake.arena), notes = text_in(&fake.arena);
	struct errand *e;
	struct vault *v;
	bool ran;

	(void)state;
	v = fake_tokens_answering(fake_tokens_key());
	config_start(&fake.world.config, fake.world.vault);
	fake.hangs = "file:/hangs";
	e = errand_new(fake.world.vault);
	errand_want(e, "file:/a", &(struct key_conf){ .uri = "file:/a" });
	errand_want(e, fake.hangs, &(struct key_conf){ .uri = fake.hangs });
	run(e, &ran);
	while (fake.asked < 2)
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	assert_int_equal(config_read_creds(&fake.world.config, &wrong, &notes), ERR_OK);
	vault_end_use(fake.world.vault, false);
	fake.hangs = NULL;
	fake_tokens_late(v);
	then = the_first_is_had;
	until_it_ran(&ran);
	assert_int_equal(fake.asked, 3);
	config_stop(&fake.world.config);
	fake_tokens_end();
}

struct offered {
	unsigned told;
	enum err e;
	bool key;
};

static void on_said(void *ctx, const struct said *s)
{
	struct offered *o = ctx;

	o->told++;
	o->e = s->e;
	o->key = s->bundle.key;
}

/* A client's key is its own, and not what is at that URI for the file. */
static void a_key_with_an_offered_pin_is_told_and_not_remembered(void **state)
{
	static const uint8_t number[8] = { [7] = 9 };
	struct offered o = { 0 };
	struct errand *e;
	struct vault *v;
	bool ran;

	(void)state;
	v = fake_tokens_answering(fake_tokens_key());
	e = errand_new(fake.world.vault);
	errand_want_offered(e, "file:/a", bytes_of(number, sizeof number), on_said, &o);
	run(e, &ran);
	until_it_ran(&ran);
	assert_int_equal(o.told, 1);
	assert_true(o.key);
	assert_int_equal(fake.offer, 9);
	assert_true(list_empty(&v->known));
	fake_tokens_end();
}

/* Nor is that PIN tried twice; and what is no number is none of ctl's. It may lie there still, unread: the next tokens is told
 * that nobody wants it. */
static void an_offered_pin_that_may_have_been_tried_is_not_tried_again(void **state)
{
	static const uint8_t number[8] = { [7] = 9 };

	(void)state;
	(void)fake_tokens_answering((struct bytes){ 0 });
	for (unsigned i = 0; i < 2; i++) {
		struct errand *e = errand_new(fake.world.vault);
		struct offered o = { 0 };
		bool ran;

		fake.asked = 0;
		errand_want_offered(e, "file:/a", bytes_of(number, i ? 3 : sizeof number), on_said, &o);
		run(e, &ran);
		until_it_ran(&ran);
		assert_int_equal(fake.asked, 1);
		assert_int_equal(o.told, 1);
		assert_int_equal(o.e, ERR_BUSY);
		assert_false(o.key);
	}
	assert_int_not_equal(fake.offer, 0);
	while (!fake.unwanted[9 % 4])
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	fake_tokens_end();
}

static void what_hung_is_had(void)
{
	struct why why = { 0 };

	assert_int_equal(said("file:/hangs", &why), ERR_OK);
	vault_started(fake.world.vault);
	assert_int_equal(said("file:/b", &why), ERR_BUSY); /* that is the other's */
	assert_non_null(strstr(why.what, "was not asked for it"));
}

/* They are run one after the other, each to its end, and each knows what it was told itself. */
static void what_came_first_is_done_first(void **state)
{
	struct errand *e[2];
	struct vault *v;
	bool ran[2];

	(void)state;
	v = fake_tokens_answering(fake_tokens_key());
	fake.hangs = "file:/hangs";
	for (unsigned i = 0; i < 2; i++) {
		e[i] = errand_new(fake.world.vault);
		errand_want(e[i], i ? "file:/b" : fake.hangs,
			&(struct key_conf){ .uri = i ? "file:/b" : fake.hangs });
		run(e[i], &ran[i]);
	}
	event_base_loop(fake.world.base, EVLOOP_NONBLOCK);
	assert_int_equal(fake.asked, 1);
	assert_false(ran[1]);
	fake.hangs = NULL;
	fake_tokens_late(v);
	then = what_hung_is_had;
	until_it_ran(&ran[0]);
	assert_null(then);
	assert_false(ran[1]);
	until_it_ran(&ran[1]);
	assert_int_equal(fake.asked, 3);
	fake_tokens_end();
}

static void an_errand_that_wants_nothing_is_done_at_once(void **state)
{
	bool ran;

	(void)state;
	run(errand_new(fake.world.vault), &ran);
	assert_true(ran);
	assert_null(fake.world.vault->tokens->keeper.base); /* tokens is not needed for it */
	fake_tokens_end();
}

/* What has nothing to do with tokens does not wait behind what hangs. */
static void an_errand_that_wants_nothing_waits_for_no_other(void **state)
{
	struct errand *e;
	bool hung, ran;

	(void)state;
	(void)fake_tokens_answering(fake_tokens_key());
	fake.hangs = "file:/hangs";
	e = errand_new(fake.world.vault);
	errand_want(e, fake.hangs, NULL);
	run(e, &hung);
	run(errand_new(fake.world.vault), &ran);
	assert_true(ran);
	assert_false(hung);
	errand_leave(e);
	fake_tokens_end();
}

static void nobody_is_told(void *ctx, bool given_up)
{
	(void)ctx;
	(void)given_up;
	fail_msg("an errand that was left is told");
}

static void nobody_hears(void *ctx, const struct said *s)
{
	(void)s;
	nobody_is_told(ctx, false);
}

static void its_key_is_forgotten(void)
{
	assert_int_equal(fake.dropped, fake.handles[0]);
}

/* What was asked already is answered, and nobody gets it, nor is it kept; what was not is not asked
 * any more, and the next one has its turn. */
static void nothing_is_asked_for_whom_nobody_waits_for(void **state)
{
	struct errand *e[3];
	struct vault *v;
	bool ran;

	(void)state;
	v = fake_tokens_answering(fake_tokens_key());
	for (unsigned i = 0; i < 2; i++) {
		e[i] = errand_new(fake.world.vault);
		errand_want_offered(e[i], "file:/a", (struct bytes){ 0 }, nobody_hears, NULL);
		errand_want(e[i], "file:/b", NULL);
		errand_run(e[i], nobody_is_told, NULL); /* the first has its answer, which was not heard */
	}
	e[2] = errand_new(fake.world.vault);
	errand_want(e[2], "file:/c", &(struct key_conf){ .uri = "file:/c" });
	run(e[2], &ran);
	assert_int_equal(fake.asked, 1);
	errand_leave(e[1]);
	errand_leave(e[0]);
	then = its_key_is_forgotten;
	until_it_ran(&ran);
	assert_int_equal(fake.asked, 2);
	assert_true(list_empty(&v->known) && list_empty(&v->errands));
	fake_tokens_end();
}

/* The PIN that ctl has offered does not stay where it lies: of whom nobody waits for, and of whom was never
 * asked for at all. What was asked has taken it. */
static void an_offered_pin_that_is_not_asked_for_is_dropped(void **state)
{
	struct offered o = { 0 };
	struct errand *e[3];
	struct vault *v;
	bool ran;

	(void)state;
	v = fake_tokens_answering(fake_tokens_key());
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t number[8] = { [7] = (uint8_t)(i + 1) };

		e[i] = errand_new(fake.world.vault);
		errand_want_offered(
			e[i], "file:/a", bytes_of(number, sizeof number), i ? nobody_hears : on_said, &o);
	}
	run(e[0], &ran);
	errand_run(e[1], nobody_is_told, NULL);
	errand_leave(e[1]);
	errand_drop(e[2]);
	until_it_ran(&ran);
	while (!list_empty(&v->errands) || !fake.unwanted[3])
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	assert_int_equal(fake.unwanted[1], 0);
	assert_int_equal(fake.unwanted[2], 1);
	assert_int_equal(fake.unwanted[3], 1);
	fake_tokens_end();
}

/* A card that hangs is not tried once more for nobody. */
static void what_hangs_is_asked_once_for_whom_nobody_waits_for(void **state)
{
	struct errand *e;
	struct vault *v;

	(void)state;
	v = fake_tokens_answering(fake_tokens_key());
	fake.hangs = "file:/hangs";
	e = errand_new(fake.world.vault);
	errand_want(e, fake.hangs, NULL);
	errand_run(e, nobody_is_told, NULL);
	assert_int_equal(fake.asked, 1);
	errand_leave(e);
	fake_tokens_late(v);
	while (!list_empty(&v->errands))
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	assert_int_equal(fake.asked, 1);
	fake_tokens_end();
}

static void on_given_up(void *ctx, bool given_up)
{
	*(bool *)ctx = given_up;
}

/* And what it says after all is no breach of the rules. */
static void an_errand_is_given_up_when_the_daemon_stops(void **state)
{
	struct errand *e;
	struct vault *v;
	bool given_up = false;
	int fd;

	(void)state;
	v = fake_tokens_answering(fake_tokens_key());
	e = errand_new(fake.world.vault);
	errand_want(e, "file:/a", &(struct key_conf){ .uri = "file:/a" });
	errand_run(e, on_given_up, &given_up); /* it has answered, and was not heard */
	assert_int_equal(fake.asked, 1);
	errands_give_up(fake.world.vault);
	assert_true(given_up);
	fd = v->keeper.near[0].fd;
	event_base_loop(fake.world.base, EVLOOP_NONBLOCK);
	assert_false(v->keeper.was_lost);
	assert_int_equal(v->keeper.near[0].fd, fd);
	fake_tokens_end();
}

static void nothing_can_be_asked_for(void)
{
	struct why why = { 0 };

	assert_int_equal(said("file:/b", &why), ERR_BUSY);
	assert_non_null(strstr(why.what, "the memory of secrets cannot be used"));
}

/* What it cannot be asked is said, as is why; nobody waits for it. */
static void tokens_that_cannot_be_started_is_told(void **state)
{
	struct errand *e;
	bool ran;

	(void)state;
	close(fake.world.vault->tokens->image);
	fake.world.vault->tokens->image = -1;
	e = errand_new(fake.world.vault);
	errand_want(e, "file:/a", &(struct key_conf){ .uri = "file:/a" });
	errand_want(e, "file:/b", &(struct key_conf){ .uri = "file:/b" });
	then = nothing_can_be_asked_for;
	run(e, &ran);
	assert_true(ran);
	assert_null(then);
	fake_tokens_end();
}

/* Who wants something of it later does not wait that time once more. */
static void tokens_that_does_not_start_is_waited_for_once(void **state)
{
	struct errand *e;
	struct vault *v;
	bool ran[3];

	(void)state;
	v = fake_tokens_answering(fake_tokens_key());
	v->keeper.near[0].phase = IPC_STARTING;
	for (unsigned i = 0; i < 3; i++) {
		e = errand_new(fake.world.vault);
		errand_want(e, "file:/a", NULL);
		errand_want(e, "file:/b", NULL);
		run(e, &ran[i]);
		assert_false(ran[i]);
	}
	assert_true(evtimer_pending(v->open.late, NULL));
	event_active(v->open.late, EV_TIMEOUT, 1);
	event_base_loop(fake.world.base, EVLOOP_ONCE);
	for (unsigned i = 0; i < 3; i++)
		assert_true(ran[i]);
	assert_int_equal(fake.asked, 0);
	v->keeper.near[0].phase = IPC_SERVING;
	fake_tokens_end();
}

int main(void)
{
#define VAULT(f) cmocka_unit_test_setup_teardown(f, fake_tokens_set_up, fake_tokens_tear_down)
	const struct CMUnitTest tests[] = {
		VAULT(a_token_that_hangs_keeps_nobody_waiting_and_takes_no_key_with_it),
		VAULT(a_pin_is_handed_over_before_its_key_is_asked_for),
		VAULT(a_pin_that_is_there_twice_is_tried_once),
		VAULT(a_key_that_tokens_was_lost_over_is_forgotten_by_the_next),
		VAULT(a_pin_is_handed_over_again_where_tokens_was_lost),
		VAULT(a_pin_that_may_have_been_tried_is_not_tried_again),
		VAULT(a_pin_is_handed_over_twice_at_most),
		VAULT(what_is_read_meanwhile_takes_nothing_of_an_errand),
		VAULT(a_key_with_an_offered_pin_is_told_and_not_remembered),
		VAULT(an_offered_pin_that_may_have_been_tried_is_not_tried_again),
		VAULT(what_came_first_is_done_first),
		VAULT(an_errand_that_wants_nothing_is_done_at_once),
		VAULT(an_errand_that_wants_nothing_waits_for_no_other),
		VAULT(nothing_is_asked_for_whom_nobody_waits_for),
		VAULT(an_offered_pin_that_is_not_asked_for_is_dropped),
		VAULT(what_hangs_is_asked_once_for_whom_nobody_waits_for),
		VAULT(an_errand_is_given_up_when_the_daemon_stops),
		VAULT(tokens_that_cannot_be_started_is_told),
		VAULT(tokens_that_does_not_start_is_waited_for_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
