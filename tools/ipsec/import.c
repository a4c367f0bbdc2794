/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec import: swanctl.conf from ipsec.conf and ipsec.secrets. */
#include "ipsec.h"

#include "conf/import.h"
#include "json.h"
#include "pki/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

struct call {
	struct ipsec *x;
	const char **files;
	unsigned n;
	const char *out; /* NULL: standard output */
	struct import import;
	struct ifaddrs *addresses;
};

static struct bytes octets(const struct sockaddr *a)
{
	if (a && a->sa_family == AF_INET)
		return bytes_of(&((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
	if (a && a->sa_family == AF_INET6)
		return bytes_of(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, 16);
	return bytes_of(NULL, 0);
}

static bool is_ours(void *ctx, const struct ip *ip)
{
	const struct call *call = ctx;

	for (const struct ifaddrs *a = call->addresses; a; a = a->ifa_next)
		if (bytes_eq(octets(a->ifa_addr), ip_bytes(ip)))
			return true;
	return false;
}

static const char *subject(void *ctx, const char *path, struct arena *arena)
{
	const char *name = NULL;
	struct bundle b = { 0 };
	struct bytes data;
	struct why why = { 0 };

	(void)ctx;
	if (conf_files_system.read(conf_files_system.ctx, path, arena, &data) ||
		bundle_read(data, NULL, arena, &b, &why))
		return NULL;
	if (b.n_certs)
		name = id_print(cert_main_id(b.certs[0]), arena);
	bundle_free(&b);
	return name;
}

/* Of the first file, from the root. */
static const char *folder(const struct call *call)
{
	char *path = realpath(call->files[0], NULL), *slash = path ? strrchr(path, '/') : NULL;
	const char *out = NULL;

	if (slash)
		out = arena_text(&call->x->arena, bytes_of(path, (size_t)(slash - path)));
	free(path);
	return out;
}

static int dialect(struct call *call, const char *word)
{
	if (word && !strcmp(word, "strongswan"))
		call->import.from = DIALECT_STRONGSWAN;
	else if (word && !strcmp(word, "libreswan"))
		call->import.from = DIALECT_LIBRESWAN;
	else
		return ipsec_fail(call->x, USAGE, "behind --from comes strongswan or libreswan");
	return DONE;
}

static int read_words(struct call *call, int argc, char **argv)
{
	int code = DONE;

	call->files = ARENA_ARRAY(&call->x->arena, (size_t)argc, const char *);
	for (int i = 0; i < argc && !code; i++) {
		if (!strcmp(argv[i], "--from"))
			code = dialect(call, argv[++i]);
		else if (!strcmp(argv[i], "-o") || !strcmp(argv[i], "--out"))
			call->out = argv[++i];
		else if (argv[i][0] == '-')
			code = ipsec_fail(call->x, USAGE, "ipsec import has no option %s", argv[i]);
		else
			call->files[call->n++] = argv[i];
		if (!code && i >= argc)
			code = ipsec_fail(call->x, USAGE, "behind -o comes the name of a file");
	}
	if (!code && !call->n)
		code = ipsec_fail(
			call->x, USAGE, "which files? ipsec import /etc/ipsec.conf /etc/ipsec.secrets");
	return code;
}

/* All of it, or no file. One that is there stays. */
static int write_file(struct call *call, struct bytes text)
{
	int fd = open(call->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), e = 0;

	if (fd < 0)
		return ipsec_fail(call->x, FAILED, "%s: %s", call->out,
			errno == EEXIST ? "it is there already; name a file that is not" : strerror(errno));
	for (size_t at = 0; at < text.n && !e;) {
		ssize_t n = write(fd, text.p + at, text.n - at);

		if (n < 0)
			e = errno;
		else
			at += (size_t)n;
	}
	if (close(fd) && !e)
		e = errno;
	if (!e)
		return DONE;
	unlink(call->out);
	return ipsec_fail(call->x, FAILED, "%s: %s", call->out, strerror(e));
}

static void put_json(struct call *call, const struct text *text)
{
	struct json j = json_in(&call->x->arena);
	const char *s = text_str(call->import.left);

	json_begin(&j);
	json_bool(&j, "success", true);
	json_str(&j, "configuration", call->out ? NULL : text_str(text));
	json_str(&j, "file", call->out);
	json_open(&j, "left", '[');
	while (*s) {
		size_t n = strcspn(s, "\n");

		json_str(&j, NULL, arena_text(&call->x->arena, bytes_of(s, n)));
		s += n + (s[n] == '\n');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	json_print(&j, call->x->out);
}

static int show(struct call *call)
{
	const struct text *text = call->import.out;
	int code = call->out ? write_file(call, bytes_of(text_str(text), text->n)) : DONE;

	if (code)
		return code;
	if (call->x->json) {
		put_json(call, text);
		return DONE;
	}
	if (!call->out)
		fprintf(call->x->out, "%s", text_str(text));
	if (call->import.n_left)
		fprintf(call->x->err, "not carried over:\n%s\n", text_str(call->import.left));
	return DONE;
}

int verb_import(struct ipsec *x, int argc, char **argv)
{
	struct text out = text_in(&x->arena), left = text_in(&x->arena), why = text_in(&x->arena);
	struct call call = { .x = x,
		.import = { .files = &conf_files_system,
			.is_ours = is_ours,
			.subject = subject,
			.out = &out,
			.left = &left,
			.why = &why } };
	int code = read_words(&call, argc, argv);

	if (code)
		return code;
	call.import.ctx = &call;
	call.import.folder = folder(&call);
	if (getifaddrs(&call.addresses))
		call.addresses = NULL;
	if (import_files(&call.import, call.files, call.n))
		code = ipsec_fail(x, FAILED, "nothing was imported:\n%s", text_str(&why));
	else
		code = show(&call);
	if (call.addresses)
		freeifaddrs(call.addresses);
	return code;
}
