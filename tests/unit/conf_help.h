/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations from strings, for tests. */
#pragma once

#include "conf/load.h"
#include "conf/parser.h"

/* A file that is only in the test. A list of them ends with one without path. */
struct fake_file {
	const char *path, *text;
};

struct conf_files fake_files(const struct fake_file *list);

/* What came of loading; freed by loaded_free. */
struct loaded {
	struct arena arena;
	enum err err;
	struct conf conf;
	const char *why, *notes;
};

/* TEXT as the file "m.conf". */
struct loaded load_text(const char *text);
struct loaded load_list(const struct fake_file *list);
void loaded_free(struct loaded *l);

/* A line of a connection, of a section in it, or of a file, made a whole configuration "m.conf" in which KEY
 * stands on line 2. WHERE: "conn", "local", "remote", "child", "secret", "daemon", "top". */
const char *around(const char *where, const char *key, struct arena *arena);
