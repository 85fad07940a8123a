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
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char firmware_dir[64];

static int firmware_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void firmware_clean(void)
{
	nftw(firmware_dir, firmware_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* The root, with the folders of all files; made once, removed at the end. */
static const struct sysfs *firmware_root(const char *const *files, size_t n)
{
	static struct sysfs root = SYSFS_CLOSED;
	char path[256];

	if (root.fd >= 0)
		return &root;
	snprintf(firmware_dir, sizeof(firmware_dir), "%s/fuzz-firmware.XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(firmware_dir) || atexit(firmware_clean) || sysfs_open(&root, firmware_dir) < 0)
		abort();
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%.*s", firmware_dir, (int)(strrchr(files[i], '/') - files[i]), files[i]);
		if (file_mkdirs(path, 0700) < 0)
			abort();
	}
	return &root;
}

/* The input is a series of files: number, length of two bytes, content. Of several for one file the last counts. */
static void firmware_write(const struct sysfs *root, const char *const *files, size_t n, const uint8_t *data, size_t size)
{
	for (size_t at = 0; at + 3 <= size;) {
		size_t len = data[at + 1] + 256u * data[at + 2];
		int fd = openat(root->fd, files[data[at] % n], O_WRONLY | O_CREAT | O_TRUNC, 0600);

		at += 3;
		len = len < size - at ? len : size - at;
		if (fd < 0 || write(fd, data + at, len) != (ssize_t)len)
			abort();
		close(fd);
		at += len;
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
	const struct sysfs *root = firmware_root(files, n);
	struct firmware_list l = { 0 };
	struct err err = ERR_INIT;

	firmware_write(root, files, n, data, size);
	if (firmware_read(root, NULL, &l, &err) < 0)
		abort();
	for (size_t i = 0; i < l.n; i++) {
		firmware_check_values(&l.at[i]);
		firmware_check_node(&l, &l.at[i]);
	}
	firmware_list_free(&l);
	for (size_t at = 0; at + 3 <= size; at += 3u + data[at + 1] + 256u * data[at + 2])
		unlinkat(root->fd, files[data[at] % n], 0);
}

#endif
