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
 * Changes come in bursts: link, addresses, routes. fn is called from the loop, always again after the last one.
 *
 * WHEN_QUIET: once for a burst, 200 ms after its last change and at the latest a second after its first. AT_ONCE: at the first one, and
 * while the burst goes on after 10 ms, 20 ms and so on, then every 200 ms.
 *
 * Needs no privilege. -errno of the socket.
 */
enum netwatch_when { NETWATCH_WHEN_QUIET, NETWATCH_AT_ONCE };

int netwatch_new(struct loop *l, enum netwatch_when when, void (*fn)(void *arg), void *arg, struct netwatch **out);
void netwatch_free(struct netwatch *w); /* NULL is allowed */

#endif
