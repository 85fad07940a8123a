# session: the engine. Machines as tables, the manager that owns the sessions, discovery.
libcore_a_SOURCES += core/session/manager.h core/session/fsm.h core/session/fsm.c core/session/connection.def core/session/session.def \
	core/session/isid.h core/session/isid.c
libcore_a_SOURCES += core/session/discovery.h core/session/carrier.h
