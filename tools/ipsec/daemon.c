/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec start, stop, reload, log, version: the daemon as a whole. */
#include "answer.h"
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOP_PATIENCE = 40000 /* ms: updown scripts are waited for */ };

/* A command without arguments, answered by success or why not. */
static int simple(struct client *c, const char *command, int patience, const struct vici_node **response)
{
	client_request(c, command);
	return client_call(c, NULL, NULL, patience, response);
}

int verb_reload(struct ipsec *x, int argc, char **argv)
{
	const struct vici_node *response;
	struct client c;
	int code = client_open(&c, x);

	(void)argc;
	(void)argv;
	if (!code)
		code = simple(&c, "reload", CLIENT_FOREVER, &response);
	client_close(&c);
	if (code)
		return code;
	return client_succeeded(response) ? answer_done(x, "reloaded") : answer_refused(x, response);
}

/* It has stopped when it closes the connection. */
int verb_stop(struct ipsec *x, int argc, char **argv)
{
	const struct vici_node *response, *event;
	struct client c;
	int code = client_open(&c, x), left = 0;

	(void)argc;
	(void)argv;
	if (!code)
		code = simple(&c, "stop", CLIENT_PATIENCE, &response);
	if (!code && client_succeeded(response))
		left = client_wait(&c, STOP_PATIENCE, &event);
	client_close(&c);
	if (code)
		return code;
	if (left)
		return ipsec_fail(x, FAILED, "ikev2d was told to stop but is still there");
	return client_succeeded(response) ? answer_done(x, "stopped") : answer_refused(x, response);
}

/* The program beside this one, as built or as installed; else wherever PATH has it. */
static const char *program(struct ipsec *x)
{
	static const char *const places[] = { "ikev2d", "../sbin/ikev2d" };
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	while (n > 0 && self[n - 1] != '/')
		n--;
	for (size_t i = 0; n > 0 && i < sizeof places / sizeof *places; i++) {
		const char *path = arena_printf(&x->arena, "%.*s%s", (int)n, self, places[i]);

		if (!access(path, X_OK))
			return path;
	}
	return "ikev2d";
}

/* Runs the daemon's program to its end, with OPTION and its VALUE (NULL: none). 0; or FAILED, with a sentence
 * where it cannot be started. */
static int run_program(struct ipsec *x, const char *option, const char *value)
{
	const char *path = program(x);
	const char *words[] = { path, "--run-dir", x->run_dir, option, value, NULL };
	int status = 0;
	pid_t pid;

	fflush(x->out);
	pid = fork();
	if (pid < 0)
		return ipsec_fail(x, FAILED, "%s cannot be started: %s", path, strerror(errno));
	if (!pid) {
		execvp(path, (char *const *)words);
		fprintf(stderr, "ipsec: %s cannot be started: %s\n", path, strerror(errno));
		_exit(127);
	}
	return waitpid(pid, &status, 0) != pid || status ? FAILED : 0;
}

/* It goes to the background, and so ends here, when its socket answers. */
int daemon_start(struct ipsec *x, const char *config)
{
	if (run_program(x, config ? "--config" : NULL, config))
		return ipsec_fail(x, FAILED, "%s did not start", program(x));
	return DONE;
}

int verb_start(struct ipsec *x, int argc, char **argv)
{
	int code;

	(void)argc;
	(void)argv;
	if (client_probe(x))
		return answer_done(x, "ikev2d is already running");
	code = daemon_start(x, NULL);
	return code ? code : answer_done(x, "started");
}

int verb_cleanup(struct ipsec *x, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (client_probe(x))
		return ipsec_fail(x, FAILED, "ikev2d is running: ipsec stop takes away what it has made");
	if (run_program(x, "--cleanup", NULL))
		return ipsec_fail(x, FAILED, "not all could be taken away");
	return answer_done(x, "nothing of ikev2d is left on this machine");
}

int verb_log(struct ipsec *x, int argc, char **argv)
{
	static const struct json_field fields[] = {
		{ "group", JSON_TEXT },
		{ "level", JSON_NUMBER },
		{ "ikesa-name", JSON_TEXT },
		{ "ikesa-uniqueid", JSON_NUMBER },
		{ "msg", JSON_TEXT },
		{ NULL, JSON_TEXT },
	};
	const struct vici_node *event;
	struct client c;
	int code = client_open(&c, x);

	(void)argc;
	(void)argv;
	if (!code)
		code = client_subscribe(&c, "log");
	while (!code && client_wait(&c, CLIENT_FOREVER, &event) > 0) {
		struct json j = json_in(&x->arena);

		json_begin(&j);
		json_fields(&j, event, fields);
		json_close(&j, '}');
		if (x->json)
			json_print(&j, x->out);
		else if (vici_str(event, "group") && vici_str(event, "msg"))
			fprintf(x->out, "[%s] %s\n", vici_str(event, "group"), vici_str(event, "msg"));
		fflush(x->out);
		arena_free(&x->arena);
	}
	client_close(&c);
	return code;
}

int verb_version(struct ipsec *x, int argc, char **argv)
{
	const struct vici_node *version = NULL;
	struct json j = json_in(&x->arena);
	struct client c;
	int code = DONE;

	(void)argc;
	(void)argv;
	if (client_probe(x)) {
		code = client_open(&c, x);
		if (!code)
			code = simple(&c, "version", CLIENT_PATIENCE, &version);
		client_close(&c);
	}
	if (code)
		return code;
	json_begin(&j);
	json_str(&j, "ipsec", IKEV2D_VERSION);
	json_bool(&j, "success", true);
	json_str(&j, "ikev2d", vici_str(version, "version"));
	json_str(&j, "sysname", vici_str(version, "sysname"));
	json_str(&j, "release", vici_str(version, "release"));
	json_str(&j, "machine", vici_str(version, "machine"));
	json_close(&j, '}');
	if (x->json)
		json_print(&j, x->out);
	else if (version)
		fprintf(x->out, "ipsec %s, ikev2d %s\n", IKEV2D_VERSION, vici_str(version, "version"));
	else
		fprintf(x->out, "ipsec %s, ikev2d is not running\n", IKEV2D_VERSION);
	return DONE;
}
