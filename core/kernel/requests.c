/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests of NETLINK_ISCSI, by number. */
#include "config.h"
#include "kernel/requests.h"
#include "base/mem.h"

#define AT(field) (offsetof(union iscsi_uevent_u, field) + 1)

static const struct requests_row rows[] = {
#define REQUEST(name, err, what, ...) \
	[ISCSI_UEVENT_##name] = { .text = what, .number = ISCSI_UEVENT_##name, .error = MISCSI_ERR_##err, __VA_ARGS__ },
#include "kernel/requests.def"
#undef REQUEST
};

const struct requests_row *requests_row(uint32_t number)
{
	if (number >= ARRAY_SIZE(rows) || !rows[number].text)
		return NULL;
	return &rows[number];
}
