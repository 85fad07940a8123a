/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disk behind a session: memory, one per target name, so that two ways to a target meet the same data. */
#include "sim.h"
#include <linux/vmalloc.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_proto.h>

struct disk {
	struct list_head list;
	char *name;
	u8 *data;
	u64 blocks;
};

static LIST_HEAD(disks);
static DEFINE_MUTEX(disks_lock);

static struct disk *disk_of(const char *name)
{
	struct disk *d;

	mutex_lock(&disks_lock);
	list_for_each_entry(d, &disks, list) if (!strcmp(d->name, name)) goto out;
	d = kzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		goto out;
	d->blocks = (u64)disk_mb << 11;
	d->name = kstrdup(name, GFP_KERNEL);
	d->data = vzalloc(d->blocks << 9);
	if (d->name && d->data) {
		list_add(&d->list, &disks);
	} else {
		vfree(d->data);
		kfree(d->name);
		kfree(d);
		d = NULL;
	}
out:
	mutex_unlock(&disks_lock);
	return d;
}

void disks_stop(void)
{
	struct disk *d, *next;

	list_for_each_entry_safe(d, next, &disks, list)
	{
		vfree(d->data);
		kfree(d->name);
		kfree(d);
	}
}

/* What a command comes to. */
struct outcome {
	u8 data[512], status, key, asc;
	int length; /* of what was moved */
};

static void refuse(struct outcome *o, u8 key, u8 asc)
{
	o->status = SAM_STAT_CHECK_CONDITION;
	o->key = key;
	o->asc = asc;
}

static void inquiry(struct disk *d, const u8 *cdb, u64 lun, struct outcome *o)
{
	u32 sum = 5381;
	const char *p;

	o->data[0] = lun ? 0x7f : 0;
	if (!(cdb[1] & 1)) {
		o->data[2] = 6;
		o->data[3] = 2;
		o->data[4] = 31;
		o->data[7] = 2;
		memcpy(o->data + 8, "MISCSI  SIMULATED DISK  1.0 ", 28);
		o->length = 36;
		return;
	}
	for (p = d->name; *p; p++)
		sum = sum * 33 + *p;
	o->data[1] = cdb[2];
	switch (cdb[2]) {
	case 0:
		o->data[3] = 3;
		memcpy(o->data + 4, "\x00\x80\x83", 3);
		break;
	case 0x80:
		o->data[3] = sprintf(o->data + 4, "%08x", sum);
		break;
	case 0x83: /* NAA, locally assigned */
		o->data[3] = 12;
		o->data[4] = 1;
		o->data[5] = 3;
		o->data[7] = 8;
		o->data[8] = 0x30;
		put_unaligned_be32(sum, o->data + 12);
		break;
	default:
		refuse(o, ILLEGAL_REQUEST, 0x24);
		return;
	}
	o->length = 4 + o->data[3];
}

/* Moves blocks between the disk and the command's buffers. */
static void blocks(struct disk *d, struct scsi_cmnd *sc, u64 at, u32 count, bool write, struct outcome *o)
{
	u32 bytes = min(count << 9, scsi_bufflen(sc));

	if (at + count > d->blocks) {
		refuse(o, ILLEGAL_REQUEST, 0x21);
		return;
	}
	if (write)
		sg_copy_to_buffer(scsi_sglist(sc), scsi_sg_count(sc), d->data + (at << 9), bytes);
	else
		sg_copy_from_buffer(scsi_sglist(sc), scsi_sg_count(sc), d->data + (at << 9), bytes);
	o->length = bytes;
}

static void capacity16(struct disk *d, struct outcome *o)
{
	put_unaligned_be64(d->blocks - 1, o->data);
	put_unaligned_be32(512, o->data + 8);
	o->length = 32;
}

static void command(struct disk *d, struct scsi_cmnd *sc, struct outcome *o)
{
	const u8 *cdb = sc->cmnd;

	switch (cdb[0]) {
	case TEST_UNIT_READY:
	case SYNCHRONIZE_CACHE:
	case START_STOP:
	case REQUEST_SENSE:
		break;
	case INQUIRY:
		inquiry(d, cdb, sc->device->lun, o);
		break;
	case REPORT_LUNS:
		put_unaligned_be32(8, o->data);
		o->length = 16;
		break;
	case READ_CAPACITY:
		put_unaligned_be32(d->blocks - 1, o->data);
		put_unaligned_be32(512, o->data + 4);
		o->length = 8;
		break;
	case SERVICE_ACTION_IN_16:
		capacity16(d, o);
		break;
	case MODE_SENSE:
		o->data[0] = 3;
		o->length = 4;
		break;
	case MODE_SENSE_10:
		o->data[1] = 6;
		o->length = 8;
		break;
	case READ_10:
	case WRITE_10:
		blocks(d, sc, get_unaligned_be32(cdb + 2), get_unaligned_be16(cdb + 7), cdb[0] == WRITE_10, o);
		return;
	case READ_16:
	case WRITE_16:
		blocks(d, sc, get_unaligned_be64(cdb + 2), get_unaligned_be32(cdb + 10), cdb[0] == WRITE_16, o);
		return;
	default:
		refuse(o, ILLEGAL_REQUEST, 0x20);
	}
	if (o->length)
		o->length =
			sg_copy_from_buffer(scsi_sglist(sc), scsi_sg_count(sc), o->data, min_t(u32, o->length, scsi_bufflen(sc)));
}

int disk_command(struct session *s, struct conn *c, struct iscsi_task *task)
{
	struct scsi_cmnd *sc = task->sc;
	struct iscsi_scsi_rsp rsp = { .opcode = ISCSI_OP_SCSI_CMD_RSP,
		.flags = ISCSI_FLAG_CMD_FINAL,
		.response = ISCSI_STATUS_CMD_COMPLETED,
		.itt = task->hdr->itt };
	struct outcome *o = kzalloc(sizeof(*o), GFP_KERNEL);
	u8 sense[20] = { 0, 18, 0x70 };
	int left;

	if (!s->disk)
		s->disk = disk_of(task->conn->session->targetname ?: "");
	if (!o || !s->disk) {
		kfree(o);
		return -ENOMEM;
	}
	if (sc->device->lun && sc->cmnd[0] != INQUIRY && sc->cmnd[0] != REPORT_LUNS)
		refuse(o, ILLEGAL_REQUEST, 0x25);
	else
		command(s->disk, sc, o);
	if (sc->sc_data_direction == DMA_TO_DEVICE) {
		task->conn->txdata_octets += o->length;
		task->conn->dataout_pdus_cnt += !!o->length;
	} else {
		task->conn->rxdata_octets += o->length;
		task->conn->datain_pdus_cnt += !!o->length;
	}
	left = scsi_bufflen(sc) - o->length;
	if (left > 0) {
		rsp.flags |= ISCSI_FLAG_CMD_UNDERFLOW;
		rsp.residual_count = cpu_to_be32(left);
	}
	rsp.cmd_status = o->status;
	sense[4] = o->key;
	sense[9] = 10;
	sense[14] = o->asc;
	conn_answer(c, &rsp, sense, o->status ? sizeof(sense) : 0);
	kfree(o);
	return 0;
}
