/* SPDX-License-Identifier: GPL-2.0-or-later */
/* getaddrinfo in a helper process: it loads libraries, reads files and asks servers, and each of these may never come back. */
#include "base/resolve.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

struct resolve {
	struct helper_job job;
	char *host;
	void (*done)(void *arg, int result, const struct resolved *r, const struct err *err);
	void *arg;
};

struct resolve_request {
	uint16_t port;
	char host[];
};

struct resolve_answer {
	int sys; /* errno with EAI_SYSTEM */
	struct resolved result;
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

/* In a helper. The result is that of getaddrinfo(); a result without an answer is -errno, and the helper's. */
static int resolve_run(const void *request, size_t len, void *answer, size_t *answer_len)
{
	const struct resolve_request *r = request;
	struct resolve_answer *a = answer;
	int rc;

	(void)len;
	memset(a, 0, sizeof(*a));
	rc = resolve_host(r->host, r->port, 0, &a->result);
	a->sys = errno;
	*answer_len = sizeof(*a);
	return rc;
}

static void resolve_free(struct resolve *r)
{
	x_free(r->host);
	x_free(r);
}

static int resolve_failed(const struct resolve *r, int result, const struct resolve_answer *a, struct err *err)
{
	const char *why = !a ? strerror(-result) : result == EAI_SYSTEM ? strerror(a->sys) : gai_strerror(result);
	char name[256];

	return err_set(err, MISCSI_ERR_TRANS,
		"cannot resolve the host name %s: %s; check the name, /etc/hosts and the DNS servers",
		str_escape(name, sizeof(name), r->host, strlen(r->host)), why);
}

static void resolve_done(struct helper_job *j, int result, const void *answer, size_t len)
{
	struct resolve *r = container_of(j, struct resolve, job);
	const struct resolve_answer *a = len == sizeof(*a) ? answer : NULL;
	struct err err = ERR_INIT;
	int rc = a && result == 0 ? 0 : resolve_failed(r, result, a, &err);

	r->done(r->arg, rc, a ? &a->result : NULL, &err);
	resolve_free(r);
}

int resolve_start(struct helper_pool *pool, const char *host, uint16_t port,
	void (*done)(void *arg, int result, const struct resolved *r, const struct err *err), void *arg, struct resolve **out)
{
	size_t len = sizeof(struct resolve_request) + strlen(host) + 1;
	cleanup(x_freep) struct resolve_request *request = x_zalloc(len);
	struct resolve *r = x_new(struct resolve);
	int rc = request && r ? 0 : -ENOMEM;

	if (r)
		r->host = x_strdup(host);
	if (!rc && r->host) {
		r->job = (struct helper_job){ .run = resolve_run, .done = resolve_done, .key = helper_key(host) };
		r->done = done;
		r->arg = arg;
		request->port = port;
		strcpy(request->host, host);
		rc = helper_submit(pool, &r->job, request, len);
	} else {
		rc = -ENOMEM;
	}
	if (rc < 0) {
		if (r)
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
	helper_cancel(&r->job);
	resolve_free(r);
}

/* Asks no server and loads no module, so it may be called on the loop: most portals are numbers. */
int resolve_numeric(const char *host, uint16_t port, struct resolved *out)
{
	out->n = 0;
	return resolve_host(host, port, AI_NUMERICHOST, out) ? -EINVAL : 0;
}
