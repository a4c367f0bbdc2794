/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moon and sun. */
#include "tests/pair/pair.h"

#include <stdlib.h>

#define SITE(local, remote, local_ts, remote_ts)                                                             \
	"connections {\n"                                                                                    \
	"  site {\n"                                                                                         \
	"    local_addrs = " local "\n"                                                                      \
	"    remote_addrs = " remote "\n"                                                                    \
	"    proposals = aes128gcm16-prfsha256-x25519\n    rekey_time = 0\n    dpd_delay = 0\n    "          \
	"childless = never\n    unique = never\n"                                                            \
	"    local {\n"                                                                                      \
	"      auth = psk\n"                                                                                 \
	"    }\n"                                                                                            \
	"    remote {\n"                                                                                     \
	"      auth = psk\n"                                                                                 \
	"    }\n"                                                                                            \
	"    children {\n"                                                                                   \
	"      net {\n"                                                                                      \
	"        local_ts = " local_ts "\n"                                                                  \
	"        remote_ts = " remote_ts "\n"                                                                \
	"        esp_proposals = aes128gcm16\n        rekey_time = 0\n"                                      \
	"      }\n"                                                                                          \
	"    }\n"                                                                                            \
	"  }\n"                                                                                              \
	"}\n"                                                                                                \
	"secrets { ike-site { secret = moonlight } }\n"                                                      \
	"daemon { udp_encap = no\n retransmit_jitter = 0 }\n"

const char pair_moon[] = SITE("192.0.2.1", "192.0.2.2", "10.1.0.0/16", "10.2.0.0/16");
const char pair_sun[] = SITE("192.0.2.2", "192.0.2.1", "10.2.0.0/16", "10.1.0.0/16");

enum { LATER = 200 * 1000 /* ms: longer than anything waits by itself */ };

/* A pair and the texts that it was made of. */
struct fixture {
	struct pair pair;
	struct arena arena;
};

static struct fixture *fixture(void **state)
{
	if (!*state)
		*state = calloc(1, sizeof(struct fixture));
	return *state;
}

const char *pair_text(void **state, const char *base, const char *more)
{
	return arena_printf(&fixture(state)->arena, "%s%s", base, more ? more : "");
}

struct pair *pair_open_conf(void **state, const char *moon, const char *sun)
{
	struct pair *p = &fixture(state)->pair;

	p->lab = lab_new(1);
	p->moon = lab_host(p->lab, "moon", "192.0.2.1", moon);
	p->sun = lab_host(p->lab, "sun", "192.0.2.2", sun);
	return p;
}

struct pair *pair_open(void **state, const char *moon, const char *sun)
{
	return pair_open_conf(state, pair_text(state, pair_moon, moon), pair_text(state, pair_sun, sun));
}

int pair_close(void **state)
{
	struct fixture *f = fixture(state);
	const char *misuse = NULL;

	if (f->pair.lab) {
		misuse = f->pair.moon->datapath.misuse ? f->pair.moon->datapath.misuse
						       : f->pair.sun->datapath.misuse;
		lab_free(f->pair.lab);
	}
	arena_free(&f->arena);
	free(f);
	*state = NULL;
	if (misuse)
		print_error("%s\n", misuse);
	return misuse ? -1 : 0;
}

void pair_say_up(struct pair *p, uint32_t ticket)
{
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_UP, .ticket = ticket, .ike = "site" });
}

void pair_up(struct pair *p)
{
	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	/* clang-format on */
	SILENCE(p->lab);
	pair_assert_up(p);
}

static void assert_one(const struct host *h)
{
	const struct policy_spec *policy = datapath_policy(&h->datapath, false);
	struct ike_load load = ike_load(h->ike);

	assert_int_equal(load.sas, 1);
	assert_int_equal(load.half_open, 0);
	assert_int_equal(load.children, 1);
	assert_int_equal(datapath_sas(&h->datapath), 2);
	assert_int_equal(datapath_policies(&h->datapath, false), 1);
	assert_int_equal(
		datapath_selected(&h->datapath, policy->id), datapath_sa(&h->datapath, false, 0)->child);
	assert_non_null(host_told(h, TELL_SA_UP));
	assert_non_null(host_told(h, TELL_CHILD_UP));
}

void pair_assert_up(struct pair *p)
{
	const char *why = NULL;

	assert_one(p->moon);
	assert_one(p->sun);
	datapath_mirrors(&p->moon->datapath, &p->sun->datapath, &why);
	assert_null(why);
}

static void assert_nothing(const struct host *h)
{
	const struct ike *ike = h->ike;
	struct ike_load load = ike_load(ike);

	assert_int_equal(load.sas, 0);
	assert_int_equal(load.half_open, 0);
	assert_int_equal(load.children, 0);
	assert_int_equal(datapath_sas(&h->datapath), 0);
	assert_int_equal(datapath_policies(&h->datapath, false), 0);
	assert_int_equal(
		ike->sas.count + ike->inits.count + ike->spis.count + ike->asks.count + ike->installs.count,
		0);
	assert_true(list_empty(&ike->commands));
	assert_true(h->wake == HEAP_NEVER);
}

void pair_assert_empty(struct pair *p)
{
	SILENCE(p->lab);
	assert_nothing(p->moon);
	assert_nothing(p->sun);
}

void pair_assert_empty_later(struct pair *p)
{
	lab_pass(p->lab, LATER);
	pair_assert_empty(p);
}

const struct ike_tell *host_told(const struct host *h, enum ike_tell_kind kind)
{
	for (struct node *n = h->news.prev; n != &h->news; n = n->prev) {
		const struct news *news = node_owner(n, struct news, node);

		if (news->tell.kind == kind)
			return &news->tell;
	}
	return NULL;
}

const struct ike_tell *host_done(const struct host *h, uint32_t ticket)
{
	list_each (n, (struct node *)&h->news) {
		const struct news *news = node_owner(n, struct news, node);

		if (news->tell.kind == TELL_DONE && news->tell.tickets[0] == ticket)
			return &news->tell;
	}
	return NULL;
}

const struct why *host_why(const struct host *h)
{
	const struct ike_tell *t = host_told(h, TELL_REFUSED);

	t = t ? t : host_told(h, TELL_DONE);
	assert_non_null(t);
	assert_non_null(t->why);
	return t->why;
}

unsigned host_dropped(const struct host *h, enum drop_reason reason)
{
	return (unsigned)h->ike->drops[reason];
}
