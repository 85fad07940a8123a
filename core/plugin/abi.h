/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The structures of a plugin file: checked, and copied into those of this program. For this folder and the tests. */
#ifndef PLUGIN_ABI_H
#define PLUGIN_ABI_H

#include "base/err.h"
#include "base/strbuf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct miscsi_match;
struct miscsi_plugin;
struct plugin;

/* May a plugin have this name: 1 to 32 of a-z 0-9 _ . */
bool abi_name_ok(const char *name);
/* Checks the beginning of a plugin's entry: size and ABI, and that the size lies within its `room`, in bytes. 0 or -EINVAL. */
int abi_check_entry(uint32_t size, uint32_t abi, uint64_t room, struct err *err);
/* Checks size, ABI, names, rows and traits; fills plugin's abi, has and ops. 0 or -errno, with the reason in *err. */
int abi_merge(struct plugin *plugin, const struct miscsi_plugin *raw, struct err *err);
/* Copies the nth row of a `match` table, as far as both know it. 1; 0: there are fewer; -EINVAL: a row before it has an invalid size. */
int abi_row(const void *rows, unsigned nth, struct miscsi_match *out);
/* Reads what a merged plugin points to besides its tables: its texts, and the ids of its rows. Their length. */
size_t abi_read_texts(const struct plugin *plugin);
/* Appends the capabilities of the plugin, from its traits and tables: "endpoint, flash nodes …". */
void abi_capabilities(const struct plugin *plugin, struct strbuf *out);

#endif
