/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec capture: the packets of one connection, inside and outside, with what Wireshark needs to decrypt
 * them. */
#include "capture_filter.h"
#include "capture_split.h"
#include "json.h"
#include "pcapng.h"
#include "snapshot.h"
#include "wireshark.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	SECONDS = 60,
	SECONDS_MAX = 3600,
	DEVICES = 64,
	PACKET_MAX = 65536 + 64,
	BUFFER = 8 << 20, /* octets that may wait in the socket */
	BURST = 256,      /* packets, before the daemon is heard again */
};

/* What the words ask for. */
struct wish {
	const char *name, *file;
	long seconds;
};

struct capture {
	struct ipsec *x;
	struct client client;
	struct target target;
	struct filter filter;
	struct wireshark tables;
	const char *path, *folder;
	FILE *file;
	int fd; /* of packets */
	unsigned devices[DEVICES], n_devices;
	uint64_t packets;
	bool failed; /* to write */
	uint8_t packet[PACKET_MAX], part[PACKET_MAX];
};

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ------------------------------------------------------------------ files */

/* Nobody else may read it, and nothing is overwritten. */
static FILE *create(struct capture *c, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0) {
		ipsec_fail(c->x, FAILED, "%s cannot be made: %s", path, strerror(errno));
		return NULL;
	}
	return fdopen(fd, "w");
}

static int write_table(struct capture *c, const char *name, const char *text)
{
	FILE *f = create(c, arena_printf(&c->x->arena, "%s/%s", c->folder, name));

	if (!f)
		return FAILED;
	fputs(text, f);
	return fclose(f) ? ipsec_fail(c->x, FAILED, "%s/%s cannot be written", c->folder, name) : DONE;
}

static int open_files(struct capture *c)
{
	const char *comment = arena_printf(&c->x->arena,
		"the connection %s; the keys to decrypt it are in the folder %s", c->target.conn, c->folder);

	if (mkdir(c->folder, 0700))
		return ipsec_fail(
			c->x, FAILED, "the folder %s cannot be made: %s", c->folder, strerror(errno));
	c->file = create(c, c->path);
	if (!c->file) {
		(void)rmdir(c->folder);
		return FAILED;
	}
	c->failed = !pcapng_head(c->file, comment);
	return DONE;
}

static int write_tables(struct capture *c)
{
	int code = write_table(c, "esp_sa", text_str(&c->tables.esp));

	if (!code)
		code = write_table(c, "ikev2_decryption_table", text_str(&c->tables.ike));
	return code ? code : write_table(c, "preferences", wireshark_preferences);
}

/* ---------------------------------------------------------------- packets */

static int open_packets(struct capture *c)
{
	int size = BUFFER;

	c->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
	if (c->fd < 0)
		return ipsec_fail(c->x, FAILED, "packets cannot be captured: %s%s", strerror(errno),
			errno == EPERM ? "; run this as root" : "");
	(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	return DONE;
}

/* The number of a device in the file, or -1 where there are too many. */
static int device_of(struct capture *c, unsigned index)
{
	char name[IF_NAMESIZE] = "?";

	for (unsigned i = 0; i < c->n_devices; i++)
		if (c->devices[i] == index)
			return (int)i;
	if (c->n_devices == DEVICES)
		return -1;
	if (!if_indextoname(index, name))
		snprintf(name, sizeof name, "%u", index);
	c->failed |= !pcapng_device(c->file, name);
	c->devices[c->n_devices] = index;
	return (int)c->n_devices++;
}

static void keep(struct capture *c, const struct sockaddr_ll *from, size_t n)
{
	struct bytes whole = bytes_of(c->packet, n < PACKET_MAX ? n : PACKET_MAX);
	struct pcapng_packet p = { .ns = clock_ns(CLOCK_REALTIME),
		.outbound = from->sll_pkttype == PACKET_OUTGOING };
	size_t at = 0;
	int device;

	if (!filter_takes(&c->filter, whole))
		return;
	device = device_of(c, (unsigned)from->sll_ifindex);
	if (device < 0)
		return;
	p.device = (unsigned)device;
	while ((n = capture_part(whole, &at, c->part))) {
		p.data = bytes_of(c->part, n);
		p.size = (uint32_t)n;
		c->failed |= !pcapng_packet(c->file, &p);
		c->packets++;
	}
}

static void take_packets(struct capture *c)
{
	for (unsigned i = 0; i < BURST; i++) {
		struct sockaddr_ll from;
		socklen_t size = sizeof from;
		ssize_t n = recvfrom(
			c->fd, c->packet, sizeof c->packet, MSG_TRUNC, (struct sockaddr *)&from, &size);

		if (n < 0)
			return;
		keep(c, &from, (size_t)n);
	}
}

/* ------------------------------------------------------------------- keys */

/* An event: what a new CHILD_SA carries belongs to the connection, too. */
static void take_keys(void *ctx, const struct vici_node *message)
{
	struct capture *c = ctx;
	const struct vici_node *child = vici_find(message, "child");

	wireshark_add(&c->tables, message);
	if (!child)
		return;
	filter_pairs(&c->filter, child);
	filter_peer(&c->filter, vici_str(child, "peer"));
}

static int ask_for_keys(struct capture *c, long seconds)
{
	const struct vici_node *response;
	int code = client_subscribe(&c->client, "capture-keys");

	if (code)
		return code;
	client_request(&c->client, "capture");
	vici_put_pair(&c->client.out, "ike", c->target.conn);
	vici_put_pairf(&c->client.out, "timeout", "%ld", seconds);
	code = client_call(&c->client, take_keys, c, CLIENT_PATIENCE, &response);
	if (code)
		return code;
	if (client_succeeded(response))
		return DONE;
	client_complain(c->x, c->target.conn, response);
	return FAILED;
}

static int renew_child(struct capture *c, const struct vici_node *child)
{
	const struct vici_node *response;
	const char *state = vici_str(child, "state"), *id = vici_str(child, "uniqueid");

	if (!id || !state || strcmp(state, "INSTALLED") != 0)
		return DONE;
	client_request(&c->client, "rekey");
	vici_put_pair(&c->client.out, "child-id", id);
	return client_call(&c->client, take_keys, c, CLIENT_PATIENCE, &response);
}

/* Nobody keeps the keys of CHILD_SAs: those that are there get new ones. */
static int renew_children(struct capture *c, const struct snapshot *s)
{
	int code = DONE;

	for (unsigned i = 0; i < s->n_sas; i++) {
		const struct vici_node *children = vici_find(s->sas[i], "child-sas");

		for (const struct vici_node *n = children ? children->first : NULL; n && !code; n = n->next)
			if (!strcmp(s->sas[i]->name, c->target.conn))
				code = renew_child(c, n);
	}
	return code;
}

/* ------------------------------------------------------------------- the call */

/* What is configured, and what is there. */
static void fill_filter(struct capture *c, const struct snapshot *s)
{
	const struct vici_node *conn = snapshot_conn(s, c->target.conn);
	const struct vici_node *remotes = vici_find(conn, "remote_addrs"),
			       *children = vici_find(conn, "children");

	for (const struct vici_node *n = remotes ? remotes->first : NULL; n; n = n->next)
		filter_peer(&c->filter, vici_text(n));
	for (const struct vici_node *n = children ? children->first : NULL; n; n = n->next)
		filter_pairs(&c->filter, n);
	for (unsigned i = 0; i < s->n_sas; i++)
		if (!strcmp(s->sas[i]->name, c->target.conn))
			filter_peer(&c->filter, vici_str(s->sas[i], "remote-host"));
}

static int hear(struct capture *c)
{
	const struct vici_node *message;
	int got;

	while ((got = client_wait(&c->client, 0, &message)) > 0)
		take_keys(c, message);
	return got ? DONE : ipsec_fail(c->x, FAILED, "ikev2d has closed the connection");
}

/* Until the time is over, somebody interrupts, or the daemon goes. */
static int run(struct capture *c, long seconds)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + (uint64_t)seconds * 1000000000;
	int code = DONE;

	while (!interrupted && !c->failed && !code) {
		uint64_t now = clock_ns(CLOCK_MONOTONIC);
		struct pollfd p[] = { { .fd = c->fd, .events = POLLIN },
			{ .fd = c->client.fd, .events = POLLIN } };

		if (now >= end)
			return DONE;
		if (poll(p, 2, (int)((end - now) / 1000000) + 1) <= 0)
			continue;
		take_packets(c);
		if (p[1].revents)
			code = hear(c);
	}
	return code;
}

static void report(struct capture *c)
{
	const char *command =
		arena_printf(&c->x->arena, "WIRESHARK_CONFIG_DIR=%s wireshark %s", c->folder, c->path);
	struct json j = json_in(&c->x->arena);

	if (c->x->json) {
		json_begin(&j);
		json_bool(&j, "success", true);
		json_str(&j, "file", c->path);
		json_str(&j, "folder", c->folder);
		json_num(&j, "packets", arena_printf(&c->x->arena, "%llu", (unsigned long long)c->packets));
		json_num(&j, "ike_keys", arena_printf(&c->x->arena, "%u", c->tables.n_ike));
		json_num(&j, "esp_keys", arena_printf(&c->x->arena, "%u", c->tables.n_esp));
		json_str(&j, "lacks", c->tables.lacks);
		json_str(&j, "command", command);
		json_close(&j, '}');
		json_print(&j, c->x->out);
		return;
	}
	fprintf(c->x->out, "%s: %llu packets; keys of %u IKE_SAs and %u ESP SAs in %s\n", c->path,
		(unsigned long long)c->packets, c->tables.n_ike, c->tables.n_esp, c->folder);
	if (c->tables.lacks)
		fprintf(c->x->out, "Wireshark cannot decrypt %s\n", c->tables.lacks);
	fprintf(c->x->out, "%s\n", command);
}

/* With the keys that came, also where something failed on the way. */
static int finish(struct capture *c, int code)
{
	int tables = write_tables(c);

	c->failed |= fclose(c->file) != 0;
	if (c->failed)
		return ipsec_fail(c->x, FAILED, "%s cannot be written: %s", c->path, strerror(errno));
	if (!code && !tables)
		report(c);
	return code ? code : tables;
}

static int capture(struct capture *c, const struct wish *w)
{
	struct sigaction action = { .sa_handler = interrupt };
	struct snapshot s;
	int code = client_open(&c->client, c->x);

	if (!code)
		code = snapshot_take(&c->client, &s);
	if (!code)
		code = target_find(c->x, &s, w->name, &c->target);
	if (code)
		return code;
	fill_filter(c, &s);
	c->path = w->file ? w->file : arena_printf(&c->x->arena, "%s.pcapng", c->target.conn);
	c->folder = arena_printf(&c->x->arena, "%s.keys", c->path);
	code = open_packets(c);
	if (!code)
		code = ask_for_keys(c, w->seconds);
	if (!code)
		code = open_files(c);
	if (code)
		return code;
	interrupted = 0;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	code = renew_children(c, &s);
	return finish(c, code ? code : run(c, w->seconds));
}

static bool read_words(int argc, char **argv, struct wish *w)
{
	*w = (struct wish){ .seconds = SECONDS };
	for (int i = 0; i < argc; i++) {
		char *end;

		if (!strcmp(argv[i], "--time") && argv[i + 1]) {
			w->seconds = strtol(argv[++i], &end, 10);
			if (*end || w->seconds < 1 || w->seconds > SECONDS_MAX)
				return false;
		} else if (!strcmp(argv[i], "-o") && argv[i + 1]) {
			w->file = argv[++i];
		} else if (w->name || argv[i][0] == '-') {
			return false;
		} else {
			w->name = argv[i];
		}
	}
	return w->name != NULL;
}

int verb_capture(struct ipsec *x, int argc, char **argv)
{
	struct capture *c;
	struct wish w;
	int code;

	if (!read_words(argc, argv, &w))
		return ipsec_fail(x, USAGE,
			"usage: ipsec capture NAME [--time S] [-o FILE], S from 1 to %d seconds",
			SECONDS_MAX);
	if (geteuid())
		return ipsec_fail(x, FAILED, "keys and packets are for root alone: run this as root");
	c = calloc(1, sizeof *c);
	if (!c)
		abort();
	c->x = x;
	c->fd = c->client.fd = -1;
	c->tables = wireshark_in(&x->arena);
	code = capture(c, &w);
	client_close(&c->client);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
	return code;
}
