/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of what stands. */
#include "ike/record.h"

#include "ike/cfg.h"

/* One that is up, in a rekeying or not. */
static const char *installed_status(const struct child *c)
{
	const struct task *t = c->sa->task;

	if (c->successor || c->redundant)
		return "REKEYED";
	return t && t->kind == TASK_REKEY_CHILD && t->child == c->id ? "REKEYING" : "INSTALLED";
}

static const char *child_status(const struct child *c)
{
	static const char *const words[] = {
		[CHILD_INSTALLING] = "INSTALLING",
		[CHILD_DELETING] = "DELETING",
		[CHILD_LATE] = "DELETED",
	};

	return c->state == CHILD_INSTALLED ? installed_status(c) : words[c->state];
}

static void child_record(const struct child *c, struct arena *arena, struct child_record *out)
{
	*out = (struct child_record){
		.id = c->id,
		.reqid = c->reqid,
		.name = arena_str(arena, c->conf->name),
		.conf = c->conf,
		.state = child_status(c),
		.mode = c->mode,
		.encap = c->encap,
		.tcp = c->sa->core.path.tcp,
		.marks = c->marks,
		.per_cpu = c->per_cpu,
		.resource = c->resource,
		.spi_in = c->spi_in,
		.spi_out = c->spi_out,
		.suite = c->suite,
		.post_quantum = c->post_quantum,
		.local_ts = tss_copy(arena, c->local_ts),
		.remote_ts = tss_copy(arena, c->remote_ts),
		.installed_ms = c->installed,
		.rekey_ms = c->rekey_due,
		.life_ms = c->life_end,
		.in = { .spi = c->spi_in, .inbound = true },
		.out = { .spi = c->spi_out },
	};
}

/* The identity as far as it is known: the configured one until the peer has said its own. */
static struct id known_id(
	const struct id *kept, const struct id *handshake, const struct id *conf, struct arena *arena)
{
	return id_copy(arena, kept->type ? kept : handshake->type ? handshake : conf);
}

/* ------------------------------------------------------------------- tasks */

/* What strongSwan does one after the other on the way up, as far as it is done here; IKE_INIT and IKE_NATD
 * end with IKE_SA_INIT. Without a first child the last one is missing. */
static const char *const initiating[] = { "IKE_INIT", "IKE_NATD", "IKE_CERT_PRE", "IKE_AUTH", "IKE_CERT_POST",
	"IKE_AUTH_LIFETIME", "IKE_ESTABLISH", "CHILD_CREATE" };
static const char *const responding[] = { "IKE_INIT", "IKE_CERT_PRE", "IKE_AUTH", "IKE_CERT_POST",
	"IKE_ESTABLISH", "IKE_AUTH_LIFETIME", "CHILD_CREATE" };

static const char *task_word(const struct sa *sa, enum task_kind kind)
{
	static const char *const words[] = {
		[TASK_LIVENESS] = "IKE_DPD",
		[TASK_UNKNOWN_SPI] = "INFORMATIONAL",
		[TASK_CRASH_TOKEN] = "INFORMATIONAL",
		[TASK_MOVE] = "IKE_MOBIKE",
		[TASK_ADDRESSES] = "IKE_MOBIKE",
		[TASK_ROUTABILITY] = "IKE_MOBIKE",
		[TASK_REDIRECT] = "IKE_REDIRECT",
		[TASK_LIMIT] = "IKE_AUTH_LIFETIME",
		[TASK_TICKET] = "IKE_TICKET",
		[TASK_CREATE_CHILD] = "CHILD_CREATE",
		[TASK_REKEY_CHILD] = "CHILD_REKEY",
		[TASK_DELETE_CHILD] = "CHILD_DELETE",
		[TASK_REKEY_IKE] = "IKE_REKEY",
		[TASK_DELETE_IKE] = "IKE_DELETE",
	};

	return kind == TASK_DELETE_IKE && sa->core.again ? "IKE_REAUTH" : words[kind];
}

static struct strings tasks_queued(const struct sa *sa, struct arena *arena)
{
	const char **v;
	unsigned n = 0;

	list_each (p, (struct node *)&sa->tasks)
		n++;
	v = ARENA_ARRAY(arena, n, const char *);
	n = 0;
	list_each (p, (struct node *)&sa->tasks)
		v[n++] = task_word(sa, node_owner(p, struct task, of_sa)->kind);
	return (struct strings){ v, n };
}

static struct strings tasks_active(const struct sa *sa, struct arena *arena)
{
	const char **v = ARENA_NEW(arena, const char *);
	unsigned done = sa->core.state > S_I_INIT ? 2 : 0, last = sa->handshake->x.child ? 0 : 1;

	if (sa->core.state < S_UP)
		return sa->core.initiator
			       ? (struct strings){ initiating + done, ARRAY_SIZE(initiating) - done - last }
			       : (struct strings){ 0 };
	*v = task_word(sa, sa->task ? sa->task->kind : TASK_DELETE_IKE);
	return (struct strings){ v, sa->task || sa->window.request ? 1 : 0 };
}

static struct strings tasks_passive(const struct sa *sa)
{
	static const char *const words[] = {
		[N_NONE] = NULL,
		[N_CREATE] = "CHILD_CREATE",
		[N_REKEY_CHILD] = "CHILD_REKEY",
		[N_REKEY_IKE] = "IKE_REKEY",
	};

	if (sa->core.state < S_UP && !sa->core.initiator)
		return (struct strings){ responding, ARRAY_SIZE(responding) };
	return (struct strings){ &words[sa->theirs->kind], sa->theirs->kind != N_NONE };
}

/* All but the children. */
static struct sa_record sa_record(const struct sa *sa, struct arena *arena)
{
	const struct sa_core *c = &sa->core;
	const struct peer *p = c->peer;
	struct ike_ips dns = cfg_ips_copy(arena, sa->dns);
	bool rekeys = sa->task && sa->task->kind == TASK_REKEY_IKE;

	return (struct sa_record){
		.id = sa->id,
		.name = arena_str(arena, p->name),
		.state = c->state == S_UP && rekeys ? "REKEYING" : state_status(c->state),
		.spi_i = c->spi_i,
		.spi_r = c->spi_r,
		.initiator = c->initiator,
		.began = c->began,
		.path = c->path,
		.local_id = known_id(&sa->local_id, &sa->handshake->local_id, &p->local.id, arena),
		.remote_id = known_id(&sa->remote_id, &sa->handshake->remote_id, &p->remote.id, arena),
		.remote_eap_id = id_copy(arena, &sa->eap_id),
		.login = c->login,
		.suite = c->suite,
		.local_vips = c->began ? c->vips : (struct vips){ 0 },
		.remote_vips = c->began ? (struct vips){ 0 } : c->vips,
		.dns = dns.v,
		.n_dns = dns.n,
		.domains = cfg_domains_copy(arena, sa->domains),
		.ppk = c->ppk,
		.ppk_int = c->ppk_int,
		.post_quantum = c->post_quantum,
		.nat_local = c->nat_local,
		.nat_remote = c->nat_remote,
		.nat_fake = c->nat_fake,
		.crash_token = c->has_token,
		.if_id_in = c->if_id_in ? c->if_id_in : p->if_id_in.value,
		.if_id_out = c->if_id_out ? c->if_id_out : p->if_id_out.value,
		.established_ms = c->established,
		.rekey_ms = c->rekey_due,
		.reauth_ms = c->reauth_due,
		.tasks_queued = tasks_queued(sa, arena),
		.tasks_active = tasks_active(sa, arena),
		.tasks_passive = tasks_passive(sa),
	};
}

void record_make(const struct sa *sa, struct arena *arena, struct sa_record *out)
{
	unsigned n = 0;

	*out = sa_record(sa, arena);
	list_each (k, (struct node *)&sa->children)
		n++;
	out->children = ARENA_ARRAY(arena, n, struct child_record);
	list_each (k, (struct node *)&sa->children)
		child_record(node_owner(k, struct child, of_sa), arena, &out->children[out->n_children++]);
}

void record_make_of(
	const struct child *child, const struct child *old, struct arena *arena, struct sa_record *out)
{
	*out = sa_record(child->sa, arena);
	out->children = ARENA_ARRAY(arena, 2, struct child_record);
	child_record(child, arena, &out->children[out->n_children++]);
	if (old && old->sa == child->sa)
		child_record(old, arena, &out->children[out->n_children++]);
}

const uint64_t *ike_sas(const struct ike *ike, struct arena *arena, unsigned *n)
{
	uint64_t *v = ARENA_ARRAY(arena, ike->n_sas, uint64_t);

	*n = 0;
	list_each (k, (struct node *)&ike->sas_list)
		v[(*n)++] = node_owner(k, struct sa, of_ike)->spi;
	return v;
}

bool ike_record(const struct ike *ike, uint64_t key, struct arena *arena, struct sa_record *out)
{
	const struct sa *sa = map_get(&ike->sas, key);

	if (!sa || sa->core.state == S_LINGER)
		return false;
	record_make(sa, arena, out);
	return true;
}

bool ike_keys(const struct ike *ike, uint64_t key, struct ike_key_record *out)
{
	const struct sa *sa = map_get(&ike->sas, key);
	const struct sa_core *core = sa ? &sa->core : NULL;
	const struct suite *s = core ? &core->suite : NULL;

	if (!sa || core->state == S_LINGER || !core->keyed)
		return false;
	*out = (struct ike_key_record){
		.name = core->peer->name,
		.id = sa->id,
		.spi_i = core->spi_i,
		.spi_r = core->spi_r,
		.suite = *s,
		.ei = bytes_of(core->keys.ei, (size_t)s->encr->key + s->encr->salt),
		.er = bytes_of(core->keys.er, (size_t)s->encr->key + s->encr->salt),
		.ai = bytes_of(core->keys.ai, s->integ ? s->integ->key : 0),
		.ar = bytes_of(core->keys.ar, s->integ ? s->integ->key : 0),
	};
	return true;
}

bool ike_proven(const struct ike *ike, uint64_t key, struct ike_proven *out)
{
	const struct sa *sa = map_get(&ike->sas, key);

	if (!sa || sa->core.state != S_UP || !sa->certs.n)
		return false;
	*out = (struct ike_proven){ sa->id, sa->core.peer, sa->certs };
	return true;
}

const uint64_t *ike_traps(const struct ike *ike, struct arena *arena, unsigned *n)
{
	uint64_t *v = ARENA_ARRAY(arena, ike->policies.count, uint64_t);

	*n = 0;
	list_each (c, (struct node *)&ike->conns)
		list_each (k, &node_owner(c, struct conn, of_ike)->traps)
			v[(*n)++] = node_owner(k, struct trap, of_conn)->id;
	return v;
}

bool ike_trap(const struct ike *ike, uint64_t key, struct arena *arena, struct policy_record *out)
{
	const struct trap *t = map_get(&ike->policies, key);

	if (!t || t->state != TRAP_SET)
		return false;
	*out = (struct policy_record){
		.ike = arena_str(arena, t->conf->peer->name),
		.child = arena_str(arena, t->conf->name),
		.mode = t->conf->mode,
		.local_ts = tss_resolve(t->conf->local, &t->local, arena),
		.remote_ts = tss_resolve(t->conf->remote, &t->remote, arena),
	};
	return true;
}

void ike_drops(const struct ike *ike, struct text *out)
{
	for (unsigned i = 0; i < DROP_COUNT; i++)
		if (ike->drops[i])
			text_add(out, "%s%s=%llu", out->n ? " " : "", dropped_name(i),
				(unsigned long long)ike->drops[i]);
}

struct ike_load ike_load(const struct ike *ike)
{
	unsigned ended = 0;

	list_each (k, (struct node *)&ike->sas_list)
		ended += node_owner(k, struct sa, of_ike)->core.state == S_LINGER;
	return (struct ike_load){
		.sas = ike->n_sas - ended,
		.half_open = ike->half_open,
		.cookies = ike->cookies,
		.puzzles = ike->puzzles,
		.solved = ike->solved,
		.children = (unsigned)ike->children.count,
		.timers = (unsigned)(ike->timers.count + ike->trap_timers.count + ike->want_timers.count),
	};
}
