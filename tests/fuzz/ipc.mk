# fuzz targets of core/ipc
fuzz_replays += tests/fuzz/fuzz-varlink
tests_fuzz_fuzz_varlink_SOURCES = tests/fuzz/varlink.c tests/fuzz/replay.c
tests_fuzz_fuzz_varlink_CPPFLAGS = $(fuzz_cppflags)
tests_fuzz_fuzz_varlink_LDADD = $(fuzz_libs)
fuzz_replays += tests/fuzz/fuzz-varlink-reply
tests_fuzz_fuzz_varlink_reply_SOURCES = tests/fuzz/varlink-reply.c tests/fuzz/replay.c
tests_fuzz_fuzz_varlink_reply_CPPFLAGS = $(fuzz_cppflags)
tests_fuzz_fuzz_varlink_reply_LDADD = $(fuzz_libs)
