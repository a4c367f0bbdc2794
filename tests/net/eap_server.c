/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eap-server METHOD PORT SECRET USER PASSWORD CERT KEY CA [1.2|1.3]: our EAP as authenticator behind RADIUS,
 * on 127.0.0.1, for peers that speak EAP to a RADIUS server only. One conversation at a time; files are PEM.
 * What became of each is a line on stdout. */
#include "daemon/entropy.h"
#include "eap/eap.h"
#include "eap/tls.h"
#include "pki/bundle.h"
#include "radius/grant.h"
#include "tests/unit/radius_help.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILE_ROOM = 65536, KEY = EAP_MSK / 2, EAP_HEAD = 5 };

struct server {
	const char *secret, *user, *password;
	struct eap_settings settings;
	struct entropy entropy;
	struct eap *eap;
	uint8_t eap_in[RADIUS_MAX];
};

static void give_up(const char *what)
{
	fprintf(stderr, "eap-server: %s\n", what);
	exit(1);
}

static struct bytes file(const char *path, struct arena *arena)
{
	uint8_t *octets = arena_alloc(arena, FILE_ROOM);
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(octets, 1, FILE_ROOM, f) : 0;

	if (!n)
		give_up(path);
	fclose(f);
	return bytes_of(octets, n);
}

static struct bytes certificate(const char *path, struct arena *arena)
{
	struct bundle b = { 0 };
	struct why why = { 0 };

	if (bundle_read(file(path, arena), NULL, arena, &b, &why) || !b.n_certs)
		give_up(path);
	return arena_bytes(arena, b.certs[0]->der);
}

static struct eap_tls *tls_of(char **files, const char *version, struct arena *arena)
{
	struct bytes own = certificate(files[0], arena), ca = certificate(files[2], arena);
	struct eap_tls_settings s = { .chain = &own,
		.n_chain = 1,
		.key = file(files[1], arena),
		.authorities = &ca,
		.n_authorities = 1,
		.only_tls_1_2 = version && !strcmp(version, "1.2"),
		.only_tls_1_3 = version && !strcmp(version, "1.3") };
	char why[EAP_TLS_WHY];
	struct eap_tls *tls;

	if (eap_tls_new(&s, &tls, why))
		give_up(why);
	return tls;
}

/* The peer's first packet is the answer to a question that its own side has asked. */
static struct eap_turn begin(struct server *s, struct bytes packet)
{
	if (packet.n <= EAP_HEAD || packet.p[EAP_HEAD - 1] != EAP_IDENTITY)
		give_up("the first packet is no identity");
	eap_free(s->eap);
	s->settings.identity = bytes_of(packet.p + EAP_HEAD, packet.n - EAP_HEAD);
	s->eap = eap_new(&s->settings, &s->entropy.rng);
	if (!s->eap)
		give_up("the method cannot be had");
	return eap_begin(s->eap);
}

/* Until there is something to send. */
static struct eap_turn settle(struct server *s, struct eap_turn t)
{
	struct eap_secret secret = { EAP_PASSWORD, bytes_str(s->password) }, none = { .kind = EAP_NO_SECRET };

	while (t.what == EAP_ASKS)
		t = eap_answer(s->eap, bytes_eq(eap_name(s->eap), bytes_str(s->user)) ? &secret : &none);
	return t;
}

static void put_key(struct radius_reply *a, struct server *s, enum radius_ms_type type, struct bytes key,
	struct bytes request)
{
	uint8_t value[RADIUS_VALUE_MAX];
	size_t n;

	if (radius_key_close(key, 0x8000 + (uint16_t)type, bytes_str(s->secret),
		    radius_authenticator_of(request), value, &n))
		give_up("a key cannot be sealed");
	radius_reply_vendor(a, RADIUS_MICROSOFT, (uint8_t)type, bytes_of(value, n));
}

/* The two halves of the MSK (RFC 2548, 2.4; RFC 3748, 7.10). */
static void put_keys(struct radius_reply *a, struct server *s, struct bytes request)
{
	struct bytes msk = eap_msk(s->eap);

	if (msk.n != EAP_MSK)
		return;
	put_key(a, s, RADIUS_MS_MPPE_RECV_KEY, bytes_of(msk.p, KEY), request);
	put_key(a, s, RADIUS_MS_MPPE_SEND_KEY, bytes_of(msk.p + KEY, KEY), request);
}

static struct bytes answer(struct server *s, struct bytes request, struct eap_turn t, struct radius_reply *a)
{
	enum radius_code code = t.what == EAP_SUCCEEDED ? RADIUS_ACCESS_ACCEPT
				: t.what == EAP_FAILED  ? RADIUS_ACCESS_REJECT
							: RADIUS_ACCESS_CHALLENGE;

	radius_reply(a, code, request, true);
	radius_put_long(&a->w, RADIUS_EAP_MESSAGE, t.packet);
	if (t.what == EAP_SUCCEEDED)
		put_keys(a, s, request);
	else if (t.what == EAP_SENDS)
		radius_put(&a->w, RADIUS_STATE, bytes_str("here"));
	if (t.what == EAP_SUCCEEDED)
		printf("succeeded: %.*s\n", (int)eap_name(s->eap).n, (const char *)eap_name(s->eap).p);
	else if (t.what == EAP_FAILED)
		printf("failed: %s\n", t.why);
	fflush(stdout);
	return radius_reply_done(a, s->secret, request);
}

static struct bytes take(struct server *s, struct bytes datagram, struct radius_reply *a)
{
	struct radius_packet p = radius_packet_of(datagram);
	struct bytes state, packet;
	struct eap_turn t;

	if (p.code != RADIUS_ACCESS_REQUEST || radius_verify(&p, bytes_str(s->secret), NULL, true))
		give_up("that is no request of who has the secret");
	packet = bytes_of(s->eap_in, radius_join(&p, RADIUS_EAP_MESSAGE, s->eap_in, sizeof s->eap_in));
	t = radius_find(&p, RADIUS_STATE, &state) && s->eap ? eap_take(s->eap, packet) : begin(s, packet);
	return answer(s, p.whole, settle(s, t), a);
}

static int listen_on(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a))
		give_up("the port cannot be had");
	printf("ready\n");
	fflush(stdout);
	return fd;
}

static void serve(struct server *s, int fd)
{
	for (;;) {
		uint8_t octets[RADIUS_MAX];
		struct sockaddr_in from;
		socklen_t n_from = sizeof from;
		ssize_t n = recvfrom(fd, octets, sizeof octets, 0, (struct sockaddr *)&from, &n_from);
		struct radius_reply reply;
		struct bytes out;

		if (n < 0)
			give_up("nothing can be received");
		out = take(s, bytes_of(octets, (size_t)n), &reply);
		if (sendto(fd, out.p, out.n, 0, (struct sockaddr *)&from, n_from) < 0)
			give_up("nothing can be sent");
	}
}

int main(int argc, char **argv)
{
	static struct server s;
	struct arena arena = { 0 };

	if (argc < 9)
		give_up("METHOD PORT SECRET USER PASSWORD CERT KEY CA [1.2|1.3]");
	s = (struct server){ .secret = argv[3],
		.user = argv[4],
		.password = argv[5],
		.settings = { .authenticator = true,
			.methods = { (uint8_t)eap_type_find(argv[1]) },
			.n_methods = 1,
			.tls = tls_of(argv + 6, argv[9], &arena) } };
	entropy_start(&s.entropy);
	serve(&s, listen_on(argv[2]));
}
