/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status of a Login Response (RFC 7143 11.13.5): its text, and what it means to the user. */
#include "proto/login.h"

/* Class 2 is the initiator's fault and stays so until a setting changes; class 3 is the target's and may
 * pass. */
static const struct {
	uint8_t class, detail;
	enum miscsi_error error;
	const char *text, *hint; /* hint: what the user can do */
} statuses[] = {
	{ 0, 0x00, MISCSI_ERR_OK, "success", "" },
	{ 1, 0x01, MISCSI_ERR_OK, "the target has moved temporarily", "" },
	{ 1, 0x02, MISCSI_ERR_OK, "the target has moved permanently", "" },
	{ 2, 0x00, MISCSI_ERR_FATAL_LOGIN, "initiator error", "; the target's log may have the reason" },
	{ 2, 0x01, MISCSI_ERR_LOGIN_AUTH_FAILED, "authentication failure",
		"; compare username and password with those that are set on the target" },
	{ 2, 0x02, MISCSI_ERR_LOGIN_AUTH_FAILED, "authorization failure",
		"; allow this initiator's name on the target, or set the username and password that it requires" },
	{ 2, 0x03, MISCSI_ERR_FATAL_LOGIN, "target not found", "; discover the targets of the portal again" },
	{ 2, 0x04, MISCSI_ERR_FATAL_LOGIN, "target removed", "; discover the targets of the portal again" },
	{ 2, 0x05, MISCSI_ERR_FATAL_LOGIN, "unsupported version", "; update the target or the initiator" },
	{ 2, 0x06, MISCSI_ERR_FATAL_LOGIN, "too many connections",
		"; the target has reached a limit, so log out other initiators or raise it" },
	{ 2, 0x07, MISCSI_ERR_FATAL_LOGIN, "missing parameter", "; the target's log may have the reason" },
	{ 2, 0x08, MISCSI_ERR_FATAL_LOGIN, "cannot include in session", "; the target's log may have the reason" },
	{ 2, 0x09, MISCSI_ERR_FATAL_LOGIN, "session type not supported",
		"; the target offers no sessions of this kind (discovery or normal)" },
	{ 2, 0x0a, MISCSI_ERR_FATAL_LOGIN, "session does not exist", "; the target may have restarted, so log in again" },
	{ 2, 0x0b, MISCSI_ERR_FATAL_LOGIN, "invalid request during login", "; the target's log may have the reason" },
	{ 3, 0x00, MISCSI_ERR_LOGIN, "target error", "; the target's log may have the reason" },
	{ 3, 0x01, MISCSI_ERR_LOGIN, "service unavailable", "; the target may still be starting" },
	{ 3, 0x02, MISCSI_ERR_LOGIN, "out of resources", "; the target's log may have the reason" },
};

/* A detail without a row counts as its class's detail 0, where that is an error. */
static int status_row(uint8_t class, uint8_t detail)
{
	int general = -1;

	for (int i = 0; i < (int)(ARRAY_SIZE(statuses)); i++) {
		if (statuses[i].class != class)
			continue;
		if (statuses[i].detail == detail)
			return i;
		if (class >= 2 && !statuses[i].detail)
			general = i;
	}
	return general;
}

const char *login_status_hint(uint8_t status_class, uint8_t status_detail)
{
	int i = status_row(status_class, status_detail);

	return i < 0 ? "" : statuses[i].hint;
}

const char *login_status_text(uint8_t status_class, uint8_t status_detail)
{
	int i = status_row(status_class, status_detail);

	return i < 0 ? "unknown status" : statuses[i].text;
}

/* A class that does not exist is fatal: to try again could only meet it again. */
enum miscsi_error login_status_error(uint8_t status_class, uint8_t status_detail)
{
	int i = status_row(status_class, status_detail);

	if (i < 0 && status_class == 1)
		return MISCSI_ERR_OK;
	return i < 0 ? MISCSI_ERR_FATAL_LOGIN : statuses[i].error;
}
