# unit tests of core/ipc: add NAME to unit_tests, and NAME_SOURCES, NAME_CPPFLAGS = $(TESTS_CPPFLAGS), NAME_LDADD = $(test_libs)
EXTRA_DIST += tests/unit/ipc-peer.h
unit_tests += tests/unit/ipc-varlink
tests_unit_ipc_varlink_SOURCES = tests/unit/ipc-varlink.c
tests_unit_ipc_varlink_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_ipc_varlink_LDADD = $(test_libs)
unit_tests += tests/unit/ipc-server
tests_unit_ipc_server_SOURCES = tests/unit/ipc-server.c
tests_unit_ipc_server_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_ipc_server_LDADD = $(test_libs)
