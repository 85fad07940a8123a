/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: what a daemon may say to the client. First byte: which call is made. Every record and sid has
 * exactly one result. */
#include "config.h"
#include "ipc/client.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_MAX 65536
#define SIDS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_result(void *arg, const struct client_result *r)
{
	unsigned *seen = arg;

	if (r->index >= SIDS || strlen(r->err.text) >= ERR_TEXT_MAX)
		abort();
	seen[r->index]++;
}

static void on_session(void *arg, const struct client_session *s)
{
	*(size_t *)arg += strlen(s->target) + strlen(s->address) + strlen(s->iface) + strlen(s->transport) + strlen(s->state) +
		strlen(s->connection) + (s->error ? strlen(s->error) : 0);
}

static void call(struct client *c, unsigned which)
{
	static const uint32_t sids[SIDS] = { 1, 2, 3 };
	static const struct client_session one = {
		.target = "iqn.2026-11.com.example:t", .address = "192.0.2.1", .port = 3260, .iface = "default"
	};
	struct err err = ERR_INIT;
	unsigned seen[SIDS] = { 0 };
	size_t n = 0;

	switch (which % 3) {
	case 0:
		client_logout(c, sids, SIDS, false, on_result, seen, &err);
		for (unsigned i = 0; i < SIDS; i++)
			if (seen[i] != 1)
				abort();
		break;
	case 1:
		client_list(c, 10000, on_session, &n, &err);
		break;
	default:
		client_logout_of(c, &one, false, &err);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client *c;
	int pair[2];

	if (!size || size > INPUT_MAX)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || client_open_fd(pair[1], &c))
		abort();
	if (send(pair[0], data + 1, size - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		abort();
	shutdown(pair[0], SHUT_WR);
	call(c, data[0]);
	call(c, data[0] + 1u); /* once more on what is left */
	client_close(c);
	close(pair[0]);
	return 0;
}
