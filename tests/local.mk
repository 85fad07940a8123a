# The tests of each layer are listed beside their sources, so that a layer's test is one line in that layer's file.
TESTS_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit -DSRCDIR='"$(abs_top_srcdir)"' -DBUILDDIR='"$(abs_top_builddir)"'
test_libs = $(core_libs) $(CMOCKA_LIBS)
unit_tests =
fuzz_replays =
if HAVE_CMOCKA
include tests/unit/base.mk
include tests/unit/proto.mk
include tests/unit/record.mk
include tests/unit/kernel.mk
include tests/unit/plugin.mk
include tests/unit/session.mk
include tests/unit/ipc.mk
include tests/unit/cli.mk
endif
include tests/vm/local.mk
include tests/fake/local.mk
include tests/fuzz/local.mk
include tests/style/local.mk
include tests/golden/local.mk
include tests/cli/local.mk
check_PROGRAMS += $(unit_tests) $(fuzz_replays)
TESTS += $(unit_tests)
EXTRA_DIST += tests/lsan.supp
AM_TESTS_ENVIRONMENT = LSAN_OPTIONS=suppressions=$(abs_top_srcdir)/tests/lsan.supp:print_suppressions=0; export LSAN_OPTIONS;
