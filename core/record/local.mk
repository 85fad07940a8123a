# record: settings, records, their files, the database. Uses base, and names and portals of proto.
libcore_a_SOURCES += core/record/fields.h core/record/fields.def core/record/record.h core/record/recfile.h core/record/db.h
