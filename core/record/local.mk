# SPDX-License-Identifier: GPL-2.0-or-later
# record: settings, records, their files, the database. Uses base, and names and portals of proto.
libcore_a_SOURCES += core/record/field.h core/record/fields.def core/record/field.c \
	core/record/value.h core/record/value.c core/record/plugin_key.h core/record/plugin_key.c \
	core/record/record.h core/record/record.c \
	core/record/settings.h core/record/settings.c core/record/recfile.h core/record/recfile.c \
	core/record/db.h core/record/db_index.h core/record/db_impl.h core/record/db_batch.h core/record/db_tree.h core/record/db_tree.c core/record/db_path.c \
	core/record/db.c core/record/db_find.c core/record/db_batch.c core/record/db_node.c core/record/db_iface.c \
	core/record/db_disc.c core/record/db_index.c core/record/db_discovered.c
