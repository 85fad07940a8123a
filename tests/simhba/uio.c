/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The /dev/uioN beside an adapter, whose being open the driver asks for before it connects. As with cnic's and qedi's, one
 * program may have it open.
 */
#include "sim.h"
#include <linux/uio_driver.h>

struct sim_uio {
	struct uio_info info;
	unsigned int host_no;
	int opens;
};

static int opened(struct uio_info *info, struct inode *inode)
{
	struct sim_uio *u = container_of(info, struct sim_uio, info);

	if (u->opens)
		return -EBUSY;
	u->opens++;
	sim_log("host%u uio opened", u->host_no);
	return 0;
}

static int closed(struct uio_info *info, struct inode *inode)
{
	struct sim_uio *u = container_of(info, struct sim_uio, info);

	u->opens--;
	sim_log("host%u uio closed", u->host_no);
	return 0;
}

int uio_start(struct host *h)
{
	struct sim_uio *u;
	int rc;

	if (!(h->kind->has & HAS_PATH))
		return 0;
	u = kzalloc(sizeof(*u), GFP_KERNEL);
	if (!u)
		return -ENOMEM;
	u->info.name = h->kind->has & NEEDS_UIO ? "bnx2x_cnic" : "qedi_uio";
	u->host_no = h->shost->host_no;
	u->info.version = "1";
	u->info.irq = UIO_IRQ_CUSTOM;
	u->info.open = opened;
	u->info.release = closed;
	rc = uio_register_device(&h->parent->dev, &u->info);
	if (rc)
		kfree(u);
	else
		h->uio = u;
	return rc;
}

void uio_stop(struct host *h)
{
	if (!h->uio)
		return;
	uio_unregister_device(&h->uio->info);
	kfree(h->uio); /* who has it open still is not told when he closes it */
	h->uio = NULL;
}

bool uio_is_open(struct host *h)
{
	return h->uio && h->uio->opens > 0;
}
