/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors, sockets, the clock and names, as the daemon sees them. */
#include "config.h"
#include "os.h"
#include "sim.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct os_file *table[OS_DESCRIPTORS];

/* What the daemon uses. */
static struct {
	unsigned long calls, allocations;
	bool timed;
	unsigned depth;
	clock_t world; /* CPU time in which the world went on */
} used;

/* The time of the call is the world's, which a call may be made in, too. */
int os_call(void)
{
	used.calls++;
	if (used.timed && used.depth++ == 0)
		used.world -= clock();
	return 0;
}

void os_return(const int *call)
{
	(void)call;
	if (used.timed && --used.depth == 0)
		used.world += clock();
}

unsigned long os_calls(void)
{
	return used.calls;
}

unsigned long os_allocations(void)
{
	return used.allocations;
}

void os_time(bool on)
{
	used.timed = on;
}

unsigned long os_daemon_us(void)
{
	return (unsigned long)((double)(clock() - used.world) * 1e6 / CLOCKS_PER_SEC);
}

void os_reset(void)
{
	memset(table, 0, sizeof(table));
	os_files_reset();
}

/* The lowest free number, as Linux does it. */
static int os_number(struct os_file *f)
{
	for (int i = 0; i < OS_DESCRIPTORS; i++) {
		if (table[i])
			continue;
		table[i] = f;
		f->refs++;
		return OS_FIRST + i;
	}
	errno = EMFILE;
	return -1;
}

int os_open(enum os_kind kind, struct os_file **out)
{
	struct os_file *f = sim_alloc(sizeof(*f));

	f->kind = kind;
	if (out)
		*out = f;
	return os_number(f);
}

struct os_file *os_file(int fd)
{
	return fd >= OS_FIRST && fd < OS_FIRST + OS_DESCRIPTORS ? table[fd - OS_FIRST] : NULL;
}

void os_unref(struct os_file *f)
{
	if (--f->refs)
		return;
	if (f->kind == OS_SOCKET && f->link)
		net_closed(f->link);
	if (f->kind == OS_STREAM && f->client)
		client_closed(f->client);
}

unsigned os_count(void)
{
	unsigned n = 0;

	for (int i = 0; i < OS_DESCRIPTORS; i++)
		n += table[i] != NULL;
	return n;
}

void os_close_all(void)
{
	for (int i = 0; i < OS_DESCRIPTORS; i++) {
		if (table[i])
			os_unref(table[i]);
		table[i] = NULL;
	}
}

uint32_t os_ready(const struct os_file *f)
{
	switch (f->kind) {
	case OS_EVENT:
	case OS_NETLINK:
		return f->readable ? EPOLLIN : 0;
	case OS_SOCKET:
		return f->error ? EPOLLOUT | EPOLLERR | EPOLLHUP : f->connected ? EPOLLOUT | net_user_ready(f) : 0;
	case OS_STREAM:
		return client_ready(f->client);
	default:
		return 0;
	}
}

int __wrap_close(int fd)
{
	struct os_file *f = os_file(fd);

	OS_CALL;
	if (fd >= OS_FIRST && !f) {
		sim_fail("descriptor %d is closed, but is not open", fd);
		errno = EBADF;
		return -1;
	}
	if (!f)
		return __real_close(fd);
	table[fd - OS_FIRST] = NULL;
	os_unref(f);
	return 0;
}

int __wrap_fcntl(int fd, int cmd, ...)
{
	struct os_file *f = os_file(fd);

	OS_CALL;
	if (f && cmd == F_DUPFD_CLOEXEC)
		return os_number(f);
	if (f && cmd == F_GETFD)
		return FD_CLOEXEC;
	errno = EBADF;
	return -1;
}

int __wrap_eventfd(unsigned count, int flags)
{
	OS_CALL;
	(void)count, (void)flags;
	return os_open(OS_EVENT, NULL);
}

int __wrap_socket(int family, int type, int protocol)
{
	OS_CALL;
	(void)type, (void)protocol;
	if (family == AF_INET)
		return os_open(OS_SOCKET, NULL);
	errno = EAFNOSUPPORT;
	return -1;
}

int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_in *in = (const void *)sa;
	struct os_file *f = os_file(fd);
	int rc;

	OS_CALL;
	(void)len;
	rc = f ? net_connect(f, (unsigned)net_identity(ntohl(in->sin_addr.s_addr))) : -EBADF;
	errno = -rc;
	return rc ? -1 : 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	OS_CALL;
	(void)fd, (void)level, (void)name, (void)value, (void)len;
	return 0;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	struct os_file *f = os_file(fd);

	OS_CALL;
	(void)level;
	if (!f || name != SO_ERROR || *len < sizeof(int)) {
		errno = EBADF;
		return -1;
	}
	memcpy(value, &f->error, sizeof(int));
	return 0;
}

/* To and from a client. */
static ssize_t result(ssize_t n)
{
	if (n >= 0)
		return n;
	errno = (int)-n;
	return -1;
}

ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags)
{
	struct os_file *f = os_file(fd);

	OS_CALL;
	(void)flags;
	if (f && f->kind == OS_SOCKET)
		return result(net_user_sends(f, bytes, len));
	return result(f && f->kind == OS_STREAM ? client_received(f->client, bytes, len) : -EBADF);
}

ssize_t __wrap_recv(int fd, void *bytes, size_t len, int flags)
{
	struct os_file *f = os_file(fd);

	OS_CALL;
	(void)flags;
	if (f && f->kind == OS_SOCKET)
		return result(net_user_receives(f, bytes, len));
	return result(f && f->kind == OS_STREAM ? client_sends(f->client, bytes, len) : -EBADF);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	(void)id;
	ts->tv_sec = (time_t)(sim_now() / 1000);
	ts->tv_nsec = (long)(sim_now() % 1000) * 1000000;
	return 0;
}

int __wrap_getrusage(int who, struct rusage *usage)
{
	OS_CALL;
	(void)who;
	*usage = (struct rusage){ 0 };
	return 0;
}

/* core/base/mem.c alone calls these. */
static long blocks;

long os_blocks(void)
{
	return blocks;
}

void *__wrap_calloc(size_t n, size_t size)
{
	void *at = __real_calloc(n, size);

	used.allocations++;
	blocks += at != NULL;
	return at;
}

void *__wrap_realloc(void *old, size_t size)
{
	void *at = __real_realloc(old, size);

	used.allocations++;
	blocks += at && !old;
	return at;
}

void __wrap_free(void *at)
{
	blocks -= at != NULL;
	__real_free(at);
}

int __wrap_malloc_trim(size_t pad)
{
	(void)pad;
	return 0;
}

/* Each iscsid has another one, which is part of the names of its temporary files. */
/* A helper waits, and nobody else. */
int __wrap_usleep(useconds_t us)
{
	OS_CALL;
	(void)us;
	return 0;
}

pid_t __wrap_getpid(void)
{
	return daemon_pid();
}

int __wrap_RAND_bytes(unsigned char *bytes, int len)
{
	for (int i = 0; i < len; i++)
		bytes[i] = (unsigned char)sim_random(256);
	return 1;
}

/* 10.0.TARGET.PORTAL, and the names tTARGETpPORTAL.example for the same. */
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	struct {
		struct addrinfo a;
		struct sockaddr_in in;
	} * found;
	struct in_addr address;
	unsigned t, p;

	if (inet_pton(AF_INET, host, &address) != 1) {
		if (hints->ai_flags & AI_NUMERICHOST || sscanf(host, "t%up%u.example", &t, &p) != 2)
			return EAI_NONAME;
		address.s_addr = htonl(0x0a000000 | t << 8 | p);
	}
	found = sim_alloc(sizeof(*found));
	found->in =
		(struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = address, .sin_port = htons((uint16_t)atoi(service)) };
	found->a = (struct addrinfo){ .ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_addrlen = sizeof(found->in),
		.ai_addr = (struct sockaddr *)&found->in };
	*out = &found->a;
	return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *a)
{
	(void)a;
}
