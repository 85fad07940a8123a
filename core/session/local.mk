# SPDX-License-Identifier: GPL-2.0-or-later
# session: machines as tables, and the manager that owns the sessions.
libcore_a_SOURCES += core/session/manager.h core/session/manager_private.h core/session/session.h core/session/connection.h core/session/destination.h core/session/store.h core/session/adopt.h \
	core/session/connection.def core/session/session.def core/session/connection.c core/session/conn_actions.c \
	core/session/conn_check.h core/session/conn_check.c core/session/conn_login.c core/session/conn_params.c core/session/session.c core/session/destination.c \
	core/session/store.c core/session/manager.c core/session/manager_events.c core/session/adopt.c \
	core/session/in_use.h
if STATIC_PROGRAM
libcore_a_SOURCES += core/session/in_use_static.c
else
libcore_a_SOURCES += core/session/in_use.c
endif
