/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a connection, by its descriptor or by its name. */
#include "link/hangup.h"
#include "base/mem.h"
#include "kernel/tcp_diag.h"
#include "link/engine.h"
#include "link/kconn.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define FIRST_MS 100 /* by then, most targets have answered */
#define MOST_MS 1000

struct hangup {
	const struct engine *engine;
	void (*closed)(void *arg);
	void *arg;
	struct loop_fd fd;
	struct loop_timer later;
	struct helper_job look;
	struct tcp_diag_name name;
	uint64_t interval; /* ms */
};

static void hangup_seen(void *arg, uint32_t events)
{
	struct hangup *h = arg;

	(void)events;
	loop_fd_del(h->engine->loop, &h->fd);
	h->closed(h->arg);
}

static int hangup_run(const void *request, size_t len, void *answer, size_t *answer_len)
{
	struct tcp_diag_name name;

	(void)len, (void)answer, (void)answer_len;
	memcpy(&name, request, sizeof(name));
	return tcp_diag_established(&name);
}

static void hangup_later(struct hangup *h);

static void hangup_looked(struct helper_job *j, int result, const void *answer, size_t len)
{
	struct hangup *h = container_of(j, struct hangup, look);

	(void)answer, (void)len;
	if (result == 0)
		h->closed(h->arg);
	else if (result == -ENOENT)
		log_debug(h->engine->log, "session",
			"this kernel has no inet_diag (modules inet_diag and tcp_diag), so if the target closes a connection "
			"that an "
			"earlier iscsid made, iscsid notices it only when the logout times out");
	else
		hangup_later(h);
}

static void hangup_look(void *arg)
{
	struct hangup *h = arg;

	h->look = (struct helper_job){ .run = hangup_run, .done = hangup_looked, .key = helper_key("inet_diag") };
	if (helper_submit(h->engine->helpers, &h->look, &h->name, sizeof(h->name)) < 0)
		hangup_later(h);
}

static void hangup_later(struct hangup *h)
{
	loop_timer_set(h->engine->loop, &h->later, h->interval, hangup_look, h);
	h->interval = h->interval * 2 < MOST_MS ? h->interval * 2 : MOST_MS;
}

/* Where the driver does not show the port here, all connections to the portal are looked at. */
static int hangup_name(const struct sysfs *s, uint32_t sid, struct tcp_diag_name *out)
{
	char address[INET6_ADDRSTRLEN];
	int64_t port, local = 0;
	int rc = sysfs_read(s, address, sizeof(address), "class/iscsi_connection/connection%u:0/address", sid);

	if (rc == 0)
		rc = sysfs_read_int(s, &port, "class/iscsi_connection/connection%u:0/port", sid);
	if (rc < 0)
		return rc;
	sysfs_read_int(s, &local, "class/iscsi_connection/connection%u:0/local_port", sid);
	*out = (struct tcp_diag_name){ .family = strchr(address, ':') ? AF_INET6 : AF_INET,
		.port = htons((uint16_t)port),
		.local_port = htons((uint16_t)local) };
	return inet_pton(out->family, address, out->address) == 1 ? 0 : -EINVAL;
}

static int hangup_begin(struct hangup *h, const struct kconn *k)
{
	int rc;

	if (k->binding.kind == MISCSI_BINDING_SOCKET)
		return loop_fd_add(h->engine->loop, &h->fd, (int)k->binding.value, EPOLLRDHUP, hangup_seen, h);
	if (!(transport_traits(k->transport) & MISCSI_TRAIT_SOCKET))
		return 0;
	rc = hangup_name(h->engine->sysfs, k->sid, &h->name);
	if (rc == 0)
		hangup_later(h);
	return rc;
}

int hangup_watch(const struct kconn *k, void (*closed)(void *arg), void *arg, struct hangup **out)
{
	struct hangup *h = x_new(struct hangup);
	int rc;

	if (!h)
		return -ENOMEM;
	*h = (struct hangup){ .engine = k->engine, .closed = closed, .arg = arg, .interval = FIRST_MS };
	rc = hangup_begin(h, k);
	if (rc < 0)
		hangup_free(&h);
	else
		*out = h;
	return rc;
}

void hangup_free(struct hangup **h)
{
	if (!*h)
		return;
	loop_fd_del((*h)->engine->loop, &(*h)->fd);
	loop_timer_cancel((*h)->engine->loop, &(*h)->later);
	helper_cancel(&(*h)->look);
	x_free(*h);
	*h = NULL;
}
