# unit tests of core/plugin and the plugins: add NAME to unit_tests, and NAME_SOURCES, NAME_CPPFLAGS = $(TESTS_CPPFLAGS), NAME_LDADD = $(test_libs)
EXTRA_DIST += tests/unit/plugin-world.h tests/unit/plugin-run.h
unit_tests += tests/unit/plugin-merge
tests_unit_plugin_merge_SOURCES = tests/unit/plugin-merge.c
tests_unit_plugin_merge_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_plugin_merge_LDADD = $(test_libs)
EXTRA_DIST += tests/unit/fake-portal.h
unit_tests += tests/unit/session-discovery
tests_unit_session_discovery_SOURCES = tests/unit/session-discovery.c
tests_unit_session_discovery_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_session_discovery_LDADD = $(test_libs)
