/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New SAs, and the devices that may carry them. */
#include "xfrm/kernel/state.h"

#include "base/log.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum err refuse(struct xfrm *x, const struct sa_key *key, enum err e, struct text *why)
{
	char dst[IP_TEXT];

	if (e == ERR_EXISTS)
		text_add(why, "the SPI %08x to %s is in use", key->spi, ip_print(&key->dst, dst));
	else
		text_add(why, "the kernel refuses the SA %08x to %s: %s", key->spi, ip_print(&key->dst, dst),
			netlink_reason(x->netlink));
	return e;
}

static enum err say(struct xfrm *x, const struct sa_request *request, struct text *why)
{
	struct sa_key key = message_sa_key(request->spec);
	struct nlmsghdr *h = netlink_request(x->netlink, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL);
	enum err e = message_sa(h, request, why);

	if (e)
		return e;
	e = netlink_talk(x->netlink, NULL, NULL);
	return e ? refuse(x, &key, e, why) : ERR_OK;
}

/* A device that cannot is no error to the kernel, which then does it itself. */
static enum err check(struct xfrm *x, const struct sa_request *request, const char *device, struct text *why)
{
	struct sa_key key = message_sa_key(request->spec);
	struct sa_seen seen;

	if (!kernel_sa_ask(x, &key, &seen) && seen.offloaded)
		return ERR_OK;
	text_add(why,
		"%s has no such offload: see ethtool -k %s for esp-hw-offload, or write hw_offload = no",
		device, device);
	return ERR_UNSUPPORTED;
}

static enum err say_with(struct xfrm *x, struct sa_request *request, const char *device, struct text *why)
{
	struct sa_key key = message_sa_key(request->spec);
	enum err e;

	request->offload.device = if_nametoindex(device);
	e = say(x, request, why);
	if (e)
		return e;
	e = check(x, request, device, why);
	if (e && kernel_sa_remove(x, &key))
		log_say(LOG_WARN, "undo", "an SA that was to be offloaded stays: %s",
			netlink_reason(x->netlink));
	return e;
}

/* Once it is loaded, whoever it was for, Linux's part for devices seals what does not go in UDP, and it does
 * not pad. */
static void warn_of_padding(const struct sa_spec *spec)
{
	const char *module = spec->remote.ip.v == 4 ? "esp4_offload" : "esp6_offload";
	char path[64];

	snprintf(path, sizeof path, "/sys/module/%s", module);
	if (!spec->tfc_padding || spec->encap || access(path, F_OK))
		return;
	log_say(LOG_WARN, "padding",
		"of=%s/%s msg=\"the kernel leaves tfc_padding out while its module %s is loaded: have ESP go "
		"in "
		"UDP (encap = yes), or see to it that nothing loads that module, and take it out (modprobe "
		"-r "
		"%s)\"",
		spec->conf->peer->name, spec->conf->name, module, module);
}

static void do_without(struct kernel_sa *sa, const char *reason)
{
	log_say(LOG_NOTICE, "offload", "child=%u msg=\"no device carries it: %s\"", sa->child, reason);
	sa->no_device = strdup(reason);
	if (!sa->no_device)
		abort();
}

const char *kernel_no_device(const struct xfrm *x, uint32_t child)
{
	const struct kernel_sa *sa = kernel_sa_of(x, child, false);

	return sa ? sa->no_device : NULL;
}

/* "auto" means the cryptography alone: a device that takes whole packets must take their policies too, and
 * may refuse those when it is too late to do without. */
enum err kernel_sa_say(struct xfrm *x, struct sa_request *request, struct kernel_sa *sa, struct text *why)
{
	enum hw_offload asked = request->spec->conf->hw_offload;
	struct text *words = why, aside = text_in(why->arena);
	char name[IF_NAMESIZE] = "";
	enum err e;

	sa->device = 0;
	warn_of_padding(request->spec);
	if (asked == OFFLOAD_NO)
		return say(x, request, why);
	if (asked == OFFLOAD_AUTO)
		words = &aside;
	request->offload.packet = asked == OFFLOAD_PACKET;
	if (route_device(x->route, &request->spec->remote.ip, name)) {
		e = say_with(x, request, name, words);
	} else {
		text_add(words, "no device leads to the peer");
		e = ERR_MISSING;
	}
	if (e && e != ERR_EXISTS && e != ERR_BUSY && asked == OFFLOAD_AUTO) {
		do_without(sa, text_str(&aside));
		request->offload = (struct sa_offload){ 0 };
		return say(x, request, why);
	}
	if (words != why && e)
		text_add(why, "%s", text_str(&aside));
	if (!e && request->offload.packet)
		sa->device = request->offload.device;
	return e;
}
