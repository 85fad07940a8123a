# SPDX-License-Identifier: GPL-2.0-or-later
# plugins/be2iscsi: built with the public header alone, as a plugin from elsewhere would be
plugins_LTLIBRARIES += be2iscsi.la
be2iscsi_la_SOURCES = plugins/be2iscsi/be2iscsi.c
be2iscsi_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
be2iscsi_la_LDFLAGS = -module $(AM_LDFLAGS) $(PLUGIN_LDFLAGS)
dist_man_MANS += doc/man/miscsi-be2iscsi.7
