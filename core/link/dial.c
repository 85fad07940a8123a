/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps from a portal to a transport connection. */
#include "link/dial.h"
#include "base/mem.h"
#include "link/engine.h"
#include "proto/login.h"
#include "record/record.h"

static void dial_resolved(void *arg, int result, const struct resolved *r, const struct err *err)
{
	struct dial *d = arg;

	d->resolving = NULL;
	if (result >= 0)
		*d->addresses = *r;
	d->done(d, result < 0 ? err : NULL);
}

/* Every look-up asks anew: a target that moved is found again. */
static int dial_resolve(struct dial *d, struct err *err)
{
	int rc;

	if (!d->addresses)
		d->addresses = x_new(struct resolved);
	if (!d->addresses)
		return err_nomem(err, "addresses");
	if (resolve_numeric(d->host, d->port, d->addresses) == 0)
		return 1;
	rc = resolve_start(d->engine->helpers, d->host, d->port, dial_resolved, d, &d->resolving);
	return rc < 0 ? err_sys(err, MISCSI_ERR_NOMEM, -rc, "cannot resolve host name %s", d->host) : 0;
}

static void dial_opened(struct transport_op *op, int result)
{
	struct dial *d = op->arg;

	if (result >= 0)
		result = dial_resolve(d, &op->err);
	if (result != 0)
		d->done(d, result < 0 ? &op->err : NULL);
}

int dial_look_up(struct dial *d, const char *host, uint16_t port, enum dial_driver driver, struct err *err)
{
	d->host = host;
	d->port = port;
	if (driver == DIAL_NO_DRIVER || (driver == DIAL_DRIVER && transport_handle(d->transport)))
		return dial_resolve(d, err);
	transport_op_init(&d->op, dial_opened, d);
	transport_open(d->transport, &d->op);
	return 0;
}

static void dial_connected(struct transport_op *op, int result)
{
	struct dial *d = op->arg;

	d->done(d, result < 0 ? &op->err : NULL);
}

static uint64_t dial_limit_ms(int64_t seconds)
{
	return (uint64_t)(seconds > 0 ? seconds : DIAL_TIMEOUT_S) * 1000;
}

void dial_arm(const struct engine *e, struct loop_timer *t, int64_t seconds, void (*late)(void *arg), void *arg)
{
	loop_timer_set(e->loop, t, dial_limit_ms(seconds), late, arg);
}

/* A setting that is not explicit is left out: the plugin then lets the kernel choose by route. */
void dial_connect(struct dial *d, const struct record *iface, int64_t seconds)
{
	unsigned nth = d->next++ % d->addresses->n;
	struct miscsi_connect_args args = {
		.size = sizeof(args),
		.timeout_ms = (uint32_t)dial_limit_ms(seconds),
		.dst = (const struct sockaddr *)&d->addresses->addr[nth].sa,
		.dst_len = d->addresses->addr[nth].len,
		.netdev = iface ? record_explicit(iface, FIELD_IFACE_NETDEV) : NULL,
		.ip = iface ? record_explicit(iface, FIELD_IFACE_IPADDRESS) : NULL,
		.hwaddress = iface ? record_explicit(iface, FIELD_IFACE_HWADDRESS) : NULL,
	};

	transport_op_init(&d->op, dial_connected, d);
	d->settings(d, &d->op);
	transport_connect(d->transport, &d->op, &args);
}

int dial_redirect(unsigned *count, const struct login_redirect *to, struct err *err)
{
	if (++*count > DIAL_REDIRECTS_MAX)
		return err_set(err, MISCSI_ERR_LOGIN,
			"the target redirected the login more than %d times, last to %s: check its redirection settings",
			DIAL_REDIRECTS_MAX, to->portal.host);
	return 0;
}

bool dial_at_end(const struct dial *d)
{
	return !d->addresses || d->next >= d->addresses->n;
}

void dial_rewind(struct dial *d)
{
	d->next = 0;
}

const struct sockaddr_storage *dial_address(const struct dial *d)
{
	const struct resolved *a = d->addresses;

	return a && a->n && d->next ? &a->addr[(d->next - 1) % a->n].sa : NULL;
}

void dial_cancel(struct dial *d)
{
	resolve_cancel(&d->resolving);
	transport_cancel(&d->op);
}

void dial_forget(struct dial *d)
{
	x_free(d->addresses);
	d->addresses = NULL;
}
