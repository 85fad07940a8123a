/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a session's disks are in use: for a logout that is to be safe.
 *
 * libmount reads the tables of mounts and swap space. It is loaded for the check and not linked: with the four libraries that it
 * needs it would nearly double the start of iscsiadm, for a check that few logouts ask for. The daemon checks in a helper.
 */
#include "session/in_use.h"

#include "base/helper.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "kernel/scan.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
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

/* Of one mount namespace, as a process in it sees it: "self", or its number. */
struct mounts {
	struct libmnt_table *table;
	char process[16];
};

struct in_use {
	const struct sysfs *sysfs;
	const char *proc;
	void *library;
#define POINTER(name) __typeof__(name) *name;
	FUNCTIONS(POINTER)
#undef POINTER
	struct mounts *mounts; /* of each namespace, the first is that of process 1 */
	size_t n_mounts, mounts_cap;
	struct libmnt_table *swaps;
	struct libmnt_iter *iter;
	struct openers_device *devices; /* of the session: disks, partitions, sg */
	size_t n_devices, devices_cap;
	int (*claim)(const struct openers_device *d, struct err *err);
	struct err *err;
};

static int load_libmount(struct in_use *u)
{
	u->library = dlopen(LIBMOUNT, RTLD_NOW | RTLD_LOCAL);
	if (!u->library)
		return err_set(u->err, MISCSI_ERR_BUSY,
			OPENERS_UNKNOWN
			"libmount, which lists the mounts, cannot be loaded (Debian: install libmount1; Fedora: libmount): %s",
			dlerror());
#define LOAD(name) \
	u->name = (__typeof__(u->name))dlsym(u->library, #name); \
	if (!u->name) \
		return err_set(u->err, MISCSI_ERR_BUSY, \
			OPENERS_UNKNOWN \
			"libmount, which lists the mounts, cannot be loaded (Debian: install libmount1; Fedora: libmount): %s", \
			dlerror());
	FUNCTIONS(LOAD)
#undef LOAD
	return 0;
}

/* The mounts that a process sees ("self", "1"). */
static int add_mounts(struct in_use *u, const char *process)
{
	struct mounts *mounts = x_grow(u->mounts, u->n_mounts, &u->mounts_cap, sizeof(*mounts), 8), *at;
	struct mounts new = { .table = u->mnt_new_table() };
	char path[300];

	if (mounts)
		u->mounts = mounts;
	if (!mounts || !new.table) {
		u->mnt_unref_table(new.table);
		return -ENOMEM;
	}
	snprintf(new.process, sizeof(new.process), "%s", process);
	at = &mounts[u->n_mounts++];
	*at = new;
	if (strcmp(process, "1") == 0) {
		*at = mounts[0];
		mounts[0] = new;
	}
	snprintf(path, sizeof(path), "%s/%s/mountinfo", u->proc, process);
	return u->mnt_table_parse_file(new.table, path);
}

/* -errno; -ENOENT, -ESRCH: the process has ended. */
static int namespace_of(const struct in_use *u, const char *process, ino_t *out)
{
	char path[300];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s/ns/mnt", u->proc, process);
	if (stat(path, &st))
		return -errno;
	*out = st.st_ino;
	return 0;
}

struct namespaces {
	ino_t *seen;
	size_t n, cap;
};

static bool was_seen(const struct namespaces *ns, ino_t one)
{
	for (size_t i = 0; i < ns->n; i++)
		if (ns->seen[i] == one)
			return true;
	return false;
}

static int remember_namespace(struct namespaces *ns, ino_t one)
{
	ino_t *at = x_grow(ns->seen, ns->n, &ns->cap, sizeof(*at), 16);

	if (!at)
		return -ENOMEM;
	ns->seen = at;
	at[ns->n++] = one;
	return 0;
}

static bool has_ended(int rc)
{
	return rc == -ENOENT || rc == -ESRCH ||
		rc == -EINVAL; /* the last of a mountinfo whose process has no namespace any more */
}

/* A namespace is remembered when its mounts were read: the process may end before, and another one still be in it. */
static int add_namespace(struct in_use *u, struct namespaces *ns, const char *process)
{
	ino_t one;
	int rc = namespace_of(u, process, &one);

	if (rc < 0)
		return has_ended(rc) ? 0 : rc;
	if (was_seen(ns, one))
		return 0;
	rc = add_mounts(u, process);
	if (rc == 0)
		rc = remember_namespace(ns, one);
	return rc > 0 ? -EIO : has_ended(rc) ? 0 : rc;
}

/* Containers have mounts that no other process sees. */
static int add_namespaces(struct in_use *u)
{
	DIR *dir = opendir(u->proc);
	struct namespaces ns = { 0 };
	ino_t own;
	int rc = dir ? namespace_of(u, "self", &own) : -errno;

	if (rc == 0)
		rc = remember_namespace(&ns, own);
	for (const struct dirent *d; dir && rc == 0 && (d = readdir(dir));)
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9')
			rc = add_namespace(u, &ns, d->d_name);
	if (dir)
		closedir(dir);
	x_free(ns.seen);
	return rc;
}

static int read_tables(struct in_use *u)
{
	char swaps[300];
	int rc = add_mounts(u, "self");

	if (rc)
		return err_sys(u->err, MISCSI_ERR_BUSY, rc < 0 ? -rc : EIO,
			OPENERS_UNKNOWN "the list of mounts %s/self/mountinfo cannot be read", u->proc);
	rc = add_namespaces(u);
	if (rc)
		return err_sys(u->err, MISCSI_ERR_BUSY, -rc,
			OPENERS_UNKNOWN "the mounts of other mount namespaces, such as those of containers, cannot be read");
	u->swaps = u->mnt_new_table();
	u->iter = u->mnt_new_iter(MNT_ITER_FORWARD);
	if (!u->swaps || !u->iter)
		return err_nomem(u->err, "the list of swap space");
	snprintf(swaps, sizeof(swaps), "%s/swaps", u->proc);
	rc = u->mnt_table_parse_swaps(u->swaps, swaps); /* a kernel without swapping has no such file */
	return rc == -ENOMEM ? err_nomem(u->err, "the list of swap space") : 0;
}

static void release(struct in_use *u)
{
	for (size_t i = 0; i < u->n_mounts; i++)
		u->mnt_unref_table(u->mounts[i].table);
	if (u->swaps)
		u->mnt_unref_table(u->swaps);
	if (u->iter)
		u->mnt_free_iter(u->iter);
	x_free(u->mounts);
	x_free(u->devices);
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

/* By number, or by name where a file system (btrfs) has a number of its own; sets *err where it is mounted. */
static bool is_mounted(const struct in_use *u, const char *name, dev_t number, const char *node)
{
	char shown[300];

	for (size_t i = 0; i < u->n_mounts; i++) {
		const struct mounts *m = &u->mounts[i];
		struct libmnt_fs *fs = u->mnt_table_find_devno(m->table, number, MNT_ITER_FORWARD);
		const char *where;

		if (!fs)
			fs = find_source(u, m->table, node);
		if (!fs)
			continue;
		where = u->mnt_fs_get_target(fs);
		str_escape(shown, sizeof(shown), where, strlen(where));
		if (i == 0)
			return err_set(u->err, MISCSI_ERR_BUSY, "%s is mounted on %s: unmount it first", name, shown);
		if (strcmp(m->process, "self") == 0) /* below a private mount, the copies that its unit made stay */
			return err_set(u->err, MISCSI_ERR_BUSY,
				"%s is mounted on %s in iscsid's own mount namespace: restart iscsid to unmount it", name, shown);
		return err_set(u->err, MISCSI_ERR_BUSY,
			"%s is mounted on %s in the mount namespace of process %s: unmount it there ('nsenter -t %s -m umount'), "
			"or end the process",
			name, shown, m->process, m->process);
	}
	return false;
}

static int add_device(struct in_use *u, const char *name, dev_t number, bool character)
{
	struct openers_device *at = x_grow(u->devices, u->n_devices, &u->devices_cap, sizeof(*at), 8);

	if (!at)
		return err_nomem(u->err, "the list of the session's disks");
	u->devices = at;
	at += u->n_devices++;
	*at = (struct openers_device){ .number = number, .character = character };
	snprintf(at->name, sizeof(at->name), "%s", name);
	return 0;
}

static int read_number(const struct in_use *u, const char *name, const char *path, dev_t *out)
{
	char number[32] = "";
	unsigned major, minor;
	int rc = sysfs_read(u->sysfs, number, sizeof(number), "%s/dev", path);

	if (rc < 0 || sscanf(number, "%u:%u", &major, &minor) != 2)
		return err_sys(u->err, MISCSI_ERR_BUSY, rc < 0 ? -rc : EINVAL,
			OPENERS_UNKNOWN "sysfs does not show the device number of %s", name);
	*out = makedev(major, minor);
	return 0;
}

/* A disk or a partition: path below /sys/class/block. The claim comes last, since it cannot say by what the device is used. */
static bool device_in_use(struct in_use *u, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	cleanup(dir_free) struct dir holders = { 0 };
	char attributes[100], node[64];
	dev_t number;

	snprintf(node, sizeof(node), "/dev/%.40s", name);
	snprintf(attributes, sizeof(attributes), "class/block/%.80s", path);
	if (sysfs_list(u->sysfs, &holders, SYSFS_BY_NAME, "", "%s/holders", attributes) == 0 && holders.n)
		return err_set(u->err, MISCSI_ERR_BUSY, "%s is part of %s: stop that device first", name, holders.names[0]);
	if (read_number(u, name, attributes, &number) < 0)
		return true;
	if (is_mounted(u, name, number, node))
		return true;
	if (find_source(u, u->swaps, node))
		return err_set(u->err, MISCSI_ERR_BUSY, "%s is in use as swap space: run swapoff on it first", name);
	if (add_device(u, name, number, false) < 0)
		return true;
	return u->claim(&u->devices[u->n_devices - 1], u->err) < 0;
}

static bool disk_in_use(struct in_use *u, const char *disk)
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

/* SCSI commands can be sent through it without the disk's device. */
static bool add_generic(struct in_use *u, uint32_t host_no, uint32_t sid, const struct scan_device *d)
{
	cleanup(dir_free) struct dir names = { 0 };
	char path[200];
	dev_t number;
	int rc = 0;

	snprintf(path, sizeof(path), "class/iscsi_session/session%u/device/target%u:%u:%u/%u:%u:%u:%" PRIu64 "/scsi_generic", sid,
		host_no, d->channel, d->target, host_no, d->channel, d->target, d->lun);
	if (sysfs_list(u->sysfs, &names, SYSFS_BY_NAME, "sg", "%s", path) < 0)
		return true; /* module sg is not loaded */
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		char one[300];

		snprintf(one, sizeof(one), "%s/%.40s", path, names.names[i]);
		rc = read_number(u, names.names[i], one, &number);
		if (rc == 0)
			rc = add_device(u, names.names[i], number, true);
	}
	return rc == 0;
}

bool in_use_session(const struct in_use_ways *ways, uint32_t host_no, uint32_t sid, struct err *err)
{
	struct in_use u = { .sysfs = ways->sysfs, .proc = ways->proc, .claim = ways->claim, .err = err };
	cleanup(scan_devices_free) struct scan_devices devices = { 0 };
	int rc = scan_devices(u.sysfs, host_no, sid, &devices);
	bool used;

	if (rc < 0 && rc != -ENOENT)
		return err_sys(
			err, MISCSI_ERR_BUSY, -rc, OPENERS_UNKNOWN "the list of the disks of session %u cannot be read", sid);
	if (!devices.n)
		return false;
	used = load_libmount(&u) < 0 || read_tables(&u) < 0;
	for (size_t i = 0; i < devices.n && !used; i++)
		used = !add_generic(&u, host_no, sid, &devices.dev[i]) ||
			(*devices.dev[i].block && disk_in_use(&u, devices.dev[i].block));
	if (!used)
		used = openers_find(u.proc, u.sysfs, u.devices, u.n_devices, err) < 0;
	if (used && err->code == MISCSI_ERR_NOMEM) {
		err_prefix(err, "the disks count as in use (--force logs out all the same)");
		err->code = MISCSI_ERR_BUSY;
	}
	release(&u);
	return used;
}

#define LOOK_S 10
#define BEGIN_S 60 /* for a helper to be free */

struct in_use_look {
	struct helper_job job;
	struct loop *loop;
	struct loop_timer limit;
	uint32_t sid;
	bool begun;
	void (*done)(void *arg, bool used, const struct err *err);
	void *arg;
};

struct look_request {
	uint32_t host_no, sid;
};

/* In a helper. */
static int look_run(const void *request, size_t len, void *answer, size_t *answer_len)
{
	cleanup(sysfs_close) struct sysfs sysfs = SYSFS_CLOSED;
	struct in_use_ways ways = { .sysfs = &sysfs, .proc = "/proc", .claim = openers_claim };
	const struct look_request *r = request;
	struct err *err = answer;
	int rc = sysfs_open(&sysfs, NULL);

	(void)len;
	memset(err, 0, sizeof(*err));
	*answer_len = sizeof(*err);
	if (rc < 0)
		err_sys(err, MISCSI_ERR_BUSY, -rc, OPENERS_UNKNOWN "/sys cannot be opened (check that sysfs is mounted there)");
	return rc < 0 || in_use_session(&ways, r->host_no, r->sid, err);
}

static void look_end(struct in_use_look *l, bool used, const struct err *err)
{
	loop_timer_cancel(l->loop, &l->limit);
	l->done(l->arg, used, err);
	x_free(l);
}

static void look_done(struct helper_job *j, int result, const void *answer, size_t len)
{
	struct in_use_look *l = container_of(j, struct in_use_look, job);
	struct err err = ERR_INIT;

	if (len == sizeof(err))
		err_copy(&err, answer);
	else
		err_sys(&err, MISCSI_ERR_BUSY, result < 0 ? -result : EIO,
			OPENERS_UNKNOWN "the helper process that checks the disks of session %u failed", l->sid);
	look_end(l, result != 0, &err);
}

static void look_late(void *arg)
{
	struct in_use_look *l = arg;
	struct err err = ERR_INIT;

	helper_cancel(&l->job);
	if (l->begun)
		err_set(&err, MISCSI_ERR_BUSY, OPENERS_UNKNOWN "the disks of session %u did not answer within %d s", l->sid,
			LOOK_S);
	else
		err_set(&err, MISCSI_ERR_BUSY,
			OPENERS_UNKNOWN
			"the disks of session %u could not be checked within %d s, since too many other disks do not answer",
			l->sid, BEGIN_S);
	look_end(l, true, &err);
}

/* Of many logouts at once, some wait for their turn: that is not the disk's time. */
static void look_begun(struct helper_job *j)
{
	struct in_use_look *l = container_of(j, struct in_use_look, job);

	l->begun = true;
	loop_timer_set(l->loop, &l->limit, LOOK_S * 1000, look_late, l);
}

int in_use_look(struct loop *loop, struct helper_pool *helpers, uint32_t host_no, uint32_t sid,
	void (*done)(void *arg, bool used, const struct err *err), void *arg, struct in_use_look **out)
{
	struct in_use_look *l = x_new(struct in_use_look);
	const struct look_request request = { host_no, sid };
	char key[32];
	int rc;

	if (!l)
		return -ENOMEM;
	snprintf(key, sizeof(key), "use of host %u", host_no);
	*l = (struct in_use_look){
		.job = { .run = look_run, .done = look_done, .begun = look_begun, .of_disk = true, .key = helper_key(key) },
		.loop = loop,
		.sid = sid,
		.done = done,
		.arg = arg
	};
	loop_timer_set(loop, &l->limit, BEGIN_S * 1000, look_late, l);
	rc = helper_submit(helpers, &l->job, &request, sizeof(request));
	if (rc < 0) {
		loop_timer_cancel(loop, &l->limit);
		x_free(l);
		return rc;
	}
	*out = l;
	return 0;
}

void in_use_cancel(struct in_use_look **slot)
{
	struct in_use_look *l = *slot;

	*slot = NULL;
	if (!l)
		return;
	helper_cancel(&l->job);
	loop_timer_cancel(l->loop, &l->limit);
	x_free(l);
}
