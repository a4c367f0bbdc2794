/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec listen, connect, disconnect: a link of two machines for an afternoon. A code, drawn by who listens
 * and typed where the other one connects, names the link, gives both their addresses, and proves who they
 * are. It is kept in the memory of the two daemons alone. Or both machines have a key, which the other one
 * was told: then the two keys do the same, again and again. */
#include "answer.h"
#include "letters.h"
#include "link_key.h"
#include "snapshot.h"

#include "model/addr.h"

#define LINKS   "link-" /* how names of links begin */
#define KEY_ID  "key-"  /* and who has a link by a key */
#define ANYBODY "%any"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	CODE_GROUPS = 7, /* of four letters; the first is the link's name, 120 bits are the secret */
	GROUP = 4,
	CODE_SIZE = CODE_GROUPS * (GROUP + 1) - 1,
	TIMEOUT = 30000, /* ms for the link to come up */
	GRACE = 5000,    /* ms more for the daemon's answer */
	PULSE = 1000,    /* ms between two looks whether somebody wants to end the waiting */
	PULSES = 3600,   /* of waiting */
	NETWORKS = 254 * 64,
};

struct link {
	struct ipsec *x;
	struct client client;
	bool listens;
	const char *host; /* whom to connect to */
	const char *name;
	const char *secret;  /* of the code; NULL: by keys */
	struct link_key own; /* this machine's key, and the other one's */
	struct key *peer;
	char ours[IP_TEXT], theirs[IP_TEXT]; /* addresses at the ends of the link */
	bool fresh;                          /* no other call has made it: if it fails, it goes */
};

/* ------------------------------------------------------- the code, or keys */

/* The link's name, and by that two addresses of 169.254.0.0/16, which nobody routes (RFC 3927). */
static void find_name(struct link *l, const char *tag)
{
	unsigned n = 0, third, fourth;

	l->name = arena_printf(&l->x->arena, LINKS "%.*s", GROUP, tag);
	for (int i = 0; i < GROUP; i++)
		n = (n * 37 + (unsigned char)tag[i]) % NETWORKS;
	third = n / 64 + 1;
	fourth = n % 64 * 4;
	snprintf(l->ours, IP_TEXT, "169.254.%u.%u", third, fourth + (l->listens ? 1 : 2));
	snprintf(l->theirs, IP_TEXT, "169.254.%u.%u", third, fourth + (l->listens ? 2 : 1));
}

static bool take_code(struct link *l, const char *code)
{
	if (strlen(code) != CODE_SIZE)
		return false;
	for (unsigned i = 0; i < CODE_SIZE; i++)
		if (i % (GROUP + 1) == GROUP
				? code[i] != '-'
				: !((code[i] >= 'a' && code[i] <= 'z') || (code[i] >= '1' && code[i] <= '9')))
			return false;
	l->secret = code + GROUP + 1;
	find_name(l, code);
	return true;
}

/* Both machines find the same name in their two keys. What was mistyped makes no key. */
static int take_keys(struct link *l, const char *line, const char *dir)
{
	char tag[GROUP];
	int code = link_key_peer(l->x, line, &l->peer);

	if (!code)
		code = link_key_open(l->x, dir, &l->own);
	if (code)
		return code;
	if (key_eq(l->peer, l->own.key))
		return ipsec_fail(l->x, USAGE,
			"%s is this machine's own key: the other one's is shown by ipsec connect --key there",
			line);
	for (int i = 0; i < GROUP; i++)
		tag[i] = letters_of(l->own.key->id[i] ^ l->peer->id[i]);
	find_name(l, tag);
	return DONE;
}

/* The code from a terminal or a pipe, so that it stands in no list of processes. */
static const char *read_code(struct ipsec *x)
{
	char line[CODE_SIZE + 3] = "";

	if (isatty(STDIN_FILENO)) {
		fprintf(x->err, "the code that ipsec listen has shown: ");
		fflush(x->err);
	}
	if (!fgets(line, sizeof line, stdin))
		return "";
	line[strcspn(line, "\r\n")] = 0;
	return arena_str(&x->arena, line);
}

/* ------------------------------------------------------------ the daemon's part */

static int call(struct link *l, int patience, const struct vici_node **response)
{
	return client_call(&l->client, NULL, NULL, patience, response);
}

static int must(struct link *l)
{
	const struct vici_node *response;
	int code = call(l, CLIENT_PATIENCE, &response);

	if (code || client_succeeded(response))
		return code;
	return answer_refused(l->x, response);
}

/* Who is who in IKE. A key's name is its own, whatever the other machine has been told: it begins as what the
 * daemon calls the key. */
static const char *id_of(const struct link *l, bool listens)
{
	const struct key *key = listens == l->listens ? l->own.key : l->peer;
	char digits[KEYID_TEXT];

	if (l->secret)
		return arena_printf(&l->x->arena, "%s.%s", listens ? "listen" : "connect", l->name);
	return arena_printf(&l->x->arena, KEY_ID "%.16s", keyid_print(key->subj, digits));
}

static int load_key(struct link *l)
{
	client_request(&l->client, "load-key");
	vici_put_pair(&l->client.out, "type", "ed25519");
	vici_put_value(&l->client.out, "data", l->own.pem);
	return must(l);
}

static int load_secret(struct link *l)
{
	client_request(&l->client, "load-shared");
	vici_put_pair(&l->client.out, "id", l->name);
	vici_put_pair(&l->client.out, "type", "IKE");
	vici_put_pair(&l->client.out, "data", l->secret);
	vici_put_list(&l->client.out, "owners");
	vici_put_item(&l->client.out, id_of(l, true));
	vici_put_item(&l->client.out, id_of(l, false));
	vici_put_list_end(&l->client.out);
	return must(l);
}

static void put_one(struct vici_out *o, const char *key, const char *value)
{
	vici_put_list(o, key);
	vici_put_item(o, value);
	vici_put_list_end(o);
}

static void put_side(struct link *l, const char *side, bool listens)
{
	struct vici_out *o = &l->client.out;

	vici_put_section(o, side);
	vici_put_pair(o, "auth", l->secret ? "psk" : "pubkey");
	vici_put_pair(o, "id", id_of(l, listens));
	if (!l->secret) {
		vici_put_list(o, "pubkeys");
		vici_put_item_value(o, listens == l->listens ? l->own.key->spki : l->peer->spki);
		vici_put_list_end(o);
	}
	vici_put_section_end(o);
}

static void put_child(struct link *l)
{
	struct vici_out *o = &l->client.out;

	vici_put_section(o, "children");
	vici_put_section(o, "link");
	put_one(o, "local_ts", l->ours);
	put_one(o, "remote_ts", l->theirs);
	vici_put_pair(o, "interface", l->name);
	put_one(o, "interface_addrs", arena_printf(&l->x->arena, "%s/30", l->ours));
	vici_put_section_end(o);
	vici_put_section_end(o);
}

static int load_conn(struct link *l)
{
	struct vici_out *o = &l->client.out;

	client_request(&l->client, "load-conn");
	vici_put_section(o, l->name);
	put_one(o, "remote_addrs", l->listens ? ANYBODY : l->host);
	vici_put_pair(o, "dpd_delay", "30s");
	put_side(l, "local", l->listens);
	put_side(l, "remote", !l->listens);
	put_child(l);
	vici_put_section_end(o);
	return must(l);
}

/* Until the link is there, what makes it goes with this call, however that ends. */
static int hold(struct link *l)
{
	client_request(&l->client, "hold");
	vici_put_pair(&l->client.out, "conn", l->name);
	if (l->secret)
		vici_put_pair(&l->client.out, "shared", l->name);
	return must(l);
}

/* And from now on it does not. */
static int hold_nothing(struct link *l)
{
	client_request(&l->client, "hold");
	return must(l);
}

/* Takes away what COMMAND unloads by KEY; whether it was there. */
static int unload(struct link *l, const char *command, const char *key, const char *value, bool *was_there)
{
	const struct vici_node *response;
	int code;

	client_request(&l->client, command);
	vici_put_pair(&l->client.out, key, value);
	code = call(l, CLIENT_PATIENCE, &response);
	*was_there = !code && client_succeeded(response);
	return code;
}

static int forget_secret(struct link *l)
{
	bool was_there;

	return unload(l, "unload-shared", "id", l->name, &was_there);
}

/* The connection of this link, or NULL; *OWN are those of links of which this machine is OWN_ID (NULL: none).
 */
static int find_conn(struct link *l, const char *own_id, const struct vici_node **out, unsigned *own)
{
	const struct snapshot_list list = { "list-conns", "list-conn", NULL };
	const struct vici_node **conns;
	unsigned n;
	int code = snapshot_list(&l->client, &list, &conns, &n);

	*out = NULL;
	*own = 0;
	for (unsigned i = 0; !code && i < n; i++) {
		if (!strcmp(conns[i]->name, l->name))
			*out = conns[i];
		*own += own_id && !strncmp(conns[i]->name, LINKS, strlen(LINKS)) &&
			!strcmp(client_str(vici_find(conns[i], "local-1"), "id"), own_id);
	}
	return code;
}

/* As whom this machine has the link, where that is by a key; NULL: it is not, or there is none. */
static int find_own_id(struct link *l, const char **id)
{
	const struct vici_node *conn;
	unsigned own;
	int code = find_conn(l, NULL, &conn, &own);

	*id = conn ? client_str(vici_find(conn, "local-1"), "id") : NULL;
	if (*id && strncmp(*id, KEY_ID, strlen(KEY_ID)) != 0)
		*id = NULL;
	return code;
}

/* The daemon has the key called ID only as long as there are links by it. Its file may be another one by now.
 */
static int forget_key(struct link *l, const char *id)
{
	const struct vici_node *response, *keys;
	const char *digits = id + strlen(KEY_ID);
	unsigned own;
	bool was_there;
	int code = find_conn(l, id, &response, &own);

	if (code || own)
		return code;
	client_request(&l->client, "get-keys");
	code = call(l, CLIENT_PATIENCE, &response);
	keys = code ? NULL : vici_find(response, "keys");
	for (const struct vici_node *n = keys ? keys->first : NULL; n && !code; n = n->next) {
		const char *key = arena_text(&l->x->arena, n->value);

		if (!strncmp(key, digits, strlen(digits)))
			code = unload(l, "unload-key", "id", key, &was_there);
	}
	return code;
}

static int forget(struct link *l, bool *was_there)
{
	const char *id;
	int code = find_own_id(l, &id);

	if (!code)
		code = forget_secret(l);
	if (!code)
		code = unload(l, "unload-conn", "name", l->name, was_there);
	return code || !id ? code : forget_key(l, id);
}

static int terminate(struct link *l)
{
	const struct vici_node *response;

	client_request(&l->client, "terminate");
	vici_put_pair(&l->client.out, "ike", l->name);
	vici_put_pair(&l->client.out, "force", "yes");
	vici_put_pair(&l->client.out, "timeout", "1000");
	return call(l, CLIENT_PATIENCE, &response);
}

static int initiate(struct link *l)
{
	const struct vici_node *response;
	int code;

	client_request(&l->client, "initiate");
	vici_put_pair(&l->client.out, "ike", l->name);
	vici_put_pair(&l->client.out, "child", "link");
	vici_put_pairf(&l->client.out, "timeout", "%d", TIMEOUT);
	code = call(l, TIMEOUT + GRACE, &response);
	if (code || client_succeeded(response))
		return code;
	code = answer_refused(l->x, response);
	if (!l->secret && !l->x->json) /* what the peer thinks of our key it does not say */
		fprintf(l->x->err, "on %s it takes: ipsec listen --peer-key %s\n", l->host,
			link_key_line(l->own.key, &l->x->arena));
	return code;
}

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = true;
}

/* From here on what is interrupted takes back what it has done. */
static int open_daemon(struct link *l)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	int code = client_probe(l->x) ? DONE : daemon_start(l->x, NULL);

	if (!code)
		code = client_open(&l->client, l->x);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], interrupt);
	l->client.stop = &interrupted;
	return code;
}

/* Until the link is there. The caller subscribed to what is told of children. */
static int wait_for_peer(struct link *l)
{
	const struct vici_node *event;

	for (unsigned i = 0; i < PULSES && !interrupted;) {
		int got = client_wait(&l->client, PULSE, &event);

		if (got > 0 && vici_find(event, l->name) && vici_str(event, "up"))
			return DONE;
		if (!got)
			return ipsec_fail(l->x, FAILED, "ikev2d has closed the connection");
		i += got < 0;
	}
	return ipsec_fail(l->x, FAILED, "nobody came%s", l->secret ? ", and the code is good no more" : "");
}

static int must_be_new(struct link *l)
{
	const struct vici_node *conn;
	unsigned own;
	int code = find_conn(l, NULL, &conn, &own);
	const char *name = l->name;
	bool waits;

	l->fresh = !code && !conn;
	if (code || !conn)
		return code;
	waits = !strcmp(client_items(conn, "remote_addrs", &l->x->arena), ANYBODY);
	return ipsec_fail(l->x, FAILED,
		"%s is there already: ipsec up %s%s brings it up again where it is down, "
		"ipsec disconnect %s ends it",
		name, name, waits ? " on the other machine" : "", name);
}

/* The connection first: who ends another link leaves a key that a connection is for. */
static int load(struct link *l)
{
	int code = open_daemon(l);

	if (!code)
		code = must_be_new(l);
	if (!code && l->listens)
		code = client_subscribe(&l->client, "child-updown");
	if (!code)
		code = hold(l);
	if (!code)
		code = load_conn(l);
	if (code)
		return code;
	return l->secret ? load_secret(l) : load_key(l);
}

/* ------------------------------------------------------------------ the verbs */

/* An address by which others may reach this machine. */
static const char *our_address(struct ipsec *x)
{
	struct ifaddrs *all = NULL;
	const char *found = "HOST";

	if (getifaddrs(&all))
		return found;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)a->ifa_addr;
		struct ip ip;

		if (!in || in->sin_family != AF_INET || ip_from(bytes_of(&in->sin_addr, 4), &ip) ||
			ip_is_local(&ip))
			continue;
		found = ip_print(&ip, arena_alloc(&x->arena, IP_TEXT));
		break;
	}
	freeifaddrs(all);
	return found;
}

/* The link as JSON, or as LINES. */
static void say(struct link *l, bool up, const char *code, const char *lines)
{
	struct ipsec *x = l->x;
	struct json j = json_in(&x->arena);

	json_begin(&j);
	json_bool(&j, "success", true);
	json_str(&j, "name", l->name);
	json_bool(&j, "up", up);
	json_str(&j, "address", l->ours);
	json_str(&j, "peer", l->theirs);
	json_str(&j, "code", code);
	json_str(&j, "key", l->own.key ? link_key_line(l->own.key, &x->arena) : NULL);
	json_close(&j, '}');
	if (x->json)
		json_print(&j, x->out);
	else
		fprintf(x->out, "%s", lines);
	fflush(x->out);
}

static void say_waiting(struct link *l, const char *code)
{
	struct arena *arena = &l->x->arena;
	const char *how = code ? arena_printf(arena, "\nthe code it asks for:     %s", code)
			       : arena_printf(arena, " --peer-key %s", link_key_line(l->own.key, arena));

	say(l, false, code,
		arena_printf(arena,
			"on the other machine:     ipsec connect %s%s\n"
			"waiting for it; an interrupt ends that\n",
			our_address(l->x), how));
}

static void say_up(struct link *l)
{
	say(l, true, NULL,
		arena_printf(&l->x->arena,
			"%s is up: %s is the other machine, and this one %s there, on the device %s\n"
			"to end it: ipsec disconnect %s\n",
			l->name, l->theirs, l->ours, l->name, l->name));
}

/* On a connection of its own: on the other one an answer may be outstanding. When that ends, so does what it
 * holds, but for the key. */
static void take_back(struct link *l)
{
	struct client busy = l->client;
	bool was_there;

	if (!client_open(&l->client, l->x) && !forget(l, &was_there))
		(void)!terminate(l);
	client_close(&busy);
}

/* All of it, or nothing is left. */
static int run(struct link *l, const char *code)
{
	int result = load(l);

	if (!result && l->listens)
		say_waiting(l, code);
	if (!result)
		result = l->listens ? wait_for_peer(l) : initiate(l);
	if (!result && l->secret)
		result = forget_secret(l);
	if (!result)
		result = hold_nothing(l);
	if (result && l->fresh && l->client.fd >= 0)
		take_back(l);
	client_close(&l->client);
	if (!result)
		say_up(l);
	return result;
}

static int run_keys(struct link *l, const char *line, const char *dir)
{
	int code = take_keys(l, line, dir);

	if (!code)
		code = run(l, NULL);
	key_unref(l->peer);
	link_key_close(&l->own);
	return code;
}

static int show_key(struct ipsec *x, const char *dir)
{
	struct link_key own;
	struct json j = json_in(&x->arena);
	int code = link_key_open(x, dir, &own);

	if (!code) {
		json_begin(&j);
		json_bool(&j, "success", true);
		json_str(&j, "key", link_key_line(own.key, &x->arena));
		json_str(&j, "file", own.path);
		json_close(&j, '}');
		if (x->json)
			json_print(&j, x->out);
		else
			fprintf(x->out, "%s\n", link_key_line(own.key, &x->arena));
	}
	link_key_close(&own);
	return code;
}

/* What stands behind a verb. */
struct words {
	const char *word[2], *peer_key, *dir;
	int n;
	bool key;
};

static bool read_words(int argc, char **argv, int max, struct words *w)
{
	*w = (struct words){ 0 };
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--peer-key") && argv[i + 1])
			w->peer_key = argv[++i];
		else if (!strcmp(argv[i], "--dir") && argv[i + 1])
			w->dir = argv[++i];
		else if (!strcmp(argv[i], "--key"))
			w->key = true;
		else if (argv[i][0] == '-' || w->n == max)
			return false;
		else
			w->word[w->n++] = argv[i];
	}
	return !w->key || (!w->n && !w->peer_key);
}

int verb_listen(struct ipsec *x, int argc, char **argv)
{
	struct link l = { .x = x, .listens = true, .client.fd = -1 };
	const char *code = letters_draw(&x->arena, CODE_GROUPS);
	struct words w;

	if (!read_words(argc, argv, 0, &w) || w.key || (w.dir && !w.peer_key))
		return ipsec_fail(x, USAGE, "usage: ipsec listen [--peer-key KEY [--dir DIR]]");
	if (w.peer_key)
		return run_keys(&l, w.peer_key, w.dir);
	(void)take_code(&l, code);
	return run(&l, code);
}

int verb_connect(struct ipsec *x, int argc, char **argv)
{
	struct link l = { .x = x, .client.fd = -1 };
	struct words w;

	if (!read_words(argc, argv, 2, &w) || (!w.n && !w.key) || (w.peer_key && w.n > 1) ||
		(w.dir && !w.peer_key && !w.key))
		return ipsec_fail(x, USAGE,
			"usage: ipsec connect HOST [CODE], ipsec connect HOST --peer-key KEY [--dir DIR], or "
			"ipsec connect --key [--dir DIR]");
	if (w.key)
		return show_key(x, w.dir);
	l.host = w.word[0];
	if (!addr_is_host(l.host))
		return ipsec_fail(x, USAGE, "%s is no name or address of a machine", l.host);
	if (w.peer_key)
		return run_keys(&l, w.peer_key, w.dir);
	if (!take_code(&l, w.n > 1 ? w.word[1] : read_code(x)))
		return ipsec_fail(x, USAGE,
			"that is no code: ipsec listen on %s shows one, %u groups of four letters and digits",
			l.host, CODE_GROUPS);
	return run(&l, NULL);
}

int verb_disconnect(struct ipsec *x, int argc, char **argv)
{
	struct link l = { .x = x, .client.fd = -1 };
	bool was_there = false;
	struct words w;
	int code;

	if (!read_words(argc, argv, 1, &w) || !w.n || w.key || w.peer_key || w.dir)
		return ipsec_fail(x, USAGE, "usage: ipsec disconnect NAME");
	l.name = w.word[0];
	if (strncmp(l.name, LINKS, strlen(LINKS)) != 0)
		return ipsec_fail(x, USAGE,
			"%s is no link: ipsec listen and ipsec connect make them, ipsec down ends others",
			l.name);
	code = client_open(&l.client, x);
	if (!code)
		code = forget(&l, &was_there);
	if (!code)
		code = terminate(&l);
	client_close(&l.client);
	if (code)
		return code;
	return was_there ? answer_done(x, "disconnected")
			 : ipsec_fail(x, FAILED, "there is no link %s: ipsec list conns shows what there is",
				   l.name);
}
