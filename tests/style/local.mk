# SPDX-License-Identifier: GPL-2.0-or-later
# checks of style, of layers, and of what the documents say
style_checks = tests/style/check.py tests/style/graph.py tests/style/selftest.py tests/style/states.test tests/style/scripts.test tests/style/manuals.test \
	tests/style/traps.py tests/style/walks.py tests/style/forms.py tests/style/manual.py tests/style/format.test tests/style/compatible.test
TESTS += $(style_checks)
EXTRA_DIST += $(style_checks) .clang-format tests/style/csource.py tests/style/exceptions tests/style/forms tests/style/manual scripts/states \
	doc/COMPATIBILITY.md doc/DESIGN.md doc/KERNEL.md doc/STATES.md doc/TRAPS.md
