/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plugin ABI of miscsi. A transport plugin includes this header and no other of miscsi. Its rules, each of which has a test;
 * miscsi-plugin-check(1) runs these on any plugin file:
 *
 *  1. Structures only ever grow at their end. Every one that crosses the border starts with its `size`, stamped by a macro
 *     or by sizeof; every row of an array starts with its size too, and an array ends at a row of size 0.
 *  2. The core copies the smaller of both sizes into a zeroed structure and merges it over its defaults.
 *  3. A member left NULL has the meaning documented beside it, mostly "not supported by this transport".
 *  4. One plugin may serve several kernel transports: one row of `match` for each.
 *  5. A plugin calls the core through `struct miscsi_core` alone. It has no undefined symbol of miscsi, so that the same file loads into
 *     daemon, command, boot program and conformance kit. It must not call a member that lies beyond the structure's `size`.
 *  6. Ops run on the loop's thread and never block: one that takes longer returns -EINPROGRESS (core.h describes the life of an op).
 *  7. Functions return 0, or a negative errno after set_error() recorded the detail. The core escapes text that came from the wire.
 *  8. No bool, long, time_t, bit-field, enum or FILE in a structure. C99 and C++.
 *  9. The ABI number is in the directory ($libdir/miscsi/plugins-1), the structure, and the packages' names. The file is named for
 *     the plugin.
 */
#ifndef MISCSI_PLUGIN_H
#define MISCSI_PLUGIN_H

#include <miscsi/adapter.h>
#include <miscsi/core.h>
#include <miscsi/errors.h>
#include <miscsi/field.h>
#include <miscsi/macros.h>
#include <miscsi/ops.h>
#include <miscsi/traits.h>

#define MISCSI_ABI 1
#define MISCSI_MINOR 2 /* raised by each release that adds to these headers */

/*
 * A PCI id, of which each number but the vendor may be MISCSI_PCI_ANY, and the adapter's name for people (NULL: none). The first
 * row that matches counts. Frozen; an array ends at vendor 0.
 */
#define MISCSI_PCI_ANY 0xffffffffu
struct miscsi_pci_id {
	uint32_t vendor, device, subvendor, subdevice;
	const char *name;
};

struct miscsi_match {
	uint32_t size;
	uint32_t reserved; /* 0 */
	const char *transport; /* directory of /sys/class/iscsi_transport; the value of iface.transport_name */
	const char *module; /* kernel module to load; NULL: none */
	const char *proc_name; /* proc_name of its SCSI hosts; NULL: the same as transport */
	uint64_t traits; /* MISCSI_TRAIT_*, added to the plugin's */
	const struct miscsi_pci_id *pci; /* NULL: not recognised by PCI id */
	const char *const *netdev_drivers; /* drivers of the network devices that it belongs to, NULL at the end; NULL: none */
};

struct miscsi_plugin {
	uint32_t size, abi; /* frozen up to `name`; stamped by MISCSI_PLUGIN() */
	const char *name; /* a-z 0-9 _, at most 32: the file's name without .so */
	const char *version; /* of the plugin, for people; NULL: the core's */
	const char *summary; /* one line for people */
	const struct miscsi_match *match; /* at least one row */
	uint64_t traits;
	/* Called once before any op; *state is op->state later. NULL: nothing to prepare. If it fails, the plugin is refused
	 * with the text of set_error(core->self, …); start() is called again when the plugin is needed, 5 s later at the earliest. */
	int (*start)(const struct miscsi_core *core, void **state);
	/* Called once, when no op is under way. NULL: nothing to undo. */
	void (*stop)(void *state);
	/*
	 * The core cancels an op under way. It releases the resources of the op (timers, watches, requests, memory) after this
	 * call; the plugin releases everything else here, and does not use the op again. NULL: the op has no other resources.
	 */
	void (*cancel)(struct miscsi_op *op);
	const struct miscsi_endpoint_ops *endpoint; /* NULL: the kernel's endpoints (EP_CONNECT, EP_POLL, EP_DISCONNECT) */
	const struct miscsi_login_ops *login; /* NULL: the core logs in */
	const struct miscsi_param_ops *param; /* NULL: nothing to adjust */
	const struct miscsi_net_ops *net; /* NULL: MISCSI_TRAIT_KERNEL_NET, or iface settings cannot be applied: error 14 */
	const struct miscsi_host_ops *host; /* NULL: the values that sysfs shows; SET_HOST_PARAM */
	const struct miscsi_flash_ops *flash; /* NULL: MISCSI_TRAIT_KERNEL_FLASH, or error 27 */
	const struct miscsi_chap_ops *chap; /* NULL: MISCSI_TRAIT_KERNEL_CHAP, or error 27 */
	const struct miscsi_stats_ops
		*stats; /* NULL: session statistics by GET_STATS; host statistics: MISCSI_TRAIT_KERNEL_STATS, or error 27 */
	const struct miscsi_ping_ops *ping; /* NULL: MISCSI_TRAIT_KERNEL_PING, or error 27 */
	/*
	 * Without these the plugin cannot work, NULL at the end: a trait ("UIO"), an op ("ping.send"), a member of struct miscsi_core
	 * ("request"), "fields". A core that does not know one refuses the plugin, and names it. NULL: nothing is needed.
	 */
	const char *const *needs;
	const struct miscsi_field *fields; /* settings of the plugin's own (field.h); NULL: none */
};

#endif
