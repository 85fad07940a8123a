# SPDX-License-Identifier: GPL-2.0-or-later
# cli: the programs that a user types. They read words and print text; what is done lies in core/modes.
cli_args = cli/args.h cli/args.c cli/opts.def cli/modes.def
sbin_PROGRAMS += iscsiadm
iscsiadm_SOURCES = $(cli_args) cli/command.h cli/command.c cli/complete.c cli/complete.h cli/command_discovery.c cli/command_host.c cli/command_iface.c \
	cli/command_fw.c cli/command_node.c cli/command_transport.c cli/command_session.c cli/iscsiadm.c cli/out_host.c cli/out_json.c cli/out_json.h cli/out_session.c \
	cli/out_text.c cli/out_text.h core/proto/digest.c
iscsiadm_CPPFLAGS = $(AM_CPPFLAGS) -DLOAD_LIBCRYPTO
iscsiadm_LDADD = $(core_libs)
sbin_PROGRAMS += iscsistart
iscsistart_SOURCES = cli/iscsistart.c cli/out_host.c cli/out_json.c cli/out_json.h cli/out_text.c cli/out_text.h
iscsistart_LDADD = $(core_libs)
sbin_PROGRAMS += iscsi-iname
iscsi_iname_SOURCES = cli/iscsi-iname.c
iscsi_iname_LDADD = libcore.a
dist_sbin_SCRIPTS = cli/iscsi_discovery
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_zshcompletion_DATA = cli/completion/_iscsiadm
dist_fishcompletion_DATA = cli/completion/iscsiadm.fish
dist_bashcompletion_DATA = cli/completion/iscsiadm
EXTRA_DIST += doc/json.md doc/iscsiadm.schema.json
dist_man_MANS += doc/man/iscsiadm.8 doc/man/iscsi-iname.8 doc/man/iscsistart.8 doc/man/iscsi_discovery.8
