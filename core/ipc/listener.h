/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the daemon is reached: sockets that systemd passes, or its own.
 *
 * Its own are two: a path, and a name in the abstract namespace. Scripts that enter only the network
 * namespace of the daemon (a container with the host's network) do not see the path; clients try the path
 * first. Everyone may connect to either; what a peer may do is decided by its credentials. An abstract name
 * belongs to who binds it first, so a client trusts one only if root serves it.
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
 * A listening socket, non-blocking and close-on-exec. A path: its directory is made (0755), a socket of a
 * dead daemon is replaced in one step (bound under another name and renamed), mode 0666. -EADDRINUSE with
 * ISCSID_COMM_ERR when somebody listens there already.
 */
int listener_open(const char *name, int *out, struct err *err);
/* At the end, after its socket was closed: removes a path unless somebody serves it again. Not for sockets of
 * systemd. */
void listener_unlink(const char *name);

/*
 * The stream sockets that systemd passed to this process (LISTEN_PID, LISTEN_FDS; both are unset so that no
 * child takes them for its own): how many, at most max, in fds; others are closed. 0 when there is none.
 */
int listener_inherit(int *fds, int max);

#endif
