/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session that is up is watched from now on and not touched; one that is not is recovered at once. */
#include "session/adopt.h"
#include "base/file.h"
#include "base/mem.h"
#include "link/credentials.h"
#include "kernel/netlink.h"
#include "kernel/scan.h"
#include "object/session_info.h"
#include "plugin/resources.h"
#include "proto/portal.h"
#include "session/manager_private.h"
#include "session/store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Of adopt_sessions(), from turn to turn. */
enum adopt_phase {
	ADOPT_IDLE,
	ADOPT_FIRST, /* sessions whose ISID is known */
	ADOPT_SECOND, /* those that the first pass has put off */
	ADOPT_CLEANING, /* files of sessions that are gone */
};

struct adopter {
	struct manager_adopter ops;
	struct manager *manager;
	/* Sessions whose plugin or memory was missing, and how many transports were served when they were last tried. */
	uint32_t *left;
	size_t n_left, left_cap;
	int served;
	bool no_memory; /* one of them may be tried again at any time */
	struct loop_timer left_timer;
	/* Of adopt_sessions(), while it is under way: */
	struct adopt_message {
		uint32_t sid;
		uint8_t bhs[ISCSI_BHS_SIZE];
	} * early; /* to sessions that are not adopted yet */
	size_t n_early, early_cap;
	struct dir names;
	size_t next, again; /* of names: the next one; how many, from the first, have no ISID and are for the second pass */
	unsigned adopted;
	DIR *files; /* to be looked at */
	enum adopt_phase phase;
};

/* What an earlier iscsid noted of a session. */
enum adopt_found { ADOPT_FILE, ADOPT_PENDING, ADOPT_NO_FILE };

/* Only the plugins know whose host a proc_name is. */
static const char *transport_of(void *arg, const char *proc_name)
{
	struct adopter *a = arg;
	struct transport *t;
	int rc = plugins_find_by_proc_name(a->manager->config.engine->plugins, proc_name, &t, NULL);

	a->no_memory |= rc == -ENOMEM;
	return rc == 0 ? transport_name(t) : NULL;
}

/* The settings of a session that left no file: what the kernel shows, the rest by default. */
static struct record *settings_shown(const struct session_info *i)
{
	struct record *r = record_new(RECORD_NODE);

	if (!r)
		return NULL;
	if (session_info_to_record(i, SESSION_INFO_ALL, r) < 0 ||
		record_set(r, FIELD_IFACE_TRANSPORT, i->transport, NULL) == -ENOMEM ||
		(!*i->persistent_address && record_set(r, FIELD_CONN_ADDRESS, i->address, NULL) == -ENOMEM) ||
		(i->persistent_port <= 0 && i->port > 0 && record_set_int(r, FIELD_CONN_PORT, i->port, NULL) == -ENOMEM) ||
		record_set(r, FIELD_SESSION_SCAN, "manual", NULL) == -ENOMEM) { /* its devices are there */
		record_free(r);
		return NULL;
	}
	return r;
}

/* The kernel shows them to root; with them a session can be recovered though its record is gone. */
static int add_secrets(struct record *r, const struct session_info *i)
{
	int rc = session_info_to_record(i, SESSION_INFO_CHAP, r);

	return rc == 0 && i->username.len ? record_set(r, FIELD_SESSION_AUTHMETHOD, "CHAP", NULL) : rc;
}

static void adopt_resources_kept(struct transport_op *op, int result)
{
	const struct conn *c = op->arg;

	if (result < 0)
		log_err(c->k.engine->log, "session", "session%u [%s, %s] %s", c->k.sid, session_target(c->session),
			session_portal(c->session), op->err.text);
}

/* A connect acquires these resources; those of the earlier daemon were released when it ended. */
static void adopt_keep_resources(struct conn *c)
{
	if (!(transport_traits(c->k.transport) & MISCSI_TRAIT_UIO))
		return;
	transport_op_init(&c->dial.op, adopt_resources_kept, c);
	c->dial.op.host_no = c->k.host_no;
	resources_keep(c->k.transport, &c->dial.op);
}

static void adopt_opened(struct transport_op *op, int result)
{
	if (result < 0)
		adopt_resources_kept(op, result);
	else
		adopt_keep_resources(op->arg);
}

static void adopt_secrets_read(void *arg, int result, const struct err *err)
{
	const struct conn *c = arg;

	if (result < 0)
		log_warn(c->k.engine->log, "session",
			"session%u [%s, %s]: iscsid cannot read the CHAP secret that a recovery requires, and %s: %s", c->k.sid,
			session_target(c->session), session_portal(c->session),
			credentials_usable(c->credentials) ? "uses that of the last login" : "tries again at the next login",
			err->text);
}

/* Now, since the disk with the files may be one of this session's. If it is away already, the kernel has those of the last login. */
static void adopt_read_secrets(struct conn *c)
{
	struct record *node = c->session->record;
	struct err err = ERR_INIT;
	int rc = 0;

	credentials_inherit(node, &credentials_of_session, &c->credentials);
	if (credentials_in_files(node, &credentials_of_session))
		rc = credentials_read(
			c->k.engine->helpers, node, &credentials_of_session, adopt_secrets_read, c, &c->credentials, &err);
	if (rc < 0)
		adopt_secrets_read(c, rc, &err);
}

/* What is known of a session that is to be adopted. */
struct adoption {
	struct session_info info;
	struct record *node; /* NULL: there is no file */
	struct store_facts facts;
	enum adopt_found found;
	enum store_mark mark; /* of its file */
};

static void adoption_clear(struct adoption *o)
{
	record_free(o->node);
	session_info_clear(&o->info);
}

/* Without a file, the settings are what the kernel shows, which is more to read. */
#define WITH_FILE (SESSION_INFO_PORTAL | SESSION_INFO_IFACE | SESSION_INFO_STATE | SESSION_INFO_CHAP)
#define WITHOUT_FILE (SESSION_INFO_TIMEOUTS | SESSION_INFO_PARAMS)

/* Reads what is known of a session. -ENOENT: it is gone. */
static int adopt_read(struct adopter *a, uint32_t sid, struct adoption *o, struct err *err)
{
	const struct manager *m = a->manager;
	struct ktransport_map map = { .transport = transport_of, .arg = a };
	int rc = session_info_read(m->config.engine->sysfs, &map, sid, WITH_FILE, &o->info, err);

	if (rc < 0)
		return rc;
	rc = store_read(m->config.state_dir, &o->info, &o->node, &o->facts, &o->mark);
	if (rc == -ENOMEM)
		return err_nomem(err, "a session that iscsid takes over");
	o->found = rc < 0 ? ADOPT_NO_FILE : o->mark == STORE_PENDING ? ADOPT_PENDING : ADOPT_FILE;
	if (rc < 0)
		o->mark = STORE_UP;
	return 0;
}

/*
 * The kernel's is that of the portal that the session was last logged in to, which may be where a redirection led. The address of
 * a session that is lost is that of the last attempt: the two do not belong together then.
 */
static int32_t adopt_group(const struct session_info *i, const struct record *node, enum adopt_found found)
{
	bool same = !strcmp(i->state, "LOGGED_IN") && i->port == i->persistent_port && *i->address &&
		portal_same_host(i->address, i->persistent_address);

	return same || (found == ADOPT_FILE && record_int(node, FIELD_NODE_TPGT) == i->tpgt) ? (int32_t)i->tpgt : -1;
}

/* As a session of ours that is logged in; adopt_go_on() looks whether that is so. */
static int adopt_add(struct manager *m, struct adoption *o, struct transport *t)
{
	const struct session_info *i = &o->info;
	struct session *s;
	int rc;

	if (!o->node)
		o->node = settings_shown(i);
	rc = o->node ? add_secrets(o->node, i) : -ENOMEM;
	if (rc == 0)
		rc = manager_add(m, o->node, t, &s);
	if (rc == 0 && kconn_reserve(&s->conn.k) < 0) {
		session_free(s);
		rc = -ENOMEM;
	}
	if (rc < 0)
		return rc;
	memcpy(s->isid, o->facts.isid, sizeof(s->isid));
	s->replaced = o->facts.replaced;
	s->noted = o->found != ADOPT_NO_FILE;
	s->mark = o->mark;
	s->tpgt = adopt_group(i, s->record, o->found);
	s->adopted = true;
	s->starts = 1;
	s->conn.k.cid = i->has_conn ? 0 : MISCSI_NONE;
	s->conn.k.sid = i->sid;
	s->conn.k.host_no = i->host_no;
	s->time2wait = 2; /* RFC 7143 section 13.15: the default; what was negotiated is not shown */
	s->run.state = SESS_LOGGED_IN;
	s->conn.run.state = CONN_LOGGED_IN;
	conn_identify(&s->conn, NULL); /* now, as the file with the name, too, may be on a disk of this session */
	adopt_read_secrets(&s->conn);
	dial_know(&s->conn.dial, record_str(s->record, FIELD_CONN_ADDRESS), (uint16_t)record_int(s->record, FIELD_CONN_PORT),
		i->address);
	if (!transport_handle(t)) { /* the driver is there, or there would be no session: its handle is read at once */
		transport_op_init(&s->conn.dial.op, adopt_opened, &s->conn);
		transport_open(t, &s->conn.dial.op);
	} else {
		adopt_keep_resources(&s->conn);
	}
	if (transport_handle(t) || s->conn.dial.op.err.code != MISCSI_ERR_NOMEM)
		return 0;
	session_free(s); /* without the handle, no request would reach its driver */
	return -ENOMEM;
}

/* -errno: unknown. */
static int adopt_count_devices(const struct sysfs *sysfs, uint32_t host_no, uint32_t sid)
{
	cleanup(scan_devices_free) struct scan_devices devices = { 0 };
	int rc = scan_devices(sysfs, host_no, sid, &devices);

	return rc < 0 ? rc : devices.n > 0;
}

/*
 * Its login came to no end before a daemon was killed, and nobody waits for it any more. A session that has devices may be in use,
 * whoever made it, and is kept.
 */
static bool was_never_up(const struct session *s, enum adopt_found found)
{
	return found != ADOPT_FILE && adopt_count_devices(s->owner->engine->sysfs, s->conn.k.host_no, s->conn.k.sid) == 0;
}

/*
 * doc/KERNEL.md, rule 14: a connection that a logout has stopped is down and stays so, whatever the state of its session, and so is one
 * that was never bound.
 */
static bool logout_has_begun(const struct session_info *i)
{
	return strcmp(i->target_state, "UNBOUND") == 0 || strcmp(i->target_state, "UNBINDING") == 0 ||
		strcmp(i->conn_state, "down") == 0;
}

/* Sets the machine going for one that is not up: as when its connection is lost, or was never made. */
static void adopt_go_on(struct manager *m, const struct session_info *i, enum adopt_found found)
{
	struct session *s = manager_find(m, i->sid);

	/* a discovery whose program was killed has no target */
	if (!*i->target || !i->has_conn || was_never_up(s, found)) {
		log_info(m->config.engine->log, "session",
			"iscsid removes session%u, because it has no devices, and no iscsid has completed its login", i->sid);
		session_event(s, SESS_EV_CLOSE);
		return;
	}
	if (logout_has_begun(i)) {
		log_info(m->config.engine->log, "session",
			"iscsid continues the logout of session%u, which an earlier iscsid began", i->sid);
		session_event(s, SESS_EV_CLOSE);
		return;
	}
	if (strcmp(i->state, "LOGGED_IN") == 0 && strcmp(i->conn_state, "failed") != 0 && s->mark != STORE_LEAVES)
		return;
	if (s->mark == STORE_LEAVES)
		conn_fail(&s->conn, MISCSI_ERR_TRANS,
			"iscsid ended during a logout that the target had requested, before the new login");
	else
		conn_fail(&s->conn, MISCSI_ERR_TRANS,
			"iscsid found the session in the state %s and its connection in the state %s when it took over the "
			"session",
			i->state, *i->conn_state ? i->conn_state : "unknown");
	conn_event(&s->conn, CONN_EV_LOST);
}

#define EARLY_MAX 4096

static void adopt_early(struct manager_adopter *ops, uint32_t sid, const uint8_t bhs[ISCSI_BHS_SIZE])
{
	struct adopter *a = container_of(ops, struct adopter, ops);
	struct adopt_message *early;

	if (a->phase == ADOPT_IDLE || a->n_early == EARLY_MAX)
		return;
	early = x_grow(a->early, a->n_early, &a->early_cap, sizeof(*early), 8);
	if (!early) /* as if it had come before this iscsid */
		return;
	a->early = early;
	early[a->n_early].sid = sid;
	memcpy(early[a->n_early++].bhs, bhs, ISCSI_BHS_SIZE);
}

/* What the target has said since this iscsid listens: it may want the session to log out before it drops the connection. */
static void adopt_hear(struct adopter *a, struct session *s)
{
	for (size_t n = 0; n < a->n_early; n++) {
		if (!s || a->early[n].sid != s->conn.k.sid || s->conn.run.state != CONN_LOGGED_IN)
			continue;
		memcpy(s->conn.pdu.bhs, a->early[n].bhs, ISCSI_BHS_SIZE); /* without data, which is vendor specific or SCSI's */
		conn_event(&s->conn, CONN_EV_PDU);
		memset(&s->conn.pdu, 0, sizeof(s->conn.pdu));
	}
}

static void adopt_complete(struct manager *m, const struct session_info *i)
{
	struct session *s = manager_find(m, i->sid);
	struct err err = ERR_INIT;

	if (!s || s->run.state == SESS_CLOSING)
		return;
	if ((!s->noted || s->mark == STORE_PENDING) && conn_identify(&s->conn, &err) == 0) {
		if (!s->isid[0])
			manager_choose_isid(m, s);
		s->mark = STORE_UP;
		session_note(s);
	}
	if (err.code)
		log_warn(m->config.engine->log, "session", "session%u: %s", i->sid, err.text);
	if (s->conn.run.state == CONN_LOGGED_IN)
		session_complete(s, i->target_state);
}

/* Takes over one that the kernel shows. Gives 1, or 0 where it is not ours to look after. */
static int adopt_session(struct adopter *a, struct adoption *o, struct err *err)
{
	struct manager *m = a->manager;
	struct session_info *i = &o->info;
	struct transport *t;
	int rc = plugins_find(m->config.engine->plugins, i->transport, &t, err);

	if (rc < 0)
		return rc;
	if (i->creator == -1 && transport_traits(t) & MISCSI_TRAIT_FIRMWARE_SESSIONS)
		return 0; /* doc/KERNEL.md, rule 24: the adapter's own */
	if (o->found == ADOPT_NO_FILE)
		rc = session_info_more(m->config.engine->sysfs, WITHOUT_FILE, i, err);
	if (rc < 0)
		return rc;
	rc = adopt_add(m, o, t);
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_NOMEM, -rc, "iscsid cannot set up its own state for the session");
	adopt_go_on(m, i, o->found);
	adopt_complete(m, i);
	adopt_hear(a, manager_find(m, i->sid));
	return 1;
}

/* The kernel shows a session before the answer with its number has reached its owner here. */
static bool adopt_may_be_ours(const struct manager *m)
{
	const struct session *s;

	list_for_each (s, &m->sessions, node)
		if (s->conn.run.state == CONN_BINDING && !s->conn.k.sid)
			return true;
	return false;
}

static int adopt_one(struct manager_adopter *ops, uint32_t sid, struct err *err)
{
	struct adopter *a = container_of(ops, struct adopter, ops);
	struct adoption o = { 0 };
	int rc;

	/* adopted, it would be two sessions here, one of which waits for an end that the other one sees */
	if (adopt_may_be_ours(a->manager))
		return err_set(err, MISCSI_ERR_BUSY,
			"iscsid is just making a session, which may be session %u: try again when its login has ended", sid);
	rc = adopt_read(a, sid, &o, err);
	if (rc == 0)
		rc = adopt_session(a, &o, err);
	adoption_clear(&o);
	return rc;
}

#define LEFT_MS 30000

static void adopt_left_later(void *arg)
{
	struct adopter *a = arg;

	a->ops.left(&a->ops, false);
}

static void adopt_leave(struct adopter *a, uint32_t sid, int why)
{
	uint32_t *left = x_grow(a->left, a->n_left, &a->left_cap, sizeof(*left), 8);

	a->no_memory |= why == -ENOMEM;
	if (!left) /* for good, or until somebody logs it out */
		return;
	a->left = left;
	left[a->n_left++] = sid;
	loop_timer_set(a->manager->config.engine->loop, &a->left_timer, LEFT_MS, adopt_left_later, a);
}

/* As many transports as before: nothing has come that could serve them. But those that lacked memory are tried each time. */
static int adopt_left(struct manager_adopter *ops, bool short_of_memory)
{
	struct adopter *a = container_of(ops, struct adopter, ops);
	const struct engine *engine = a->manager->config.engine;
	bool again = a->no_memory;
	int served = a->n_left && (again || !short_of_memory) ? plugins_served(engine->plugins) : 0;
	size_t kept = 0;

	if (served <= 0 || (served == a->served && !again))
		goto later;
	a->no_memory = false;
	for (size_t n = 0; n < a->n_left; n++) {
		struct err why = ERR_INIT;
		int one = manager_find(a->manager, a->left[n]) ? 0 : adopt_one(ops, a->left[n], &why);

		if (one > 0)
			log_info(engine->log, "session", "iscsid took over session%u after an earlier attempt had failed",
				a->left[n]);
		a->no_memory |= one == -ENOMEM;
		if (one < 0 && why.code != MISCSI_ERR_SYSFS_LOOKUP)
			a->left[kept++] = a->left[n];
		else if (one < 0) /* there is none any more */
			store_remove(a->manager->config.state_dir, a->left[n]);
	}
	a->n_left = kept;
	a->served = served;
later:
	if (a->n_left)
		loop_timer_set(engine->loop, &a->left_timer, LEFT_MS, adopt_left_later, a);
	return a->n_left && a->no_memory ? -ENOMEM : 0;
}

/*
 * The kernel counts sids up, so the one of a session that was just made is above all that are known: what is looked at here are
 * such ones, and those of other programs. What has no target has not been logged in, and is ended.
 */
static void adopt_orphans(struct manager_adopter *ops, pid_t creator)
{
	struct manager *m = container_of(ops, struct adopter, ops)->manager;
	const struct sysfs *sysfs = m->config.engine->sysfs;
	cleanup(dir_free) struct dir names = { 0 };
	struct err why = ERR_INIT;
	uint32_t sid, known = 0;
	struct session *s;
	int64_t maker;

	list_for_each (s, &m->sessions, node)
		known = s->conn.k.sid > known ? s->conn.k.sid : known;
	if (sysfs_list(sysfs, &names, SYSFS_BY_NUMBER, "session", "class/iscsi_session") < 0)
		return;
	for (size_t n = names.n; n-- > 0 && sysfs_number(names.names[n], "session", &sid) == 0 && sid > known;)
		if (sysfs_read_int(sysfs, &maker, "class/iscsi_session/session%u/creator", sid) == 0 &&
			netlink_process(maker) == creator && adopt_one(ops, sid, &why) < 0)
			log_warn(m->config.engine->log, "session",
				"iscsid cannot remove session%u, which a killed helper process left behind (remove it by "
				"'iscsiadm -m session -r %u -u'): %s",
				sid, sid, why.text);
}

static void adopt_free(struct manager_adopter *ops)
{
	struct adopter *a = container_of(ops, struct adopter, ops);

	loop_timer_cancel(a->manager->config.engine->loop, &a->left_timer);
	dir_free(&a->names);
	if (a->files)
		closedir(a->files);
	x_free(a->early);
	x_free(a->left);
	x_free(a);
}

static struct adopter *adopt_of(struct manager *m)
{
	struct adopter *a;

	if (m->adopter)
		return container_of(m->adopter, struct adopter, ops);
	a = x_new(struct adopter);
	if (a) {
		a->ops = (struct manager_adopter){
			.one = adopt_one, .left = adopt_left, .early = adopt_early, .orphans = adopt_orphans, .free = adopt_free
		};
		a->manager = m;
		m->adopter = &a->ops;
	}
	return a;
}

static int adopt_list(struct adopter *a, struct err *err)
{
	int rc = sysfs_list(a->manager->config.engine->sysfs, &a->names, SYSFS_BY_NUMBER, "session", "class/iscsi_session");

	a->next = a->again = a->adopted = 0;
	if (rc == -ENOENT) /* the class is not loaded */
		rc = 0;
	a->phase = rc < 0 ? ADOPT_IDLE : ADOPT_FIRST;
	return rc < 0 ? err_sys(err, MISCSI_ERR_SYSFS_LOOKUP, -rc, "cannot list the sessions in /sys/class/iscsi_session") : 0;
}

/* The next one of the list. One without an ISID waits for the second pass: its name moves to the front of the list. */
static void adopt_next(struct adopter *a)
{
	const size_t n = a->next++;
	struct adoption o = { 0 };
	struct err why = ERR_INIT;
	uint32_t sid;
	int rc;

	if (sysfs_number(a->names.names[n], "session", &sid) || manager_find(a->manager, sid))
		return;
	rc = adopt_read(a, sid, &o, &why);
	if (rc == 0 && o.found == ADOPT_NO_FILE && a->phase == ADOPT_FIRST) {
		char *name = a->names.names[n];

		a->names.names[n] = a->names.names[a->again];
		a->names.names[a->again++] = name;
	} else if (rc == 0) {
		rc = adopt_session(a, &o, &why);
	}
	adoption_clear(&o);
	if (rc < 0 && !(why.code == MISCSI_ERR_SYSFS_LOOKUP && (rc == -ENOENT || rc == -ENODEV))) { /* that one is gone */
		log_warn(a->manager->config.engine->log, "session",
			"iscsid cannot take over session%u yet, so it would not recover the session from a lost connection, and "
			"tries again: %s",
			sid, why.text);
		adopt_leave(a, sid, rc);
	} else if (rc > 0) {
		a->adopted++;
	}
}

/* Whether there is a next one; if not, the files are next. */
static bool adopt_go_to_next(struct adopter *a)
{
	while (a->phase < ADOPT_CLEANING && a->next == (a->phase == ADOPT_FIRST ? a->names.n : a->again)) {
		a->phase++;
		a->next = 0;
	}
	return a->phase < ADOPT_CLEANING;
}

int adopt_begin(struct manager *m, struct err *err)
{
	struct adopter *a = adopt_of(m);
	int rc = a ? adopt_list(a, err) : err_nomem(err, "the list of sessions to take over");

	if (rc == 0 && a->names.n)
		plugins_served(m->config.engine->plugins); /* what fails is reported by the session that needs it */
	return rc;
}

#define FILES_AT_ONCE 16

int adopt_sessions(struct manager *m, unsigned most, unsigned *adopted, struct err *err)
{
	struct adopter *a = adopt_of(m);
	int rc = 0;

	if (!a)
		return err_nomem(err, "the list of sessions to take over");
	if (a->phase == ADOPT_IDLE)
		rc = adopt_list(a, err);
	if (rc == 0 && a->phase != ADOPT_CLEANING) {
		while (adopt_go_to_next(a) && most--)
			adopt_next(a);
		return 1;
	}
	if (rc == 0 && store_clean(m->config.state_dir, m->config.engine->sysfs, FILES_AT_ONCE, &a->files))
		return 1;
	*adopted = a->adopted;
	a->phase = ADOPT_IDLE;
	dir_free(&a->names);
	x_free(a->early);
	a->early = NULL;
	a->n_early = a->early_cap = 0;
	return rc;
}

/* The kernel counts process ids up to a limit and starts again, so another program may have the id now. */
static bool adopt_maker_runs(int64_t creator)
{
	char path[64], *name = NULL;
	pid_t pid = netlink_process(creator);
	bool runs = pid <= 0;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (!runs && file_read(AT_FDCWD, path, 256, &name, &len) >= 0)
		runs = strstr(name, "iscsi") != NULL;
	x_free(name);
	return runs;
}

/* A session that is not scanned on purpose is complete, and one that is unbound is being logged out. Kernels before 6.3 do not tell. */
static bool adopt_awaits_its_scan(const struct adoption *o)
{
	return o->found == ADOPT_FILE && strcmp(o->info.target_state, "ALLOCATED") == 0 &&
		record_int(o->node, FIELD_SESSION_SCAN) == RECORD_SCAN_AUTO;
}

/* The kernel makes a session and sets its names before its maker hears of it and can note it: until then it has no file, and was never up. */
static bool adopt_was_not_noted(const struct adoption *o)
{
	return o->found == ADOPT_NO_FILE && strcmp(o->info.state, "FREE") == 0;
}

/* Its login was begun and not completed, up to the first scan, by a program that is gone: nobody waits for it any more. */
static bool adopt_is_abandoned(const struct sysfs *sysfs, const struct adoption *o)
{
	const struct session_info *i = &o->info;

	return (o->found == ADOPT_PENDING || adopt_awaits_its_scan(o) || adopt_was_not_noted(o)) &&
		!adopt_maker_runs(i->creator) && adopt_count_devices(sysfs, i->host_no, i->sid) == 0;
}

int adopt_abandoned(struct manager *m, struct err *err)
{
	struct adopter *a = adopt_of(m);
	cleanup(dir_free) struct dir names = { 0 };
	uint32_t sid;
	int ended = 0;

	if (!a)
		return err_nomem(err, "the list of sessions to take over");
	if (sysfs_list(m->config.engine->sysfs, &names, SYSFS_BY_NUMBER, "session", "class/iscsi_session") < 0)
		return 0; /* the class is not loaded */
	for (size_t n = 0; n < names.n; n++) {
		struct adoption o = { 0 };
		struct err why = ERR_INIT;

		if (sysfs_number(names.names[n], "session", &sid) == 0 && adopt_read(a, sid, &o, &why) >= 0 &&
			adopt_is_abandoned(m->config.engine->sysfs, &o)) {
			o.found = o.found == ADOPT_FILE ? ADOPT_PENDING : o.found;
			ended += adopt_session(a, &o, &why) > 0;
		}
		adoption_clear(&o);
	}
	return ended;
}
