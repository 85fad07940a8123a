/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor under iscsiadm's listings of sessions: reads the same attributes of sysfs and writes them, and does nothing else. It checks
 * nothing, and serves scripts/bench sessions as a measure.
 *
 *   sessions_floor SYS list   what `iscsiadm -m session` reads
 *   sessions_floor SYS tree   what `iscsiadm -m session -P 3` reads
 */
#include "config.h"
#include "attrs.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES 32768

static void print_attr(int dir, const char *path)
{
	char text[256];
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text));

	if (fd >= 0)
		close(fd);
	fwrite(text, 1, len > 0 ? (size_t)len : 0, stdout);
}

/* Calls fn for each name in a directory that begins with prefix. */
static void each_name(int dir, const char *path, const char *prefix, void (*fn)(int dir, const char *path, const char *name))
{
	_Alignas(struct dirent64) char buffer[BUFFER_BYTES];
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t len;

	while (fd >= 0 && (len = getdents64(fd, buffer, sizeof(buffer))) > 0)
		for (ssize_t at = 0; at < len;) {
			const struct dirent64 *e = (const void *)(buffer + at);

			at += e->d_reclen;
			if (e->d_name[0] != '.' && !strncmp(e->d_name, prefix, strlen(prefix)))
				fn(dir, path, e->d_name);
		}
	if (fd >= 0)
		close(fd);
}

static void print_name(int dir, const char *path, const char *name)
{
	(void)dir, (void)path;
	puts(name);
}

static void print_lun(int dir, const char *path, const char *name)
{
	char below[512];

	if (!strchr(name, ':'))
		return;
	snprintf(below, sizeof(below), "%s/%s/state", path, name);
	print_attr(dir, below);
	snprintf(below, sizeof(below), "%s/%s/block", path, name);
	each_name(dir, below, "", print_name);
}

static void print_target(int dir, const char *path, const char *name)
{
	char below[512];

	snprintf(below, sizeof(below), "%s/%s", path, name);
	each_name(dir, below, "", print_lun);
}

static unsigned reader;

static void session_named(int sys, const char *path, const char *name)
{
	char device[512];

	if (attrs_each(sys, (unsigned)strtoul(name + strlen("session"), NULL, 10), reader, print_attr) < 0 || reader != TREE)
		return;
	snprintf(device, sizeof(device), "%s/%s/device", path, name);
	each_name(sys, device, "target", print_target);
}

int main(int argc, char **argv)
{
	static char out[1 << 16];
	int sys = argc == 3 ? open(argv[1], O_DIRECTORY) : -1;

	if (sys < 0)
		return 2;
	reader = strcmp(argv[2], "tree") ? LIST : TREE;
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	each_name(sys, "class/iscsi_session", "session", session_named);
	return 0;
}
