# command line tests: iscsiadm with a made-up /sys and a stand-in daemon
EXTRA_DIST += tests/cli/run
TESTS += tests/cli/run
