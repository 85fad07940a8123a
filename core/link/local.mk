# SPDX-License-Identifier: GPL-2.0-or-later
# link: one way to a target, for sessions and discoveries alike: the engine, the channel for PDUs, credentials, paths.
libcore_a_SOURCES += core/link/engine.h core/link/engine.c core/link/pdu_channel.h core/link/pdu_channel_socket.c \
	core/link/pdu_channel_kernel.c core/link/credentials.h core/link/credentials.c core/link/paths.h core/link/paths.c \
	core/link/hangup.h core/link/hangup.c core/link/isid.h core/link/isid.c core/link/conn_params.def core/link/dial.h core/link/dial.c core/link/kconn.h core/link/kconn.c
