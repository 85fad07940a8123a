/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding, opening and holding the uio devices of adapters. What is looked up and what is held belongs to the loop's thread. */
#include "plugin/uio.h"
#include "kernel/sysfs.h"
#include "plugin/hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The adapter's own directory is the host's parent. */
#define BESIDE_HOST "class/scsi_host/host%u/device/../uio"

static void uio_free(struct uio *u)
{
	list_remove(&u->node);
	if (u->fd >= 0)
		close(u->fd);
	x_free(u);
}

void uio_drop(struct list *uios)
{
	struct uio *u, *next;

	list_for_each_safe (u, next, uios, node)
		uio_free(u);
}

/* The driver notices the close, and its module can be unloaded again. */
void uio_release(struct plugins *ps, const struct transport *t)
{
	struct uio *u, *next;

	list_for_each_safe (u, next, &ps->uios, node) {
		if (!t || u->transport == t)
			uio_free(u);
	}
}

/* An object of sysfs never gets the number of one that was there before it, however it is called. */
static int object_id(const struct sysfs *sysfs, uint32_t host_no, const char *name, uint64_t *id)
{
	cleanup(sysfs_close) struct sysfs dir = SYSFS_CLOSED;
	struct stat st;
	int rc = sysfs_dir(sysfs, &dir, BESIDE_HOST "/%s", host_no, name);

	if (rc < 0)
		return rc;
	if (fstat(dir.fd, &st) < 0)
		return -errno;
	*id = st.st_ino;
	return 0;
}

/* A driver that was reloaded has a new device of the same name: the descriptor that is held belongs to the old one. */
static void forget_vanished(struct plugins *ps, const struct transport *t)
{
	struct uio *u, *next;
	uint64_t id;

	list_for_each_safe (u, next, &ps->uios, node) {
		if (u->transport == t && (object_id(ps->config.sysfs, u->host_no, u->name, &id) < 0 || id != u->id))
			uio_free(u);
	}
}

static bool is_held(const struct plugins *ps, uint64_t id)
{
	struct uio *u;

	list_for_each (u, &ps->uios, node) {
		if (u->id == id)
			return true;
	}
	return false;
}

/* What the worker needs is copied: it runs without the plugin's structures. */
static int note_missing(struct transport *t, uint32_t host_no, const char *name, uint64_t id, struct list *missing)
{
	struct uio *u = x_new(struct uio);
	char dev[32];

	if (!u)
		return -ENOMEM;
	u->fd = -1;
	u->transport = t;
	u->host_no = host_no;
	u->id = id;
	snprintf(u->name, sizeof(u->name), "%.*s", (int)sizeof(u->name) - 1, name);
	if (sysfs_read(t->plugin->ps->config.sysfs, dev, sizeof(dev), BESIDE_HOST "/%s/dev", host_no, name) < 0 ||
		sscanf(dev, "%u:%u", &u->major, &u->minor) != 2)
		u->major = u->minor = 0; /* no device is that */
	list_append(missing, &u->node);
	return 0;
}

/* A host may have several devices; one that is open is enough for the driver. */
static int look_beside(struct transport *t, uint32_t host_no, struct list *missing, int *held)
{
	struct plugins *ps = t->plugin->ps;
	cleanup(dir_free) struct dir names = { 0 };
	uint32_t number;
	uint64_t id;
	int rc = sysfs_list(ps->config.sysfs, &names, SYSFS_BY_NUMBER, "uio", BESIDE_HOST, host_no);

	if (rc == -ENOMEM)
		return rc;
	for (size_t i = 0; i < names.n; i++) {
		if (sysfs_number(names.names[i], "uio", &number) < 0 ||
			object_id(ps->config.sysfs, host_no, names.names[i], &id) < 0)
			continue;
		if (is_held(ps, id))
			++*held;
		else if (note_missing(t, host_no, names.names[i], id, missing) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Two causes that a user can tell apart and cure: a module that is not loaded, an interface that is down. */
static int there_is_none(const struct transport *t, struct err *err)
{
	const char *name = t->match.transport, *plugin = t->plugin->name;

	if (!sysfs_exists(t->plugin->ps->config.sysfs, "class/uio"))
		return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND,
			"transport %s connects only while iscsid holds the adapter's uio device open, and there is none: load "
			"the kernel module uio and the adapter's driver (see miscsi-%s(7))",
			name, plugin);
	return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND,
		"transport %s connects only while iscsid holds the adapter's uio device open, and its host has none in "
		"/sys/class/uio: bring the adapter's network device up (see miscsi-%s(7))",
		name, plugin);
}

/* The number in "uio3" does not name the adapter; the directory of the host's parent lists the adapter's own devices. */
int uio_look(struct transport *t, uint32_t host_no, struct list *missing, struct err *err)
{
	uint32_t hosts[TRANSPORT_HOSTS_MAX] = { host_no };
	int n = host_no == MISCSI_NONE ? hosts_of(t, hosts) : 1;
	int held = 0, rc = n < 0 ? n : 0;

	forget_vanished(t->plugin->ps, t);
	for (int i = 0; rc == 0 && i < n; i++)
		rc = look_beside(t, hosts[i], missing, &held);
	if (rc < 0) {
		uio_drop(missing);
		return err_nomem(err, "the list of the adapter's uio devices");
	}
	return held == 0 && list_empty(missing) ? there_is_none(t, err) : held;
}

/* A node of another device is not opened: what opening does is up to its driver. */
static int open_one(const struct uio *u, const char *dev)
{
	char path[256];
	struct stat st;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dev, u->name) >= sizeof(path))
		return -ENAMETOOLONG;
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(u->major, u->minor))
		return -ENXIO;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

void uio_open(struct list *uios, const char *dev)
{
	struct uio *u;

	list_for_each (u, uios, node) {
		int rc = open_one(u, dev);

		u->fd = rc < 0 ? -1 : rc;
		u->errnum = rc < 0 ? -rc : 0;
	}
}

/* Each errno has its own cure, which the message names. */
static int why_not(const struct transport *t, const struct uio *u, struct err *err)
{
	const char *dev = t->plugin->ps->config.dev ? t->plugin->ps->config.dev : "/dev", *name = t->match.transport;

	switch (u->errnum) {
	case EACCES:
	case EPERM:
		return err_sys(err, MISCSI_ERR_ACCESS, u->errnum,
			"transport %s: iscsid cannot open %s/%s, which the adapter needs: run iscsid as root, and allow the "
			"device in its unit or container",
			name, dev, u->name);
	case ENOENT:
		return err_set(err, MISCSI_ERR_TRANS,
			"transport %s needs %s/%s, which does not exist although the kernel has the device: mount devtmpfs on "
			"/dev, or let udev create it",
			name, dev, u->name);
	case ENXIO:
		return err_set(err, MISCSI_ERR_TRANS,
			"transport %s needs %s/%s, whose device number is not %u:%u as in sysfs: remove it, and let devtmpfs or "
			"udev create it again",
			name, dev, u->name, u->major, u->minor);
	case ENODEV:
		return err_sys(err, MISCSI_ERR_TRANS, u->errnum,
			"transport %s: iscsid cannot open %s/%s (bring the adapter's network device up)", name, dev, u->name);
	default:
		return err_sys(err, MISCSI_ERR_TRANS, u->errnum,
			"transport %s: iscsid cannot open %s/%s, which the adapter needs (the kernel's log may have the reason)",
			name, dev, u->name);
	}
}

/* Two connects at once may both have opened it, where the driver lets them: one is enough. */
int uio_take(struct transport *t, int held, struct list *uios, struct err *err)
{
	struct plugins *ps = t->plugin->ps;
	struct err why = ERR_INIT;
	struct uio *u, *next;
	int open_now = held;

	list_for_each_safe (u, next, uios, node) {
		if (u->fd < 0 && u->errnum != EBUSY) {
			if (why.code == MISCSI_ERR_OK)
				why_not(t, u, &why);
			continue;
		}
		open_now++; /* EBUSY: by another program, which serves the driver as well; the next connect asks again */
		if (u->fd < 0 || is_held(ps, u->id))
			continue;
		list_remove(&u->node);
		list_append(&ps->uios, &u->node);
	}
	uio_drop(uios);
	if (open_now > 0)
		return 0;
	err_copy(err, &why);
	return -err_errno(why.code);
}
