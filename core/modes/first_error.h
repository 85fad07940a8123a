/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of many failures a command ends with. Used by what logs in and out. */
#ifndef MODES_FIRST_ERROR_H
#define MODES_FIRST_ERROR_H

#include "base/err.h"
#include <stddef.h>

/*
 * The first failure by place, which may not be the first in time. So the exit status of a command does
 * not depend on which target was faster.
 */
struct first_error {
	size_t index;
	struct err err;
};

static inline void first_error_note(struct first_error *f, size_t index, const struct err *err)
{
	if (err->code == MISCSI_ERR_OK || (f->err.code != MISCSI_ERR_OK && f->index <= index))
		return;
	f->index = index;
	err_copy(&f->err, err);
}

/*
 * The number becomes the exit status: 24 tells Trident and vdsm that the password is wrong, 15 that
 * nothing was to do.
 */
static inline int first_error_give(const struct first_error *f, struct err *err)
{
	if (f->err.code == MISCSI_ERR_OK)
		return 0;
	if (err)
		err_copy(err, &f->err);
	return -err_errno(f->err.code);
}

#endif
