/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec check: THE table of findings, what would keep ikev2d from working on this machine. A new one is a row
 * and its function. */
#include "client.h"
#include "json.h"

#include "conf/load.h"
#include "creds/audit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum verdict { GOOD, NOTE, BAD };

struct check {
	struct ipsec *x;
	const char *path;   /* of the configuration; NULL: there is none */
	struct conf conf;   /* what it says, or the defaults */
	struct creds creds; /* and what lies beside it */
	bool loaded;        /* all of it could be read */
	bool running;       /* ikev2d is */
	struct text says;   /* the finding's sentence */
};

static enum verdict say(struct check *k, enum verdict v, const char *sentence)
{
	text_add(&k->says, "%s", sentence);
	return v;
}

static enum verdict check_configuration(struct check *k)
{
	struct text why = text_in(&k->x->arena), notes = text_in(&k->x->arena);
	struct conf conf;

	if (conf_load_system(k->path, &conf, &why, &notes))
		return say(k, BAD, text_str(&why));
	k->conf = conf;
	if (creds_load(&k->creds, k->path, &conf, &conf_files_system, &why, &notes))
		return say(k, BAD, text_str(&why));
	k->loaded = true;
	if (k->path)
		text_add(&k->says, "%s: %u connections, %u secrets", k->path, conf.n_peers, conf.n_secrets);
	else
		text_add(&k->says, "there is no /etc/ikev2d/ikev2d.conf: ikev2d starts empty");
	if (notes.n)
		text_add(&k->says, "\n%s", text_str(&notes));
	return notes.n || !k->path ? NOTE : GOOD;
}

/* What a peer or ikev2d will say of them at authentication. */
static enum verdict check_certificates(struct check *k)
{
	struct text bad = text_in(&k->x->arena), notes = text_in(&k->x->arena);

	if (!k->loaded)
		return say(k, NOTE, "not looked at, since the configuration cannot be read");
	creds_audit(&k->creds, &k->conf, (int64_t)time(NULL), &bad, &notes);
	if (!bad.n && !notes.n)
		return say(k, GOOD, "nothing is wrong with those that connections use");
	text_add(&k->says, "%s%s%s", text_str(&bad), bad.n && notes.n ? "\n" : "", text_str(&notes));
	return bad.n ? BAD : NOTE;
}

static enum verdict check_daemon(struct check *k)
{
	text_add(&k->says, "ikev2d is %s (socket %s/vici)", k->running ? "running" : "not running",
		k->x->run_dir);
	return GOOD;
}

/* Why NAME's port cannot be opened: an errno, or 0. */
static int bind_error(const void *name, socklen_t n, int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1, e = 0;

	if (fd < 0)
		return errno;
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, name, n))
		e = errno;
	close(fd);
	return e;
}

/* Over both families, as ikev2d opens it; a machine may have no IPv6. */
static int port_error(uint16_t port)
{
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int e = bind_error(&any4, sizeof any4, AF_INET);

	if (!e)
		e = bind_error(&any6, sizeof any6, AF_INET6);
	return e == EAFNOSUPPORT || e == EADDRNOTAVAIL ? 0 : e;
}

static enum verdict check_port(struct check *k, uint16_t port)
{
	int e = port_error(port);

	if (!e)
		text_add(&k->says, "UDP port %u is free", port);
	else if (e == EADDRINUSE && k->running)
		text_add(&k->says, "UDP port %u is in use, and ikev2d is running", port);
	else if (e == EADDRINUSE)
		text_add(&k->says, "UDP port %u is taken by another program; ss -ulpn sport = :%u shows it",
			port, port);
	else
		text_add(&k->says, "UDP port %u cannot be opened: %s%s", port, strerror(e),
			e == EACCES ? "; run this as root" : "");
	return !e || (e == EADDRINUSE && k->running) ? GOOD : BAD;
}

static enum verdict check_ike_port(struct check *k)
{
	return check_port(k, k->conf.settings.port);
}

static enum verdict check_nat_port(struct check *k)
{
	return check_port(k, k->conf.settings.port_nat_t);
}

static enum verdict check_tun(struct check *k)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), e = errno;
	unsigned features;
	bool tun;

	if (fd >= 0) {
		tun = !ioctl(fd, TUNGETFEATURES, &features);
		close(fd);
		return tun ? say(k, GOOD, "/dev/net/tun can be opened")
			   : say(k, BAD,
				     "/dev/net/tun is another device; mknod /dev/net/tun c 10 200 makes it");
	}
	text_add(&k->says, "/dev/net/tun cannot be opened: %s; %s", strerror(e),
		e == ENOENT || e == ENODEV ? "modprobe tun brings it"
					   : "run this as root, or give the container "
					     "the device");
	return BAD;
}

/* The first number in the file PATH (in base BASE, behind the word AFTER), or FALLBACK. */
static unsigned long long read_number(
	const char *path, const char *after, int base, unsigned long long fallback)
{
	char buffer[4096], *at = buffer;
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return fallback;
	n = fread(buffer, 1, sizeof buffer - 1, file);
	fclose(file);
	buffer[n] = 0;
	if (after)
		at = strstr(buffer, after);
	return at ? strtoull(at + (after ? strlen(after) : 0), NULL, base) : fallback;
}

static enum verdict check_rights(struct check *k)
{
	static const struct {
		unsigned bit;
		const char *name;
	} needed[] = { { 10, "CAP_NET_BIND_SERVICE" }, { 12, "CAP_NET_ADMIN" }, { 13, "CAP_NET_RAW" } };
	unsigned long long have = read_number("/proc/self/status", "CapEff:", 16, 0);
	bool all = true;

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!(have >> needed[i].bit & 1)) {
			text_add(&k->says, "%s%s", all ? "missing: " : ", ", needed[i].name);
			all = false;
		}
	if (all)
		return say(k, GOOD, "this user may configure the network");
	return say(k, BAD, "; run this (and ikev2d) as root");
}

static enum verdict check_forwarding(struct check *k)
{
	if (read_number("/proc/sys/net/ipv4/ip_forward", NULL, 10, 0))
		return say(k, GOOD, "IPv4 packets are forwarded");
	return say(k, NOTE,
		"IPv4 packets of other hosts are not forwarded; a gateway needs sysctl -w "
		"net.ipv4.ip_forward=1");
}

static enum verdict check_rp_filter(struct check *k)
{
	if (read_number("/proc/sys/net/ipv4/conf/all/rp_filter", NULL, 10, 0) != 1)
		return say(k, GOOD, "packets are not dropped for the way they came");
	return say(k, NOTE,
		"strict: packets that come by another way than answers would go are dropped; "
		"sysctl -w net.ipv4.conf.all.rp_filter=2 loosens it");
}

static void tell_path(struct check *k, const struct vici_node *answer, const char *name)
{
	const struct vici_node *path = vici_find(answer, name);
	const char *reason = path ? vici_str(path, "reason") : NULL;

	text_add(&k->says, "%s%s: %s", k->says.n ? "; " : "", name, reason ? reason : "in use");
}

/* What the daemon believes to be installed, and what is. */
static enum verdict check_data_path(struct check *k)
{
	const struct vici_node *answer, *differences;
	struct client c;
	int code;

	if (!k->running)
		return say(k, GOOD, "ikev2d chooses it when it starts");
	code = client_open(&c, k->x);
	if (!code) {
		client_request(&c, "audit");
		code = client_call(&c, NULL, NULL, CLIENT_PATIENCE, &answer);
	}
	client_close(&c);
	if (code)
		return say(
			k, NOTE, "ikev2d does not say what it has installed: it may be of another version");
	tell_path(k, answer, "kernel");
	tell_path(k, answer, "userspace");
	differences = vici_find(answer, "differences");
	for (const struct vici_node *n = differences ? differences->first : NULL; n; n = n->next)
		text_add(&k->says, "\n%s", vici_text(n));
	return differences ? BAD : GOOD;
}

static const struct {
	const char *name;
	enum verdict (*run)(struct check *k);
} findings[] = {
	{ "configuration", check_configuration },
	{ "certificates", check_certificates },
	{ "daemon", check_daemon },
	{ "data-path", check_data_path },
	{ "port", check_ike_port },
	{ "port-nat-t", check_nat_port },
	{ "tun", check_tun },
	{ "rights", check_rights },
	{ "forwarding", check_forwarding },
	{ "rp-filter", check_rp_filter },
};

/* The file ikev2d would read. */
static const char *default_path(void)
{
	static const char *const places[] = { "/etc/ikev2d/ikev2d.conf", "/etc/swanctl/swanctl.conf" };

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (!access(places[i], F_OK))
			return places[i];
	return NULL;
}

static enum verdict show(struct check *k, struct json *j, size_t i)
{
	static const char *const words[] = { "ok", "note", "bad" };
	enum verdict v;

	k->says = text_in(&k->x->arena);
	v = findings[i].run(k);
	json_open(j, NULL, '{');
	json_str(j, "name", findings[i].name);
	json_str(j, "verdict", words[v]);
	json_str(j, "text", text_str(&k->says));
	json_close(j, '}');
	if (!k->x->json)
		fprintf(k->x->out, "%-5s %-14s %s\n", words[v], findings[i].name, text_str(&k->says));
	return v;
}

int verb_check(struct ipsec *x, int argc, char **argv)
{
	struct check k = { .x = x, .conf.settings = settings_default(), .running = client_probe(x) };
	struct json j = json_in(&x->arena);
	int code = DONE;

	k.path = argc ? argv[0] : default_path();
	creds_start(&k.creds);
	json_begin(&j);
	json_open(&j, "findings", '[');
	for (size_t i = 0; i < sizeof findings / sizeof *findings; i++)
		if (show(&k, &j, i) == BAD)
			code = FAILED;
	json_close(&j, ']');
	json_bool(&j, "success", !code);
	json_close(&j, '}');
	if (x->json)
		json_print(&j, x->out);
	creds_stop(&k.creds);
	conf_free(&k.conf);
	return code;
}
