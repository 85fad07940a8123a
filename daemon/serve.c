/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The work of iscsid: creates its parts in order and frees them in reverse order. Sessions stay in the kernel when it exits. */
#include "config.h"
#include "daemon/iscsid.h"
#include "daemon/identity.h"
#include "daemon/standing.h"
#include "base/file.h"
#include "base/mem.h"
#include "ipc/listener.h"
#include "ipc/service.h"
#include "kernel/kernel.h"
#include "kernel/netwatch.h"
#include "kernel/scan.h"
#include "kernel/sysfs.h"
#include "link/engine.h"
#include "plugin/plugins.h"
#include "proto/chap.h"
#include "record/recfile.h"
#include "record/record.h"
#include "session/adopt.h"
#include "session/manager.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INHERIT_MAX 8

struct daemon {
	const struct iscsid_options *options;
	struct log *log;
	struct sysfs sysfs;
	struct engine engine;
	struct manager *manager;
	struct service *service;
	struct netwatch *netwatch;
	struct loop_signal on_term, on_int, on_hup;
	struct helper_job reload; /* a reading of iscsid.conf */
	bool reloading; /* it is under way */
	struct identity *identity;
	struct standing *standing;
	char found_dir[PATH_MAX]; /* of the standing discoveries */
	struct manager_watch on_change;
	struct loop_timer tidy;
	const void *heap; /* its end at the start of this program */
	unsigned long long loaded; /* libraries and plugins, of become_keep_code() */
	struct loop_task adopt; /* the next sessions, then what remains of the start */
	unsigned started; /* how much of that is done */
	int ready; /* for become_ready() */
	int failed; /* -errno: why the start came to no end, and *err says it */
	struct err *err;
	int sockets[INHERIT_MAX]; /* that the server does not own yet */
	int n_sockets;
	bool own_socket; /* the one with a path is ours, and is removed at the end */
};

/* Invalid lines of iscsid.conf are logged and ignored. */
static void conf_warning(void *arg, const char *text)
{
	const struct daemon *d = arg;

	log_warn(d->log, "iscsid", "%s", text);
}

static void serve_stop(void *arg)
{
	struct daemon *d = arg;

	become_notify(d->log, "STOPPING=1");
	loop_quit(d->engine.loop);
}

static void on_signal(void *arg, int signo)
{
	struct daemon *d = arg;

	log_info(d->log, "iscsid", "iscsid stops, because it received signal %d; the sessions stay in the kernel", signo);
	serve_stop(d);
}

/* iscsid.conf, read again by a helper: its disk may not answer. */
struct reload {
	struct err err;
	bool safe_logout, macvlan;
	char warning[400]; /* about the first line that was ignored; "": none */
};

static void reload_warning(void *arg, const char *text)
{
	struct reload *r = arg;

	if (!*r->warning)
		snprintf(r->warning, sizeof(r->warning), "%s", text);
}

/* In a helper. The request is the path. */
static int reload_run(const void *request, size_t len, void *answer, size_t *answer_len)
{
	cleanup(record_freep) struct record *conf = NULL;
	struct reload *r = answer;
	struct recfile_report report = { .warn = reload_warning, .arg = r };
	int rc;

	(void)len;
	memset(r, 0, sizeof(*r));
	rc = recfile_conf(request, &report, &conf, &r->err);
	r->safe_logout = conf && record_int(conf, FIELD_CONF_SAFE_LOGOUT);
	r->macvlan = conf && record_int(conf, FIELD_CONF_OFFLOAD_MACVLAN);
	*answer_len = sizeof(*r);
	return rc;
}

static void reload_done(struct helper_job *j, int result, const void *answer, size_t len)
{
	struct daemon *d = container_of(j, struct daemon, reload);
	const struct reload *r = len == sizeof(*r) ? answer : NULL;

	d->reloading = false;
	if (!r || result < 0) {
		log_warn(d->log, "iscsid", "cannot read %s again, so the earlier settings stay in force: %s", d->options->config,
			r ? r->err.text : strerror(-result));
		return;
	}
	if (*r->warning)
		log_warn(d->log, "iscsid", "%s", r->warning);
	manager_set_safe_logout(d->manager, r->safe_logout);
	plugins_set_macvlan(d->engine.plugins, r->macvlan);
	log_info(d->log, "iscsid", "iscsid read %s again, and its settings are now in force", d->options->config);
}

/* One reading at a time: a signal that comes during one is answered by it. */
static void on_hangup(void *arg, int signo)
{
	struct daemon *d = arg;
	const char *path = d->options->config;

	(void)signo;
	identity_look(d->identity);
	if (d->standing) /* clients are heard only after the adoption */
		standing_read(d->standing);
	if (d->reloading)
		return;
	d->reload = (struct helper_job){ .run = reload_run, .done = reload_done };
	d->reloading = helper_submit(d->engine.helpers, &d->reload, path, strlen(path) + 1) == 0;
}

/* NULL if it cannot be read: the defaults apply. */
static struct record *read_conf(struct daemon *d)
{
	struct recfile_report report = { .warn = conf_warning, .arg = d };
	struct record *conf = NULL;
	struct err err = ERR_INIT;

	if (recfile_conf(d->options->config, &report, &conf, &err) < 0)
		log_warn(d->log, "iscsid", "%s", err.text);
	return conf;
}

static int identify_initiator(void *arg, const char **name, const char **alias, struct err *err)
{
	const struct daemon *d = arg;

	return identity_get(d->identity, name, alias, err);
}

static void look_at_identity(void *arg)
{
	const struct daemon *d = arg;

	identity_look(d->identity);
}

static void identity_looked_at(void *arg)
{
	const struct daemon *d = arg;

	manager_identified(d->manager);
}

static int make_identity(struct daemon *d)
{
	struct identity_config config = { .loop = d->engine.loop,
		.helpers = d->engine.helpers,
		.path = d->options->initiator_file,
		.done = identity_looked_at,
		.arg = d };

	return identity_new(&config, &d->identity);
}

#define TIDY_MS 500

static void trim_memory(void *arg)
{
	const struct daemon *d = arg;

	become_trim(d->heap);
}

/*
 * Many logins at once need memory for their messages. Afterwards it is returned to the kernel. The first session of a transport
 * has loaded its plugin, which the session's recovery needs.
 */
static void sessions_changed(struct manager_watch *w, const struct manager_session *s)
{
	struct daemon *d = w->arg;

	(void)s;
	become_keep_code(&d->loaded, d->log);
	loop_timer_set(d->engine.loop, &d->tidy, TIDY_MS, trim_memory, d);
}

static void tidy_soon(void *arg)
{
	struct daemon *d = arg;

	loop_timer_set(d->engine.loop, &d->tidy, TIDY_MS, trim_memory, d);
}

static void network_changed(void *arg)
{
	const struct daemon *d = arg;

	manager_wake(d->manager);
}

/* What they found is beside the directory of the sessions. */
static int make_standing(struct daemon *d)
{
	const char *state = d->options->state_dir, *slash = strrchr(state, '/');
	struct standing_config config = { .engine = &d->engine,
		.conf = d->options->config,
		.socket = d->options->socket,
		.dir = d->found_dir,
		.identify = identify_initiator,
		.tidy = tidy_soon,
		.arg = d };

	snprintf(d->found_dir, sizeof(d->found_dir), "%.*sdiscoveries", slash ? (int)(slash + 1 - state) : 0, state);
	return standing_new(&config, &d->standing);
}

static void read_discoveries(void *arg)
{
	const struct daemon *d = arg;

	standing_read(d->standing);
}

static int each_discovery(void *arg, int (*fn)(void *arg, const struct service_discovery *d), void *fn_arg)
{
	const struct daemon *d = arg;

	return standing_each(d->standing, fn, fn_arg);
}

/* Only for root, unlike its parent directory, which has the socket for all users. */
static int make_state_dir(const char *dir)
{
	const char *slash = strrchr(dir, '/');
	cleanup(x_freep) char *above = x_strndup(dir, slash ? (size_t)(slash - dir) : 0);
	int rc = above ? 0 : -ENOMEM;

	if (rc == 0 && *above)
		rc = file_mkdirs(above, 0755);
	return rc < 0 ? rc : file_mkdirs(dir, 0700);
}

static int make_signals(struct daemon *d)
{
	int rc = loop_signal_add(d->engine.loop, &d->on_term, SIGTERM, on_signal, d);

	if (rc == 0)
		rc = loop_signal_add(d->engine.loop, &d->on_int, SIGINT, on_signal, d);
	return rc < 0 ? rc : loop_signal_add(d->engine.loop, &d->on_hup, SIGHUP, on_hangup, d);
}

/*
 * From the bottom up: what a part needs is there before it. Sessions are taken over before the first request is heard, so that a
 * login cannot double one that is there.
 */
static int make_manager(struct daemon *d, struct err *err)
{
	cleanup(record_freep) struct record *conf = read_conf(d);
	struct manager_config config = {
		.engine = &d->engine,
		.state_dir = d->options->state_dir,
		.identify = identify_initiator,
		.refresh = look_at_identity,
		.identify_arg = d,
		.safe_logout = conf && record_int(conf, FIELD_CONF_SAFE_LOGOUT),
	};
	int rc = engine_open(&d->engine, conf && record_int(conf, FIELD_CONF_OFFLOAD_MACVLAN), err);

	if (rc < 0)
		return rc;
	kernel_use_helpers(d->engine.kernel, d->engine.helpers);
	rc = make_signals(d);
	if (rc < 0)
		return err_sys(err, rc == -ENOMEM ? MISCSI_ERR_NOMEM : MISCSI_ERR_INTERNAL, -rc,
			"iscsid cannot start, because it cannot set up the handling of signals");
	rc = make_identity(d);
	if (rc == 0)
		rc = scan_new(d->engine.helpers, d->options->sysfs, &d->engine.scanner);
	if (rc < 0)
		return err_sys(err, rc == -ENOMEM ? MISCSI_ERR_NOMEM : MISCSI_ERR_INTERNAL, -rc,
			"iscsid cannot start, because it cannot set up the reading of the initiator name or the scans for "
			"devices");
	rc = make_state_dir(config.state_dir);
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_INTERNAL, -rc,
			"cannot create the directory %s for the state of sessions (choose another one with --state)",
			config.state_dir);
	rc = manager_new(&config, &d->manager, err);
	if (rc < 0)
		return rc;
	d->on_change = (struct manager_watch){ .fn = sessions_changed, .arg = d };
	manager_watch(d->manager, &d->on_change);
	rc = netwatch_new(d->engine.loop, NETWATCH_WHEN_QUIET, network_changed, d, &d->netwatch);
	if (rc < 0)
		log_info(d->log, "iscsid",
			"iscsid cannot receive the kernel's messages about network changes, so it tries to recover lost sessions "
			"only at fixed intervals: %s",
			strerror(-rc));
	return 0;
}

static int open_socket(struct daemon *d, const char *name, struct err *err)
{
	int rc = listener_open(name, &d->sockets[d->n_sockets], err);

	if (rc == 0)
		d->n_sockets++;
	return rc;
}

/*
 * The sockets that systemd passed, or else our own: a path, and an abstract name for clients in another mount namespace. They are
 * open before sessions are taken over, so that clients wait for the end of that, and are not told that there is no daemon.
 */
static int open_sockets(struct daemon *d, struct err *err)
{
	const char *path = d->options->socket ? d->options->socket : LISTENER_PATH;
	struct err why = ERR_INIT;
	int rc;

	d->n_sockets = listener_inherit(d->sockets, INHERIT_MAX);
	if (d->n_sockets)
		return 0;
	rc = open_socket(d, path, err);
	d->own_socket = rc == 0;
	if (rc == 0 && !d->options->socket && open_socket(d, LISTENER_ABSTRACT, &why) < 0)
		log_warn(d->log, "iscsid", "%s", why.text);
	return rc;
}

/* The server owns the sockets from here on. */
static int serve_sockets(struct daemon *d, struct err *err)
{
	int rc = 0;

	while (d->n_sockets && rc == 0) {
		rc = varlink_server_listen(service_server(d->service), d->sockets[d->n_sockets - 1]);
		if (rc == 0)
			d->n_sockets--;
	}
	return rc < 0 ? err_sys(err, MISCSI_ERR_INTERNAL, -rc, "iscsid cannot accept connections on %s",
				d->own_socket ? "iscsid's own socket" : "the socket that systemd passed (iscsid.socket)") :
			0;
}

static int make_service(struct daemon *d)
{
	static const struct service_ops ops = {
		.login = manager_login,
		.logout = manager_logout,
		.logout_id = manager_logout_id,
		.logout_unused = manager_logout_unused,
		.rescan = manager_rescan,
		.forget = manager_forget,
		.each = manager_each,
		.count = manager_count,
		.watch = manager_watch,
		.unwatch = manager_unwatch,
	};
	struct service_config config = {
		.loop = d->engine.loop,
		.log = d->log,
		.ops = &ops,
		.manager = d->manager,
		.stop = serve_stop,
		.read_discoveries = read_discoveries,
		.discoveries = each_discovery,
		.tidy = tidy_soon,
		.arg = d,
	};
	int rc = make_standing(d);

	if (rc == 0)
		rc = service_new(&config, &d->service);
	if (rc < 0)
		return err_sys(d->err, MISCSI_ERR_INTERNAL, -rc,
			"iscsid cannot start, because it cannot set up the service for iscsiadm");
	return serve_sockets(d, d->err);
}

static int keep_code(struct daemon *d)
{
	become_keep_code(&d->loaded, d->log); /* of the plugins for the sessions that were taken over */
	return 0;
}

static int trim_heap(struct daemon *d)
{
	become_trim(d->heap);
	return 0;
}

static int tell_ready(struct daemon *d)
{
	become_ready(d->ready);
	become_notify(d->log, "READY=1");
	standing_read(d->standing);
	return 0;
}

/* What remains when all sessions are taken over: clients are heard. One thing in each turn, since some touch much memory. */
static void begin_service(void *arg)
{
	static int (*const parts[])(struct daemon * d) = { make_service, keep_code, trim_heap, tell_ready };
	struct daemon *d = arg;

	d->failed = parts[d->started++](d);
	if (d->failed < 0)
		loop_quit(d->engine.loop);
	else if (d->started < ARRAY_SIZE(parts))
		loop_defer(d->engine.loop, &d->adopt, begin_service, d);
}

#define ADOPT_AT_ONCE 1

/* One of the sessions in each turn of the loop: those that were taken over may need it. */
static void adopt_some(void *arg)
{
	struct daemon *d = arg;
	unsigned adopted;
	int rc = adopt_sessions(d->manager, ADOPT_AT_ONCE, &adopted, d->err);

	if (rc > 0) {
		loop_defer(d->engine.loop, &d->adopt, adopt_some, d);
		return;
	}
	if (rc == 0 && adopted)
		log_info(d->log, "iscsid", "iscsid took over %u running session%s", adopted, adopted == 1 ? "" : "s");
	d->failed = rc;
	if (rc < 0)
		loop_quit(d->engine.loop);
	else
		loop_defer(d->engine.loop, &d->adopt, begin_service, d);
}

static int serve_run(struct daemon *d, struct err *err)
{
	int rc = sysfs_open(&d->sysfs, d->options->sysfs);

	if (rc < 0)
		return err_sys(err, MISCSI_ERR_SYSFS_LOOKUP, -rc, "cannot open /sys: check that sysfs is mounted there");
	rc = open_sockets(d, err);
	if (rc < 0)
		return rc;
	chap_warm();
	become_keep_code(&d->loaded, d->log);
	rc = make_manager(d, err);
	if (rc == 0)
		rc = adopt_begin(d->manager, err);
	if (rc < 0)
		return rc;
	loop_defer(d->engine.loop, &d->adopt, adopt_some, d);
	rc = loop_run(d->engine.loop);
	return rc < 0 ?
		err_sys(err, MISCSI_ERR_INTERNAL, -rc, "iscsid ends, because it cannot wait for events any more (epoll)") :
		d->failed;
}

/* The reverse of serve_run(): each part is freed after those that use it. false: a plugin's thread hangs. */
static bool serve_end(struct daemon *d)
{
	if (d->service)
		service_free(d->service);
	while (d->n_sockets)
		close(d->sockets[--d->n_sockets]);
	if (d->own_socket)
		listener_unlink(d->options->socket ? d->options->socket : LISTENER_PATH);
	standing_free(d->standing);
	netwatch_free(d->netwatch);
	manager_free(d->manager);
	identity_free(d->identity);
	if (!engine_close(&d->engine))
		return false;
	sysfs_close(&d->sysfs);
	return true;
}

int serve(const struct iscsid_options *options, const struct helper_zygote *zygote, struct log *log, int ready, bool *hangs,
	struct err *err)
{
	struct daemon d = { .options = options, .log = log, .heap = sbrk(0), .sysfs = SYSFS_CLOSED, .ready = ready, .err = err };
	int rc;

	d.engine.log = log;
	d.engine.sysfs = &d.sysfs;
	d.engine.zygote = *zygote;
	signal(SIGPIPE, SIG_IGN);
	become_many_files(log);
	mallopt(M_ARENA_MAX, 1); /* few threads and short jobs: one heap is enough, and is smaller */
	mallopt(M_TOP_PAD, BECOME_HEAP_RESERVE);
	mallopt(M_TRIM_THRESHOLD, 2 * BECOME_HEAP_RESERVE);
	rc = serve_run(&d, err);
	*hangs = !serve_end(&d);
	return rc;
}
