# SPDX-License-Identifier: GPL-2.0-or-later
# The libraries of programs without an LDADD of their own: most of them are tests.
LDADD = $(test_libs) $(core_libs) $(CMOCKA_LIBS)
test_libs =
unit_tests =
fuzz_replays =
include tests/unit/local.mk
include tests/vm/local.mk
include tests/machine/local.mk
include tests/fake/local.mk
include tests/fuzz/local.mk
include tests/style/local.mk
include tests/golden/local.mk
include tests/sim/local.mk
include tests/cli/local.mk
include tests/bench/local.mk
check_PROGRAMS += $(unit_tests) $(fuzz_replays)
TESTS += $(unit_tests)
EXTRA_DIST += tests/lsan.supp
AM_TESTS_ENVIRONMENT = LSAN_OPTIONS=suppressions=$(abs_top_srcdir)/tests/lsan.supp:print_suppressions=0; export LSAN_OPTIONS;
# The tests for a builder of packages: those of the code, not of the style.
check-package:
	$(MAKE) check TESTS='$(unit_tests) $(fuzz_replays)'
.PHONY: check-package
