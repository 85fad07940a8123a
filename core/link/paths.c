/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Path requests on their way to the transport's op and back. Each is a list's member until it is answered. */
#include "link/paths.h"
#include "base/mem.h"
#include "kernel/kernel.h"
#include "link/engine.h"
#include "plugin/transport.h"
#include <netinet/in.h>
#include <string.h>

struct path_request {
	struct list node;
	const struct paths_config *config;
	struct transport *transport;
	struct transport_op op;
	struct miscsi_path path;
	uint32_t host_no;
	struct iscsi_path asked;
};

/* found NULL: no MAC, and the connect that waits fails. */
static void paths_answer(const struct paths_config *c, const struct transport *t, uint32_t host_no,
	const struct iscsi_path *asked, const struct miscsi_path *found)
{
	struct job *job = job_new();
	struct iscsi_path path = *asked;

	memset(path.mac_addr, 0, sizeof(path.mac_addr));
	if (found) {
		memcpy(path.mac_addr, found->mac, sizeof(path.mac_addr));
		memcpy(path.src, found->src, sizeof(path.src));
		path.vlan_id = found->vlan_id;
		path.pmtu = found->pmtu;
	}
	if (!job)
		return;
	job_for_host(job, transport_handle(t), host_no);
	job_add(job, ISCSI_UEVENT_PATH_UPDATE, NULL, &path, sizeof(path));
	if (kernel_submit(c->engine->kernel, job, NULL, NULL) < 0)
		job_free(job);
}

static void path_free(struct path_request *p)
{
	transport_cancel(&p->op);
	list_remove(&p->node);
	x_free(p);
}

static void path_done(struct transport_op *op, int result)
{
	struct path_request *p = op->arg;

	if (result < 0)
		log_warn(p->config->engine->log, "session", "host%u: %s", p->host_no, op->err.text);
	paths_answer(p->config, p->transport, p->host_no, &p->asked, result >= 0 ? &p->path : NULL);
	path_free(p);
}

/* The settings are for the beginning: what has them may go away meanwhile. */
static void paths_look(struct path_request *p)
{
	p->config->about(p->config->arg, p->transport, &p->asked, &p->op);
	p->op.host_no = p->host_no;
	p->op.sid = p->op.cid = MISCSI_NONE;
	transport_net_path(p->transport, &p->op, &p->path);
	p->op.setting = NULL;
	p->op.settings = NULL;
}

/* A daemon that just took over sessions may not have spoken with the driver yet. */
static void opened(struct transport_op *op, int result)
{
	struct path_request *p = op->arg;

	if (result < 0) {
		path_done(op, result);
		return;
	}
	transport_op_init(&p->op, path_done, p);
	paths_look(p);
}

static bool paths_is_ours(const struct paths_config *c, struct transport *t, const struct iscsi_path *path)
{
	struct transport_op unused;

	transport_op_init(&unused, NULL, NULL);
	return c->about(c->arg, t, path, &unused);
}

static struct path_request *request_new(struct paths *paths)
{
	struct path_request *other;
	unsigned n = 0;

	list_for_each (other, &paths->requests, node)
		n++;
	return n < PATHS_MAX ? x_new(struct path_request) : NULL;
}

void paths_init(struct paths *paths, const struct paths_config *config)
{
	paths->config = *config;
	list_init(&paths->requests);
}

void paths_ask(struct paths *paths, uint32_t host_no, const struct iscsi_path *path)
{
	const struct paths_config *c = &paths->config;
	struct transport *t = plugins_of_host(c->engine->plugins, host_no);
	struct path_request *p;

	if (!t) {
		log_warn(c->engine->log, "session",
			"host%u cannot connect: the kernel asked for its network path, but no plugin supports its transport "
			"('iscsiadm -m transport' shows which plugin to install)",
			host_no);
		return;
	}
	if (!paths_is_ours(c, t, path))
		return;
	p = request_new(paths);
	if (!p) {
		log_warn(c->engine->log, "session",
			"a connection of host%u fails, because iscsid refused the kernel's request for its network path while "
			"too many others were pending; iscsid tries the login again",
			host_no);
		if (transport_handle(t)) /* else its driver has to time out */
			paths_answer(c, t, host_no, path, NULL);
		return;
	}
	p->config = c;
	p->transport = t;
	p->host_no = host_no;
	p->asked = *path;
	p->path = (struct miscsi_path){
		.size = sizeof(p->path), .family = path->ip_addr_len == 4 ? AF_INET : AF_INET6, .handle = path->handle
	};
	memcpy(p->path.dst, path->dst, path->ip_addr_len);
	list_append(&paths->requests, &p->node);
	transport_op_init(&p->op, transport_handle(t) ? path_done : opened, p);
	if (transport_handle(t))
		paths_look(p);
	else
		transport_open(t, &p->op);
}

bool paths_is_to(const struct iscsi_path *asked, const struct sockaddr_storage *sa)
{
	if (sa->ss_family == AF_INET6)
		return asked->ip_addr_len == 16 && memcmp(&((const struct sockaddr_in6 *)sa)->sin6_addr, asked->dst, 16) == 0;
	return asked->ip_addr_len == 4 && memcmp(&((const struct sockaddr_in *)sa)->sin_addr, asked->dst, 4) == 0;
}

void paths_drop(struct paths *paths)
{
	struct path_request *p, *next;

	list_for_each_safe (p, next, &paths->requests, node)
		path_free(p);
}
