# Fuzz targets. Each tests/fuzz/TARGET.c defines LLVMFuzzerTestOneInput(); `make check` replays tests/fuzz/corpus/TARGET/ through it,
# scripts/fuzz TARGET SECONDS runs it under libFuzzer. The targets of a layer are listed in LAYER.mk.
fuzz_libs = $(core_libs)
include tests/fuzz/proto.mk
include tests/fuzz/record.mk
include tests/fuzz/ipc.mk
