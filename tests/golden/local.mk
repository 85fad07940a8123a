# SPDX-License-Identifier: GPL-2.0-or-later
# golden tests: compare iscsiadm's output with recorded output of open-iscsi 2.1.8
golden_files = tests/golden/db.txt tests/golden/fake-disc.txt tests/golden/fake-iface.txt tests/golden/fake-one.txt \
	tests/golden/adapters.txt tests/golden/hba.txt tests/golden/hba-differences.txt tests/golden/differences.txt \
	tests/golden/lsan.supp tests/golden/sandbox.py tests/golden/fakedaemon.py tests/golden/fakesys.py tests/golden/faketarget.py
EXTRA_DIST += tests/golden/run $(golden_files)
TESTS += tests/golden/run
