# style and layer checks
style_checks = tests/style/check.py tests/style/selftest.py
EXTRA_DIST += $(style_checks) tests/style/csource.py tests/style/exceptions
TESTS += $(style_checks)
EXTRA_DIST += scripts/states doc/STATES.md doc/DESIGN.md
TESTS += tests/style/states.test tests/style/scripts.test
EXTRA_DIST += tests/style/states.test tests/style/scripts.test
TESTS += tests/style/traps.py
EXTRA_DIST += tests/style/traps.py doc/TRAPS.md doc/KERNEL.md
