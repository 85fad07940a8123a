/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A static program has no libmount, and ends no session that was up: it cannot check whether disks are in use. */
#include "session/in_use.h"

#include <errno.h>

bool in_use_session(const struct in_use_ways *ways, uint32_t host_no, uint32_t sid, struct err *err)
{
	(void)ways;
	(void)host_no;
	err_set(err, MISCSI_ERR_BUSY,
		"this program is linked statically, and cannot check whether the disks of session %u are in use (--force logs "
		"out all the same)",
		sid);
	return true;
}

int in_use_look(struct loop *loop, struct helper_pool *helpers, uint32_t host_no, uint32_t sid,
	void (*done)(void *arg, bool used, const struct err *err), void *arg, struct in_use_look **out)
{
	(void)loop;
	(void)helpers;
	(void)host_no;
	(void)sid;
	(void)done;
	(void)arg;
	(void)out;
	return -ENOTSUP;
}

void in_use_cancel(struct in_use_look **slot)
{
	*slot = NULL;
}
