/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: a peer of the daemon. First byte: bit 7 root or not, bit 6 the manager answers at once, the rest the size of the
 * pieces that the bytes come in. What the service says must be messages.
 */
#include "config.h"
#include "../unit/ipc-manager.h"
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uid_t uid;

static int peer(int fd, uid_t *out)
{
	(void)fd;
	*out = uid;
	return 0;
}

static uint64_t stopped_clock(void *arg)
{
	(void)arg;
	return 1000;
}

static void listen_to(int fd, struct varlink_buffer *said)
{
	char chunk[4096];
	ssize_t n;

	while ((n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT)) > 0)
		if (varlink_buffer_add(said, chunk, (size_t)n))
			abort();
}

static void check_said(struct varlink_buffer *said)
{
	struct json_object *o;
	const char *message;
	ssize_t len;

	while ((len = varlink_next(said, SIZE_MAX - 1, &message)) >= 0) {
		if (varlink_parse(message, (size_t)len, &o))
			abort();
		varlink_put(o);
		varlink_buffer_consume(said, (size_t)len + 1);
	}
}

static void turn(struct loop *loop, int fd, struct varlink_buffer *said)
{
	for (int i = 0; i < 100 && loop_step(loop, 0) > 0; i++)
		listen_to(fd, said);
}

static void converse(struct loop *loop, struct fake *manager, int fd, const uint8_t *data, size_t size)
{
	size_t piece = (size_t)(data[0] & 63) * 64 + 1;
	struct varlink_buffer said = { 0 };

	for (size_t at = 1; at < size; at += piece) {
		send(fd, data + at, size - at < piece ? size - at : piece, MSG_NOSIGNAL | MSG_DONTWAIT);
		turn(loop, fd, &said);
	}
	for (int i = 0; i < 8 && manager->waiting; i++) {
		fake_answer(manager);
		turn(loop, fd, &said);
	}
	fake_change(manager, &fake_sessions[2]);
	turn(loop, fd, &said);
	check_said(&said);
	varlink_buffer_free(&said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct service_config config = { .ops = &fake_ops, .peer = peer };
	struct fake manager;
	struct service *service;
	struct loop *loop;
	struct log log = { 0 };
	int pair[2];

	if (!size || size > INPUT_MAX)
		return 0;
	uid = data[0] & 128 ? 0 : 1000;
	if (loop_new(&loop) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair))
		abort();
	loop_set_clock(loop, stopped_clock, NULL);
	fake_start(&manager, loop);
	manager.at_once = data[0] & 64;
	config.loop = loop;
	config.log = &log;
	config.manager = (struct manager *)&manager;
	if (service_new(&config, &service))
		abort();
	if (varlink_server_accept(service_server(service), pair[0]))
		abort();
	converse(loop, &manager, pair[1], data, size);
	close(pair[1]);
	service_free(service);
	fake_stop(&manager);
	loop_free(loop);
	return 0;
}
