/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notices that the target closes the TCP connection of a session that logs out, which the kernel does not report then.
 *
 * A descriptor of the connection shows it at once. A connection that an earlier iscsid made has none: a helper looks for it among the
 * kernel's TCP connections (kernel/tcp_diag.h), after 100 ms and then at growing intervals, up to 1 s.
 */
#ifndef LINK_HANGUP_H
#define LINK_HANGUP_H

struct engine;
struct hangup;
struct kconn;

/*
 * closed() is called once, from the loop; never if the kernel of a connection without a descriptor has no inet_diag, or the connection is
 * not TCP's. -errno: it will not be noticed.
 */
int hangup_watch(const struct kconn *k, void (*closed)(void *arg), void *arg, struct hangup **out);
void hangup_free(struct hangup **h); /* closed() will not be called. *h may be NULL */

#endif
