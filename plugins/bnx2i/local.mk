# SPDX-License-Identifier: GPL-2.0-or-later
# plugins/bnx2i: built with the public header alone, as a plugin from elsewhere would be
plugins_LTLIBRARIES += bnx2i.la
bnx2i_la_SOURCES = plugins/bnx2i/bnx2i.c
bnx2i_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
bnx2i_la_LDFLAGS = -module $(AM_LDFLAGS) $(PLUGIN_LDFLAGS)
dist_man_MANS += doc/man/miscsi-bnx2i.7
