# fuzz targets of core/plugin
fuzz_replays += tests/fuzz/fuzz-adapters
tests_fuzz_fuzz_adapters_SOURCES = tests/fuzz/adapters.c tests/fuzz/replay.c
tests_fuzz_fuzz_adapters_CPPFLAGS = $(fuzz_cppflags)
tests_fuzz_fuzz_adapters_LDADD = $(fuzz_libs)
