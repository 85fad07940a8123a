# record: settings, records, their files, the database. Uses base, and names and portals of proto.
libcore_a_SOURCES += core/record/fields.h core/record/fields.def core/record/fields.c core/record/field_check.c \
	core/record/text.h core/record/text.c \
	core/record/record.h core/record/record_store.h core/record/record.c core/record/record_whole.c \
	core/record/recfile.h core/record/recfile_lines.h core/record/recfile.c \
	core/record/db.h
