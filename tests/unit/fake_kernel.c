/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up kernel end of NETLINK_ISCSI. All state is under one lock, as the real one has one mutex for all
 * requests. */
#include "config.h"
#include "fake_kernel.h"
#include "base/list.h"
#include "base/mem.h"
#include "kernel/requests.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct datagram {
	struct list node;
	size_t len;
	uint8_t bytes[];
};

struct fake_sock {
	struct list node;
	struct fake_kernel *fk;
	struct list queue;
	unsigned groups; /* bits */
	bool lost;
	int recv_error; /* of the next receive, once */
	int efd;
};

struct fault {
	struct list node;
	uint32_t number;
	unsigned nth;
	enum fake_fault fault;
	int value;
};

struct request {
	struct list node;
	struct iscsi_uevent ev;
	size_t len;
	char payload[];
};

struct fake_kernel {
	pthread_mutex_t lock;
	struct list socks, faults, requests;
	unsigned n_requests, n_datagrams, hangs, n_socks;
	uint32_t last_sid, last_ep;
	int refuse_open, refuse_join;
	bool noise;
	bool (*hook)(void *arg, struct iscsi_uevent *ev, const uint8_t *payload, size_t len);
	void *hook_arg;
};

/* The allocation that a test lets fail is not to be ours; it fails once, so the second is had. */
static void *fake_zalloc(size_t size)
{
	void *memory = x_zalloc(size);

	return memory ? memory : x_zalloc(size);
}

static void queue_put(struct fake_sock *sock, const void *bytes, size_t len)
{
	struct datagram *d = fake_zalloc(sizeof(*d) + len);
	const uint64_t one = 1;

	memcpy(d->bytes, bytes, len);
	d->len = len;
	list_append(&sock->queue, &d->node);
	if (write(sock->efd, &one, sizeof(one)) < 0)
		abort();
}

static size_t message(uint8_t *buf, uint16_t type, const struct iscsi_uevent *ev, const void *data, size_t len)
{
	struct nlmsghdr head = { .nlmsg_len = (uint32_t)(ISCSI_MSG_HEAD + len), .nlmsg_type = type };

	memcpy(buf, &head, sizeof(head));
	memcpy(buf + sizeof(head), ev, sizeof(*ev));
	if (len)
		memcpy(buf + ISCSI_MSG_HEAD, data, len);
	return ISCSI_MSG_HEAD + len;
}

static void multicast(struct fake_kernel *fk, unsigned group, const void *bytes, size_t len)
{
	struct fake_sock *sock;

	list_for_each (sock, &fk->socks, node)
		if (sock->groups & 1u << group)
			queue_put(sock, bytes, len);
}

void fake_kernel_multicast(struct fake_kernel *fk, unsigned group, const void *bytes, size_t len)
{
	pthread_mutex_lock(&fk->lock);
	multicast(fk, group, bytes, len);
	pthread_mutex_unlock(&fk->lock);
}

static void event(struct fake_kernel *fk, unsigned group, const struct iscsi_uevent *ev, const void *data, size_t len)
{
	uint8_t buf[65536];

	multicast(fk, group, buf, message(buf, 0, ev, data, len));
}

void fake_kernel_event(struct fake_kernel *fk, unsigned group, const struct iscsi_uevent *ev, const void *data, size_t len)
{
	pthread_mutex_lock(&fk->lock);
	event(fk, group, ev, data, len);
	pthread_mutex_unlock(&fk->lock);
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* What the kernel would do if all goes well. */
static void act(struct fake_kernel *fk, struct iscsi_uevent *ev)
{
	struct iscsi_uevent note = { .transport_handle = ev->transport_handle };
	uint64_t ep;

	switch (ev->type) {
	case ISCSI_UEVENT_CREATE_SESSION:
	case ISCSI_UEVENT_CREATE_BOUND_SESSION:
		put32(ev->r.bytes, ++fk->last_sid);
		put32(ev->r.bytes + 4, fk->last_sid + 100);
		note.type = ISCSI_KEVENT_CREATE_SESSION;
		memcpy(note.r.bytes, ev->r.bytes, 8);
		event(fk, 1, &note, NULL, 0);
		break;
	case ISCSI_UEVENT_EP_CONNECT:
	case ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST:
		ep = ++fk->last_ep;
		memcpy(ev->r.bytes, &ep, sizeof(ep));
		break;
	case ISCSI_UEVENT_EP_POLL:
		put32(ev->r.bytes, 1);
		break;
	case ISCSI_UEVENT_UNBIND_SESSION:
	case ISCSI_UEVENT_DESTROY_SESSION:
	case ISCSI_UEVENT_DESTROY_SESSION_ASYNC:
		note.type = ev->type == ISCSI_UEVENT_UNBIND_SESSION ? ISCSI_KEVENT_UNBIND_SESSION : ISCSI_KEVENT_DESTROY_SESSION;
		put32(note.r.bytes + (note.type == ISCSI_KEVENT_UNBIND_SESSION ? 0 : 4), get32(ev->u.bytes));
		put32(note.r.bytes + (note.type == ISCSI_KEVENT_UNBIND_SESSION ? 4 : 0), get32(ev->u.bytes) + 100);
		event(fk, 1, &note, NULL, 0);
		break;
	}
}

static struct fault *fault_of(struct fake_kernel *fk, uint32_t number)
{
	struct fault *f, *found = NULL;

	list_for_each (f, &fk->faults, node)
		if (f->number == number && f->nth && !--f->nth && !found)
			found = f;
	return found;
}

static void answer(struct fake_sock *sock, struct iscsi_uevent *ev, const struct fault *f)
{
	struct fake_kernel *fk = sock->fk;
	uint16_t type = (uint16_t)ev->type;
	const struct requests_row *row = requests_row(type);
	struct iscsi_uevent noise = { .type = ISCSI_KEVENT_CONN_ERROR };
	uint8_t buf[1024];
	size_t len;

	if (row && row->answer == ANSWER_MULTICAST && (!(sock->groups & 2) || list_first(&sock->queue, struct datagram, node)))
		fk->hangs++;
	if (fk->noise)
		queue_put(sock, buf, message(buf, 0, &noise, NULL, 0));
	if (f && f->fault == FAKE_IF_ERROR) {
		ev->type = ISCSI_KEVENT_IF_ERROR;
		ev->iferror = -f->value;
	} else if (row && row->answer == ANSWER_MULTICAST) {
		if (!f || f->fault != FAKE_SILENT)
			event(fk, 1, ev, "statistics", sizeof("statistics"));
		return;
	} else {
		act(fk, ev);
	}
	if (f && f->fault == FAKE_RECV)
		sock->recv_error = f->value;
	if (f && f->fault == FAKE_RETCODE)
		put32(ev->r.bytes, (uint32_t)f->value);
	if (f && f->fault == FAKE_WRONG_TYPE)
		queue_put(sock, buf, message(buf, (uint16_t)f->value, ev, NULL, 0));
	len = message(buf, type, ev, NULL, 0);
	if (f && f->fault == FAKE_SHORT)
		len = (size_t)f->value;
	if (!f || f->fault != FAKE_SILENT)
		queue_put(sock, buf, len);
}

static void note_request(struct fake_kernel *fk, const struct iscsi_uevent *ev, const uint8_t *payload, size_t len)
{
	struct request *r = fake_zalloc(sizeof(*r) + len);

	r->ev = *ev;
	r->len = len;
	memcpy(r->payload, payload, len);
	list_append(&fk->requests, &r->node);
	fk->n_requests++;
}

/* One message of a datagram; gives its length, 0 when the kernel would stop reading. */
static size_t handle(struct fake_sock *sock, const uint8_t *at, size_t len, int *rc)
{
	struct fake_kernel *fk = sock->fk;
	struct nlmsghdr head;
	struct iscsi_uevent ev;
	struct fault *f;

	if (len < ISCSI_MSG_HEAD)
		return 0;
	memcpy(&head, at, sizeof(head));
	if (head.nlmsg_len < ISCSI_MSG_HEAD || head.nlmsg_len > len)
		return 0;
	memcpy(&ev, at + sizeof(head), sizeof(ev));
	f = fault_of(fk, head.nlmsg_type);
	if (f && f->fault == FAKE_SEND) {
		*rc = -f->value;
		return 0;
	}
	note_request(fk, &ev, at + ISCSI_MSG_HEAD, head.nlmsg_len - ISCSI_MSG_HEAD);
	if (!fk->hook || !fk->hook(fk->hook_arg, &ev, at + ISCSI_MSG_HEAD, head.nlmsg_len - ISCSI_MSG_HEAD))
		answer(sock, &ev, f);
	return NLMSG_ALIGN((size_t)head.nlmsg_len);
}

static int fake_send(void *s, const void *bytes, size_t len)
{
	struct fake_sock *sock = s;
	const uint8_t *at = bytes;
	size_t step;
	int rc = 0;

	pthread_mutex_lock(&sock->fk->lock);
	sock->fk->n_datagrams++;
	while (len && (step = handle(sock, at, len, &rc))) {
		step = step > len ? len : step;
		at += step;
		len -= step;
	}
	pthread_mutex_unlock(&sock->fk->lock);
	return rc;
}

static int recv_one(struct fake_sock *sock, uint8_t *buf, size_t size, size_t *len)
{
	struct datagram *d = list_first(&sock->queue, struct datagram, node);
	uint64_t n;

	if (!d) {
		if (read(sock->efd, &n, sizeof(n)) < 0)
			return -EAGAIN;
		return -EAGAIN;
	}
	*len = d->len > size ? 0 : d->len;
	memcpy(buf, d->bytes, *len);
	list_remove(&d->node);
	x_free(d);
	return 1;
}

static int fake_recv(void *s, void *bufs, size_t size, size_t *lens, unsigned n)
{
	struct fake_sock *sock = s;
	unsigned got = 0;

	pthread_mutex_lock(&sock->fk->lock);
	if (sock->lost) {
		sock->lost = false;
		pthread_mutex_unlock(&sock->fk->lock);
		return -ENOBUFS;
	}
	if (sock->recv_error) {
		int error = sock->recv_error;

		sock->recv_error = 0;
		pthread_mutex_unlock(&sock->fk->lock);
		return -error;
	}
	while (got < n && recv_one(sock, (uint8_t *)bufs + got * size, size, &lens[got]) > 0)
		got++;
	pthread_mutex_unlock(&sock->fk->lock);
	return got ? (int)got : -EAGAIN;
}

static int fake_open(void *arg, void **out)
{
	struct fake_kernel *fk = arg;
	struct fake_sock *sock;

	if (fk->refuse_open)
		return -fk->refuse_open;
	sock = x_new(struct fake_sock);
	if (!sock)
		return -ENOMEM;
	sock->fk = fk;
	sock->efd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	list_init(&sock->queue);
	pthread_mutex_lock(&fk->lock);
	list_append(&fk->socks, &sock->node);
	fk->n_socks++;
	pthread_mutex_unlock(&fk->lock);
	*out = sock;
	return 0;
}

static void fake_close(void *s)
{
	struct fake_sock *sock = s;
	struct fake_kernel *fk = sock->fk;
	struct datagram *d, *tmp;

	pthread_mutex_lock(&fk->lock);
	list_for_each_safe (d, tmp, &sock->queue, node)
		x_free(d);
	list_remove(&sock->node);
	fk->n_socks--;
	pthread_mutex_unlock(&fk->lock);
	close(sock->efd);
	x_free(sock);
}

static int fake_join(void *s, unsigned group, size_t bytes)
{
	const struct iscsi_uevent noise = { .type = ISCSI_KEVENT_CONN_ERROR };
	struct fake_sock *sock = s;
	uint8_t buf[ISCSI_MSG_HEAD];

	(void)bytes;
	if (sock->fk->refuse_join)
		return -sock->fk->refuse_join;
	pthread_mutex_lock(&sock->fk->lock);
	sock->groups |= 1u << group;
	if (sock->fk->noise)
		queue_put(sock, buf, message(buf, 0, &noise, NULL, 0));
	pthread_mutex_unlock(&sock->fk->lock);
	return 0;
}

static void fake_leave(void *s, unsigned group)
{
	struct fake_sock *sock = s;

	pthread_mutex_lock(&sock->fk->lock);
	sock->groups &= ~(1u << group);
	pthread_mutex_unlock(&sock->fk->lock);
}

static int fake_fd(void *s)
{
	return ((struct fake_sock *)s)->efd;
}

const struct netlink_ops fake_kernel_ops = { fake_open, fake_close, fake_join, fake_leave, fake_send, fake_recv, fake_fd };

struct fake_kernel *fake_kernel_new(void)
{
	struct fake_kernel *fk = x_new(struct fake_kernel);
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE); /* a hook may call what tests call */
	pthread_mutex_init(&fk->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	list_init(&fk->socks);
	list_init(&fk->faults);
	list_init(&fk->requests);
	return fk;
}

void fake_kernel_free(struct fake_kernel *fk)
{
	struct fault *f, *ftmp;
	struct request *r, *rtmp;

	list_for_each_safe (f, ftmp, &fk->faults, node)
		x_free(f);
	list_for_each_safe (r, rtmp, &fk->requests, node)
		x_free(r);
	pthread_mutex_destroy(&fk->lock);
	x_free(fk);
}

void fake_kernel_fault(struct fake_kernel *fk, uint32_t number, unsigned nth, enum fake_fault fault, int value)
{
	struct fault *f = x_new(struct fault);

	f->number = number;
	f->nth = nth;
	f->fault = fault;
	f->value = value;
	pthread_mutex_lock(&fk->lock);
	list_append(&fk->faults, &f->node);
	pthread_mutex_unlock(&fk->lock);
}

void fake_kernel_refuse_open(struct fake_kernel *fk, int errnum)
{
	fk->refuse_open = errnum;
}

void fake_kernel_refuse_join(struct fake_kernel *fk, int errnum)
{
	fk->refuse_join = errnum;
}

void fake_kernel_lose(struct fake_kernel *fk, bool subscribed)
{
	struct fake_sock *sock;
	const uint64_t one = 1;

	pthread_mutex_lock(&fk->lock);
	list_for_each (sock, &fk->socks, node) {
		if (!sock->groups == subscribed)
			continue;
		sock->lost = true;
		if (write(sock->efd, &one, sizeof(one)) < 0)
			abort();
	}
	pthread_mutex_unlock(&fk->lock);
}

void fake_kernel_noise(struct fake_kernel *fk, bool on)
{
	fk->noise = on;
}

void fake_kernel_hook(
	struct fake_kernel *fk, bool (*fn)(void *arg, struct iscsi_uevent *ev, const uint8_t *payload, size_t len), void *arg)
{
	fk->hook = fn;
	fk->hook_arg = arg;
}

static unsigned counted(struct fake_kernel *fk, const unsigned *counter)
{
	unsigned n;

	pthread_mutex_lock(&fk->lock);
	n = *counter;
	pthread_mutex_unlock(&fk->lock);
	return n;
}

unsigned fake_kernel_requests(struct fake_kernel *fk)
{
	return counted(fk, &fk->n_requests);
}

unsigned fake_kernel_datagrams(struct fake_kernel *fk)
{
	return counted(fk, &fk->n_datagrams);
}

unsigned fake_kernel_hangs(struct fake_kernel *fk)
{
	return counted(fk, &fk->hangs);
}

unsigned fake_kernel_sockets(struct fake_kernel *fk)
{
	return counted(fk, &fk->n_socks);
}

unsigned fake_kernel_listeners(struct fake_kernel *fk)
{
	struct fake_sock *sock;
	unsigned n = 0;

	pthread_mutex_lock(&fk->lock);
	list_for_each (sock, &fk->socks, node)
		n += (sock->groups & 2) != 0;
	pthread_mutex_unlock(&fk->lock);
	return n;
}

void fake_kernel_request(struct fake_kernel *fk, unsigned nth, struct iscsi_uevent *ev, char **payload, size_t *len)
{
	struct request *r;

	pthread_mutex_lock(&fk->lock);
	list_for_each (r, &fk->requests, node) {
		if (nth--)
			continue;
		*ev = r->ev;
		*len = r->len;
		*payload = x_zalloc(r->len + 1);
		memcpy(*payload, r->payload, r->len);
		break;
	}
	pthread_mutex_unlock(&fk->lock);
}
