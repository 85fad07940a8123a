/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets of NETLINK_ISCSI, by libnl. Messages are put together elsewhere: of libnl only the socket and its memberships are used.
 */
#include "config.h"
#include "kernel/netlink.h"
#include "kernel/iscsi_if.h"
#include <errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#define RECV_MAX 32

/* libnl's own codes say less than errno, which is what failed underneath. */
static int errno_or(int fallback)
{
	return errno > 0 ? -errno : fallback;
}

/*
 * EPROTONOSUPPORT when the module is not there and could not be loaded; ECONNREFUSED, on sending, from another network namespace
 * than the first, where the kernel has no end of this socket.
 */
static int nl_open(void *arg, void **out)
{
	struct nl_sock *sock = nl_socket_alloc();
	int rc;

	(void)arg;
	if (!sock)
		return -ENOMEM;
	errno = 0;
	if (nl_connect(sock, NETLINK_ISCSI) < 0) {
		rc = errno_or(-EIO);
		nl_socket_free(sock);
		return rc;
	}
	*out = sock;
	return 0;
}

static void nl_shut(void *sock)
{
	nl_socket_free(sock);
}

/* The room first, so that nothing is lost between joining and making it. */
static int nl_join(void *sock, unsigned group, size_t bytes)
{
	int fd = nl_socket_get_fd(sock);
	int room = (int)bytes;

	/* Beyond net.core.rmem_max only with CAP_NET_ADMIN, which joining needs too, but not in every user
	 * namespace. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	errno = 0;
	if (nl_socket_add_membership(sock, (int)group) < 0)
		return errno_or(-EPERM);
	return 0;
}

static void nl_leave(void *sock, unsigned group)
{
	(void)nl_socket_drop_membership(sock, (int)group);
}

static int nl_out(void *sock, const void *bytes, size_t len)
{
	int n;

	do {
		errno = 0;
		n = nl_sendto(sock, (void *)(uintptr_t)bytes, len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? errno_or(-EIO) : 0;
}

/* A message that was cut, or that a process has sent and not the kernel, is given back as one of no bytes. */
static int nl_in(void *sock, void *bufs, size_t size, size_t *lens, unsigned n)
{
	struct mmsghdr msg[RECV_MAX] = { 0 };
	struct iovec iov[RECV_MAX];
	struct sockaddr_nl from[RECV_MAX];
	int got;

	n = n > RECV_MAX ? RECV_MAX : n;
	for (unsigned i = 0; i < n; i++) {
		iov[i] = (struct iovec){ (char *)bufs + i * size, size };
		msg[i].msg_hdr = (struct msghdr){
			.msg_name = &from[i], .msg_namelen = sizeof(from[i]), .msg_iov = &iov[i], .msg_iovlen = 1
		};
	}
	do
		got = recvmmsg(nl_socket_get_fd(sock), msg, n, MSG_DONTWAIT, NULL);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	for (int i = 0; i < got; i++) {
		lens[i] = msg[i].msg_len;
		if ((msg[i].msg_hdr.msg_flags & MSG_TRUNC) || from[i].nl_pid != 0)
			lens[i] = 0;
	}
	return got;
}

static int nl_fd(void *sock)
{
	return nl_socket_get_fd(sock);
}

const struct netlink_ops netlink_iscsi = {
	.open = nl_open,
	.close = nl_shut,
	.join = nl_join,
	.leave = nl_leave,
	.send = nl_out,
	.recv = nl_in,
	.fd = nl_fd,
};
