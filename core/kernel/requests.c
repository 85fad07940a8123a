/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests of NETLINK_ISCSI, by number. */
#include "config.h"
#include "kernel/requests.h"
#include "base/mem.h"

#define AT(offset) ((offset) + 1)
#define U16(offset) \
	{ \
		offset, 2 \
	}
#define U32(offset) \
	{ \
		offset, 4 \
	}
#define U64(offset) \
	{ \
		offset, 8 \
	}

static const struct requests_row rows[] = {
#define REQUEST(name, num, err, what, ...) [num] = { .text = what, .number = num, .error = MISCSI_ERR_##err, __VA_ARGS__ },
#include "kernel/requests.def"
#undef REQUEST
};

const struct requests_row *requests_row(uint32_t number)
{
	if (number >= ARRAY_SIZE(rows) || !rows[number].text)
		return NULL;
	return &rows[number];
}
