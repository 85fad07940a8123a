# unit tests of core/kernel: add NAME to unit_tests, and NAME_SOURCES, NAME_CPPFLAGS = $(TESTS_CPPFLAGS), NAME_LDADD = $(test_libs)
fake_kernel = tests/unit/fake_kernel.c tests/unit/fake_kernel.h
unit_tests += tests/unit/kernel-job
tests_unit_kernel_job_SOURCES = tests/unit/kernel-job.c $(fake_kernel)
tests_unit_kernel_job_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_kernel_job_LDADD = $(test_libs)
unit_tests += tests/unit/kernel-events
tests_unit_kernel_events_SOURCES = tests/unit/kernel-events.c $(fake_kernel)
tests_unit_kernel_events_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_kernel_events_LDADD = $(test_libs)
fake_sys = tests/unit/fake_sys.c tests/unit/fake_sys.h
unit_tests += tests/unit/kernel-sysfs tests/unit/object-session_info
tests_unit_kernel_sysfs_SOURCES = tests/unit/kernel-sysfs.c $(fake_sys)
tests_unit_kernel_sysfs_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_kernel_sysfs_LDADD = $(test_libs)
tests_unit_object_session_info_SOURCES = tests/unit/object-session_info.c $(fake_sys)
tests_unit_object_session_info_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_object_session_info_LDADD = $(test_libs)
# the traps of doc/TRAPS.md
unit_tests += tests/unit/kernel-traps
tests_unit_kernel_traps_SOURCES = tests/unit/kernel-traps.c $(fake_kernel)
tests_unit_kernel_traps_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_kernel_traps_LDADD = $(test_libs)
TESTS += tests/unit/kernel-layout.sh
EXTRA_DIST += tests/unit/kernel-layout.sh
