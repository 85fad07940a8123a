/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helper processes without processes: the jobs of work.c, as many at once as there are helpers. It takes the place of
 * core/base/helper.c.
 */
#include "config.h"
#include "sim.h"
#include "base/helper.h"
#include "base/mem.h"
#include "base/worker.h"
#include <errno.h>
#include <stdalign.h>
#include <string.h>

struct helper {
	struct work work;
	struct helper_job *job; /* NULL: cancelled */
	int (*run)(const void *request, size_t len, void *answer, size_t *answer_len);
	size_t len, answer_len;
	int result;
	alignas(max_align_t) uint8_t request[HELPER_BYTES_MAX];
	alignas(max_align_t) uint8_t answer[HELPER_BYTES_MAX];
};

struct helper_pool {
	struct worker_pool *workers;
	unsigned pending;
};

static void helper_run(struct work *w)
{
	struct helper *h = container_of(w, struct helper, work);

	h->result = h->run(h->request, h->len, h->answer, &h->answer_len);
}

static void helper_done(struct work *w)
{
	struct helper *h = container_of(w, struct helper, work);
	struct helper_job *j = h->job;

	if (j) {
		j->pool->pending--;
		j->helper = NULL;
		j->done(j, h->result, h->answer, h->answer_len);
	}
	x_free(h);
}

int helper_submit(struct helper_pool *p, struct helper_job *j, const void *request, size_t len)
{
	struct helper *h;
	int rc;

	if (j->helper)
		return -EBUSY;
	if (len > HELPER_BYTES_MAX)
		return -EMSGSIZE;
	h = x_new(struct helper);
	if (!h)
		return -ENOMEM;
	h->work = (struct work){ .run = helper_run, .done = helper_done };
	h->job = j;
	h->run = j->run;
	h->len = len;
	memcpy(h->request, request, len);
	rc = worker_submit(p->workers, &h->work);
	if (rc) {
		x_free(h);
		return rc;
	}
	j->pool = p;
	j->helper = h;
	p->pending++;
	if (j->begun)
		j->begun(j);
	return 0;
}

void helper_cancel(struct helper_job *j)
{
	struct helper *h = j->helper;

	if (!h)
		return;
	j->helper = NULL;
	h->job = NULL;
	j->pool->pending--;
	if (worker_cancel(j->pool->workers, &h->work))
		x_free(h);
}

uint64_t helper_key(const char *text)
{
	return (uint64_t)*text;
}

unsigned helper_pending(const struct helper_pool *p)
{
	return p->pending;
}

int helper_pool_new(struct loop *l, const struct helper_zygote *zygote, struct helper_pool **out)
{
	struct helper_pool *p = x_new(struct helper_pool);
	int rc = p ? worker_pool_new(l, 64, &p->workers) : -ENOMEM;

	(void)zygote;
	if (rc)
		x_free(p);
	else
		*out = p;
	return rc;
}

/* Jobs that wait are dropped by their owners before. */
void helper_pool_free(struct helper_pool *p)
{
	if (!p)
		return;
	worker_pool_free(p->workers);
	x_free(p);
}

/* The daemon's requests run in work.c, as those of a program without helpers: its kernel is in this process. */
int helper_spawn(struct helper_pool *p, void (*serve)(int fd), int *out)
{
	(void)p;
	(void)serve;
	(void)out;
	return -ENOSYS;
}
