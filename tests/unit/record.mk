# unit tests of core/record: add NAME to unit_tests, and NAME_SOURCES, NAME_CPPFLAGS = $(TESTS_CPPFLAGS), NAME_LDADD = $(test_libs)
EXTRA_DIST += tests/unit/record-golden/node.files tests/unit/record-golden/iface.files tests/unit/record-golden/sendtargets.files \
	tests/unit/record-golden/isns.files tests/unit/record-golden/node.show tests/unit/record-golden/node-masked.show \
	tests/unit/record-golden/iface.show tests/unit/record-golden/iface-adapter.show tests/unit/record-golden/sendtargets.show \
	tests/unit/record-golden/isns.show tests/unit/record-golden/flashnode.show tests/unit/record-golden/chap.show
unit_tests += tests/unit/record-fields
tests_unit_record_fields_SOURCES = tests/unit/record-fields.c
tests_unit_record_fields_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_record_fields_LDADD = $(test_libs)
unit_tests += tests/unit/record-record
tests_unit_record_record_SOURCES = tests/unit/record-record.c
tests_unit_record_record_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_record_record_LDADD = $(test_libs)
unit_tests += tests/unit/record-recfile
tests_unit_record_recfile_SOURCES = tests/unit/record-recfile.c
tests_unit_record_recfile_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_record_recfile_LDADD = $(test_libs)
EXTRA_DIST += tests/unit/record-db.h
unit_tests += tests/unit/record-db
tests_unit_record_db_SOURCES = tests/unit/record-db.c
tests_unit_record_db_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_record_db_LDADD = $(test_libs)
unit_tests += tests/unit/record-disc
tests_unit_record_disc_SOURCES = tests/unit/record-disc.c
tests_unit_record_disc_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_record_disc_LDADD = $(test_libs)
unit_tests += tests/unit/record-race
tests_unit_record_race_SOURCES = tests/unit/record-race.c
tests_unit_record_race_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_record_race_LDADD = $(test_libs)
unit_tests += tests/unit/record-docs
tests_unit_record_docs_SOURCES = tests/unit/record-docs.c etc/conf_text.c
tests_unit_record_docs_CPPFLAGS = $(TESTS_CPPFLAGS)
tests_unit_record_docs_LDADD = $(test_libs)
