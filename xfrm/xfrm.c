/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE list of back ends. */
#include "xfrm/xfrm.h"

static const struct xfrm_backend *const backends[] = {
	&xfrm_user,
};

const struct xfrm_backend *xfrm_backend_find(const char *name)
{
	for (size_t i = 0; i < sizeof backends / sizeof *backends; i++)
		if (!strcmp(backends[i]->name, name))
			return backends[i];
	return NULL;
}
