# fuzz targets of core/kernel
fuzz_replays += tests/fuzz/fuzz-events
tests_fuzz_fuzz_events_SOURCES = tests/fuzz/events.c tests/fuzz/replay.c
tests_fuzz_fuzz_events_CPPFLAGS = $(fuzz_cppflags)
tests_fuzz_fuzz_events_LDADD = $(fuzz_libs)
