/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The builders of requests: one for each row of requests.def, which says where its arguments lie. */
#include "config.h"
#include "base/mem.h"
#include "kernel/job_state.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 4096 /* the kernel's page */
#define PDU_DATA_MAX 8192 /* libiscsi's buffer for Login and Text */
#define CHAP_ENTRIES_MAX 32 /* the kernel allocates what is asked for */
#define ARGS(...) ((const uint64_t[REQUEST_ARGS]){ __VA_ARGS__ })

static struct job_request *add(struct job *job, enum iscsi_uevent_e number, const uint64_t *args, const void *payload, size_t len)
{
	return job_add(job, number, args, payload, len, len);
}

/* For plugins, whose requests are their own: only what could harm the whole machine is bounded here. */
void job_raw(struct job *job, uint32_t type, const uint8_t u[24], const void *payload, size_t len)
{
	const struct requests_row *row = requests_row(type);
	struct iscsi_uevent ev = { 0 };
	struct job_request *req;

	if (!row)
		return job_fail(job, -EOPNOTSUPP);
	memcpy(ev.u, u, sizeof(ev.u));
	if (type == ISCSI_UEVENT_GET_CHAP && uevent_get32(ev.u, row->arg[0].at) > CHAP_ENTRIES_MAX)
		return job_fail(job, -E2BIG);
	req = job_append(job, row, &ev, payload, len, len);
	if (req && row->sid)
		req->sid = uevent_get32(ev.u, row->sid - 1u);
	if (req && type == ISCSI_UEVENT_SET_PARAM)
		req->param = uevent_get32(ev.u, row->arg[0].at);
}

/*
 * With an endpoint the session is bound to it: offload drivers refuse the plain form, tcp refuses this
 * one.
 */
void job_create_session(
	struct job *job, uint64_t handle, uint64_t ep_handle, uint16_t cmds_max, uint16_t queue_depth, uint32_t initial_cmdsn)
{
	job_for(job, handle, 0, 0);
	if (ep_handle)
		add(job, ISCSI_UEVENT_CREATE_BOUND_SESSION, ARGS(ep_handle, initial_cmdsn, cmds_max, queue_depth), NULL, 0);
	else
		add(job, ISCSI_UEVENT_CREATE_SESSION, ARGS(initial_cmdsn, cmds_max, queue_depth), NULL, 0);
	job->state->take_sid = true;
}

void job_create_conn(struct job *job, uint32_t cid)
{
	job->cid = cid;
	add(job, ISCSI_UEVENT_CREATE_CONN, ARGS(0), NULL, 0);
}

void job_bind(struct job *job, uint64_t eph, bool leading)
{
	add(job, ISCSI_UEVENT_BIND_CONN, ARGS(eph, leading), NULL, 0);
}

/*
 * A duplicate, because the worker runs the job later: the number might be another file's by then. The
 * kernel looks it up in the table of the thread that sends, and takes its own reference.
 */
void job_bind_socket(struct job *job, int fd, bool leading)
{
	struct job_state *s = job->state;
	int *fds = x_realloc(s->fds, (s->n_fds + 1) * sizeof(*fds));
	int own;

	if (!fds)
		return job_fail(job, -ENOMEM);
	s->fds = fds;
	own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (own < 0)
		return job_fail(job, -errno);
	s->fds[s->n_fds++] = own;
	job_bind(job, (uint64_t)own, leading);
}

/*
 * Text with its NUL, which the kernel does not add; messages that may share a datagram keep the next one
 * aligned. A NULL text makes no request.
 */
static struct job_request *add_text(struct job *job, enum iscsi_uevent_e number, uint32_t param, const void *text, size_t len)
{
	char buf[TEXT_MAX];
	struct job_request *req;

	job->state->added = false;
	if (text && len >= sizeof(buf))
		job_fail(job, -E2BIG);
	if (!text || len >= sizeof(buf))
		return NULL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	req = job_add(job, number, ARGS(param), buf, len + 1, ALIGN8(len + 1));
	mem_wipe(buf, len);
	if (req)
		req->param = param;
	return req;
}

static size_t length(const char *text)
{
	return text ? strlen(text) : 0;
}

void job_set_param(struct job *job, enum iscsi_param param, const char *text)
{
	add_text(job, ISCSI_UEVENT_SET_PARAM, param, text, length(text));
}

void job_set_param_int(struct job *job, enum iscsi_param param, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	job_set_param(job, param, text);
}

/* Not as a string of the caller's: secrets have a length, and no NUL behind them. */
void job_set_param_secret(struct job *job, enum iscsi_param param, const void *bytes, size_t len)
{
	add_text(job, ISCSI_UEVENT_SET_PARAM, param, bytes, len);
}

void job_set_host_param(struct job *job, enum iscsi_host_param param, const char *text)
{
	struct job_request *req = add_text(job, ISCSI_UEVENT_SET_HOST_PARAM, param, text, length(text));

	/* a session's own host, made with it, is known as late as its sid */
	if (req)
		req->take_sid = job->state->take_sid;
}

void job_start_conn(struct job *job)
{
	add(job, ISCSI_UEVENT_START_CONN, ARGS(0), NULL, 0);
}

/* TERM or RECOVER. SUSPEND is answered with success and not done, while the endpoint goes all the same. */
void job_stop_conn(struct job *job, enum iscsi_stop_flag flag)
{
	add(job, ISCSI_UEVENT_STOP_CONN, ARGS(flag), NULL, 0);
}

/*
 * libiscsi has one task for Login and Text: one such PDU at a time. It puts its own ITT, CmdSN and
 * ExpStatSN in.
 */
void job_send_pdu(struct job *job, const uint8_t bhs[ISCSI_BHS_LEN], const void *data, size_t len)
{
	uint8_t buf[ISCSI_BHS_LEN + PDU_DATA_MAX];

	if (len > PDU_DATA_MAX)
		return job_fail(job, -E2BIG);
	memcpy(buf, bhs, ISCSI_BHS_LEN);
	if (len)
		memcpy(buf + ISCSI_BHS_LEN, data, len);
	add(job, ISCSI_UEVENT_SEND_PDU, ARGS(ISCSI_BHS_LEN, len), buf, ISCSI_BHS_LEN + len);
	mem_wipe(buf, ISCSI_BHS_LEN + len);
}

void job_unbind_session(struct job *job)
{
	add(job, ISCSI_UEVENT_UNBIND_SESSION, ARGS(0), NULL, 0);
}

void job_destroy_conn(struct job *job)
{
	add(job, ISCSI_UEVENT_DESTROY_CONN, ARGS(0), NULL, 0);
}

/*
 * Asynchronous: destroying waits for I/O, with the mutex of all iSCSI management held. Kernels that do
 * not know it are asked by the other request.
 */
void job_destroy_session(struct job *job)
{
	add(job, ISCSI_UEVENT_DESTROY_SESSION_ASYNC, ARGS(0), NULL, 0);
}

void job_destroy_session_wait(struct job *job)
{
	add(job, ISCSI_UEVENT_DESTROY_SESSION, ARGS(0), NULL, 0);
}

/*
 * Drivers look at the address by its family, whatever was sent: never let them look beyond. The kernel
 * itself checks for 16 bytes only.
 */
static void add_addr(
	struct job *job, enum iscsi_uevent_e number, const uint64_t *args, const struct sockaddr *addr, socklen_t len)
{
	if (len < sizeof(struct sockaddr) || len > sizeof(struct sockaddr_storage))
		return job_fail(job, -EINVAL);
	job_add(job, number, args, addr, len, sizeof(struct sockaddr_storage));
}

/* Without a host, iser, bnx2i and cxgbi go by the route; be2iscsi, qedi and qla4xxx answer -ENXIO. */
void job_ep_connect(struct job *job, uint32_t host_no, const struct sockaddr *addr, socklen_t len)
{
	const uint64_t *args = ARGS(1); /* not blocking */

	if (host_no == UINT32_MAX)
		return add_addr(job, ISCSI_UEVENT_EP_CONNECT, args, addr, len);
	job->host_no = host_no;
	add_addr(job, ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST, args, addr, len);
}

void job_ep_poll(struct job *job, uint64_t ep_handle, uint32_t timeout_ms)
{
	add(job, ISCSI_UEVENT_EP_POLL, ARGS(ep_handle, timeout_ms), NULL, 0);
}

void job_ep_disconnect(struct job *job, uint64_t ep_handle)
{
	add(job, ISCSI_UEVENT_EP_DISCONNECT, ARGS(ep_handle), NULL, 0);
}

void job_path_update(struct job *job, const struct iscsi_path *path)
{
	add(job, ISCSI_UEVENT_PATH_UPDATE, ARGS(0), path, sizeof(*path));
}

void job_ping(struct job *job, uint32_t iface_num, uint32_t iface_type, uint32_t size, uint32_t id, const struct sockaddr *addr,
	socklen_t len)
{
	add_addr(job, ISCSI_UEVENT_PING, ARGS(iface_num, iface_type, size, id), addr, len);
}

void job_tgt_dscvr(struct job *job, uint32_t type, bool enable, const struct sockaddr *addr, socklen_t len)
{
	add_addr(job, ISCSI_UEVENT_TGT_DSCVR, ARGS(type, enable), addr, len);
}

void job_set_iface_params(struct job *job, const void *attrs, size_t len, uint32_t count)
{
	add(job, ISCSI_UEVENT_SET_IFACE_PARAMS, ARGS(count), attrs, len);
}

void job_set_flashnode_params(struct job *job, uint32_t index, const void *attrs, size_t len, uint32_t count)
{
	add(job, ISCSI_UEVENT_SET_FLASHNODE_PARAMS, ARGS(index, count), attrs, len);
}

void job_set_chap(struct job *job, const void *attrs, size_t len)
{
	add(job, ISCSI_UEVENT_SET_CHAP, ARGS(0), attrs, len);
}

void job_delete_chap(struct job *job, uint16_t index)
{
	add(job, ISCSI_UEVENT_DELETE_CHAP, ARGS(index), NULL, 0);
}

/* With its NUL: the driver compares a string. */
void job_new_flashnode(struct job *job, const char *ipv4_or_ipv6)
{
	add(job, ISCSI_UEVENT_NEW_FLASHNODE, ARGS(0), ipv4_or_ipv6, strlen(ipv4_or_ipv6) + 1);
}

void job_del_flashnode(struct job *job, uint32_t index)
{
	add(job, ISCSI_UEVENT_DEL_FLASHNODE, ARGS(index), NULL, 0);
}

void job_login_flashnode(struct job *job, uint32_t index)
{
	add(job, ISCSI_UEVENT_LOGIN_FLASHNODE, ARGS(index), NULL, 0);
}

void job_logout_flashnode(struct job *job, uint32_t index)
{
	add(job, ISCSI_UEVENT_LOGOUT_FLASHNODE, ARGS(index), NULL, 0);
}

void job_logout_flash_session(struct job *job)
{
	add(job, ISCSI_UEVENT_LOGOUT_FLASHNODE_SID, ARGS(0), NULL, 0);
}

void job_get_stats(struct job *job)
{
	add(job, ISCSI_UEVENT_GET_STATS, ARGS(0), NULL, 0);
}

void job_get_host_stats(struct job *job)
{
	add(job, ISCSI_UEVENT_GET_HOST_STATS, ARGS(0), NULL, 0);
}

void job_get_chap(struct job *job, uint16_t index, uint32_t entries)
{
	if (entries > CHAP_ENTRIES_MAX)
		return job_fail(job, -E2BIG);
	add(job, ISCSI_UEVENT_GET_CHAP, ARGS(entries, index), NULL, 0);
}
