# SPDX-License-Identifier: GPL-2.0-or-later
# plugins/qla4xxx: built with the public header alone, as a plugin from elsewhere would be
plugins_LTLIBRARIES += qla4xxx.la
qla4xxx_la_SOURCES = plugins/qla4xxx/qla4xxx.c
qla4xxx_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
qla4xxx_la_LDFLAGS = -module $(AM_LDFLAGS) $(PLUGIN_LDFLAGS)
dist_man_MANS += doc/man/miscsi-qla4xxx.7
