/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers: a pool of threads, its queue of jobs, and the eventfd by which finished ones reach the loop. The lock guards the
 * queue, the finished list, the slots and the jobs' states; nothing is called while it is held.
 */
#include "config.h"
#include "base/worker.h"
#include "base/mem.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* A daemon sits idle for weeks: threads that wait for nothing would hold their locked stacks all that time. */
#define IDLE_MS 10000

/*
 * Libraries of other people's making are called there: less than this has been seen to overflow. All of it is locked in memory by
 * mlockall().
 */
#ifdef __SANITIZE_ADDRESS__
#define STACK_BYTES (2048 * 1024)
#else
#define STACK_BYTES (256 * 1024)
#endif

#define STACK_TOUCHED (16 * 1024) /* of a thread that stays */

#define DELIVERY_US 10000 /* of one round of the loop */

enum work_state { WORK_IDLE, WORK_QUEUED, WORK_RUNS, WORK_RAN };

/* A thread cannot join itself: it sets `ended`, and the next user of the slot joins it. */
struct slot {
	struct worker_pool *pool;
	pthread_t thread;
	bool made; /* the loop's thread only: there is a thread to be joined */
	bool ended; /* joining it will not wait */
};

struct queue {
	struct work *head, **end;
	unsigned n;
};

/* Jobs move from `waiting` to a thread to `ran` to done(); a job is in one of these places or idle. */
struct worker_pool {
	struct loop *loop;
	struct loop_fd source;
	int efd;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct queue waiting, ran;
	unsigned idle; /* threads that wait for a job */
	unsigned pending; /* the loop's thread only */
	unsigned max;
	unsigned idle_ms;
	bool stopping;
	bool ending; /* worker_pool_free() is at work */
	bool stays; /* idle threads do not end */
	bool *freed; /* of the on_finished() that runs: set when a done() frees the pool */
	struct slot slots[];
};

static void queue_init(struct queue *q)
{
	q->head = NULL;
	q->end = &q->head;
	q->n = 0;
}

static void queue_put(struct queue *q, struct work *w, enum work_state state)
{
	w->state = state;
	w->next = NULL;
	*q->end = w;
	q->end = &w->next;
	q->n++;
}

/* w must be in this queue: its state says in which. */
static void queue_drop(struct queue *q, struct work *w)
{
	struct work **at = &q->head;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (q->end == &w->next)
		q->end = at;
	q->n--;
	w->state = WORK_IDLE;
}

static struct work *queue_get(struct queue *q)
{
	struct work *w = q->head;

	if (w)
		queue_drop(q, w);
	return w;
}

/* The clock is the condition's own: the wall clock may jump while we wait. */
static struct timespec time_after(unsigned ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* Waits for a job, with the lock held; NULL: the thread is to end. */
static struct work *wait_for_job(struct worker_pool *p)
{
	const struct timespec until = time_after(p->idle_ms);
	int rc = 0;

	while (!p->stopping && !p->waiting.head && rc != ETIMEDOUT) {
		p->idle++;
		rc = p->stays ? pthread_cond_wait(&p->wake, &p->lock) : pthread_cond_timedwait(&p->wake, &p->lock, &until);
		p->idle--;
	}
	return p->stopping ? NULL : queue_get(&p->waiting);
}

static __attribute__((noinline)) void touch_stack(void)
{
	volatile char room[STACK_TOUCHED];

	for (size_t i = 0; i < sizeof(room); i += 512)
		room[i] = 0;
}

static void *thread_main(void *arg)
{
	struct slot *s = arg;
	struct worker_pool *p = s->pool;
	const uint64_t one = 1;
	struct work *w;

	pthread_mutex_lock(&p->lock);
	if (p->stays)
		touch_stack();
	while ((w = wait_for_job(p))) {
		w->state = WORK_RUNS;
		pthread_mutex_unlock(&p->lock);
		w->run(w);
		pthread_mutex_lock(&p->lock);
		queue_put(&p->ran, w, WORK_RAN);
		/* Cannot fail but by overflow, and then the loop is awake already. */
		if (write(p->efd, &one, sizeof(one)) < 0)
			continue;
	}
	s->ended = true;
	if (p->stopping)
		pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int create_thread(struct slot *s)
{
	sigset_t all, old;
	pthread_attr_t attr;
	int rc = pthread_attr_init(&attr);

	if (rc)
		return -rc;
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	/* A thread begins with its maker's mask: signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&s->thread, &attr, thread_main, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	s->made = !rc;
	return -rc;
}

/* One thread more if there is room, with the lock held. 0 when some thread will come to the queue. */
static int add_thread(struct worker_pool *p)
{
	struct slot *room = NULL;
	unsigned running = 0;
	int rc;

	for (unsigned i = 0; i < p->max; i++) {
		if (p->slots[i].made && !p->slots[i].ended)
			running++;
		else if (!room)
			room = &p->slots[i];
	}
	if (!room)
		return 0;
	/* Its last deed was to release the lock: this does not wait. */
	if (room->made)
		pthread_join(room->thread, NULL);
	room->ended = false;
	rc = create_thread(room);
	return running ? 0 : rc;
}

/* That a thread cannot be made is not an error while another one runs: the job waits for that one. */
int worker_submit(struct worker_pool *p, struct work *w)
{
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	if (p->stopping)
		rc = -ESHUTDOWN;
	else if (w->state != WORK_IDLE)
		rc = -EBUSY;
	if (rc)
		goto out;
	queue_put(&p->waiting, w, WORK_QUEUED);
	if (p->waiting.n > p->idle)
		rc = add_thread(p);
	if (rc) {
		queue_drop(&p->waiting, w);
		goto out;
	}
	p->pending++;
	pthread_cond_signal(&p->wake);
out:
	pthread_mutex_unlock(&p->lock);
	return rc;
}

/* false: it runs or has run, and its done() will come. Until then its memory must stay. */
bool worker_cancel(struct worker_pool *p, struct work *w)
{
	bool out;

	pthread_mutex_lock(&p->lock);
	if (w->state == WORK_QUEUED) {
		queue_drop(&p->waiting, w);
		p->pending--;
	}
	out = w->state == WORK_IDLE;
	pthread_mutex_unlock(&p->lock);
	return out;
}

int worker_pool_stay(struct worker_pool *p)
{
	int rc;

	pthread_mutex_lock(&p->lock);
	p->stays = true;
	rc = add_thread(p);
	pthread_mutex_unlock(&p->lock);
	return rc;
}

void worker_pool_set_idle(struct worker_pool *p, unsigned ms)
{
	pthread_mutex_lock(&p->lock);
	p->idle_ms = ms;
	pthread_mutex_unlock(&p->lock);
}

unsigned worker_pending(const struct worker_pool *p)
{
	return p->pending;
}

/*
 * Calls done() of what ran until nothing is left, the time is over, or a done() frees the pool: false then. One at a time with the
 * lock let go, since a done() submits and cancels others.
 */
static bool deliver_finished(struct worker_pool *p, uint64_t until_us)
{
	bool freed = false, *outer = p->freed;
	struct work *w;

	p->freed = &freed;
	while (loop_clock_us(p->loop) < until_us) {
		pthread_mutex_lock(&p->lock);
		w = queue_get(&p->ran);
		pthread_mutex_unlock(&p->lock);
		if (!w)
			break;
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

/* Many may have ended while the loop was busy: what is left after some time is for the next round. */
static void on_finished(void *arg, uint32_t events)
{
	struct worker_pool *p = arg;
	const uint64_t one = 1;
	uint64_t n;
	bool left;

	(void)events;
	if (read(p->efd, &n, sizeof(n)) != (ssize_t)sizeof(n) || !deliver_finished(p, loop_clock_us(p->loop) + DELIVERY_US))
		return;
	pthread_mutex_lock(&p->lock);
	left = p->ran.head != NULL;
	pthread_mutex_unlock(&p->lock);
	if (left && write(p->efd, &one, sizeof(one)) < 0)
		return; /* cannot be: it is empty, or a thread has written since */
}

static int init_sync(struct worker_pool *p)
{
	pthread_condattr_t attr;
	int rc = pthread_condattr_init(&attr);

	if (rc)
		return -rc;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	rc = pthread_cond_init(&p->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (!rc)
		rc = pthread_mutex_init(&p->lock, NULL);
	return -rc;
}

int worker_pool_new(struct loop *l, unsigned max_threads, struct worker_pool **out)
{
	struct worker_pool *p;
	int rc;

	if (!max_threads)
		return -EINVAL;
	p = x_zalloc(sizeof(*p) + max_threads * sizeof(p->slots[0]));
	if (!p)
		return -ENOMEM;
	p->loop = l;
	p->max = max_threads;
	p->idle_ms = IDLE_MS;
	for (unsigned i = 0; i < max_threads; i++)
		p->slots[i].pool = p;
	queue_init(&p->waiting);
	queue_init(&p->ran);
	p->efd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = p->efd < 0 ? -errno : init_sync(p);
	if (!rc)
		rc = loop_fd_add(l, &p->source, p->efd, EPOLLIN, on_finished, p);
	if (rc) {
		if (p->efd >= 0)
			close(p->efd);
		x_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

/* After this no job begins. Jobs that wait are dropped, without their done(). */
static void stop_threads(struct worker_pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	while (queue_get(&p->waiting))
		p->pending--;
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

static bool threads_ended(const struct worker_pool *p)
{
	for (unsigned i = 0; i < p->max; i++)
		if (p->slots[i].made && !p->slots[i].ended)
			return false;
	return true;
}

bool worker_pool_stop(struct worker_pool *p, unsigned ms)
{
	const struct timespec until = time_after(ms);
	int rc = 0;
	bool ended;

	stop_threads(p);
	pthread_mutex_lock(&p->lock);
	while (!(ended = threads_ended(p)) && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&p->wake, &p->lock, &until);
	pthread_mutex_unlock(&p->lock);
	return ended;
}

void worker_pool_free(struct worker_pool *p)
{
	if (!p || p->ending)
		return;
	p->ending = true;
	loop_fd_del(p->loop, &p->source);
	stop_threads(p);
	for (unsigned i = 0; i < p->max; i++)
		if (p->slots[i].made)
			pthread_join(p->slots[i].thread, NULL);
	/* worker_cancel() promised these their done(): their owners may live on until it. */
	deliver_finished(p, UINT64_MAX);
	if (p->freed)
		*p->freed = true;
	close(p->efd);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	x_free(p);
}
