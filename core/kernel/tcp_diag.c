/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One listing of the established connections between two ports, by libnl. */
#include "kernel/tcp_diag.h"
#include "base/mem.h"
#include "kernel/route.h"
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

struct tcp_diag_listing {
	const struct tcp_diag_name *name;
	bool found;
	int error; /* -errno with which the kernel ended the listing */
};

static int on_connection(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *h = nlmsg_hdr(msg);
	struct tcp_diag_listing *l = arg;
	struct inet_diag_msg d;

	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY || nlmsg_datalen(h) < (int)sizeof(d))
		return NL_SKIP;
	memcpy(&d, nlmsg_data(h), sizeof(d));
	l->found |= d.idiag_state == TCP_ESTABLISHED &&
		memcmp(d.id.idiag_dst, l->name->address, route_address_len(l->name->family)) == 0;
	return NL_OK;
}

/* libnl does not look at it: -ENOENT, if the kernel has inet_diag without tcp_diag. */
static int on_end(struct nl_msg *msg, void *arg)
{
	struct tcp_diag_listing *l = arg;

	if (nlmsg_datalen(nlmsg_hdr(msg)) >= (int)sizeof(l->error))
		memcpy(&l->error, nlmsg_data(nlmsg_hdr(msg)), sizeof(l->error));
	return NL_STOP;
}

static int ask(struct nl_sock *sock, const struct tcp_diag_name *name)
{
	struct inet_diag_req_v2 request = { .sdiag_family = name->family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = 1 << TCP_ESTABLISHED,
		.id = { .idiag_sport = name->local_port, .idiag_dport = name->port } };

	return nl_send_simple(sock, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request));
}

static int errno_of(int nl)
{
	return nl == -NLE_OBJ_NOTFOUND || nl == -NLE_PROTO_MISMATCH || nl == -NLE_OPNOTSUPP ? -ENOENT :
		nl == -NLE_NOMEM							    ? -ENOMEM :
											      -EIO;
}

int tcp_diag_established(const struct tcp_diag_name *name)
{
	struct tcp_diag_listing listing = { .name = name };
	cleanup(route_socket_free) struct nl_sock *sock = nl_socket_alloc();
	int rc = sock ? nl_connect(sock, NETLINK_SOCK_DIAG) : -NLE_NOMEM;

	if (rc == 0) {
		nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_connection, &listing);
		nl_socket_modify_cb(sock, NL_CB_FINISH, NL_CB_CUSTOM, on_end, &listing);
		rc = ask(sock, name);
	}
	if (rc >= 0)
		rc = nl_recvmsgs_default(sock);
	if (rc < 0)
		return errno_of(rc);
	return listing.error < 0 ? listing.error : listing.found;
}
