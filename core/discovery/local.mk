# SPDX-License-Identifier: GPL-2.0-or-later
# discovery: SendTargets and iSNS, without a session and without the daemon.
libcore_a_SOURCES += core/discovery/discovery.h core/discovery/discovery_private.h core/discovery/discovery.def core/discovery/discovery.c \
	core/discovery/discovery_login.c core/discovery/discovery_paths.c \
	core/discovery/isns_query.h core/discovery/isns_query.def core/discovery/isns_query.c \
	core/discovery/isns_listener.h core/discovery/isns_listener.c
