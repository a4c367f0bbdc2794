/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ipsec command in a folder of the test's own, which goes with the test. */
#pragma once

#include <stdbool.h>

enum { HOME_WORDS = 32, HOME_PATH = 300 };

extern char home[64];             /* the folder */
extern char *home_out, *home_err; /* of the last command */

/* For cmocka_unit_test_setup_teardown. */
int home_start(void **state);
int home_end(void **state);

/* PATH in the folder; good for the next eight calls. */
const char *home_in(const char *path);

/* WORDS between blanks, in COPY, behind ARGC others; "~" in front stands for the folder. Ends with NULL. How
 * many there are then. */
int home_split(const char *words, char *copy, char **argv, int argc);

/* "ipsec GROUP --dir HOME/DIR WORDS"; the exit code. The other two fail the test where it is another one than
 * 0, or than CODE with SAYS in the complaint. */
int home_run(const char *group, const char *dir, const char *words);
void home_must(const char *group, const char *dir, const char *words);
void home_refused(const char *group, const char *dir, const char *words, int code, const char *says);

/* The same in a child that is killed at its Nth stop before or behind a system call. Whether it was, and did
 * not end before. */
bool home_killed(const char *group, const char *dir, const char *words, unsigned n);

/* Whether the last command has said PART. */
bool home_says(const char *part);

/* Files in the folder; what is in one is the caller's to free. */
bool home_is_there(const char *path);
char *home_contents(const char *path);
void home_put(const char *path, const char *text);
unsigned home_files_in(const char *folder);
