/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches the machine's network: tells when a link came up, or an address or route was added. For those who wait to try something again.
 */
#ifndef KERNEL_NETWATCH_H
#define KERNEL_NETWATCH_H

#include "base/loop.h"

struct netwatch;

/*
 * fn is called from the loop, once for a burst of changes (they come in bursts: link, addresses, routes), soon after its last one and at
 * the latest a second after its first. Needs no privilege. -errno of the socket.
 */
int netwatch_new(struct loop *l, void (*fn)(void *arg), void *arg, struct netwatch **out);
void netwatch_free(struct netwatch *w); /* NULL is nothing */

#endif
