/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The macros that a plugin defines its structures with. Included by plugin.h. */
#ifndef MISCSI_MACROS_H
#define MISCSI_MACROS_H

/* They are expanded in the plugin: in C++ compilers would warn of each member that is left out. */
#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC system_header
#endif

#include <stddef.h>
#include <stdint.h>

/* The arguments of log() and set_error() are checked against the format. */
#ifdef __GNUC__
#define MISCSI_PRINTF(fmt, args) __attribute__((__format__(__printf__, fmt, args)))
#else
#define MISCSI_PRINTF(fmt, args)
#endif

/* clang-format off */
/* Rows of struct miscsi_pci_id, whatever the subsystem. */
#define MISCSI_PCI(vendor, device, name) { vendor, device, MISCSI_PCI_ANY, MISCSI_PCI_ANY, name }
#define MISCSI_PCI_END { 0, 0, 0, 0, NULL }

/* Rows of struct miscsi_field: MISCSI_FIELD(.kind = MISCSI_FIELD_BOOL, …), …, MISCSI_FIELD_END. Likewise those of struct
 * miscsi_match: MISCSI_MATCH(.transport = "mycard", …), …, MISCSI_END. In C++, which has designated initialisers since
 * C++20 only, __extension__ asks for the compiler's; the members must then be in the order of the structure. */
#ifdef __cplusplus
#define MISCSI_FIELD(...) __extension__ miscsi_field { .size = (uint32_t)sizeof(miscsi_field), __VA_ARGS__ }
#define MISCSI_FIELD_END miscsi_field {}
#define MISCSI_MATCH(...) __extension__ miscsi_match { .size = (uint32_t)sizeof(miscsi_match), __VA_ARGS__ }
#define MISCSI_END miscsi_match {}
#define MISCSI_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define MISCSI_FIELD(...) { .size = (uint32_t)sizeof(struct miscsi_field), __VA_ARGS__ }
#define MISCSI_FIELD_END { .size = 0 }
#define MISCSI_MATCH(...) { .size = (uint32_t)sizeof(struct miscsi_match), __VA_ARGS__ }
#define MISCSI_END { .size = 0 }
#define MISCSI_EXPORT extern __attribute__((visibility("default")))
#endif

/* Whether the program that loaded the plugin has a member of struct miscsi_core: MISCSI_HAS(core, work). */
#define MISCSI_HAS(core, member) \
	((core)->size >= offsetof(struct miscsi_core, member) + sizeof((core)->member) && (core)->member)

/* A table of ops, with its size: MISCSI_OPS(flash, mycard_flash, .list = mycard_list, …); defines mycard_flash. */
#define MISCSI_OPS(table, ident, ...) \
	__extension__ static const struct miscsi_##table##_ops ident = { \
		.size = (uint32_t)sizeof(struct miscsi_##table##_ops), __VA_ARGS__ \
	}

/*
 * Defines the one symbol that a plugin exports. IDENT is the plugin's name: MISCSI_PLUGIN(tcp, .summary = …, …); libltdl finds
 * this form in a shared object and, preloaded, in a static program. The symbol is data: the gate reads it before any code runs.
 */
#define MISCSI_PLUGIN(ident, ...) \
	MISCSI_EXPORT const struct miscsi_plugin ident##_LTX_miscsi_plugin_entry; \
	__extension__ const struct miscsi_plugin ident##_LTX_miscsi_plugin_entry = { \
		.size = (uint32_t)sizeof(struct miscsi_plugin), .abi = MISCSI_ABI, .name = #ident, __VA_ARGS__ \
	}
/* clang-format on */

#endif
