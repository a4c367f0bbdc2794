/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel can, found out by asking it for SAs that carry nothing: from this machine to itself, and
 * gone at once. */
#include "xfrm/kernel/algorithm.h"
#include "xfrm/kernel/state.h"

#include "base/log.h"
#include "xfrm/bypass.h"
#include "xfrm/rtnl.h"

#include <linux/netlink.h>
#include <unistd.h>

enum {
	PROBE_SPI = 0x7fff0000, /* the end of the kernel's range (model/data_path.h) */
	PROBE_TRIES = 16,       /* SPIs in use */
	PROBE_REQID = 0x7fff0000,
	KEY_MAX = 128,
};

static const uint8_t no_key[KEY_MAX] = { 1, 2, 3, 4, 5, 6, 7 };

static const struct ip here4 = { 4, { 127, 0, 0, 1 } }, here6 = { 6, { [15] = 1 } };

/* What is probed. */
struct probe {
	const struct transform *encr, *integ;
	bool esn, encap;
	const struct ip *here;
	uint8_t protocol; /* PROTO_AH: without ENCR; 0: ESP */
	enum child_mode mode;
};

static struct sa_spec spec_of(const struct probe *p, const struct child_conf *conf)
{
	struct addr here = { *p->here, 4500 };

	return (struct sa_spec){
		.inbound = true,
		.reqid = PROBE_REQID,
		.suite = { .encr = p->encr, .integ = p->integ, .esn = p->esn, .protocol = p->protocol },
		.encr_key = bytes_of(no_key, p->encr ? (size_t)p->encr->key + p->encr->salt : 0),
		.integ_key = bytes_of(no_key, p->integ ? p->integ->key : 0),
		.encap = p->encap,
		.mode = p->mode,
		.local = here,
		.remote = here,
		.conf = conf,
	};
}

/* Installs the SA of SPEC, lets SEEN (unless it is NULL) have what the kernel says of it, and takes it away
 * again. */
static enum err try(struct xfrm *x, struct sa_spec *spec, struct sa_seen *seen, struct text *why)
{
	enum err e = ERR_EXISTS;

	for (unsigned i = 0; e == ERR_EXISTS && i < PROBE_TRIES; i++) {
		spec->spi = PROBE_SPI + i;
		e = kernel_sa_add(x, spec, why);
	}
	if (!e && seen)
		e = kernel_sa_ask(x, &kernel_sa_of(x, spec->child, spec->inbound)->key, seen);
	kernel_sa_del(x, spec->child, spec->inbound);
	return e;
}

static const struct child_conf usual = { .replay_window = 32 };

static enum err probe(struct xfrm *x, const struct probe *p, struct sa_seen *seen, struct text *why)
{
	struct sa_spec spec = spec_of(p, &usual);

	return try(x, &spec, seen, why);
}

/* Kernels before 6.13 pass over what they do not know. */
static bool has_cpus(struct xfrm *x, const struct probe *p)
{
	struct sa_spec spec = spec_of(p, &usual);
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	struct sa_seen seen = { 0 };
	enum err e;

	spec.inbound = false;
	spec.per_cpu = true;
	spec.resource = 1;
	x->caps.per_cpu = true;
	e = try(x, &spec, &seen, &why);
	arena_free(&scratch);
	return !e && seen.resource == spec.resource;
}

static const struct transform *first_of(uint8_t type)
{
	const struct transform *t = NULL;

	while ((t = transform_next(t)))
		if (t->type == type && algorithm_known(t))
			break;
	return t;
}

/* T, with what it needs beside it. */
static struct probe of_transform(const struct transform *t)
{
	struct probe p = { .here = &here4 };

	if (t->type == TRANSFORM_ENCR) {
		p.encr = t;
		p.integ = t->kind == KIND_AEAD ? NULL : first_of(TRANSFORM_INTEG);
	} else {
		p.encr = transform_find(TRANSFORM_ENCR, ENCR_AES_CBC, 128);
		p.integ = t;
	}
	return p;
}

/* ERR_OK when at least one cipher is there. Where there is no ESP none is asked for: the kernel looks for
 * each of them, and may load modules for it. */
static enum err probe_transforms(struct xfrm *x, const struct transform **best, struct text *why)
{
	const struct transform *t = NULL;
	enum err last = ERR_UNSUPPORTED;

	*best = NULL;
	while ((t = transform_next(t))) {
		struct probe p = of_transform(t);
		enum err e;

		if (t->type != TRANSFORM_ENCR && t->type != TRANSFORM_INTEG)
			continue;
		e = probe(x, &p, NULL, why);
		if (e == ERR_DENIED || (e && netlink_lacks_protocol(x->netlink)))
			return e;
		if (e && x->caps.n_lacks < XFRM_LACKS_MAX)
			x->caps.lacks[x->caps.n_lacks++] = t;
		if (e)
			last = e;
		else if (t->type == TRANSFORM_ENCR && !*best)
			*best = t;
	}
	return *best ? ERR_OK : last;
}

static bool can(struct xfrm *x, struct probe p)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	bool ok = !probe(x, &p, NULL, &why);

	arena_free(&scratch);
	return ok;
}

/* That there are such SAs is not enough: their packets must be let in, by the socket at the port. */
static bool has_encap(struct xfrm *x, struct probe p)
{
	bool v6 = p.here->v == 6, takes;
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	takes = fd >= 0 && xfrm_encap(fd);
	if (fd >= 0)
		close(fd);
	p.encap = true;
	return takes && can(x, p);
}

/* A kernel that knows the number of the mode, and is built without what does it, takes such SAs too, and
 * tells nothing of it then. */
static bool has_iptfs(struct xfrm *x, struct probe p)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	struct sa_seen seen = { 0 };
	bool ok;

	p.mode = MODE_IPTFS;
	ok = !probe(x, &p, &seen, &why) && seen.iptfs;
	arena_free(&scratch);
	return ok;
}

static void say(const struct xfrm *x)
{
	const struct xfrm_caps *c = &x->caps;
	struct arena scratch = { 0 };
	struct text lacks = text_in(&scratch);

	for (unsigned i = 0; i < c->n_lacks; i++)
		text_add(&lacks, "%s%s", i ? "," : "", c->lacks[i]->word);
	log_say(LOG_DETAIL, "kernel-path",
		"this kernel carries ESP: ipv6=%s esn=%s encap4=%s encap6=%s ah=%s iptfs=%s interface=%s "
		"per-cpu=%s lacks=%s",
		c->ipv6 ? "yes" : "no", c->esn ? "yes" : "no", c->encap4 ? "yes" : "no",
		c->encap6 ? "yes" : "no", c->ah ? "yes" : "no", c->iptfs ? "yes" : "no",
		c->interface ? "yes" : "no", c->per_cpu ? "yes" : "no",
		c->n_lacks ? text_str(&lacks) : "nothing");
	arena_free(&scratch);
}

bool kernel_probe_interface(void)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	struct netlink *nl = NULL;
	bool has = !netlink_open(NETLINK_ROUTE, &nl, &why) && rtnl_has_link_xfrm(nl);

	netlink_close(nl);
	arena_free(&scratch);
	return has;
}

enum err kernel_probe(struct xfrm *x, struct text *why)
{
	struct arena scratch = { 0 };
	struct text reason = text_in(&scratch);
	const struct transform *best;
	enum err e = probe_transforms(x, &best, &reason);
	struct probe p;

	if (e) {
		text_add(why, e == ERR_DENIED ? "the kernel path: %s" : "this kernel has no ESP (%s)",
			netlink_reason(x->netlink));
		arena_free(&scratch);
		return e == ERR_DENIED ? e : ERR_UNSUPPORTED;
	}
	p = of_transform(best);
	x->caps.esn = can(x, (struct probe){ p.encr, p.integ, true, false, &here4, 0, 0 });
	x->caps.encap4 = has_encap(x, (struct probe){ p.encr, p.integ, .here = &here4 });
	x->caps.ipv6 = can(x, (struct probe){ p.encr, p.integ, false, false, &here6, 0, 0 });
	x->caps.encap6 = has_encap(x, (struct probe){ p.encr, p.integ, .here = &here6 });
	x->caps.ah = can(x,
		(struct probe){ .integ = first_of(TRANSFORM_INTEG), .here = &here4, .protocol = PROTO_AH });
	x->caps.iptfs = has_iptfs(x, (struct probe){ p.encr, p.integ, .here = &here4 });
	x->caps.per_cpu = has_cpus(x, &p);
	x->caps.modes = x->caps.marks = true;
	x->caps.window = KERNEL_WINDOW_MAX;
	say(x);
	arena_free(&scratch);
	return ERR_OK;
}
