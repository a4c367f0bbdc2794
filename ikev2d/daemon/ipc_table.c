/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of messages, and the fields of each. One walk over the fields serves for writing and for reading,
 * so that the two cannot differ. */
#include "daemon/ipc_table.h"

#include "daemon/carrier.h"
#include "daemon/certs.h"
#include "daemon/control.h"
#include "daemon/ctl.h"
#include "daemon/datapath_esp.h"
#include "daemon/eaps.h"
#include "daemon/engine.h"
#include "daemon/family.h"
#include "daemon/inquire.h"
#include "daemon/ipc_fields.h"
#include "daemon/ipc_walk.h"
#include "daemon/judge.h"
#include "daemon/keeper.h"
#include "daemon/obey.h"
#include "daemon/parley.h"
#include "daemon/speaker.h"
#include "daemon/staple.h"
#include "daemon/tokens.h"
#include "daemon/trust.h"
#include "daemon/vault.h"
#include "pki/paper.h"

/* ------------------------------------------------------------------- fields */

static void nothing(struct walk *x, struct ipc_message *m)
{
	(void)x;
	(void)m;
}

static void log_line(struct walk *x, struct ipc_message *m)
{
	u8(x, &m->log.level, LOG_DETAIL + 1);
	sentence(x, &m->log.word);
	sentence(x, &m->log.name);
	sentence(x, &m->log.line);
	if (!m->log.word || !m->log.line)
		fail(x, "a line of the log is empty");
}

static void blame(struct walk *x, struct ipc_message *m)
{
	u8(x, &m->blame.process, IPC_PROCESSES);
	sentence(x, &m->blame.what);
}

static void secret(struct walk *x, struct ipc_message *m)
{
	handle(x, &m->secret.handle);
	u8(x, &m->secret.use, IPC_USE_KEY);
	u8(x, &m->secret.kind, SECRET_PPK + 1);
	identities(x, &m->secret.owners, &m->secret.n_owners);
	octets(x, &m->secret.data, IPC_DATA_MAX);
	u64(x, &m->secret.offer);
}

static void file(struct walk *x, struct ipc_message *m)
{
	handle(x, &m->file.handle);
	u64(x, &m->file.opener);
	octets(x, &m->file.data, IPC_DATA_MAX);
	u64(x, &m->file.offer);
}

static void token(struct walk *x, struct ipc_message *m)
{
	handle(x, &m->token.handle);
	u64(x, &m->token.opener);
	sentence(x, &m->token.uri);
	flag(x, &m->token.certs);
	octets(x, &m->token.pin, UINT16_MAX);
	u64(x, &m->token.offer);
	if (!m->token.uri)
		fail(x, "what is wanted of a token has no URI");
}

/* Of what does not fit into one message: octets in those that follow. Each has some, or it would not end. */
static void rest(struct walk *x, uint32_t *more, uint32_t max)
{
	u32(x, more);
	if (*more > max)
		fail(x, "there is more of it than there may be");
}

static void goes_on(struct walk *x, uint32_t more, struct bytes part)
{
	if (more && !part.n)
		fail(x, "a part of it is empty");
}

static void read_out(struct walk *x, struct ipc_message *m)
{
	u8(x, &m->read.what, PAPER_KEY + 1);
	rest(x, &m->read.more, IPC_READ_MAX);
	octets(x, &m->read.data, IPC_DATA_MAX);
	goes_on(x, m->read.more, m->read.data);
}

static void drop(struct walk *x, struct ipc_message *m)
{
	u64(x, &m->drop.handle);
	u64(x, &m->drop.offer);
	if (!m->drop.handle == !m->drop.offer)
		fail(x, "what is to be dropped is kept, or was offered");
}

static void kept(struct walk *x, struct ipc_message *m)
{
	u8(x, &m->kept.result, ERR_MAX);
	exactly(x, &m->kept.mark, IPC_MARK_SIZE);
	sentence(x, &m->kept.what);
}

static void opened(struct walk *x, struct ipc_message *m)
{
	u8(x, &m->opened.result, ERR_MAX);
	sentence(x, &m->opened.what);
	sentence(x, &m->opened.instead);
	rest(x, &m->opened.more, IPC_PAPER_MAX);
	octets(x, &m->opened.paper, IPC_DATA_MAX);
	goes_on(x, m->opened.more, m->opened.paper);
}

static void psk(struct walk *x, struct ipc_message *m)
{
	handle(x, &m->psk.handle);
	u16(x, &m->psk.prf);
	identity(x, &m->psk.local);
	identity(x, &m->psk.remote);
	octets(x, &m->psk.octets, IPC_OCTETS_MAX);
	octets(x, &m->psk.proof, IPC_PROOF_MAX);
}

static void sign(struct walk *x, struct ipc_message *m)
{
	handle(x, &m->sign.handle);
	u16(x, &m->sign.prf);
	u8(x, &m->sign.scheme, SCHEMES);
	octets(x, &m->sign.octets, IPC_OCTETS_MAX);
}

static void tls_sign(struct walk *x, struct ipc_message *m)
{
	handle(x, &m->sign.handle);
	u8(x, &m->sign.scheme, SCHEMES);
	octets(x, &m->sign.octets, IPC_OCTETS_MAX);
}

static void proof(struct walk *x, struct ipc_message *m)
{
	u8(x, &m->proof.result, ERR_MAX);
	sentence(x, &m->proof.what);
	octets(x, &m->proof.proof, IPC_PROOF_MAX);
}

static void key(struct walk *x, struct ipc_message *m)
{
	handle(x, &m->key.handle);
	octets(x, &m->key.data, IPC_DATA_MAX);
}

static void thing(struct walk *x, struct ipc_message *m)
{
	u8(x, &m->thing.kind, STORED_AUTHORITY + 1);
	u8(x, &m->thing.origin, STORED_BY_FETCH);
	flag(x, &m->thing.more);
	sentence(x, &m->thing.name);
	octets(x, &m->thing.data, IPC_DATA_MAX);
	parts(x, &m->thing.crls, IPC_URIS_MAX);
	parts(x, &m->thing.ocsps, IPC_URIS_MAX);
	if (!m->thing.name)
		fail(x, "a thing has no name");
}

static void flush(struct walk *x, struct ipc_message *m)
{
	flag(x, &m->flush.crls);
	flag(x, &m->flush.ocsps);
}

static void surroundings(struct walk *x, struct ipc_message *m)
{
	flag(x, &m->surroundings.local);
	octets(x, &m->surroundings.dns, IPC_DNS_MAX);
	octets(x, &m->surroundings.hosts, IPC_NAMES_MAX);
}

static void list(struct walk *x, struct ipc_message *m)
{
	u32(x, &m->list.at);
	sentence(x, &m->list.subject);
	flag(x, &m->list.ocsp);
	octets(x, &m->list.data, UINT16_MAX);
}

static void judge(struct walk *x, struct ipc_message *m)
{
	struct ipc_judge *j = &m->judge;

	sentence(x, &j->demands.name);
	sentence(x, &j->demands.constraints);
	identity(x, &j->demands.ca_id);
	parts(x, &j->demands.pinned, IPC_PARTS_MAX);
	parts(x, &j->demands.cacerts, IPC_PARTS_MAX);
	parts(x, &j->demands.pubkeys, IPC_PARTS_MAX);
	parts(x, &j->demands.policies, IPC_PARTS_MAX);
	u8(x, &j->demands.revocation, REVOCATION_STRICT + 1);
	flag(x, &j->demands.keep);
	identity(x, &j->remote);
	octets(x, &j->octets, IPC_OCTETS_MAX);
	octets(x, &j->proof, IPC_PROOF_MAX);
	u8(x, &j->method, UINT8_MAX + 1);
	payloads(x, &j->certs);
	flag(x, &j->urls);
	flag(x, &j->ask);
	if (!j->demands.name)
		fail(x, "a connection has no name");
	if (id_is_pattern(&j->remote))
		fail(x, "an identity stands for many");
}

static void verdict(struct walk *x, struct ipc_message *m)
{
	struct ipc_verdict *v = &m->verdict;

	u8(x, &v->result, ERR_MAX);
	u8(x, &v->line, IPC_LINES);
	flag(x, &v->revoked);
	u32(x, &v->valid);
	sentence(x, &v->why.what);
	sentence(x, &v->why.offered);
	sentence(x, &v->why.configured);
	sentence(x, &v->why.differs);
	sentence(x, &v->why.instead);
	sentence(x, &v->why.alert);
	parts(x, &v->certs, IPC_PARTS_MAX);
}

static void staple(struct walk *x, struct ipc_message *m)
{
	sentence(x, &m->staple.name);
	parts(x, &m->staple.certs, IPC_CHAIN_MAX);
}

static void portal(struct walk *x, struct ipc_message *m)
{
	sentence(x, &m->portal.url);
	sentence(x, &m->portal.expected);
	sentence(x, &m->portal.instead);
}

static void resolve(struct walk *x, struct ipc_message *m)
{
	sentence(x, &m->resolve.name);
	u8(x, &m->resolve.family, 7);
	address(x, &m->resolve.ip);
	sentence(x, &m->resolve.what);
}

static void conversation(struct walk *x, uint32_t *v)
{
	u32(x, v);
	if (!*v)
		fail(x, "a conversation has no number");
}

static void eap(struct walk *x, struct ipc_message *m)
{
	conversation(x, &m->eap.conversation);
	flag(x, &m->eap.begins);
	flag(x, &m->eap.authenticator);
	flag(x, &m->eap.ask_identity);
	octets(x, &m->eap.methods, IPC_EAP_METHODS);
	octets(x, &m->eap.identity, IPC_EAP_NAME_MAX);
	octets(x, &m->eap.packet, IPC_EAP_PACKET_MAX);
	parts(x, &m->eap.chain, IPC_EAP_CERTS_MAX);
	parts(x, &m->eap.authorities, IPC_EAP_CERTS_MAX);
	identity(x, &m->eap.server);
}

static void eap_turn(struct walk *x, struct ipc_message *m)
{
	conversation(x, &m->eap_turn.conversation);
	flag(x, &m->eap_turn.failed);
	flag(x, &m->eap_turn.over);
	octets(x, &m->eap_turn.packet, IPC_EAP_PACKET_MAX);
	sentence(x, &m->eap_turn.what);
	u8(x, &m->eap_turn.method, UINT8_MAX + 1);
	octets(x, &m->eap_turn.name, IPC_EAP_NAME_MAX);
	octets(x, &m->eap_turn.key, IPC_EAP_KEY_MAX);
	parts(x, &m->eap_turn.shown, IPC_EAP_SHOWN_MAX);
	if (m->eap_turn.failed && m->eap_turn.over)
		fail(x, "a conversation has succeeded and failed");
}

static void eap_asks(struct walk *x, struct ipc_message *m)
{
	conversation(x, &m->eap_asks.conversation);
	octets(x, &m->eap_asks.name, IPC_EAP_NAME_MAX);
}

static void eap_secret(struct walk *x, struct ipc_message *m)
{
	conversation(x, &m->eap_secret.conversation);
	u8(x, &m->eap_secret.kind, IPC_EAP_KINDS);
	octets(x, &m->eap_secret.value, IPC_EAP_SECRET_MAX);
}

static void eap_signs(struct walk *x, struct ipc_message *m)
{
	conversation(x, &m->eap_signs.conversation);
	u8(x, &m->eap_signs.scheme, SCHEMES);
	octets(x, &m->eap_signs.octets, IPC_OCTETS_MAX);
}

static void eap_shows(struct walk *x, struct ipc_message *m)
{
	conversation(x, &m->eap_shows.conversation);
	parts(x, &m->eap_shows.certs, IPC_EAP_SHOWN_MAX);
}

static void eap_verdict(struct walk *x, struct ipc_message *m)
{
	conversation(x, &m->eap_judged.conversation);
	flag(x, &m->eap_judged.good);
}

static void eap_end(struct walk *x, struct ipc_message *m)
{
	conversation(x, &m->eap_end.conversation);
}

static void socket_address(struct walk *x, struct addr *a)
{
	address(x, &a->ip);
	u16(x, &a->port);
}

static void radius_server(struct walk *x, struct ipc_radius_server *s)
{
	sentence(x, &s->name);
	sentence(x, &s->address);
	handle(x, &s->secret);
	octets(x, &s->nas_identifier, RADIUS_VALUE_MAX);
	for (unsigned k = 0; k < RADIUS_SERVICES; k++)
		u16(x, &s->ports[k]);
	u32(x, &s->preference);
	u8(x, &s->sockets, RADIUS_PORTS_MAX + 1);
	if (!s->name || !s->address || !s->nas_identifier.n || !s->sockets)
		fail(x, "a RADIUS server lacks something");
}

static void radius(struct walk *x, struct ipc_message *m)
{
	struct ipc_radius_server *out;

	m->radius.n_servers = count(x, m->radius.n_servers, RADIUS_SERVERS_MAX);
	out = ARENA_ARRAY(x->arena, m->radius.n_servers, struct ipc_radius_server);
	for (unsigned i = 0; i < m->radius.n_servers && !x->wrong; i++) {
		if (x->w)
			out[i] = m->radius.servers[i];
		radius_server(x, &out[i]);
	}
	m->radius.servers = out;
	socket_address(x, &m->radius.dae.listen);
	u64(x, &m->radius.dae.secret);
	octets(x, &m->radius.dae.nas_identifier, RADIUS_VALUE_MAX);
	flag(x, &m->radius.dae.filters);
	if (m->radius.dae.secret && !m->radius.dae.listen.ip.v)
		fail(x, "RADIUS servers are to be heard nowhere");
	u32(x, &m->radius.timeout);
	u32(x, &m->radius.base);
	u8(x, &m->radius.tries, RADIUS_TRIES_MAX + 1);
	if (m->radius.n_servers && (!m->radius.timeout || m->radius.base < 1000 || !m->radius.tries))
		fail(x, "RADIUS servers are asked too often");
}

static void radius_ask(struct walk *x, struct ipc_message *m)
{
	struct ipc_radius_ask *a = &m->radius_ask;

	handle(x, &a->secret);
	octets(x, &a->packet, RADIUS_MAX);
	octets(x, &a->request, RADIUS_AUTHENTICATOR);
	if (a->request.n && a->request.n != RADIUS_AUTHENTICATOR)
		fail(x, "an authenticator is shorter than it must be");
}

static void radius_proof(struct walk *x, struct ipc_message *m)
{
	u8(x, &m->radius_proof.result, ERR_MAX);
	octets(x, &m->radius_proof.octets, RADIUS_MAX);
}

static void relay(struct walk *x, struct ipc_message *m)
{
	struct radius_session *s = &m->relay.session;

	octets(x, &m->relay.note, IPC_RADIUS_NOTE_MAX);
	octets(x, &s->user, IPC_RADIUS_NAME_MAX);
	octets(x, &s->connection, IPC_RADIUS_NAME_MAX);
	octets(x, &s->id, IPC_RADIUS_NAME_MAX);
	u32(x, &s->port);
	socket_address(x, &s->local);
	socket_address(x, &s->remote);
	flag(x, &s->ports);
	octets(x, &m->relay.eap, RADIUS_EAP_MAX);
}

static void order(struct walk *x, struct ipc_message *m)
{
	struct radius_match *o = &m->order.match;

	octets(x, &o->user, RADIUS_VALUE_MAX);
	octets(x, &o->session, RADIUS_VALUE_MAX);
	octets(x, &o->connection, RADIUS_VALUE_MAX);
	octets(x, &o->calling, RADIUS_VALUE_MAX);
	address(x, &o->ip);
	address(x, &o->ip6);
	flag(x, &o->has_port);
	u32(x, &o->port);
	flag(x, &m->order.disconnect);
	u32(x, &m->order.timeout);
	parts(x, &m->order.filters, RADIUS_ORDER_FILTERS);
	if (m->order.disconnect == (m->order.timeout || m->order.filters.n))
		fail(x, "an order is none, or two");
}

static void obeyed(struct walk *x, struct ipc_message *m)
{
	u32(x, &m->obeyed.matched);
}

static void account(struct walk *x, struct ipc_message *m)
{
	octets(x, &m->account.attributes, RADIUS_ATTRIBUTES_MAX);
}

static void accounted(struct walk *x, struct ipc_message *m)
{
	flag(x, &m->accounted.acknowledged);
}

/* All parts but the last are as long as they can be. */
static void users(struct walk *x, struct ipc_message *m)
{
	struct ipc_users *u = &m->users;
	uint32_t left;

	u32(x, &u->total);
	u32(x, &u->at);
	octets(x, &u->text, IPC_DATA_MAX);
	left = u->total - u->at;
	if (u->total > IPC_USERS_MAX || u->at > u->total ||
		u->text.n != (left < IPC_DATA_MAX ? left : IPC_DATA_MAX))
		fail(x, "a part of the users file is not where it must be");
}

static void user_ask(struct walk *x, struct ipc_message *m)
{
	octets(x, &m->user_ask.name, IPC_EAP_NAME_MAX);
	flag(x, &m->user_ask.secret);
}

static void user(struct walk *x, struct ipc_message *m)
{
	struct ipc_user *u = &m->user;

	u8(x, &u->secret.kind, IPC_EAP_KINDS);
	octets(x, &u->secret.value, IPC_EAP_SECRET_MAX);
	u32(x, &u->line);
	parts(x, &u->groups, IPC_USER_GROUPS_MAX);
	address(x, &u->ip);
	address(x, &u->ip6);
}

static void bundle(struct walk *x, struct ipc_message *m)
{
	parts(x, &m->bundle, IPC_BUNDLE_MAX);
	if (!m->bundle.n)
		fail(x, "a bundle is empty");
}

static void tape(struct walk *x, struct ipc_message *m)
{
	flag(x, &m->tape.secrets);
}

static void servers_of_names(struct walk *x, uint8_t *n, struct ip v[RADIUS_DNS_MAX])
{
	u8(x, n, RADIUS_DNS_MAX + 1);
	for (unsigned i = 0; i < *n && !x->wrong; i++)
		address(x, &v[i]);
}

static void relayed(struct walk *x, struct ipc_message *m)
{
	struct ipc_relayed *r = &m->relayed;

	u8(x, &r->what, RADIUS_FAILED + 1);
	octets(x, &r->note, IPC_RADIUS_NOTE_MAX);
	octets(x, &r->packet, RADIUS_EAP_MAX);
	sentence(x, &r->why);
	octets(x, &r->message, RADIUS_VALUE_MAX);
	octets(x, &r->msk, RADIUS_MSK_MAX);
	octets(x, &r->user, RADIUS_VALUE_MAX);
	octets(x, &r->cui, RADIUS_VALUE_MAX);
	parts(x, &r->classes, RADIUS_CLASSES_MAX);
	parts(x, &r->filters, RADIUS_CLASSES_MAX);
	flag(x, &r->esp);
	flag(x, &r->renew);
	u32(x, &r->session_timeout);
	u32(x, &r->idle_timeout);
	u32(x, &r->interim);
	address(x, &r->ip);
	address(x, &r->ip6);
	servers_of_names(x, &r->n_dns, r->dns);
	servers_of_names(x, &r->n_nbns, r->nbns);
}

/* ---------------------------------------------------------------- the table */

enum {
	GUARD = 1 << IPC_GUARD,
	IKE = 1 << IPC_IKE,
	KEEPER = 1 << IPC_KEEPER,
	CERTS = 1 << IPC_CERTS,
	EAPS = 1 << IPC_EAPS,
	CTL = 1 << IPC_CTL,
	ESP = 1 << IPC_ESP,
	TOKENS = 1 << IPC_TOKENS,
	ANYBODY = IKE | KEEPER | CERTS | EAPS | CTL | ESP | TOKENS,
	/* Between them there is much at once. */
	GATHERERS = GUARD | IKE | KEEPER | TOKENS | ESP
};
enum { STARTS = 1 << IPC_STARTING, SERVES = 1 << IPC_SERVING, ALWAYS = STARTS | SERVES };

struct row {
	struct ipc_row is;
	void (*fields)(struct walk *x, struct ipc_message *m);
};

/* THE table: name, from, to, phases of who is not guard, what is done with it; fields. What keeper
 * tells itself is its image, and so it is with tokens, which does some of what keeper does. */
static const struct row rows[IPC_KINDS] = {
	[IPC_READY] = { { "ready", ANYBODY, GUARD, STARTS, family_take_ready }, nothing },
	[IPC_LOG] = { { "log", ANYBODY, GUARD, ALWAYS, family_take_log }, log_line },
	[IPC_BLAME] = { { "blame", KEEPER | TOKENS, GUARD, SERVES, vault_take_blame }, blame },
	[IPC_SECRET] = { { "secret", GUARD, KEEPER | TOKENS, SERVES, keeper_take_secret }, secret },
	[IPC_FILE] = { { "file", GUARD, KEEPER, SERVES, keeper_take_file }, file },
	[IPC_DROP] = { { "drop", GUARD, KEEPER | TOKENS, SERVES, keeper_take_drop }, drop },
	[IPC_KEPT] = { { "kept", KEEPER | TOKENS, GUARD, SERVES, vault_take_answer }, kept },
	[IPC_OPENED] = { { "opened", KEEPER | TOKENS, GUARD, SERVES, vault_take_answer }, opened },
	[IPC_PSK_PROVE] = { { "psk-prove", IKE, KEEPER, SERVES, keeper_take_psk_prove }, psk },
	[IPC_PSK_CHECK] = { { "psk-check", IKE, KEEPER, SERVES, keeper_take_psk_check }, psk },
	[IPC_PPK_MIX] = { { "ppk-mix", IKE, KEEPER, SERVES, keeper_take_ppk }, psk },
	[IPC_PPK_CONFIRM] = { { "ppk-confirm", IKE, KEEPER, SERVES, keeper_take_ppk }, psk },
	[IPC_SIGN] = { { "sign", IKE, KEEPER | TOKENS, SERVES, keeper_take_sign }, sign },
	[IPC_PROOF] = { { "proof", KEEPER | TOKENS, IKE, SERVES, vault_take_proof }, proof },
	[IPC_KEY] = { { "key", KEEPER, KEEPER, STARTS, keeper_take_key }, key },
	[IPC_THING] = { { "thing", GUARD, CERTS, SERVES, certs_take_thing }, thing },
	[IPC_CLEAR] = { { "clear", GUARD, CERTS, SERVES, certs_take_clear }, nothing },
	[IPC_FLUSH] = { { "flush", GUARD, CERTS, SERVES, certs_take_flush }, flush },
	[IPC_SURROUNDINGS] = { { "surroundings", GUARD, CERTS, SERVES, certs_take_surroundings },
		surroundings },
	[IPC_LIST] = { { "list", GUARD, CERTS, SERVES, certs_take_list }, list },
	[IPC_LISTED] = { { "listed", CERTS, GUARD, SERVES, trust_take_listed }, list },
	[IPC_NEWS] = { { "news", CERTS, GUARD, SERVES, trust_take_news }, nothing },
	[IPC_JUDGE] = { { "judge", IKE, CERTS, SERVES, judge_take_proof }, judge },
	[IPC_AGAIN] = { { "again", IKE, CERTS, SERVES, judge_take_again }, judge },
	[IPC_SHOWN] = { { "shown", IKE, CERTS, SERVES, judge_take_shown }, judge },
	[IPC_VERDICT] = { { "verdict", CERTS, IKE, SERVES, trust_take_answer }, verdict },
	[IPC_STAPLE] = { { "staple", IKE, CERTS, SERVES, staple_take }, staple },
	[IPC_STAPLED] = { { "stapled", CERTS, IKE, SERVES, trust_take_answer }, staple },
	[IPC_RESOLVE] = { { "resolve", IKE, CERTS, SERVES, certs_take_resolve }, resolve },
	[IPC_PORTAL] = { { "portal", IKE, CERTS, SERVES, certs_take_portal }, portal },
	[IPC_PORTAL_SEEN] = { { "portal-seen", CERTS, IKE, SERVES, trust_take_answer }, portal },
	[IPC_EAP] = { { "eap", IKE, EAPS, SERVES, eaps_take_packet }, eap },
	[IPC_EAP_TURN] = { { "eap-turn", EAPS, IKE, SERVES, parley_take_turn }, eap_turn },
	[IPC_EAP_ASKS] = { { "eap-asks", EAPS, IKE, SERVES, parley_take_asks }, eap_asks },
	[IPC_EAP_SECRET] = { { "eap-secret", IKE, EAPS, SERVES, eaps_take_secret }, eap_secret },
	[IPC_EAP_SIGNS] = { { "eap-signs", EAPS, IKE, SERVES, parley_take_signs }, eap_signs },
	[IPC_EAP_SIGNED] = { { "eap-signed", IKE, EAPS, SERVES, eaps_take_signed }, eap_signs },
	[IPC_EAP_SHOWS] = { { "eap-shows", EAPS, IKE, SERVES, parley_take_shows }, eap_shows },
	[IPC_EAP_JUDGED] = { { "eap-judged", IKE, EAPS, SERVES, eaps_take_judged }, eap_verdict },
	[IPC_EAP_END] = { { "eap-end", IKE, EAPS, SERVES, eaps_take_end }, eap_end },
	[IPC_EAP_TELL] = { { "eap-tell", IKE, KEEPER, SERVES, keeper_take_eap_tell }, psk },
	[IPC_TLS_SIGN] = { { "tls-sign", IKE, KEEPER | TOKENS, SERVES, keeper_take_tls_sign }, tls_sign },
	[IPC_RADIUS] = { { "radius", GUARD, CERTS, SERVES, relay_take_servers }, radius },
	[IPC_RELAY] = { { "relay", IKE, CERTS, SERVES, relay_take_eap }, relay },
	[IPC_RELAYED] = { { "relayed", CERTS, IKE, SERVES, trust_take_answer }, relayed },
	[IPC_ORDER] = { { "order", CERTS, IKE, SERVES, obey_take_order }, order },
	[IPC_OBEYED] = { { "obeyed", IKE, CERTS, SERVES, commands_take_obeyed }, obeyed },
	[IPC_ACCOUNT] = { { "account", IKE, CERTS, SERVES, relay_take_account }, account },
	[IPC_ACCOUNTED] = { { "accounted", CERTS, IKE, SERVES, trust_take_answer }, accounted },
	[IPC_USERS] = { { "users", GUARD, KEEPER, SERVES, keeper_take_users }, users },
	[IPC_USER_ASK] = { { "user-ask", IKE, KEEPER, SERVES, keeper_take_user_ask }, user_ask },
	[IPC_USER] = { { "user", KEEPER, IKE, SERVES, vault_take_user }, user },
	[IPC_RESOLVED] = { { "resolved", CERTS, IKE, SERVES, trust_take_answer }, resolve },
	[IPC_PEER] = { { "peer", GUARD, IKE, SERVES, speaker_take_peer }, ipc_fields_peer },
	[IPC_EVENT] = { { "event", GUARD, IKE, SERVES, speaker_take_event }, ipc_fields_event },
	[IPC_ACTION] = { { "action", IKE, GUARD, SERVES, engine_take_action }, ipc_fields_action },
	[IPC_RELEASED] = { { "released", IKE, GUARD, SERVES, engine_take_released }, ipc_fields_released },
	[IPC_DEAF] = { { "deaf", GUARD, IKE, SERVES, speaker_take_deaf }, nothing },
	[IPC_TAPE] = { { "tape", GUARD, IKE, SERVES, speaker_take_tape }, tape },
	[IPC_INQUIRY] = { { "inquiry", CTL, IKE, SERVES, speaker_take_inquiry }, ipc_fields_inquiry },
	[IPC_FORGET] = { { "forget", CTL, IKE, SERVES, speaker_take_forget }, ipc_fields_inquiry },
	[IPC_REPLY] = { { "reply", IKE, CTL, SERVES, inquire_take_reply }, ipc_fields_reply },
	[IPC_ADMIT] = { { "admit", GUARD, CTL, SERVES, ctl_take_admit }, ipc_fields_admit },
	[IPC_CLIENT] = { { "client", CTL, GUARD, SERVES, control_take_client }, ipc_fields_client },
	[IPC_REQUEST] = { { "request", CTL, GUARD, SERVES, control_take_request }, ipc_fields_request },
	[IPC_REGISTER] = { { "register", CTL, GUARD, SERVES, control_take_register }, ipc_fields_register },
	[IPC_OUTPUT] = { { "output", GUARD, CTL, SERVES, ctl_take_output }, ipc_fields_output },
	[IPC_TAKEN] = { { "taken", CTL, GUARD, SERVES, control_take_taken }, ipc_fields_taken },
	[IPC_READS] = { { "reads", CTL, GUARD, SERVES, control_take_reads }, ipc_fields_gone },
	[IPC_GONE] = { { "gone", CTL, GUARD, SERVES, control_take_gone }, ipc_fields_gone },
	[IPC_SHUT] = { { "shut", GUARD, CTL, SERVES, ctl_take_shut }, nothing },
	[IPC_OFFER] = { { "offer", CTL, KEEPER | TOKENS, SERVES, keeper_take_offer }, ipc_fields_offer },
	[IPC_ESP_ORDER] = { { "esp-order", GUARD, ESP, SERVES, carrier_take_order }, ipc_fields_esp_order },
	[IPC_ESP_DONE] = { { "esp-done", ESP, GUARD, SERVES, datapath_esp_take_done }, ipc_fields_done },
	[IPC_READ] = { { "read", GUARD, KEEPER, SERVES, keeper_take_read }, read_out },
	[IPC_READ_ON] = { { "read-on", GUARD, KEEPER, SERVES, keeper_take_read_on }, nothing },
	[IPC_TOKEN] = { { "token", GUARD, TOKENS, SERVES, tokens_take_token }, token },
	[IPC_ESP_REPORT] = { { "esp-report", ESP, GUARD, SERVES, datapath_esp_take_report },
		ipc_fields_esp_report },
	[IPC_RADIUS_SIGN] = { { "radius-sign", CERTS, KEEPER, SERVES, keeper_take_radius }, radius_ask },
	[IPC_RADIUS_CHECK] = { { "radius-check", CERTS, KEEPER, SERVES, keeper_take_radius }, radius_ask },
	[IPC_RADIUS_OPEN] = { { "radius-open", CERTS, KEEPER, SERVES, keeper_take_radius }, radius_ask },
	[IPC_RADIUS_PROOF] = { { "radius-proof", KEEPER, CERTS, SERVES, holder_take_proof }, radius_proof },
	/* Its messages are taken one after the other (ipc.c). */
	[IPC_BUNDLE] = { { "bundle", GATHERERS, GATHERERS, SERVES, NULL }, bundle },
};

const struct ipc_row *ipc_row(unsigned kind)
{
	return kind < IPC_KINDS && rows[kind].fields ? &rows[kind].is : NULL;
}

unsigned ipc_descriptors(enum ipc_kind kind)
{
	return kind == IPC_ESP_ORDER ? ORDER_FDS : kind == IPC_CLIENT ? 1 : 0;
}

bool ipc_encode(struct wr *w, const struct ipc_message *m)
{
	struct arena scratch = { 0 };
	struct walk x = { .w = w, .arena = &scratch };
	struct ipc_message copy = *m; /* the walk points its lists to copies */

	wr_u8(w, (uint8_t)m->kind);
	wr_u64(w, m->ticket);
	rows[m->kind].fields(&x, &copy);
	arena_free(&scratch);
	return !x.wrong && !w->bad;
}

const char *ipc_decode(struct bytes data, struct arena *arena, struct ipc_message *m)
{
	struct rd r = rd_of(data);
	struct walk x = { .r = &r, .arena = arena };
	unsigned kind = rd_u8(&r);

	*m = (struct ipc_message){ .kind = kind, .ticket = rd_u64(&r) };
	if (!ipc_row(kind))
		return "there is no such message";
	if (kind == IPC_BUNDLE && data.n > IPC_BUNDLE_SIZE)
		return "a bundle is longer than one may be";
	rows[kind].fields(&x, m);
	if (!x.wrong && !rd_done(&r))
		fail(&x, r.bad ? "it ends too early" : "there is too much in it");
	return x.wrong;
}
