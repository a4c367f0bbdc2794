/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User, root, capabilities, Landlock, seccomp; in the order in which each still may be given away. */
#include "daemon/sandbox.h"

#include "daemon/ctl.h"
#include "daemon/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers that neither users nor containers are given (systemd's list of uids and gids has them as unused),
 * for machines where nobody made the user. */
enum { USER_BASE = 1902000000 };

/* ------------------------------------------------------------------ filters */

/* What every process needs: memory, messages, time, randomness, its end. Libcs differ in by what they sleep.
 */
static const char *const common[] = { "brk", "mmap", "munmap", "mremap", "madvise", "mprotect", "futex",
	"getrandom", "clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday", "poll", "ppoll",
	"recvmsg", "recvfrom", "sendmsg", "sendto", "write", "writev", "close", "exit", "exit_group",
	"rt_sigreturn", "rt_sigprocmask", "restart_syscall", "getpid", "gettid", "tgkill", NULL };

/* Its image. */
static const char *const keepers[] = { "pread64", "pwrite64", "fallocate", NULL };

/* Nothing besides. */
static const char *const eaps[] = { NULL };

/* Its loop, servers, CRLs that it has fetched. */
static const char *const certs[] = { "socket", "connect", "bind", "getsockopt", "setsockopt", "getsockname",
	"getpeername", "shutdown", "fcntl", "ioctl", "read", "readv", "epoll_create1", "epoll_ctl",
	"epoll_wait", "epoll_pwait", "openat", "open", "unlink", "unlinkat", "rename", "renameat",
	"renameat2", "fsync", "fstat", "newfstatat", "lseek", "getdents64", "uname", NULL };

/* What a sanitizer wants to write its report; not in what is installed. */
static const char *const sanitizers[] = { "sigaltstack", "rt_sigaction", "sched_yield", "readlink",
	"readlinkat", "openat", "open", "read", "fstat", "newfstatat", "stat", "lseek", "getrlimit",
	"prlimit64", "sched_getaffinity", "getuid", "geteuid", "getppid", "uname", NULL };

/* Its loop, and datagrams. */
static const char *const ikes[] = { "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "recvmmsg",
	"read", NULL };

/* Its loop, and clients; it has their connections twice while guard is to be given them. */
static const char *const ctls[] = { "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "accept4",
	"getsockopt", "read", "dup", NULL };

/* Packets, and its threads. The size of a path is asked for by connecting a socket that it was given. */
static const char *const esps[] = { "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2",
	"read", "recvmmsg", "sendmmsg", "connect", "getsockopt", "setsockopt", "clone", "set_robust_list",
	"rseq", NULL };

/* Its image, and what providers of OpenSSL do. They are libraries that are loaded here, with what these are
 * made of (form EXECUTES below), and read files that say what there is: openat, open, read, readv, close,
 * fstat, stat, statx and the like, lseek, access, readlink, getcwd, getdents64, fcntl. Tokens made of files
 * (SoftHSM) are locked, written and made anew: flock, ftruncate, fsync, unlink, rename. Where smartcards are,
 * pcscd is asked, and p11-kit its server: socket, connect, getsockname, getpeername, getsockopt, setsockopt,
 * shutdown, select, of sockets of this machine alone; who the other one is and who we are: getuid and the
 * like. A TPM is a file that is read and written; whether it is a terminal is asked of it: ioctl. Modules
 * have threads that wait for readers: clone, set_robust_list, rseq, sched_yield, eventfd2, pipe2. */
static const char *const tokens[] = { "pread64", "pwrite64", "fallocate", "openat", "open", "read", "readv",
	"fstat", "stat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "lseek", "access", "faccessat",
	"faccessat2", "readlink", "readlinkat", "getcwd", "getdents64", "fcntl", "flock", "ftruncate",
	"fsync", "fdatasync", "unlink", "unlinkat", "rename", "renameat", "renameat2", "umask", "fchmod",
	"socket", "connect", "getsockname", "getpeername", "getsockopt", "setsockopt", "shutdown", "select",
	"pselect6", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getppid", "uname",
	"sysinfo", "ioctl", "clone", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity",
	"eventfd2", "pipe2", "rt_sigaction", "sigaltstack", "prlimit64", "getrlimit", "getrusage", "times",
	"clock_getres", NULL };

/* THE table of processes that have a sandbox. */
static const struct row {
	const char *name; /* of its user, and in the list of processes: 15 characters */
	const char *const *calls;
	rlim_t files;    /* descriptors at most */
	bool keeps_root; /* it may use files in its root */
	bool threads;    /* it starts some */
	/* It loads what others have written: that may be carried out once it was loaded, has the groups of
	 * its user, is refused what it must not do, and may go on without; and has no socket but this
	 * machine's. */
	bool loads;
} rows[IPC_PROCESSES] = {
	[IPC_KEEPER] = { "ikev2d-keeper", keepers, 9, false, false, false },
	[IPC_CERTS] = { "ikev2d-certs", certs, 256, true, false, false },
	[IPC_EAPS] = { "ikev2d-eap", eaps, 8, false, false, false },
	[IPC_IKE] = { "ikev2d-ike", ikes, 32, false, false, false },
	[IPC_CTL] = { "ikev2d-ctl", ctls, 2 * CTL_CLIENTS_MAX + 32, false, false, false },
	/* As many queues of devices, and sockets, as there can be. */
	[IPC_ESP] = { "ikev2d-esp", esps, 8192, false, true, false },
	[IPC_TOKENS] = { "ikev2d-tokens", tokens, 256, true, true, true },
};

enum { ALL = 1, LOADS = 2, LOADS_NOTHING = 4 }; /* whose form it is */

/* Calls that are admitted in these forms only: memory that is written is not carried out, and what is carried
 * out is not written, but for what is loaded from a file; sockets are those of IP, or of this machine; what
 * is begun is a thread; of a socket it is asked how much there is to be read, and of a file whether it is a
 * terminal; and no socket is made deaf by a filter: that of a channel would be so for whoever has it next. */
static const struct {
	const char *name;
	struct scmp_arg_cmp form;
	unsigned whose;
} forms[] = {
	{ "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0), ALL },
	{ "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC), LOADS },
	{ "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0), ALL },
	{ "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC), LOADS },
	{ "socket", SCMP_A0(SCMP_CMP_EQ, AF_INET, 0), LOADS_NOTHING },
	{ "socket", SCMP_A0(SCMP_CMP_EQ, AF_INET6, 0), LOADS_NOTHING },
	{ "socket", SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0), LOADS },
	{ "setsockopt", SCMP_A1(SCMP_CMP_EQ, IPPROTO_IP, 0), LOADS_NOTHING },
	{ "setsockopt", SCMP_A1(SCMP_CMP_EQ, IPPROTO_IPV6, 0), LOADS_NOTHING },
	{ "setsockopt", SCMP_A1(SCMP_CMP_EQ, IPPROTO_TCP, 0), LOADS_NOTHING },
	{ "setsockopt", SCMP_A2(SCMP_CMP_LT, SO_ATTACH_FILTER, 0), LOADS },
	{ "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD), ALL },
	{ "ioctl", SCMP_A1(SCMP_CMP_EQ, FIONREAD, 0), ALL },
	{ "ioctl", SCMP_A1(SCMP_CMP_EQ, TCGETS, 0), LOADS },
};

static int admit(scmp_filter_ctx filter, const struct row *row, const char *name)
{
	int call = seccomp_syscall_resolve_name(name), e = 0;
	const unsigned whose = ALL | (row->loads ? LOADS : LOADS_NOTHING);
	bool in_forms = false;

	if (call == __NR_SCMP_ERROR)
		return 0; /* another architecture's */
	for (size_t i = 0; i < sizeof forms / sizeof *forms && !e; i++)
		if (!strcmp(name, forms[i].name)) {
			in_forms = true;
			if (forms[i].whose & whose)
				e = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &forms[i].form);
		}
	return in_forms ? e : seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
}

static int admit_all(scmp_filter_ctx filter, const struct row *row, const char *const *names)
{
	int e = 0;

	for (; !e && *names; names++)
		e = admit(filter, row, *names);
	return e;
}

static bool filter_calls(const struct row *row)
{
	scmp_filter_ctx filter = seccomp_init(row->loads ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
	int e = filter ? admit_all(filter, row, common) : -ENOMEM;

	if (!e)
		e = admit_all(filter, row, row->calls);
	if (!e && SANITIZED)
		e = admit_all(filter, row, sanitizers);
	/* It says in memory what it wants: who begins threads takes the call above then. */
	if (!e && row->threads)
		e = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!e)
		e = seccomp_load(filter);
	seccomp_release(filter);
	errno = -e;
	return !e;
}

/* -------------------------------------------------------------------- files */

/* No file whatever but those in ROOT_FD (-1: none), for kernels that can (5.13): beside the root, since this
 * cannot be undone by who becomes root again. */
static bool forbid_files(int root_fd)
{
	struct landlock_ruleset_attr all = { .handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 };
	struct landlock_path_beneath_attr own = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE |
								    LANDLOCK_ACCESS_FS_READ_DIR |
								    LANDLOCK_ACCESS_FS_WRITE_FILE |
								    LANDLOCK_ACCESS_FS_MAKE_REG |
								    LANDLOCK_ACCESS_FS_REMOVE_FILE,
		.parent_fd = root_fd };
	int fd = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
	bool done;

	if (fd < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP;
	done = (root_fd < 0 || !syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &own, 0)) &&
	       !syscall(SYS_landlock_restrict_self, fd, 0);
	close(fd);
	return done;
}

static bool leave_root(int root_fd)
{
	return !fchdir(root_fd) && (!chroot(".") || errno == EPERM);
}

/* --------------------------------------------------------------------- user */

#define USER_SAID "IKEV2D_USER"

struct user {
	uid_t uid;
	gid_t gid;
};

static struct user user_of(enum ipc_process p)
{
	const struct passwd *there = getpwnam(rows[p].name);

	if (there)
		return (struct user){ there->pw_uid, there->pw_gid };
	return (struct user){ USER_BASE + p, USER_BASE + p };
}

uid_t sandbox_user(enum ipc_process p)
{
	return user_of(p).uid;
}

/* Libraries that know who there is take time and memory, in each process that asks them. */
char *sandbox_environment(enum ipc_process p, struct arena *arena)
{
	const struct user u = user_of(p);

	return arena_printf(arena, USER_SAID "=%u:%u", (unsigned)u.uid, (unsigned)u.gid);
}

/* The one that P was told, or else that of its row. */
static struct user user_to_be(enum ipc_process p)
{
	const char *said = getenv(USER_SAID);
	unsigned uid, gid;

	if (said && sscanf(said, "%u:%u", &uid, &gid) == 2)
		return (struct user){ uid, gid };
	return user_of(p);
}

void sandbox_give(enum ipc_process p, int fd)
{
	struct user u = user_of(p);
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again < 0 ? NULL : fdopendir(again);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, "..") != 0)
			(void)!fchownat(fd, e->d_name, u.uid, u.gid, AT_SYMLINK_NOFOLLOW);
	if (d)
		closedir(d);
}

/* All but those of the set KEEP. */
static bool drop_capabilities(uint32_t keep)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3];
	struct __user_cap_data_struct left[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (syscall(SYS_capget, &head, has))
		return false;
	left[0].permitted = left[0].effective = has[0].permitted & keep;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return !syscall(SYS_capset, &head, left);
}

/* No group but its own; who has to do with devices and with tokens made of files is in theirs. */
static bool join_groups(const struct row *row, const struct user *u)
{
	return row->loads && getpwnam(row->name) ? !initgroups(row->name, u->gid) : !setgroups(0, NULL);
}

/* Who may not change it has no rights worth taking but capabilities. */
static bool become(const struct row *row, const struct user *u)
{
	if (join_groups(row, u))
		return !setresgid(u->gid, u->gid, u->gid) && !setresuid(u->uid, u->uid, u->uid);
	return errno == EPERM && geteuid();
}

static bool limit(int what, rlim_t n)
{
	return !setrlimit(what, &(struct rlimit){ n, n });
}

/* Where the machine allows less that must do. */
static rlim_t files_of(const struct row *row)
{
	struct rlimit now;

	return !getrlimit(RLIMIT_NOFILE, &now) && now.rlim_max < row->files ? now.rlim_max : row->files;
}

/* Memory stays locked while it grows where there is no limit for it; where that is not to be had, with the
 * capability, which is the set that is to be kept, and good for nothing else. */
static uint32_t lock_memory(void)
{
	bool unlimited = limit(RLIMIT_MEMLOCK, RLIM_INFINITY);

	return process_lock_memory() && !unlimited ? 1u << CAP_IPC_LOCK : 0;
}

/* Of namespaces this one costs nothing: who is to have no memory in common with others can find none. One of
 * the network holds up each start, for half a millisecond and now and then for twenty, and a socket in it
 * would be of no use to anybody whom the filter gives none. Modules have daemons of their own to talk to. Who
 * is not root may not make it. */
static void part_company(const struct row *row)
{
	if (!row->loads)
		(void)unshare(CLONE_NEWIPC);
}

/* ---------------------------------------------------------------------- all */

static enum err cannot(const char *what, struct text *why)
{
	text_add(why, "%s: %s", what, strerror(errno));
	return ERR_SYSTEM;
}

enum err sandbox_enter(enum ipc_process p, int root_fd, struct text *why)
{
	const struct row *row = &rows[p];
	struct user user = user_to_be(p);
	uint32_t keep = lock_memory();

	(void)prctl(PR_SET_NAME, row->name);
	if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_NOFILE, files_of(row)))
		return cannot("its limits cannot be set", why);
	part_company(row);
	if (!leave_root(root_fd))
		return cannot("it cannot leave the file system", why);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || !become(row, &user))
		return cannot(arena_printf(why->arena,
				      "it cannot become another user; make one for it (useradd --system %s)",
				      row->name),
			why);
	if (!drop_capabilities(keep))
		return cannot("it cannot give away its capabilities", why);
	if (!row->threads && !limit(RLIMIT_NPROC, 0))
		return cannot("its limits cannot be set", why);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0) ||
		prctl(PR_SET_PDEATHSIG, SIGKILL))
		return cannot("it cannot be sealed", why);
	if (!forbid_files(row->keeps_root ? root_fd : -1))
		return cannot("Landlock refuses", why);
	close(root_fd);
	if (!filter_calls(row))
		return cannot("seccomp refuses", why);
	return ERR_OK;
}
