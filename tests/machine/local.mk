# SPDX-License-Identifier: GPL-2.0-or-later
# The tests of the packages on a whole machine (run by tests/machine/run).
EXTRA_DIST += tests/machine/run tests/machine/root tests/machine/packages tests/machine/guest.py tests/machine/lab.py \
	tests/machine/diskless.py tests/machine/test_diskless.py tests/machine/test_boot.py tests/machine/test_changeover.py
