/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers without threads: a job runs when the world says so, and its end is reported later. It takes the place of
 * core/base/worker.c and keeps its promises.
 */
#include "config.h"
#include "os.h"
#include "sim.h"
#include "base/mem.h"
#include "base/worker.h"
#include <errno.h>
#include <unistd.h>

enum work_state { WORK_IDLE, WORK_QUEUED, WORK_STARTS, WORK_RUNS, WORK_RAN };

/* A job that a "thread" has taken; the world's events name it by its number, as the pool may be gone by then. */
struct seat {
	struct seat *next;
	struct work *work;
	struct worker_pool *pool;
	bool over; /* the pool was freed */
};

struct worker_pool {
	struct loop *loop;
	struct loop_fd source;
	int efd;
	struct work *waiting, **waiting_end, *ran, **ran_end;
	struct seat *seats;
	unsigned max, running, pending;
	bool stopping;
	bool *freed;
};

static void put(struct work ***end, struct work *w, int state)
{
	w->state = state;
	w->next = NULL;
	**end = w;
	*end = &w->next;
}

static struct work *get(struct work **head, struct work ***end)
{
	struct work *w = *head;

	if (!w)
		return NULL;
	*head = w->next;
	if (!*head)
		*end = head;
	w->state = WORK_IDLE;
	return w;
}

static void start_jobs(struct worker_pool *p);

static void leave_seat(struct seat *seat)
{
	struct seat **at = &seat->pool->seats;

	while (*at != seat)
		at = &(*at)->next;
	*at = seat->next;
	seat->over = true;
	seat->pool->running--;
}

static void job_over(void *arg, uint32_t number)
{
	struct seat *seat = arg;
	struct worker_pool *p = seat->pool;
	const uint64_t one = 1;

	(void)number;
	if (seat->over)
		return;
	put(&p->ran_end, seat->work, WORK_RAN);
	leave_seat(seat);
	__wrap_write(p->efd, &one, sizeof(one));
	start_jobs(p);
}

/* Mostly at once, sometimes after seconds: a request that waits for the kernel's mutex, a file on a dead disk, a slow name server. */
static uint64_t delay(void)
{
	if (plan_calm())
		return sim_random(3);
	return sim_chance(90) ? sim_random(3) : sim_chance(80) ? sim_random(300) : sim_random(8000);
}

static void job_run(void *arg, uint32_t number)
{
	struct seat *seat = arg;

	(void)number;
	if (seat->over)
		return;
	seat->work->state = WORK_RUNS;
	seat->work->run(seat->work);
	sim_after(sim_chance(70) ? 0 : delay(), job_over, seat, 0);
}

static void start_jobs(struct worker_pool *p)
{
	while (p->running < p->max && p->waiting) {
		struct seat *seat = sim_alloc(sizeof(*seat));

		seat->work = get(&p->waiting, &p->waiting_end);
		seat->work->state = WORK_STARTS;
		seat->pool = p;
		seat->next = p->seats;
		p->seats = seat;
		p->running++;
		sim_after(delay(), job_run, seat, 0);
	}
}

int worker_submit(struct worker_pool *p, struct work *w)
{
	if (p->stopping)
		return -ESHUTDOWN;
	if (w->state != WORK_IDLE)
		return -EBUSY;
	if (!plan_calm() && p->max > 1 && !p->running && sim_random(3000) == 0)
		return -EAGAIN; /* no thread could be made */
	put(&p->waiting_end, w, WORK_QUEUED);
	p->pending++;
	start_jobs(p);
	return 0;
}

bool worker_cancel(struct worker_pool *p, struct work *w)
{
	struct work **at = &p->waiting;

	if (w->state != WORK_QUEUED)
		return w->state == WORK_IDLE;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (p->waiting_end == &w->next)
		p->waiting_end = at;
	w->state = WORK_IDLE;
	p->pending--;
	return true;
}

int worker_pool_stay(struct worker_pool *p)
{
	(void)p;
	return 0;
}

void worker_pool_set_idle(struct worker_pool *p, unsigned ms)
{
	(void)p, (void)ms;
}

unsigned worker_pending(const struct worker_pool *p)
{
	return p->pending;
}

static bool deliver(struct worker_pool *p)
{
	bool freed = false, *outer = p->freed;
	struct work *w;

	p->freed = &freed;
	while ((w = get(&p->ran, &p->ran_end))) {
		p->pending--;
		w->done(w);
		if (freed) {
			if (outer)
				*outer = true;
			return false;
		}
	}
	p->freed = outer;
	return true;
}

static void finished(void *arg, uint32_t events)
{
	struct worker_pool *p = arg;
	uint64_t n;

	(void)events;
	if (__wrap_read(p->efd, &n, sizeof(n)) > 0)
		deliver(p);
}

int worker_pool_new(struct loop *l, unsigned max_threads, struct worker_pool **out)
{
	struct worker_pool *p = x_new(struct worker_pool);
	int rc;

	if (!p)
		return -ENOMEM;
	p->loop = l;
	p->max = max_threads;
	p->waiting_end = &p->waiting;
	p->ran_end = &p->ran;
	p->efd = __wrap_eventfd(0, 0);
	rc = loop_fd_add(l, &p->source, p->efd, EPOLLIN, finished, p);
	if (rc) {
		__wrap_close(p->efd);
		x_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

/* worker_pool_free() ends what runs, in no time. */
bool worker_pool_stop(struct worker_pool *p, unsigned ms)
{
	(void)p;
	(void)ms;
	return true;
}

/* Drops the jobs that wait, and waits for those that run. */
void worker_pool_free(struct worker_pool *p)
{
	if (!p || p->stopping)
		return;
	loop_fd_del(p->loop, &p->source);
	p->stopping = true;
	while (get(&p->waiting, &p->waiting_end))
		p->pending--;
	while (p->seats) {
		struct seat *seat = p->seats;

		if (seat->work->state == WORK_STARTS)
			seat->work->run(seat->work);
		put(&p->ran_end, seat->work, WORK_RAN);
		leave_seat(seat);
	}
	deliver(p);
	if (p->freed)
		*p->freed = true;
	__wrap_close(p->efd);
	x_free(p);
}
