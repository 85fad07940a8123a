# unit tests of cli and core/modes: add NAME to unit_tests, and NAME_SOURCES, NAME_CPPFLAGS = $(TESTS_CPPFLAGS), NAME_LDADD = $(test_libs)
unit_tests += tests/unit/cli-args
tests_unit_cli_args_SOURCES = tests/unit/cli-args.c $(cli_args)
tests_unit_cli_args_CPPFLAGS = $(TESTS_CPPFLAGS) -I$(top_srcdir)
tests_unit_cli_args_LDADD = $(test_libs)
