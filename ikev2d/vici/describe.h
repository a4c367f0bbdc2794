/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of the model as elements of a message, in the keys and the order of strongSwan (its clients match
 * whole lines). Keys of our own come last. */
#pragma once

#include "model/conf.h"
#include "model/sa.h"
#include "vici/codec/encode.h"
#include "vici/vici.h"

/* What is said of the IKE_SA itself. NOW is on the clock of the record. */
void vici_put_sa(struct vici_out *out, const struct sa_record *sa, uint64_t now, struct arena *scratch);

/* The section of a CHILD_SA: SECTION or, for NULL, "NAME-ID". */
void vici_put_child(struct vici_out *out, const char *section, const struct child_record *c, uint64_t now);

/* The section NAME of a reason, with those of its parts that there are; and of a failure, with its times. */
void vici_put_why(struct vici_out *out, const char *name, const struct why *why);
void vici_put_failure_record(
	struct vici_out *out, const char *name, const struct failure_record *r, uint64_t now);

/* Why a connection is not up, for its section: since when, when it is tried next, the last failure. */
void vici_put_outage(struct vici_out *out, const struct vici_failures *f, uint64_t now);

/* The section of a policy. */
void vici_put_policy(struct vici_out *out, const struct policy_record *p, struct arena *scratch);

/* The list NAME of selectors, with the words of this machine for ports. */
void vici_put_selectors(struct vici_out *out, const char *name, struct tss set);

/* "TUNNEL", "PASS", … */
const char *vici_mode_name(enum child_mode m);

/* The section of an authority. HOST knows the subjects of certificates. */
void vici_put_authority(
	struct vici_out *out, const struct authority *a, const struct vici_host *host, struct arena *scratch);

/* The section of a connection, with its children. */
void vici_put_conn(
	struct vici_out *out, const struct peer *p, const struct vici_host *host, struct arena *scratch);
