/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/fake_kernel.h"

#include "xfrm/kernel/newer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TOO_MUCH = 40000 /* octets, more than netlink.c takes */, REQUESTS = 16384 /* octets at once */ };

static const struct {
	uint16_t type;
	const char *name;
} names[] = {
	{ XFRM_MSG_NEWSA, "newsa" },
	{ XFRM_MSG_UPDSA, "updsa" },
	{ XFRM_MSG_DELSA, "delsa" },
	{ XFRM_MSG_GETSA, "getsa" },
	{ XFRM_MSG_ALLOCSPI, "allocspi" },
	{ XFRM_MSG_NEWPOLICY, "newpolicy" },
	{ XFRM_MSG_UPDPOLICY, "updpolicy" },
	{ XFRM_MSG_DELPOLICY, "delpolicy" },
	{ XFRM_MSG_GETPOLICY, "getpolicy" },
};

static void note(struct fake *f, const struct nlmsghdr *h)
{
	size_t at = strlen(f->asked);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].type == h->nlmsg_type)
			snprintf(f->asked + at, FAKE_ASKED - at, "%s%s%s", at ? " " : "", names[i].name,
				h->nlmsg_flags & NLM_F_ROOT && h->nlmsg_type == XFRM_MSG_GETSA ? "*" : "");
}

static void verdict(struct fake *f, const struct nlmsghdr *to, uint32_t seq, int error)
{
	_Alignas(struct nlmsghdr) char m[256] = { 0 };
	struct nlmsghdr *h = mnl_nlmsg_put_header(m);
	struct nlmsgerr *e = mnl_nlmsg_put_extra_header(h, sizeof *e);

	h->nlmsg_type = NLMSG_ERROR;
	h->nlmsg_seq = seq;
	e->error = -error;
	e->msg = *to;
	assert_int_equal(send(f->talk, h, h->nlmsg_len, 0), h->nlmsg_len);
}

/* The SA it was told last is the answer to any question for one. */
static void tell_sa(struct fake *f, uint32_t seq)
{
	struct nlmsghdr *h = (void *)f->sa;
	struct xfrm_usersa_info *info = mnl_nlmsg_get_payload(h);

	h->nlmsg_type = XFRM_MSG_NEWSA;
	h->nlmsg_seq = seq;
	info->curlft.packets = f->packets;
	if (f->forgets_iptfs && info->mode == KERNEL_MODE_IPTFS)
		h->nlmsg_len = MNL_ALIGN(NLMSG_HDRLEN + sizeof *info);
	assert_int_equal(send(f->talk, h, h->nlmsg_len, 0), h->nlmsg_len);
}

static void tell_larva(struct fake *f, const struct xfrm_usersa_info *larva, uint32_t seq)
{
	_Alignas(struct nlmsghdr) char m[512] = { 0 };
	struct nlmsghdr *h = mnl_nlmsg_put_header(m);

	h->nlmsg_type = XFRM_MSG_NEWSA;
	h->nlmsg_seq = seq;
	memcpy(mnl_nlmsg_put_extra_header(h, sizeof *larva), larva, sizeof *larva);
	assert_int_equal(send(f->talk, h, h->nlmsg_len, 0), h->nlmsg_len);
}

/* The question of a number is given an SPI; there is none for others. */
static int name_larva(struct fake *f, const struct nlmsghdr *h)
{
	const struct xfrm_userspi_info *p = mnl_nlmsg_get_payload(h);

	for (unsigned i = 0; i < f->n_larvae; i++)
		if (f->larvae[i].seq == p->info.seq) {
			f->larvae[i].id.spi = htonl(p->min + i);
			tell_larva(f, &f->larvae[i], h->nlmsg_seq);
			return 0;
		}
	return ENOENT;
}

static void drop_sa(struct fake *f, const struct nlmsghdr *h)
{
	const struct xfrm_usersa_id *id = mnl_nlmsg_get_payload(h);

	for (unsigned i = 0; i < f->n_larvae; i++)
		if (f->larvae[i].id.spi == id->spi) {
			f->larvae[i] = f->larvae[--f->n_larvae];
			return;
		}
	f->has_sa = false;
}

/* What it knows of H. */
static void take_sa(struct fake *f, const struct nlmsghdr *h)
{
	struct nlmsghdr *sa = (void *)f->sa;
	const struct nlattr *a;

	memcpy(f->sa, h, NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct xfrm_usersa_info)));
	sa->nlmsg_len = NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct xfrm_usersa_info));
	mnl_attr_for_each(a, h, sizeof(struct xfrm_usersa_info)) if (!f->old || !message_resource(a))
		mnl_attr_put(sa, mnl_attr_get_type(a), mnl_attr_get_payload_len(a), mnl_attr_get_payload(a));
	f->has_sa = true;
}

static void take_policy(struct fake *f, const struct nlmsghdr *h)
{
	const struct xfrm_userpolicy_info *p = mnl_nlmsg_get_payload(h);

	if (p->dir == XFRM_POLICY_OUT && !f->has_policy)
		memcpy(f->policy, h, h->nlmsg_len);
}

static int tell_policy(struct fake *f, uint32_t seq)
{
	struct nlmsghdr *h = (void *)f->policy;

	h->nlmsg_type = XFRM_MSG_NEWPOLICY;
	h->nlmsg_seq = seq;
	assert_int_equal(send(f->talk, h, h->nlmsg_len, 0), h->nlmsg_len);
	return 0;
}

static int obey(struct fake *f, const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case XFRM_MSG_NEWPOLICY:
	case XFRM_MSG_UPDPOLICY: take_policy(f, h); return 0;
	case XFRM_MSG_NEWSA:
	case XFRM_MSG_UPDSA: take_sa(f, h); return 0;
	case XFRM_MSG_DELSA: drop_sa(f, h); return 0;
	case XFRM_MSG_ALLOCSPI: return name_larva(f, h);
	case XFRM_MSG_GETSA:
		for (unsigned i = 0; h->nlmsg_flags & NLM_F_ROOT && i < f->n_larvae; i++)
			tell_larva(f, &f->larvae[i], h->nlmsg_seq);
		if (f->has_sa)
			tell_sa(f, h->nlmsg_seq);
		return f->has_sa || h->nlmsg_flags & NLM_F_ROOT ? 0 : ESRCH;
	case XFRM_MSG_GETPOLICY:
		if (h->nlmsg_flags & NLM_F_ROOT)
			return 0;
		return f->has_policy ? tell_policy(f, h->nlmsg_seq) : ENOENT;
	default: return 0;
	}
}

static bool is_treated(struct fake *f, const struct nlmsghdr *h)
{
	if (!f->times || f->type != h->nlmsg_type)
		return false;
	if (f->skip) {
		f->skip--;
		return false;
	}
	f->times--;
	return true;
}

static void lose(struct fake *f)
{
	static const char much[TOO_MUCH];

	assert_int_equal(send(f->talk, much, sizeof much, 0), sizeof much);
}

static void answer(struct fake *f, const struct nlmsghdr *h)
{
	bool treated = is_treated(f, h);

	note(f, h);
	if (treated && f->way == FAKE_REFUSE) {
		verdict(f, h, h->nlmsg_seq, f->error);
		return;
	}
	if (treated && f->way == FAKE_LATE)
		verdict(f, h, h->nlmsg_seq - 1, f->error);
	if (treated && f->way == FAKE_INTERRUPT)
		pthread_kill(f->asker, SIGUSR1);
	int error = obey(f, h);
	if (treated && f->way == FAKE_LOSE)
		lose(f);
	else if (error || h->nlmsg_flags & NLM_F_ACK)
		verdict(f, h, h->nlmsg_seq, error);
}

static void *run(void *ctx)
{
	_Alignas(max_align_t) uint8_t request[REQUESTS];
	struct fake *f = ctx;
	int n;

	while ((n = (int)recv(f->talk, request, sizeof request, 0)) > 0) {
		pthread_mutex_lock(&f->lock);
		f->datagrams++;
		for (const struct nlmsghdr *h = (const void *)request; mnl_nlmsg_ok(h, n);
			h = mnl_nlmsg_next(h, &n))
			answer(f, h);
		pthread_mutex_unlock(&f->lock);
	}
	return NULL;
}

static void on_signal(int number)
{
	(void)number;
}

void fake_start(struct fake *f)
{
	int talk[2], events[2];

	memset(f, 0, sizeof *f);
	assert_int_equal(sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_signal }, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, talk), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, events), 0);
	f->talk = talk[1];
	f->events = events[1];
	f->ends = (struct kernel_ends){ .netlink = netlink_on(talk[0]), .events = events[0] };
	f->asker = pthread_self();
	assert_int_equal(pthread_mutex_init(&f->lock, NULL), 0);
	assert_int_equal(pthread_create(&f->thread, NULL, run, f), 0);
}

void fake_stop(struct fake *f)
{
	pthread_join(f->thread, NULL);
	pthread_mutex_destroy(&f->lock);
	close(f->talk);
	close(f->events);
}

void fake_treat(struct fake *f, uint16_t type, unsigned skip, unsigned times, enum fake_way way, int error)
{
	pthread_mutex_lock(&f->lock);
	f->type = type;
	f->skip = skip;
	f->times = times;
	f->way = way;
	f->error = error;
	pthread_mutex_unlock(&f->lock);
}

const char *fake_asked(struct fake *f)
{
	static char text[FAKE_ASKED];

	pthread_mutex_lock(&f->lock);
	memcpy(text, f->asked, sizeof text);
	f->asked[0] = 0;
	f->datagrams = 0;
	pthread_mutex_unlock(&f->lock);
	return text;
}

const struct xfrm_usersa_info *fake_sa(struct fake *f)
{
	return f->has_sa ? mnl_nlmsg_get_payload((struct nlmsghdr *)f->sa) : NULL;
}

uint32_t fake_resource(struct fake *f)
{
	const struct nlattr *a;
	uint32_t resource = 0;

	pthread_mutex_lock(&f->lock);
	mnl_attr_for_each(a, (const struct nlmsghdr *)(void *)f->sa, sizeof(struct xfrm_usersa_info))
		resource |= message_resource(a);
	pthread_mutex_unlock(&f->lock);
	return resource;
}

const struct xfrm_userpolicy_info *fake_policy(struct fake *f, struct xfrm_user_tmpl *tmpl)
{
	const struct nlmsghdr *h = (void *)f->policy;
	const struct nlattr *a;

	pthread_mutex_lock(&f->lock);
	mnl_attr_for_each(a, h, sizeof(struct xfrm_userpolicy_info)) if (mnl_attr_get_type(a) == XFRMA_TMPL)
		memcpy(tmpl, mnl_attr_get_payload(a), sizeof *tmpl);
	pthread_mutex_unlock(&f->lock);
	return mnl_nlmsg_get_payload(h);
}

void fake_larva(struct fake *f, uint32_t seq, uint32_t reqid)
{
	struct xfrm_usersa_info larva = { .id = { .daddr.a4 = htonl(0xc0000202), .proto = IPPROTO_ESP },
		.saddr.a4 = htonl(0xc0000201),
		.family = AF_INET,
		.seq = seq,
		.reqid = reqid,
		.mode = XFRM_MODE_TUNNEL };

	pthread_mutex_lock(&f->lock);
	assert_true(f->n_larvae < FAKE_LARVAE);
	f->larvae[f->n_larvae++] = larva;
	pthread_mutex_unlock(&f->lock);
}

bool fake_has_larva(struct fake *f, uint32_t seq)
{
	bool found = false;

	pthread_mutex_lock(&f->lock);
	for (unsigned i = 0; i < f->n_larvae; i++)
		found |= f->larvae[i].seq == seq;
	pthread_mutex_unlock(&f->lock);
	return found;
}

void fake_tell(struct fake *f, uint16_t type, const void *body, size_t n)
{
	_Alignas(struct nlmsghdr) char m[2048] = { 0 };
	struct nlmsghdr *h = mnl_nlmsg_put_header(m);

	h->nlmsg_type = type;
	memcpy(mnl_nlmsg_put_extra_header(h, n), body, n);
	assert_int_equal(send(f->events, h, h->nlmsg_len, 0), h->nlmsg_len);
}

void fake_tell_too_much(struct fake *f)
{
	static const char much[TOO_MUCH];

	assert_int_equal(send(f->events, much, sizeof much, 0), sizeof much);
}
