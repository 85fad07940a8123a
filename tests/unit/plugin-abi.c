/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ABI 1 as it was first released, on machines with 64-bit pointers. A number here is never changed: what is added to a structure
 * goes behind the member named here, and gets a line of its own at the next release.
 */
#include "config.h"
#include <miscsi/plugin.h>

#define AT(type, member, offset) \
	_Static_assert(sizeof(void *) != 8 || offsetof(struct type, member) == (offset), #type "." #member " has moved")

AT(miscsi_plugin, size, 0);
AT(miscsi_plugin, abi, 4);
AT(miscsi_plugin, name, 8);
AT(miscsi_plugin, version, 16);
AT(miscsi_plugin, match, 32);
AT(miscsi_plugin, traits, 40);
AT(miscsi_plugin, start, 48);
AT(miscsi_plugin, cancel, 64);
AT(miscsi_plugin, endpoint, 72);
AT(miscsi_plugin, ping, 136);
AT(miscsi_match, netdev_drivers, 48);
AT(miscsi_pci_id, subdevice, 12);
AT(miscsi_pci_id, name, 16);
AT(miscsi_op, data, 40);
AT(miscsi_request, payload, 32);
AT(miscsi_request, reserved, 44);
AT(miscsi_answer, data, 56);
AT(miscsi_core, self, 16);
AT(miscsi_core, log, 24);
AT(miscsi_core, unwatch, 136);
AT(miscsi_connect_args, hwaddress, 40);
AT(miscsi_binding, value, 8);
AT(miscsi_params, target_recv_data_segment_length, 72);
AT(miscsi_path, pmtu, 62);
AT(miscsi_ping_args, id, 28);
AT(miscsi_endpoint_ops, disconnect, 16);
AT(miscsi_login_ops, event, 16);
AT(miscsi_param_ops, negotiated, 16);
AT(miscsi_net_ops, path, 16);
AT(miscsi_host_ops, event, 16);
AT(miscsi_flash_ops, logout_sid, 64);
AT(miscsi_chap_ops, remove, 24);
AT(miscsi_stats_ops, host, 16);
AT(miscsi_ping_ops, event, 16);

int main(void)
{
	return 0; /* that it compiles is the test */
}
