# ipc: the daemon's Varlink interface: codec, server, sockets, client, and the service that binds it to the session manager.
libcore_a_SOURCES += core/ipc/varlink.h core/ipc/server.h core/ipc/listener.h core/ipc/service.h core/ipc/client.h
EXTRA_DIST += core/ipc/org.miscsi.varlink
