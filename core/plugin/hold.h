/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a transport's driver wants to be held open while it is used (MISCSI_TRAIT_UIO): taken by each connect through it, and here for
 * who has sessions without having connected them; given back when nobody uses the transport any more.
 *
 * Not for longer, because an open device pins the driver's module, which could not be updated then; not for less, because a session
 * that is lost has to connect again at any time.
 */
#ifndef PLUGIN_HOLD_H
#define PLUGIN_HOLD_H

#include "plugin/transport.h"

/* For op->host_no, or all hosts of the transport. Done at once where the driver wants nothing. */
void resources_hold(struct transport *t, struct transport_op *op);
/* This program has no session or connect through it: what is held goes. */
void resources_release(struct transport *t);

#endif
