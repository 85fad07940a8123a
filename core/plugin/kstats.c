/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's statistics of a session, for any transport, and of an adapter's port. Written against the public ABI. */
#include "plugin/defaults.h"
#include "plugin/krequest.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>

static const struct krequest host_stats = { ISCSI_UEVENT_GET_HOST_STATS, "read the host's statistics", MISCSI_ERR_OP_NOT_SUPP,
	MISCSI_ERR_GENERIC, { { 0 } } };

/* ---- sessions ---- */

/* struct iscsi_stats: counters by offset, then named ones. */
#define STATS_SIZE 96u
#define STATS_CUSTOMS_AT 92u
#define CUSTOM_NAME 64u
#define CUSTOM_SIZE 72u
#define CUSTOMS_MAX 32u
static const struct counter {
	const char *name;
	uint32_t at, width;
} counters[] = {
	{ "txdata_octets", 0, 8 },
	{ "rxdata_octets", 8, 8 },
	{ "noptx_pdus", 16, 4 },
	{ "scsicmd_pdus", 20, 4 },
	{ "tmfcmd_pdus", 24, 4 },
	{ "login_pdus", 28, 4 },
	{ "text_pdus", 32, 4 },
	{ "dataout_pdus", 36, 4 },
	{ "logout_pdus", 40, 4 },
	{ "snack_pdus", 44, 4 },
	{ "noprx_pdus", 48, 4 },
	{ "scsirsp_pdus", 52, 4 },
	{ "tmfrsp_pdus", 56, 4 },
	{ "textrsp_pdus", 60, 4 },
	{ "datain_pdus", 64, 4 },
	{ "logoutrsp_pdus", 68, 4 },
	{ "r2t_pdus", 72, 4 },
	{ "async_pdus", 76, 4 },
	{ "rjt_pdus", 80, 4 },
	{ "digest_err", 84, 4 },
	{ "timeout_err", 88, 4 },
};

/* By memcpy(): the 64-bit counters of custom entries are not aligned. */
static int emit_counter(struct miscsi_op *op, const char *name, const unsigned char *at, uint32_t width)
{
	char text[32];
	uint64_t wide;
	uint32_t narrow;

	if (width == sizeof(wide)) {
		memcpy(&wide, at, sizeof(wide));
	} else {
		memcpy(&narrow, at, sizeof(narrow));
		wide = narrow;
	}
	snprintf(text, sizeof(text), "%llu", (unsigned long long)wide);
	return op->core->result(op, name, text, 0);
}

/* Custom counters follow the fixed ones. Their number is the driver's word, so it is held against the length that arrived. */
static int emit_stats(struct miscsi_op *op, const unsigned char *data, uint32_t len)
{
	uint32_t customs;
	int rc;

	if (len < STATS_SIZE)
		return op->core->set_error(op, MISCSI_ERR_INTERNAL, "the kernel's statistics are %u bytes long", len);
	rc = op->core->result_row(op, op->sid);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(counters); i++)
		rc = emit_counter(op, counters[i].name, data + counters[i].at, counters[i].width);
	memcpy(&customs, data + STATS_CUSTOMS_AT, sizeof(customs));
	for (uint32_t i = 0; rc == 0 && i < customs && i < CUSTOMS_MAX; i++) {
		const unsigned char *custom = data + STATS_SIZE + i * CUSTOM_SIZE;
		char name[CUSTOM_NAME + 1] = "";

		if (STATS_SIZE + (i + 1) * CUSTOM_SIZE > len)
			break;
		memcpy(name, custom, CUSTOM_NAME);
		rc = emit_counter(op, name, custom + CUSTOM_NAME, 8);
	}
	return rc;
}

static void stats_answer(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	int rc = answer->result;

	if (rc == 0)
		rc = emit_stats(op, answer->data, answer->data ? answer->data_len : 0);
	else if (rc == -ENOENT)
		rc = op->core->set_error(op, MISCSI_ERR_SESS_NOT_FOUND, "session %u has no connection %u", op->sid, op->cid);
	op->core->op_done(op, rc);
}

/* The answer is multicast, and EEXIST, here ENOENT already, means that there is no such connection (doc/KERNEL.md, Errors). */
int kstats_session(struct miscsi_op *op)
{
	struct miscsi_request request = { .size = sizeof(request), .type = ISCSI_UEVENT_GET_STATS };
	int rc;

	request.u.conn.sid = op->sid;
	request.u.conn.cid = op->cid;
	rc = op->core->request(op, &request, stats_answer, NULL);
	return rc < 0 ? rc : -EINPROGRESS;
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

/* The order is the kernel's structure, a 64-bit number for each name; what a newer kernel adds behind them is ignored. */
static int emit_host_stats(struct miscsi_op *op, const unsigned char *data, uint32_t len)
{
	char text[32];
	uint64_t value;
	int rc;

	if (len < HOST_COUNTERS * sizeof(value))
		return op->core->set_error(op, MISCSI_ERR_INTERNAL, "the kernel's host statistics are %u bytes long", len);
	rc = op->core->result_row(op, op->host_no);
	for (size_t i = 0; rc == 0 && i < HOST_COUNTERS; i++) {
		memcpy(&value, data + i * sizeof(value), sizeof(value));
		snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
		rc = op->core->result(op, host_counters[i], text, 0);
	}
	return rc;
}

static void host_stats_answer(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	op->core->op_done(op,
		answer->result < 0 ? krequest_failed(op, &host_stats, answer->result) :
				     emit_host_stats(op, answer->data, answer->data ? answer->data_len : 0));
}

/* Multicast too, so request.c sends it from a socket that listens (doc/TRAPS.md, trap 4). */
int kstats_host(struct miscsi_op *op)
{
	struct miscsi_request request = { .size = sizeof(request), .type = ISCSI_UEVENT_GET_HOST_STATS };
	int rc;

	request.u.host.host_no = op->host_no;
	rc = op->core->request(op, &request, host_stats_answer, NULL);
	return rc < 0 ? rc : -EINPROGRESS;
}
