/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the fuzz targets of boot firmware: an input becomes files of a tree, which is read; nothing harmful comes out of it. */
#ifndef FUZZ_FIRMWARE_H
#define FUZZ_FIRMWARE_H

#include "config.h"

#include "base/file.h"
#include "base/mem.h"
#include "object/firmware.h"
#include "proto/name.h"
#include "proto/portal.h"
#include "record/recfile.h"
#include "record/value.h"
#include "tree.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The input is a series of files: number, length of two bytes, content. Of several for one file the last counts. */
TREE_PLAIN static void firmware_write(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < tree_n_files; i++)
		tree_files[i]->bytes = NULL;
	for (size_t at = 0; at + 3 <= size;) {
		struct tree_node *f = tree_files[data[at] % tree_n_files];
		size_t len = data[at + 1] + 256u * data[at + 2];

		at += 3;
		f->bytes = data + at;
		f->len = len < size - at ? len : size - at;
		at += f->len;
	}
}

static void firmware_check_values(const struct firmware_target *t)
{
	const char *target = t->values[FIRMWARE_TARGET], *address = t->values[FIRMWARE_ADDRESS], *unit = t->values[FIRMWARE_LUN],
		   *netdev = t->values[FIRMWARE_NETDEV], *initiator = t->values[FIRMWARE_INITIATORNAME];
	int kind;

	for (unsigned i = 0; i < FIRMWARE_VALUES; i++)
		if (t->values[i] && (!*t->values[i] || !value_is_line(t->values[i], strlen(t->values[i]))))
			abort();
	if (!target || !address || name_check_target(target, strlen(target), NULL) < 0)
		abort();
	kind = portal_host_kind(address, strlen(address));
	if ((kind != PORTAL_IPV4 && kind != PORTAL_IPV6) || (netdev && !value_is_component(netdev, 15)))
		abort();
	if ((unit && unit[strspn(unit, "0123456789abcdefABCDEFx:-")]) ||
		(initiator && name_check_target(initiator, strlen(initiator), NULL) < 0))
		abort();
}

/* Most inputs differ from others in what is not of the record: those that made the same one have been checked. */
TREE_PLAIN static bool firmware_was_checked(const struct firmware_target *t)
{
	static uint64_t seen[1 << 16];
	uint64_t hash = 0xcbf29ce484222325u, *at;

	for (unsigned i = 0; i < FIRMWARE_VALUES; i++) {
		for (const char *p = t->values[i] ? t->values[i] : ""; *p; p++)
			hash = (hash ^ (uint8_t)*p) * 0x100000001b3u;
		hash = (hash ^ (t->values[i] ? 0x100 : 0x101)) * 0x100000001b3u;
	}
	hash ^= (uint64_t)t->chap_type;
	at = &seen[hash % (sizeof(seen) / sizeof(*seen))];
	if (*at == hash)
		return true;
	*at = hash;
	return false;
}

/* As -m fw, discovery and a login use it: the record can be written and read again, and it has no secret but by its credentials. */
static void firmware_check_node(const struct firmware_list *l, const struct firmware_target *t)
{
	static const struct recfile_report silent = { 0 };
	struct record *node = record_new(RECORD_NODE), *again;
	struct strbuf text = STRBUF_INIT(0);
	struct err err = ERR_INIT;

	if (!node || firmware_to_node(t, node, &err) < 0)
		abort();
	if (record_secret(node, FIELD_SESSION_PASSWORD)->len || record_secret(node, FIELD_SESSION_PASSWORD_IN)->len)
		abort();
	if (recfile_print(&text, node, RECFILE_FILE, "1") ||
		recfile_parse(RECORD_NODE, "FILE", strbuf_str(&text), text.len, &silent, &again) || !record_equal(node, again))
		abort();
	if (!firmware_of_node(l, node) || firmware_credentials(t, node, &err) < 0)
		abort();
	strbuf_free(&text);
	record_free(node);
	record_free(again);
}

static void firmware_fuzz(const char *const *files, size_t n, const uint8_t *data, size_t size)
{
	const struct sysfs root = { .fd = TREE_FD };
	struct firmware_list l = { 0 };
	struct err err = ERR_INIT;

	tree_set_paths(files, n);
	firmware_write(data, size);
	if (firmware_read(&root, NULL, &l, &err) < 0)
		abort();
	for (size_t i = 0; i < l.n; i++) {
		firmware_check_values(&l.at[i]);
		if (!firmware_was_checked(&l.at[i]))
			firmware_check_node(&l, &l.at[i]);
	}
	firmware_list_free(&l);
}

#endif
