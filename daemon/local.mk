# SPDX-License-Identifier: GPL-2.0-or-later
# iscsid
sbin_PROGRAMS += iscsid
iscsid_SOURCES = daemon/iscsid.c daemon/iscsid.h daemon/become.c daemon/identity.c daemon/identity.h daemon/logger.c \
	daemon/logger.h daemon/serve.c
iscsid_LDADD = $(core_libs)
dist_man_MANS += doc/man/iscsid.8
