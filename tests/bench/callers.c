/* SPDX-License-Identifier: GPL-2.0-or-later */
/* callers CONFIG SERVER FIRST COUNT RATE TIMEOUT: many initiators in one process, each a core of its own with
 * an address and a connection of its own, whose first child it sets up with SERVER: for measuring who answers
 * them. The connections are those of CONFIG, in its order; the addresses, FIRST and those after it, must be
 * local ("ip route add local PREFIX dev lo").
 *
 * RATE begin in a second, or, when it is negative, so many at a time are under way. When all are up, have
 * failed or TIMEOUT seconds have passed since the last began, a line of JSON says how it was; the times are
 * milliseconds from a caller's first datagram until its child is up. "addresses" are the virtual addresses
 * that they have, each counted once; "served" those that were told a server of names. Then for each line on
 * stdin, "rekey" (all children), "reauth" (all authenticate anew) or "down", all do that, which ends with
 * such a line. At its end so do they, without a word.
 *
 * The peer's signature is not checked, nor is anything installed: this costs time here and not there. */
#include "base/heap.h"
#include "conf/load.h"
#include "creds/creds.h"
#include "crypto/kex.h"
#include "daemon/entropy.h"
#include "daemon/secrets.h"
#include "daemon/signer.h"
#include "daemon/sockaddr.h"
#include "eap/eap.h"
#include "ike/ike.h"
#include "ike/keys.h"
#include "ike/limits.h"
#include "pki/sign.h"
#include "tests/unit/pinger.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { DATAGRAM = 65536, MARKER = 4, PORTS = 2, RECEIVE_ROOM = 32 << 20, TAKEN = 256 };
struct caller {
	struct ike *ike;
	struct peer *peer; /* borrowed */
	struct ip ip;
	struct heap_node wake;
	uint64_t began, up; /* us; 0: not yet */
	enum ike_command_kind doing;
	bool over;         /* it is done, or has failed */
	struct eap *eap;   /* the conversation at hand; NULL: none */
	struct ip virtual; /* v 0: none */
	bool served;
	struct node answers;
	struct pinger *pinger;
};

struct pending {
	struct node node;
	struct arena arena;
	struct ike_answer answer;
	struct cert_list shown;
};

static struct {
	struct conf conf;
	struct creds creds;
	struct entropy entropy;
	struct ip server;
	struct caller *v;
	unsigned n, begun, over;
	struct heap timers;
	struct pollfd fds[PORTS + 1]; /* ports 500 and 4500, stdin */
} all;

static void stop(const char *what)
{
	fprintf(stderr, "callers: %s: %s\n", what, errno ? strerror(errno) : "it is wrong");
	exit(2);
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---------------------------------------------------------------- questions */

static void answer_route(const struct caller *c, struct ike_answer *a)
{
	a->local = c->ip;
	a->remote = all.server;
}

static void answer_keys(const struct ike_question *q, struct pending *p)
{
	uint8_t *secret = arena_alloc(&p->arena, q->ke->key), *public = arena_alloc(&p->arena, q->ke->out);
	uint8_t *shared = arena_alloc(&p->arena, q->ke->shared);

	if (q->kind != ASK_AGREE) {
		do
			rng_fill(&all.entropy.rng, secret, q->ke->key);
		while ((p->answer.result = kex_public(q->ke, secret, public)) == ERR_RANGE);
		p->answer.secret = bytes_of(secret, q->ke->key);
		p->answer.public = bytes_of(public, q->ke->out);
	}
	if (q->kind != ASK_KEY_PAIR && !p->answer.result) {
		p->answer.result = kex_shared(
			q->ke, q->kind == ASK_AGREE ? q->secret.p : secret, q->peer_public, shared);
		p->answer.shared = bytes_of(shared, q->ke->shared);
	}
}

static void prove_psk(const struct ike_question *q, struct pending *p)
{
	const struct secret *s = secrets_for(&all.conf, NULL, q, &p->arena, &p->answer.why);
	uint8_t *out = arena_alloc(&p->arena, q->prf->out);

	p->answer.method = AUTH_METHOD_PSK;
	p->answer.proof = bytes_of(out, q->prf->out);
	p->answer.result = s ? keys_psk_auth(q->prf, s->data, q->octets, out) : ERR_MISSING;
}

static void prove_signature(const struct ike_question *q, struct pending *p)
{
	struct ike_answer *a = &p->answer;
	struct signing by;

	a->result = signer_choose(&all.creds, q, time(NULL), &p->arena, &by, a, &p->shown);
	if (!a->result)
		a->result = sign_octets(by.key, by.scheme, q->octets, &p->arena, &a->proof, &a->why);
}

static void prove_by_eap(const struct ike_question *q, struct pending *p)
{
	uint8_t *out = arena_alloc(&p->arena, q->prf->out);

	p->answer.method = AUTH_METHOD_PSK;
	p->answer.proof = bytes_of(out, q->prf->out);
	p->answer.result = keys_psk_auth(q->prf, q->secret, q->octets, out);
}

static struct eap_turn say(struct caller *c, const struct ike_question *q)
{
	const struct secret *s = secrets_eap(&all.conf, &q->auth->eap_id);
	const struct eap_secret own = { EAP_PASSWORD, s ? s->data : (struct bytes){ 0 } };
	struct eap_turn t;

	if (!c->eap)
		c->eap = eap_new(&(struct eap_settings){ .methods = { EAP_MSCHAPV2 },
					 .n_methods = 1,
					 .identity = q->auth->eap_id.data },
			&all.entropy.rng);
	t = eap_take(c->eap, q->eap.packet);
	return t.what == EAP_ASKS ? eap_answer(c->eap, &own) : t;
}

static void answer_eap(struct caller *c, const struct ike_question *q, struct pending *p)
{
	struct eap_turn t = say(c, q);
	struct ike_answer *a = &p->answer;

	a->result = t.what == EAP_FAILED ? ERR_AUTH : ERR_OK;
	a->why.what = t.why ? arena_str(&p->arena, t.why) : NULL;
	a->eap.packet = arena_bytes(&p->arena, t.packet);
	if (t.what != EAP_SUCCEEDED)
		return;
	a->eap.over = true;
	a->eap.method = "mschapv2";
	a->shared = arena_bytes(&p->arena, eap_msk(c->eap));
}

static void answer(struct caller *c, uint32_t ticket, const struct ike_question *q)
{
	struct pending *p = calloc(1, sizeof *p);

	p->answer.ticket = ticket;
	list_append(&c->answers, &p->node);
	if (!q)
		return;
	if (q->kind == ASK_ROUTE)
		answer_route(c, &p->answer);
	else if (q->kind <= ASK_AGREE)
		answer_keys(q, p);
	else if (q->kind == ASK_EAP)
		answer_eap(c, q, p);
	else if (q->kind == ASK_PROOF && q->secret.n)
		prove_by_eap(q, p);
	else if (q->kind == ASK_PROOF && q->peer->local.way.method == AUTH_PSK)
		prove_psk(q, p);
	else if (q->kind == ASK_PROOF)
		prove_signature(q, p);
}

static void pending_free(struct pending *p)
{
	list_remove(&p->node);
	certs_free(&p->shown);
	arena_free(&p->arena);
	free(p);
}

/* -------------------------------------------------------------------- steps */

/* By the socket of PORT, 0 or 1. */
static void send_datagram(unsigned port, const struct path *path, struct bytes data)
{
	static const uint8_t marker[MARKER];
	struct iovec io[] = { { (void *)marker, path->marker ? MARKER : 0 }, { (void *)data.p, data.n } };
	struct sockaddr_storage name;
	union packet_info info;
	struct msghdr m = { .msg_name = &name, .msg_iov = io, .msg_iovlen = 2 };

	m.msg_namelen = sockaddr_of(&path->remote, &name);
	sockaddr_send_from(&m, &info, &path->local.ip);
	if (sendmsg(all.fds[port].fd, &m, 0) < 0)
		stop("sendmsg");
}

static void over(struct caller *c)
{
	all.over += !c->over;
	c->over = true;
}

static void note_addresses(struct caller *c, const struct sa_record *r)
{
	c->virtual = r->local_vips.n ? r->local_vips.v[0] : (struct ip){ 0 };
	c->served = r->n_dns;
}

/* A command to rekey is done when that is begun. */
static bool ends(const struct caller *c, enum ike_tell_kind kind)
{
	if (kind == TELL_DONE)
		return c->doing != COMMAND_REKEY;
	return kind == TELL_REFUSED || kind == TELL_CHILD_REKEYED ||
	       (kind == TELL_CHILD_UP && c->doing == COMMAND_REKEY);
}

static void hear(struct caller *c, const struct ike_tell *t)
{
	if (t->kind == TELL_REFUSED && t->why)
		fprintf(stderr, "callers: refused: %s\n", t->why->what);
	if (t->kind == TELL_CHILD_UP)
		note_addresses(c, t->record);
	if (t->kind == TELL_CHILD_UP || t->kind == TELL_CHILD_REKEYED ||
		(t->kind == TELL_DONE && t->success && c->doing == COMMAND_DOWN))
		c->up = now_us();
	if (ends(c, t->kind))
		over(c);
}

static void end_eap(struct caller *c)
{
	eap_free(c->eap);
	c->eap = NULL;
}

static void step(struct caller *c, const struct ike_event *event)
{
	struct arena scratch = { 0 };
	struct ike_out out = ike_step(c->ike, event, now_us() / 1000, &all.entropy.rng, &scratch);

	for (const struct ike_action *a = out.actions; a; a = a->next) {
		if (a->kind == ACTION_SA_ADD)
			pinger_take_sa(c->pinger, &a->sa_add);
		if (a->kind == ACTION_SEND)
			send_datagram(a->send.path.marker, &a->send.path, a->send.data);
		else if (a->kind == ACTION_TELL)
			hear(c, &a->tell);
		else if (a->kind == ACTION_EAP_END)
			end_eap(c);
		else if (a->kind == ACTION_ASK || a->ticket)
			answer(c, a->ticket, a->kind == ACTION_ASK ? &a->ask : NULL);
	}
	heap_set(&all.timers, &c->wake, out.wake);
	arena_free(&scratch);
}

static void feed(struct caller *c, const struct ike_event *event)
{
	step(c, event);
	while (!list_empty(&c->answers)) {
		struct pending *p = node_owner(c->answers.next, struct pending, node);

		step(c, &(struct ike_event){ .kind = EVENT_ANSWER, .answer = p->answer });
		pending_free(p);
	}
}

static void command(struct caller *c, const struct ike_command *what)
{
	struct ike_command mine = *what;

	mine.ticket = 1;
	c->began = now_us();
	c->up = 0;
	c->doing = what->kind;
	c->over = false;
	feed(c, &(struct ike_event){ .kind = EVENT_COMMAND, .command = mine });
}

static void begin(struct caller *c)
{
	c->ike = ike_new(&all.entropy.rng);
	c->pinger = pinger_new();
	list_init(&c->answers);
	feed(c, &(struct ike_event){ .kind = EVENT_CONF,
			.conf = { .peers = &c->peer, .n = 1, .settings = &all.conf.settings } });
	command(c, &(struct ike_command){ .kind = COMMAND_UP, .child = c->peer->children[0].name });
}

/* ------------------------------------------------------------------ traffic */

static void send_esp(const struct caller *c, struct bytes esp)
{
	const struct addr *ends = pinger_ends(c->pinger);

	send_datagram(1, &(struct path){ .local = ends[0], .remote = ends[1] }, esp);
}

static void ping(struct caller *c)
{
	uint8_t room[PING_ROOM];
	struct bytes first = { 0 };

	c->began = now_us();
	c->up = 0;
	c->over = false;
	if (c->virtual.v)
		first = pinger_begin(c->pinger, &c->virtual, &all.entropy.rng, room);
	if (first.n)
		send_esp(c, first);
}

static void take_esp(struct caller *c, struct bytes esp)
{
	uint8_t room[PING_ROOM];
	struct bytes next;

	if (!pinger_take(c->pinger, esp, &all.entropy.rng, room, &next))
		return;
	if (next.n) {
		send_esp(c, next);
		return;
	}
	c->up = now_us();
	over(c);
}

/* ------------------------------------------------------------------ network */

static uint32_t number_of(const struct ip *ip)
{
	return (uint32_t)ip->a[0] << 24 | (uint32_t)ip->a[1] << 16 | (uint32_t)ip->a[2] << 8 | ip->a[3];
}

static void receive_one(unsigned port, struct msghdr *m, struct bytes data)
{
	struct path path = {
		.local = { sockaddr_came_to(m), port ? PORT_NAT_T : PORT_IKE },
		.remote = sockaddr_read(m->msg_name),
		.marker = port,
	};
	uint32_t i = number_of(&path.local.ip) - number_of(&all.v[0].ip);

	bool esp = port && data.n > MARKER && memcmp(data.p, (uint8_t[MARKER]){ 0 }, MARKER) != 0;

	if (port && !esp)
		data = data.n < MARKER ? (struct bytes){ 0 } : bytes_of(data.p + MARKER, data.n - MARKER);
	if (i < all.begun && esp)
		take_esp(&all.v[i], data);
	else if (i < all.begun)
		feed(&all.v[i], &(struct ike_event){ .kind = EVENT_DATAGRAM, .datagram = { path, data } });
}

static void receive(unsigned port)
{
	static uint8_t data[DATAGRAM];
	struct sockaddr_storage name;
	union packet_info info;
	struct iovec io = { data, sizeof data };

	for (unsigned i = 0; i < TAKEN; i++) {
		struct msghdr m = { .msg_name = &name,
			.msg_namelen = sizeof name,
			.msg_iov = &io,
			.msg_iovlen = 1,
			.msg_control = info.room,
			.msg_controllen = sizeof info };
		ssize_t n = recvmsg(all.fds[port].fd, &m, MSG_DONTWAIT);

		if (n < 0)
			return;
		receive_one(port, &m, bytes_of(data, (size_t)n));
	}
}

static int open_port(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), yes = 1, room = RECEIVE_ROOM;
	struct addr any = { .ip.v = 4, .port = port };
	struct sockaddr_storage name;
	socklen_t n = sockaddr_of(&any, &name);

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes) ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) ||
		bind(fd, (struct sockaddr *)&name, n))
		stop("a UDP port");
	return fd;
}

/* ------------------------------------------------------------------ results */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double at(const double *v, unsigned n, double part)
{
	return n ? v[(unsigned)((n - 1) * part)] : 0;
}

static int by_address(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Virtual addresses, each once. */
static unsigned addresses(void)
{
	uint32_t *v = calloc(all.n, sizeof *v);
	unsigned n = 0, different = 0;

	for (unsigned i = 0; i < all.begun; i++)
		if (all.v[i].virtual.v)
			v[n++] = number_of(&all.v[i].virtual);
	qsort(v, n, sizeof *v, by_address);
	for (unsigned i = 0; i < n; i++)
		different += !i || v[i] != v[i - 1];
	free(v);
	return different;
}

static void tell(uint64_t since)
{
	double *ms = calloc(all.n, sizeof *ms);
	unsigned n = 0, quick = 0, served = 0;

	for (unsigned i = 0; i < all.begun; i++)
		if (all.v[i].up)
			ms[n++] = (double)(all.v[i].up - all.v[i].began) / 1000;
	for (unsigned i = 0; i < all.begun; i++)
		served += all.v[i].served;
	qsort(ms, n, sizeof *ms, by_size);
	while (quick < n && ms[quick] < 1000)
		quick++;
	printf("{\"callers\":%u,\"up\":%u,\"quick\":%u,\"seconds\":%.3f,\"p50\":%.2f,\"p95\":%.2f,"
	       "\"p99\":%.2f,\"longest\":%.2f,\"addresses\":%u,\"served\":%u}\n",
		all.n, n, quick, (double)(now_us() - since) / 1e6, at(ms, n, 0.5), at(ms, n, 0.95),
		at(ms, n, 0.99), at(ms, n, 1), addresses(), served);
	fflush(stdout);
	free(ms);
}

/* --------------------------------------------------------------------- loop */

static void run_timers(void)
{
	struct heap_node *n;

	while ((n = heap_first(&all.timers)) && n->due <= now_us() / 1000)
		feed(node_owner(n, struct caller, wake), &(struct ike_event){ .kind = EVENT_CLOCK });
}

/* Waits for UNTIL (us) or for what comes before; whether stdin has something to say. */
static bool turn(uint64_t until)
{
	const struct heap_node *n = heap_first(&all.timers);
	uint64_t now = now_us(), next = n && n->due < until / 1000 ? n->due * 1000 : until;
	struct timespec t = { 0 };

	if (next > now)
		t = (struct timespec){ (time_t)((next - now) / 1000000),
			(long)((next - now) % 1000000 * 1000) };
	if (ppoll(all.fds, PORTS + 1, &t, NULL) < 0)
		stop("poll");
	for (unsigned i = 0; i < PORTS; i++)
		if (all.fds[i].revents)
			receive(i);
	run_timers();
	return all.fds[PORTS].revents;
}

/* The moment at which caller I is to begin, or 0: now. */
static uint64_t begins(unsigned i, int rate, uint64_t start)
{
	if (rate > 0)
		return start + (uint64_t)i * 1000000 / (unsigned)rate;
	return i - all.over < (unsigned)-rate ? 0 : UINT64_MAX / 2;
}

/* All callers do ACT, at RATE; then it is told how it was. */
static void run(void (*act)(struct caller *c), int rate, uint64_t patience)
{
	uint64_t start = now_us(), last = start;

	all.over = 0;
	for (unsigned i = 0; i < all.n || (all.over < all.n && now_us() < last + patience);) {
		if (i < all.n && begins(i, rate, start) <= now_us()) {
			all.begun = all.begun > i ? all.begun : i + 1;
			act(&all.v[i++]);
			last = now_us();
		}
		(void)turn(i < all.n && begins(i, rate, start) < last + patience ? begins(i, rate, start)
										 : last + patience);
		if (i < all.n && now_us() >= last + patience && rate < 0)
			break;
	}
	tell(start);
}

static void rekey(struct caller *c)
{
	command(c, &(struct ike_command){ .kind = COMMAND_REKEY, .child = c->peer->children[0].name });
}

static void reauthenticate(struct caller *c)
{
	command(c, &(struct ike_command){ .kind = COMMAND_REKEY, .ike = c->peer->name, .reauth = true });
}

static void down(struct caller *c)
{
	command(c, &(struct ike_command){ .kind = COMMAND_DOWN, .ike = c->peer->name });
}

/* What can be said on stdin. */
static const struct {
	const char *line;
	void (*act)(struct caller *c);
} acts[] = {
	{ "rekey\n", rekey },
	{ "reauth\n", reauthenticate },
	{ "traffic\n", ping },
	{ "down\n", down },
};

static void obey(int rate, uint64_t patience)
{
	char line[64];

	for (;;) {
		if (!turn(now_us() + 1000000))
			continue;
		if (!fgets(line, sizeof line, stdin))
			return;
		for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
			if (!strcmp(line, acts[i].line))
				run(acts[i].act, rate, patience);
	}
}

static void load(const char *path)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);

	creds_start(&all.creds);
	if (conf_load_system(path, &all.conf, &why, &notes) ||
		creds_load(&all.creds, path, &all.conf, &conf_files_system, &why, &notes)) {
		fprintf(stderr, "callers: %s\n", text_str(&why));
		exit(2);
	}
	arena_free(&arena);
}

int main(int argc, char **argv)
{
	struct ip first;
	int rate;

	if (argc != 7 || ip_parse(argv[2], &all.server) || ip_parse(argv[3], &first) || atoi(argv[4]) < 1)
		stop("usage: CONFIG SERVER FIRST COUNT RATE TIMEOUT");
	load(argv[1]);
	entropy_start(&all.entropy);
	all.n = (unsigned)atoi(argv[4]);
	all.v = calloc(all.n, sizeof *all.v);
	if (all.conf.n_peers < all.n)
		stop("fewer connections than callers");
	rate = atoi(argv[5]);
	for (unsigned i = 0; i < all.n; i++) {
		uint32_t n = number_of(&first) + i;

		all.v[i].peer = all.conf.peers[i];
		all.v[i].ip = (struct ip){ .v = 4,
			.a = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n } };
	}
	all.fds[0] = (struct pollfd){ open_port(PORT_IKE), POLLIN, 0 };
	all.fds[1] = (struct pollfd){ open_port(PORT_NAT_T), POLLIN, 0 };
	all.fds[PORTS] = (struct pollfd){ STDIN_FILENO, POLLIN, 0 };
	run(begin, rate, (uint64_t)atoi(argv[6]) * 1000000);
	obey(rate, (uint64_t)atoi(argv[6]) * 1000000);
	return 0;
}
