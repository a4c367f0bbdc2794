/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vici/front.h"

#include "vici/server.h"

enum { REST_MAX = 2 * VICI_SEGMENT_MAX /* octets that wait for the command before them */ };

bool vici_front_input(struct vici_front *f, struct bytes in)
{
	if (fifo_n(&f->rest) + in.n > REST_MAX)
		return false;
	fifo_put(&f->rest, in);
	return true;
}

bool vici_front_hungry(const struct vici_front *f)
{
	return !f->broken && !f->request.n && !fifo_n(&f->rest);
}

/* Gathers the next packet; false when there is no whole one. */
static bool gather(struct vici_front *f)
{
	struct bytes rest = fifo_bytes(&f->rest);
	size_t before = rest.n;
	enum err e = vici_gather(&f->in, &rest, &f->request);

	if (before)
		fifo_drop(&f->rest, before - rest.n);
	f->broken |= e && e != ERR_SHORT;
	return !e;
}

static bool well_formed(struct bytes message)
{
	struct arena scratch = { 0 };
	struct vici_node *root;
	bool ok = !vici_tree(message, &scratch, &root);

	arena_free(&scratch);
	return ok;
}

/* False for what is not for a client to send. */
static bool read(struct bytes b, struct vici_asked *out)
{
	struct vici_packet packet;

	if (vici_packet_parse(b, &packet))
		return false;
	*out = (struct vici_asked){ .kind = ASKED_EVENT, .on = packet.type == VICI_EVENT_REGISTER };
	if (packet.type == VICI_CMD_REQUEST) {
		*out = (struct vici_asked){ ASKED_COMMAND, vici_command_number(packet.name), false,
			packet.message };
		return well_formed(packet.message);
	}
	out->which = vici_event_find(packet.name);
	return packet.type == VICI_EVENT_REGISTER || packet.type == VICI_EVENT_UNREGISTER;
}

bool vici_front_next(struct vici_front *f, struct vici_asked *out)
{
	const unsigned events = 1u << ASKED_EVENT;

	if (f->broken || (!f->request.n && !gather(f)))
		return false;
	if (f->asked & (*f->request.p == VICI_CMD_REQUEST ? ~0u : events))
		return false;
	f->broken = !read(f->request, out);
	f->request = (struct bytes){ 0 };
	if (!f->broken)
		f->asked |= 1u << out->kind;
	return !f->broken;
}

static void put(struct wr *w, struct bytes name, struct bytes value)
{
	wr_u8(w, VICI_KEY_VALUE);
	wr_u8(w, (uint8_t)name.n);
	wr_bytes(w, name);
	wr_u16(w, (uint16_t)value.n);
	wr_bytes(w, value);
}

/* Where there are several, the first one is meant (vici_find), and the others are left out. */
struct bytes vici_front_replace(
	struct bytes message, const char *key, struct bytes instead, struct arena *arena, struct bytes *value)
{
	struct vici_reader r = vici_reader_of(message);
	struct vici_element e;
	const size_t room = message.n + instead.n;
	struct wr w = wr_of(arena_alloc(arena, room), room);
	bool first = true;

	*value = (struct bytes){ 0 };
	for (const uint8_t *at = r.rd.p; !vici_next(&r, &e) && e.type != VICI_END; at = r.rd.p) {
		if (r.depth || e.type != VICI_KEY_VALUE || !bytes_eq(e.name, bytes_str(key))) {
			wr_bytes(&w, bytes_of(at, (size_t)(r.rd.p - at)));
			continue;
		}
		if (first) {
			*value = e.value;
			put(&w, e.name, e.value.n ? instead : e.value);
		}
		first = false;
	}
	return wr_done(&w);
}

/* A message that is made anew. */
struct rewriting {
	struct text out;
	enum vici_certs_at at;
	bool data_is_key, list, key; /* of a list under way: its items are certificates, or keys */
	unsigned n;                  /* certificates and the like in it */
};

static void add_value(struct rewriting *w, struct bytes value)
{
	const uint8_t n[] = { (uint8_t)(value.n >> 8), (uint8_t)value.n };

	text_put(&w->out, n, sizeof n);
	text_put(&w->out, value.p, value.n);
}

static bool is_key_of(struct bytes name, bool *key)
{
	struct arena scratch = { 0 };
	const char *word = arena_text(&scratch, name);
	const bool is = vici_is_certificate(word);

	*key = is && !strcmp(word, "pubkeys");
	arena_free(&scratch);
	return is;
}

/* False: E is to stay as it is. */
static bool is_read(struct rewriting *w, const struct vici_reader *r, const struct vici_element *e, bool *key)
{
	if (e->type == VICI_LIST_START)
		w->list = w->at == VICI_CERTS_BY_NAME && is_key_of(e->name, &w->key);
	*key = w->key;
	if (e->type == VICI_LIST_ITEM)
		return w->list && e->value.n;
	if (e->type != VICI_KEY_VALUE || !e->value.n)
		return false;
	if (w->at == VICI_CERTS_BY_NAME)
		return is_key_of(e->name, key);
	*key = w->data_is_key;
	return !r->depth && bytes_eq(e->name, bytes_str("data"));
}

/* How many certificates may be in OCTETS; there is as much work in what is none. */
static unsigned count(struct bytes octets)
{
	static const char mark[] = "-----BEGIN ";
	const uint8_t *p = octets.p, *end = p + octets.n;
	unsigned n = 0;

	while ((p = memmem(p, (size_t)(end - p), mark, strlen(mark)))) {
		p += strlen(mark);
		n++;
	}
	return n ? n : 1;
}

static void add_read(struct rewriting *w, struct bytes octets, bool key, vici_reads *reads)
{
	struct vici_value v = { octets, key, w->at == VICI_CERTS_BY_NAME, false };
	struct arena scratch = { 0 };

	w->n += count(octets);
	v.too_many = w->n > VICI_READ_CERTS_MAX;
	add_value(w, reads(&v, &scratch));
	arena_free(&scratch);
}

static bool says_key(struct bytes message, struct arena *arena)
{
	struct vici_node *root;
	const char *type = vici_tree(message, arena, &root) ? NULL : vici_str(root, "type");

	return type && !strcasecmp(type, "PUBKEY");
}

struct bytes vici_front_read(struct bytes message, unsigned command, vici_reads *reads, struct arena *arena)
{
	struct vici_reader r = vici_reader_of(message);
	struct rewriting w = { .out = text_in(arena), .at = vici_command_certs(command) };
	struct vici_element e;
	bool key;

	if (w.at == VICI_CERTS_NOWHERE)
		return message;
	w.data_is_key = w.at == VICI_CERTS_IN_DATA && says_key(message, arena);
	for (const uint8_t *at = r.rd.p; !vici_next(&r, &e) && e.type != VICI_END; at = r.rd.p) {
		const size_t n = (size_t)(r.rd.p - at);

		if (!is_read(&w, &r, &e, &key)) {
			text_put(&w.out, at, n);
			continue;
		}
		text_put(&w.out, at, n - e.value.n - sizeof(uint16_t));
		add_read(&w, e.value, key, reads);
		if (w.out.n > VICI_READ_MAX)
			break;
	}
	return bytes_of(w.out.s, w.out.n);
}

void vici_front_free(struct vici_front *f)
{
	vici_gather_free(&f->in);
	fifo_free(&f->rest);
	*f = (struct vici_front){ 0 };
}
