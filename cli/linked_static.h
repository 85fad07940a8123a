/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plugins that are part of a static iscsistart. */
#ifndef LINKED_STATIC_H
#define LINKED_STATIC_H

#include "plugin/plugins.h"

extern const struct plugins_linked linked_static_plugins[]; /* ends with a row without a name */

#endif
