/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ipsec command against a fake daemon. */
#include "ipsec_bench.h"

#include "tests/unit/vici_client.h"
#include "tools/ipsec/ipsec.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Serves one client after the other. */
static void serve_client(struct vici_fake *f, int fd)
{
	struct vici_client *s = vici_client_open(f, VICI_CHANGES);
	uint8_t buffer[4096];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof buffer)) > 0 &&
		vici_client_input(s, bytes_of(buffer, (size_t)n))) {
		if (f->chatty)
			vici_log(f->vici, 0, "IKE", 1, "gw", 1, "rekeyed");
		while (vici_client_go(s) && vici_client_output(s).n &&
			(n = write(fd, vici_client_output(s).p, vici_client_output(s).n)) > 0)
			vici_client_sent(s, (size_t)n);
		if (f->stops || f->chatty)
			break;
	}
	vici_client_close(s);
	close(fd);
}

static _Noreturn void serve(int listener, void (*change)(struct vici_fake *f))
{
	struct vici_fake *f = vici_fake_new();
	int fd;

	f->at_once = true;
	if (change)
		change(f);
	while (!f->stops && (fd = accept(listener, NULL, NULL)) >= 0)
		serve_client(f, fd);
	vici_fake_free(f);
	_exit(0);
}

void ipsec_bench_idle(struct ipsec_bench *b)
{
	*b = (struct ipsec_bench){ .dir = "/tmp/ipsec-test-XXXXXX" };
	if (!mkdtemp(b->dir))
		abort();
}

void ipsec_bench_start(struct ipsec_bench *b, void (*change)(struct vici_fake *f))
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ipsec_bench_idle(b);
	snprintf(at.sun_path, sizeof at.sun_path, "%s/vici", b->dir);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 8))
		abort();
	b->daemon = fork();
	if (b->daemon < 0)
		abort();
	if (!b->daemon)
		serve(fd, change);
	close(fd);
}

void ipsec_bench_end(struct ipsec_bench *b)
{
	char path[80];

	if (b->daemon) {
		kill(b->daemon, SIGKILL);
		waitpid(b->daemon, NULL, 0);
	}
	snprintf(path, sizeof path, "%s/vici", b->dir);
	unlink(path);
	rmdir(b->dir);
	free(b->out);
	free(b->err);
}

int ipsec_bench_run(struct ipsec_bench *b, const char *words)
{
	char *copy = strdup(words), *rest = copy, *argv[16] = { "ipsec", "--run-dir", b->dir };
	size_t out_n, err_n;
	FILE *out, *err;
	int argc = 3, code;

	free(b->out);
	free(b->err);
	out = open_memstream(&b->out, &out_n);
	err = open_memstream(&b->err, &err_n);
	while ((argv[argc] = strsep(&rest, " ")))
		argc++;
	code = ipsec_run(argc, argv, out, err);
	fclose(out);
	fclose(err);
	free(copy);
	return code;
}

struct ipsec_bench ipsec_bench_call(const char *words, int *code, void (*change)(struct vici_fake *f))
{
	struct ipsec_bench b;

	ipsec_bench_start(&b, change);
	*code = ipsec_bench_run(&b, words);
	return b;
}

void ipsec_bench_refuse(struct vici_fake *f)
{
	f->refuse = true;
	f->outcome = (struct vici_outcome){
		.matches = 1,
		.why = {
			.what = "the peer refused our proposal",
			.differs = "encryption: offered aes128, configured aes256gcm16",
			.where = "/etc/ikev2d/ikev2d.conf:12 (connections.home.proposals)",
			.instead = "aes128-sha256-x25519",
		},
	};
}

static const char *value(const char *s);

static const char *string(const char *s)
{
	if (*s++ != '"')
		return NULL;
	for (; *s != '"'; s++)
		if ((unsigned char)*s < 0x20 || (*s == '\\' && !*++s))
			return NULL;
	return s + 1;
}

/* What is between S[0] and END, separated by commas; with keys in an object. */
static const char *members(const char *s, char end)
{
	if (*++s == end)
		return s + 1;
	for (;; s++) {
		if (end == '}' && (!(s = string(s)) || *s++ != ':'))
			return NULL;
		s = value(s);
		if (!s || (*s != ',' && *s != end))
			return NULL;
		if (*s == end)
			return s + 1;
	}
}

static const char *value(const char *s)
{
	static const char *const words[] = { "true", "false", "null" };

	if (*s == '{')
		return members(s, '}');
	if (*s == '[')
		return members(s, ']');
	if (*s == '"')
		return string(s);
	for (size_t i = 0; i < 3; i++)
		if (!strncmp(s, words[i], strlen(words[i])))
			return s + strlen(words[i]);
	if (!isdigit((unsigned char)*s) && *s != '-')
		return NULL;
	for (s++; isdigit((unsigned char)*s); s++)
		;
	return s;
}

bool ipsec_bench_json(const char *s)
{
	s = value(s);
	return s && !strcmp(s, "\n");
}
