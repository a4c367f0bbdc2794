/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of functions, and where their addresses go. */
#include "daemon/sdbus.h"

#include "xfrm/library.h"

static const char name[] = "libsystemd.so.0";

struct sdbus sdbus;

static const struct library_function functions[] = {
	{ "sd_bus_new", &sdbus.new },
	{ "sd_bus_set_address", &sdbus.set_address },
	{ "sd_bus_set_bus_client", &sdbus.set_bus_client },
	{ "sd_bus_negotiate_fds", &sdbus.negotiate_fds },
	{ "sd_bus_start", &sdbus.start },
	{ "sd_bus_close_unref", &sdbus.close_unref },
	{ "sd_bus_get_fd", &sdbus.get_fd },
	{ "sd_bus_get_events", &sdbus.get_events },
	{ "sd_bus_is_open", &sdbus.is_open },
	{ "sd_bus_process", &sdbus.process },
	{ "sd_bus_call_async", &sdbus.call_async },
	{ "sd_bus_message_new_method_call", &sdbus.message_new_method_call },
	{ "sd_bus_message_set_auto_start", &sdbus.message_set_auto_start },
	{ "sd_bus_message_get_error", &sdbus.message_get_error },
	{ "sd_bus_message_append", &sdbus.message_append },
	{ "sd_bus_message_append_array", &sdbus.message_append_array },
	{ "sd_bus_message_open_container", &sdbus.message_open_container },
	{ "sd_bus_message_close_container", &sdbus.message_close_container },
	{ "sd_bus_message_unref", &sdbus.message_unref },
};

enum { FUNCTIONS = sizeof functions / sizeof *functions };
_Static_assert(FUNCTIONS * sizeof(void *) == sizeof sdbus, "each has its row");

enum err sdbus_load(struct text *why)
{
	static bool loaded;

	if (!loaded)
		loaded = library_load(name, functions, FUNCTIONS);
	if (loaded)
		return ERR_OK;
	text_add(
		why, "the system bus (D-Bus) cannot be spoken to: there is no %s: install libsystemd0", name);
	return ERR_MISSING;
}
