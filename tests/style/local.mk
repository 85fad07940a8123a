# style and layer checks
style_checks = tests/style/check.py tests/style/selftest.py
EXTRA_DIST += $(style_checks) tests/style/csource.py tests/style/exceptions
TESTS += $(style_checks)
