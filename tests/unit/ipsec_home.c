/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipsec_home.h"

#include "unit.h"

#include "tools/ipsec/ipsec.h"

#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char home[64];
char *home_out, *home_err;

int home_start(void **state)
{
	(void)state;
	/* In memory, where fsync costs nothing. */
	strcpy(home, access("/dev/shm", W_OK) ? "/tmp/ikev2d-home-XXXXXX" : "/dev/shm/ikev2d-home-XXXXXX");
	assert_non_null(mkdtemp(home));
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

int home_end(void **state)
{
	(void)state;
	free(home_out);
	free(home_err);
	home_out = home_err = NULL;
	return nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *home_in(const char *path)
{
	static char paths[8][HOME_PATH];
	static unsigned i;

	i = (i + 1) % 8;
	snprintf(paths[i], HOME_PATH, "%s/%s", home, path);
	return paths[i];
}

int home_split(const char *words, char *copy, char **argv, int argc)
{
	char *rest = strcpy(copy, words);

	while ((argv[argc] = strsep(&rest, " "))) {
		if (argv[argc][0] == '~')
			argv[argc] = (char *)home_in(argv[argc] + 2);
		assert_true(++argc < HOME_WORDS);
	}
	return argc;
}

int home_run(const char *group, const char *dir, const char *words)
{
	/* Its daemon is nowhere. */
	char copy[600], *argv[HOME_WORDS] = { "ipsec", "--run-dir", home, (char *)group, "--dir",
		(char *)home_in(dir) };
	int argc = home_split(words, copy, argv, 6), code;
	size_t n;
	FILE *to, *complaints;

	free(home_out);
	free(home_err);
	to = open_memstream(&home_out, &n);
	complaints = open_memstream(&home_err, &n);
	code = ipsec_run(argc, argv, to, complaints);
	fclose(to);
	fclose(complaints);
	return code;
}

void home_must(const char *group, const char *dir, const char *words)
{
	int code = home_run(group, dir, words);

	if (code)
		fail_msg("%s %s: %d, %s%s", group, words, code, home_out, home_err);
}

void home_refused(const char *group, const char *dir, const char *words, int code, const char *says)
{
	int was = home_run(group, dir, words);

	if (was != code || !strstr(home_err, says))
		fail_msg("%s %s: %d, %s%s", group, words, was, home_out, home_err);
}

bool home_killed(const char *group, const char *dir, const char *words, unsigned n)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(home_run(group, dir, words));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	while (n-- && WIFSTOPPED(status)) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	if (!WIFSTOPPED(status)) {
		assert_int_equal(status, 0);
		return false;
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return true;
}

bool home_says(const char *part)
{
	return strstr(home_out, part) != NULL;
}

bool home_is_there(const char *path)
{
	struct stat st;

	return !lstat(home_in(path), &st);
}

char *home_contents(const char *path)
{
	char *s = calloc(1, 65536);
	FILE *f = fopen(home_in(path), "re");

	assert_non_null(f);
	(void)!fread(s, 1, 65535, f);
	fclose(f);
	return s;
}

void home_put(const char *path, const char *text)
{
	FILE *f = fopen(home_in(path), "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

unsigned home_files_in(const char *folder)
{
	DIR *dir = opendir(home_in(folder));
	unsigned n = 0;

	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}
