/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TFC padding (RFC 7296, 1.3.1): as configured, where the peer takes it. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

/* "net" is up, and moon has asked for "lan". */
static struct pair *ask_for_lan(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	host_up(p->moon, "lan", 2);
	return p;
}

static struct pair *ask(void **state)
{
	return ask_for_lan(state, LAN_MOON("tfc_padding = 512"), LAN_SUN("tfc_padding = mtu"));
}

/* Who sends the message in the air takes no padding. */
static void decline(struct pair *p)
{
	struct flight *f = lab_first(p->lab);
	struct arena arena = { 0 };
	struct message m;

	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	message_add_notify(&m, &arena, ESP_TFC_PADDING_NOT_SUPPORTED, (struct bytes){ 0 });
	forge_change(f, &m);
	arena_free(&arena);
}

static void assert_padded(struct host *h, uint32_t size)
{
	const struct dp_sa *in, *out;

	(void)host_installed(h, "lan", &in, &out);
	assert_int_equal(out->spec.tfc_padding, size);
	assert_int_equal(in->spec.tfc_padding, 0);
}

static bool said_so(const struct host *h)
{
	return host_said(h, "the peer takes no padding: CHILD_SA lan");
}

static void as_configured(void **state)
{
	struct pair *p = ask(state);

	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_padded(p->moon, 512);
	assert_padded(p->sun, TFC_MTU);
	assert_false(said_so(p->moon) || said_so(p->sun));
}

static void the_responder_takes_none(void **state)
{
	struct pair *p = ask(state);

	lab_deliver(p->lab, lab_first(p->lab));
	decline(p);
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_padded(p->moon, 0);
	assert_padded(p->sun, TFC_MTU);
	assert_true(said_so(p->moon));
}

/* Until the next negotiation, where it does. */
static void the_initiator_takes_none(void **state)
{
	struct pair *p = ask(state);

	decline(p);
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_padded(p->moon, 512);
	assert_padded(p->sun, 0);
	assert_true(said_so(p->sun));
	host_rekey(p->moon, "lan");
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_padded(p->sun, TFC_MTU);
}

/* Only the header of a packet inside says where the packet ends (RFC 4303, 2.7). */
static void in_tunnels_only(void **state)
{
	static const char lines[] = CONN("children { lan { local_ts = dynamic\n remote_ts = dynamic\n "
					 "mode = transport\n tfc_padding = 512\n } }");
	struct pair *p = ask_for_lan(state, lines, lines);

	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_padded(p->moon, 0);
	assert_padded(p->sun, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(as_configured),
		PAIR_TEST(the_responder_takes_none),
		PAIR_TEST(the_initiator_takes_none),
		PAIR_TEST(in_tunnels_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
