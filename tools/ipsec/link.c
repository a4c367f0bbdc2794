/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec listen, connect, disconnect: a link of two machines for an afternoon. A code, drawn by who listens
 * and typed where the other one connects, names the link, gives both their addresses, and proves who they
 * are. It is kept in the memory of the two daemons alone. */
#include "answer.h"
#include "letters.h"

#include "model/addr.h"

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
	const char *name, *secret;
	char ours[IP_TEXT], theirs[IP_TEXT]; /* addresses at the ends of the link */
};

/* ---------------------------------------------------------------- the code */

/* Two addresses of 169.254.0.0/16, which nobody routes (RFC 3927), by the link's name. */
static void find_addresses(struct link *l, const char *tag)
{
	unsigned n = 0, third, fourth;

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
	l->name = arena_printf(&l->x->arena, "link-%.*s", GROUP, code);
	l->secret = code + GROUP + 1;
	find_addresses(l, code);
	return true;
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

static const char *id_of(const struct link *l, bool listens)
{
	return arena_printf(&l->x->arena, "%s.%s", listens ? "listen" : "connect", l->name);
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
	vici_put_pair(o, "auth", "psk");
	vici_put_pair(o, "id", id_of(l, listens));
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
	put_one(o, "remote_addrs", l->listens ? "%any" : l->host);
	vici_put_pair(o, "dpd_delay", "30s");
	put_side(l, "local", l->listens);
	put_side(l, "remote", !l->listens);
	put_child(l);
	vici_put_section_end(o);
	return must(l);
}

/* Takes away what COMMAND unloads by KEY; whether it was there. */
static int unload(struct link *l, const char *command, const char *key, bool *was_there)
{
	const struct vici_node *response;
	int code;

	client_request(&l->client, command);
	vici_put_pair(&l->client.out, key, l->name);
	code = call(l, CLIENT_PATIENCE, &response);
	*was_there = !code && client_succeeded(response);
	return code;
}

static int forget_secret(struct link *l)
{
	bool was_there;

	return unload(l, "unload-shared", "id", &was_there);
}

static int forget(struct link *l, bool *was_there)
{
	int code = forget_secret(l);

	return code ? code : unload(l, "unload-conn", "name", was_there);
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
	return answer_refused(l->x, response);
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
	return ipsec_fail(l->x, FAILED, "nobody came, and the code is good no more");
}

static int load(struct link *l)
{
	int code = open_daemon(l);

	if (!code && l->listens)
		code = client_subscribe(&l->client, "child-updown");
	if (!code)
		code = load_secret(l);
	return code ? code : load_conn(l);
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
static void say(struct link *l, const char *code, const char *lines)
{
	struct ipsec *x = l->x;
	struct json j = json_in(&x->arena);

	json_begin(&j);
	json_bool(&j, "success", true);
	json_str(&j, "name", l->name);
	json_bool(&j, "up", !code);
	json_str(&j, "address", l->ours);
	json_str(&j, "peer", l->theirs);
	json_str(&j, "code", code);
	json_close(&j, '}');
	if (x->json)
		json_print(&j, x->out);
	else
		fprintf(x->out, "%s", lines);
	fflush(x->out);
}

static void say_code(struct link *l, const char *code)
{
	say(l, code,
		arena_printf(&l->x->arena,
			"on the other machine:     ipsec connect %s\n"
			"the code it asks for:     %s\n"
			"waiting for it; an interrupt ends that\n",
			our_address(l->x), code));
}

static void say_up(struct link *l)
{
	say(l, NULL,
		arena_printf(&l->x->arena,
			"%s is up: %s is the other machine, and this one %s there, on the device %s\n"
			"to end it: ipsec disconnect %s\n",
			l->name, l->theirs, l->ours, l->name, l->name));
}

/* On a connection of its own: on the other one an answer may be outstanding. */
static void take_back(struct link *l)
{
	bool was_there;

	client_close(&l->client);
	if (!client_open(&l->client, l->x) && !forget(l, &was_there))
		(void)!terminate(l);
}

/* All of it, or nothing is left. */
static int run(struct link *l, const char *code)
{
	int result = load(l);

	if (!result && l->listens)
		say_code(l, code);
	if (!result)
		result = l->listens ? wait_for_peer(l) : initiate(l);
	if (!result)
		result = forget_secret(l);
	if (result && l->client.fd >= 0)
		take_back(l);
	client_close(&l->client);
	if (!result)
		say_up(l);
	return result;
}

int verb_listen(struct ipsec *x, int argc, char **argv)
{
	struct link l = { .x = x, .listens = true, .client.fd = -1 };
	const char *code = letters_draw(&x->arena, CODE_GROUPS);

	(void)argc;
	(void)argv;
	(void)take_code(&l, code);
	return run(&l, code);
}

int verb_connect(struct ipsec *x, int argc, char **argv)
{
	struct link l = { .x = x, .host = argv[0], .client.fd = -1 };

	if (!addr_is_host(l.host))
		return ipsec_fail(x, USAGE, "%s is no name or address of a machine", l.host);
	if (!take_code(&l, argc > 1 ? argv[1] : read_code(x)))
		return ipsec_fail(x, USAGE,
			"that is no code: ipsec listen on %s shows one, %u groups of four letters and digits",
			l.host, CODE_GROUPS);
	return run(&l, NULL);
}

int verb_disconnect(struct ipsec *x, int argc, char **argv)
{
	struct link l = { .x = x, .name = argv[0], .client.fd = -1 };
	bool was_there = false;
	int code;

	(void)argc;
	if (strncmp(l.name, "link-", 5) != 0)
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
