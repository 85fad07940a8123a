/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host parameters as the kernel serves them for any transport. Written against the public ABI, as a plugin would be, but for the traits. */
#include "plugin/defaults.h"
#include "plugin/krequest.h"
#include "plugin/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <strings.h>

/* The host parameters that may be set, by the kernel's number. */
static const struct host_param {
	uint32_t number;
	const char *setting, *name; /* name: also the attribute's */
} host_params[] = {
	{ ISCSI_HOST_PARAM_IPADDRESS, "iface.ipaddress", "ipaddress" },
	{ ISCSI_HOST_PARAM_NETDEV_NAME, "iface.net_ifacename", "netdev" },
	{ ISCSI_HOST_PARAM_HWADDRESS, "iface.hwaddress", "hwaddress" },
	{ ISCSI_HOST_PARAM_INITIATOR_NAME, "iface.initiatorname", "initiatorname" },
};
#define HOST_PARAMS (ARRAY_SIZE(host_params))
#define HOST_PARAM_SHOWN 256u

struct host_set {
	size_t next;
	unsigned taken, refused; /* a bit for each row */
};

/* One request after another: each is one parameter, and its answer is about that one alone. */
static int host_set_next(struct miscsi_op *op);

/* "; it set ipaddress, netdev": what goes before the first name, commas after that. */
static void list_name(struct strbuf *b, const char *before, const char *name)
{
	strbuf_printf(b, "%s%s", b->len ? ", " : before, name);
}

/* Drivers print addresses in the kernel's long form, users write the short one; hardware addresses differ in case. */
static bool same_host_value(const char *wanted, const char *shown)
{
	unsigned char a[16], b[16];

	if (inet_pton(AF_INET6, wanted, a) == 1 && inet_pton(AF_INET6, shown, b) == 1)
		return !memcmp(a, b, sizeof(a));
	return strcasecmp(wanted, shown) == 0;
}

/*
 * Some drivers take anything and keep nothing, so it is read back. A value that cannot be read is assumed to be set; so is the
 * address of a host that has one of its own: its driver shows that of a connection.
 */
static bool host_keeps(struct miscsi_op *op, const struct host_param *p, const char *wanted, char shown[HOST_PARAM_SHOWN])
{
	char path[64];

	if (p->number == ISCSI_HOST_PARAM_IPADDRESS && op_of(op)->transport->match.traits & MISCSI_TRAIT_HOST_IP)
		return true;
	snprintf(path, sizeof(path), "class/iscsi_host/host%u/%s", op->host_no, p->name);
	return op->core->sysfs_read(op, path, shown, HOST_PARAM_SHOWN) < 0 || same_host_value(wanted, shown);
}

/* After the last request: names the parameters that were not set, and those that were. */
static int host_set_end(struct miscsi_op *op)
{
	cleanup(strbuf_free) struct strbuf refused = STRBUF_INIT(0), ignored = STRBUF_INIT(0), set = STRBUF_INIT(0);
	const struct host_set *s = op->data;
	char shown[HOST_PARAM_SHOWN];

	for (size_t i = 0; i < HOST_PARAMS; i++) {
		const struct host_param *p = &host_params[i];

		if (s->refused >> i & 1)
			list_name(&refused, " cannot set ", p->name);
		else if (s->taken >> i & 1 && host_keeps(op, p, op->core->setting(op, p->setting), shown))
			list_name(&set, "; it set ", p->name);
		else if (s->taken >> i & 1)
			strbuf_printf(&ignored, "%s accepted %s, but still shows %s", ignored.len || s->refused ? "; it" : "",
				p->name, *shown ? shown : "nothing");
	}
	if (strbuf_error(&refused) || strbuf_error(&ignored) || strbuf_error(&set))
		return op->core->set_error(op, MISCSI_ERR_NOMEM,
			"no memory for the list of the host parameters that were set: free some memory, or raise the memory "
			"limit of the process");
	if (!refused.len && !ignored.len)
		return 0;
	return op->core->set_error(op, MISCSI_ERR_TRANS_CAPS, "the driver of transport %s%s%s%s", op->transport,
		strbuf_str(&refused), strbuf_str(&ignored), strbuf_str(&set));
}

/* -ENOSYS: the driver does not have this parameter, which is no reason to leave out the others. Any other errno ends the op. */
static void host_set_answer(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	struct host_set *s = op->data;
	unsigned bit = 1u << (s->next - 1);
	int rc;

	if (answer->result == -ENOSYS) {
		s->refused |= bit;
	} else if (answer->result < 0) {
		cleanup(strbuf_free) struct strbuf set = STRBUF_INIT(0);

		for (size_t i = 0; i < HOST_PARAMS; i++) {
			if (s->taken >> i & 1)
				list_name(&set, "; it accepted ", host_params[i].name);
		}
		op->core->set_error(op, MISCSI_ERR_INTERNAL,
			"the driver of host%u refuses the value of the host parameter %s: %s%s", op->host_no,
			host_params[s->next - 1].name, strerror(-answer->result), strbuf_str(&set));
		op->core->op_done(op, answer->result);
		return;
	} else {
		s->taken |= bit;
	}
	rc = host_set_next(op);
	if (rc != -EINPROGRESS)
		op->core->op_done(op, rc);
}

static int host_set_next(struct miscsi_op *op)
{
	struct host_set *s = op->data;
	struct miscsi_request request = { .type = ISCSI_UEVENT_SET_HOST_PARAM };
	const char *value = NULL;

	while (s->next < HOST_PARAMS && !value) {
		value = op->core->setting(op, host_params[s->next++].setting);
		if (value && !*value)
			value = NULL;
	}
	if (!value)
		return host_set_end(op);
	request.payload = value;
	request.payload_len = (uint32_t)strlen(value) + 1; /* the kernel adds no NUL of its own */
	request.u.set_host_param.host_no = op->host_no;
	request.u.set_host_param.param = host_params[s->next - 1].number;
	request.u.set_host_param.len = request.payload_len;
	return krequest_ask(op, &request, host_set_answer);
}

int khost_set(struct miscsi_op *op)
{
	op->data = op->core->op_alloc(op, sizeof(struct host_set));
	return op->data ? host_set_next(op) : -ENOMEM;
}
