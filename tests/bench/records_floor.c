/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor under iscsiadm's listings: prints what `iscsiadm -m node` prints, with the system calls that the work needs and nothing
 * else. It checks nothing, and serves scripts/bench records as a measure.
 *
 *   records_floor HOME names   reads directories only
 *   records_floor HOME list    reads each record as well
 *   records_floor HOME make N  writes the records and links of a discovery, with one sync for all
 */
#include "config.h"
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BUFFER_BYTES 32768

struct names {
	char **at;
	size_t n;
};

static int open_below(int dir, const char *path, int flags)
{
	const struct open_how how = { .flags = (unsigned)(flags | O_RDONLY | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct names read_names(int dir)
{
	_Alignas(struct dirent64) char buffer[BUFFER_BYTES];
	struct names l = { 0 };
	ssize_t len;

	while ((len = getdents64(dir, buffer, sizeof(buffer))) > 0)
		for (ssize_t at = 0; at < len;) {
			const struct dirent64 *e = (const void *)(buffer + at);

			at += e->d_reclen;
			if (e->d_name[0] == '.')
				continue;
			if (!(l.n & (l.n - 1)))
				l.at = realloc(l.at, (l.n ? l.n * 2 : 1) * sizeof(*l.at));
			l.at[l.n++] = strdup(e->d_name);
		}
	qsort(l.at, l.n, sizeof(*l.at), by_bytes);
	return l;
}

static void free_names(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i]);
	free(l->at);
}

static void list_portal(int target_dir, const char *target, char *portal, int whole)
{
	int dir = open_below(target_dir, portal, O_DIRECTORY);
	struct names ifaces = read_names(dir);
	char *port = strchr(portal, ',');
	char text[8192];

	if (port)
		*port = ':';
	for (size_t i = 0; i < ifaces.n; i++) {
		int fd = whole ? open_below(dir, ifaces.at[i], 0) : -1;

		if (fd >= 0 && read(fd, text, sizeof(text)) <= 0)
			continue;
		if (fd >= 0)
			close(fd);
		printf("%s %s\n", portal, target);
	}
	close(dir);
	free_names(&ifaces);
}

/* A record of the size that iscsiadm writes, at its final place at once: whoever is killed leaves a part of one. */
static void make_record(int nodes, int links, const char *home, unsigned i)
{
	char target[64], place[128], to[512], link[192], text[2200];
	int fd;

	memset(text, '#', sizeof(text));
	snprintf(target, sizeof(target), "iqn.2026-11.com.example:t%06u", i);
	snprintf(place, sizeof(place), "%s/192.0.2.1,3260,1", target);
	if (mkdirat(nodes, target, 0700) || mkdirat(nodes, place, 0700))
		return;
	snprintf(to, sizeof(to), "%s/default", place);
	fd = openat(nodes, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, sizeof(text)) < 0)
		return;
	close(fd);
	snprintf(to, sizeof(to), "%s/nodes/%s", home, place);
	snprintf(link, sizeof(link), "%s,192.0.2.1,3260,1,default", target);
	if (symlinkat(to, links, link))
		return;
}

static int make_records(const char *home, unsigned n)
{
	int top = open(home, O_DIRECTORY), nodes, links;

	mkdirat(top, "nodes", 0700);
	mkdirat(top, "send_targets", 0700);
	mkdirat(top, "send_targets/192.0.2.1,3260", 0700);
	nodes = openat(top, "nodes", O_DIRECTORY);
	links = openat(top, "send_targets/192.0.2.1,3260", O_DIRECTORY);
	for (unsigned i = 0; i < n; i++)
		make_record(nodes, links, home, i);
	return syncfs(top) ? 1 : 0;
}

int main(int argc, char **argv)
{
	static char out[1 << 16];
	int whole = argc == 3 && !strcmp(argv[2], "list"), home = argc == 3 ? open(argv[1], O_DIRECTORY) : -1, nodes;
	struct names targets;

	if (argc == 4 && !strcmp(argv[2], "make"))
		return make_records(argv[1], (unsigned)atoi(argv[3]));
	if (home < 0)
		return 2;
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	nodes = open_below(home, "nodes", O_DIRECTORY);
	targets = read_names(nodes);
	for (size_t i = 0; i < targets.n; i++) {
		int dir = open_below(nodes, targets.at[i], O_DIRECTORY);
		struct names portals = read_names(dir);

		for (size_t j = 0; j < portals.n; j++)
			list_portal(dir, targets.at[i], portals.at[j], whole);
		close(dir);
		free_names(&portals);
	}
	free_names(&targets);
	return 0;
}
