/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of the store and of files. */
#include "daemon/copies.h"

#include "conf/files.h"
#include "daemon/world.h"

enum {
	PIECE = IPC_DATA_MAX / 2,
	RADIUS_COPY_MAX = 64 * 1024, /* octets of a message about RADIUS servers */
};

/* ---------------------------------------------------------------- the store */

static struct ipc_octets octets_of(const struct uris *u, struct arena *arena)
{
	struct bytes *v = ARENA_ARRAY(arena, u->n, struct bytes);

	for (unsigned i = 0; i < u->n; i++)
		v[i] = bytes_str(u->v[i]);
	return (struct ipc_octets){ v, u->n };
}

/* False: it is nothing to judge by. */
static bool thing_of(const struct stored *e, struct arena *arena, struct ipc_thing *t)
{
	*t = (struct ipc_thing){ .kind = e->kind, .origin = e->origin, .name = e->name };
	switch (e->kind) {
	case STORED_CA:
	case STORED_CERT:
	case STORED_OCSP_SIGNER: t->data = e->cert->der; return true;
	case STORED_CRL: t->data = e->crl->der; return true;
	case STORED_AUTHORITY:
		t->data = e->authority.cacert->der;
		t->crls = octets_of(&e->authority.crls, arena);
		t->ocsps = octets_of(&e->authority.ocsps, arena);
		return true;
	case STORED_KEY:
	case STORED_PUBKEY:
	case STORED_OCSP: break;
	}
	return false;
}

static enum err send_thing(struct trust *t, const struct stored *e)
{
	struct ipc_message m = { .kind = IPC_THING };
	struct arena arena = { 0 };
	enum err err = ERR_OK;
	struct bytes rest;

	if (!thing_of(e, &arena, &m.thing))
		return ERR_OK;
	rest = m.thing.data;
	do {
		m.thing.data = bytes_of(rest.p, rest.n < PIECE ? rest.n : PIECE);
		rest = bytes_of(rest.p + m.thing.data.n, rest.n - m.thing.data.n);
		m.thing.more = rest.n;
		err = member_send(&t->certs, IPC_GUARD, &m);
	} while (!err && m.thing.more);
	arena_free(&arena);
	return err == ERR_RANGE ? ERR_OK : err; /* a path that is longer than one can be */
}

/* Things are only ever added to what it knows; where one has gone, it is told everything anew. */
static enum err send_store(struct trust *t)
{
	struct store *s = &t->world->config.creds.store;
	bool anew = t->unknown || t->losses != s->losses;
	enum err e = ERR_OK;

	if (!anew && t->changes == s->changes)
		return ERR_OK;
	if (anew)
		e = member_send(&t->certs, IPC_GUARD, &(struct ipc_message){ .kind = IPC_CLEAR });
	list_each (n, &s->all) {
		struct stored *one = store_at(n);

		if (!e && (anew || !one->copied))
			e = send_thing(t, one);
		one->copied = true;
	}
	t->changes = s->changes;
	t->losses = s->losses;
	return e;
}

/* -------------------------------------------------------------------- files */

static const char *const files[] = { "/etc/resolv.conf", "/etc/hosts" };

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Whole lines of the file, as many as MAX octets hold. */
static struct bytes lines_of(const char *path, size_t max, struct arena *arena)
{
	struct bytes b;

	if (conf_files_system.read(NULL, path, arena, &b))
		return (struct bytes){ 0 };
	if (b.n > max)
		for (b.n = max; b.n && b.p[b.n - 1] != '\n';)
			b.n--;
	return b;
}

static enum err send_surroundings(struct trust *t)
{
	struct arena arena = { 0 };
	struct ipc_message m = { .kind = IPC_SURROUNDINGS,
		.surroundings.local = t->world->settings.fetch_local };
	bool same = !t->unknown;
	enum err e = ERR_OK;

	for (unsigned i = 0; i < 2; i++) {
		struct stat now = { 0 };

		(void)stat(files[i], &now);
		same &= is_same(&now, &t->names[i]);
		t->names[i] = now;
	}
	if (!same) {
		m.surroundings.dns = lines_of(files[0], IPC_DNS_MAX, &arena);
		m.surroundings.hosts = lines_of(files[1], IPC_NAMES_MAX, &arena);
		e = member_send(&t->certs, IPC_GUARD, &m);
	}
	arena_free(&arena);
	return e;
}

/* ------------------------------------------------------------------- RADIUS */

/* As what certs knows the secret K, of the N that it was TOLD of. The same one is kept anew each time that
 * the file is read: what certs was told of stays, so that no conversation ends, and no order that was obeyed
 * is forgotten. Where several have the same secret the one in its own place AT is meant. */
static struct kept *as_told(struct kept *const *told, unsigned n, unsigned at, struct kept *k)
{
	if (k && told[at] && kept_same(told[at], k))
		return told[at];
	for (unsigned i = 0; k && i < n; i++)
		if (told[i] && kept_same(told[i], k))
			return told[i];
	return k;
}

/* That of the server, which is the one AT this place, and of who gives orders. */
static struct kept *of_server(const struct trust *t, const struct radius_conf *c, unsigned at)
{
	return as_told(t->secrets, RADIUS_SERVERS_CONF_MAX, at, c->servers[at].kept);
}

static struct kept *of_orders(const struct trust *t, const struct radius_conf *c)
{
	return as_told(&t->orders, 1, 0, c->dae.kept);
}

/* Certs was told of the secrets in C, and of no others. */
static void note_secrets(struct trust *t, const struct radius_conf *c)
{
	struct kept *secrets[RADIUS_SERVERS_CONF_MAX] = { NULL }, *orders = kept_ref(of_orders(t, c));

	for (unsigned i = 0; i < c->n_servers; i++)
		secrets[i] = kept_ref(of_server(t, c, i));
	copies_stop(t);
	memcpy(t->secrets, secrets, sizeof secrets);
	t->orders = orders;
}

void copies_stop(struct trust *t)
{
	for (unsigned i = 0; i < RADIUS_SERVERS_CONF_MAX; i++) {
		kept_unref(t->secrets[i]);
		t->secrets[i] = NULL;
	}
	kept_unref(t->orders);
	t->orders = NULL;
}

static struct ipc_dae dae_of(const struct trust *t, const struct radius_conf *c)
{
	struct ipc_dae d = {
		.listen.port = c->dae.port, .secret = kept_handle(of_orders(t, c)), .filters = c->filter_id
	};

	if (!c->dae.enable || ip_parse(c->dae.listen, &d.listen.ip))
		return (struct ipc_dae){ 0 };
	d.nas_identifier = bytes_str(c->n_servers ? c->servers[0].nas_identifier : c->single.nas_identifier);
	return d;
}

static struct ipc_radius servers_of(const struct trust *t, const struct radius_conf *c, struct arena *arena)
{
	struct ipc_radius_server *v = ARENA_ARRAY(arena, c->n_servers, struct ipc_radius_server);

	for (unsigned i = 0; i < c->n_servers; i++)
		v[i] = (struct ipc_radius_server){ .name = c->servers[i].name,
			.address = c->servers[i].address,
			.secret = kept_handle(of_server(t, c, i)),
			.nas_identifier = bytes_str(c->servers[i].nas_identifier),
			.ports = { c->servers[i].auth_port, c->servers[i].acct_port },
			.preference = c->servers[i].preference,
			.sockets = (uint8_t)c->servers[i].sockets };
	return (struct ipc_radius){ .dae = dae_of(t, c),
		.servers = v,
		.n_servers = c->n_servers,
		.timeout = (uint32_t)c->retransmit_timeout,
		.base = c->retransmit_base,
		.tries = (uint8_t)c->retransmit_tries };
}

/* A hash of M, which nobody sees. */
static uint64_t hash_of(const struct ipc_message *m)
{
	struct arena arena = { 0 };
	struct wr w = wr_of(arena_alloc(&arena, RADIUS_COPY_MAX), RADIUS_COPY_MAX);
	uint64_t hash = ipc_encode(&w, m) ? bytes_hash(BYTES_HASH, wr_done(&w)) : 0;

	arena_free(&arena);
	return hash;
}

/* Conversations end where the servers change: they are told only then. */
static enum err send_radius(struct trust *t)
{
	const struct radius_conf *c = &config_now(&t->world->config)->settings.radius;
	struct arena arena = { 0 };
	struct ipc_message m = { .kind = IPC_RADIUS, .radius = servers_of(t, c, &arena) };
	uint64_t hash = c->n_servers || c->dae.enable ? hash_of(&m) : 0;
	enum err e = ERR_OK;

	if (t->unknown ? hash : hash != t->radius)
		e = member_send(&t->certs, IPC_GUARD, &m);
	t->radius = hash;
	note_secrets(t, c);
	arena_free(&arena);
	return e;
}

bool copies_wanted(const struct trust *t)
{
	const struct radius_conf *c = &config_now(&t->world->config)->settings.radius;
	const struct store *s = &t->world->config.creds.store;
	struct arena arena = { 0 };
	struct ipc_thing thing;
	bool wanted = c->n_servers || c->dae.enable;

	list_each (n, &s->all)
		wanted = wanted || thing_of(store_at(n), &arena, &thing);
	arena_free(&arena);
	return wanted;
}

enum err copies_send(struct trust *t)
{
	enum err e = send_surroundings(t);

	if (!e)
		e = send_radius(t);
	if (!e)
		e = send_store(t);
	t->unknown = e;
	return e;
}
