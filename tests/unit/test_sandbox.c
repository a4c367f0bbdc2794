/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that has given away its rights tries what one would who has taken it over. A sanitizer is
 * admitted some calls more, so what is refused may be refused by the second wall: the empty root, the user,
 * Landlock. */
#include "tests/unit/unit.h"

#include "daemon/carrier.h"
#include "daemon/keeper.h"
#include "daemon/sandbox.h"
#include "tests/unit/eap_pair.h"
#include "tests/unit/eap_tls_help.h"
#include "tests/unit/pki_maker.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static bool opens(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool makes_a_file(void)
{
	return open("made", O_CREAT | O_WRONLY, 0600) >= 0;
}

static bool makes_a_folder(void)
{
	return !mkdir("made", 0700);
}

static bool leaves_its_root(void)
{
	return open("../../../../etc/passwd", O_RDONLY) >= 0;
}

static bool connects(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool connects_by_name(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool executes(void)
{
	execl("/bin/sh", "sh", "-c", "exit 0", (char *)NULL);
	return false;
}

static bool forks(void)
{
	return fork() >= 0;
}

static bool traces_its_parent(void)
{
	return !ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static bool kills_its_parent(void)
{
	return !kill(getppid(), 0);
}

static bool becomes_root(void)
{
	return !setuid(0) && !geteuid();
}

static bool makes_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

static bool limits_itself_anew(void)
{
	return !unshare(CLONE_NEWUSER);
}

/* What must go: else nothing of the rest proves anything. */
static bool works(void)
{
	uint8_t room[32];
	void *p = malloc(1 << 20);
	bool done = p && getrandom(room, sizeof room, 0) == sizeof room && write(2, "", 0) == 0;

	free(p);
	return done;
}

static int empty_folder(void)
{
	char path[] = "/tmp/test_sandbox.XXXXXX";
	int fd;

	assert_non_null(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(rmdir(path), 0);
	return fd;
}

enum { DID, DID_NOT, NO_SANDBOX };

/* How a process in the sandbox of P ends that tries TRY: in the root that P has. */
static int end_of(enum ipc_process p, bool (*try)(void))
{
	int root = p == IPC_TOKENS ? open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : empty_folder();
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		struct arena arena = { 0 };
		struct text why = text_in(&arena);

		if (sandbox_enter(p, root, &why)) {
			fprintf(stderr, "%s\n", text_str(&why));
			_exit(NO_SANDBOX);
		}
		_exit(try() ? DID : DID_NOT);
	}
	close(root);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool makes_a_file_of_its_own(void)
{
	int fd = open("made", O_CREAT | O_WRONLY, 0600);
	bool done = fd >= 0 && write(fd, "x", 1) == 1 && !rename("made", "kept");

	return done && open("kept", O_RDONLY) >= 0 && !unlink("kept");
}

static bool asks_the_kernel(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0) >= 0;
}

static bool sees_packets(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) >= 0;
}

/* Logs in by EAP inside TLS with a salted password, as both sides at once. */
static bool logs_in(void)
{
	static const char salted[] =
		"$6$rounds=1000$saltsalt$zduY8MuI1gDsL0wPD.A2UVPT8eOAfyWbjuC0x3gN9lkPBp4p80xx7E0bMy.4ArZ9wLJ"
		"jS1QVZMsWt7egIDgte.";
	const struct pair_secret users[] = { { "alice", { EAP_SALTED, bytes_str(salted) } },
		{ NULL, { 0 } } };
	struct pair p = { .known = users, .own = { EAP_PASSWORD, bytes_str("clientPass") } };

	p.authenticator = (struct eap_settings){ .methods = { EAP_TTLS }, .n_methods = 1, .now = MAKER_NOW };
	p.peer = p.authenticator;
	p.peer.ttls = EAP_TTLS_PAP;
	p.peer.identity = bytes_str("alice");
	p.authenticator.tls = help_tls(true, &(struct tls_recipe){ 0 });
	p.peer.tls = help_tls(false, &(struct tls_recipe){ 0 });
	pair_run(&p);
	return pair_agreed(&p);
}

static int channel[2];

/* That lasts for who has the socket afterwards. */
static bool makes_its_channel_deaf(void)
{
	struct sock_filter nothing_comes = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = { 1, &nothing_comes };

	return !setsockopt(channel[0], SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

static bool is_patient(void)
{
	const struct timeval patience = { .tv_sec = 1 };

	return !setsockopt(channel[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

static bool sets_a_path(void)
{
	int how = IP_PMTUDISC_DO;

	return setsockopt(channel[0], IPPROTO_IP, IP_MTU_DISCOVER, &how, sizeof how) && errno == EOPNOTSUPP;
}

/* What certs may: reach a server. */
static bool reaches_a_server(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return fd >= 0 && !connect(fd, (struct sockaddr *)&name, sizeof name);
}

/* What tokens may: a server of this machine, a device, and libraries that it has not loaded yet. */
static bool asks_the_machine(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "/nobody/hears" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) && errno == ENOENT;
}

static bool opens_a_device(void)
{
	return open("/dev/null", O_RDWR) >= 0;
}

static bool loads_a_library(void)
{
	void *library = dlopen("libnss_compat.so.2", RTLD_NOW);

	if (!library)
		fprintf(stderr, "%s\n", dlerror());
	return library;
}

static bool opens_what_is_roots(void)
{
	return open("/etc/shadow", O_RDONLY) >= 0;
}

static bool makes_a_folder_for_all(void)
{
	return !mkdir("/tmp/test_sandbox.made", 0700);
}

static bool makes_a_device(void)
{
	return !mknod("/tmp/test_sandbox.made", S_IFCHR | 0600, makedev(1, 3));
}

/* The other way round it may. */
static bool writes_what_it_carries_out(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && !mprotect(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void *nothing(void *arg)
{
	return arg;
}

static bool begins_a_thread(void)
{
	pthread_t thread;

	return !pthread_create(&thread, NULL, nothing, NULL) && !pthread_join(thread, NULL);
}

enum { THREADS = 12, PIECES = 300, PIECE = 1152 /* octets: as a cipher's context has */ };

static void *pieces[THREADS][PIECES];
static pthread_barrier_t together;

static void *takes_memory(void *arg)
{
	void **to = arg;

	pthread_barrier_wait(&together);
	for (int i = 0; i < PIECES; i++)
		to[i] = malloc(PIECE);
	pthread_barrier_wait(&together);
	return NULL;
}

/* More threads than libc has arenas for without counting the processors, and more memory given back than it
 * keeps without asking what the machine thinks of that: both are in files. */
static bool takes_memory_in_threads_and_gives_it_back(void)
{
	pthread_t threads[THREADS];
	bool done = !pthread_barrier_init(&together, NULL, THREADS);

	for (int i = 0; i < THREADS && done; i++)
		done = !pthread_create(&threads[i], NULL, takes_memory, pieces[i]);
	for (int i = 0; i < THREADS && done; i++)
		done = !pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS && done; i++)
		for (int k = PIECES; k--;)
			free(pieces[i][k]);
	return done;
}

/* It has a folder that is there, its own. */
static bool has_a_folder_of_its_own(enum ipc_process p)
{
	char path[] = "/tmp/test_sandbox.XXXXXX";
	int root, status;
	pid_t pid;

	assert_non_null(mkdtemp(path));
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sandbox_give(p, root);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct arena arena = { 0 };
		struct text why = text_in(&arena);

		_exit(sandbox_enter(p, root, &why) ? NO_SANDBOX : makes_a_file_of_its_own() ? DID : DID_NOT);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(root);
	assert_int_equal(rmdir(path), 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == DID;
}

struct
try {
	const char *what;
	bool (*try)(void);
};

static bool is_refused(int status)
{
	return WIFSIGNALED(status) ? WTERMSIG(status) == SIGSYS : WEXITSTATUS(status) == DID_NOT;
}

static void does(enum ipc_process p, const struct try *t)
{
	int status = end_of(p, t->try);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != DID)
		fail_msg("%s, %s: status %x", ipc_name(p), t->what, (unsigned)status);
}

static void does_not(enum ipc_process p, const struct try *t)
{
	int status = end_of(p, t->try);

	if (!is_refused(status))
		fail_msg("%s, %s: status %x", ipc_name(p), t->what, (unsigned)status);
}

static const enum ipc_process boxed[] = { IPC_KEEPER, IPC_CERTS, IPC_IKE, IPC_ESP, IPC_EAPS, IPC_CTL };

enum { BOXED = sizeof boxed / sizeof *boxed };

static void what_it_needs_works(void **state)
{
	(void)state;
	keeper_warm();
	eap_tls_warm();
	carrier_warm();
	for (unsigned i = 0; i < BOXED; i++) {
		does(boxed[i], &(struct try){ "memory", works });
		does(boxed[i], &(struct try){ "EAP", logs_in });
	}
	does(IPC_ESP, &(struct try){ "thread", begins_a_thread });
	does(IPC_ESP, &(struct try){ "memory in threads", takes_memory_in_threads_and_gives_it_back });
	does(IPC_ESP, &(struct try){ "path", sets_a_path });
	does(IPC_CERTS, &(struct try){ "a server", reaches_a_server });
	for (unsigned i = 0; i < BOXED; i++)
		assert_int_equal(has_a_folder_of_its_own(boxed[i]), boxed[i] == IPC_CERTS);
}

static void nothing_else_does(void **state)
{
	static const struct try tries[] = { { "open", opens }, { "create", makes_a_file },
		{ "mkdir", makes_a_folder }, { "..", leaves_its_root },
		{ "connect to a name", connects_by_name }, { "netlink", asks_the_kernel },
		{ "packets", sees_packets }, { "execute", executes }, { "fork", forks },
		{ "ptrace", traces_its_parent }, { "kill", kills_its_parent }, { "setuid", becomes_root },
		{ "code", makes_code }, { "filter", makes_its_channel_deaf },
		{ "unshare", limits_itself_anew } };

	(void)state;
	for (unsigned i = 0; i < BOXED; i++)
		for (size_t k = 0; k < sizeof tries / sizeof *tries; k++)
			does_not(boxed[i], &tries[k]);
	for (unsigned i = 0; i < BOXED; i++) {
		if (boxed[i] != IPC_CERTS)
			does_not(boxed[i], &(struct try){ "connect", connects });
		if (boxed[i] != IPC_ESP)
			does_not(boxed[i], &(struct try){ "thread", begins_a_thread });
	}
}

/* Those that no sanitizer wants end the process. */
static void it_ends_who_asks_for_more(void **state)
{
	bool (*const tries[])(void) = { makes_a_folder, connects_by_name, executes, forks, traces_its_parent,
		kills_its_parent, makes_code, makes_its_channel_deaf };

	(void)state;
	for (unsigned i = 0; i < BOXED; i++)
		for (size_t k = 0; k < sizeof tries / sizeof *tries; k++) {
			int status = end_of(boxed[i], tries[k]);

			assert_true(WIFSIGNALED(status));
			assert_int_equal(WTERMSIG(status), SIGSYS);
		}
}

static bool leaves_a_file(void)
{
	return open("left", O_CREAT | O_WRONLY, 0600) >= 0;
}

/* It has no need of the libraries that know who there is; and what guard says counts more than what somebody
 * has told guard. */
static void it_becomes_who_it_is_told_to(void **state)
{
	enum { USER = 1902000051, GROUP = 1902000052 };
	struct arena arena = { 0 };
	char path[] = "/tmp/test_sandbox.XXXXXX", wanted[64];
	struct stat left;
	int root, status;
	pid_t pid;

	(void)state;
	if (geteuid())
		skip();
	snprintf(wanted, sizeof wanted, "IKEV2D_USER=%u:", (unsigned)sandbox_user(IPC_CERTS));
	assert_int_equal(strncmp(sandbox_environment(IPC_CERTS, &arena), wanted, strlen(wanted)), 0);
	arena_free(&arena);
	assert_non_null(mkdtemp(path));
	assert_int_equal(chown(path, USER, GROUP), 0);
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct text why = text_in(&arena);

		snprintf(wanted, sizeof wanted, "%d:%d", USER, GROUP);
		setenv("IKEV2D_USER", wanted, 1);
		_exit(sandbox_enter(IPC_CERTS, root, &why) ? NO_SANDBOX : leaves_a_file() ? DID : DID_NOT);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, DID);
	assert_int_equal(fstatat(root, "left", &left, 0), 0);
	assert_int_equal(left.st_uid, USER);
	assert_int_equal(left.st_gid, GROUP);
	assert_int_equal(unlinkat(root, "left", 0), 0);
	close(root);
	assert_int_equal(rmdir(path), 0);
}

/* What vendors' modules want is there, as far as its user may have it, and no more. What it is refused does
 * not end it: they try things that they can do without. */
static void tokens_has_what_modules_want(void **state)
{
	static const struct try may[] = { { "memory", works }, { "open", opens },
		{ "a server", asks_the_machine }, { "a device", opens_a_device }, { "patience", is_patient },
		{ "a library", loads_a_library }, { "thread", begins_a_thread } };
	static const struct try may_not[] = { { "IP", connects }, { "netlink", asks_the_kernel },
		{ "packets", sees_packets }, { "execute", executes }, { "fork", forks },
		{ "ptrace", traces_its_parent }, { "kill", kills_its_parent }, { "setuid", becomes_root },
		{ "code", makes_code }, { "code that is written", writes_what_it_carries_out },
		{ "filter", makes_its_channel_deaf }, { "unshare", limits_itself_anew },
		{ "what is root's", opens_what_is_roots }, { "mkdir", makes_a_folder_for_all },
		{ "mknod", makes_a_device } };

	(void)state;
	for (size_t i = 0; i < sizeof may / sizeof *may; i++)
		does(IPC_TOKENS, &may[i]);
	for (size_t i = 0; i < sizeof may_not / sizeof *may_not; i++) {
		does_not(IPC_TOKENS, &may_not[i]);
		assert_true(WIFEXITED(end_of(IPC_TOKENS, may_not[i].try)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_becomes_who_it_is_told_to),
		cmocka_unit_test(what_it_needs_works),
		cmocka_unit_test(nothing_else_does),
		cmocka_unit_test(it_ends_who_asks_for_more),
		cmocka_unit_test(tokens_has_what_modules_want),
	};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
