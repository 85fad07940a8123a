# session: the engine. Machines as tables, the manager that owns the sessions, discovery.
libcore_a_SOURCES += core/session/manager.h
