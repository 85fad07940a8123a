/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps from a portal to a transport connection. */
#include "link/dial.h"
#include "base/mem.h"
#include "link/engine.h"
#include "proto/login.h"
#include "record/record.h"
#include <string.h>

#define PATIENCE_MS 100 /* how long a look-up may delay a connection to a name whose last addresses are known */
#define KNOWN_MAX 2 /* the record's name, and one that the target redirected to */

struct dial_known {
	struct dial_known *next; /* older */
	char *host;
	uint16_t port;
	struct resolved to;
};

static void free_known(struct dial_known *k)
{
	if (!k)
		return;
	free_known(k->next);
	x_free(k->host);
	x_free(k);
}

static struct dial_known *find_known(const struct dial *d, const char *host, uint16_t port)
{
	struct dial_known *k = d->known;

	while (k && (k->port != port || strcmp(k->host, host) != 0))
		k = k->next;
	return k;
}

/* Without memory the name is only looked up the next time. */
static void remember(struct dial *d, const char *host, uint16_t port, const struct resolved *r)
{
	struct dial_known *k = find_known(d, host, port);
	unsigned n = 1;

	if (!k) {
		k = x_new(struct dial_known);
		if (k)
			k->host = x_strdup(host);
		if (!k || !k->host) {
			x_free(k);
			return;
		}
		k->port = port;
		k->next = d->known;
		d->known = k;
	}
	k->to = *r;
	for (k = d->known; k->next && n < KNOWN_MAX; n++)
		k = k->next;
	free_known(k->next);
	k->next = NULL;
}

/* The end of the step: with these addresses, or with the last ones. */
static void dial_found(struct dial *d, const struct resolved *r, const struct err *err)
{
	const struct dial_known *k = find_known(d, d->host, d->port);

	d->waiting = false;
	loop_timer_cancel(d->engine->loop, &d->patience);
	if (r || k)
		*d->addresses = r ? *r : k->to;
	d->done(d, r || k ? NULL : err);
}

static void dial_resolved(void *arg, int result, const struct resolved *r, const struct err *err)
{
	struct dial *d = arg;

	d->resolving = NULL;
	if (result >= 0)
		remember(d, d->asked, d->asked_port, r);
	else
		log_debug(d->engine->log, "session", "%s", err->text);
	if (d->waiting)
		dial_found(d, result >= 0 ? r : NULL, err);
}

/* The name server may be one that only this connection brings back. */
static void dial_impatient(void *arg)
{
	dial_found(arg, NULL, NULL);
}

/* One look-up at a time: a name server that does not answer holds up one helper for each dial. */
static int ask(struct dial *d, struct err *err)
{
	int rc = 0;

	if (d->resolving && d->asked_port == d->port && strcmp(d->asked, d->host) == 0)
		return 0;
	resolve_cancel(&d->resolving);
	if (x_strset(&d->asked, d->host) < 0)
		return err_nomem(err, "the host name of the portal");
	d->asked_port = d->port;
	rc = resolve_start(d->engine->helpers, d->host, d->port, dial_resolved, d, &d->resolving);
	return rc < 0 ?
		err_sys(err, MISCSI_ERR_NOMEM, -rc, "cannot start the helper process that resolves the host name %s", d->host) :
		0;
}

/* Every attempt asks anew: a target that moved is found again. */
static int dial_resolve(struct dial *d, struct err *err)
{
	const struct dial_known *k;
	int rc;

	if (!d->addresses)
		d->addresses = x_new(struct resolved);
	if (!d->addresses)
		return err_nomem(err, "the addresses of the portal");
	if (resolve_numeric(d->host, d->port, d->addresses) == 0)
		return 1;
	k = find_known(d, d->host, d->port);
	rc = ask(d, err);
	if (k && rc < 0) {
		*d->addresses = k->to;
		return 1;
	}
	if (k)
		loop_timer_set(d->engine->loop, &d->patience, PATIENCE_MS, dial_impatient, d);
	d->waiting = rc == 0;
	return rc;
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

	/* one address of a name may be of a kind that cannot be connected to from here: the next one is tried */
	if (result < 0 && d->addresses->n > 1 && err_retry(op->err.code) == ERR_RETRY_NEVER)
		op->err.code = MISCSI_ERR_TRANS;
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
			"the target redirected the login more than %d times, last to %s: check on the target whether its portals "
			"redirect to each other",
			DIAL_REDIRECTS_MAX, to->portal.host);
	return 0;
}

void dial_repeat(struct dial *d)
{
	if (d->next)
		d->next--;
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
	d->waiting = false;
	loop_timer_cancel(d->engine->loop, &d->patience);
	transport_cancel(&d->op);
}

static void free_addresses(struct dial *d)
{
	x_free(d->addresses);
	d->addresses = NULL;
}

void dial_settle(struct dial *d)
{
	free_addresses(d);
	if (d->next)
		d->next--;
}

void dial_know(struct dial *d, const char *host, uint16_t port, const char *address)
{
	struct resolved r;

	if (resolve_numeric(host, port, &r) < 0 && resolve_numeric(address, port, &r) == 0)
		remember(d, host, port, &r);
}

void dial_forget(struct dial *d)
{
	resolve_cancel(&d->resolving);
	free_addresses(d);
	free_known(d->known);
	d->known = NULL;
	x_strset(&d->asked, NULL);
}
