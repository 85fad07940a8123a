# session: the engine. Machines as tables, the manager that owns the sessions, discovery.
libcore_a_SOURCES += core/session/manager.h core/session/manager_private.h core/session/session.h core/session/connection.h core/session/actions.h \
	core/session/fsm.h core/session/machine.h core/session/connection.def core/session/session.def core/session/conn_params.def core/session/isid.h \
	core/session/fsm.c core/session/machines.c core/session/connection.c core/session/conn_actions.c \
	core/session/conn_login.c core/session/conn_params.c core/session/session.c core/session/session_id.c \
	core/session/store.c core/session/isid.c core/session/manager.c core/session/manager_events.c core/session/adopt.c \
	core/session/in_use.h core/session/in_use.c
libcore_a_SOURCES += core/session/discovery.h core/session/discovery_private.h core/session/discovery.def core/session/discovery.c \
	core/session/discovery_login.c core/session/carrier.h core/session/carrier_socket.c core/session/carrier_kernel.c core/session/credentials.h \
	core/session/credentials.c
libcore_a_SOURCES += core/session/paths.h core/session/paths.c
libcore_a_SOURCES += core/session/discovery_paths.c
