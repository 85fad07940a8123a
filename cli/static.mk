# SPDX-License-Identifier: GPL-2.0-or-later
# configure --enable-static-iscsistart: one program that needs no other file. The plugins are linked in.
sbin_PROGRAMS += iscsistart
iscsistart_SOURCES = cli/iscsistart.c cli/linked_static.c cli/linked_static.h cli/out_host.c cli/out_json.c cli/out_json.h cli/out_text.c cli/out_text.h
iscsistart_LDADD = liblinked.a $(core_libs)
noinst_LIBRARIES += liblinked.a
liblinked_a_SOURCES = plugins/tcp/tcp.c plugins/iser/iser.c plugins/qla4xxx/qla4xxx.c plugins/bnx2i/bnx2i.c plugins/cxgbi/cxgbi.c \
	plugins/be2iscsi/be2iscsi.c plugins/qedi/qedi.c plugins/ocs/ocs.c
liblinked_a_CPPFLAGS = $(PLUGIN_CPPFLAGS)
dist_man_MANS += doc/man/iscsistart.8
