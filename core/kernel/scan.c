/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SCSI scans in helper processes, and the devices of a session. */
#include "config.h"
#include "kernel/scan.h"
#include "base/helper.h"
#include "base/mem.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEVICES_MAX 16384

/* What a helper needs to know, which has no descriptor of ours. */
struct scan_request {
	uint32_t host_no, sid, channel, target;
	uint64_t lun;
	enum { SCAN_NEW, SCAN_AGAIN, SCAN_VERIFY, SCAN_REMOVE } what;
	char root[]; /* of sysfs; "": /sys */
};

struct scan {
	struct helper_job job;
	scan_done_fn done; /* one of these two */
	scan_verified_fn verified;
	void *arg;
	struct list node;
};

struct scanner {
	struct helper_pool *helpers;
	char *root;
	struct list scans; /* owned */
};

/* '-' is the kernel's word for all. */
static const char *scan_field(char *buf, size_t size, uint64_t value, uint64_t all)
{
	if (value == all)
		return "-";
	snprintf(buf, size, "%" PRIu64, value);
	return buf;
}

int scan_host_wait(const struct sysfs *s, uint32_t host_no, uint32_t channel, uint32_t target, uint64_t lun)
{
	char text[80], c[24], t[24], l[24];

	snprintf(text, sizeof(text), "%s %s %s", scan_field(c, sizeof(c), channel, SCAN_ALL),
		scan_field(t, sizeof(t), target, SCAN_ALL), scan_field(l, sizeof(l), lun, SCAN_LUN_ALL));
	return sysfs_write(s, text, "class/scsi_host/host%u/scan", host_no);
}

/*
 * "2:0:0:10" Beside devices a target's directory holds attributes and links: names other than H:C:T:L of this host are skipped.
 */
static int device_address(const char *name, uint32_t host_no, struct scan_device *dev)
{
	uint32_t host;
	int end = 0;

	if (sscanf(name, "%" SCNu32 ":%" SCNu32 ":%" SCNu32 ":%" SCNu64 "%n", &host, &dev->channel, &dev->target, &dev->lun,
		    &end) != 4 ||
		name[end] || host != host_no)
		return -EINVAL;
	return 0;
}

static int devices_add(struct scan_devices *out, const struct scan_device *dev)
{
	struct scan_device *grown = out->n < DEVICES_MAX ? x_grow(out->dev, out->n, &out->cap, sizeof(*grown), 4) : NULL;

	if (out->n >= DEVICES_MAX)
		return -EFBIG;
	if (!grown)
		return -ENOMEM;
	out->dev = grown;
	out->dev[out->n++] = *dev;
	return 0;
}

/* What a device is attached as. All of it may be missing: no driver has taken it, or it is going away. */
static void device_read(const struct sysfs *target, const char *name, struct scan_device *dev)
{
	cleanup(dir_free) struct dir disks = { 0 };

	sysfs_read(target, dev->state, sizeof(dev->state), "%s/state", name);
	if (!sysfs_list(target, &disks, SYSFS_BY_NAME, "", "%s/block", name) && disks.n &&
		strlen(disks.names[0]) < sizeof(dev->block))
		strcpy(dev->block, disks.names[0]);
}

/* By number: clients such as Longhorn take the first "Lun: 1" that they find. */
static int target_devices(const struct sysfs *session, const char *name, uint32_t host_no, struct scan_devices *out)
{
	cleanup(sysfs_close) struct sysfs target = SYSFS_CLOSED;
	cleanup(dir_free) struct dir luns = { 0 };
	char prefix[16];
	int rc = sysfs_dir(session, &target, "%s", name);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	snprintf(prefix, sizeof(prefix), "%u:", host_no);
	rc = sysfs_list(&target, &luns, SYSFS_BY_NUMBER, prefix, ".");
	for (size_t i = 0; i < luns.n && !rc; i++) {
		struct scan_device dev = { 0 };

		if (device_address(luns.names[i], host_no, &dev))
			continue;
		device_read(&target, luns.names[i], &dev);
		rc = devices_add(out, &dev);
	}
	return rc == -ENOENT ? 0 : rc;
}

int scan_devices(const struct sysfs *s, uint32_t host_no, uint32_t sid, struct scan_devices *out)
{
	cleanup(sysfs_close) struct sysfs session = SYSFS_CLOSED;
	cleanup(dir_free) struct dir targets = { 0 };
	int rc;

	*out = (struct scan_devices){ 0 };
	rc = sysfs_dir(s, &session, "class/iscsi_session/session%u/device", sid);
	if (!rc)
		rc = sysfs_list(&session, &targets, SYSFS_BY_NUMBER, "target", ".");
	for (size_t i = 0; i < targets.n && !rc; i++)
		rc = target_devices(&session, targets.names[i], host_no, out);
	return rc;
}

void scan_devices_free(struct scan_devices *d)
{
	x_free(d->dev);
	*d = (struct scan_devices){ 0 };
}

static int device_dir(const struct sysfs *s, uint32_t host_no, uint32_t sid, const struct scan_device *d, struct sysfs *out)
{
	return sysfs_dir(s, out, "class/iscsi_session/session%u/device/target%u:%u:%u/%u:%u:%u:%" PRIu64, sid, host_no,
		d->channel, d->target, host_no, d->channel, d->target, d->lun);
}

int scan_device_identity(const struct sysfs *s, uint32_t host_no, uint32_t sid, const struct scan_device *d, struct identity *out)
{
	cleanup(sysfs_close) struct sysfs device = SYSFS_CLOSED;
	int rc = device_dir(s, host_no, sid, d, &device);

	return rc == 0 ? identity_read(&device, out) : rc;
}

bool scan_device_is_gone(const struct sysfs *s, uint32_t host_no, uint32_t sid, const struct scan_device *d)
{
	cleanup(sysfs_close) struct sysfs device = SYSFS_CLOSED;
	char state[32] = "";
	int rc = device_dir(s, host_no, sid, d, &device);

	if (rc == 0)
		rc = sysfs_read(&device, state, sizeof(state), "state");
	return rc == -ENOENT || rc == -ENODEV || strcmp(state, "deleted") == 0;
}

/* One that is gone already is what was to be reached. */
static int remove_device(const struct sysfs *s, const struct scan_request *r)
{
	const struct scan_device d = { .channel = r->channel, .target = r->target, .lun = r->lun };
	cleanup(sysfs_close) struct sysfs device = SYSFS_CLOSED;
	int rc = device_dir(s, r->host_no, r->sid, &d, &device);

	if (rc == 0)
		rc = sysfs_write(&device, "1", "delete");
	return rc == -ENOENT || rc == -ENODEV ? 0 : rc;
}

/* Each known device is asked anew first, since a host's scan finds new ones only, and not that a disk has grown. */
int scan_session_again_wait(const struct sysfs *s, uint32_t host_no, uint32_t sid)
{
	cleanup(scan_devices_free) struct scan_devices found = { 0 };
	int rc = scan_devices(s, host_no, sid, &found), one;

	for (size_t i = 0; i < found.n && !rc; i++) {
		cleanup(sysfs_close) struct sysfs device = SYSFS_CLOSED;

		one = device_dir(s, host_no, sid, &found.dev[i], &device);
		if (one == 0)
			one = sysfs_write(&device, "1", "rescan");
		rc = one == -ENOENT ? 0 : one; /* gone meanwhile */
	}
	return rc ? rc : scan_host_wait(s, host_no, SCAN_ALL, SCAN_ALL, SCAN_LUN_ALL);
}

/* A device that cannot be checked keeps none of the others from it. */
static int verify_session(const struct sysfs *s, uint32_t host_no, uint32_t sid, struct identity_report *out)
{
	cleanup(scan_devices_free) struct scan_devices found = { 0 };
	int rc = scan_devices(s, host_no, sid, &found);

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < found.n; i++) {
		const struct scan_device *d = &found.dev[i];
		cleanup(sysfs_close) struct sysfs device = SYSFS_CLOSED;
		char address[64];
		int one = device_dir(s, host_no, sid, d, &device);

		snprintf(address, sizeof(address), "%u:%u:%u:%" PRIu64, host_no, d->channel, d->target, d->lun);
		if (one == 0)
			one = identity_verify(&device, address, d->block, d->lun, out);
		if (rc == 0 && one != -ENOENT) /* gone meanwhile */
			rc = one;
	}
	return rc;
}

/* In a helper. */
static int scan_run(const void *request, size_t len, void *answer, size_t *answer_len)
{
	const struct scan_request *r = request;
	cleanup(sysfs_close) struct sysfs s = SYSFS_CLOSED;
	int rc = sysfs_open(&s, *r->root ? r->root : NULL);

	(void)len;
	if (rc)
		return rc;
	if (r->what == SCAN_VERIFY)
		*answer_len = sizeof(struct identity_report);
	if (r->what == SCAN_VERIFY)
		return verify_session(&s, r->host_no, r->sid, answer);
	if (r->what == SCAN_REMOVE)
		return remove_device(&s, r);
	if (r->what == SCAN_AGAIN)
		return scan_session_again_wait(&s, r->host_no, r->sid);
	return scan_host_wait(&s, r->host_no, r->channel, r->target, r->lun);
}

static void scan_ended(struct helper_job *j, int result, const void *answer, size_t len)
{
	struct scan *scan = container_of(j, struct scan, job);
	scan_done_fn done = scan->done;
	scan_verified_fn verified = scan->verified;
	void *arg = scan->arg;

	list_remove(&scan->node);
	x_free(scan);
	if (verified)
		verified(result, len == sizeof(struct identity_report) ? answer : NULL, arg);
	else
		done(result, arg);
}

/* A scan writes to sysfs and returns when every unit has answered or run into its time limit: minutes, if the target is dead. */
static int scan_submit(struct scanner *sc, const struct scan_request *what, const struct scan *as, struct scan **out)
{
	size_t len = sizeof(*what) + strlen(sc->root) + 1;
	cleanup(x_freep) struct scan_request *request = x_zalloc(len);
	struct scan *scan = x_new(struct scan);
	char host[32];
	int rc = request && scan ? 0 : -ENOMEM;

	if (!rc) {
		*request = *what;
		strcpy(request->root, sc->root);
		snprintf(host, sizeof(host), "host%u", what->host_no);
		*scan = *as;
		scan->job = (struct helper_job){ .run = scan_run, .done = scan_ended, .of_disk = true, .key = helper_key(host) };
		rc = helper_submit(sc->helpers, &scan->job, request, len);
	}
	if (rc) {
		x_free(scan);
		return rc;
	}
	list_append(&sc->scans, &scan->node);
	if (out)
		*out = scan;
	return 0;
}

int scan_host(struct scanner *sc, uint32_t host_no, uint32_t channel, uint32_t target, uint64_t lun, scan_done_fn done, void *arg,
	struct scan **out)
{
	const struct scan_request what = {
		.host_no = host_no, .channel = channel, .target = target, .lun = lun, .what = SCAN_NEW
	};
	const struct scan scan = { .done = done, .arg = arg };

	return scan_submit(sc, &what, &scan, out);
}

int scan_session_again(struct scanner *sc, uint32_t host_no, uint32_t sid, scan_done_fn done, void *arg, struct scan **out)
{
	const struct scan_request what = { .host_no = host_no, .sid = sid, .what = SCAN_AGAIN };
	const struct scan scan = { .done = done, .arg = arg };

	return scan_submit(sc, &what, &scan, out);
}

int scan_verify(struct scanner *sc, uint32_t host_no, uint32_t sid, scan_verified_fn done, void *arg, struct scan **out)
{
	const struct scan_request what = { .host_no = host_no, .sid = sid, .what = SCAN_VERIFY };
	const struct scan scan = { .verified = done, .arg = arg };

	return scan_submit(sc, &what, &scan, out);
}

int scan_remove(struct scanner *sc, uint32_t host_no, uint32_t sid, const struct scan_device *d, scan_done_fn done, void *arg,
	struct scan **out)
{
	const struct scan_request what = {
		.host_no = host_no, .sid = sid, .channel = d->channel, .target = d->target, .lun = d->lun, .what = SCAN_REMOVE
	};
	const struct scan scan = { .done = done, .arg = arg };

	return scan_submit(sc, &what, &scan, out);
}

void scan_cancel(struct scan *scan)
{
	helper_cancel(&scan->job);
	list_remove(&scan->node);
	x_free(scan);
}

int scan_new(struct helper_pool *helpers, const char *root, struct scanner **out)
{
	struct scanner *sc = x_new(struct scanner);

	if (sc)
		sc->root = x_strdup(root ? root : "");
	if (!sc || !sc->root) {
		x_free(sc);
		return -ENOMEM;
	}
	sc->helpers = helpers;
	list_init(&sc->scans);
	*out = sc;
	return 0;
}

void scan_free(struct scanner *sc)
{
	struct scan *scan, *next;

	if (!sc)
		return;
	list_for_each_safe (scan, next, &sc->scans, node)
		scan_cancel(scan);
	x_free(sc->root);
	x_free(sc);
}
