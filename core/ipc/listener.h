/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets on which the daemon listens: those that systemd passes, or its own.
 *
 * Its own are a path and a name in the abstract namespace. A process that shares only the daemon's network namespace (a container
 * with the host's network) cannot see the path; clients try the path first. Every user may connect to either; the credentials of
 * a client decide what it may do. Any user can bind an abstract name first, so a client trusts one only if root serves it.
 */
#ifndef IPC_LISTENER_H
#define IPC_LISTENER_H

#include "base/err.h"
#include <stddef.h>
#include <sys/socket.h>

#define LISTENER_PATH "/run/miscsi/iscsid.socket"
#define LISTENER_ABSTRACT "@org.miscsi.iscsid"

/* "/path" or "@abstract name" as an address. -ENAMETOOLONG, -EINVAL when empty. */
struct sockaddr_un;
int listener_address(const char *name, struct sockaddr_un *addr, socklen_t *len);

/*
 * Opens a listening socket, non-blocking and close-on-exec. For a path, its directory is created (0755), the socket of a dead
 * daemon is replaced atomically, and the mode is 0666. -EADDRINUSE with ISCSID_COMM_ERR when another process is listening there.
 */
int listener_open(const char *name, int *out, struct err *err);
/* Removes a path after its socket was closed, unless another process is listening there. Not for sockets of systemd. */
void listener_unlink(const char *name);

/*
 * Stores in fds the stream sockets that systemd passed to this process, at most max, and returns their number; closes the others.
 * It reads LISTEN_PID and LISTEN_FDS and unsets them, so that child processes do not use the sockets.
 */
int listener_inherit(int *fds, int max);

#endif
