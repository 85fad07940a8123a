/* SPDX-License-Identifier: GPL-2.0-or-later */
/* INQUIRY by SG_IO. */
#include "config.h"
#include "kernel/bsg.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bsg.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TIMEOUT_MS 10000
#define FIRST_BYTES 0x3fc /* a unit of SPC-2, which ignores the upper byte, returns 252 of them */
#define HEADER 4
#define SENSE_BYTES 96

/* *len 0: the unit did not return the page. -errno: it was not asked. */
static int inquire(int fd, uint8_t number, char *page, size_t size, size_t *len)
{
	uint8_t cdb[6] = { 0x12, 1, number, (uint8_t)(size >> 8), (uint8_t)size }, sense[SENSE_BYTES];
	struct sg_io_v4 io = { .guard = 'Q',
		.protocol = BSG_PROTOCOL_SCSI,
		.subprotocol = BSG_SUB_PROTOCOL_SCSI_CMD,
		.request_len = sizeof(cdb),
		.request = (uintptr_t)cdb,
		.max_response_len = sizeof(sense),
		.response = (uintptr_t)sense,
		.din_xfer_len = (uint32_t)size,
		.din_xferp = (uintptr_t)page,
		.timeout = TIMEOUT_MS };

	*len = 0;
	if (ioctl(fd, SG_IO, &io) < 0)
		return -errno;
	if (!io.device_status && !io.transport_status && !io.driver_status && io.din_resid >= 0 && (size_t)io.din_resid < size)
		*len = size - (size_t)io.din_resid;
	return 0;
}

static size_t whole_length(const char *page)
{
	return HEADER + ((size_t)(uint8_t)page[2] << 8 | (uint8_t)page[3]);
}

/* A second command for a page that is longer. */
static int read_page(int fd, uint8_t number, char **page, size_t *len)
{
	size_t size = FIRST_BYTES, whole = 0;
	char *grown;
	int rc;

	for (;;) {
		grown = x_realloc(*page, size);
		if (!grown)
			return -ENOMEM;
		*page = grown;
		rc = inquire(fd, number, grown, size, len);
		if (rc == 0 && *len >= HEADER)
			whole = whole_length(grown);
		if (rc < 0 || whole <= *len || size == UINT16_MAX)
			return rc;
		size = size == FIRST_BYTES && whole < UINT16_MAX ? whole : UINT16_MAX;
	}
}

int bsg_page(const char *address, uint8_t number, char **page, size_t *len)
{
	char path[64];
	int fd, rc;

	*page = NULL;
	*len = 0;
	snprintf(path, sizeof(path), "/dev/bsg/%s", address);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	rc = read_page(fd, number, page, len);
	close(fd);
	if (rc < 0 || *len < HEADER) {
		x_free(*page);
		*page = NULL;
		*len = 0;
	}
	return rc;
}
