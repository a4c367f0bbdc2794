/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qr.h"

#if __has_include(<qrencode.h>)

#include <dlfcn.h>
#include <qrencode.h>

struct library {
	__typeof__(QRcode_encodeData) *encode;
	__typeof__(QRcode_free) *release;
};

static bool library_load(struct library *l)
{
	void *library = dlopen("libqrencode.so.4", RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return false;
	l->encode = (__typeof__(QRcode_encodeData) *)dlsym(library, "QRcode_encodeData");
	l->release = (__typeof__(QRcode_free) *)dlsym(library, "QRcode_free");
	return l->encode && l->release;
}

/* Whether there is light at this place: around the code there is. */
static bool is_light(const QRcode *q, int x, int y)
{
	return x < 0 || y < 0 || x >= q->width || y >= q->width || !(q->data[y * q->width + x] & 1);
}

/* Two rows of modules are one of characters. */
static void put_lines(const QRcode *q, struct text *out)
{
	static const char *const halves[2][2] = { { " ", "▄" }, { "▀", "█" } };

	for (int y = -QR_QUIET; y < q->width + QR_QUIET; y += 2) {
		for (int x = -QR_QUIET; x < q->width + QR_QUIET; x++)
			text_add(out, "%s", halves[is_light(q, x, y)][is_light(q, x, y + 1)]);
		text_add(out, "\n");
	}
}

enum qr_fault qr_print(struct bytes data, struct text *out, unsigned *columns)
{
	struct library l;
	QRcode *q;

	if (!library_load(&l))
		return QR_NO_LIBRARY;
	q = data.n && data.n <= QR_MAX ? l.encode((int)data.n, data.p, 0, QR_ECLEVEL_L) : NULL;
	if (!q)
		return QR_TOO_LONG;
	put_lines(q, out);
	*columns = (unsigned)q->width + 2 * QR_QUIET;
	l.release(q);
	return QR_DONE;
}

#else

enum qr_fault qr_print(struct bytes data, struct text *out, unsigned *columns)
{
	(void)data;
	(void)out;
	*columns = 0;
	return QR_NO_LIBRARY;
}

#endif
