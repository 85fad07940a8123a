# fuzz targets of core/record
fuzz_replays += tests/fuzz/fuzz-recfile
tests_fuzz_fuzz_recfile_SOURCES = tests/fuzz/recfile.c tests/fuzz/replay.c
tests_fuzz_fuzz_recfile_CPPFLAGS = $(fuzz_cppflags)
tests_fuzz_fuzz_recfile_LDADD = $(fuzz_libs)
fuzz_replays += tests/fuzz/fuzz-conf
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/conf.c tests/fuzz/replay.c
tests_fuzz_fuzz_conf_CPPFLAGS = $(fuzz_cppflags)
tests_fuzz_fuzz_conf_LDADD = $(fuzz_libs)
