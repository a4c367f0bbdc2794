/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ike_step meets everything: a program in the input delivers, loses, repeats and damages datagrams of two
 * cores, throws in others, seals nonsense with the right keys, lets time pass and gives commands. A
 * last octet of 0xf0 or more says how the two prove who they are. */
#include "tests/pair/forge.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* AUTH: lines of the section for each side; MORE: of the connection; DAEMON: of the daemon's. */
#define SITE(we, they, auth, more, daemon)                                                                   \
	"connections { site { local_addrs = 192.0.2." we "\n remote_addrs = 192.0.2." they "\n"              \
	" proposals = aes128gcm16-prfsha256-x25519\n dpd_delay = 30s\n local { auth = " auth "\n }"          \
	" remote { auth = " auth "\n }\n " more "\n children { net { local_ts = 10." we ".0.0/16\n"          \
	" remote_ts = 10." they ".0.0/16\n start_action = trap } } } }\n"                                    \
	"secrets { ike-site { secret = moonlight } }\n daemon { retransmit_jitter = 0\n " daemon "\n }"

#define PAIR(auth, more, daemon)                                                                             \
	{                                                                                                    \
		SITE("1", "2", auth, more, daemon), SITE("2", "1", auth, more, daemon)                       \
	}

/* With a shared key; with certificates, which both ask for; with all that CERT and CERTREQ can hold; in
 * fragments; with tickets and redirections; with virtual addresses, of which there are two; with puzzles for
 * who comes while another one is half open; with a post-quantum preshared key beside an additional key
 * exchange. */
static const char *const ways[][2] = {
	PAIR("psk", "", ""),
	PAIR("pubkey", "", ""),
	PAIR("pubkey", "ocsp = both\n send_cert = always\n remote { pubkeys = a.pub\n }",
		"hash_and_url = yes"),
	PAIR("pubkey", "send_cert = always", "fragment_size = 576"),
	PAIR("psk", "resumption = yes\n redirect_addrs = 192.0.2.0/24", ""),
	PAIR("psk", "vips = 0.0.0.0, ::\n pools = p",
		"}\n pools { p { addrs = 10.3.0.0/30\n dns = 10.3.0.53\n 25 = example.org\n }"),
	PAIR("psk", "", "cookie_threshold = 0\n puzzle_threshold = 1\n puzzle_auth_threshold = 1"),
	PAIR("psk", "ppk_id = winter\n proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256",
		"}\n secrets { ppk-a { id = winter\n secret = snow\n }"),
};

enum { IN_FRAGMENTS = 3, WAYS = sizeof ways / sizeof *ways };
enum { CERTIFICATE = 1200, STEPS_MAX = 64, SAYS_WAY = 0xf0 };

static void up(struct host *h)
{
	host_command(h, &(struct ike_command){ .kind = COMMAND_UP, .ticket = 1, .ike = "site" });
}

static void down(struct host *h, bool child, bool force)
{
	host_command(h, &(struct ike_command){ .kind = COMMAND_DOWN,
				.ticket = 2,
				.ike = child ? NULL : "site",
				.child = child ? "net" : NULL,
				.force = force });
}

/* Octets of the input: their number stands in front. */
static struct bytes some(struct rd *in)
{
	return rd_bytes(in, rd_u8(in));
}

/* A datagram that no core made, from the one to the other. */
static void throw(struct host * from, struct host *to, struct bytes data, uint16_t port)
{
	lab_deliver(from->lab, lab_forge(from->lab, from, (struct addr){ from->ip, port },
				       (struct addr){ to->ip, port }, data));
}

enum { IS_FRAGMENT = 1 /* of the octet with the flags */ };

/* Whatever is in the input, sealed by H for its peer: whole, or as a fragment. */
static void seal_nonsense(struct host *h, struct rd *in)
{
	uint8_t exchange = rd_u8(in), flags = rd_u8(in);
	struct wire_header header = { .exchange = exchange, .flags = flags & FLAG_RESPONSE };
	struct wire_sk piece = { .inner = rd_u8(in) };
	struct arena arena = { 0 };
	struct sa *sa = forge_sa(h);
	struct bytes inner;

	if (flags & IS_FRAGMENT) {
		piece.fragment = rd_u8(in);
		piece.total = rd_u8(in);
	}
	header.mid = (uint32_t)(int8_t)rd_u8(in);
	inner = some(in);
	if (!sa || !sa->core.suite.encr)
		return;
	header.mid += header.flags ? sa->window.expected : sa->window.next;
	if (header.exchange != IKE_SA_INIT)
		lab_deliver(h->lab,
			forge_send(h, sa, forge_seal_fragment(h, sa, &header, &piece, inner, &arena)));
	arena_free(&arena);
}

static void damage(struct flight *f, struct rd *in)
{
	uint16_t at = rd_u16(in);

	if (f->n)
		f->data[at % f->n] ^= rd_u8(in);
}

static void act(struct lab *lab, struct rd *in)
{
	uint8_t what = rd_u8(in);
	struct host *h = &lab->hosts[what >> 7], *other = &lab->hosts[!(what >> 7)];
	struct flight *f = lab_first(lab);

	switch (what & 15) {
	case 0: up(h); break;
	case 1: down(h, false, what & 16); break;
	case 2: down(h, true, what & 16); break;
	case 3: throw(h, other, some(in), what & 16 ? 4500 : 500); break;
	case 4:
	case 5: seal_nonsense(h, in); break;
	case 6: lab_clock(lab, lab_due(lab) < lab->now + 1000000 ? lab_due(lab) : lab->now + 1); break;
	case 7: h->fails = rd_u8(in) & ASKED_ALL; break;
	case 8: h->silent = rd_u8(in) & ASKED_ALL; break;
	case 9: lab_calm(lab); break;
	default:
		if (!f)
			break;
		if (what & 16)
			damage(f, in);
		if (what & 32)
			lab_copy(lab, f);
		if (what & 64)
			lab_lose(f);
		else
			lab_deliver(lab, f);
	}
}

static struct lab *open(unsigned way)
{
	static const uint8_t authority[20] = { 1 };
	struct lab *lab = lab_new(1);

	if (way % WAYS == IN_FRAGMENTS)
		lab->certificates = CERTIFICATE;
	lab_host(lab, "moon", "192.0.2.1", ways[way % WAYS][0]);
	lab_host(lab, "sun", "192.0.2.2", ways[way % WAYS][1]);
	for (unsigned i = 0; i < 2; i++)
		host_trust(&lab->hosts[i], bytes_of(authority, sizeof authority));
	for (unsigned i = 0; i < 2; i++)
		host_remember(&lab->hosts[i]);
	return lab;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool says = size && data[size - 1] >= SAYS_WAY;
	struct rd in = rd_of(bytes_of(data, size - says));
	struct lab *lab = open(says ? data[size - 1] - SAYS_WAY : 0);

	for (unsigned i = 0; i < STEPS_MAX && in.n && !in.bad; i++)
		act(lab, &in);
	if (lab->hosts[0].datapath.misuse || lab->hosts[1].datapath.misuse)
		abort();
	lab_free(lab);
	return 0;
}
