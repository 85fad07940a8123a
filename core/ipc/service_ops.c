/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real session manager as the service calls it.
 *
 * A table between the two, so that tests can put a manager of their own under the service.
 */
#include "config.h"
#include "ipc/service.h"

const struct service_ops service_ops_manager = {
	.login = manager_login,
	.logout = manager_logout,
	.logout_id = manager_logout_id,
	.rescan = manager_rescan,
	.forget = manager_forget,
	.each = manager_each,
	.count = manager_count,
	.watch = manager_watch,
	.unwatch = manager_unwatch,
};
