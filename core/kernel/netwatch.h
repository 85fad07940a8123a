/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches the machine's network: reports that a link came up, or that an address or route was added, so that failed attempts are
 * repeated.
 */
#ifndef KERNEL_NETWATCH_H
#define KERNEL_NETWATCH_H

#include "base/loop.h"

struct netwatch;

/*
 * fn is called from the loop, once for a burst of changes (they come in bursts: link, addresses, routes), soon after its last one
 * and at the latest a second after its first. Needs no privilege. -errno of the socket.
 */
int netwatch_new(struct loop *l, void (*fn)(void *arg), void *arg, struct netwatch **out);
void netwatch_free(struct netwatch *w); /* NULL is allowed */

#endif
