/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transport tcp: sessions of the kernel's iscsi_tcp over sockets that are made and connected here, in user space.
 *
 * One op, connect. The socket never blocks; what came of it is known when it becomes writable.
 */
#include <miscsi/plugin.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* The socket is ours until give(); from then on it is the core's, which hands it to the kernel by BIND_CONN. */
struct connecting {
	int fd;
	struct miscsi_binding *out;
	struct miscsi_watch *watch;
};

static uint32_t setting_number(struct miscsi_op *op, const char *key)
{
	const char *text = op->core->setting(op, key);

	return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

/* A warning and no more. */
static void set_socket_option(
	struct miscsi_op *op, int fd, const struct sockaddr *dst, const int option[2], int value, const char *name)
{
	char address[INET6_ADDRSTRLEN] = "";
	const void *bytes = dst->sa_family == AF_INET ?
		(const void *)&((const struct sockaddr_in *)(const void *)dst)->sin_addr :
		(const void *)&((const struct sockaddr_in6 *)(const void *)dst)->sin6_addr;

	if (setsockopt(fd, option[0], option[1], &value, sizeof(value)) == 0)
		return;
	inet_ntop(dst->sa_family, bytes, address, sizeof(address));
	op->core->log(op, MISCSI_LOG_WARN,
		"the connection to %s keeps the system's default of %s, because it cannot be set to %d: %s", address, name, value,
		strerror(errno));
}

/*
 * The default of node.conn[0].tcp.window_size. Every record has it, whether somebody wanted it or not; and a buffer that is set
 * no longer grows: with net.core.rmem_max as Linux has it, 36 MB/s over 2 ms of round trip, where the system's own reach 250.
 */
#define WINDOW_DEFAULT 524288u

/*
 * A connect does not fail because of a smaller window, or another class of service, than requested. TCP_NODELAY always: a SCSI
 * command must not wait for the answer to the one before.
 */
static void set_options(struct miscsi_op *op, int fd, const struct sockaddr *dst)
{
	static const int no_delay[] = { IPPROTO_TCP, TCP_NODELAY }, receive[] = { SOL_SOCKET, SO_RCVBUF },
			 send[] = { SOL_SOCKET, SO_SNDBUF }, service[] = { IPPROTO_IP, IP_TOS },
			 class[] = { IPPROTO_IPV6, IPV6_TCLASS };
	uint32_t window = setting_number(op, "node.conn[0].tcp.window_size");
	uint32_t tos = setting_number(op, "node.conn[0].tcp.type_of_service");

	set_socket_option(op, fd, dst, no_delay, 1, "TCP_NODELAY");
	if (window > 0 && window <= INT32_MAX && window != WINDOW_DEFAULT) {
		/* before connect: the window's scale is agreed on in the first packet */
		set_socket_option(
			op, fd, dst, receive, (int)window, "the size of the receive buffer (node.conn[0].tcp.window_size)");
		set_socket_option(op, fd, dst, send, (int)window, "the size of the send buffer (node.conn[0].tcp.window_size)");
	}
	if (tos > 0 && tos <= 255)
		set_socket_option(op, fd, dst, dst->sa_family == AF_INET ? service : class, (int)tos,
			"the type of service (node.conn[0].tcp.type_of_service)");
}

/* Looked up first, so that the message names a mistyped device. */
static int bind_netdev(struct miscsi_op *op, int fd, const char *netdev, const char *setting)
{
	int error;

	if (strlen(netdev) >= IFNAMSIZ || if_nametoindex(netdev) == 0)
		return op->core->set_error(op, MISCSI_ERR_TRANS,
			"there is no network device '%s': correct %s ('ip link' lists the network devices)", netdev, setting);
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, netdev, (socklen_t)strlen(netdev) + 1) == 0)
		return 0;
	error = errno;
	op->core->set_error(op, MISCSI_ERR_TRANS, "the connection's socket cannot be bound to network device '%s' (%s): %s",
		netdev, setting, strerror(error));
	return -error;
}

/*
 * The search for the network device of an address. Ifaces may name their device by its hardware address, which survives a
 * renaming of devices.
 */
struct search {
	struct miscsi_op *op;
	const char *hwaddress;
	char found[IFNAMSIZ];
};

static int any_entry(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return 1;
}

/* A bond and its members, a bridge and its ports show one address: the one that carries IP has no master. */
static int has_address(void *arg, const char *name)
{
	struct search *s = arg;
	char path[64 + IFNAMSIZ], address[64];

	if (strlen(name) >= IFNAMSIZ)
		return 0;
	snprintf(path, sizeof(path), "class/net/%s/address", name);
	if (s->op->core->sysfs_read(s->op, path, address, sizeof(address)) < 0 || strcasecmp(address, s->hwaddress) != 0)
		return 0;
	snprintf(path, sizeof(path), "class/net/%s/master", name);
	if (s->op->core->sysfs_list(s->op, path, any_entry, NULL) >= 0)
		return 0;
	memcpy(s->found, name, strlen(name) + 1);
	return 1;
}

static int bind_hwaddress(struct miscsi_op *op, int fd, const char *hwaddress)
{
	struct search s = { .op = op, .hwaddress = hwaddress };

	if (op->core->sysfs_list(op, "class/net", has_address, &s) > 0)
		return bind_netdev(op, fd, s.found, "iface.hwaddress");
	return op->core->set_error(op, MISCSI_ERR_TRANS,
		"there is no network device with the hardware address '%s': correct iface.hwaddress ('ip link' shows the "
		"addresses)",
		hwaddress);
}

/* Port 0: the kernel chooses, as for any connection that goes out. */
static int bind_address(struct miscsi_op *op, int fd, const char *ip)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *found = NULL;
	int error = 0;

	if (getaddrinfo(ip, NULL, &hints, &found) != 0)
		return op->core->set_error(op, MISCSI_ERR_INVAL, "'%s' is not an IP address: correct iface.ipaddress", ip);
	if (bind(fd, found->ai_addr, found->ai_addrlen) < 0)
		error = errno;
	freeaddrinfo(found);
	if (error == EINVAL || error == EAFNOSUPPORT)
		op->core->set_error(op, MISCSI_ERR_TRANS,
			"cannot connect from %s (iface.ipaddress), because the portal's address is of the other family: use IPv4 "
			"or IPv6 for both",
			ip);
	else if (error)
		op->core->set_error(op, MISCSI_ERR_TRANS,
			"cannot connect from %s, which has to be an address of this machine (iface.ipaddress): %s", ip,
			strerror(error));
	return -error;
}

/* Both count: the device decides the way, the address what the target sees. */
static int bind_source(struct miscsi_op *op, int fd, const struct miscsi_connect_args *args)
{
	int rc = 0;

	if (args->netdev && *args->netdev)
		rc = bind_netdev(op, fd, args->netdev, "iface.net_ifacename");
	else if (args->hwaddress && *args->hwaddress)
		rc = bind_hwaddress(op, fd, args->hwaddress);
	if (rc == 0 && args->ip && *args->ip)
		rc = bind_address(op, fd, args->ip);
	return rc;
}

/* A time-out has an exit status of its own, 8: Trident takes 4, 8 and 11 for "unreachable". */
static int tcp_failed(struct miscsi_op *op, int error)
{
	uint32_t code = error == ETIMEDOUT ? MISCSI_ERR_TRANS_TIMEOUT : MISCSI_ERR_TRANS;

	op->core->set_error(op, code, "%s", strerror(error));
	return -error;
}

static void give(struct connecting *c)
{
	c->out->kind = MISCSI_BINDING_SOCKET;
	c->out->value = (uint64_t)c->fd;
	c->fd = -1;
}

/* Only while the op is under way, so the descriptor is open. */
static void tcp_cancel(struct miscsi_op *op)
{
	struct connecting *c = op->data;

	op->core->unwatch(&c->watch);
	close(c->fd);
}

/* Writable means that the connect has ended; SO_ERROR is its result. */
static void writable(struct miscsi_op *op, void *arg, uint32_t events)
{
	struct connecting *c = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)events;
	op->core->unwatch(&c->watch);
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error) {
		close(c->fd);
		op->core->op_done(op, tcp_failed(op, error));
		return;
	}
	give(c);
	op->core->op_done(op, 0);
}

/* 0 connected already; -EINPROGRESS; -errno, c->fd is then the caller's to close. */
static int tcp_begin(struct miscsi_op *op, struct connecting *c, const struct miscsi_connect_args *args)
{
	int rc = bind_source(op, c->fd, args);

	if (rc < 0)
		return rc;
	set_options(op, c->fd, args->dst);
	if (connect(c->fd, args->dst, args->dst_len) == 0) {
		give(c);
		return 0;
	}
	if (errno != EINPROGRESS)
		return tcp_failed(op, errno);
	rc = op->core->watch(op, c->fd, MISCSI_FD_WRITE, writable, c, &c->watch);
	return rc < 0 ? rc : -EINPROGRESS;
}

static int tcp_connect(struct miscsi_op *op, const struct miscsi_connect_args *args, struct miscsi_binding *out)
{
	struct connecting *c = op->core->op_alloc(op, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	op->data = c;
	c->out = out;
	c->fd = socket(args->dst->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (c->fd < 0)
		return tcp_failed(op, errno);
	rc = tcp_begin(op, c, args);
	if (rc < 0 && rc != -EINPROGRESS)
		close(c->fd);
	return rc;
}

static const struct miscsi_match match[] = {
	MISCSI_MATCH(.transport = "tcp", .module = "iscsi_tcp", .proc_name = "iscsi_tcp"),
	MISCSI_END,
};

MISCSI_OPS(endpoint, endpoint, .connect = tcp_connect);

MISCSI_PLUGIN(tcp, .version = PLUGIN_VERSION, .summary = "iSCSI over TCP in software", .match = match,
	.traits = MISCSI_TRAIT_SOCKET | MISCSI_TRAIT_SESSION_HOST, .cancel = tcp_cancel, .endpoint = &endpoint, );
