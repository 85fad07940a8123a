# SPDX-License-Identifier: GPL-2.0-or-later
# iscsid
sbin_PROGRAMS += iscsid
iscsid_SOURCES = daemon/iscsid.c daemon/iscsid.h daemon/become.c daemon/identity.c daemon/identity.h daemon/logger.c \
	daemon/logger.h daemon/serve.c daemon/standing.c daemon/standing.h daemon/standing_one.c \
	daemon/standing_private.h daemon/standing_work.c daemon/standing_work.h
iscsid_LDADD = $(core_libs)
dist_man_MANS += doc/man/iscsid.8
