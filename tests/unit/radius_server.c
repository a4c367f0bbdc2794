/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radius_server.h"

#include "radius/grant.h"
#include "unit.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void put_key(struct radius_reply *a, enum radius_ms_type type, const uint8_t *request, uint8_t fill)
{
	uint8_t key[32], value[RADIUS_VALUE_MAX];
	size_t n;

	memset(key, fill, sizeof key);
	assert_int_equal(radius_key_close(bytes_of(key, 32), 0x8000 + type, bytes_str(RADIUS_FAKE_SECRET),
				 request, value, &n),
		0);
	radius_reply_vendor(a, RADIUS_MICROSOFT, (uint8_t)type, bytes_of(value, n));
}

static void put_accept(struct radius_reply *a, const uint8_t *request)
{
	radius_put(&a->w, RADIUS_EAP_MESSAGE, bytes_of("\3\6\0\4", 4));
	radius_put(&a->w, RADIUS_USER_NAME, bytes_str("alice@example.org"));
	radius_put(&a->w, RADIUS_CLASS, bytes_str("staff"));
	radius_put_number(&a->w, RADIUS_SESSION_TIMEOUT, 3600);
	radius_put_number(&a->w, RADIUS_FRAMED_IP_ADDRESS, 0xc0000209);
	put_key(a, RADIUS_MS_MPPE_RECV_KEY, request, 'r');
	put_key(a, RADIUS_MS_MPPE_SEND_KEY, request, 's');
}

static struct bytes make_reply(const struct radius_fake *s, struct bytes request, struct radius_reply *a)
{
	struct radius_packet p = radius_packet_of(request);
	struct bytes state;

	if (p.code == RADIUS_ACCOUNTING_REQUEST) {
		radius_reply(a, RADIUS_ACCOUNTING_RESPONSE, request, false);
	} else if (s->temper == REFUSES) {
		radius_reply(a, RADIUS_ACCESS_REJECT, request, true);
		radius_put(&a->w, RADIUS_REPLY_MESSAGE, bytes_str("expired"));
	} else if (!radius_find(&p, RADIUS_STATE, &state)) {
		radius_reply(a, RADIUS_ACCESS_CHALLENGE, request, s->temper != UNPROVEN);
		radius_put(&a->w, RADIUS_EAP_MESSAGE, bytes_of("\1\6\0\6\4?", 6));
		radius_put(&a->w, RADIUS_STATE, bytes_str("note"));
	} else {
		radius_reply(a, RADIUS_ACCESS_ACCEPT, request, true);
		put_accept(a, p.authenticator.p);
	}
	return radius_reply_done(
		a, s->temper == OTHER_SECRET ? "a secret of others" : RADIUS_FAKE_SECRET, request);
}

static void on_request(evutil_socket_t fd, short what, void *ctx)
{
	struct radius_fake *s = ctx;
	uint8_t octets[RADIUS_MAX];
	struct sockaddr_storage from;
	socklen_t n_from = sizeof from;
	ssize_t n = recvfrom(fd, octets, sizeof octets, 0, (struct sockaddr *)&from, &n_from);
	struct radius_reply reply;
	struct radius_packet p;
	struct bytes answer;

	(void)what;
	assert_true(n > 0);
	p = radius_packet_of(bytes_of(octets, (size_t)n));
	assert_int_equal(
		radius_verify(&p, bytes_str(RADIUS_FAKE_SECRET), NULL, p.code == RADIUS_ACCESS_REQUEST), 0);
	s->asked++;
	memcpy(s->last, octets, s->n_last = (size_t)n);
	if (s->temper == SILENT)
		return;
	answer = make_reply(s, p.whole, &reply);
	assert_int_equal(sendto(fd, answer.p, answer.n, 0, (struct sockaddr *)&from, n_from), answer.n);
}

uint16_t radius_fake_start(struct radius_fake *s, struct event_base *base, enum radius_temper temper)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;

	s->temper = temper;
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &n), 0);
	s->readable = event_new(base, s->fd, EV_READ | EV_PERSIST, on_request, s);
	event_add(s->readable, NULL);
	return ntohs(a.sin_port);
}

void radius_fake_stop(struct radius_fake *s)
{
	if (!s->readable)
		return;
	event_free(s->readable);
	close(s->fd);
}
