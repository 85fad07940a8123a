/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of traits, ops and services of this program's headers. */
#include "plugin/known.h"
#include "base/mem.h"
#include <miscsi/plugin.h>

#include <string.h>

/* Traits that only steer the core have no text: users do not choose a plugin by them. */
const struct known_trait known_traits[] = {
#define TRAIT(name, text) \
	{ \
		MISCSI_TRAIT_##name, #name, text \
	}
	TRAIT(SOCKET, "sockets"),
	TRAIT(SESSION_HOST, NULL),
	TRAIT(BOUND_SESSION, NULL),
	TRAIT(THROUGH_HOST, NULL),
	TRAIT(RDMA, "RDMA"),
	TRAIT(NO_DIGESTS, NULL),
	TRAIT(PATH, "path requests"),
	TRAIT(UIO, "uio device"),
	TRAIT(FIRMWARE_LOGIN, "firmware login"),
	TRAIT(FIRMWARE_SESSIONS, "firmware sessions"),
	TRAIT(HOST_IP, NULL),
	TRAIT(OWN_HOSTS, NULL),
	TRAIT(KERNEL_NET, "interface settings"),
	TRAIT(KERNEL_FLASH, "flash nodes"),
	TRAIT(KERNEL_CHAP, "CHAP table"),
	TRAIT(KERNEL_STATS, "host statistics"),
	TRAIT(KERNEL_PING, "ping"),
#undef TRAIT
	{ 0 },
};

/* What a plugin may need beside traits: ops, and members of struct miscsi_core. */
static const char *const needs_known[] = { "endpoint.connect", "endpoint.disconnect", "login.start", "login.event",
	"login.logout", "fields", "param.offer", "param.negotiated", "host.event", "ping.event",
#define OP(table, member, ...) #table "." #member,
#define OP_ARG OP
#include "plugin/ops.def"
#undef OP
#undef OP_ARG
	"self", "log", "set_error", "op_done", "op_alloc", "setting", "setting_at", "result_row", "result", "sysfs_read",
	"sysfs_list", "request", "timer", "timer_stop", "watch", "unwatch", "work", "event", "has", "state_dir" };

bool known_name(const char *name)
{
	for (const struct known_trait *t = known_traits; t->name; t++) {
		if (strcmp(t->name, name) == 0)
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(needs_known); i++) {
		if (strcmp(needs_known[i], name) == 0)
			return true;
	}
	return false;
}
