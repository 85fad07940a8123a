/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up machine: a clock that the kit moves, a kernel that answers as its mood is, a /sys with one host. */
#include "config.h"
#include "base/mem.h"
#include "base/worker.h"
#include "kernel/kernel.h"
#include "kernel/sysfs.h"
#include "plugin/load.h"
#include "plugin/private.h"
#include "plugin/report.h"
#include "tests/kit/kit.h"
#include <errno.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the kernel: each request is answered as soon as it was sent ---- */

#define ANSWERS_MAX 64
#define ANSWER_BYTES 512

static struct {
	uint8_t bytes[ANSWER_BYTES];
	size_t len;
} answers[ANSWERS_MAX];
static unsigned answered, taken;

static int kernel_open(void *arg, void **sock)
{
	*sock = arg;
	return 0;
}

static void kernel_shut(void *sock)
{
	(void)sock;
}

static int kernel_join(void *sock, unsigned group, size_t bytes)
{
	(void)sock;
	(void)group;
	(void)bytes;
	return 0;
}

static void kernel_leave(void *sock, unsigned group)
{
	(void)sock;
	(void)group;
}

static bool is_multicast(uint32_t type)
{
	return type == ISCSI_UEVENT_GET_STATS || type == ISCSI_UEVENT_GET_CHAP || type == ISCSI_UEVENT_GET_HOST_STATS;
}

static void answer_request(const struct world *w, const uint8_t *message)
{
	struct nlmsghdr head;
	struct iscsi_uevent ev;
	size_t payload = 0;

	memcpy(&head, message, sizeof(head));
	memcpy(&ev, message + NLMSG_HDRLEN, sizeof(ev));
	if (w->mood == KERNEL_SILENT || answered == ANSWERS_MAX)
		return;
	memset(&ev.r, 0, sizeof(ev.r));
	if (ev.type == ISCSI_UEVENT_EP_POLL)
		ev.r.retcode = 1;
	if (ev.type == ISCSI_UEVENT_EP_CONNECT || ev.type == ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST)
		ev.r.ep_connect_ret.handle = 7;
	if (w->mood == KERNEL_LIES) {
		memset(&ev.r, 0xff, sizeof(ev.r));
		ev.r.retcode = (int32_t)(w->now % 3); /* not a refusal */
	}
	if (is_multicast(ev.type) && w->mood != KERNEL_REFUSES) {
		head.nlmsg_type = 0;
		payload = w->mood == KERNEL_LIES ? w->now % 200 : 96;
	}
	if (w->mood == KERNEL_REFUSES) {
		ev.type = ISCSI_KEVENT_IF_ERROR;
		ev.iferror = -w->errnum;
	}
	head.nlmsg_len = (uint32_t)(ISCSI_MSG_HEAD + payload);
	memset(answers[answered].bytes, w->mood == KERNEL_LIES ? 0xff : 0, ANSWER_BYTES);
	memcpy(answers[answered].bytes, &head, sizeof(head));
	memcpy(answers[answered].bytes + NLMSG_HDRLEN, &ev, sizeof(ev));
	answers[answered++].len = head.nlmsg_len;
}

static int kernel_send(void *sock, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	struct nlmsghdr head;

	for (answered = taken = 0; len >= ISCSI_MSG_HEAD;) {
		size_t step;

		memcpy(&head, at, sizeof(head));
		answer_request(sock, at);
		step = (head.nlmsg_len + 7u) & ~(size_t)7;
		if (step > len)
			break;
		at += step;
		len -= step;
	}
	return 0;
}

static int kernel_recv(void *sock, void *bufs, size_t size, size_t *lens, unsigned n)
{
	unsigned i;

	(void)sock;
	for (i = 0; i < n && taken < answered; i++, taken++) {
		lens[i] = answers[taken].len;
		memcpy((char *)bufs + i * size, answers[taken].bytes, lens[i] < size ? lens[i] : size);
	}
	return i ? (int)i : -EAGAIN;
}

static int kernel_fd(void *sock)
{
	(void)sock;
	return -1;
}

static const struct netlink_ops made_up = { .open = kernel_open,
	.close = kernel_shut,
	.join = kernel_join,
	.leave = kernel_leave,
	.send = kernel_send,
	.recv = kernel_recv,
	.fd = kernel_fd };

/* ---- /sys ---- */

static void put(const struct world *w, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", w->dir, path);
	for (char *slash = strchr(full + strlen(w->dir) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	f = fopen(full, "we");
	if (f) {
		fprintf(f, "%s\n", text);
		fclose(f);
	}
}

void world_host(struct world *w, const struct transport *t)
{
	char path[128];

	put(w, "class/scsi_host/host0/proc_name", transport_proc_name(t));
	put(w, "class/iscsi_host/host0/hwaddress", "02:00:00:00:00:01");
	put(w, "class/iscsi_host/host0/netdev", "eth0");
	put(w, "class/iscsi_host/host0/ipaddress", "127.0.0.1");
	put(w, "class/net/eth0/address", "02:00:00:00:00:01");
	put(w, "class/iscsi_session/session1/state", "FREE");
	put(w, "bus/iscsi_flashnode/devices/flashnode_sess-0:0/portal_type", "ipv4");
	snprintf(path, sizeof(path), "class/iscsi_transport/%s/handle", transport_name(t));
	put(w, path, "4096");
}

/* ---- the program ---- */

static uint64_t world_clock(void *arg)
{
	return *(uint64_t *)arg;
}

/* What the core writes about the plugin at level warn or above is a refusal, or a fault. */
static void world_log(void *arg, enum log_level level, const char *module, const char *text)
{
	const struct world *w = arg;

	(void)module;
	(void)w;
	if (level <= LOG_LEVEL_WARN && strstr(text, "is not used: "))
		kit_breaks(CLAUSE_LOADS, "%s", strstr(text, "is not used: ") + strlen("is not used: "));
	else if (level <= LOG_LEVEL_WARN && strstr(text, " made a mistake in "))
		kit_breaks(strstr(text, "connect() returned") ? CLAUSE_BINDING : CLAUSE_CALLS, "%s", text);
}

/* What plugins report has no effect here, but they learn that it was heard. */
static void world_hears(void *arg, const struct plugin *from, uint32_t event, uint32_t number)
{
	(void)arg;
	(void)from;
	(void)event;
	(void)number;
}

bool world_open(struct world *w, const char *file, const char *sys)
{
	static struct sysfs sysfs = SYSFS_CLOSED;
	static char state[PATH_MAX];
	char dir[PATH_MAX], base[PATH_MAX], *name;
	struct plugins_config config = { 0 };
	struct plugin *p;

	memset(w, 0, sizeof(*w));
	w->file = file;
	w->now = 1000;
	w->log = (struct log){ .level = LOG_LEVEL_WARN, .write = world_log, .arg = w };
	w->dir = sys;
	snprintf(dir, sizeof(dir), "%s", file);
	snprintf(base, sizeof(base), "%s", file);
	name = basename(base);
	name[strcspn(name, ".")] = '\0';
	if (sysfs_open(&sysfs, w->dir) < 0 || loop_new(&w->loop) < 0 || kernel_new(&made_up, w, &w->kernel) < 0)
		return false;
	loop_set_clock(w->loop, world_clock, &w->now);
	config.loop = w->loop;
	config.log = &w->log;
	config.kernel = w->kernel;
	config.sysfs = &sysfs;
	config.dirs = dirname(dir);
	snprintf(state, sizeof(state), "%s/state", w->dir);
	config.state = state;
	if (plugins_new(&config, &w->ps) < 0)
		return false;
	report_listen(w->ps, world_hears, w);
	if (load_named(w->ps, name) < 0)
		return false;
	w->sysfs = &sysfs;
	list_for_each (p, &w->ps->list, node) {
		if (p->started)
			return true;
	}
	return false;
}

bool world_works(const struct world *w)
{
	struct plugin *p;

	list_for_each (p, &w->ps->list, node) {
		if (p->thread && worker_pending(p->thread))
			return true;
	}
	return false;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void world_remove(const char *dir)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void world_close(struct world *w)
{
	plugins_free(w->ps);
	kernel_free(w->kernel);
	if (w->loop)
		loop_free(w->loop);
	if (w->sysfs)
		sysfs_close(w->sysfs);
}

/* ---- memory: the plugin's calls of malloc() come here too ---- */

static unsigned long fail_at;

void world_fail_at(unsigned long nth)
{
	fail_at = nth;
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static bool fails_now(void)
{
	return fail_at && --fail_at == 0;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	return fails_now() ? (errno = ENOMEM, NULL) : __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
	return fails_now() ? (errno = ENOMEM, NULL) : __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t size)
{
	return fails_now() ? (errno = ENOMEM, NULL) : __libc_realloc(p, size);
}
#endif
