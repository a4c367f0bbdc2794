/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon without a daemon. */
#include "vici_client.h"

#include <stdlib.h>

enum { NOW = 1000000 };

static struct vici_target copy_target(struct arena *a, const struct vici_target *t)
{
	return (struct vici_target){
		.ike = t->ike ? arena_str(a, t->ike) : NULL,
		.child = t->child ? arena_str(a, t->child) : NULL,
		.ike_id = t->ike_id,
		.child_id = t->child_id,
		.hosts = t->hosts,
		.limits = t->limits,
	};
}

static void end_at_once(struct vici_fake *f)
{
	if (!f->at_once)
		return;
	vici_log(f->vici, f->ticket, "IKE", 1, NULL, 0, "doing as I was told");
	vici_done(f->vici, f->ticket, &f->outcome);
}

static void initiate(void *ctx, uint32_t ticket, const struct vici_target *what, int64_t timeout_ms)
{
	struct vici_fake *f = ctx;

	f->ticket = ticket;
	f->target = copy_target(&f->arena, what);
	f->timeout = timeout_ms;
	end_at_once(f);
}

static void terminate(
	void *ctx, uint32_t ticket, const struct vici_target *what, bool force, int64_t timeout_ms)
{
	struct vici_fake *f = ctx;

	f->force = force;
	initiate(ctx, ticket, what, timeout_ms);
}

static void rekey(void *ctx, uint32_t ticket, const struct vici_target *what, bool reauth)
{
	struct vici_fake *f = ctx;

	f->reauth = reauth;
	initiate(ctx, ticket, what, 0);
}

static void redirect(
	void *ctx, uint32_t ticket, const struct vici_target *what, const struct vici_redirect *where)
{
	struct vici_fake *f = ctx;

	f->redirect = *where;
	f->redirect.gateway = arena_str(&f->arena, where->gateway);
	f->redirect.identity = where->identity ? arena_str(&f->arena, where->identity) : NULL;
	initiate(ctx, ticket, what, 0);
}

static void install(void *ctx, uint32_t ticket, const struct vici_target *what)
{
	((struct vici_fake *)ctx)->policy = "in";
	initiate(ctx, ticket, what, 0);
}

static void uninstall(void *ctx, uint32_t ticket, const struct vici_target *what)
{
	((struct vici_fake *)ctx)->policy = "away";
	initiate(ctx, ticket, what, 0);
}

static const uint64_t *keys_to(unsigned n, struct arena *arena)
{
	uint64_t *v = ARENA_ARRAY(arena, n, uint64_t);

	for (unsigned i = 0; i < n; i++)
		v[i] = i;
	return v;
}

static const uint64_t *sas(void *ctx, struct arena *arena, unsigned *n)
{
	*n = ((struct vici_fake *)ctx)->n_sas;
	return keys_to(*n, arena);
}

static bool record(void *ctx, uint64_t key, struct arena *arena, struct sa_record *out)
{
	struct vici_fake *f = ctx;

	(void)arena;
	f->described++;
	if (key >= f->n_sas)
		return false;
	*out = f->sas[key];
	return true;
}

static const uint64_t *policies(void *ctx, struct arena *arena, unsigned *n)
{
	(void)ctx;
	*n = 4;
	return keys_to(*n, arena);
}

static struct tss selector(struct arena *a, const char *text);

static bool policy(void *ctx, uint64_t key, struct arena *arena, struct policy_record *out)
{
	static const struct policy_record all[] = {
		{ .ike = "gw", .child = "local", .mode = MODE_PASS },
		{ .ike = "gw", .child = "rest", .mode = MODE_DROP },
		{ .ike = "gw", .child = "dmz" },
		{ .ike = "home", .child = "lan" },
	};

	(void)ctx;
	*out = (struct policy_record){
		.ike = all[key].ike,
		.child = all[key].child,
		.mode = all[key].mode,
		.local_ts = selector(arena, "10.1.0.0/16"),
		.remote_ts = selector(arena, "10.2.0.0/16"),
	};
	return true;
}

static const struct counters *counters(
	void *ctx, const char *name, bool all, struct arena *arena, unsigned *n)
{
	struct counters *v = ARENA_ARRAY(arena, 2, struct counters);

	(void)ctx;
	*n = all ? 2 : !name || !strcmp(name, "gw");
	v[0].name = name || all ? "gw" : "";
	v[1].name = "home";
	for (unsigned i = 0; i < COUNTERS; i++)
		v[0].v[i] = i;
	return v;
}

static void counters_reset(void *ctx, const char *name, bool all)
{
	struct vici_fake *f = ctx;

	f->reset = all ? "all" : name ? arena_str(&f->arena, name) : "together";
}

static const struct conf *conf(void *ctx)
{
	return &((struct vici_fake *)ctx)->conf;
}

static void failures(void *ctx, const char *name, struct arena *arena, struct vici_failures *out)
{
	struct vici_fake *f = ctx;
	struct failure_record *r = ARENA_NEW(arena, struct failure_record);

	*out = (struct vici_failures){ 0 };
	if (!f->failed || strcmp(name ? name : "", f->failed))
		return;
	*r = (struct failure_record){
		.why = { .what = "the peer refused our proposal",
			.stage = "IKE_SA_INIT",
			.configured = "aes256gcm16-prfsha384-ecp384",
			.where = "/etc/ikev2d/ikev2d.conf:12 (connections.home.proposals)",
			.notify = "NO_PROPOSAL_CHOSEN" },
		.remote = { .v = 4, .a = { 192, 0, 2, 1 } },
		.first = NOW - 60000,
		.last = NOW - 12000,
		.times = 3,
	};
	out->v = ARENA_NEW(arena, const struct failure_record *);
	*out->v = out->last = r;
	out->n = 1;
	out->down = NOW - 180000;
	out->next = NOW + 24000;
}

static uint64_t now(void *ctx)
{
	return NOW + ((struct vici_fake *)ctx)->later;
}

/* Like the library of Debian 12. */
static bool has(void *ctx, const struct transform *t)
{
	(void)ctx;
	return t->kind != KIND_KEM;
}

static enum err verdict(struct vici_fake *f, struct why *why)
{
	if (!f->refuse)
		return ERR_OK;
	*why = (struct why){ .what = "refused by the test", .where = "f.conf:1 (connections.gw)" };
	return ERR_SYNTAX;
}

static enum err load_conn(void *ctx, struct peer *peer, struct arena *arena, struct why *why)
{
	struct vici_fake *f = ctx;

	(void)arena;
	peer_unref(f->loaded);
	f->loaded = peer;
	return verdict(f, why);
}

static enum err load_shared(void *ctx, const struct secret *secret, struct arena *arena, struct why *why)
{
	struct vici_fake *f = ctx;
	struct id *owners = ARENA_ARRAY(&f->arena, secret->n_owners, struct id);

	(void)arena;
	f->secret = *secret;
	f->secret.name = secret->name ? arena_str(&f->arena, secret->name) : NULL;
	f->secret.data = arena_bytes(&f->arena, secret->data);
	for (unsigned i = 0; i < secret->n_owners; i++)
		owners[i] = id_copy(&f->arena, &secret->owners[i]);
	f->secret.owners = owners;
	return verdict(f, why);
}

static enum err unload(void *ctx, const char *name, struct arena *arena, struct why *why)
{
	struct vici_fake *f = ctx;

	(void)arena;
	f->unloaded = arena_str(&f->arena, name);
	return verdict(f, why);
}

static enum err load_pool(void *ctx, const struct vip_pool *pool, struct arena *arena, struct why *why)
{
	struct vici_fake *f = ctx;

	(void)arena;
	f->pools++;
	f->pool = *pool;
	f->pool.name = arena_str(&f->arena, pool->name);
	return verdict(f, why);
}

static void pool_usage(void *ctx, const struct vip_pool *pool, unsigned *online, unsigned *offline)
{
	const struct vici_fake *f = ctx;

	*online = strcmp(pool->name, "range") ? 0 : f->n_leases;
	*offline = 0;
}

static const struct vici_lease *leases(
	void *ctx, const struct vip_pool *pool, struct arena *arena, unsigned *n)
{
	const struct vici_fake *f = ctx;

	(void)arena;
	*n = strcmp(pool->name, "range") ? 0 : f->n_leases;
	return f->leases;
}

static enum err load_authority(
	void *ctx, const struct authority *authority, struct arena *arena, struct why *why)
{
	struct vici_fake *f = ctx;

	(void)arena;
	f->authorities++;
	f->authority = *authority;
	f->authority.name = arena_str(&f->arena, authority->name);
	f->authority.cacert.data = arena_bytes(&f->arena, authority->cacert.data);
	return verdict(f, why);
}

static void clear_creds(void *ctx)
{
	((struct vici_fake *)ctx)->cleared++;
}

static enum err load_cert(void *ctx, const struct vici_cert *cert, struct arena *arena, struct why *why)
{
	struct vici_fake *f = ctx;

	(void)arena;
	f->cert = *cert;
	f->cert.data = arena_bytes(&f->arena, cert->data);
	return verdict(f, why);
}

static enum err load_key(void *ctx, struct bytes data, struct arena *arena, const char **id, struct why *why)
{
	struct vici_fake *f = ctx;

	(void)arena;
	f->key = arena_bytes(&f->arena, data);
	*id = "0123";
	return verdict(f, why);
}

static void look_up(void *ctx, uint32_t ticket, const struct conf *wanted)
{
	struct vici_fake *f = ctx;

	f->wanted = wanted->n_peers + wanted->n_authorities;
	f->ticket = ticket;
	if (!f->looks)
		vici_load(f->vici, ticket, NULL);
}

static void leave(void *ctx, uint32_t ticket)
{
	((struct vici_fake *)ctx)->left = ticket;
}

static void load_token(void *ctx, uint32_t ticket, const struct key_conf *key)
{
	struct vici_fake *f = ctx;
	struct why why = { 0 };
	enum err e = verdict(f, &why);

	f->token = arena_printf(&f->arena, "%s %s %s %d %u %.*s", key->uri ? key->uri : "-",
		key->handle ? key->handle : "-", key->module ? key->module : "-", key->has_slot, key->slot,
		(int)key->secret.n, (const char *)key->secret.p);
	vici_done(f->vici, ticket, &(struct vici_outcome){ .success = !e, .why = why, .id = "0123" });
}

static const char *const *keys(void *ctx, struct arena *arena, unsigned *n)
{
	const char **ids = ARENA_ARRAY(arena, 2, const char *);

	(void)ctx;
	ids[0] = "0123";
	ids[1] = "4567";
	*n = 2;
	return ids;
}

static const struct vici_cert *certs(
	void *ctx, const struct vici_cert_filter *filter, struct arena *arena, unsigned *n)
{
	static const struct vici_cert all[] = {
		{ VICI_CERT_PUBKEY, VICI_FLAG_NONE, false, { (const uint8_t *)"one", 3 } },
		{ VICI_CERT_X509, VICI_FLAG_NONE, true, { (const uint8_t *)"two", 3 } },
		{ VICI_CERT_X509, VICI_FLAG_CA, false, { (const uint8_t *)"three", 5 } },
		{ VICI_CERT_X509_CRL, VICI_FLAG_NONE, false, { (const uint8_t *)"four", 4 } },
	};
	struct vici_fake *f = ctx;

	(void)arena;
	f->filter = *filter;
	f->filter.subject = filter->subject ? arena_str(&f->arena, filter->subject) : NULL;
	*n = sizeof all / sizeof *all;
	return all;
}

/* Everybody has one, but bob. */
static bool has_password(void *ctx, const struct id *user)
{
	struct arena arena = { 0 };
	bool has = strcmp(id_print(user, &arena), "bob") != 0;

	(void)ctx;
	arena_free(&arena);
	return has;
}

/* Of certificates in files nothing is known. */
static const char *cert_subject(void *ctx, const struct cert_conf *cert, struct arena *arena)
{
	(void)ctx;
	return cert->data.n ? arena_printf(arena, "CN=%zu octets", cert->data.n) : NULL;
}

static void flush_certs(void *ctx, enum vici_cert_type type)
{
	((struct vici_fake *)ctx)->flushed = type;
}

static void reload(void *ctx, uint32_t ticket)
{
	struct vici_fake *f = ctx;
	struct why why = { 0 };
	enum err e = verdict(f, &why);

	f->reloads++;
	vici_done(f->vici, ticket, &(struct vici_outcome){ .success = !e, .why = why });
}

static enum err reload_settings(void *ctx, struct arena *arena, struct why *why)
{
	struct vici_fake *f = ctx;

	(void)arena;
	f->settings_reloads++;
	return verdict(f, why);
}

static void stats(void *ctx, struct arena *arena, struct vici_stats *out)
{
	struct vici_fake *f = ctx;

	(void)arena;
	*out = (struct vici_stats){ 7500000, f->n_sas, 0, 5, "replay=3", "cookies=7",
		"engine=OpenSSL sent=38.0", f->warnings };
}

static enum err capture(void *ctx, const char *name, unsigned seconds, struct arena *arena, struct why *why)
{
	struct vici_fake *f = ctx;

	(void)arena;
	if (f->refuse) {
		why->what = "there is no such connection";
		return ERR_MISSING;
	}
	f->captured = arena_str(&f->arena, name);
	f->capture_seconds = seconds;
	return ERR_OK;
}

static void capture_end(void *ctx, const char *name, unsigned seen)
{
	struct vici_fake *f = ctx;

	(void)name;
	f->captured = NULL;
	f->capture_seen = seen;
}

static void audit(void *ctx, struct arena *arena, struct vici_audit *out)
{
	const struct vici_fake *f = ctx;

	(void)arena;
	*out = (struct vici_audit){ "this kernel has no ESP", NULL, f->differences };
}

static void stop(void *ctx)
{
	((struct vici_fake *)ctx)->stops++;
}

static void writable(void *ctx, void *io)
{
	(void)io;
	((struct vici_fake *)ctx)->wakes++;
}

static struct tss selector(struct arena *a, const char *text)
{
	struct ts *ts = ARENA_NEW(a, struct ts);

	if (ts_parse(text, ts))
		abort();
	return (struct tss){ ts, 1 };
}

static void id(struct arena *a, const char *text, struct id *out)
{
	if (id_parse(text, a, out))
		abort();
}

static struct addr_pattern *pattern(struct arena *a, const char *text)
{
	struct addr_pattern *p = ARENA_NEW(a, struct addr_pattern);

	if (addr_pattern_parse(text, a, p))
		abort();
	return p;
}

static const struct source_key auth_keys[] = { { "auth", 1 }, { "id", 2 } };

static struct peer *peer(
	const char *name, enum origin origin, const char *remote, const char *const *children, unsigned n)
{
	struct peer *p = peer_new();
	struct arena *a = &p->arena;

	p->name = name;
	p->origin = origin;
	p->local_addrs = pattern(a, "192.0.2.1");
	p->remote_addrs = pattern(a, remote);
	p->n_local_addrs = p->n_remote_addrs = 1;
	p->local.way.method = p->remote.way.method = AUTH_PSK;
	id(a, "a.example.org", &p->local.id);
	id(a, "b.example.org", &p->remote.id);
	p->local.at = p->remote.at = (struct source){ .keys = auth_keys, .n = 2 };
	p->rekey_time = 14400000;
	p->children = ARENA_ARRAY(a, n, struct child_conf);
	p->n_children = n;
	for (unsigned i = 0; i < n; i++)
		p->children[i] = (struct child_conf){
			.name = children[i],
			.local = selector(a, "10.1.0.0/16"),
			.remote = selector(a, "10.2.0.0/16"),
			.start_action = ACTION_TRAP,
			.rekey_time = 3600000,
			.peer = p,
		};
	return p;
}

static struct addr addr(const char *ip, uint16_t port)
{
	struct addr a = { .port = port };

	if (ip_parse(ip, &a.ip))
		abort();
	return a;
}

static void fake_child(struct vici_fake *f, struct child_record *c)
{
	*c = (struct child_record){
		.id = 2,
		.reqid = 1,
		.name = "net",
		.state = "INSTALLED",
		.encap = true,
		.spi_in = 0xc0000001,
		.spi_out = 0xc0000002,
		.suite = { .encr = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 256), .esn = true },
		.local_ts = selector(&f->arena, "10.1.0.0/16"),
		.remote_ts = selector(&f->arena, "10.2.0.0/16[tcp/50000]"),
		.installed_ms = NOW - 60000,
		.rekey_ms = NOW + 3000000,
		.life_ms = NOW + 3300000,
		.data_path = "userspace",
		.in = { 0xc0000001, true, 1500, 15, NOW - 2000, 0, 0 },
		.out = { 0xc0000002, false, 3000000, 3000, 0, 0, 0 },
	};
}

static void fake_sa(struct vici_fake *f)
{
	static const char *const active[] = { "CHILD_REKEY" };

	f->sas = ARENA_NEW(&f->arena, struct sa_record);
	f->n_sas = 1;
	*f->sas = (struct sa_record){
		.id = 1,
		.name = "gw",
		.state = "ESTABLISHED",
		.spi_i = 0x1122334455667788,
		.spi_r = 0x99aabbccddeeff00,
		.initiator = true,
		.path = { addr("192.0.2.1", 4500), addr("192.0.2.2", 4500), true, false },
		.suite = { .encr = transform_find(TRANSFORM_ENCR, ENCR_AES_CBC, 128),
			.integ = transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, 0),
			.prf = transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0),
			.ke = transform_find(TRANSFORM_KE, KE_CURVE25519, 0) },
		.nat_remote = true,
		.established_ms = NOW - 65000,
		.rekey_ms = NOW + 13000000,
		.tasks_active = { active, 1 },
		.children = ARENA_NEW(&f->arena, struct child_record),
		.n_children = 1,
	};
	id(&f->arena, "a.example.org", &f->sas->local_id);
	id(&f->arena, "b.example.org", &f->sas->remote_id);
	fake_child(f, f->sas->children);
}

static void fake_pool(
	struct vici_fake *f, const char *name, enum origin origin, const char *range, unsigned bits)
{
	struct vip_pool *p = &f->conf.pools[f->conf.n_pools++];

	*p = (struct vip_pool){ .name = name, .origin = origin, .bits = bits };
	if (ip_range_parse(range, &p->lo, &p->hi))
		abort();
}

static void fake_conf(struct vici_fake *f)
{
	static const char *const uris[] = { "http://a.example/a.crl", "http://b.example/b.crl" };
	static const char *const gw[] = { "net", "dmz" }, *const home[] = { "lan" };

	f->conf.peers = ARENA_ARRAY(&f->arena, 2, struct peer *);
	f->conf.peers[0] = peer("gw", ORIGIN_FILE, "192.0.2.2", gw, 2);
	f->conf.peers[1] = peer("home", ORIGIN_VICI, "198.51.100.0/24", home, 1);
	f->conf.n_peers = 2;
	f->conf.secrets = ARENA_ARRAY(&f->arena, 2, struct secret);
	f->conf.secrets[0] = (struct secret){ .name = "ike-1", .origin = ORIGIN_FILE };
	f->conf.secrets[1] = (struct secret){ .name = "ike-2", .origin = ORIGIN_VICI };
	f->conf.n_secrets = 2;
	f->conf.pools = ARENA_ARRAY(&f->arena, 5, struct vip_pool);
	fake_pool(f, "file", ORIGIN_FILE, "10.9.0.1-10.9.0.9", 0);
	fake_pool(f, "net", ORIGIN_VICI, "10.3.0.1-10.3.0.254", 24);
	fake_pool(f, "half", ORIGIN_VICI, "10.3.2.7-10.3.2.254", 24);
	fake_pool(f, "range", ORIGIN_VICI, "10.3.1.10-10.3.1.20", 0);
	fake_pool(f, "six", ORIGIN_VICI, "2001:db8::1-2001:db8::ffff:ffff:ffff:fffe", 64);
	f->conf.authorities = ARENA_ARRAY(&f->arena, 2, struct authority);
	f->conf.authorities[0] =
		(struct authority){ .name = "root", .origin = ORIGIN_FILE, .cacert.file = "root.pem" };
	f->conf.authorities[1] = (struct authority){ .name = "sub",
		.origin = ORIGIN_VICI,
		.crl_uris = { uris, 2 },
		.cert_uri_base = "http://c.example/" };
	f->conf.n_authorities = 2;
}

struct vici_fake *vici_fake_new(void)
{
	struct vici_fake *f = calloc(1, sizeof *f);

	if (!f)
		abort();
	f->host = (struct vici_host){
		.ctx = f,
		.initiate = initiate,
		.terminate = terminate,
		.rekey = rekey,
		.redirect = redirect,
		.install = install,
		.uninstall = uninstall,
		.sas = sas,
		.record = record,
		.policies = policies,
		.policy = policy,
		.counters = counters,
		.counters_reset = counters_reset,
		.conf = conf,
		.failures = failures,
		.now = now,
		.has = has,
		.load_conn = load_conn,
		.unload_conn = unload,
		.load_shared = load_shared,
		.unload_shared = unload,
		.load_pool = load_pool,
		.pool_usage = pool_usage,
		.leases = leases,
		.unload_pool = unload,
		.load_authority = load_authority,
		.unload_authority = unload,
		.clear_creds = clear_creds,
		.load_cert = load_cert,
		.load_key = load_key,
		.look_up = look_up,
		.leave = leave,
		.load_token = load_token,
		.unload_key = unload,
		.keys = keys,
		.certs = certs,
		.has_password = has_password,
		.cert_subject = cert_subject,
		.flush_certs = flush_certs,
		.reload = reload,
		.reload_settings = reload_settings,
		.stats = stats,
		.audit = audit,
		.capture = capture,
		.capture_end = capture_end,
		.stop = stop,
		.writable = writable,
	};
	fake_conf(f);
	fake_sa(f);
	f->failed = "home";
	f->outcome = (struct vici_outcome){ .success = true, .matches = 1, .terminated = 1 };
	f->vici = vici_new(&f->host);
	list_init(&f->clients);
	return f;
}

void vici_fake_free(struct vici_fake *f)
{
	list_each_safe (n, &f->clients)
		vici_client_close(node_owner(n, struct vici_client, node));
	vici_free(f->vici);
	peer_unref(f->loaded);
	peer_unref(f->conf.peers[0]);
	peer_unref(f->conf.peers[1]);
	arena_free(&f->arena);
	free(f);
}
