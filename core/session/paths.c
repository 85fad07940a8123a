/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Path requests on their way to the transport's op and back. Each is a list's member until it is answered. */
#include "session/paths.h"
#include "kernel/kernel.h"
#include "session/manager_private.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

struct path_request {
	struct list node;
	struct manager *manager;
	struct transport *transport;
	struct transport_op op;
	struct miscsi_path path;
	uint32_t host_no;
	struct iscsi_path asked;
};

static void answer(struct path_request *p, bool found)
{
	struct kernel_job *job = kernel_job_new();
	struct iscsi_path path = p->asked;

	memset(path.mac_addr, 0, sizeof(path.mac_addr)); /* none: the connect that waits fails */
	if (found) {
		memcpy(path.mac_addr, p->path.mac, sizeof(path.mac_addr));
		memcpy(path.src, p->path.src, sizeof(path.src));
		path.vlan_id = p->path.vlan_id;
		path.pmtu = p->path.pmtu;
	}
	if (!job)
		return;
	kernel_job_for_host(job, transport_handle(p->transport), p->host_no);
	kernel_job_path_update(job, &path);
	if (kernel_submit(p->manager->config.kernel, job, NULL, NULL) < 0)
		kernel_job_free(job);
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
		log_warn(p->manager->config.log, "session", "host%u: %s", p->host_no, op->err.text);
	answer(p, result >= 0);
	path_free(p);
}

/* Is this where the session is connecting to? Then its iface's settings are meant. */
static bool connects_to(const struct session *s, const struct iscsi_path *path)
{
	const struct conn *c = &s->conn;
	const struct sockaddr_storage *sa;

	if (c->run.state != CONN_XPT_WAIT || !c->addresses || c->addresses->n == 0)
		return false;
	sa = &c->addresses->addr[(c->next_address + c->addresses->n - 1) % c->addresses->n].sa;
	if (sa->ss_family == AF_INET6)
		return path->ip_addr_len == 16 && memcmp(&((const struct sockaddr_in6 *)sa)->sin6_addr, path->dst, 16) == 0;
	return path->ip_addr_len == 4 && memcmp(&((const struct sockaddr_in *)sa)->sin_addr, path->dst, 4) == 0;
}

static void add_settings(struct path_request *p)
{
	struct session *s;

	list_for_each(s, &p->manager->sessions, node) {
		if (s->transport != p->transport || !connects_to(s, &p->asked))
			continue;
		session_op(s, &p->op);
		break;
	}
	p->op.host_no = p->host_no;
	p->op.sid = p->op.cid = MISCSI_NONE;
}

/* The settings are for the beginning: the session may go away meanwhile. */
static void look(struct path_request *p)
{
	add_settings(p);
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
	look(p);
}

void paths_ask(struct manager *m, uint32_t host_no, const struct iscsi_path *path)
{
	struct transport *t = manager_transport_of_host(m, host_no);
	struct path_request *p, *other;
	unsigned n = 0;

	list_for_each(other, &m->paths, node)
		n++;
	if (!t) {
		log_warn(m->config.log, "session", "host%u asks for a path, and no plugin serves it", host_no);
		return;
	}
	p = n < PATHS_MAX ? x_new(struct path_request) : NULL;
	if (!p) {
		log_warn(m->config.log, "session", "host%u asks for more paths than can be looked for", host_no);
		return;
	}
	p->manager = m;
	p->transport = t;
	p->host_no = host_no;
	p->asked = *path;
	p->path = (struct miscsi_path){ .size = sizeof(p->path), .family = path->ip_addr_len == 4 ? AF_INET : AF_INET6,
		.handle = path->handle };
	memcpy(p->path.dst, path->dst, path->ip_addr_len);
	list_append(&m->paths, &p->node);
	transport_op_init(&p->op, transport_handle(t) ? path_done : opened, p);
	if (transport_handle(t))
		look(p);
	else
		transport_open(t, &p->op);
}

void paths_drop(struct manager *m)
{
	struct path_request *p, *next;

	list_for_each_safe(p, next, &m->paths, node)
		path_free(p);
}
