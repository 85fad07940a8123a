/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plugins report by event() of the ABI: MISCSI_EVENT_*. Heard by the part of the program that keeps sessions, if there is one. */
#ifndef PLUGIN_REPORT_H
#define PLUGIN_REPORT_H

#include <stdint.h>

struct plugin;
struct plugins;

/* fn is called from the loop, for each event; NULL: no longer. */
void report_listen(
	struct plugins *ps, void (*fn)(void *arg, const struct plugin *from, uint32_t event, uint32_t number), void *arg);

/* For this folder: event() of the ABI, with a known event. -EOPNOTSUPP: nobody listens; -ENODEV: not a host of the plugin's; -ENOMEM. */
int report_event(struct plugin *from, uint32_t event, uint32_t number);
void report_drop_all(struct plugins *ps);

#endif
