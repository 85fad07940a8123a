/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plugin files that must be refused, each for another reason: which one is said by the build (ODD_*). */
#include <miscsi/plugin.h>

static const struct miscsi_match match[] = { MISCSI_MATCH(.transport = "odd"), MISCSI_END };

#if defined(ODD_ABI)
extern const struct miscsi_plugin odd_abi_LTX_miscsi_plugin_entry;
__attribute__((visibility("default"))) const struct miscsi_plugin odd_abi_LTX_miscsi_plugin_entry = {
	.size = sizeof(struct miscsi_plugin), .abi = MISCSI_ABI + 1, .name = "odd_abi", .match = match
};
#elif defined(ODD_CONSTRUCTOR)
#include <stdlib.h>
__attribute__((constructor)) static void constructor(void)
{
	abort();
}
extern const struct miscsi_plugin odd_constructor_LTX_miscsi_plugin_entry;
__attribute__((visibility("default"))) const struct miscsi_plugin odd_constructor_LTX_miscsi_plugin_entry = {
	.size = sizeof(struct miscsi_plugin), .abi = MISCSI_ABI + 1, .name = "odd_constructor", .match = match
};
#elif defined(ODD_NAME)
/* in a file of another name */
MISCSI_PLUGIN(another, .match = match);
#elif defined(ODD_SYMBOL)
int nobody_has_this_function(void **state);
static int start(const struct miscsi_core *core, void **state)
{
	(void)core;
	return nobody_has_this_function(state);
}
MISCSI_PLUGIN(odd_symbol, .match = match, .start = start);
#else
#error "which one?"
#endif
