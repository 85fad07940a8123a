/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of ops that stand in for those a plugin does not bring: endpoint.c, khost.c and kstats.c for any transport; kflash.c, kchap.c,
 * knet.c and path.c where the plugin's traits declare that the driver has them; "not supported" for the rest. Constant data.
 */
#include "plugin/defaults.h"
#include "plugin/endpoint.h"
#include "plugin/private.h"

/* Of the transport, not of the plugin: cxgbi serves two whose traits differ. */
static bool op_has_trait(struct miscsi_op *op, uint64_t trait)
{
	return op_of(op)->transport->match.traits & trait;
}

static int not_supported(struct miscsi_op *op, uint32_t error, const char *what)
{
	return op->core->set_error(op, error, "%s: not supported by transport %s", what, op->transport);
}

/* Where the driver leaves ARP to user space, it leaves to it what else needs packets of the adapter's. */
static int left_to_maker(struct miscsi_op *op, uint32_t error, const char *what)
{
	if (!op_has_trait(op, MISCSI_TRAIT_PATH))
		return not_supported(op, error, what);
	return op->core->set_error(op, error,
		"%s: not supported by transport %s: its kernel driver leaves that to the maker's driver in user "
		"space, which is not part of miscsi",
		what, op->transport);
}

/* The kernel's op for a transport whose driver has it by its traits; the others are refused. */
#define KERNEL_OP(name, trait, kernel_op, error, what) \
	static int name(struct miscsi_op *op) \
	{ \
		return op_has_trait(op, MISCSI_TRAIT_KERNEL_##trait) ? kernel_op(op) : \
								       not_supported(op, MISCSI_ERR_##error, what); \
	}
#define KERNEL_OP1(name, trait, kernel_op, what, type) \
	static int name(struct miscsi_op *op, type arg) \
	{ \
		return op_has_trait(op, MISCSI_TRAIT_KERNEL_##trait) ? kernel_op(op, arg) : \
								       not_supported(op, MISCSI_ERR_OP_NOT_SUPP, what); \
	}
#define UNUSED(type, name) type name __attribute__((unused))

KERNEL_OP(defaults_flash_list, FLASH, kflash_list, OP_NOT_SUPP, "flash nodes")
KERNEL_OP1(defaults_flash_show, FLASH, kflash_show, "flash nodes", uint32_t)
KERNEL_OP1(defaults_flash_create, FLASH, kflash_create, "flash nodes", const char *)
KERNEL_OP1(defaults_flash_set, FLASH, kflash_set, "flash nodes", uint32_t)
KERNEL_OP1(defaults_flash_remove, FLASH, kflash_remove, "flash nodes", uint32_t)
KERNEL_OP1(defaults_flash_login, FLASH, kflash_login, "flash nodes", uint32_t)
KERNEL_OP1(defaults_flash_logout, FLASH, kflash_logout, "flash nodes", uint32_t)
KERNEL_OP(defaults_flash_logout_sid, FLASH, kflash_logout_sid, OP_NOT_SUPP, "flash nodes")
KERNEL_OP(defaults_chap_list, CHAP, kchap_list, OP_NOT_SUPP, "CHAP table")
KERNEL_OP1(defaults_chap_set, CHAP, kchap_set, "CHAP table", uint32_t)
KERNEL_OP1(defaults_chap_remove, CHAP, kchap_remove, "CHAP table", uint32_t)
KERNEL_OP(defaults_host_stats, STATS, kstats_host, OP_NOT_SUPP, "host statistics")

/* These two are apart from the macro above: for adapters with PATH the refusal has a reason of its own. */
static int net_apply(struct miscsi_op *op)
{
	if (op_has_trait(op, MISCSI_TRAIT_KERNEL_NET))
		return knet_apply(op);
	return left_to_maker(op, MISCSI_ERR_TRANS_CAPS, "applying network settings");
}

static int net_ping(struct miscsi_op *op, const struct miscsi_ping_args *args)
{
	if (op_has_trait(op, MISCSI_TRAIT_KERNEL_PING))
		return knet_ping(op, args);
	return left_to_maker(op, MISCSI_ERR_OP_NOT_SUPP, "ping");
}

static void net_ping_event(struct miscsi_op *op, uint32_t status)
{
	if (op_has_trait(op, MISCSI_TRAIT_KERNEL_PING))
		knet_ping_event(op, status);
}

static int net_path(struct miscsi_op *op, struct miscsi_path *path)
{
	return op_has_trait(op, MISCSI_TRAIT_PATH) ? path_find(op, path) :
						     not_supported(op, MISCSI_ERR_TRANS_CAPS, "finding paths");
}

/* Link events only change what the session layer does; a plugin without the op has nothing to add. */
static void no_event(UNUSED(struct miscsi_op *, op), UNUSED(uint32_t, number))
{
}

static int params_unchanged(UNUSED(struct miscsi_op *, op), UNUSED(struct miscsi_params *, params))
{
	return 0;
}

const struct plugin_ops defaults_table = {
	.endpoint = { .connect = endpoint_connect, .disconnect = endpoint_disconnect },
	.param = { .offer = params_unchanged, .negotiated = params_unchanged },
	.net = { .apply = net_apply, .path = net_path },
	.host = { .set = khost_set, .event = no_event },
	.flash = { .list = defaults_flash_list,
		.show = defaults_flash_show,
		.create = defaults_flash_create,
		.set = defaults_flash_set,
		.remove = defaults_flash_remove,
		.login = defaults_flash_login,
		.logout = defaults_flash_logout,
		.logout_sid = defaults_flash_logout_sid },
	.chap = { .list = defaults_chap_list, .set = defaults_chap_set, .remove = defaults_chap_remove },
	.stats = { .session = kstats_session, .host = defaults_host_stats },
	.ping = { .send = net_ping, .event = net_ping_event },
};
