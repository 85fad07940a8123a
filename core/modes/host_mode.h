/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What host mode does: which hosts are meant, and what an adapter is asked to do. */
#ifndef MODES_HOST_MODE_H
#define MODES_HOST_MODE_H

#include "modes/node_mode.h"
#include "object/adapter.h"
#include "object/host.h"

/* Those that -H says (number or hardware address); NULL: all. HOST_NOT_FOUND when there are others alone; no host at all is success. */
int host_mode_list(struct context *ctx, const char *which, struct host_list *out, struct err *err);
/*
 * The one host that is meant, its transport loaded and ready. absent: there is no such host (TRANS_NOT_FOUND or HOST_NOT_FOUND: open-iscsi
 * says either); TRANS_NOT_FOUND: nobody serves it; ACCESS: not root; HOST_NOT_FOUND: several have that hardware address.
 */
int host_mode_adapter(struct context *ctx, const char *which, enum miscsi_error absent, struct adapter *out, struct err *err);

/* "12" into *out. INVAL. */
int host_mode_index(const char *text, uint32_t *out, struct err *err);

/* One entry (index) or all (MISCSI_NONE). NO_OBJS_FOUND. */
int host_mode_chap_list(const struct adapter *a, uint32_t index, struct adapter_entries *out, struct err *err);
/* Makes an entry of the settings; *index MISCSI_NONE: the adapter chooses, and it is filled in. */
int host_mode_chap_new(const struct adapter *a, const struct settings *s, uint32_t *index, struct err *err);
/* Changes what is named in an entry that is there, and keeps the rest. NO_OBJS_FOUND. */
int host_mode_chap_update(const struct adapter *a, const struct settings *s, uint32_t index, struct err *err);

/* Are these settings of flash nodes that may be set, with usable values? Nothing is sent. INVAL. */
int host_mode_flash_check(const struct settings *s, struct err *err);
int host_mode_flash_update(const struct adapter *a, const struct settings *s, uint32_t index, struct err *err);

/* Host parameters, by the names of sysfs, or of an iface's record. INVAL. */
int host_mode_update(const struct adapter *a, const struct settings *s, struct err *err);

#endif
