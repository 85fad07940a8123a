/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The errors of miscsi: MISCSI_ERR_<symbol>, whose value is the exit status. Rows: errors.def. */
#ifndef MISCSI_ERRORS_H
#define MISCSI_ERRORS_H

enum miscsi_error {
#define ERROR(symbol, number, errnum, retry, text) MISCSI_ERR_##symbol = number,
#include <miscsi/errors.def>
#undef ERROR
};

#endif
