/* SPDX-License-Identifier: GPL-2.0-or-later */
/* getaddrinfo on a worker. A look-up cannot be interrupted: one that was cancelled ends by itself and is freed then. */
#include "base/resolve.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

/* The worker's thread writes `gai`, `sys` and `result`, the loop's everything else: no lock is needed between run and done. */
struct resolve {
	struct work work;
	struct worker_pool *pool;
	char *host;
	uint16_t port;
	int gai; /* getaddrinfo's result */
	int sys; /* errno with EAI_SYSTEM */
	struct resolved result;
	void (*done)(void *arg, int result, const struct resolved *r, const struct err *err); /* NULL: cancelled */
	void *arg;
};

/*
 * SOCK_STREAM, or each address would come three times. What is beyond RESOLVE_MAX is left out: no portal is known to have so
 * many.
 */
static int resolve_host(const char *host, uint16_t port, int flags, struct resolved *out)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags };
	struct addrinfo *list = NULL;
	char service[8];
	int rc;

	snprintf(service, sizeof(service), "%u", port);
	rc = getaddrinfo(host, service, &hints, &list);
	if (rc)
		return rc;
	for (struct addrinfo *a = list; a && out->n < RESOLVE_MAX; a = a->ai_next) {
		memcpy(&out->addr[out->n].sa, a->ai_addr, a->ai_addrlen);
		out->addr[out->n++].len = a->ai_addrlen;
	}
	freeaddrinfo(list);
	return out->n ? 0 : EAI_NONAME;
}

static void resolve_run(struct work *w)
{
	struct resolve *r = container_of(w, struct resolve, work);

	r->gai = resolve_host(r->host, r->port, 0, &r->result);
	r->sys = errno;
}

static void resolve_free(struct resolve *r)
{
	x_free(r->host);
	x_free(r);
}

static void resolve_done(struct work *w)
{
	struct resolve *r = container_of(w, struct resolve, work);
	struct err err = ERR_INIT;
	char name[256];
	int rc = 0;

	if (r->done && r->gai) {
		const char *why = r->gai == EAI_SYSTEM ? strerror(r->sys) : gai_strerror(r->gai);

		rc = err_set(&err, MISCSI_ERR_TRANS, "cannot resolve host name %s: %s",
			str_escape(name, sizeof(name), r->host, strlen(r->host)), why);
	}
	if (r->done)
		r->done(r->arg, rc, &r->result, &err);
	resolve_free(r);
}

int resolve_start(struct worker_pool *pool, const char *host, uint16_t port,
	void (*done)(void *arg, int result, const struct resolved *r, const struct err *err), void *arg, struct resolve **out)
{
	struct resolve *r = x_new(struct resolve);
	int rc;

	if (!r)
		return -ENOMEM;
	r->host = x_strdup(host);
	if (!r->host) {
		x_free(r);
		return -ENOMEM;
	}
	r->work = (struct work){ .run = resolve_run, .done = resolve_done };
	r->pool = pool;
	r->port = port;
	r->done = done;
	r->arg = arg;
	rc = worker_submit(pool, &r->work);
	if (rc < 0) {
		resolve_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

void resolve_cancel(struct resolve **slot)
{
	struct resolve *r = *slot;

	*slot = NULL;
	if (!r)
		return;
	r->done = NULL;
	if (worker_cancel(r->pool, &r->work))
		resolve_free(r);
}

/* Asks no server and loads no module, so it may be called on the loop: most portals are numbers. */
int resolve_numeric(const char *host, uint16_t port, struct resolved *out)
{
	out->n = 0;
	return resolve_host(host, port, AI_NUMERICHOST, out) ? -EINVAL : 0;
}
