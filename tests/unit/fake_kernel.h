/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel that is none: a thread at the other end of a back end's netlink, which answers as it is told. It
 * takes all there is, keeps the last SA and its own questions, and writes down what it was asked. */
#pragma once

#include "tests/unit/unit.h"

#include "xfrm/kernel/state.h"

#include <pthread.h>

enum { FAKE_ASKED = 4096, FAKE_LARVAE = 8 };

enum fake_way {
	FAKE_REFUSE,    /* with an error */
	FAKE_LATE,      /* an answer to an earlier request comes first, with that error */
	FAKE_INTERRUPT, /* a signal first, then it is done */
	FAKE_LOSE,      /* it is done, and the answer is lost */
};

struct fake {
	int talk, events; /* the fake's ends */
	struct kernel_ends ends;
	char asked[FAKE_ASKED]; /* "newsa getsa delsa" */
	unsigned datagrams;     /* in which that was */
	pthread_t thread, asker;
	pthread_mutex_t lock;
	/* How the requests of TYPE, after SKIP of them, are treated: TIMES of them. */
	uint16_t type;
	unsigned skip, times;
	enum fake_way way;
	int error;
	/* The last SA. */
	_Alignas(max_align_t) uint8_t sa[NETLINK_REQUEST_MAX];
	bool has_sa;
	bool forgets_iptfs; /* it takes the mode by its number, and tells nothing of what belongs to it */
	uint64_t packets;
	bool old; /* it passes over what kernels before 6.13 do not know */
	/* Questions of its own that stand. */
	struct xfrm_usersa_info larvae[FAKE_LARVAE];
	unsigned n_larvae;
	/* The last outbound policy; HAS_POLICY: it stays, and is told to who asks for any one. */
	_Alignas(max_align_t) uint8_t policy[NETLINK_REQUEST_MAX];
	bool has_policy;
};

void fake_start(struct fake *f);
/* After the back end has closed its ends. */
void fake_stop(struct fake *f);

/* From now on. */
void fake_treat(struct fake *f, uint16_t type, unsigned skip, unsigned times, enum fake_way way, int error);

/* What it was asked since the last time. */
const char *fake_asked(struct fake *f);

/* The last SA it was told, or NULL. */
const struct xfrm_usersa_info *fake_sa(struct fake *f);

/* The number of the CPU that the last SA is for, and 1; 0: none. */
uint32_t fake_resource(struct fake *f);
/* The last outbound policy, its template in TMPL. */
const struct xfrm_userpolicy_info *fake_policy(struct fake *f, struct xfrm_user_tmpl *tmpl);

/* A packet to 192.0.2.2 has asked for an SA of REQID, by the number SEQ; whether that is told is another
 * thing. */
void fake_larva(struct fake *f, uint32_t seq, uint32_t reqid);
/* Whether that question stands. */
bool fake_has_larva(struct fake *f, uint32_t seq);

/* Events: of N octets; one that nobody reads in time. */
void fake_tell(struct fake *f, uint16_t type, const void *body, size_t n);
void fake_tell_too_much(struct fake *f);
