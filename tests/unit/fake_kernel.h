/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A made-up kernel end of NETLINK_ISCSI, to be given to kernel_new(): it answers as the real one does, counts sessions up, sends
 * their events to who joined group 1, and does wrong what a test asks for. Sends may come from another thread.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include "kernel/kernel.h"

struct fake_kernel;

extern const struct netlink_ops fake_kernel_ops; /* its arg: a struct fake_kernel * */

struct fake_kernel *fake_kernel_new(void);
void fake_kernel_free(struct fake_kernel *fk);

enum fake_fault {
	FAKE_IF_ERROR, /* value: errno, positive */
	FAKE_RETCODE, /* value: the retcode */
	FAKE_SILENT, /* no answer */
	FAKE_SHORT, /* an answer of value bytes */
	FAKE_WRONG_TYPE, /* an answer of nlmsg_type value, then the right one */
	FAKE_SEND, /* send() fails; value: errno */
	FAKE_RECV, /* the answer is there, but receive() fails first; value: errno */
};

/* The nth request (from now, 1 is the next) of that number goes wrong, once. Several may wait. */
void fake_kernel_fault(struct fake_kernel *fk, uint32_t number, unsigned nth, enum fake_fault fault, int value);
/* Opening (0), joining a group: fails with errnum from now on; 0 no more. */
void fake_kernel_refuse_open(struct fake_kernel *fk, int errnum);
void fake_kernel_refuse_join(struct fake_kernel *fk, int errnum);
/* The next receive of a subscribed (or an unsubscribed) socket says that some were lost. */
void fake_kernel_lose(struct fake_kernel *fk, bool subscribed);
/* Events are put before each answer on the requesting socket too, as on one that listens; and before all else on one that joins. */
void fake_kernel_noise(struct fake_kernel *fk, bool on);
/* A hook that sees every request first, on the sender's thread; true: answered (or not) by it. */
void fake_kernel_hook(
	struct fake_kernel *fk, bool (*fn)(void *arg, struct iscsi_uevent *ev, const uint8_t *payload, size_t len), void *arg);

/* A datagram to all members of a group. */
void fake_kernel_multicast(struct fake_kernel *fk, unsigned group, const void *bytes, size_t len);
/* An event: its body, and what follows. */
void fake_kernel_event(struct fake_kernel *fk, unsigned group, const struct iscsi_uevent *ev, const void *data, size_t len);

/* What was asked: requests in order, datagrams. GET_STATS & co. that came from a socket which does not listen itself, or was not
 * emptied: the machine may hang, since who else listens may go at any moment. */
unsigned fake_kernel_requests(struct fake_kernel *fk);
unsigned fake_kernel_datagrams(struct fake_kernel *fk);
unsigned fake_kernel_hangs(struct fake_kernel *fk);
/* The nth (from 0), its payload to be freed by x_free(). */
void fake_kernel_request(struct fake_kernel *fk, unsigned nth, struct iscsi_uevent *ev, char **payload, size_t *len);
unsigned fake_kernel_sockets(struct fake_kernel *fk); /* open now */
unsigned fake_kernel_listeners(struct fake_kernel *fk); /* those in group 1 */

#endif
