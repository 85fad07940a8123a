/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a session's disks are in use: for a logout that is to be safe.
 *
 * libmount reads the tables of mounts and swap space. It is loaded for the check and not linked: with the four libraries that it
 * needs it would nearly double the start of iscsiadm, for a check that few logouts ask for.
 */
#include "session/in_use.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "kernel/scan.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <libmount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define LIBMOUNT "libmount.so.1"

/* The functions of libmount that are used here. */
#define FUNCTIONS(F) \
	F(mnt_new_table) \
	F(mnt_unref_table) \
	F(mnt_table_parse_file) \
	F(mnt_table_parse_swaps) \
	F(mnt_table_find_devno) \
	F(mnt_table_next_fs) \
	F(mnt_new_iter) \
	F(mnt_free_iter) \
	F(mnt_reset_iter) \
	F(mnt_fs_streq_srcpath) \
	F(mnt_fs_get_target)

struct in_use {
	const struct sysfs *sysfs;
	const char *proc;
	void *library;
#define POINTER(name) __typeof__(name) *name;
	FUNCTIONS(POINTER)
#undef POINTER
	struct libmnt_table **tables; /* of mounts: one for each namespace, our own first */
	size_t n_tables, tables_cap;
	struct libmnt_table *swaps;
	struct libmnt_iter *iter;
	struct err *err;
};

static int load_libmount(struct in_use *u)
{
	u->library = dlopen(LIBMOUNT, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE); /* opens no file when it is there already */
	if (!u->library)
		return err_set(u->err, MISCSI_ERR_BUSY, "cannot check whether the disks are mounted: %s", dlerror());
#define LOAD(name) \
	u->name = (__typeof__(u->name))dlsym(u->library, #name); \
	if (!u->name) \
		return err_set(u->err, MISCSI_ERR_BUSY, "cannot check whether the disks are mounted: %s", dlerror());
	FUNCTIONS(LOAD)
#undef LOAD
	return 0;
}

/* The mounts that a process sees ("self", "1"). */
static int add_mounts(struct in_use *u, const char *process)
{
	struct libmnt_table **tables = x_grow(u->tables, u->n_tables, &u->tables_cap, sizeof(*tables), 8), *table;
	char path[300];

	if (!tables)
		return -ENOMEM;
	u->tables = tables;
	table = u->mnt_new_table();
	if (!table)
		return -ENOMEM;
	tables[u->n_tables++] = table;
	snprintf(path, sizeof(path), "%s/%s/mountinfo", u->proc, process);
	return u->mnt_table_parse_file(table, path);
}

static bool namespace_of(const struct in_use *u, const char *process, ino_t *out)
{
	char path[300];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s/ns/mnt", u->proc, process);
	if (stat(path, &st))
		return false;
	*out = st.st_ino;
	return true;
}

/* 1: it is new; 0: it was seen before; -ENOMEM. */
static int remember_namespace(ino_t **seen, size_t *n, size_t *cap, ino_t ns)
{
	ino_t *at;

	for (size_t i = 0; i < *n; i++)
		if ((*seen)[i] == ns)
			return 0;
	at = x_grow(*seen, *n, cap, sizeof(*at), 16);
	if (!at)
		return -ENOMEM;
	*seen = at;
	at[(*n)++] = ns;
	return 1;
}

/* Containers have mounts that no other process sees. A process that ends meanwhile has none. */
static int add_namespaces(struct in_use *u)
{
	DIR *dir = opendir(u->proc);
	ino_t *seen = NULL, ns;
	size_t n = 0, cap = 0;
	int rc = dir ? 0 : -errno;

	if (dir && namespace_of(u, "self", &ns))
		rc = remember_namespace(&seen, &n, &cap, ns);
	for (const struct dirent *d; dir && rc >= 0 && (d = readdir(dir));)
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && namespace_of(u, d->d_name, &ns)) {
			rc = remember_namespace(&seen, &n, &cap, ns);
			if (rc > 0 && add_mounts(u, d->d_name) == -ENOMEM)
				rc = -ENOMEM;
		}
	if (dir)
		closedir(dir);
	x_free(seen);
	return rc < 0 ? rc : 0;
}

static int read_tables(struct in_use *u)
{
	char swaps[300];
	int rc = add_mounts(u, "self");

	if (rc)
		return err_set(u->err, MISCSI_ERR_BUSY,
			"cannot check whether the disks are mounted: cannot read %s/self/mountinfo", u->proc);
	rc = add_namespaces(u);
	if (rc)
		return err_sys(u->err, MISCSI_ERR_BUSY, -rc, "cannot check whether the disks are mounted elsewhere");
	u->swaps = u->mnt_new_table();
	u->iter = u->mnt_new_iter(MNT_ITER_FORWARD);
	if (!u->swaps || !u->iter)
		return err_nomem(u->err, "the table of swap space");
	snprintf(swaps, sizeof(swaps), "%s/swaps", u->proc);
	rc = u->mnt_table_parse_swaps(u->swaps, swaps); /* a kernel without swapping has no such file */
	return rc == -ENOMEM ? err_nomem(u->err, "the table of swap space") : 0;
}

static void release(struct in_use *u)
{
	for (size_t i = 0; i < u->n_tables; i++)
		u->mnt_unref_table(u->tables[i]);
	if (u->swaps)
		u->mnt_unref_table(u->swaps);
	if (u->iter)
		u->mnt_free_iter(u->iter);
	x_free(u->tables);
	if (u->library)
		dlclose(u->library);
}

/*
 * Not mnt_table_find_srcpath(): of a btrfs it finds the default subvolume alone, and asks the mount point for that one with an
 * ioctl() that waits for the disk.
 */
static struct libmnt_fs *find_source(const struct in_use *u, struct libmnt_table *table, const char *node)
{
	struct libmnt_fs *fs = NULL;

	u->mnt_reset_iter(u->iter, MNT_ITER_FORWARD);
	while (u->mnt_table_next_fs(table, u->iter, &fs) == 0)
		if (u->mnt_fs_streq_srcpath(fs, node))
			return fs;
	return NULL;
}

/* By number, or by name where a file system (btrfs) has a number of its own. */
static const char *mount_point(const struct in_use *u, dev_t number, const char *node)
{
	for (size_t i = 0; i < u->n_tables; i++) {
		struct libmnt_fs *fs = u->mnt_table_find_devno(u->tables[i], number, MNT_ITER_FORWARD);

		if (!fs)
			fs = find_source(u, u->tables[i], node);
		if (fs)
			return u->mnt_fs_get_target(fs);
	}
	return NULL;
}

/* A disk or a partition: path below /sys/class/block. */
static bool device_in_use(const struct in_use *u, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *where = NULL;
	cleanup(dir_free) struct dir holders = { 0 };
	char number[32], node[64], shown[300];
	unsigned major, minor;

	snprintf(node, sizeof(node), "/dev/%.40s", name);
	if (sysfs_list(u->sysfs, &holders, SYSFS_BY_NAME, "", "class/block/%s/holders", path) == 0 && holders.n)
		return err_set(u->err, MISCSI_ERR_BUSY, "%s is part of %s", name, holders.names[0]);
	if (sysfs_read(u->sysfs, number, sizeof(number), "class/block/%s/dev", path) == 0 &&
		sscanf(number, "%u:%u", &major, &minor) == 2)
		where = mount_point(u, makedev(major, minor), node);
	if (where)
		return err_set(u->err, MISCSI_ERR_BUSY, "%s is mounted on %s", name,
			str_escape(shown, sizeof(shown), where, strlen(where)));
	if (find_source(u, u->swaps, node))
		return err_set(u->err, MISCSI_ERR_BUSY, "%s is swap space", name);
	return false;
}

static bool disk_in_use(const struct in_use *u, const char *disk)
{
	cleanup(dir_free) struct dir parts = { 0 };
	bool used = device_in_use(u, disk);
	char path[80];

	if (!used && sysfs_list(u->sysfs, &parts, SYSFS_BY_NAME, disk, "class/block/%s", disk) == 0)
		for (size_t i = 0; i < parts.n && !used; i++) {
			snprintf(path, sizeof(path), "%.32s/%.40s", disk, parts.names[i]);
			used = device_in_use(u, path);
		}
	return used;
}

/* The tables are read once to touch the pages of the code that reads them. */
int in_use_load(const char *proc, struct err *err)
{
	struct in_use u = { .proc = proc, .err = err };
	int rc = load_libmount(&u);

	if (rc == 0)
		rc = read_tables(&u);
	release(&u);
	return rc;
}

bool in_use_session(const struct sysfs *sysfs, const char *proc, uint32_t host_no, uint32_t sid, struct err *err)
{
	struct in_use u = { .sysfs = sysfs, .proc = proc, .err = err };
	cleanup(scan_devices_free) struct scan_devices devices = { 0 };
	int rc = scan_devices(sysfs, host_no, sid, &devices);
	bool used;

	if (rc < 0 && rc != -ENOENT)
		return err_sys(err, MISCSI_ERR_BUSY, -rc, "cannot list the disks of session %u", sid);
	if (!devices.n)
		return false;
	used = load_libmount(&u) < 0 || read_tables(&u) < 0;
	for (size_t i = 0; i < devices.n && !used; i++)
		used = *devices.dev[i].block && disk_in_use(&u, devices.dev[i].block);
	release(&u);
	return used;
}
