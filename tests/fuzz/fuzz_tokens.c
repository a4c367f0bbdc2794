/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where keys and certificates on tokens are (URIs, handles, modules, slots) and their PINs, as clients of
 * VICI and files say them, to a process for tokens whose card, of a provider that is built in, is there,
 * fails, or wants another PIN. What is made of a handle is a URI as RFC 7512 has it, and says that; no PIN is
 * told to anybody, and a wrong one is given to the card once for each time that it is loaded. The input is a
 * row of deeds: each an octet, and its fields behind their lengths. */
#include "conf/load.h"
#include "creds/token.h"
#include "daemon/keeper_state.h"
#include "tests/unit/provider.h"
#include "tests/unit/talk.h"
#include "vici/codec/encode.h"
#include "vici/vici.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEEDS_MAX = 32, KEY = 2, PASSPHRASE = 3 };

/* What is said of one thing; NULL: nothing. */
struct said {
	const char *uri, *handle, *module, *slot;
	struct bytes pin;
};

struct bench {
	struct keeper keeper;
	struct talk talk;
	struct arena arena;
	struct bytes pin; /* that was handed over last */
	int image;
};

static struct bench *here;

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* ------------------------------------------------------------------- tokens */

static void begin(struct bench *b)
{
	must(!talk_begin(&b->talk, IPC_TOKENS, &b->keeper.guard, &b->keeper.ike));
	must(!keeper_start(&b->keeper, b->image));
}

static void finish(struct bench *b)
{
	keeper_stop(&b->keeper);
	talk_end(&b->talk);
	b->keeper = (struct keeper){ 0 };
}

static bool is_in(struct bytes what, const char *text)
{
	return text && memmem(text, strlen(text), what.p, what.n);
}

/* Short ones stand in any text; one may be part of the URI, which is told. */
static void tells_no_pin(const struct bench *b, const char *uri, const char *text)
{
	must(b->pin.n < 6 || is_in(b->pin, uri) || !is_in(b->pin, text));
}

/* What it answers to M, which comes from guard, or from ike. */
static struct ipc_message asked(struct bench *b, bool guards, struct ipc_message *m)
{
	static uint8_t room[IPC_MAX];
	struct ipc_channel *near = guards ? &b->talk.guard : &b->talk.ike;
	struct ipc_message a = { 0 };
	ssize_t n;

	m->ticket = 42;
	if (ipc_send(near, m))
		return a;
	must(keeper_serve(&b->keeper, guards ? &b->keeper.guard : &b->keeper.ike));
	n = recv(near->fd, room, sizeof room, MSG_DONTWAIT);
	must(n > 0 && !ipc_decode(arena_bytes(&b->arena, bytes_of(room, (size_t)n)), &b->arena, &a));
	return a;
}

/* Others' providers are not asked: the one for files would read any. */
static bool is_the_cards(const char *uri)
{
	return !strncasecmp(uri, "pkcs11:", 7) && !strchr(uri, '/');
}

static void keep_pin(struct bench *b, struct bytes pin)
{
	struct ipc_message m = { .kind = IPC_SECRET,
		.secret = { .handle = PASSPHRASE, .use = IPC_USE_PASSPHRASE, .data = pin } };

	if (asked(b, true, &m).kind == IPC_KEPT)
		b->pin = arena_bytes(&b->arena, pin);
}

static void fetch(struct bench *b, const char *uri, bool certs)
{
	struct ipc_message m = { .kind = IPC_TOKEN,
		.token = { .handle = KEY, .opener = PASSPHRASE, .uri = uri, .certs = certs } };
	const unsigned pins = provider_token.pins;
	struct ipc_message a;

	if (!is_the_cards(uri))
		return;
	a = asked(b, true, &m);
	must(provider_token.pins - pins <= 1);
	must(!a.opened.result == !a.opened.what);
	tells_no_pin(b, uri, a.opened.what);
	tells_no_pin(b, uri, a.opened.instead);
}

static void sign(struct bench *b)
{
	const struct kept_thing *t = keeper_find(&b->keeper, KEY, IPC_USE_KEY);
	const bool refused = t && t->refused;
	const unsigned pins = provider_token.pins;
	uint8_t octets[64 + 33 + 1 + 32];
	struct ipc_message m = { .kind = IPC_TLS_SIGN,
		.sign = { .handle = KEY, .octets = bytes_of(octets, sizeof octets) } };
	struct ipc_message a;

	memset(octets, ' ', 64);
	memcpy(octets + 64, "TLS 1.3, server CertificateVerify", 34);
	for (unsigned i = 0; i < SCHEMES; i++)
		if (schemes[i].key == KEY_ECDSA && !scheme_is_classic(&schemes[i]))
			m.sign.scheme = (uint8_t)i;
	a = asked(b, false, &m);
	must(a.kind == IPC_PROOF);
	must(provider_token.pins - pins <= !refused);
	tells_no_pin(b, t && t->uri ? t->uri : "", a.proof.what);
}

/* ---------------------------------------------------------------------- URIs */

static int digit(char c)
{
	must(isxdigit((unsigned char)c));
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* The octets of the attribute NAME of URI, as RFC 7512, 2.3, writes them; empty: it has none. */
static struct bytes attribute(const char *uri, const char *name, struct arena *arena)
{
	const char *at = uri;
	struct text t = text_in(arena);

	while ((at = strstr(at, name)) && !strchr(":;?", at[-1]))
		at++;
	for (at = at ? at + strlen(name) : ""; *at && *at != ';' && *at != '?'; at++) {
		char c = *at;

		must(isalnum((unsigned char)c) || strchr("%-._~", c));
		if (c == '%') {
			c = (char)(16 * digit(at[1]) + digit(at[2]));
			at += 2;
		}
		text_put(&t, &c, 1);
	}
	return bytes_of(t.s, t.n);
}

static void says_the_handle(struct bytes id, const char *handle)
{
	const size_t odd = strlen(handle) % 2;

	must(id.n == (strlen(handle) + 1) / 2);
	for (size_t i = 0; i < id.n; i++) {
		const char *at = handle + 2 * i - odd;
		const int high = i || !odd ? digit(at[0]) : 0;

		must(id.p[i] == 16 * high + digit(at[1]));
	}
}

static const char *checked(const char *uri, const struct key_conf *k, struct arena *arena)
{
	if (k->uri) {
		must(!strcmp(uri, k->uri));
		return uri;
	}
	must(!strncmp(uri, "pkcs11:", 7) && strstr(uri, ";type=private"));
	must(k->has_slot == !!strstr(uri, "slot-id="));
	says_the_handle(attribute(uri, "id=", arena), k->handle);
	if (k->module)
		must(bytes_eq(attribute(uri, "module-name=", arena), bytes_str(k->module)));
	return uri;
}

/* ------------------------------------------------------- who says where they are */

static void load(struct bench *b, const struct key_conf *k, struct bytes pin)
{
	const char *uri = checked(token_key_uri(k, &b->arena), k, &b->arena);

	if (pin.n)
		keep_pin(b, pin);
	fetch(b, uri, false);
}

/* It is not answered. */
static void load_token(void *ctx, uint32_t ticket, const struct key_conf *k)
{
	(void)ctx;
	(void)ticket;
	load(here, k, k->secret);
}

static void leave(void *ctx, uint32_t ticket)
{
	(void)ctx;
	(void)ticket;
}

static void writable(void *ctx, void *io)
{
	(void)ctx;
	(void)io;
}

static void put(struct vici_out *o, const char *name, const char *value)
{
	if (value)
		vici_put_pair(o, name, value);
}

static void by_client(struct bench *b, const struct said *s)
{
	static const char name[] = "load-token";
	const struct vici_host host = {
		.ctx = b, .load_token = load_token, .leave = leave, .writable = writable
	};
	struct vici *v = vici_new(&host);
	struct vici_session *session = vici_open(v, VICI_CHANGES, NULL);
	enum { HEAD = 4 + 1 + 1 + sizeof name - 1 };
	struct vici_out o = { 0 };
	struct bytes all;

	vici_out_packet(&o, VICI_CMD_REQUEST, name);
	put(&o, "uri", s->uri);
	put(&o, "handle", s->handle);
	put(&o, "module", s->module);
	put(&o, "slot", s->slot);
	if (s->pin.n)
		vici_put_value(&o, "pin", s->pin);
	all = vici_out_done(&o);
	if (all.n)
		must(vici_command(
			session, vici_command_number(bytes_str(name)), bytes_of(all.p + HEAD, all.n - HEAD)));
	vici_out_free(&o);
	vici_free(v);
}

static enum err read_said(void *ctx, const char *path, struct arena *arena, struct bytes *out)
{
	(void)arena;
	*out = bytes_str(ctx);
	return strcmp(path, "main") ? ERR_MISSING : ERR_OK;
}

static enum err no_glob(
	void *ctx, const char *pattern, struct arena *arena, const char *const **paths, unsigned *n)
{
	(void)ctx, (void)pattern, (void)arena;
	*paths = NULL;
	*n = 0;
	return ERR_OK;
}

/* Between quotation marks, or as it is. */
static void line(struct text *t, const char *key, const char *value)
{
	if (value)
		text_add(t, strchr(value, '"') ? "%s = %s\n" : "%s = \"%s\"\n", key, value);
}

static void by_file(struct bench *b, const struct said *s)
{
	struct text t = text_in(&b->arena), why = text_in(&b->arena), notes = text_in(&b->arena);
	struct conf conf;

	text_add(&t, "secrets { token-a {\n");
	line(&t, "uri", s->uri);
	line(&t, "handle", s->handle);
	line(&t, "module", s->module);
	line(&t, "slot", s->slot);
	line(&t, "pin", arena_text(&b->arena, s->pin));
	text_add(&t, "} }\n");
	{
		const struct conf_files files = { read_said, no_glob, (void *)text_str(&t) };

		if (conf_load("main", &files, &conf, &why, &notes)) {
			must(why.n);
			return;
		}
	}
	for (unsigned i = 0; i < conf.n_keys; i++)
		if (conf.keys[i].kind == FILED_TOKEN)
			load(b, &conf.keys[i], conf.keys[i].secret);
	conf_free(&conf);
}

/* --------------------------------------------------------------------- deeds */

static const char *field(struct rd *in, bool there, struct arena *arena)
{
	const size_t n = there ? rd_u8(in) : 0;

	return there ? arena_text(arena, rd_bytes(in, n < in->n ? n : in->n)) : NULL;
}

static struct said said(struct rd *in, struct arena *arena)
{
	const uint8_t which = rd_u8(in);
	struct said s = { .uri = field(in, which & 1, arena),
		.handle = field(in, which & 2, arena),
		.module = field(in, which & 4, arena),
		.slot = field(in, which & 8, arena) };
	const size_t n = which & 16 ? rd_u8(in) : 0;

	s.pin = rd_bytes(in, n < in->n ? n : in->n);
	return s;
}

static void certificates(struct bench *b, const struct said *s)
{
	const struct cert_conf c = { .uri = s->uri, .handle = s->handle, .module = s->module };

	if (token_has(&c) && (c.uri || !c.handle[strspn(c.handle, "0123456789abcdefABCDEF")]))
		fetch(b, token_certs_uri(&c, &b->arena), true);
}

static void do_one(struct bench *b, struct rd *in)
{
	enum { CLIENT, FILE_, CERTIFICATES, SIGN, CARD, ANOTHER, DEEDS };
	const uint8_t deed = rd_u8(in) % DEEDS;
	struct said s = { 0 };
	uint8_t which;

	if (deed <= CERTIFICATES)
		s = said(in, &b->arena);
	switch (deed) {
	case CLIENT: by_client(b, &s); break;
	case FILE_: by_file(b, &s); break;
	case CERTIFICATES: certificates(b, &s); break;
	case SIGN: sign(b); break;
	case CARD:
		provider_token.ckr = rd_u8(in);
		which = rd_u8(in);
		provider_token.later = which & 1;
		provider_token.pin = which & 2 ? "654321" : "123456";
		break;
	default:
		finish(b);
		begin(b);
		break;
	}
}

/* As PKCS#8; it is nobody's. */
/* clang-format off */
static const uint8_t private_key[] = {
	0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
	0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02,
	0x01, 0x01, 0x04, 0x20, 0x4f, 0x43, 0xa7, 0xff, 0x92, 0xbd, 0x8b, 0xec, 0x16, 0x0f, 0x32, 0x04,
	0x08, 0xbf, 0x43, 0x20, 0x1b, 0xb1, 0x4a, 0x72, 0x58, 0xc1, 0x5a, 0x88, 0x21, 0x41, 0x43, 0x74,
	0x4d, 0x3e, 0x0f, 0x21, 0xa1, 0x44, 0x03, 0x42, 0x00, 0x04, 0x7e, 0x3d, 0xfd, 0xfc, 0xd5, 0x37,
	0x14, 0xab, 0x13, 0xee, 0x37, 0x7e, 0xbe, 0xee, 0x41, 0x72, 0x6d, 0xb7, 0x9f, 0x78, 0x9d, 0x63,
	0xcf, 0x55, 0x3c, 0x0c, 0x30, 0x53, 0x62, 0xc5, 0x67, 0x94, 0xb4, 0xef, 0x97, 0xc1, 0x39, 0x04,
	0x02, 0xad, 0x26, 0xe3, 0x8d, 0xf4, 0x8f, 0x0c, 0x22, 0x06, 0x3c, 0x0f, 0x65, 0x19, 0xfe, 0x3e,
	0x1a, 0xbc, 0x03, 0x4b, 0xc3, 0x98, 0x77, 0x76, 0x77, 0xae,
};
/* clang-format on */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = { .image = image_make() };
	struct rd in = rd_of(bytes_of(data, size));
	static bool loaded;

	loaded = loaded || provider_load();
	must(loaded);
	here = &b;
	provider_token =
		(struct provider_token){ .pin = "123456", .der = bytes_of(private_key, sizeof private_key) };
	begin(&b);
	for (unsigned i = 0; i < DEEDS_MAX && in.n; i++)
		do_one(&b, &in);
	finish(&b);
	arena_free(&b.arena);
	close(b.image);
	return 0;
}
