/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iSCSI names (RFC 7143 4.2.7, RFC 3722, RFC 3980): iqn., eui. and naa. A name that passes here has no control character, no
 * blank, no slash and none of the shell's characters, and can stand in a line- oriented file or be one component of a path.
 */
#ifndef PROTO_NAME_H
#define PROTO_NAME_H

#include "base/err.h"
#include <stddef.h>

/*
 * Checks len bytes. 0 or -EINVAL with the text (MISCSI_ERR_INVAL), the name escaped in it. Upper case passes (RFC 3722 would fold
 * it; names are kept as given) and so does the underscore, which that RFC forbids and arrays in the field use.
 */
int name_check(const char *name, size_t len, struct err *err);

/*
 * The name of a target, wherever it comes from: as name_check(), and also a name in none of the three formats if it has only ASCII
 * letters, digits, '-', '.', ':' and '_', and does not begin with '.': targets with such names exist.
 */
int name_check_target(const char *name, size_t len, struct err *err);

/* Equal after RFC 3722's case folding of ASCII letters. */
bool name_equal(const char *a, const char *b);

#endif
