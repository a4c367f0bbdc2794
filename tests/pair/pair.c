/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moon and sun. */
#include "tests/pair/pair.h"

#include <stdlib.h>

#define SITE(local, remote, local_ts, remote_ts)                                                             \
	"connections {\n"                                                                                    \
	"  site {\n"                                                                                         \
	"    local_addrs = " local "\n"                                                                      \
	"    remote_addrs = " remote "\n"                                                                    \
	"    proposals = aes128gcm16-prfsha256-x25519\n    rekey_time = 0\n    dpd_delay = 0\n    mobike = " \
	"no\n    "                                                                                           \
	"childless = never\n    unique = never\n    fragmentation = no\n"                                    \
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
	"daemon { udp_encap = no\n retransmit_jitter = 0\n follow_redirects = no }\n"

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

const char *pair_record;

struct pair *pair_open_conf(void **state, const char *moon, const char *sun)
{
	struct pair *p = &fixture(state)->pair;

	p->lab = lab_new(1);
	p->lab->record = pair_record;
	p->moon = lab_host(p->lab, "moon", "192.0.2.1", moon);
	p->sun = lab_host(p->lab, "sun", "192.0.2.2", sun);
	return p;
}

struct pair *pair_open(void **state, const char *moon, const char *sun)
{
	return pair_open_conf(state, pair_text(state, pair_moon, moon), pair_text(state, pair_sun, sun));
}

/* ------------------------------------------------------------------ nonces */

static void (*plain_fill)(struct rng *r, void *p, size_t n);
static uint8_t nonces_begin;

static void fill(struct rng *r, void *p, size_t n)
{
	plain_fill(r, p, n);
	if (n == NONCE_OCTETS)
		*(uint8_t *)p = nonces_begin;
}

void pair_hide_moon(struct pair *p)
{
	assert_int_equal(ip_parse("10.9.0.1", &p->moon->ip), ERR_OK);
	assert_int_equal(ip_parse("203.0.113.1", &p->moon->nat.outside), ERR_OK);
	p->moon->nat.shift = 10000;
}

void pair_hide_sun(struct pair *p)
{
	assert_int_equal(ip_parse("10.8.0.1", &p->sun->ip), ERR_OK);
	assert_int_equal(ip_parse("203.0.113.2", &p->sun->nat.outside), ERR_OK);
	p->sun->nat.forward = true;
}

void pair_nonces(struct pair *p, uint8_t octet)
{
	struct rng *r = &p->lab->rng.rng;

	nonces_begin = octet;
	if (r->fill != fill)
		plain_fill = r->fill;
	r->fill = fill;
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

/* ------------------------------------------------------------------ commands */

static void say(struct host *h, enum ike_command_kind kind, const char *child, uint32_t ticket, bool force)
{
	host_command(
		h, &(struct ike_command){
			   .kind = kind, .ticket = ticket, .ike = "site", .child = child, .force = force });
}

void host_up(struct host *h, const char *child, uint32_t ticket)
{
	say(h, COMMAND_UP, child, ticket, false);
}

void host_down(struct host *h, const char *child, uint32_t ticket)
{
	say(h, COMMAND_DOWN, child, ticket, false);
}

void host_down_force(struct host *h, const char *child, uint32_t ticket)
{
	say(h, COMMAND_DOWN, child, ticket, true);
}

void host_rekey(struct host *h, const char *child)
{
	say(h, COMMAND_REKEY, child, 0, false);
}

struct child *host_child(const struct host *h, const char *child)
{
	struct child *found = NULL;

	list_each (n, &h->ike->sas_list)
		list_each (m, &node_owner(n, struct sa, of_ike)->children) {
			struct child *c = node_owner(m, struct child, of_sa);

			if (!strcmp(c->conf->name, child) && (!found || c->id > found->id))
				found = c;
		}
	return found;
}

const struct child *host_installed(
	const struct host *h, const char *child, const struct dp_sa **in, const struct dp_sa **out)
{
	const struct child *c = host_child(h, child);

	assert_non_null(c);
	*in = datapath_find(&h->datapath, c->id, true);
	*out = datapath_find(&h->datapath, c->id, false);
	assert_non_null(*in);
	assert_non_null(*out);
	return c;
}

void host_expire(struct host *h, const char *child, bool hard)
{
	host_event(h, &(struct ike_event){ .kind = EVENT_EXPIRE,
			      .expire = { .child = host_child(h, child)->id, .hard = hard } });
}

void host_used(struct host *h, const char *child)
{
	host_event(h, &(struct ike_event){ .kind = EVENT_USED, .used.child = host_child(h, child)->id });
}

void pair_say_up(struct pair *p, uint32_t ticket)
{
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_UP, .ticket = ticket, .ike = "site" });
}

struct pair *pair_open_up(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	pair_say_up(p, 1);
	lab_calm(p->lab);
	return p;
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

void pair_up_both(struct pair *p)
{
	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	host_up(p->moon, "lan", 2);
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
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

/* ------------------------------------------------------------------ several children */

void pair_wait(struct pair *p)
{
	while (!lab_first(p->lab))
		lab_clock(p->lab, lab_due(p->lab));
}

void pair_quiet(struct pair *p, uint64_t ms)
{
	uint64_t end = p->lab->now + ms;

	SILENCE(p->lab);
	while (lab_due(p->lab) < end) {
		lab_clock(p->lab, lab_due(p->lab));
		SILENCE(p->lab);
	}
	lab_clock(p->lab, end);
	SILENCE(p->lab);
}

void pair_until(struct pair *p, uint64_t start, uint64_t ms)
{
	pair_quiet(p, start + ms - p->lab->now - 1);
	lab_clock(p->lab, start + ms);
}

/* The IKE_SA of H that is up: there is one, and others only linger. */
static const struct sa *the_sa(const struct host *h)
{
	const struct sa *found = NULL;

	list_each (n, (struct node *)&h->ike->sas_list) {
		const struct sa *sa = node_owner(n, struct sa, of_ike);

		if (sa->core.state == S_LINGER)
			continue;
		assert_int_equal(sa->core.state, S_UP);
		assert_true(sa->up);
		assert_null(found);
		found = sa;
	}
	assert_non_null(found);
	return found;
}

static void assert_idle(const struct sa *sa)
{
	assert_null(sa->window.request);
	assert_null(sa->task);
	assert_true(list_empty((struct node *)&sa->tasks));
	assert_true(list_empty((struct node *)&sa->late));
	assert_int_equal(sa->ours->kind, N_NONE);
	assert_int_equal(sa->theirs->kind, N_NONE);
}

static bool has_child(const struct sa *sa, uint32_t in, uint32_t out)
{
	list_each (n, (struct node *)&sa->children) {
		const struct child *c = node_owner(n, struct child, of_sa);

		if (c->spi_in == in && c->spi_out == out)
			return true;
	}
	return false;
}

/* Whether what C is for leaves on it. Those for CPUs share the policy of the general one. */
static bool sends(const struct host *h, const struct child *c)
{
	return c->resource ? datapath_find(&h->datapath, c->id, false)->sends
			   : datapath_selected(&h->datapath, c->policy) == c->id;
}

static void assert_children(const struct host *h, const struct sa *sa, const struct sa *peer, unsigned n)
{
	unsigned count = 0, policies = 0;

	list_each (m, (struct node *)&sa->children) {
		const struct child *c = node_owner(m, struct child, of_sa);

		assert_int_equal(c->state, CHILD_INSTALLED);
		assert_false(c->redundant);
		assert_int_equal(c->successor, 0);
		assert_true(sends(h, c));
		assert_true(has_child(peer, c->spi_out, c->spi_in));
		count++;
		policies += !c->resource;
	}
	assert_int_equal(count, n);
	assert_int_equal(ike_load(h->ike).children, n);
	assert_int_equal(datapath_sas(&h->datapath), 2 * n);
	assert_int_equal(datapath_policies(&h->datapath, false), policies);
}

void pair_assert_agree(struct pair *p, unsigned n)
{
	const struct sa *moon, *sun;
	const char *why = NULL;

	pair_quiet(p, LATE_TIME + 1);
	moon = the_sa(p->moon);
	sun = the_sa(p->sun);
	assert_true(moon->core.spi_i == sun->core.spi_i && moon->core.spi_r == sun->core.spi_r);
	assert_int_not_equal(moon->core.initiator, sun->core.initiator);
	assert_idle(moon);
	assert_idle(sun);
	assert_children(p->moon, moon, sun, n);
	assert_children(p->sun, sun, moon, n);
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

bool host_said(const struct host *h, const char *part)
{
	list_each (n, (struct node *)&h->news) {
		const struct ike_tell *t = &node_owner(n, struct news, node)->tell;

		if (t->level <= LOG_NOTICE && t->text && strstr(t->text, part))
			return true;
	}
	return false;
}

unsigned host_told_times(const struct host *h, enum ike_tell_kind kind)
{
	unsigned times = 0;

	list_each (n, (struct node *)&h->news)
		times += node_owner(n, struct news, node)->tell.kind == kind;
	return times;
}

uint64_t host_counted(const struct host *h, enum counter c)
{
	struct arena arena = { 0 };
	unsigned n;
	uint64_t v = ike_counters(h->ike, NULL, false, &arena, &n)->v[c];

	arena_free(&arena);
	return v;
}

unsigned host_dropped(const struct host *h, enum drop_reason reason)
{
	return (unsigned)h->ike->drops[reason];
}

void assert_has(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text ? text : "(nothing)");
}
