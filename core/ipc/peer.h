/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The authority of the process at the other end of a local socket. */
#ifndef IPC_PEER_H
#define IPC_PEER_H

#include "base/err.h"
#include <stdbool.h>
#include <sys/types.h>

#define PEER_POWERLESS ((uid_t)65534) /* "nobody" */

/*
 * Returns the uid of the process that connected, as it was at connect(). uid 0 counts only with CAP_SYS_ADMIN, which the kernel
 * requires for iSCSI, in this process's user namespace; without, and if that cannot be determined, the result is PEER_POWERLESS.
 *
 * The process is held by a pidfd, and must live until its capabilities were read, so that no other process with its number is
 * looked at. Before Linux 6.5 (no SO_PEERPIDFD) one moment is left: a process of uid 0 that ends between its connect() and this call
 * counts as the process that got its number. -errno: not a local socket.
 */
int peer_uid(int fd, uid_t *uid);
/*
 * Whether requests, with the passwords of records, may be sent to the process that listens at the other end. Any process can bind the
 * abstract name `name` first; a path needs no such check, because its directory belongs to root. -EPERM: it is neither root's nor this
 * user's (ISCSID_NOTCONN, with the process); other -errno: ISCSID_COMM_ERR.
 */
int peer_check_server(int fd, const char *name, struct err *err);

/*
 * For a client, of its server: is that root without CAP_SYS_ADMIN in our user namespace? Only if it can be seen: not of a process
 * that our pid namespace lacks, nor by a client without CAP_SYS_PTRACE if both namespaces map users alike.
 */
bool peer_is_powerless_root(int fd);

#endif
