/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CHILD_SAs: negotiated, installed, ended. */
#pragma once

#include "ike/step.h"

/* What the two sides agreed on for a new CHILD_SA. */
struct child_deal {
	const struct child_conf *conf;
	struct suite suite;
	uint32_t spi_in, spi_out;
	struct tss local_ts, remote_ts;
	bool initiator; /* of the exchange: says whose keys are whose */
	uint8_t num;    /* responder: of the proposal that was chosen */
};

/* Makes the child and asks the data path to install it; it is committed with D. The outcome comes to
 * child_answered. False when the keys cannot be made. */
bool child_make(struct draft *d, const struct child_deal *deal);

/* A part of CHILD's installation was answered. */
void child_answered(struct step *s, struct child *child, const struct ike_answer *answer);

/* Whether the installation of a child of SA takes too long: then it has failed, and SA may be gone. */
bool child_overdue(struct step *s, struct sa *sa);

/* For commit only: CHILD goes into STATE (CHILD_INSTALLED: it carries traffic from now on), or ends and is
 * freed. */
void child_set(struct step *s, struct child *child, enum child_state state);
void child_end(struct step *s, struct child *child, const struct why *why);
void child_free(struct ike *ike, struct child *child);

/* The selectors of CONF between the hosts of D's path: dynamic ones resolved. From the scratch arena. */
struct tss child_local_ts(const struct draft *d, const struct child_conf *conf);
struct tss child_remote_ts(const struct draft *d, const struct child_conf *conf);

/* The child with this outbound (inbound) SPI, or NULL. */
struct child *child_by_spi(const struct sa *sa, uint32_t spi, bool inbound);
