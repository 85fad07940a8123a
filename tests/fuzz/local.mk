# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzz targets. Each tests/fuzz/TARGET.c defines LLVMFuzzerTestOneInput(); `make check` replays tests/fuzz/corpus/TARGET/ through it,
# scripts/fuzz TARGET SECONDS runs it under libFuzzer. A target is one word in the list, and its line of sources.
fuzz_replays += tests/fuzz/fuzz-adapters tests/fuzz/fuzz-chap tests/fuzz/fuzz-conf tests/fuzz/fuzz-events tests/fuzz/fuzz-isns tests/fuzz/fuzz-isns-event tests/fuzz/fuzz-ibft tests/fuzz/fuzz-login \
	tests/fuzz/fuzz-openfirmware tests/fuzz/fuzz-pdu tests/fuzz/fuzz-portal tests/fuzz/fuzz-recfile tests/fuzz/fuzz-sendtargets tests/fuzz/fuzz-text \
	tests/fuzz/fuzz-varlink tests/fuzz/fuzz-varlink-reply
tests_fuzz_fuzz_adapters_SOURCES = tests/fuzz/adapters.c tests/fuzz/replay.c
tests_fuzz_fuzz_chap_SOURCES = tests/fuzz/chap.c tests/fuzz/replay.c
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/conf.c tests/fuzz/replay.c
tests_fuzz_fuzz_events_SOURCES = tests/fuzz/events.c tests/fuzz/replay.c
# the calls that tests/fuzz/tree.h has; scripts/fuzz links with them, too
fuzz_tree = -Wl,--wrap=openat,--wrap=close,--wrap=read,--wrap=fstat,--wrap=getdents64,--wrap=faccessat,--wrap=readlinkat
tests_fuzz_fuzz_ibft_SOURCES = tests/fuzz/ibft.c tests/fuzz/firmware.h tests/fuzz/tree.h tests/fuzz/replay.c
tests_fuzz_fuzz_ibft_LDFLAGS = $(AM_LDFLAGS) $(fuzz_tree)
tests_fuzz_fuzz_openfirmware_LDFLAGS = $(AM_LDFLAGS) $(fuzz_tree)
tests_fuzz_fuzz_isns_SOURCES = tests/fuzz/isns.c tests/fuzz/replay.c
tests_fuzz_fuzz_isns_event_SOURCES = tests/fuzz/isns-event.c tests/fuzz/replay.c
tests_fuzz_fuzz_login_SOURCES = tests/fuzz/login.c tests/fuzz/replay.c
tests_fuzz_fuzz_openfirmware_SOURCES = tests/fuzz/openfirmware.c tests/fuzz/firmware.h tests/fuzz/tree.h tests/fuzz/replay.c
tests_fuzz_fuzz_pdu_SOURCES = tests/fuzz/pdu.c tests/fuzz/replay.c
tests_fuzz_fuzz_portal_SOURCES = tests/fuzz/portal.c tests/fuzz/replay.c
tests_fuzz_fuzz_recfile_SOURCES = tests/fuzz/recfile.c tests/fuzz/replay.c
tests_fuzz_fuzz_sendtargets_SOURCES = tests/fuzz/sendtargets.c tests/fuzz/replay.c
tests_fuzz_fuzz_text_SOURCES = tests/fuzz/text.c tests/fuzz/replay.c
tests_fuzz_fuzz_varlink_SOURCES = tests/fuzz/varlink.c tests/fuzz/replay.c
tests_fuzz_fuzz_varlink_reply_SOURCES = tests/fuzz/varlink-reply.c tests/fuzz/replay.c
TESTS += $(fuzz_replays)
EXTRA_DIST += tests/fuzz/corpus
