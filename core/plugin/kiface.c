/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel serves for an adapter's network interfaces: their settings, ping, and the statistics of the port. Written against the
 * public ABI.
 */
#include "plugin/defaults.h"
#include "plugin/kencode.h"
#include "plugin/krequest.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>

#define SET_IFACE_PARAMS 31u
#define PING 32u
#define GET_HOST_STATS 42u
#define PING_LOST_MS 60000u /* the firmware has time-outs of its own: this is for an event that was lost */

static const struct krequest set_iface = { SET_IFACE_PARAMS, "apply the settings", MISCSI_ERR_TRANS_CAPS, MISCSI_ERR_GENERIC,
	{ { EINVAL, MISCSI_ERR_INVAL, "the adapter refuses one of them" } } };
static const struct krequest ping = { PING, "ping", MISCSI_ERR_OP_NOT_SUPP, MISCSI_ERR_GENERIC,
	{ { EINVAL, MISCSI_ERR_INVAL, "the adapter refuses it" } } };
static const struct krequest host_stats = { GET_HOST_STATS, "read the host's statistics", MISCSI_ERR_OP_NOT_SUPP,
	MISCSI_ERR_GENERIC, { { 0 } } };

/* One message is one transaction: an address goes with its mask, and the port is set up anew once. */
int knet_apply(struct miscsi_op *op)
{
	cleanup(kencode_wipe) struct kencode k = KENCODE_INIT;
	struct miscsi_request request = { 0 };
	int r = kencode_iface(op, &k);

	if (r < 0)
		return r;
	request.payload = strbuf_str(&k.attrs);
	request.payload_len = (uint32_t)k.attrs.len;
	krequest_u32(&request, 0, op->host_no);
	krequest_u32(&request, 4, k.count);
	return krequest_send(op, &set_iface, &request);
}

/* ---- ping ---- */

/* enum iscsi_ping_status_code, from 1 */
static const struct {
	enum miscsi_error code;
	const char *text;
} ping_states[] = {
	{ MISCSI_ERR_TRANS, "firmware disabled" },
	{ MISCSI_ERR_INVAL, "invalid IP address" },
	{ MISCSI_ERR_INVAL, "invalid link local IPv6 address" },
	{ MISCSI_ERR_TRANS_TIMEOUT, "timed out" },
	{ MISCSI_ERR_INVAL, "invalid destination address" },
	{ MISCSI_ERR_INVAL, "oversized packet" },
	{ MISCSI_ERR_TRANS, "ICMP error" },
	{ MISCSI_ERR_BUSY, "Max request exceeded" },
	{ MISCSI_ERR_TRANS, "No ARP response received" },
};
#define PING_STATES (ARRAY_SIZE(ping_states))

struct pinging {
	struct miscsi_timer *lost;
};

static void ping_sent(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	if (answer->result < 0)
		op->core->op_done(op, krequest_failed(op, &ping, answer->result));
}

static void ping_lost(struct miscsi_op *op, void *arg)
{
	(void)arg;
	op->core->op_done(op, op->core->set_error(op, MISCSI_ERR_TRANS_TIMEOUT, "timed out"));
}

int knet_ping(struct miscsi_op *op, const struct miscsi_ping_args *args)
{
	struct pinging *p = op->core->op_alloc(op, sizeof(*p));
	struct miscsi_request request = {
		.size = sizeof(request), .type = PING, .payload = args->dst, .payload_len = args->dst_len
	};
	int r = p ? op->core->timer(op, PING_LOST_MS, ping_lost, NULL, &p->lost) : -ENOMEM;

	if (r < 0)
		return r;
	krequest_u32(&request, 0, op->host_no);
	krequest_u32(&request, 4, args->iface_num);
	krequest_u32(&request, 8, args->iface_type);
	krequest_u32(&request, 12, args->payload);
	krequest_u32(&request, 16, args->id);
	r = op->core->request(op, &request, ping_sent, NULL);
	return r < 0 ? r : -EINPROGRESS;
}

void knet_ping_event(struct miscsi_op *op, uint32_t status)
{
	int r = 0;

	if (status > PING_STATES)
		r = op->core->set_error(op, MISCSI_ERR_TRANS, "unknown status %u", status);
	else if (status)
		r = op->core->set_error(op, ping_states[status - 1].code, "%s", ping_states[status - 1].text);
	op->core->op_done(op, r);
}

/* ---- host statistics: struct iscsi_offload_host_stats, 64 bits each ---- */

static const char *const host_counters[] = { "mactx_frames", "mactx_bytes", "mactx_multicast_frames", "mactx_broadcast_frames",
	"mactx_pause_frames", "mactx_control_frames", "mactx_deferral", "mactx_excess_deferral", "mactx_late_collision",
	"mactx_abort", "mactx_single_collision", "mactx_multiple_collision", "mactx_collision", "mactx_frames_dropped",
	"mactx_jumbo_frames", "macrx_frames", "macrx_bytes", "macrx_unknown_control_frames", "macrx_pause_frames",
	"macrx_control_frames", "macrx_dribble", "macrx_frame_length_error", "macrx_jabber", "macrx_carrier_sense_error",
	"macrx_frame_discarded", "macrx_frames_dropped", "mac_crc_error", "mac_encoding_error", "macrx_length_error_large",
	"macrx_length_error_small", "macrx_multicast_frames", "macrx_broadcast_frames", "iptx_packets", "iptx_bytes",
	"iptx_fragments", "iprx_packets", "iprx_bytes", "iprx_fragments", "ip_datagram_reassembly", "ip_invalid_address_error",
	"ip_error_packets", "ip_fragrx_overlap", "ip_fragrx_outoforder", "ip_datagram_reassembly_timeout", "ipv6tx_packets",
	"ipv6tx_bytes", "ipv6tx_fragments", "ipv6rx_packets", "ipv6rx_bytes", "ipv6rx_fragments", "ipv6_datagram_reassembly",
	"ipv6_invalid_address_error", "ipv6_error_packets", "ipv6_fragrx_overlap", "ipv6_fragrx_outoforder",
	"ipv6_datagram_reassembly_timeout", "tcptx_segments", "tcptx_bytes", "tcprx_segments", "tcprx_byte",
	"tcp_duplicate_ack_retx", "tcp_retx_timer_expired", "tcprx_duplicate_ack", "tcprx_pure_ackr", "tcptx_delayed_ack",
	"tcptx_pure_ack", "tcprx_segment_error", "tcprx_segment_outoforder", "tcprx_window_probe", "tcprx_window_update",
	"tcptx_window_probe_persist", "ecc_error_correction", "iscsi_pdu_tx", "iscsi_data_bytes_tx", "iscsi_pdu_rx",
	"iscsi_data_bytes_rx", "iscsi_io_completed", "iscsi_unexpected_io_rx", "iscsi_format_error", "iscsi_hdr_digest_error",
	"iscsi_data_digest_error", "iscsi_sequence_error" };
#define HOST_COUNTERS (ARRAY_SIZE(host_counters))
_Static_assert(HOST_COUNTERS == 82, "as many as the kernel has");

static int emit_host_stats(struct miscsi_op *op, const unsigned char *data, uint32_t len)
{
	char text[32];
	uint64_t value;
	int r;

	if (len < HOST_COUNTERS * sizeof(value))
		return op->core->set_error(op, MISCSI_ERR_INTERNAL, "the kernel's host statistics are %u bytes long", len);
	r = op->core->result_row(op, op->host_no);
	for (size_t i = 0; r == 0 && i < HOST_COUNTERS; i++) {
		memcpy(&value, data + i * sizeof(value), sizeof(value));
		snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
		r = op->core->result(op, host_counters[i], text, 0);
	}
	return r;
}

static void host_stats_answer(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	op->core->op_done(op,
		answer->result < 0 ? krequest_failed(op, &host_stats, answer->result) :
				     emit_host_stats(op, answer->data, answer->data ? answer->data_len : 0));
}

int kstats_host(struct miscsi_op *op)
{
	struct miscsi_request request = { .size = sizeof(request), .type = GET_HOST_STATS };
	int r;

	krequest_u32(&request, 0, op->host_no);
	r = op->core->request(op, &request, host_stats_answer, NULL);
	return r < 0 ? r : -EINPROGRESS;
}
