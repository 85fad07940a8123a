/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of proto/negotiate: every row of keys.def at its limits, the result functions of RFC 7143 section 13,
 * answers to offers. */
#include "config.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "proto/negotiate.h"
#include "proto/text.h"
#include "target.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct negotiation begun(const struct iscsi_params *proposal, bool discovery)
{
	struct negotiation n;
	struct strbuf out = STRBUF_INIT(0);

	negotiate_init(&n, proposal, discovery);
	negotiate_offer(&n, &out);
	strbuf_free(&out);
	return n;
}

static struct iscsi_params defaults(void)
{
	struct iscsi_params p;

	key_params_init(&p);
	return p;
}

/* What the target says; the answer comes back as text ("": none). */
static int said(struct negotiation *n, const char *key, const char *value, char answer[128])
{
	struct strbuf out = STRBUF_INIT(0);
	int ret = negotiate_take(n, KEY_OPERATIONAL, key, value, &out, NULL);

	if (answer)
		snprintf(answer, 128, "%s", strbuf_str(&out));
	strbuf_free(&out);
	return ret;
}

static uint32_t outcome(struct negotiation *n, enum key_id id)
{
	return *(uint32_t *)(void *)((char *)&n->result + key_row(id)->theirs);
}

static void rows_are_sound(void **state)
{
	(void)state;
	for (int i = 0; i < KEY_COUNT; i++) {
		const struct key_row *row = key_row((enum key_id)i);

		assert_ptr_equal(key_find(row->name), row);
		assert_true(strlen(row->name) <= TEXT_KEY_MAX);
		if (row->rule == KEY_ELSEWHERE)
			continue;
		assert_in_range(row->initial, row->min, row->max);
		assert_true(row->sender != KEY_BY_I); /* all values are negotiated or declared by both, or the target's */
	}
	assert_null(key_find("maxburstlength"));
}

/* An answer at a limit passes, one beyond it ends the login; so for each number that we offer. */
static void numbers_are_held_to_their_range(void **state)
{
	(void)state;
	for (int i = 0; i < KEY_COUNT; i++) {
		const struct key_row *row = key_row((enum key_id)i);
		struct iscsi_params proposal = defaults();
		struct negotiation n;
		char value[32];

		if (row->type != KEY_NUMBER || !(row->sender & KEY_BY_T))
			continue;
		proposal.rdma_extensions = row->sender == KEY_BY_R;
		for (int at = 0; at < 4; at++) {
			int64_t v = at == 0 ? row->min :
				at == 1	    ? row->max :
				at == 2	    ? (int64_t)row->min - 1 :
					      (int64_t)row->max + 1;

			n = begun(&proposal, false);
			if (!(row->sender & KEY_BY_I) && row->rule != KEY_DECLARE)
				continue;
			snprintf(value, sizeof(value), "%lld", (long long)v);
			assert_int_equal(said(&n, row->name, value, NULL), at < 2 ? 0 : -EPROTO);
		}
	}
}

static bool offers(const struct iscsi_params *proposal, const char *key)
{
	struct negotiation n;
	struct strbuf out = STRBUF_INIT(0);
	bool found = false;

	negotiate_init(&n, proposal, false);
	negotiate_offer(&n, &out);
	for (size_t at = 0; at < out.len; at += strlen(out.s + at) + 1)
		found |= !strncmp(out.s + at, key, strlen(key)) && out.s[at + strlen(key)] == '=';
	strbuf_free(&out);
	return found;
}

/* RFC 7145 section 6: over RDMA alone, and then instead of MaxRecvDataSegmentLength. */
static void rdma_has_lengths_of_its_own(void **state)
{
	struct iscsi_params proposal = defaults();
	struct negotiation n;
	char answer[128];

	(void)state;
	assert_true(offers(&proposal, "MaxRecvDataSegmentLength"));
	assert_false(offers(&proposal, "RDMAExtensions"));
	assert_false(offers(&proposal, "InitiatorRecvDataSegmentLength"));
	n = begun(&proposal, false);
	assert_int_equal(said(&n, "RDMAExtensions", "Yes", answer), 0);
	assert_string_equal(answer, "RDMAExtensions=No");

	proposal.rdma_extensions = 1;
	proposal.max_recv_data_segment_length = 262144; /* not said, and not what holds */
	proposal.initiator_recv_data_segment_length = 131072;
	proposal.target_recv_data_segment_length = 1048576;
	assert_false(offers(&proposal, "MaxRecvDataSegmentLength"));
	assert_true(offers(&proposal, "RDMAExtensions"));
	assert_true(offers(&proposal, "TargetRecvDataSegmentLength"));
	for (int at_all = 0; at_all < 2; at_all++) {
		n = begun(&proposal, false);
		assert_int_equal(said(&n, "RDMAExtensions", "Yes", NULL), 0);
		if (at_all) {
			assert_int_equal(said(&n, "InitiatorRecvDataSegmentLength", "65536", NULL), 0);
			assert_int_equal(said(&n, "TargetRecvDataSegmentLength", "1048576", NULL), 0);
		}
		assert_int_equal(said(&n, "MaxOutstandingUnexpectedPDUs", "0", answer), 0);
		assert_string_equal(answer, "");
		assert_int_equal(negotiate_finish(&n, NULL), 0);
		assert_int_equal(n.result.rdma_extensions, 1);
		/* what the target did not answer keeps RFC 7145's default, 8192 */
		assert_int_equal(n.result.max_recv_data_segment_length, at_all ? 65536 : 8192);
		assert_int_equal(n.result.max_xmit_data_segment_length, at_all ? 1048576 : 8192);
	}
}

static void combines(const char *key, uint32_t proposal, const char *answer, uint32_t want)
{
	struct iscsi_params p = defaults();
	struct negotiation n;
	enum key_id id = (enum key_id)(key_find(key) - key_row((enum key_id)0));

	assert_int_equal(key_params_set(&p, key, proposal), 0);
	/* so that 13.14 does not lower what is tried */
	p.max_burst_length = strcmp(key, "MaxBurstLength") ? 16777215 : p.max_burst_length;
	n = begun(&p, false);
	assert_int_equal(said(&n, key, answer, NULL), 0);
	assert_int_equal(outcome(&n, id), want);
}

static void result_functions_are_those_of_section_13(void **state)
{
	(void)state;
	combines("InitialR2T", 0, "No", 0);
	combines("InitialR2T", 0, "Yes", 1);
	combines("InitialR2T", 1, "No", 1);
	combines("ImmediateData", 1, "No", 0);
	combines("ImmediateData", 1, "Yes", 1);
	combines("ImmediateData", 0, "Yes", 0);
	combines("MaxBurstLength", 65536, "32768", 32768);
	combines("MaxBurstLength", 65536, "262144", 65536);
	combines("FirstBurstLength", 262144, "0x10000", 65536);
	combines("MaxOutstandingR2T", 4, "2", 2);
	combines("MaxConnections", 1, "8", 1);
	combines("ErrorRecoveryLevel", 2, "1", 1);
	combines("DefaultTime2Wait", 2, "5", 5);
	combines("DefaultTime2Wait", 9, "5", 9);
	combines("DefaultTime2Retain", 0, "0", 0);
	combines("DefaultTime2Retain", 20, "5", 5);
}

static int digest(uint32_t proposal, const char *answer, uint32_t *got)
{
	struct iscsi_params p = defaults();
	struct negotiation n;
	int ret;

	p.header_digest = proposal;
	n = begun(&p, false);
	ret = said(&n, "HeaderDigest", answer, NULL);
	*got = n.result.header_digest;
	return ret;
}

static void digests_are_chosen_from_what_was_offered(void **state)
{
	uint32_t got;

	(void)state;
	assert_int_equal(digest(ISCSI_DIGEST_CRC32C_NONE, "CRC32C", &got), 0);
	assert_int_equal(got, ISCSI_DIGEST_CRC32C);
	assert_int_equal(digest(ISCSI_DIGEST_CRC32C_NONE, "None", &got), 0);
	assert_int_equal(got, ISCSI_DIGEST_NONE);
	assert_int_equal(digest(ISCSI_DIGEST_CRC32C_NONE, "Reject", &got), 0);
	assert_int_equal(got, ISCSI_DIGEST_NONE);
	assert_int_equal(digest(ISCSI_DIGEST_NONE, "CRC32C", &got), -EPROTO);
	assert_int_equal(digest(ISCSI_DIGEST_CRC32C, "None", &got), -EPROTO);
	assert_int_equal(digest(ISCSI_DIGEST_CRC32C, "Reject", &got), -EPROTO);
	assert_int_equal(digest(ISCSI_DIGEST_CRC32C, "Irrelevant", &got), -EPROTO);
	assert_int_equal(digest(ISCSI_DIGEST_NONE_CRC32C, "None,CRC32C", &got), -EPROTO);
	assert_int_equal(digest(ISCSI_DIGEST_NONE_CRC32C, "MD5", &got), -EPROTO);
	assert_int_equal(digest(ISCSI_DIGEST_NONE_CRC32C, "", &got), -EPROTO);
}

static void refusals_leave_the_default_within_our_proposal(void **state)
{
	struct iscsi_params p = defaults();
	struct negotiation n;

	(void)state;
	p.max_burst_length = 16776192;
	p.first_burst_length = 4096;
	p.immediate_data = 0;
	n = begun(&p, false);
	assert_int_equal(said(&n, "MaxBurstLength", "Reject", NULL), 0);
	assert_int_equal(said(&n, "FirstBurstLength", "Irrelevant", NULL), 0);
	assert_int_equal(said(&n, "ImmediateData", "NotUnderstood", NULL), 0);
	assert_int_equal(n.result.max_burst_length, 262144);
	assert_int_equal(n.result.first_burst_length, 4096);
	assert_int_equal(n.result.immediate_data, 0);
}

static void silence_is_a_refusal(void **state)
{
	struct iscsi_params p = defaults();
	struct negotiation n;

	(void)state;
	p.initial_r2t = 0;
	p.first_burst_length = 262144;
	n = begun(&p, false);
	assert_int_equal(said(&n, "MaxBurstLength", "1024", NULL), 0);
	assert_int_equal(negotiate_finish(&n, NULL), 0);
	assert_int_equal(n.result.initial_r2t, 1);
	assert_int_equal(n.result.first_burst_length, 1024); /* 13.14: not beyond MaxBurstLength */
	p.data_digest = ISCSI_DIGEST_CRC32C;
	n = begun(&p, false);
	assert_int_equal(negotiate_finish(&n, NULL), -EPROTO);
}

static void repeated_and_misplaced_keys_are_refused(void **state)
{
	struct iscsi_params p = defaults();
	struct negotiation n = begun(&p, false);

	(void)state;
	assert_int_equal(said(&n, "InitialR2T", "Yes", NULL), 0);
	assert_int_equal(said(&n, "InitialR2T", "Yes", NULL), -EPROTO);
	assert_int_equal(said(&n, "InitiatorName", "iqn.2001-04.com.example", NULL), -EPROTO);
	assert_int_equal(said(&n, "CHAP_A", "5", NULL), -EPROTO);
	assert_int_equal(said(&n, "ImmediateData", "yes", NULL), -EPROTO);
	assert_int_equal(negotiate_take(&n, KEY_SECURITY, "HeaderDigest", "None", NULL, NULL), -EPROTO);
	assert_int_equal(negotiate_take(&n, KEY_SECURITY, "TargetPortalGroupTag", "3", NULL, NULL), 0);
	assert_true(negotiate_seen(&n, KEY_TargetPortalGroupTag));
	assert_int_equal(n.result.target_portal_group_tag, 3);
	assert_int_equal(said(&n, "TargetPortalGroupTag", "3", NULL), 0);
}

static void declarations_go_one_way_each(void **state)
{
	struct iscsi_params p = defaults();
	struct negotiation n;
	char answer[128];

	(void)state;
	p.max_recv_data_segment_length = 262144;
	n = begun(&p, false);
	assert_int_equal(n.result.max_xmit_data_segment_length, 8192); /* until the target declares */
	assert_int_equal(said(&n, "MaxRecvDataSegmentLength", "65536", answer), 0);
	assert_string_equal(answer, "");
	assert_int_equal(n.result.max_recv_data_segment_length, 262144);
	assert_int_equal(n.result.max_xmit_data_segment_length, 65536);
	p.max_xmit_data_segment_length = 16384;
	n = begun(&p, false);
	assert_int_equal(said(&n, "MaxRecvDataSegmentLength", "65536", NULL), 0);
	assert_int_equal(n.result.max_xmit_data_segment_length, 16384);
}

/* In discovery sessions most keys are not offered, so what comes is the target's own offer. */
static void offers_of_the_target_are_answered(void **state)
{
	static const struct {
		bool discovery;
		const char *key, *value, *answer;
	} rows[] = {
		{ false, "TaskReporting", "FastAbort,RFC3720", "TaskReporting=RFC3720" },
		{ false, "TaskReporting", "FastAbort", "TaskReporting=Reject" },
		{ false, "iSCSIProtocolLevel", "2", "iSCSIProtocolLevel=1" },
		{ false, "iSCSIProtocolLevel", "32", "iSCSIProtocolLevel=Reject" },
		{ false, "IFMarker", "No", "IFMarker=Reject" },
		{ false, "OFMarkInt", "2048~4096", "OFMarkInt=Reject" },
		{ false, "X-com.example.turbo", "Yes", "X-com.example.turbo=NotUnderstood" },
		{ false, "Unheard", "", "Unheard=NotUnderstood" },
		{ false, "Unheard", "NotUnderstood", "" },
		{ true, "MaxBurstLength", "512", "MaxBurstLength=Irrelevant" },
		{ true, "ImmediateData", "Yes", "ImmediateData=Irrelevant" },
	};
	struct iscsi_params p = defaults();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct negotiation n = begun(&p, rows[i].discovery);
		char answer[128];

		assert_int_equal(said(&n, rows[i].key, rows[i].value, answer), 0);
		assert_string_equal(answer, rows[i].answer);
	}
}

static void offers_that_were_not_made_are_combined_too(void **state)
{
	struct iscsi_params p = defaults();
	struct negotiation n;
	char answer[128];

	(void)state;
	negotiate_init(&n, &p, false);
	assert_int_equal(said(&n, "MaxBurstLength", "1048576", answer), 0);
	assert_string_equal(answer, "MaxBurstLength=262144");
	assert_int_equal(said(&n, "HeaderDigest", "CRC32C,None", answer), 0);
	assert_string_equal(answer, "HeaderDigest=None");
	assert_int_equal(said(&n, "DataDigest", "CRC32C", answer), 0);
	assert_string_equal(answer, "DataDigest=Reject");
}

static void proposals_are_set_by_key(void **state)
{
	struct iscsi_params p = defaults();

	(void)state;
	assert_int_equal(key_params_set(&p, "FirstBurstLength", 512), 0);
	assert_int_equal(p.first_burst_length, 512);
	assert_int_equal(key_params_set(&p, "FirstBurstLength", 511), -ERANGE);
	assert_int_equal(p.first_burst_length, 512);
	assert_int_equal(key_params_set(&p, "MaxXmitDataSegmentLength", 0), -ENOENT);
	assert_int_equal(key_params_set(&p, "InitiatorName", 0), -ENOENT);
	assert_int_equal(key_digest_parse("crc32c,none"), ISCSI_DIGEST_CRC32C_NONE);
	assert_int_equal(key_digest_parse("CRC32"), -EINVAL);
	assert_string_equal(key_digest_text(ISCSI_DIGEST_NONE_CRC32C), "None,CRC32C");
}

static void proposals_out_of_range_are_pulled_into_it(void **state)
{
	struct iscsi_params p = defaults();
	struct strbuf out = STRBUF_INIT(0);
	struct iscsi_pdu pdu;
	struct negotiation n;

	(void)state;
	p.max_recv_data_segment_length = 0;
	p.max_burst_length = 65536;
	p.first_burst_length = UINT32_MAX;
	negotiate_init(&n, &p, false);
	negotiate_offer(&n, &out);
	pdu = target_pdu(0, 0, strbuf_str(&out), out.len);
	assert_true(request_says(&pdu, "MaxRecvDataSegmentLength=512"));
	assert_true(request_says(&pdu, "FirstBurstLength=65536"));
	assert_true(request_says(&pdu, "InitialR2T=Yes"));
	assert_true(request_says(&pdu, "HeaderDigest=None"));
	assert_false(request_has(&pdu, "IFMarker"));
	assert_false(request_has(&pdu, "TaskReporting"));
	assert_false(request_has(&pdu, "TargetPortalGroupTag"));
	strbuf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rdma_has_lengths_of_its_own),
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(numbers_are_held_to_their_range),
		cmocka_unit_test(result_functions_are_those_of_section_13),
		cmocka_unit_test(digests_are_chosen_from_what_was_offered),
		cmocka_unit_test(refusals_leave_the_default_within_our_proposal),
		cmocka_unit_test(silence_is_a_refusal),
		cmocka_unit_test(repeated_and_misplaced_keys_are_refused),
		cmocka_unit_test(declarations_go_one_way_each),
		cmocka_unit_test(offers_of_the_target_are_answered),
		cmocka_unit_test(offers_that_were_not_made_are_combined_too),
		cmocka_unit_test(proposals_are_set_by_key),
		cmocka_unit_test(proposals_out_of_range_are_pulled_into_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
