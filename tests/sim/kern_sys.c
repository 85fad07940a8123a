/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's sessions in sysfs. */
#include "config.h"
#include "sim.h"
#include "base/mem.h"
#include "record/field.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const states[] = { "FREE", "LOGGED_IN", "FAILED" };

static const char *target_state(const struct kern_session *s)
{
	return s->unbound ? "UNBOUND" : s->unbinding ? "UNBINDING" : s->luns ? "SCANNED" : "ALLOCATED";
}

/* "sess/tpgt": a parameter that was set, by its name in fields.def. NULL: there is no such attribute. */
static const char *parameter(const struct kern_session *s, const char *folder, const char *name)
{
	char whole[128];

	snprintf(whole, sizeof(whole), "%s/%s", folder, name);
	for (int id = 0; id < FIELD_COUNT; id++) {
		const struct field *f = field_of((enum field_id)id);

		if (f->kernel.table != FIELD_TABLE_SESSION || f->kernel.param < 0 || !f->sysfs || strcmp(f->sysfs, whole) != 0)
			continue;
		return s->param[f->kernel.param] ? sim_text("%s\n", s->param[f->kernel.param]) : "(null)\n";
	}
	return NULL;
}

static int file(const char **text, const char *content)
{
	*text = content;
	return content ? 'f' : 0;
}

static int session_attribute(const struct kern_session *s, const char *name, const char **text)
{
	if (strcmp(name, "state") == 0)
		return file(text, sim_text("%s\n", states[s->state]));
	if (strcmp(name, "target_state") == 0)
		return file(text, sim_text("%s\n", target_state(s)));
	if (strcmp(name, "target_id") == 0)
		return file(text, "0\n");
	if (strcmp(name, "creator") == 0)
		return file(text, "4242\n");
	return file(text, parameter(s, "sess", name));
}

static int conn_attribute(const struct kern_session *s, const char *name, const char **text)
{
	if (!s->conn)
		return 0;
	if (!*name)
		return 'd';
	if (strcmp(name, "state") == 0)
		return file(text, sim_text("%s\n", s->conn_state));
	if (strcmp(name, "address") == 0 && s->socket && s->socket->link)
		return file(text, sim_text("%s\n", net_address(net_link_identity(s->socket->link))));
	if (strcmp(name, "port") == 0 && s->socket && s->socket->link)
		return file(text, "3260\n");
	return file(text, parameter(s, "conn", name));
}

static struct kern_session *of_host(unsigned host)
{
	struct kern_session *s = kern_sessions();

	while (s && s->host != host)
		s = s->next;
	return s;
}

/* targetH:0:0, and H:0:0:LUN in it. */
static int device(const struct kern_session *s, const char *path, const char **text)
{
	unsigned a, b, lun;
	int end = 0;

	if (!*path)
		return 'd';
	if (!s->luns || sscanf(path, "/target%u:0:0%n", &a, &end) != 1 || a != s->host)
		return 0;
	path += end;
	if (!*path)
		return 'd';
	end = 0;
	if (sscanf(path, "/%u:0:0:%u%n", &b, &lun, &end) != 2 || b != s->host || lun >= s->luns || s->lun[lun].gone)
		return 0;
	path += end;
	if (!*path)
		return 'd';
	if (strcmp(path, "/state") == 0)
		return file(text, s->lun[lun].offline ? "offline\n" : "running\n");
	if (strcmp(path, "/rescan") == 0 || strcmp(path, "/delete") == 0)
		return file(text, "");
	if (strcmp(path, "/vpd_pg83") == 0)
		return file(text, target_page83(s->lun[lun].page, lun));
	if (strcmp(path, "/block") == 0)
		return 'd';
	return 0;
}

static int session(const char *path, const char **text)
{
	struct kern_session *s;
	unsigned sid;
	int end = 0;

	if (sscanf(path, "session%u%n", &sid, &end) != 1)
		return 0;
	s = kern_find(sid);
	if (!s)
		return 0;
	path += end;
	if (!*path) {
		*text = sim_text("../../devices/platform/host%u/session%u/iscsi_session/session%u", s->host, sid, sid);
		return 'l';
	}
	if (strncmp(path, "/device", 7) == 0)
		return device(s, path + 7, text);
	return session_attribute(s, path + 1, text);
}

static int connection(const char *path, const char **text)
{
	const struct kern_session *s;
	unsigned sid;
	int end = 0;

	if (sscanf(path, "connection%u:0%n", &sid, &end) != 1)
		return 0;
	s = kern_find(sid);
	path += end;
	return s ? conn_attribute(s, *path == '/' ? path + 1 : path, text) : 0;
}

static int host(const char *path, const char **text)
{
	unsigned number;
	int end = 0;

	if (sscanf(path, "host%u%n", &number, &end) != 1 || !of_host(number))
		return 0;
	path += end;
	if (!*path)
		return 'd';
	if (strcmp(path, "/proc_name") == 0)
		return file(text, "iscsi_tcp\n");
	if (strcmp(path, "/state") == 0)
		return file(text, "running\n");
	if (strcmp(path, "/scan") == 0)
		return file(text, "");
	if (strcmp(path, "/ipaddress") == 0 || strcmp(path, "/initiatorname") == 0)
		return file(text, "(null)\n");
	return 0;
}

static int transport(const char *path, const char **text)
{
	if (strcmp(path, "tcp") == 0)
		return 'd';
	if (strcmp(path, "tcp/handle") == 0)
		return file(text, "18446744072641421312\n");
	return strcmp(path, "tcp/caps") == 0 ? file(text, "0x39\n") : 0;
}

static const struct {
	const char *folder;
	int (*fn)(const char *path, const char **text);
} classes[] = {
	{ "/class/iscsi_session", session },
	{ "/class/iscsi_connection", connection },
	{ "/class/iscsi_host", host },
	{ "/class/scsi_host", host },
	{ "/class/iscsi_transport", transport },
};

int kern_sys(const char *path, const char **text)
{
	if (!*path)
		return 'd';
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		size_t n = strlen(classes[i].folder);

		if (strncmp(path, classes[i].folder, n) != 0)
			continue;
		if (!path[n])
			return 'd';
		if (path[n] == '/')
			return classes[i].fn(path + n + 1, text);
	}
	return 0;
}

static void list_devices(const char *path, void (*fn)(void *arg, const char *name), void *arg)
{
	unsigned sid, host_no;
	const struct kern_session *s;
	int end = 0;

	if (sscanf(path, "/class/iscsi_session/session%u/device%n", &sid, &end) != 1 || !end || !(s = kern_find(sid)))
		return;
	path += end;
	if (!*path) {
		if (s->conn)
			fn(arg, sim_text("connection%u:0", sid));
		if (s->luns)
			fn(arg, sim_text("target%u:0:0", s->host));
		return;
	}
	end = 0;
	if (sscanf(path, "/target%u:0:0%n", &host_no, &end) != 1 || !end)
		return;
	if (!path[end]) {
		for (unsigned i = 0; i < s->luns; i++)
			if (!s->lun[i].gone)
				fn(arg, sim_text("%u:0:0:%u", s->host, i));
	} else if (strlen(path) > 6 && strcmp(path + strlen(path) - 6, "/block") == 0) {
		fn(arg, sim_text("sd%u", s->sid));
	}
}

void kern_sys_list(const char *path, void (*fn)(void *arg, const char *name), void *arg)
{
	static const char *const lists[][2] = {
		{ "/class/iscsi_session", "session%u" },
		{ "/class/iscsi_connection", "connection%u:0" },
		{ "/class/iscsi_host", "host%u" },
		{ "/class/scsi_host", "host%u" },
	};

	if (strcmp(path, "/class/iscsi_transport") == 0)
		fn(arg, "tcp");
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (strcmp(path, lists[i][0]) != 0)
			continue;
		for (const struct kern_session *s = kern_sessions(); s; s = s->next)
			fn(arg,
				strchr(lists[i][1], 'h') ? sim_text("host%u", s->host) :
					i == 0		 ? sim_text("session%u", s->sid) :
							   sim_text("connection%u:0", s->sid));
	}
	list_devices(path, fn, arg);
}

/* A rescan requests the pages anew. */
static int write_device(struct kern_session *s, unsigned lun, const char *name, const char *text)
{
	if (!s || lun >= s->luns || s->lun[lun].gone)
		return -ENOENT;
	if (strcmp(name, "delete") == 0) {
		/* one that was set offline may be what it was at first again */
		if (!s->lun[lun].offline && !net_told_another(s->param[ISCSI_PARAM_TARGET_NAME], lun, s->lun[lun].disk))
			sim_fail("LUN %u of session%u is removed, and is disk %u as before", lun, s->sid, s->lun[lun].disk);
		s->lun[lun].gone = true;
		sim_trace("kernel: LUN %u of session%u is removed", lun, s->sid);
		return 0;
	}
	if (strcmp(name, "state") == 0) {
		s->lun[lun].offline = strncmp(text, "offline", 7) == 0;
		sim_trace("kernel: LUN %u of session%u is %.7s", lun, s->sid, text);
		return 0;
	}
	if (strcmp(name, "rescan") != 0)
		return -EACCES;
	if (s->state != KERN_LOGGED_IN || !s->started || !net_answers(s->socket->link))
		return -EIO;
	s->lun[lun].page = target_disk(net_link_identity(s->socket->link));
	return 0;
}

int kern_sys_write(const char *path, const char *text)
{
	unsigned number, lun;
	int end = 0;

	if (sscanf(path, "/class/scsi_host/host%u/scan%n", &number, &end) == 1 && end)
		return kern_scan(number);
	end = 0;
	if (sscanf(path, "/class/iscsi_session/session%u/device/target%*u:0:0/%*u:0:0:%u/%n", &number, &lun, &end) != 2 || !end)
		return -EACCES;
	return write_device(kern_find(number), lun, path + end, text);
}
