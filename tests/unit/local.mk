# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests: tests/unit/NAME.c is one word in the list of its layer. libtests.a contains the code that tests share.
if HAVE_CMOCKA
test_libs += tests/unit/libtests.a
check_LIBRARIES += tests/unit/libtests.a
tests_unit_libtests_a_SOURCES = tests/unit/fake-portal.h tests/unit/fake_kernel.c tests/unit/fake_kernel.h tests/unit/fake_sys.c \
	tests/unit/fake_sys.h tests/unit/ipc-manager.h tests/unit/isns-bytes.h tests/unit/ipc-peer.h tests/unit/login_script.h tests/unit/plugin-fixture.h \
	tests/unit/plugin-run.h tests/unit/record-db.h tests/unit/session-fixture.c tests/unit/session-fixture.h tests/unit/target.h \
	tests/unit/standing-base.h tests/unit/tempdir.h
unit_tests += tests/unit/base-err tests/unit/base-file tests/unit/base-list tests/unit/base-log tests/unit/base-loop \
	tests/unit/base-mem tests/unit/base-strbuf tests/unit/base-utf8 tests/unit/base-worker tests/unit/base-helper
unit_tests += tests/unit/proto-bootp tests/unit/proto-chap tests/unit/proto-digest tests/unit/proto-isns tests/unit/proto-isns_event tests/unit/proto-login tests/unit/proto-login-hostile tests/unit/proto-names \
	tests/unit/proto-inquiry tests/unit/proto-negotiate tests/unit/proto-pdu tests/unit/proto-sendtargets tests/unit/proto-text
unit_tests += tests/unit/record-bulk tests/unit/record-db tests/unit/record-disc tests/unit/record-docs tests/unit/record-fields tests/unit/record-gap tests/unit/record-race \
	tests/unit/record-recfile tests/unit/record-record
unit_tests += tests/unit/kernel-events tests/unit/kernel-interface tests/unit/kernel-job tests/unit/kernel-macvlan tests/unit/kernel-netwatch tests/unit/kernel-openers \
	tests/unit/kernel-requester tests/unit/kernel-sysfs tests/unit/kernel-tcp_diag tests/unit/kernel-traps
unit_tests += tests/unit/plugin-abi tests/unit/plugin-adapter tests/unit/plugin-catalogue tests/unit/plugin-fields tests/unit/plugin-hardware tests/unit/plugin-hostile \
	tests/unit/plugin-kernel tests/unit/plugin-load tests/unit/plugin-merge tests/unit/plugin-null \
	tests/unit/plugin-op tests/unit/plugin-path tests/unit/plugin-resources tests/unit/plugin-state_dir tests/unit/plugin-tcp tests/unit/plugin-thread
unit_tests += tests/unit/kernel-identity tests/unit/session-adopt tests/unit/session-check tests/unit/session-recovery
unit_tests += tests/unit/object-adapter tests/unit/object-firmware tests/unit/object-host tests/unit/object-openfirmware tests/unit/object-pci \
	tests/unit/object-session_info
unit_tests += tests/unit/discovery-discovery tests/unit/discovery-isns_listener tests/unit/link-credentials tests/unit/link-dial tests/unit/link-paths tests/unit/link-pdu_channel
unit_tests += tests/unit/session-engine tests/unit/session-firmware tests/unit/session-hostile tests/unit/session-in_use \
	tests/unit/session-machines tests/unit/session-traps
unit_tests += tests/unit/ipc-client tests/unit/ipc-listener tests/unit/ipc-peer tests/unit/ipc-server tests/unit/ipc-service \
	tests/unit/ipc-turns tests/unit/ipc-varlink
unit_tests += tests/unit/cli-args tests/unit/daemon-become tests/unit/daemon-identity tests/unit/daemon-logger \
	tests/unit/daemon-standing tests/unit/daemon-standing_work
unit_tests += tests/unit/ipc-json
tests_unit_cli_args_SOURCES = tests/unit/cli-args.c $(cli_args)
tests_unit_daemon_become_SOURCES = tests/unit/daemon-become.c daemon/become.c
tests_unit_daemon_identity_SOURCES = tests/unit/daemon-identity.c daemon/identity.c
tests_unit_daemon_identity_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=file_read
tests_unit_daemon_standing_SOURCES = tests/unit/daemon-standing.c daemon/standing.c daemon/standing_one.c daemon/standing_work.c
tests_unit_daemon_standing_work_SOURCES = tests/unit/daemon-standing_work.c daemon/standing_work.c
tests_unit_daemon_logger_SOURCES = tests/unit/daemon-logger.c daemon/logger.c
tests_unit_kernel_netwatch_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=nl_socket_get_fd
tests_unit_link_dial_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo
tests_unit_record_docs_SOURCES = tests/unit/record-docs.c etc/conf_text.c
tests_unit_base_file_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=x_free -Wl,--wrap=x_realloc
tests_unit_record_bulk_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=syscall,--wrap=getdents64,--wrap=close,--wrap=close_range
tests_unit_record_gap_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime,--wrap=nanosleep
tests_unit_link_credentials_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=file_read
tests_unit_plugin_load_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=dlopen
tests_unit_plugin_abi_LDADD =
# Plugin files that must be refused. -rpath makes libtool build shared objects although they are not installed; without -z defs, because one
# of them lacks a symbol.
odd_ldflags = -avoid-version -shared -rpath $(pluginsdir)
check_LTLIBRARIES += tests/unit/plugins/odd_abi.la tests/unit/plugins/odd_constructor.la tests/unit/plugins/odd_name.la tests/unit/plugins/odd_symbol.la
tests_unit_plugins_odd_abi_la_SOURCES = tests/unit/plugins/odd.c
tests_unit_plugins_odd_abi_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DODD_ABI
tests_unit_plugins_odd_abi_la_LDFLAGS = -module $(odd_ldflags)
tests_unit_plugins_odd_constructor_la_SOURCES = tests/unit/plugins/odd.c
tests_unit_plugins_odd_constructor_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DODD_CONSTRUCTOR
tests_unit_plugins_odd_constructor_la_LDFLAGS = -module $(odd_ldflags)
tests_unit_plugins_odd_name_la_SOURCES = tests/unit/plugins/odd.c
tests_unit_plugins_odd_name_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DODD_NAME
tests_unit_plugins_odd_name_la_LDFLAGS = -module $(odd_ldflags)
tests_unit_plugins_odd_symbol_la_SOURCES = tests/unit/plugins/odd.c
tests_unit_plugins_odd_symbol_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DODD_SYMBOL
tests_unit_plugins_odd_symbol_la_LDFLAGS = -module $(odd_ldflags)
unit_scripts = tests/unit/kernel-layout.sh tests/unit/kernel-numbers.sh tests/unit/links.sh tests/unit/plugin-abi.sh tests/unit/plugin-abidiff.sh tests/unit/plugin-cores.sh tests/unit/plugin-docs.sh \
	tests/unit/plugin-frozen.sh tests/unit/plugin-kit.sh tests/unit/plugin-links.sh tests/unit/plugin-manual.sh tests/unit/plugin-new.sh tests/unit/service-file.sh
TESTS += $(unit_scripts)
EXTRA_DIST += $(unit_scripts) tests/abi
endif
EXTRA_DIST += tests/unit/record-golden/chap.show tests/unit/record-golden/flashnode.show \
	tests/unit/record-golden/iface-adapter.show tests/unit/record-golden/iface.files tests/unit/record-golden/iface.show \
	tests/unit/record-golden/isns.files tests/unit/record-golden/isns.show tests/unit/record-golden/node-masked.show \
	tests/unit/record-golden/node.files tests/unit/record-golden/node.show tests/unit/record-golden/sendtargets.files \
	tests/unit/record-golden/sendtargets.show
