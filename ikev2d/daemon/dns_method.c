/* SPDX-License-Identifier: GPL-2.0-or-later */
/* systemd-resolved, where it is what this machine's programs ask; else resolvconf, as Debian has it or as
 * openresolv; else the file that the C library reads. */
#include "daemon/dns_method.h"

#include "daemon/dns_file.h"
#include "xfrm/device.h"
#include "xfrm/user/tun.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* Where nothing else is configured, both kinds of resolvconf put what is of a tun before a network card's. */
#define RESOLVCONF_NAME "tun0.ikev2d"
#define RESOLVED        "org.freedesktop.resolve1"
#define RESOLVED_OBJECT "/org/freedesktop/resolve1"
#define RESOLVED_FILES  "run/systemd/resolve/"
#define NO_SUCH_LINK    RESOLVED ".NoSuchLink:"
#define TUN_OF_DNS      "ipsec-dns"

enum { TUN_MTU = 1280 };

static void done(struct dns_work *w, enum err e, const char *why)
{
	w->done(w->ctx, e, why);
}

/* ------------------------------------------------------------ systemd-resolved */

/* Whether the C library asks it: the file leads to one of its own, or names the address that it listens at.
 */
static bool resolved_there(const struct dns_work *w)
{
	char text[4096];
	ssize_t n = readlink(w->resolv_conf, text, sizeof text - 1);
	FILE *f;

	text[n > 0 ? n : 0] = 0;
	if (strstr(text, RESOLVED_FILES))
		return true;
	f = fopen(w->resolv_conf, "re");
	n = f ? (ssize_t)fread(text, 1, sizeof text - 1, f) : 0;
	text[n] = 0;
	if (f)
		fclose(f);
	return strstr(text, "nameserver 127.0.0.53") != NULL;
}

/* What all of its methods that are used here are about. */
struct about {
	unsigned dev;
	const struct dns_link *link;
};

static int put_dev(sd_bus_message *m, const void *args)
{
	const struct about *a = args;

	return sdbus.message_append(m, "i", (int)a->dev);
}

static int put_server(sd_bus_message *m, const struct ip *server)
{
	struct bytes ip = ip_bytes(server);
	int r = sdbus.message_open_container(m, SD_BUS_TYPE_STRUCT, "iay");

	if (r >= 0)
		r = sdbus.message_append(m, "i", server->v == 4 ? AF_INET : AF_INET6);
	if (r >= 0)
		r = sdbus.message_append_array(m, SD_BUS_TYPE_BYTE, ip.p, ip.n);
	return r < 0 ? r : sdbus.message_close_container(m);
}

static int put_servers(sd_bus_message *m, const void *args)
{
	const struct about *a = args;
	int r = put_dev(m, a);

	if (r >= 0)
		r = sdbus.message_open_container(m, SD_BUS_TYPE_ARRAY, "(iay)");
	for (unsigned i = 0; r >= 0 && i < a->link->n_servers; i++)
		r = put_server(m, &a->link->servers[i]);
	return r < 0 ? r : sdbus.message_close_container(m);
}

/* The root, for routing only, is all names, also where other links have servers for them. */
static int put_domains(sd_bus_message *m, const void *args)
{
	const struct about *a = args;
	int r = put_dev(m, a);

	if (r >= 0)
		r = sdbus.message_open_container(m, SD_BUS_TYPE_ARRAY, "(sb)");
	for (unsigned i = 0; r >= 0 && i < a->link->n_domains; i++)
		r = sdbus.message_append(m, "(sb)", a->link->domains[i], false);
	if (r >= 0 && a->link->everything)
		r = sdbus.message_append(m, "(sb)", ".", true);
	return r < 0 ? r : sdbus.message_close_container(m);
}

static int put_default(sd_bus_message *m, const void *args)
{
	const struct about *a = args;

	return sdbus.message_append(m, "ib", (int)a->dev, a->link->everything);
}

/* Questions to all who are near (LLMNR, mDNS) have no business in a tunnel. */
static int put_no(sd_bus_message *m, const void *args)
{
	const struct about *a = args;

	return sdbus.message_append(m, "is", (int)a->dev, "no");
}

/* What is told of a link. */
static const struct method {
	const char *member;
	int (*put)(sd_bus_message *m, const void *args);
} methods_of_a_link[] = {
	{ "SetLinkDNS", put_servers },
	{ "SetLinkDomains", put_domains },
	{ "SetLinkDefaultRoute", put_default },
	{ "SetLinkLLMNR", put_no },
	{ "SetLinkMulticastDNS", put_no },
};
enum { METHODS_OF_A_LINK = sizeof methods_of_a_link / sizeof *methods_of_a_link };

static const struct method revert = { "RevertLink", put_dev };

static struct dbus_call call_of(
	const struct method *method, unsigned dev, const struct dns_link *l, struct arena *arena)
{
	struct about *a = arena_alloc(arena, sizeof *a);

	*a = (struct about){ dev, l };
	return (struct dbus_call){ RESOLVED, RESOLVED_OBJECT, RESOLVED ".Manager", method->member,
		method->put, a };
}

static void on_resolved(void *ctx, const char *why)
{
	struct dns_work *w = ctx;
	struct arena scratch = { 0 };

	w->dbus = NULL;
	if (why && w->takes_back && !strncmp(why, NO_SUCH_LINK, strlen(NO_SUCH_LINK)))
		why = NULL;
	done(w, why ? ERR_SYSTEM : ERR_OK,
		why ? arena_printf(&scratch, "systemd-resolved does not take it: %s", why) : NULL);
	arena_free(&scratch);
}

static void call_resolved(struct dns_work *w, const struct dbus_call *calls, unsigned n)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	enum err e = ERR_OK;

	if (n)
		e = dbus_start(w->base, calls, n, DNS_LIMIT, on_resolved, w, &w->dbus, &why);
	if (e || !n)
		done(w, e, text_str(&why));
	arena_free(&scratch);
}

static void tun_close(struct dns_work *w)
{
	if (w->tun >= 0)
		close(w->tun);
	w->tun = -1;
}

/* The device of L. systemd-resolved wants one, which is up and has an address; a tunnel without one gets a
 * tun device that nobody reads from: the kernel's policies take the packets before they are there. */
static const char *device_of(struct dns_work *w, const struct dns_link *l, struct text *why)
{
	if (*l->dev)
		return l->dev;
	if (w->tun < 0 && (tun_open(TUN_OF_DNS, true, 1, &w->tun, w->tun_name, why) ||
				  route_device_up(w->route, w->tun_name, TUN_MTU, why)))
		return NULL;
	return w->tun_name;
}

static bool holds(const struct vips *vips, const struct ip *ip)
{
	for (unsigned i = 0; i < vips->n; i++)
		if (ip_eq(&vips->v[i], ip))
			return true;
	return false;
}

/* DEV has what is in NOW and not in BEFORE, and loses what is in BEFORE and not in NOW. */
static void change_addresses(struct dns_work *w, const char *dev, const struct vips *now,
	const struct vips *before, struct text *why)
{
	for (unsigned i = 0; i < now->n; i++) {
		struct if_addr a = { now->v[i], (unsigned)ip_size(&now->v[i]) * 8 };

		if (!holds(before, &now->v[i]) && device_addrs_add(w->route, dev, &a, 1, why))
			return;
	}
	for (unsigned i = 0; i < before->n; i++) {
		struct if_addr a = { before->v[i], (unsigned)ip_size(&before->v[i]) * 8 };

		if (!holds(now, &before->v[i]))
			device_addrs_del(w->route, dev, &a, 1);
	}
}

static const struct dns_link *same_link(const struct dns_setup *s, const struct dns_link *l)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!strcmp(s->links[i].dev, l->dev))
			return &s->links[i];
	return NULL;
}

/* The number of the device that L had; 0: it has gone, and resolved's word about it. */
static unsigned number_of(const struct dns_work *w, const struct dns_link *l)
{
	return if_nametoindex(*l->dev ? l->dev : w->tun_name);
}

/* Calls that take back what was told of the links of BEFORE that are not in NOW. */
static unsigned revert_calls(const struct dns_work *w, const struct dns_setup *now,
	const struct dns_setup *before, struct dbus_call *calls, struct arena *arena)
{
	unsigned n = 0;

	for (unsigned i = 0; i < before->n; i++) {
		unsigned dev = number_of(w, &before->links[i]);

		if (dev && !same_link(now, &before->links[i]))
			calls[n++] = call_of(&revert, dev, NULL, arena);
	}
	return n;
}

static void drop_addresses(struct dns_work *w, const struct dns_setup *now, const struct dns_setup *before)
{
	static const struct vips none;
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	for (unsigned i = 0; i < before->n; i++) {
		const struct dns_link *l = &before->links[i];

		if (!same_link(now, l))
			change_addresses(w, *l->dev ? l->dev : w->tun_name, &none, &l->vips, &why);
	}
	arena_free(&scratch);
}

/* Appends the calls that tell of L to the *N CALLS; false and a sentence where L cannot have a device. */
static bool link_calls(struct dns_work *w, const struct dns_link *l, const struct dns_setup *before,
	struct dbus_call *calls, unsigned *n, struct text *why)
{
	static const struct vips none;
	const struct dns_link *old = same_link(before, l);
	const char *name = device_of(w, l, why);
	unsigned dev = name ? if_nametoindex(name) : 0;

	if (!dev)
		return false;
	change_addresses(w, name, &l->vips, old ? &old->vips : &none, why);
	for (unsigned i = 0; i < METHODS_OF_A_LINK; i++)
		calls[(*n)++] = call_of(&methods_of_a_link[i], dev, l, why->arena);
	return true;
}

static void resolved_set(struct dns_work *w, const struct dns_setup *now, const struct dns_setup *before)
{
	struct dbus_call calls[DNS_LINKS_MAX * (METHODS_OF_A_LINK + 1)];
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	unsigned n = revert_calls(w, now, before, calls, &scratch);
	bool ok = true;

	w->takes_back = !now->n;
	drop_addresses(w, now, before);
	for (unsigned i = 0; ok && i < now->n; i++)
		ok = link_calls(w, &now->links[i], before, calls, &n, &why);
	if (ok)
		call_resolved(w, calls, n);
	else
		done(w, ERR_SYSTEM, text_str(&why));
	if (!now->n)
		tun_close(w);
	arena_free(&scratch);
}

static void resolved_reset(struct dns_work *w, const struct dns_setup *before)
{
	static const struct dns_setup nothing;
	struct dbus_call calls[DNS_LINKS_MAX];
	struct arena scratch = { 0 };

	w->takes_back = true;
	call_resolved(w, calls, revert_calls(w, &nothing, before, calls, &scratch));
	arena_free(&scratch);
}

/* ------------------------------------------------------------------ resolvconf */

static const char *program_path(void)
{
	const char *path = getenv("PATH");

	return path ? path : USUAL_PATH;
}

/* systemd's program of this name is another way to its daemon, and wants a device. */
static bool is_resolvectl(const char *program)
{
	char link[256];
	ssize_t n = readlink(program, link, sizeof link - 1);

	link[n > 0 ? n : 0] = 0;
	return strstr(link, "resolvectl");
}

static bool resolvconf_there(const struct dns_work *w)
{
	struct arena scratch = { 0 };
	char *rest = arena_str(&scratch, program_path()), *folder;
	bool there = false;

	(void)w;
	while (!there && (folder = strsep(&rest, ":"))) {
		const char *program = arena_printf(&scratch, "%s/resolvconf", folder);

		there = !access(program, X_OK) && !is_resolvectl(program);
	}
	arena_free(&scratch);
	return there;
}

static void on_line(void *ctx, const char *line)
{
	struct dns_work *w = ctx;

	snprintf(w->said, sizeof w->said, "%s", line);
}

static void on_ended(void *ctx, const struct script_end *end)
{
	struct dns_work *w = ctx;
	bool ok = end->fate == SCRIPT_EXITED && !end->number;
	char why[SCRIPT_LINE + 64];

	w->script = NULL;
	snprintf(why, sizeof why, "resolvconf has failed: %s",
		end->fate == SCRIPT_TOO_LONG ? "it takes too long"
		: *w->said                   ? w->said
					     : "it does not say why");
	done(w, ok ? ERR_OK : ERR_SYSTEM, ok ? NULL : why);
}

/* The command has nothing in it that a peer has said: that is its input. */
static void run_resolvconf(struct dns_work *w, const char *command, const char *input)
{
	struct arena scratch = { 0 };
	const char *env[] = { arena_printf(&scratch, "PATH=%s", program_path()), NULL };
	struct script_spec spec = {
		.command = command,
		.env = env,
		.input = bytes_str(input),
		.limit_ms = DNS_LIMIT,
		.ctx = w,
		.line = on_line,
		.ended = on_ended,
	};

	*w->said = 0;
	w->script = script_start(w->base, &spec);
	if (!w->script)
		done(w, ERR_SYSTEM, arena_printf(&scratch, "resolvconf cannot be run: %s", strerror(errno)));
	arena_free(&scratch);
}

static void resolvconf_reset(struct dns_work *w, const struct dns_setup *before)
{
	(void)before;
	run_resolvconf(w, "exec resolvconf -d " RESOLVCONF_NAME, "");
}

static void resolvconf_set(struct dns_work *w, const struct dns_setup *now, const struct dns_setup *before)
{
	struct arena scratch = { 0 };

	if (now->n)
		run_resolvconf(w, "exec resolvconf -a " RESOLVCONF_NAME, dns_setup_lines(now, &scratch));
	else
		resolvconf_reset(w, before);
	arena_free(&scratch);
}

/* -------------------------------------------------------------------- the file */

static bool file_there(const struct dns_work *w)
{
	(void)w;
	return true;
}

static void file_reset(struct dns_work *w, const struct dns_setup *before)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	enum err e = dns_file_reset(w->resolv_conf, w->owner, &why);

	(void)before;
	done(w, e, text_str(&why));
	arena_free(&scratch);
}

static void file_set(struct dns_work *w, const struct dns_setup *now, const struct dns_setup *before)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	enum err e;

	if (now->n) {
		e = dns_file_set(w->resolv_conf, w->owner, dns_setup_lines(now, &scratch), &why);
		done(w, e, text_str(&why));
	} else {
		file_reset(w, before);
	}
	arena_free(&scratch);
}

/* ------------------------------------------------------------------------- all */

const struct dns_method dns_methods[DNS_METHODS] = {
	[DNS_RESOLVED - DNS_RESOLVED] = { "resolved", true, true, resolved_there, resolved_set,
		resolved_reset },
	[DNS_RESOLVCONF - DNS_RESOLVED] = { "resolvconf", false, false, resolvconf_there, resolvconf_set,
		resolvconf_reset },
	[DNS_FILE - DNS_RESOLVED] = { "file", false, false, file_there, file_set, file_reset },
};

const struct dns_method *dns_method_find(const char *word)
{
	for (unsigned i = 0; i < DNS_METHODS; i++)
		if (!strcmp(dns_methods[i].word, word))
			return &dns_methods[i];
	return NULL;
}

void dns_work_start(struct dns_work *w)
{
	w->tun = -1;
}

void dns_work_stop(struct dns_work *w)
{
	dbus_free(w->dbus);
	if (w->script)
		script_kill(w->script);
	tun_close(w);
	w->dbus = NULL;
	w->script = NULL;
}
