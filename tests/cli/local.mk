# SPDX-License-Identifier: GPL-2.0-or-later
# command line tests: iscsiadm with a made-up /sys and a stand-in daemon
check_PROGRAMS += tests/cli/peak
tests_cli_peak_SOURCES = tests/cli/peak.c
tests_cli_peak_LDADD =
EXTRA_DIST += tests/cli/run tests/cli/host tests/cli/boot-login.test tests/cli/shutdown.test
TESTS += tests/cli/run tests/cli/host tests/cli/boot-login.test tests/cli/shutdown.test
