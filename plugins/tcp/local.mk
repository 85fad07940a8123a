# SPDX-License-Identifier: GPL-2.0-or-later
# plugins/tcp: built with the public header alone, as a plugin from elsewhere would be
plugins_LTLIBRARIES += tcp.la
tcp_la_SOURCES = plugins/tcp/tcp.c
tcp_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tcp_la_LDFLAGS = -module $(AM_LDFLAGS) $(PLUGIN_LDFLAGS)
dist_man_MANS += doc/man/miscsi-tcp.7
