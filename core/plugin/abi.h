/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The structures of a plugin file: checked, and copied into those of this program. For this folder and the tests. */
#ifndef PLUGIN_ABI_H
#define PLUGIN_ABI_H

#include "base/err.h"
#include "base/strbuf.h"
#include <stdbool.h>

struct miscsi_plugin;
struct plugin;

/* May a plugin have this name: 1 to 32 of a-z 0-9 _ . */
bool abi_name_ok(const char *name);
/* Checks size, ABI, names, rows and traits; fills plugin's abi, has and ops. 0 or -errno, with the reason in *err. */
int abi_merge(struct plugin *plugin, const struct miscsi_plugin *raw, struct err *err);
/* Copies the nth of an array of rows that each begin with their size, as far as both know it. false: there are fewer. */
bool abi_row(const void *rows, unsigned nth, void *out, size_t size);
/* Appends the capabilities of the plugin, from its traits and tables: "endpoint, flash nodes …". */
void abi_capabilities(const struct plugin *plugin, struct strbuf *out);

#endif
