# SPDX-License-Identifier: GPL-2.0-or-later
# The scripted target, and core/proto against each of its misbehaviours over a socket.
check_PROGRAMS += tests/fake/probe
tests_fake_probe_SOURCES = tests/fake/probe.c
tests_fake_probe_LDADD = $(core_libs)
dist_check_SCRIPTS = tests/fake/check.py
EXTRA_DIST += tests/fake/target.py tests/fake/isns.py
TESTS += tests/fake/check.py
