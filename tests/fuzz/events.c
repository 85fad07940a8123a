/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: a datagram of the kernel's events. All bytes that a callback is given are read. */
#include "kernel/events.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sum(void *arg, const uint8_t *data, size_t len)
{
	volatile uint8_t *to = arg;

	for (size_t i = 0; i < len; i++)
		*to = (uint8_t)(*to + data[i]);
}

static void pdu(void *arg, uint32_t sid, uint32_t cid, const uint8_t *bhs, const uint8_t *data, size_t len)
{
	(void)sid;
	(void)cid;
	sum(arg, bhs, ISCSI_BHS_LEN);
	sum(arg, data, len);
}

static void host_event(void *arg, uint32_t host_no, uint32_t code, const uint8_t *data, size_t len)
{
	(void)host_no;
	(void)code;
	sum(arg, data, len);
}

static void ping_done(void *arg, uint32_t host_no, uint32_t status, uint32_t id, const uint8_t *data, size_t len)
{
	(void)host_no;
	(void)status;
	(void)id;
	sum(arg, data, len);
}

static void path_req(void *arg, uint64_t handle, uint32_t host_no, const struct iscsi_path *path)
{
	(void)handle;
	(void)host_no;
	if (path->ip_addr_len > sizeof(path->dst))
		abort();
	sum(arg, path->dst, path->ip_addr_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kernel_event_ops ops = {
		.pdu = pdu, .host_event = host_event, .ping_done = ping_done, .path_req = path_req
	};
	uint8_t to = 0;

	events_decode(data, size, &ops, &to);
	return 0;
}
