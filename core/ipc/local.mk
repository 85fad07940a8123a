# SPDX-License-Identifier: GPL-2.0-or-later
# ipc: the daemon's Varlink interface: codec, server, sockets, client, and the service that binds it to the session manager.
libcore_a_SOURCES += core/ipc/varlink.h core/ipc/varlink_server.h core/ipc/listener.h core/ipc/peer.h core/ipc/service.h core/ipc/client.h \
	core/ipc/varlink_call.h core/ipc/varlink_connection.h core/ipc/batch.h core/ipc/recordjson.h \
	core/ipc/varlink.c core/ipc/varlink_server.c core/ipc/varlink_connection.c core/ipc/varlink_call.c core/ipc/listener.c \
	core/ipc/peer.c core/ipc/client.c core/ipc/service.c core/ipc/batch.c core/ipc/recordjson.c
libcore_a_SOURCES += core/ipc/json.h core/ipc/json_private.h core/ipc/json.c core/ipc/json_parse.c

# The interface descriptions as string literals.
ipc_descriptions = core/ipc/org.miscsi.inc core/ipc/org.varlink.service.inc
.varlink.inc:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@-t && mv $@-t $@
SUFFIXES = .varlink .inc
EXTRA_DIST += core/ipc/org.miscsi.varlink core/ipc/org.varlink.service.varlink
AM_CPPFLAGS += -I$(top_builddir)/core
BUILT_SOURCES += $(ipc_descriptions)
CLEANFILES += $(ipc_descriptions)
