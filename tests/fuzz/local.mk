# Fuzz targets. Each tests/fuzz/TARGET.c defines LLVMFuzzerTestOneInput(); `make check` replays tests/fuzz/corpus/TARGET/ through it,
# scripts/fuzz TARGET SECONDS runs it under libFuzzer. The targets of a layer are listed in LAYER.mk, each by
#	fuzz_replays += tests/fuzz/fuzz-TARGET
#	tests_fuzz_fuzz_TARGET_SOURCES = tests/fuzz/TARGET.c tests/fuzz/replay.c
#	tests_fuzz_fuzz_TARGET_CPPFLAGS = $(fuzz_cppflags)
#	tests_fuzz_fuzz_TARGET_LDADD = $(fuzz_libs)
fuzz_libs = $(core_libs)
fuzz_cppflags = $(AM_CPPFLAGS) -DSRCDIR='"$(abs_top_srcdir)"'
include tests/fuzz/proto.mk
include tests/fuzz/record.mk
include tests/fuzz/kernel.mk
include tests/fuzz/ipc.mk
include tests/fuzz/plugin.mk
TESTS += $(fuzz_replays)
EXTRA_DIST += tests/fuzz/corpus
