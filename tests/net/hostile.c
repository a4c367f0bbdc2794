/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon, but for processes ike, eap and esp that somebody has taken over: at a signal they do, with all
 * that they have, what is of use to him. What he could do, and what he was refused, stands in the log. Which
 * row of the table it is says the signal's number, behind SIGRTMIN, and a value goes along: the number of a
 * process, or of a connection. */
#include "daemon/carrier.h"
#include "daemon/ipc.h"
#include "daemon/speaker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
	GUARD = 3,        /* the descriptor of the channel to guard */
	FLOOD = 20000,    /* messages */
	NUMBER = 1 << 20, /* of an SA that nobody has */
	LIES = 5000,      /* IKE_SAs that there are not */
	SLOW = 50,        /* ms for each of them */
	SLOWER = 1500,    /* ms for an order */
	TALKS = 1000,     /* numbers of conversations that there may have been */
	ANSWER = 1000,    /* ms in which an answer would come */
};

static struct ipc_channel guard = { .fd = GUARD, .self = IPC_IKE, .peer = IPC_GUARD, .phase = IPC_SERVING };
/* Of eap: by which it is asked, and answers. */
static struct ipc_channel asker = {
	.fd = GUARD + 1, .self = IPC_EAPS, .peer = IPC_IKE, .phase = IPC_SERVING
};
static bool slow, many;

static void report(const char *line)
{
	(void)!ipc_send(
		&guard, &(struct ipc_message){ .kind = IPC_LOG, .log = { LOG_WARN, "hostile", NULL, line } });
}

/* N: what a system call has returned. */
static void judge(const char *what, long n)
{
	char line[128];

	snprintf(line, sizeof line, "%s: %s", what, n < 0 ? strerror(errno) : "DONE");
	report(line);
}

/* ------------------------------------------------------------ of the system */

static void open_a_file(int value)
{
	(void)value;
	judge("open", syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
}

static void make_a_file(int value)
{
	(void)value;
	judge("make", syscall(SYS_openat, AT_FDCWD, "left-behind", O_WRONLY | O_CREAT, 0666));
}

static void connect_out(int value)
{
	const struct sockaddr_in to = { AF_INET, htons(80), { htonl(INADDR_LOOPBACK) }, { 0 } };
	long fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);

	(void)value;
	judge("connect", fd < 0 ? fd : syscall(SYS_connect, fd, &to, sizeof to));
}

static void run_a_shell(int value)
{
	char *argv[] = { "sh", "-c", "id", NULL };

	(void)value;
	judge("exec", syscall(SYS_execve, "/bin/sh", argv, argv + 3));
}

static void fork_off(int value)
{
	(void)value;
	judge("fork", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static void trace(int value)
{
	judge("ptrace", syscall(SYS_ptrace, PTRACE_ATTACH, value, 0, 0));
}

static void read_memory(int value)
{
	static char room[64];
	struct iovec ours = { room, sizeof room }, theirs = { &slow, sizeof room };

	judge("memory", syscall(SYS_process_vm_readv, value, &ours, 1, &theirs, 1, 0));
}

static void open_memory(int value)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/mem", value);
	judge("mem", syscall(SYS_openat, AT_FDCWD, path, O_RDONLY));
}

static void end_another(int value)
{
	judge("kill", syscall(SYS_tgkill, value, value, SIGKILL));
}

/* ------------------------------------------------------------------ of guard */

static void want(const char *what, const struct ike_action *a, int peer, bool has_round)
{
	enum err e = ipc_send(&guard,
		&(struct ipc_message){ .kind = IPC_ACTION,
			.action = {
				.action = *a, .part = { .peer = (uint32_t)peer }, .has_round = has_round } });

	report(e ? "it could not be sent" : what);
}

/* ESP for all there is, with a key that he knows. */
static void take_the_default_route(int value)
{
	static const uint8_t key[36];
	const struct ts ours = {
		.lo = { 4, { 10, 1, 0, 0 } }, .hi = { 4, { 10, 1, 0, 255 } }, .port_hi = 65535
	};
	const struct ts all = { .lo = { .v = 4 }, .hi = { 4, { 255, 255, 255, 255 } }, .port_hi = 65535 };
	const struct ike_action a = { .kind = ACTION_SA_ADD,
		.sa_add = { .spi = 0x80000001,
			.child = NUMBER,
			.policy = NUMBER,
			.mode = MODE_TUNNEL,
			.suite = { .encr = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 256) },
			.encr_key = bytes_of(key, sizeof key),
			.local = { { 4, { 192, 0, 2, 1 } }, 500 },
			.remote = { { 4, { 192, 0, 2, 66 } }, 500 },
			.local_ts = { &ours, 1 },
			.remote_ts = { &all, 1 } } };

	want("it wanted the default route", &a, value, false);
}

/* Over octets of the right form, of an exchange with somebody else. */
static void have_something_signed(int value)
{
	static const uint8_t octets[28 + 64 + 32 + 32] = { 1, 2, 3, 4, 5, 6, 7,
		8, [17] = 0x20, [18] = 34, [19] = 8, [27] = 28 + 64 };
	static const char us[] = "moon.example", them[] = "sun.example";
	const struct ike_action a = { .kind = ACTION_ASK,
		.ticket = NUMBER,
		.ask = { .kind = ASK_PROOF,
			.prf = transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0),
			.local = { ID_FQDN, bytes_str(us) },
			.remote = { ID_FQDN, bytes_str(them) },
			.octets = bytes_of(octets, sizeof octets) } };

	want("it wanted a signature", &a, value, true);
}

static void flood(int value)
{
	const struct ike_action a = { .kind = ACTION_SA_DEL, .sa_del = { NUMBER, true } };
	enum err e = ERR_OK;

	(void)value;
	for (unsigned i = 0; i < FLOOD && !e; i++)
		e = ipc_send(&guard, &(struct ipc_message){ .kind = IPC_ACTION, .action.action = a });
	report("it has sent all");
}

/* There are very many, and each takes its time. */
static void be_slow(int value)
{
	(void)value;
	slow = true;
	report("it is slow");
}

/* There are so many that to ask about each takes minutes. */
static void have_many(int value)
{
	(void)value;
	many = true;
	report("it has many");
}

bool __real_speaker_take_inquiry(void *ctx, const struct ipc_message *m);
bool __wrap_speaker_take_inquiry(void *ctx, const struct ipc_message *m);

bool __wrap_speaker_take_inquiry(void *ctx, const struct ipc_message *m)
{
	static uint64_t keys[LIES];
	struct speaker *s = ctx;
	struct ipc_message out = { .kind = IPC_REPLY, .ticket = m->ticket, .reply.kind = m->inquiry.kind };

	if (!slow && !many)
		return __real_speaker_take_inquiry(ctx, m);
	if (slow)
		nanosleep(&(struct timespec){ .tv_nsec = SLOW * 1000000 }, NULL);
	if (m->inquiry.kind == IPC_ABOUT_SAS) {
		out.reply.found = true;
		out.reply.total = many ? IPC_TOTAL_MAX : LIES;
		out.reply.n = LIES;
		out.reply.keys = keys;
	}
	return !ipc_send(&s->ctl, &out);
}

bool __real_carrier_take_order(void *ctx, const struct ipc_message *m);
bool __wrap_carrier_take_order(void *ctx, const struct ipc_message *m);

bool __wrap_carrier_take_order(void *ctx, const struct ipc_message *m)
{
	if (slow)
		nanosleep(&(struct timespec){ .tv_sec = SLOWER / 1000, .tv_nsec = SLOWER % 1000 * 1000000 },
			NULL);
	return __real_carrier_take_order(ctx, m);
}

/* -------------------------------------------------------------------- of eap */

static enum err ask_for_a_password(uint32_t conversation)
{
	return ipc_send(&asker, &(struct ipc_message){ .kind = IPC_EAP_ASKS,
					.ticket = 1,
					.eap_asks = { conversation, bytes_str("carol") } });
}

/* Of a conversation that is over. */
static void ask_for_passwords(int value)
{
	struct pollfd p = { .fd = asker.fd, .events = POLLIN };
	enum err e = ERR_OK;

	(void)value;
	for (uint32_t i = 1; i < TALKS && !e; i++)
		e = ask_for_a_password(i);
	report(e                          ? "password: it could not be sent"
		: poll(&p, 1, ANSWER) > 0 ? "password: DONE"
					  : "password: nobody answers");
}

/* What only keeper says. */
static void say_what_another_says(int value)
{
	(void)value;
	(void)!ipc_send(&asker,
		&(struct ipc_message){
			.kind = IPC_PROOF, .ticket = 1, .proof.proof = bytes_str("a proof of anything") });
}

static void flood_with_questions(int value)
{
	enum err e = ERR_OK;

	(void)value;
	for (unsigned i = 0; i < FLOOD && !e; i++)
		e = ask_for_a_password(NUMBER);
	report(e ? "it could not be sent" : "it has sent all");
}

/* --------------------------------------------------------------------- table */

/* In the order of tests/net/cases/taken_over.py. */
static void (*const steps[])(int value) = {
	open_a_file,
	make_a_file,
	connect_out,
	run_a_shell,
	fork_off,
	trace,
	read_memory,
	open_memory,
	end_another,
	take_the_default_route,
	have_something_signed,
	flood,
	be_slow,
	have_many,
	ask_for_passwords,
	say_what_another_says,
	flood_with_questions,
};

static const char *title; /* argv[0]: that of a copy of the nursery is overwritten */

static bool is(const char *process)
{
	return !strcmp(title, process);
}

/* That of esp is slow, and says so by its channel to guard in its own name. */
static void become_slow(void)
{
	guard.self = IPC_ESP;
	be_slow(0);
}

static void on_signal(int number, siginfo_t *info, void *ctx)
{
	(void)ctx;
	if (is("ikev2d: esp")) {
		become_slow();
		return;
	}
	if (is("ikev2d: eap"))
		guard.self = IPC_EAPS;
	if (is("ikev2d: eap") || is("ikev2d: ike"))
		steps[number - SIGRTMIN](info->si_value.sival_int);
}

/* Before it gives its rights away: afterwards no signal could be heard. */
__attribute__((constructor)) static void arm(int argc, char **argv)
{
	struct sigaction a = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };

	title = argv[0];
	if (argc != 1 ||
		(!is("ikev2d: nursery") && !is("ikev2d: ike") && !is("ikev2d: eap") && !is("ikev2d: esp")))
		return;
	for (int i = 0; i < (int)(sizeof steps / sizeof *steps); i++)
		(void)sigaction(SIGRTMIN + i, &a, NULL);
}
