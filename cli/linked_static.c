/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plugins that are part of a static iscsistart: those of cli/static.mk. */
#include "linked_static.h"
#include <miscsi/plugin.h>

#define PLUGINS(F) F(tcp) F(iser) F(qla4xxx) F(bnx2i) F(cxgbi) F(be2iscsi) F(qedi) F(ocs)

#define DECLARE(name) extern const struct miscsi_plugin name##_LTX_miscsi_plugin_entry;
PLUGINS(DECLARE)

#define ROW(name) { #name "_LTX_miscsi_plugin_entry", &name##_LTX_miscsi_plugin_entry },
const struct plugins_linked linked_static_plugins[] = { PLUGINS(ROW){ 0 } };
