/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The error with which a command exits that worked on many sessions. */
#ifndef MODES_FIRST_ERROR_H
#define MODES_FIRST_ERROR_H

#include "base/err.h"
#include <stddef.h>

/*
 * The failure with the lowest index, which need not be the first in time. So the exit status does not depend on which target
 * answered first.
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
 * 0, or the error. Trident and vdsm depend on the exit status that follows from it: 24 is a wrong password, 15 an existing
 * session.
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
