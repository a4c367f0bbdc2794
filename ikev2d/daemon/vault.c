/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeper's questions that nobody waits for, the core's above all: they are asked, and asked again when keeper
 * was lost in between. And its beginning and end. */
#include "daemon/vault_state.h"

#include "daemon/control.h"
#include "daemon/engine.h"
#include "daemon/keeper.h"
#include "daemon/line.h"
#include "daemon/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FLYING_MAX = 16 /* questions of the core that are sent and not answered: their answers fit into a
			   socket */
};

/* ---------------------------------------------------------------- references */

struct kept *kept_ref(struct kept *k)
{
	if (k)
		k->refs++;
	return k;
}

/* Where that fails, the next keeper is told again. */
static void tell_to_forget(struct kept *k)
{
	const struct ipc_message m = { .kind = IPC_DROP, .drop = { .handle = k->handle, .offer = k->offer } };

	(void)!member_send(&k->vault->keeper, IPC_GUARD, &m);
}

void vault_have_forgotten(struct vault *v)
{
	list_each_safe (n, &v->forgetting) {
		list_remove(n);
		free(node_owner(n, struct kept, node));
	}
}

void kept_unref(struct kept *k)
{
	if (!k || --k->refs)
		return;
	list_append(&k->vault->forgotten, &k->node);
	tell_to_forget(k);
}

uint64_t kept_handle(const struct kept *k)
{
	return k ? k->handle : 0;
}

bool kept_same(const struct kept *a, const struct kept *b)
{
	return !a || !b ? a == b
			: bytes_eq(bytes_of(a->mark, sizeof a->mark), bytes_of(b->mark, sizeof b->mark));
}

struct kept *vault_kept_new(struct vault *v, uint64_t handle)
{
	struct kept *k = calloc(1, sizeof *k);

	if (!k)
		abort();
	*k = (struct kept){ .refs = 1, .handle = handle, .vault = v };
	return k;
}

void vault_offer_forget(struct vault *v, uint64_t number)
{
	struct kept *k = number ? vault_kept_new(v, 0) : NULL;

	if (k)
		k->offer = number;
	kept_unref(k);
}

/* --------------------------------------------------------------- is it there */

static void serve(void *ctx, struct ipc_channel *far);
static void again(void *ctx);

/* With --one keeper is in this process. */
static enum err start_inside(struct vault *v, const struct family_spec *spec, struct text *why)
{
	if (!spec->one || v->inside)
		return ERR_OK;
	v->inside = calloc(1, sizeof *v->inside);
	if (!v->inside)
		abort();
	v->inside->guard.self = v->process;
	v->inside->ctl = &v->to_keeper;
	v->inside->certs = &v->to_certs;
	if (!keeper_start(v->inside, v->image))
		return ERR_OK;
	keeper_stop(v->inside);
	free(v->inside);
	v->inside = NULL;
	text_add(why, "the memory of secrets cannot be used: see the limits of memory and of open files");
	return ERR_SYSTEM;
}

static struct family_spec spec_of(struct vault *v)
{
	const struct options *o = v->world->options;

	return (struct family_spec){ .process = v->process,
		.near = { IPC_GUARD, IPC_IKE },
		.fds = { v->image, v->to_keeper.fd, [VAULT_TO_CERTS] = v->to_certs.fd },
		.n_fds = 3,
		.root = v->root,
		.folder = v->folder,
		.one = o->one,
		.gathers = true,
		.foreground = o->foreground,
		.ctx = v,
		.serve = serve,
		.again = again };
}

static enum err launch(struct vault *v, struct text *why)
{
	const struct family_spec spec = spec_of(v);
	enum err e = start_inside(v, &spec, why);

	return e ? e : member_launch(&v->keeper, v->world->base, &spec, why);
}

enum err vault_wake(struct vault *v, struct text *why)
{
	const struct family_spec spec = spec_of(v);
	enum err e;

	if (v->keeper.base)
		return ERR_OK;
	e = start_inside(v, &spec, why);
	if (e)
		return e;
	member_prepare(&v->keeper, v->world->base, &spec);
	member_wake(&v->keeper);
	return ERR_OK;
}

enum err vault_be_there(struct vault *v, struct text *why)
{
	enum err e = ERR_OK;

	if (v->keeper.base)
		return ERR_OK;
	e = launch(v, why);
	if (!e)
		e = member_begun(&v->keeper, why);
	if (e && v->keeper.base)
		member_stop(&v->keeper);
	return e;
}

/* ------------------------------------------------------------- the core waits */

static void asked_free(struct asked *a)
{
	list_remove(&a->node);
	kept_unref(a->kept);
	free(a);
}

/* The core's answer, or nobody's. */
static void give_core(struct vault *v, struct answer *answer)
{
	if (v->coreless)
		answer_free(answer);
	else
		trust_complete(v->world, answer);
}

static void give(struct vault *v, struct asked *a, enum err e, const char *what)
{
	struct answer *answer = a->answer;
	vault_user_told *told;
	vault_told *done;
	void *ctx;

	answer->a.result = e;
	if (e == ERR_AUTH && a->message.kind == IPC_PSK_CHECK)
		answer->a.why = a->wrong;
	else if (e)
		answer->a.why.what =
			what ? arena_str(&answer->arena, what)
			     : arena_printf(&answer->arena, "no proof can be made: %s", err_name(e));
	v->flying -= a->flying;
	done = a->done;
	told = a->told;
	ctx = a->ctx;
	asked_free(a);
	if (told) {
		answer_free(answer);
		told(ctx, NULL);
		return;
	}
	if (!done) {
		give_core(v, answer);
		return;
	}
	done(ctx, e ? (struct bytes){ 0 } : answer->a.proof);
	answer_free(answer);
}

/* The first that does not fly, or NULL. */
static struct asked *next_waiting(struct vault *v)
{
	list_each (n, &v->asked)
		if (!node_owner(n, struct asked, node)->flying)
			return node_owner(n, struct asked, node);
	return NULL;
}

/* It counts from the last answer, not from the last question: those may come without end. */
static void be_patient(struct vault *v)
{
	if (!v->flying)
		evtimer_del(v->late);
	else if (!evtimer_pending(v->late, NULL))
		evtimer_add(v->late, &(struct timeval){ .tv_sec = FAMILY_PATIENCE / 1000 });
}

/* Where keeper is lost on the way, the next one is asked (again). */
static void fly(struct vault *v)
{
	struct asked *a;
	enum err e = ERR_OK;

	while (e != ERR_MISSING && v->flying < FLYING_MAX && (a = next_waiting(v))) {
		e = a->tries < VAULT_TRIES_MAX ? member_send(&v->keeper, IPC_IKE, &a->message) : ERR_BUSY;
		if (!e) {
			a->tries++;
			a->flying = true;
			v->flying++;
		} else if (e != ERR_MISSING) {
			give(v, a, e, e == ERR_RANGE ? NULL : vault_refused(v, e));
		}
	}
	be_patient(v);
}

static const char deaf_to_certs[] = "certs has broken the channel between them";

/* Who notices that keeper was lost may be in the middle of something: the core hears of it later. What flew
 * is asked again, of tokens too: with a key that was opened once the PIN is right. */
static void again(void *ctx)
{
	struct vault *v = ctx;

	if (v->deaf && v->keeper.since == v->deaf) {
		member_replace(&v->keeper, deaf_to_certs);
		return;
	}
	list_join(&v->forgotten, &v->forgetting);
	list_each (n, &v->forgotten)
		tell_to_forget(node_owner(n, struct kept, node));
	list_each (n, &v->asked)
		node_owner(n, struct asked, node)->flying = false;
	v->flying = 0;
	evtimer_del(v->late);
	event_active(v->soon, 0, 0);
	vault_errand_again(v);
}

static void on_soon(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	fly(ctx);
}

static void on_late(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	member_replace(&((struct vault *)ctx)->keeper, "it did not answer");
}

static struct asked *asked_new(
	struct vault *v, const struct ipc_message *m, struct kept *kept, struct answer *answer)
{
	struct asked *a = calloc(1, sizeof *a);

	if (!a)
		abort();
	*a = (struct asked){ .message = *m, .answer = answer, .kept = kept_ref(kept) };
	a->message.ticket = ++v->last;
	list_append(&v->asked, &a->node);
	return a;
}

static void ask(struct vault *v, const struct ipc_message *m, struct kept *kept, const struct why *wrong,
	struct answer *answer)
{
	struct asked *a = asked_new(v, m, kept, answer);

	if (wrong)
		a->wrong = *wrong;
	fly(v);
}

/* M, with texts in the arena of ANSWER, is not the core's. */
static void ask_for(struct vault *v, const struct ipc_message *m, struct kept *kept, struct answer *answer,
	vault_told *done, void *ctx)
{
	struct asked *a = asked_new(v, m, kept, answer);

	a->done = done;
	a->ctx = ctx;
	fly(v);
}

void vault_tell(struct vault *v, const struct secret *s, const struct id *user, vault_told *done, void *ctx)
{
	struct answer *answer = answer_new(0);
	const struct ipc_message m = { .kind = IPC_EAP_TELL,
		.psk = { .handle = s->kept->handle, .local = id_copy(&answer->arena, user) } };

	ask_for(v, &m, s->kept, answer, done, ctx);
}

void vault_sign_tls(
	const struct key *key, const struct scheme *s, struct bytes octets, vault_told *done, void *ctx)
{
	struct answer *answer = answer_new(0);
	const struct ipc_message m = { .kind = IPC_TLS_SIGN,
		.sign = { .handle = key->kept->handle,
			.scheme = (uint8_t)(s - schemes),
			.octets = arena_bytes(&answer->arena, octets) } };

	ask_for(key->kept->vault, &m, key->kept, answer, done, ctx);
}

/* Where what keeper has made belongs: mixed keys are no proof. */
static struct bytes *made(struct asked *a)
{
	bool ppk = a->message.kind == IPC_PPK_MIX || a->message.kind == IPC_PPK_CONFIRM;

	return ppk ? &a->answer->a.shared : &a->answer->a.proof;
}

/* What M answers, or NULL. */
static struct asked *find_flying(struct vault *v, const struct ipc_message *m)
{
	list_each (n, &v->asked) {
		struct asked *a = node_owner(n, struct asked, node);

		if (a->flying && a->message.ticket == m->ticket)
			return a;
	}
	return NULL;
}

bool vault_take_proof(void *ctx, const struct ipc_message *m)
{
	struct vault *v = member_ctx(ctx);
	struct asked *a = find_flying(v, m);

	if (!a || a->told)
		return false;
	if (!m->proof.result && (m->proof.proof.n != 0) != (a->message.kind != IPC_PSK_CHECK))
		return false; /* where one is due it has to be there, and nowhere else */
	evtimer_del(v->late);
	if (m->proof.proof.n)
		*made(a) = arena_bytes(&a->answer->arena, m->proof.proof);
	give(v, a, m->proof.result, m->proof.what);
	fly(v);
	return true;
}

bool vault_take_user(void *ctx, const struct ipc_message *m)
{
	struct vault *v = member_ctx(ctx);
	struct asked *a = find_flying(v, m);
	vault_user_told *told;
	void *told_ctx;

	if (!a || !a->told)
		return false;
	evtimer_del(v->late);
	v->flying--;
	told = a->told;
	told_ctx = a->ctx;
	answer_free(a->answer);
	asked_free(a);
	told(told_ctx, &m->user);
	fly(v);
	return true;
}

void vault_user(struct vault *v, struct bytes name, bool secret, vault_user_told *done, void *ctx)
{
	struct answer *answer = answer_new(0);
	const struct ipc_message m = { .kind = IPC_USER_ASK,
		.user_ask = { .name = arena_bytes(&answer->arena, name), .secret = secret } };
	struct asked *a = asked_new(v, &m, NULL, answer);

	a->told = done;
	a->ctx = ctx;
	fly(v);
}

/* The question that it is about is not answered; the others are. */
bool vault_take_blame(void *ctx, const struct ipc_message *m)
{
	struct vault *v = member_ctx(ctx);
	struct asked *a = find_flying(v, m);

	if (m->blame.process == IPC_CTL && m->blame.what) {
		control_blame(&v->world->control, m->blame.what);
		return true;
	}
	if (m->blame.process == IPC_CERTS && m->blame.what && v->to_certs.fd >= 0) {
		trust_blame(v->world, m->blame.what);
		return true;
	}
	if (m->blame.process == IPC_GUARD || (m->blame.process == IPC_IKE && v->inside))
		return family_take_blame(ctx, m);
	if (m->blame.process != IPC_IKE || !m->blame.what)
		return false; /* it hears nobody else */
	if (a) {
		evtimer_del(v->late);
		give(v, a, ERR_DENIED, "keeper does not answer such a question");
	}
	if (!v->coreless)
		engine_blame(v->world, m->blame.what);
	fly(v);
	return true;
}

static void ask_psk(struct vault *v, enum ipc_kind kind, const struct secret *s, const struct ike_question *q,
	const struct why *wrong, struct answer *answer)
{
	struct arena *arena = &answer->arena;
	const struct ipc_message m = { .kind = kind,
		.psk = { .handle = s->kept->handle,
			.prf = q->prf->id,
			.local = id_copy(arena, &q->local),
			.remote = id_copy(arena, &q->remote),
			.octets = arena_bytes(arena, q->octets),
			.proof = arena_bytes(arena, q->proof) } };

	ask(v, &m, s->kept, wrong, answer);
}

void vault_prove(struct vault *v, const struct secret *s, const struct ike_question *q, struct answer *answer)
{
	ask_psk(v, IPC_PSK_PROVE, s, q, NULL, answer);
}

void vault_check(struct vault *v, const struct secret *s, const struct ike_question *q, const struct why *why,
	struct answer *answer)
{
	ask_psk(v, IPC_PSK_CHECK, s, q, why, answer);
}

void vault_ppk(struct vault *v, const struct secret *s, const struct ike_question *q, struct answer *answer)
{
	struct ike_question named = *q;

	named.local = q->remote;
	ask_psk(v, q->kind == ASK_PPK ? IPC_PPK_MIX : IPC_PPK_CONFIRM, s, &named, NULL, answer);
}

void vault_sign(
	const struct key *key, const struct scheme *s, const struct ike_question *q, struct answer *answer)
{
	const struct ipc_message m = { .kind = IPC_SIGN,
		.sign = { .handle = key->kept->handle,
			.prf = q->prf->id,
			.scheme = (uint8_t)(s - schemes),
			.octets = arena_bytes(&answer->arena, q->octets) } };

	ask(key->kept->vault, &m, key->kept, NULL, answer);
}

/* ---------------------------------------------------------------------- life */

static void serve(void *ctx, struct ipc_channel *far)
{
	struct vault *v = ctx;
	bool guards = far->peer == IPC_GUARD;

	*(guards ? &v->inside->guard : &v->inside->ike) = *far;
	(void)keeper_serve(v->inside, far);
}

int vault_radius(const struct vault *v)
{
	return v->of_certs.fd;
}

void vault_serve_radius(void *ctx)
{
	struct vault *v = ctx;

	(void)keeper_serve(v->inside, &v->to_certs);
}

/* Whether both may still speak by it: who has shut it down has done so for all that have it after him. */
static bool radius_is_whole(const struct vault *v)
{
	struct pollfd ends[] = { { .fd = v->of_certs.fd, .events = POLLRDHUP },
		{ .fd = v->to_certs.fd, .events = POLLRDHUP } };

	return poll(ends, 2, 0) <= 0;
}

static void empty(int fd)
{
	enum { MOST = 1 << 16 }; /* more than there is room for */
	uint8_t octet;

	for (unsigned i = 0; i < MOST && recv(fd, &octet, sizeof octet, MSG_DONTWAIT) >= 0; i++)
		;
}

bool vault_clean_radius(struct vault *v)
{
	struct ipc_channel certs, keeper;

	if (v->to_certs.fd < 0)
		return false;
	if (radius_is_whole(v)) {
		empty(v->to_certs.fd);
		empty(v->of_certs.fd);
		return false;
	}
	if (ipc_pair(IPC_CERTS, &certs, v->process, &keeper))
		return false;
	ipc_close(&v->of_certs);
	ipc_close(&v->to_certs);
	v->of_certs = certs;
	v->to_certs = keeper;
	v->to_certs.phase = IPC_SERVING;
	v->keeper.spec.fds[VAULT_TO_CERTS] = v->to_certs.fd;
	v->deaf = v->keeper.since;
	member_replace(&v->keeper, deaf_to_certs);
	return true;
}

static struct vault *vault_new(struct world *w, enum ipc_process p, const char *folder)
{
	struct vault *v = calloc(1, sizeof *v);

	if (!v)
		abort();
	list_init(&v->asked);
	list_init(&v->forgotten);
	list_init(&v->known);
	list_init(&v->errands);
	list_init(&v->forgetting);
	v->world = w;
	v->process = p;
	v->folder = folder;
	if (ipc_pair(IPC_CTL, &v->from_ctl, p, &v->to_keeper))
		v->from_ctl.fd = v->to_keeper.fd = -1;
	v->to_keeper.phase = IPC_SERVING;
	v->of_certs.fd = v->to_certs.fd = -1;
	if (p == IPC_KEEPER && ipc_pair(IPC_CERTS, &v->of_certs, p, &v->to_certs))
		v->of_certs.fd = v->to_certs.fd = -1;
	v->to_certs.phase = IPC_SERVING;
	v->image = image_make();
	/* What providers are, and what they need, is in the machine's files. */
	v->root = p == IPC_TOKENS ? open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	v->late = evtimer_new(w->base, on_late, v);
	v->soon = evtimer_new(w->base, on_soon, v);
	v->open.late = evtimer_new(w->base, vault_on_errand_late, v);
	v->open.step = event_new(w->base, -1, 0, vault_on_step, v);
	return v;
}

static bool is_whole(const struct vault *v)
{
	return v->image >= 0 && v->to_keeper.fd >= 0 && (v->to_certs.fd >= 0 || v->process == IPC_TOKENS) &&
	       v->late && v->soon && v->open.late && v->open.step;
}

enum err vault_start(struct world *w, const char *folder, struct text *why)
{
	struct vault *v = w->vault = vault_new(w, IPC_KEEPER, folder);
	enum err e = ERR_OK;

	v->tokens = vault_new(w, IPC_TOKENS, folder);
	if (!is_whole(v) || !is_whole(v->tokens)) {
		text_add(why, "there is no memory for secrets: %s", strerror(errno));
		e = ERR_SYSTEM;
	}
	if (!e && w->options->one)
		line_say(LOG_WARN, "start",
			"--one: all in one process, which has every right and every secret; not for "
			"production");
	if (!e)
		e = launch(v, why);
	if (e)
		vault_stop(w);
	return e;
}

enum err vault_begun(struct world *w, struct text *why)
{
	return member_begun(&w->vault->keeper, why);
}

void vault_leave_core(struct vault *v)
{
	v->coreless = true;
	if (v->tokens)
		v->tokens->coreless = true;
}

/* Who waits hears of it before anything goes. */
static void give_up(struct vault *v)
{
	while (!list_empty(&v->asked))
		give(v, node_owner(v->asked.next, struct asked, node), ERR_BUSY, NULL);
}

static void vault_free(struct vault *v)
{
	list_join(&v->forgetting, &v->forgotten);
	vault_have_forgotten(v);
	if (v->keeper.base)
		member_stop(&v->keeper);
	if (v->inside) {
		keeper_stop(v->inside);
		free(v->inside);
	}
	if (v->late)
		event_free(v->late);
	if (v->soon)
		event_free(v->soon);
	if (v->open.late)
		event_free(v->open.late);
	if (v->open.step)
		event_free(v->open.step);
	if (v->image >= 0)
		close(v->image);
	if (v->root >= 0)
		close(v->root);
	fifo_free(&v->waits.paper);
	ipc_close(&v->from_ctl);
	ipc_close(&v->to_keeper);
	ipc_close(&v->of_certs);
	ipc_close(&v->to_certs);
	free(v);
}

void vault_stop(struct world *w)
{
	struct vault *v = w->vault;

	vault_leave_core(v);
	errands_give_up(v);
	give_up(v);
	give_up(v->tokens);
	vault_forget_known(v->tokens, NULL);
	vault_free(v->tokens);
	vault_free(v);
	w->vault = NULL;
}
