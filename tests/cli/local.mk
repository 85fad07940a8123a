# SPDX-License-Identifier: GPL-2.0-or-later
# command line tests: iscsiadm with a made-up /sys and a stand-in daemon
EXTRA_DIST += tests/cli/run tests/cli/host
TESTS += tests/cli/run tests/cli/host
