# SPDX-License-Identifier: GPL-2.0-or-later
# plugins/qedi: built with the public header alone, as a plugin from elsewhere would be
plugins_LTLIBRARIES += qedi.la
qedi_la_SOURCES = plugins/qedi/qedi.c
qedi_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
qedi_la_LDFLAGS = -module $(AM_LDFLAGS) $(PLUGIN_LDFLAGS)
dist_man_MANS += doc/man/miscsi-qedi.7
