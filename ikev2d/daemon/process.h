/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process is to the system: foreground or background, and what nobody may read out of it. */
#pragma once

#include <stdbool.h>

/* Whether a sanitizer is built in, which wants to do more than we do. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Goes to the background: returns in a process that has no terminal, with a descriptor for process_ready; the
 * one that called ends there (with 0) or when the new one ends before (with 1). stderr stays the caller's
 * till then. -1: the system has no room for a process. */
int process_detach(void);
void process_ready(int fd);

/* Files are made for us alone; memory, which holds keys, is written to no core dump unless CORE_DUMPS. */
void process_harden(bool core_dumps);

/* Who is root keeps of root's capabilities those that the daemon needs. Programs that it runs, members of the
 * family and scripts, have root's again; where they could not (PR_SET_NO_NEW_PRIVS) it keeps all. False with
 * errno set. */
bool process_limit_root(void);

/* No page of memory goes to swap from now on. False with errno set: the system does not allow it. */
bool process_lock_memory(void);

/* Gives back what of programs' and libraries' files was mapped only to begin: code that runs again comes from
 * the file. Where memory is locked already that of the code is no longer: no secret is in it. */
void process_forget_code(void);
