/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's statistics of a session, for any transport, and of an adapter's port. Written against the public ABI. */
#include "plugin/defaults.h"
#include "plugin/krequest.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>

static const struct krequest host_stats = { ISCSI_UEVENT_GET_HOST_STATS, "cannot read the statistics", MISCSI_ERR_OP_NOT_SUPP,
	MISCSI_ERR_GENERIC, { { 0 } } };

/* By memcpy(): the 64-bit counters of custom entries are not aligned. */
static int emit_counter(struct miscsi_op *op, const char *name, const unsigned char *at, size_t width)
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

/* Counters that follow each other in the kernel's structure. */
static int emit_counters(struct miscsi_op *op, const char *const *names, size_t n, const unsigned char *data, size_t width)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = emit_counter(op, names[i], data + i * width, width);
	return rc;
}

/* ---- sessions: struct iscsi_stats, 64-bit counters, 32-bit counters, then named ones ---- */

#define STATS_NARROW_AT 16u
#define STATS_SIZE 96u
#define STATS_CUSTOMS_AT 92u
#define CUSTOM_NAME 64u
#define CUSTOM_SIZE 72u
#define CUSTOMS_MAX 32u
static const char *const wide_counters[] = { "txdata_octets", "rxdata_octets" };
static const char *const narrow_counters[] = { "noptx_pdus", "scsicmd_pdus", "tmfcmd_pdus", "login_pdus", "text_pdus",
	"dataout_pdus", "logout_pdus", "snack_pdus", "noprx_pdus", "scsirsp_pdus", "tmfrsp_pdus", "textrsp_pdus", "datain_pdus",
	"logoutrsp_pdus", "r2t_pdus", "async_pdus", "rjt_pdus", "digest_err", "timeout_err" };
_Static_assert(STATS_NARROW_AT + ARRAY_SIZE(narrow_counters) * sizeof(uint32_t) == STATS_CUSTOMS_AT, "as many as the kernel has");

/* Custom counters follow the fixed ones. Their number is the driver's word, so it is held against the length that arrived. */
static int emit_stats(struct miscsi_op *op, const unsigned char *data, uint32_t len)
{
	uint32_t customs;
	int rc;

	if (len < STATS_SIZE)
		return op->core->set_error(op, MISCSI_ERR_INTERNAL,
			"cannot read the statistics of session %u: the kernel returned %u bytes, but at least %u are required; "
			"update the kernel",
			op->sid, len, (unsigned)STATS_SIZE);
	rc = op->core->result_row(op, op->sid);
	if (rc == 0)
		rc = emit_counters(op, wide_counters, ARRAY_SIZE(wide_counters), data, sizeof(uint64_t));
	if (rc == 0)
		rc = emit_counters(op, narrow_counters, ARRAY_SIZE(narrow_counters), data + STATS_NARROW_AT, sizeof(uint32_t));
	memcpy(&customs, data + STATS_CUSTOMS_AT, sizeof(customs));
	for (uint32_t i = 0; rc == 0 && i < customs && i < CUSTOMS_MAX; i++) {
		const unsigned char *custom = data + STATS_SIZE + i * CUSTOM_SIZE;
		char name[CUSTOM_NAME + 1] = "";

		if (STATS_SIZE + (i + 1) * CUSTOM_SIZE > len)
			break;
		memcpy(name, custom, CUSTOM_NAME);
		rc = emit_counter(op, name, custom + CUSTOM_NAME, sizeof(uint64_t));
	}
	return rc;
}

static void stats_answer(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	int rc = answer->result;

	if (rc == 0)
		rc = emit_stats(op, answer->data, answer->data ? answer->data_len : 0);
	else if (rc == -ENOENT)
		rc = op->core->set_error(op, MISCSI_ERR_SESS_NOT_FOUND,
			"cannot read the statistics: session %u has no connection %u, or ended meanwhile", op->sid, op->cid);
	op->core->op_done(op, rc);
}

/* The answer is multicast, and EEXIST, here ENOENT already, means that there is no such connection (doc/KERNEL.md, Errors). */
int kstats_session(struct miscsi_op *op)
{
	struct miscsi_request request = { .type = ISCSI_UEVENT_GET_STATS };

	request.u.conn.sid = op->sid;
	request.u.conn.cid = op->cid;
	return krequest_ask(op, &request, stats_answer);
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
	int rc;

	if (len < HOST_COUNTERS * sizeof(uint64_t))
		return op->core->set_error(op, MISCSI_ERR_INTERNAL,
			"cannot read the statistics of host%u: the kernel returned %u bytes, but at least %zu are required; "
			"update the kernel",
			op->host_no, len, HOST_COUNTERS * sizeof(uint64_t));
	rc = op->core->result_row(op, op->host_no);
	return rc ? rc : emit_counters(op, host_counters, HOST_COUNTERS, data, sizeof(uint64_t));
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
	struct miscsi_request request = { .type = ISCSI_UEVENT_GET_HOST_STATS };

	request.u.host.host_no = op->host_no;
	return krequest_ask(op, &request, host_stats_answer);
}
