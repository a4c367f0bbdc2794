/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of options: every section and key of swanctl.conf, and our own. Reading files and VICI messages,
 * defaults, checks and "did you mean" all come from it. A new option is a row in schema.c and a field in
 * model/peer.h (or model/conf.h). */
#pragma once

#include "base/bytes.h"
#include "base/names.h"

enum conf_section_kind {
	CONF_ROOT,
	CONF_CONNECTIONS,
	CONF_CONNECTION,
	CONF_LOCAL,
	CONF_REMOTE,
	CONF_CERT,
	CONF_REMOTE_CERT,
	CONF_CACERT,
	CONF_CHILDREN,
	CONF_CHILD,
	CONF_SECRETS,
	CONF_IKE_SECRET,
	CONF_EAP_SECRET,
	CONF_XAUTH_SECRET,
	CONF_NTLM_SECRET,
	CONF_PPK_SECRET,
	CONF_PRIVATE_SECRET,
	CONF_RSA_SECRET,
	CONF_ECDSA_SECRET,
	CONF_PKCS8_SECRET,
	CONF_PKCS12_SECRET,
	CONF_TOKEN_SECRET,
	CONF_POOLS,
	CONF_POOL,
	CONF_AUTHORITIES,
	CONF_AUTHORITY,
	CONF_DAEMON,
	CONF_RADIUS,
	CONF_RADIUS_SERVERS,
	CONF_RADIUS_SERVER,
	CONF_RADIUS_DAE,
	CONF_RADIUS_FORWARD,
	CONF_RADIUS_XAUTH,
	CONF_SECTIONS_MAX
};

/* The types of values; value.c says how each is read and described. */
enum conf_type {
	TYPE_TEXT,           /* const char * */
	TYPE_BOOL,           /* bool */
	TYPE_TIME,           /* uint64_t, ms */
	TYPE_SIZE,           /* uint64_t, octets */
	TYPE_COUNT,          /* uint32_t */
	TYPE_BIG_COUNT,      /* uint64_t */
	TYPE_PERCENT,        /* unsigned */
	TYPE_FACTOR,         /* unsigned, thousandths, at least 1000 */
	TYPE_PORT,           /* uint16_t */
	TYPE_WORD,           /* an enum, by the row's words */
	TYPE_CHOICE,         /* const char *, one of the row's words */
	TYPE_GATEWAY,        /* const char *, an IP address or a DNS name */
	TYPE_DEVICE,         /* const char *, a network device */
	TYPE_DEVICES,        /* const char *, what names of devices begin with */
	TYPE_STRINGS,        /* struct strings */
	TYPE_OIDS,           /* struct strings, object identifiers */
	TYPE_ADDRESSES,      /* addr_pattern list */
	TYPE_IPS,            /* struct ip list */
	TYPE_IF_ADDRS,       /* struct if_addr list */
	TYPE_ROUTES,         /* struct device_routes */
	TYPE_TABLE,          /* unsigned, a routing table */
	TYPE_DSCP,           /* uint8_t */
	TYPE_PADDING,        /* uint32_t, TFC_MTU */
	TYPE_MSS,            /* uint32_t, MSS_NO, MSS_AUTO */
	TYPE_MARK,           /* struct mark */
	TYPE_SET_MARK,       /* struct mark, may be that of the packet */
	TYPE_IF_ID,          /* struct if_id */
	TYPE_IKE_PROPOSALS,  /* struct proposals */
	TYPE_ESP_PROPOSALS,  /* struct proposals */
	TYPE_AH_PROPOSALS,   /* struct proposals */
	TYPE_SELECTORS,      /* struct tss */
	TYPE_IDENTITY,       /* struct id */
	TYPE_OWNER,          /* struct id list, to which it is added */
	TYPE_AUTHENTICATION, /* struct auth_way */
	TYPE_CERT,           /* struct cert_conf */
	TYPE_CERTS,          /* struct cert_confs */
	TYPE_HANDLE,         /* const char *, hexadecimal */
	TYPE_SECRET,         /* struct bytes */
	TYPE_SOCKET,         /* const char *, a path */
	TYPES_MAX
};

enum conf_status {
	STATUS_READ,    /* works */
	STATUS_IGNORED, /* accepted, has no effect */
	STATUS_LATER,   /* read, but its effect is not built in yet: a connection that needs it is not used */
	STATUS_REFUSED, /* never to be: accepted only where it would change nothing */
};

#define CONF_NOWHERE SIZE_MAX /* the value is only checked */

struct conf_key {
	const char *name; /* with a final *: any suffix */
	enum conf_status status;
	enum conf_type type;
	size_t at;                /* where the value goes in the section's struct, or CONF_NOWHERE */
	const char *fallback;     /* the default; NULL: none, or made from other keys */
	const char *doc;          /* one line for the manual */
	const char *note;         /* not READ: what to tell who writes it; NULL: nothing */
	const char *differs;      /* where strongSwan does otherwise: how, for the manual; NULL: nowhere */
	const char *neutral;      /* not READ: values besides the default that need no note; between blanks */
	const struct name *words; /* TYPE_WORD, TYPE_CHOICE */
	size_t count_at;          /* lists that have their length apart: where it goes */
};

struct conf_section {
	enum conf_section_kind parent;
	const char *name; /* in its parent; "ike*": with a suffix; "*": any name */
	const char *path; /* for the manual: "connections.<conn>.local<suffix>" */
	enum conf_status status;
	const char *note;            /* not READ: what to tell who opens it */
	const struct conf_key *keys; /* ends with a row without name; NULL: none */
};

const struct conf_section *schema_section(enum conf_section_kind kind);

/* The row that a section called NAME in one of kind PARENT has; NULL when there is none. */
const struct conf_section *schema_section_find(enum conf_section_kind parent, const char *name);

/* What KIND's number is, for a row of the table. */
enum conf_section_kind schema_kind(const struct conf_section *row);

/* The row of the key NAME in sections of KIND, or NULL. */
const struct conf_key *schema_key_find(enum conf_section_kind kind, const char *name);

/* The known name (with its *) most like NAME among sections in PARENT, or keys of KIND; NULL when none is
 * near. */
const char *schema_section_nearest(enum conf_section_kind parent, const char *name);
const char *schema_key_nearest(enum conf_section_kind kind, const char *name);

/* The first section that has a key NAME, for one that stands in the wrong place; NULL when none has. */
const struct conf_section *schema_key_elsewhere(const char *name);
