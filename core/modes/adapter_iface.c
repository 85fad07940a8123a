/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ifaces of adapters: copied from sysfs to the database, and from the database to the adapter. */
#include "modes/adapter_iface.h"
#include "kernel/kernel.h"
#include "modes/host_mode.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/random.h>

/* ---- into the database ---- */

/* The host of a software session is not an adapter. Its plugin is loaded only if sysfs does not decide that. */
static bool host_is_adapter(struct context *ctx, const struct host_info *h)
{
	struct transport *t;
	struct err err = ERR_INIT;

	if (!*h->hwaddress || !*h->transport)
		return false;
	if (context_transport(ctx, h->transport, &t, &err) >= 0)
		return !(transport_traits(t) & MISCSI_TRAIT_SESSION_HOST);
	log_info(context_log(ctx), "iface", "host%u is not treated as an adapter, because its transport cannot be used: %s",
		h->host_no, err.text);
	return false;
}

static void keep_iface(struct context *ctx, struct db *db, const struct record *iface)
{
	cleanup(record_freep) struct record *there = NULL;
	const char *name = record_str(iface, FIELD_IFACE_NAME);
	struct err err = ERR_INIT;

	if (db_iface_find(db, name, &there, NULL) == 0)
		return;
	if (db_iface_add(db, iface, DB_ADD_NEW, NULL, &err) < 0)
		log_info(
			context_log(ctx), "iface", "cannot create the iface record %s for an adapter's port: %s", name, err.text);
}

static int setup_host_ifaces(struct context *ctx, struct db *db, const struct host_info *h, struct err *err)
{
	cleanup(host_ports_free) struct host_ports ports = { 0 };
	int rc = *h->transport && *h->hwaddress ? host_ports_read(context_sysfs(ctx), h, &ports, err) : 0;

	if (rc >= 0 && ports.n == 0 && host_is_adapter(ctx, h)) {
		host_ports_free(&ports);
		rc = host_ports_of_host(h, &ports, err);
	}
	for (size_t i = 0; rc >= 0 && i < ports.n; i++)
		keep_iface(ctx, db, ports.at[i].record);
	return rc;
}

int adapter_iface_setup(struct context *ctx, struct err *err)
{
	cleanup(host_list_free) struct host_list hosts = { 0 };
	struct db *db;
	int rc = context_may_write(ctx) ?
		context_db(ctx, &db, err) :
		err_set(err, MISCSI_ERR_IDBM,
			"this program only reads the record database, so it creates no iface records for the adapters");

	if (rc >= 0)
		rc = host_list_read(context_sysfs(ctx), context_map(ctx), &hosts, err);
	for (size_t i = 0; rc >= 0 && i < hosts.n; i++)
		rc = setup_host_ifaces(ctx, db, &hosts.at[i], err);
	return rc;
}

/* ---- which host ---- */

static bool adapter_iface_same_word(const char *wanted, const char *shown)
{
	return *shown && strcasecmp(wanted, shown) == 0;
}

/* bound: the iface must name the host. */
static bool host_serves(const struct host_info *h, const struct record *iface, bool bound)
{
	const char *hwaddress = record_explicit(iface, FIELD_IFACE_HWADDRESS),
		   *netdev = record_explicit(iface, FIELD_IFACE_NETDEV);

	if (strcmp(record_str(iface, FIELD_IFACE_TRANSPORT), h->transport) != 0)
		return false;
	if (hwaddress)
		return adapter_iface_same_word(hwaddress, h->hwaddress);
	return netdev ? adapter_iface_same_word(netdev, h->netdev) : !bound;
}

static bool any_host_serves(const struct host_list *hosts, const struct record *iface, bool bound)
{
	for (size_t i = 0; i < hosts->n; i++) {
		if (host_serves(&hosts->at[i], iface, bound))
			return true;
	}
	return false;
}

static void keep_bound_ifaces(const struct host_list *hosts, struct record_list *ifaces)
{
	size_t n = 0;

	for (size_t i = 0; i < ifaces->n; i++) {
		if (any_host_serves(hosts, ifaces->at[i], true))
			ifaces->at[n++] = ifaces->at[i];
		else
			record_free(ifaces->at[i]);
	}
	ifaces->n = n;
}

bool adapter_iface_is_served(const struct host_list *hosts, const struct record *iface)
{
	return any_host_serves(hosts, iface, false);
}

int adapter_iface_hosts(struct context *ctx, const char *which, struct host_list *out, struct err *err)
{
	int rc = host_mode_list(ctx, which, out, err);

	if (rc >= 0 && out->n == 0)
		rc = err_set(err, MISCSI_ERR_HOST_NOT_FOUND,
			"there is no iSCSI host: load the driver of an adapter, or log in to a target");
	return rc;
}

/* The adapter of an iface. If the transport has no adapters, the operation that follows reports that it is not supported. */
static int adapter_of(struct context *ctx, const struct record *iface, struct adapter *out, struct err *err)
{
	cleanup(host_list_free) struct host_list hosts = { 0 };
	const char *name = record_str(iface, FIELD_IFACE_NAME);
	size_t found = 0;
	int rc = host_mode_adapter_of(ctx, record_str(iface, FIELD_IFACE_TRANSPORT), MISCSI_NONE, out, err);

	if (rc < 0 || transport_traits(out->transport) & MISCSI_TRAIT_SESSION_HOST)
		return rc;
	rc = host_list_read(context_sysfs(ctx), context_map(ctx), &hosts, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < hosts.n; i++) {
		if (!host_serves(&hosts.at[i], iface, false))
			continue;
		out->host_no = hosts.at[i].host_no;
		found++;
	}
	if (found == 1)
		return adapter_open(out, err);
	return err_set(err, MISCSI_ERR_HOST_NOT_FOUND,
		found ? "iface %s matches several hosts: set its iface.hwaddress to the address of one host" :
			"no host matches iface %s: compare its iface.transport_name, iface.hwaddress and iface.net_ifacename "
			"with iscsiadm -m host -P 1",
		name);
}

/* ---- settings ---- */

int adapter_iface_apply(struct context *ctx, const struct record *iface, struct err *err)
{
	struct record *one[] = { (struct record *)iface };
	const struct record_list list = { one, 1, 1 };
	struct adapter a;
	int rc = adapter_of(ctx, iface, &a, err);

	return rc < 0 ? rc : adapter_net_apply(&a, &list, err);
}

int adapter_iface_apply_all(struct context *ctx, const char *which, uint32_t *host_no, struct err *err)
{
	cleanup(record_list_free) struct record_list ifaces = { 0 };
	cleanup(host_list_free) struct host_list hosts = { 0 };
	struct adapter a;
	struct db *db;
	int rc = host_mode_adapter(ctx, which, MISCSI_ERR_HOST_NOT_FOUND, &a, err);

	if (rc >= 0)
		rc = adapter_iface_hosts(ctx, which, &hosts, err);
	if (rc >= 0)
		rc = context_db(ctx, &db, err);
	if (rc >= 0)
		rc = db_iface_list(db, &ifaces, err);
	if (rc < 0)
		return rc;
	*host_no = a.host_no;
	keep_bound_ifaces(&hosts, &ifaces);
	if (ifaces.n == 0)
		return err_set(err, MISCSI_ERR_NO_OBJS_FOUND,
			"no iface is bound to host%u: set iface.hwaddress or iface.net_ifacename of an iface to that of the host",
			a.host_no);
	/* The kernel accepts several interfaces in one request; a plugin that does it itself accepts one. */
	if (transport_traits(a.transport) & MISCSI_TRAIT_KERNEL_NET)
		return adapter_net_apply(&a, &ifaces, err);
	for (size_t i = 0; rc >= 0 && i < ifaces.n; i++) {
		const struct record_list one = { &ifaces.at[i], 1, 1 };

		rc = adapter_net_apply(&a, &one, err);
	}
	return rc;
}

/* ---- ping ---- */

struct pinging {
	struct kernel_listener listener;
	struct loop_fd interrupt;
	struct loop *loop;
	struct transport_op *op;
	uint32_t id, host_no;
	bool stopped;
};

static void ping_interrupted(void *arg, uint32_t events)
{
	struct pinging *p = arg;

	(void)events;
	p->stopped = true;
	loop_fd_del(p->loop, &p->interrupt); /* it stays readable */
}

static void ping_done(void *arg, uint32_t host_no, uint32_t status, uint32_t id, const uint8_t *data, size_t len)
{
	const struct pinging *p = arg;

	(void)data;
	(void)len;
	if (p->op && id == p->id && host_no == p->host_no)
		transport_ping_event(p->op, status);
}

static const struct kernel_event_ops ping_events = { .ping_done = ping_done }, no_events;

static void ping_started(void *arg, struct transport_op *op)
{
	struct pinging *p = arg;

	p->op = op;
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int parse_ping_address(const char *text, union address *out, uint32_t *len, struct err *err)
{
	char shown[80];

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
		out->any.sa_family = AF_INET;
		*len = sizeof(out->v4);
		return 0;
	}
	out->any.sa_family = AF_INET6;
	*len = sizeof(out->v6);
	if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1)
		return 0;
	return err_set(err, MISCSI_ERR_INVAL,
		"'%s' (-a) is neither an IPv4 nor an IPv6 address: a ping requires a numeric address, not a host name",
		str_escape(shown, sizeof(shown), text, strlen(text)));
}

static int ping_once(const struct adapter *a, struct miscsi_ping_args *args, struct pinging *p, struct err *err)
{
	bool v6 = args->dst->sa_family == AF_INET6;
	int rc;

	if (args->iface_type != (v6 ? 2u : 1u))
		return err_set(err, MISCSI_ERR_OP_NOT_SUPP, "%s", err_text(MISCSI_ERR_OP_NOT_SUPP));
	if (getrandom(&args->id, sizeof(args->id), 0) != (ssize_t)sizeof(args->id))
		return err_sys(
			err, MISCSI_ERR_INTERNAL, errno, "cannot get a random number from the kernel to identify the ping");
	p->id = args->id;
	rc = adapter_ping(a, args, ping_started, p, err);
	p->op = NULL;
	return rc;
}

static void ping_pause(const struct pinging *p, uint32_t seconds)
{
	uint64_t now = loop_now(p->loop), until = now + seconds * 1000ull;

	for (; !p->stopped && now < until; now = loop_now(p->loop)) {
		if (loop_step(p->loop, (int)(until - now)) < 0)
			return;
	}
}

static int ping_all(
	const struct adapter *a, struct miscsi_ping_args *args, struct adapter_ping *ping, struct pinging *p, struct err *err)
{
	bool refused = false;
	int first = 0;

	for (uint32_t i = 0; i < ping->count && !refused; i++) {
		struct err why = ERR_INIT;
		int rc;

		if (i)
			ping_pause(p, ping->interval_s);
		if (i && p->stopped)
			break;
		rc = ping_once(a, args, p, &why);
		refused = why.code == MISCSI_ERR_OP_NOT_SUPP || why.code == MISCSI_ERR_ACCESS;
		ping->sent += !refused;
		ping->received += rc >= 0;
		if (rc != -EINTR)
			ping->reply(ping->arg, i + 1, &why);
		if (rc < 0 && first == 0) {
			first = rc;
			err_copy(err, &why);
		}
	}
	if (ping->received)
		err_clear(err);
	return ping->received ? 0 : first;
}

int adapter_iface_ping(struct context *ctx, const struct record *iface, struct adapter_ping *ping, struct err *err)
{
	struct miscsi_ping_args args = { .size = sizeof(args),
		.payload = ping->size,
		.iface_num = (uint32_t)record_int(iface, FIELD_IFACE_NUM),
		.iface_type = record_is_ipv6(iface) ? 2 : 1 };
	struct pinging p = { 0 };
	const struct engine *engine;
	union address to;
	struct adapter a;
	int rc = parse_ping_address(ping->address, &to, &args.dst_len, err);

	args.dst = &to.any;
	if (rc >= 0)
		rc = adapter_of(ctx, iface, &a, err);
	if (rc >= 0)
		rc = context_engine(ctx, &engine, err);
	if (rc < 0)
		return rc;
	p.host_no = a.host_no;
	p.loop = engine->loop;
	a.stop = &p.stopped;
	/* If the kernel does not send the pings, it reports nothing about them. */
	if (transport_traits(a.transport) & MISCSI_TRAIT_KERNEL_PING)
		rc = kernel_attach(engine->kernel, engine->loop, &no_events, NULL, err);
	if (rc < 0 && rc != -EALREADY)
		return rc;
	list_init(&p.listener.node);
	p.listener.events = &ping_events;
	p.listener.arg = &p;
	kernel_listen(engine->kernel, &p.listener);
	if (ping->interrupt >= 0)
		loop_fd_add(p.loop, &p.interrupt, ping->interrupt, EPOLLIN, ping_interrupted, &p);
	rc = ping_all(&a, &args, ping, &p, err);
	loop_fd_del(p.loop, &p.interrupt);
	kernel_unlisten(&p.listener);
	return rc;
}
