/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Redirections, and when they end. */
#include "session/destination.h"
#include "base/mem.h"
#include "link/dial.h"
#include "proto/portal.h"
#include "record/record.h"
#include <string.h>

bool destination_redirected(const struct destination *d)
{
	return d->state == DESTINATION_ONCE || d->state == DESTINATION_MOVED;
}

const char *destination_address(const struct destination *d, uint16_t *port)
{
	bool redirected = destination_redirected(d);

	*port = redirected ? d->port : (uint16_t)record_int(d->record, FIELD_CONN_PORT);
	return redirected ? d->host : record_str(d->record, FIELD_CONN_ADDRESS);
}

const char *destination_text(const struct destination *d)
{
	return d->text ? d->text : record_str(d->record, FIELD_CONN_ADDRESS);
}

/* Kept as text because every line of the log has it. */
static void destination_set(struct destination *d, enum destination_state state)
{
	struct portal p = { .tpgt = PORTAL_TPGT_ANY };
	char text[PORTAL_TEXT_MAX];
	const char *host;
	int kind;

	d->state = state;
	if (state == DESTINATION_RECORD)
		x_strset(&d->host, NULL);
	host = destination_address(d, &p.port);
	kind = portal_host_kind(host, strlen(host));
	if (kind < 0 || strlen(host) > PORTAL_HOST_MAX)
		return;
	strcpy(p.host, host);
	p.kind = (enum portal_kind)kind;
	x_strset(&d->text, portal_format(text, sizeof(text), &p, false));
}

void destination_init(struct destination *d, const struct record *record)
{
	*d = (struct destination){ .record = record };
	destination_set(d, DESTINATION_RECORD);
}

void destination_free(struct destination *d)
{
	x_free(d->host);
	x_free(d->text);
}

int destination_redirect(struct destination *d, const struct login_redirect *to, struct err *err)
{
	int rc = dial_redirect(&d->redirects, to, err);

	if (rc < 0)
		return rc;
	if (x_strset(&d->host, to->portal.host) < 0)
		return err_nomem(err, "the portal that the target redirected to");
	d->port = to->portal.port;
	destination_set(d, to->permanent ? DESTINATION_MOVED : DESTINATION_ONCE);
	return 0;
}

/* A permanent redirection is at its end when its portal is away and the record's is well again: they are tried in turn. */
void destination_next(struct destination *d, unsigned nth)
{
	d->redirects = 0;
	if (d->state == DESTINATION_ONCE || d->state == DESTINATION_RECORD)
		destination_set(d, DESTINATION_RECORD);
	else
		destination_set(d, nth % 2 ? DESTINATION_BACK : DESTINATION_MOVED);
}

void destination_reached(struct destination *d)
{
	d->redirects = 0;
	if (d->state == DESTINATION_BACK)
		destination_set(d, DESTINATION_RECORD);
}
