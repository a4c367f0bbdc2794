/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of sd-bus(3) that are used. Their library comes when somebody first has something to say by
 * D-Bus: most never do, and all processes of the daemon would carry it, and the six that it brings along, in
 * their memory.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

#include <systemd/sd-bus.h>

struct sdbus {
	__typeof__(sd_bus_new) *new;
	__typeof__(sd_bus_set_address) *set_address;
	__typeof__(sd_bus_set_bus_client) *set_bus_client;
	__typeof__(sd_bus_negotiate_fds) *negotiate_fds;
	__typeof__(sd_bus_start) *start;
	__typeof__(sd_bus_close_unref) *close_unref;
	__typeof__(sd_bus_get_fd) *get_fd;
	__typeof__(sd_bus_get_events) *get_events;
	__typeof__(sd_bus_is_open) *is_open;
	__typeof__(sd_bus_process) *process;
	__typeof__(sd_bus_call_async) *call_async;
	__typeof__(sd_bus_message_new_method_call) *message_new_method_call;
	__typeof__(sd_bus_message_set_auto_start) *message_set_auto_start;
	__typeof__(sd_bus_message_get_error) *message_get_error;
	__typeof__(sd_bus_message_append) *message_append;
	__typeof__(sd_bus_message_append_array) *message_append_array;
	__typeof__(sd_bus_message_open_container) *message_open_container;
	__typeof__(sd_bus_message_close_container) *message_close_container;
	__typeof__(sd_bus_message_unref) *message_unref;
};

/* They are here once sdbus_load has returned ERR_OK. */
extern struct sdbus sdbus;

/* ERR_MISSING and a sentence: there is no such library. */
enum err sdbus_load(struct text *why) MUST_CHECK;
