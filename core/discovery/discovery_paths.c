/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The paths of a discovery through an adapter. Usually the daemon answers the driver's requests; while there is none this does,
 * for its own connects alone, and by the same code.
 *
 * A request must not be answered twice: drivers begin the connection anew with each answer. So whoever else listens is taken for
 * one who answers all, as the daemon does.
 */
#include "kernel/kernel.h"
#include "record/plugin_key.h"
#include "record/record.h"
#include "discovery/discovery_private.h"

static const char *op_setting(void *settings, const char *key)
{
	struct discovery *d = settings;
	enum field_id id;

	if (d->config.iface && plugin_key_is(key))
		return record_plugin_setting(d->config.iface, key);
	if (!d->config.iface || field_find(RECORD_IFACE, key, &id) < 0 || field_of(id)->type == FIELD_TYPE_SECRET)
		return NULL;
	return record_text(d->config.iface, id, d->setting, sizeof(d->setting));
}

void discovery_op(struct discovery *d, struct transport_op *op)
{
	op->setting = op_setting;
	op->settings = d;
}

static bool about(void *arg, struct transport *t, const struct iscsi_path *asked, struct transport_op *op)
{
	struct discovery *d = arg;

	const struct sockaddr_storage *sa = dial_address(&d->dial);

	if (t != d->dial.transport || !sa || !paths_is_to(asked, sa))
		return false;
	discovery_op(d, op);
	return true;
}

/* Who listens is looked at now, since a daemon may have been started, or ended, after we began. */
static void discovery_on_path_req(void *arg, uint64_t handle, uint32_t host_no, const struct iscsi_path *path)
{
	struct discovery *d = arg;

	(void)handle;
	if (kernel_path_listeners() > 1)
		log_debug(d->config.engine->log, "discovery",
			"the kernel requests a network path for host%u, and leaves the answer to another running program, such "
			"as iscsid or iscsiuio",
			host_no);
	else
		paths_ask(&d->paths, host_no, path);
}

int discovery_answer_paths(struct discovery *d, struct err *err)
{
	static const struct kernel_event_ops events = { .path_req = discovery_on_path_req };
	struct paths_config config = { .engine = d->config.engine, .about = about, .arg = d };
	int rc;

	if (!(transport_traits(d->dial.transport) & MISCSI_TRAIT_PATH))
		return 0;
	rc = kernel_join_paths(d->config.engine->kernel);
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_ACCESS, -rc,
			"a discovery through transport %s requires root, because this command must answer the kernel's path "
			"requests",
			transport_name(d->dial.transport));
	paths_init(&d->paths, &config);
	d->path_listener = (struct kernel_listener){ .events = &events, .arg = d };
	kernel_listen(d->config.engine->kernel, &d->path_listener);
	d->answers_paths = true;
	return 0;
}

void discovery_leave_paths(struct discovery *d)
{
	if (!d->answers_paths)
		return;
	kernel_unlisten(&d->path_listener);
	kernel_leave_paths(d->config.engine->kernel);
	paths_drop(&d->paths);
	d->answers_paths = false;
}
