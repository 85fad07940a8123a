/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets to the kernel: they send and receive datagrams without interpreting them.
 *
 * The operations are a table, so that tests can replace NETLINK_ISCSI by a simulated kernel. The caller of open() owns the
 * socket; one thread at a time may use it.
 */
#ifndef KERNEL_NETLINK_H
#define KERNEL_NETLINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct netlink_ops {
	/* Opens a socket that is in no group. -EPROTONOSUPPORT: the kernel has no iSCSI. -errno. */
	int (*open)(void *arg, void **sock);
	void (*close)(void *sock);
	/* Joins a multicast group and makes the receive buffer at least bytes large, as far as allowed.
	 * -EPERM without CAP_NET_ADMIN. */
	int (*join)(void *sock, unsigned group, size_t bytes);
	void (*leave)(void *sock, unsigned group);
	/*
	 * Sends one datagram of whole requests. The kernel runs them before this returns, however long that takes, and their
	 * answers then wait to be received. -ECONNREFUSED: not in the initial network namespace.
	 */
	int (*send)(void *sock, const void *bytes, size_t len);
	/*
	 * Receives at most n datagrams, one into each buffer, and sets their lengths in *lens. Does not wait. Returns their
	 * number, or -EAGAIN (no datagram), -ENOBUFS (some were lost; reported once), -errno. A datagram that was cut, or is not
	 * from the kernel, has length 0.
	 */
	int (*recv)(void *sock, void *bufs, size_t size, size_t *lens, unsigned n);
	/* For the event loop: readable when a datagram waits. */
	int (*fd)(void *sock);
};

/* NETLINK_ISCSI; its arg is NULL. */
extern const struct netlink_ops netlink_iscsi;

/*
 * The process whose socket has this port, which sysfs shows as a session's creator: libnl puts the process id into the low 22 bits
 * of the ports that it makes, and a number of the socket above them. 0: not the port of a socket (the kernel made the session).
 */
static inline pid_t netlink_process(int64_t port)
{
	return port == -1 ? 0 : (pid_t)((uint32_t)port & 0x3fffff);
}

#endif
