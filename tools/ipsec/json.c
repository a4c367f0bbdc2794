/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing JSON. */
#include "json.h"

#include "client.h"

/* What stands before a value: a comma after another one, and the key. */
static void begin(struct json *j, const char *key)
{
	if (j->comma)
		text_put(&j->text, ",", 1);
	j->comma = true;
	if (!key)
		return;
	text_json(&j->text, key);
	text_put(&j->text, ":", 1);
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	text_put(&j->text, &bracket, 1);
	j->comma = false;
}

void json_begin(struct json *j)
{
	json_open(j, NULL, '{');
	begin(j, "schema");
	text_add(&j->text, "%d", JSON_SCHEMA);
}

void json_close(struct json *j, char bracket)
{
	text_put(&j->text, &bracket, 1);
	j->comma = true;
}

void json_str(struct json *j, const char *key, const char *value)
{
	begin(j, key);
	if (value)
		text_json(&j->text, value);
	else
		text_add(&j->text, "null");
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	text_add(&j->text, value ? "true" : "false");
}

static bool is_number(const char *s)
{
	const char *digits = s + (*s == '-');

	return *digits && digits[strspn(digits, "0123456789")] == 0 && (digits[0] != '0' || !digits[1]);
}

void json_num(struct json *j, const char *key, const char *digits)
{
	begin(j, key);
	text_add(&j->text, "%s", digits && is_number(digits) ? digits : "null");
}

void json_print(const struct json *j, FILE *out)
{
	fprintf(out, "%s\n", text_str(&j->text));
}

const char *json_key(const struct json *j, const char *key)
{
	char *out = arena_str(j->text.arena, key);

	for (char *c = out; *c; c++)
		if (*c == '-')
			*c = '_';
	return out;
}

static void put_list(struct json *j, const char *key, const struct vici_node *list)
{
	json_open(j, key, '[');
	for (const struct vici_node *n = list ? list->first : NULL; n; n = n->next)
		json_str(j, NULL, vici_text(n));
	json_close(j, ']');
}

void json_fields(struct json *j, const struct vici_node *section, const struct json_field *table)
{
	for (; table->key; table++) {
		const char *value = vici_str(section, table->key);
		const char *key = json_key(j, table->key);

		switch (table->kind) {
		case JSON_TEXT: json_str(j, key, value); break;
		case JSON_NUMBER: json_num(j, key, value); break;
		case JSON_FLAG: json_bool(j, key, value && strcmp(value, "no") != 0); break;
		case JSON_LIST: put_list(j, key, vici_find(section, table->key)); break;
		}
	}
}

void json_why_fields(struct json *j, const struct vici_node *why)
{
	static const struct json_field fields[] = {
		{ "what", JSON_TEXT },
		{ "stage", JSON_TEXT },
		{ "offered", JSON_TEXT },
		{ "configured", JSON_TEXT },
		{ "differs", JSON_TEXT },
		{ "where", JSON_TEXT },
		{ "instead", JSON_TEXT },
		{ "notify", JSON_TEXT },
		{ NULL, JSON_TEXT },
	};

	json_fields(j, why, fields);
}

void json_why(struct json *j, const char *key, const struct vici_node *why)
{
	if (!why) {
		json_str(j, key, NULL);
		return;
	}
	json_open(j, key, '{');
	json_why_fields(j, why);
	json_close(j, '}');
}

void json_outcome(struct json *j, const struct vici_node *response, const struct json_field *counts)
{
	json_bool(j, "success", client_succeeded(response));
	if (counts)
		json_fields(j, response, counts);
	json_str(j, "error", vici_str(response, "errmsg"));
	json_why(j, "why", vici_find(response, "why"));
}
