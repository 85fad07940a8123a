# unit tests of core/session: add NAME to unit_tests, and NAME_SOURCES, NAME_CPPFLAGS = $(TESTS_CPPFLAGS), NAME_LDADD = $(test_libs)
unit_tests += tests/unit/session-machines
tests_unit_session_machines_SOURCES = tests/unit/session-machines.c
tests_unit_session_machines_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_session_machines_LDADD = $(test_libs)
unit_tests += tests/unit/session-engine
tests_unit_session_engine_SOURCES = tests/unit/session-engine.c tests/unit/session-world.c tests/unit/session-world.h $(fake_kernel) $(fake_sys)
tests_unit_session_engine_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_session_engine_LDADD = $(test_libs)
unit_tests += tests/unit/session-hostile
tests_unit_session_hostile_SOURCES = tests/unit/session-hostile.c tests/unit/session-world.c tests/unit/session-world.h $(fake_kernel) $(fake_sys)
tests_unit_session_hostile_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_session_hostile_LDADD = $(test_libs)
unit_tests += tests/unit/session-carrier
tests_unit_session_carrier_SOURCES = tests/unit/session-carrier.c $(fake_kernel) $(fake_sys)
tests_unit_session_carrier_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_session_carrier_LDADD = $(test_libs)
