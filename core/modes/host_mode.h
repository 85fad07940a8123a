/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host mode: selects hosts and works on adapters. */
#ifndef MODES_HOST_MODE_H
#define MODES_HOST_MODE_H

#include "modes/node_mode.h"
#include "object/adapter.h"
#include "object/host.h"

/*
 * The hosts that -H selects (number or hardware address); NULL: all. HOST_NOT_FOUND when only others exist; having no host at all
 * is success.
 */
int host_mode_list(struct context *ctx, const char *which, struct host_list *out, struct err *err);
/*
 * The one host that -H selects, with its transport loaded and ready. absent is the error when there is no such host (open-iscsi
 * uses both TRANS_NOT_FOUND and HOST_NOT_FOUND). TRANS_NOT_FOUND: no plugin serves it; HOST_NOT_FOUND: several hosts have that
 * hardware address; ACCESS: not root.
 */
int host_mode_adapter(struct context *ctx, const char *which, enum miscsi_error absent, struct adapter *out, struct err *err);

/* The same for a transport and a host number that are known, without opening it. */
int host_mode_adapter_of(struct context *ctx, const char *transport, uint32_t host_no, struct adapter *out, struct err *err);

/* Parses an index such as "12". INVAL. */
int host_mode_index(const char *text, uint32_t *out, struct err *err);

/* One entry (index) or all (MISCSI_NONE). NO_OBJS_FOUND. */
int host_mode_chap_list(const struct adapter *a, uint32_t index, struct adapter_entries *out, struct err *err);
/* Adds an entry with these settings. *index MISCSI_NONE: the adapter chooses the index, and *index is set to it. */
int host_mode_chap_new(const struct adapter *a, const struct settings *s, uint32_t *index, struct err *err);
/* Changes these settings of an existing entry. NO_OBJS_FOUND. */
int host_mode_chap_update(const struct adapter *a, const struct settings *s, uint32_t index, struct err *err);

/* Checks that these are settable settings of flash nodes with valid values; sends nothing. INVAL. */
int host_mode_flash_check(const struct settings *s, struct err *err);
int host_mode_flash_update(const struct adapter *a, const struct settings *s, uint32_t index, struct err *err);

/* Sets host parameters, named as in sysfs or as in an iface record. INVAL. */
int host_mode_update(const struct adapter *a, const struct settings *s, struct err *err);

#endif
