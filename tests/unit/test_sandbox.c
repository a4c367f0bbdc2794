/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that has given away its rights tries what one would who has taken it over. A sanitizer is
 * admitted some calls more, so what is refused may be refused by the second wall: the empty root, the user,
 * Landlock. */
#include "tests/unit/unit.h"

#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
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

/* How a process in keeper's sandbox ends that tries TRY. */
static int end_of(bool (*try)(void))
{
	int root = empty_folder(), status;
	pid_t pid = fork();

	if (!pid) {
		struct arena arena = { 0 };
		struct text why = text_in(&arena);

		if (sandbox_enter(IPC_KEEPER, root, &why)) {
			fprintf(stderr, "%s\n", text_str(&why));
			_exit(NO_SANDBOX);
		}
		_exit(try() ? DID : DID_NOT);
	}
	close(root);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void what_it_needs_works(void **state)
{
	int status = end_of(works);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DID);
}

static void nothing_else_does(void **state)
{
	static const struct {
		const char *what;
		bool (*try)(void);
	} tries[] = { { "open", opens }, { "create", makes_a_file }, { "..", leaves_its_root },
		{ "connect", connects }, { "connect to a name", connects_by_name }, { "execute", executes },
		{ "fork", forks }, { "ptrace", traces_its_parent }, { "kill", kills_its_parent },
		{ "setuid", becomes_root }, { "code", makes_code }, { "unshare", limits_itself_anew } };

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		int status = end_of(tries[i].try);
		bool refused =
			WIFSIGNALED(status) ? WTERMSIG(status) == SIGSYS : WEXITSTATUS(status) == DID_NOT;

		if (!refused)
			fail_msg("%s: status %x", tries[i].what, (unsigned)status);
	}
}

/* Those that no sanitizer wants end the process. */
static void it_ends_who_asks_for_more(void **state)
{
	bool (*const tries[])(
		void) = { connects, executes, forks, traces_its_parent, kills_its_parent, makes_code };

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		int status = end_of(tries[i]);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_needs_works),
		cmocka_unit_test(nothing_else_does),
		cmocka_unit_test(it_ends_who_asks_for_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
