/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moon, who proves who it is, and sun, who judges that: their files, what is made of them, and what is said
 * of it. */
#pragma once

#include "conf_help.h"
#include "daemon/world.h"
#include "pki_maker.h"

enum { TRUST_FILES_MAX = 12, TRUST_MANY = 200 };

/* A gateway: its files, and what was read from them. */
struct trust_side {
	struct fake_file files[TRUST_FILES_MAX + 1];
	unsigned n;
	struct conf conf;
	struct creds *creds;
};

struct trust_bench {
	struct arena arena;
	struct trust_side moon, sun;
	struct creds moons;
	struct world world;  /* of sun */
	struct certs *certs; /* its, which is in this process */
	char crls[32];       /* the folder of that */
	struct made root, other_root, leaf, stranger;
	struct ike_answer proof;
	struct cert_list shown; /* with it */
	bool by_url;            /* sun takes certificates by their place */
	struct id id;           /* that moon says it has */
	struct answer *answer;
	/* A server in the loop. */
	struct evhttp *server;
	int port;
	struct bytes crl;
	struct evhttp_request *hanging;
	bool hangs;
	unsigned asked;
	char path[128]; /* of the last request */
};

/* What differs from a good proof. */
struct trust_row {
	const char *name;
	struct recipe leaf;
	const char *moon, *sun; /* lines of moon's local and of sun's remote section */
	bool self_signed;       /* moon's certificate */
	bool no_root;           /* sun does not have it */
	bool known;             /* moon's certificate is in sun's folder x509 */
	bool known_others;      /* and so is another one for the same name */
	bool classic;           /* sun has announced no hashes */
	const char *id;         /* that moon says it has */
	enum { NOTHING, OTHERS_CERT, MANY_CERTS, GARBAGE, CHANGED, NO_CERT } change;
	uint8_t method;   /* 0: RFC 7427's */
	const char *says; /* NULL: it is taken */
};

/* For cmocka: a bench of its own for each test; at the end of all, trust_end. */
int trust_set_up(void **state);
int trust_tear_down(void **state);
int trust_end(void **state);

/* Has keeper, which is in this process, keep the secrets of the RADIUS servers of the world, as they are
 * kept when a file is read. */
void trust_keep_radius(struct trust_bench *b);

/* A file of S. */
void trust_put(struct trust_bench *b, struct trust_side *s, const char *path, struct bytes text);
/* Reads CONF and the files of S, which must be right. */
void trust_read(struct trust_bench *b, struct trust_side *s, const char *conf);

/* A configuration with moon's identity and LINES (NULL: none) in SIDE, "local" or "remote". */
const char *trust_connection(struct trust_bench *b, const char *side, const char *lines);

/* Moon and its certificate, sun and what it knows. */
void trust_make_moon(struct trust_bench *b, const struct trust_row *r);
void trust_make_sun(struct trust_bench *b, const struct trust_row *r);

/* Moon's proof, for a peer that has announced hashes or (CLASSIC) not; what R changes in it; and sun's answer
 * to it, which comes into b->answer and the queue. */
enum err trust_prove(struct trust_bench *b, bool classic);
void trust_change(struct trust_bench *b, const struct trust_row *r);
void trust_judge(struct trust_bench *b);

/* The answer says SAYS (NULL: yes), and names the line. */
void trust_assert(struct trust_bench *b, const char *name, const char *says);
