/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what gateways have said to what is asked whom. */
#include "daemon/dns_setup.h"

#include <string.h>
#include <strings.h>

bool dns_leads_to(const struct child_record *c, const struct ip *ip)
{
	struct ts host = ts_host(ip);

	for (unsigned i = 0; i < c->remote_ts.n; i++) {
		struct ts both;

		if (ts_intersect(&c->remote_ts.v[i], &host, &both))
			return true;
	}
	return false;
}

static bool leads_everywhere(const struct child_record *c)
{
	for (unsigned i = 0; i < c->remote_ts.n; i++) {
		const struct ts *t = &c->remote_ts.v[i];
		unsigned bits;

		if (ip_range_prefix(&t->lo, &t->hi, &bits) && !bits)
			return true;
	}
	return false;
}

static void add_server(struct dns_link *l, const struct ip *ip)
{
	for (unsigned i = 0; i < l->n_servers; i++)
		if (ip_eq(&l->servers[i], ip))
			return;
	if (l->n_servers < DNS_SERVERS_MAX)
		l->servers[l->n_servers++] = *ip;
}

static void add_domain(struct dns_link *l, const char *domain)
{
	for (unsigned i = 0; i < l->n_domains; i++)
		if (!strcasecmp(l->domains[i], domain))
			return;
	if (l->n_domains < DNS_DOMAINS_MAX)
		l->domains[l->n_domains++] = domain;
}

static void add_vip(struct dns_link *l, const struct ip *ip)
{
	for (unsigned i = 0; i < l->vips.n; i++)
		if (ip_eq(&l->vips.v[i], ip))
			return;
	if (l->vips.n < VIPS_MAX)
		l->vips.v[l->vips.n++] = *ip;
}

static struct dns_link *link_of(struct dns_setup *s, const char *dev)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!strcmp(s->links[i].dev, dev))
			return &s->links[i];
	if (s->n == DNS_LINKS_MAX)
		return NULL;
	s->links[s->n] = (struct dns_link){ 0 };
	strncpy(s->links[s->n].dev, dev, DNS_DEVICE - 1);
	return &s->links[s->n++];
}

/* What R's servers are asked for through L. */
static void add_names(struct dns_link *l, const struct sa_record *r, bool everything)
{
	l->everything |= everything || !r->domains.n;
	for (unsigned i = 0; i < r->domains.n; i++)
		add_domain(l, r->domains.v[i]);
	for (unsigned i = 0; i < r->local_vips.n; i++)
		add_vip(l, &r->local_vips.v[i]);
}

static void add_child(struct dns_setup *s, const struct sa_record *r, const struct child_record *c,
	const struct xfrm_devices *devices)
{
	struct dns_link *l = NULL;

	for (unsigned i = 0; i < r->n_dns; i++) {
		if (!dns_leads_to(c, &r->dns[i]))
			continue;
		l = l ? l : link_of(s, strcmp(devices->inner, devices->outer) ? devices->inner : "");
		if (!l)
			return;
		add_server(l, &r->dns[i]);
	}
	if (l)
		add_names(l, r, leads_everywhere(c));
}

void dns_setup_add(
	struct dns_setup *s, const struct sa_record *r, uint32_t gone, const struct xfrm_devices *devices)
{
	for (unsigned i = 0; i < r->n_children; i++)
		if (r->children[i].id != gone)
			add_child(s, r, &r->children[i], &devices[i]);
}

static void join(struct dns_link *into, const struct dns_link *l)
{
	for (unsigned i = 0; i < l->n_servers; i++)
		add_server(into, &l->servers[i]);
	for (unsigned i = 0; i < l->n_domains; i++)
		add_domain(into, l->domains[i]);
	for (unsigned i = 0; i < l->vips.n; i++)
		add_vip(into, &l->vips.v[i]);
	into->everything |= l->everything;
}

void dns_setup_join(struct dns_setup *s, const struct dns_setup *more)
{
	for (unsigned i = 0; i < more->n; i++) {
		struct dns_link *l = link_of(s, more->links[i].dev);

		if (l)
			join(l, &more->links[i]);
	}
}

void dns_setup_keep(struct dns_setup *s, struct arena *arena)
{
	for (unsigned i = 0; i < s->n; i++)
		for (unsigned k = 0; k < s->links[i].n_domains; k++)
			s->links[i].domains[k] = arena_str(arena, s->links[i].domains[k]);
}

struct dns_link dns_setup_joined(const struct dns_setup *s)
{
	struct dns_link all = { 0 };

	for (unsigned i = 0; i < s->n; i++)
		join(&all, &s->links[i]);
	return all;
}

static void print_list(struct text *t, const char *word, const struct dns_link *l)
{
	char ip[IP_TEXT];

	for (unsigned i = 0; i < l->n_servers; i++)
		text_add(t, "nameserver %s\n", ip_print(&l->servers[i], ip));
	for (unsigned i = 0; i < l->n_domains; i++)
		text_add(t, "%s%s", i ? " " : word, l->domains[i]);
	if (l->n_domains)
		text_add(t, "\n");
}

const char *dns_setup_text(const struct dns_setup *s, struct arena *arena)
{
	struct text t = text_in(arena);
	char ip[IP_TEXT];

	for (unsigned i = 0; i < s->n; i++) {
		const struct dns_link *l = &s->links[i];

		text_add(&t, "link %s%s\n", l->dev, l->everything ? " everything" : "");
		print_list(&t, "search ", l);
		for (unsigned k = 0; k < l->vips.n; k++)
			text_add(&t, "address %s\n", ip_print(&l->vips.v[k], ip));
	}
	return text_str(&t);
}

const char *dns_setup_lines(const struct dns_setup *s, struct arena *arena)
{
	struct dns_link all = dns_setup_joined(s);
	struct text t = text_in(arena);

	print_list(&t, "search ", &all);
	return text_str(&t);
}
