/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A portal's name: the last addresses serve a connection whose look-up does not end. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/helper.h"
#include "link/dial.h"
#include "link/engine.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The name server: hangs while that stands; 0: does not know the name; otherwise says that it is 127.0.0.N. */
static struct {
	_Atomic bool hangs;
	_Atomic int says;
	_Atomic unsigned asked;
} * server; /* shared with the helpers */

int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res);

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	char address[32];

	if (!strstr(node, ".example"))
		return __real_getaddrinfo(node, service, hints, res);
	if (hints->ai_flags & AI_NUMERICHOST)
		return EAI_NONAME;
	server->asked++;
	while (server->hangs)
		usleep(1000);
	if (!server->says)
		return EAI_AGAIN;
	snprintf(address, sizeof(address), "127.0.0.%d", server->says);
	return __real_getaddrinfo(address, service, hints, res);
}

struct dialling {
	struct engine engine;
	struct log log;
	struct dial dial;
	unsigned done;
	bool failed;
};

static void on_done(struct dial *d, const struct err *err)
{
	struct dialling *t = container_of(d, struct dialling, dial);

	t->done++;
	t->failed = err;
}

static void begin(struct dialling *t)
{
	memset(t, 0, sizeof(*t));
	server->hangs = false;
	server->asked = 0;
	t->engine.log = &t->log;
	assert_int_equal(loop_new(&t->engine.loop), 0);
	assert_int_equal(helper_pool_new(t->engine.loop, NULL, &t->engine.helpers), 0);
	t->dial.engine = &t->engine;
	t->dial.done = on_done;
	transport_op_init(&t->dial.op, NULL, NULL);
}

static void end(struct dialling *t)
{
	dial_forget(&t->dial);
	server->hangs = false;
	helper_pool_free(t->engine.helpers);
	loop_free(t->engine.loop);
}

/* N of the address that a look-up ends with, 0 if it fails. */
static int look_up_name(struct dialling *t, const char *name)
{
	int rc = dial_look_up(&t->dial, name, 3260, DIAL_NO_DRIVER, NULL);

	t->done = 0;
	assert_int_equal(rc, 0);
	while (!t->done)
		loop_step(t->engine.loop, 100);
	assert_int_equal(t->done, 1);
	if (t->failed)
		return 0;
	assert_int_equal(t->dial.addresses->n, 1);
	return ntohl(((struct sockaddr_in *)&t->dial.addresses->addr[0].sa)->sin_addr.s_addr) & 255;
}

static int look_up(struct dialling *t)
{
	return look_up_name(t, "portal.example");
}

static void last_addresses_serve_when_no_name_server_answers(void **state)
{
	struct dialling t;

	(void)state;
	begin(&t);
	server->says = 0;
	assert_int_equal(look_up(&t), 0);
	server->says = 5;
	assert_int_equal(look_up(&t), 5);
	dial_settle(&t.dial);
	server->says = 0;
	assert_int_equal(look_up(&t), 5);
	server->says = 6; /* it has moved */
	server->hangs = true;
	server->asked = 0;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(look_up(&t), 5);
		dial_cancel(&t.dial); /* the attempt failed */
	}
	assert_int_equal(server->asked, 1); /* and holds up one helper */
	server->hangs = false;
	while (helper_pending(t.engine.helpers))
		loop_step(t.engine.loop, 100);
	server->hangs = true;
	assert_int_equal(look_up(&t), 6);
	end(&t);
}

static void the_address_of_an_adopted_session_is_known(void **state)
{
	struct dialling t;

	(void)state;
	begin(&t);
	server->hangs = true;
	dial_know(&t.dial, "portal.example", 3260, "");
	assert_null(t.dial.known);
	dial_know(&t.dial, "127.0.0.9", 3260, "127.0.0.9");
	assert_null(t.dial.known);
	dial_know(&t.dial, "portal.example", 3260, "127.0.0.8");
	assert_int_equal(look_up(&t), 8);
	end(&t);
}

/* The record's, and one that the target redirected to. */
static void two_names_are_known(void **state)
{
	struct dialling t;

	(void)state;
	begin(&t);
	dial_know(&t.dial, "a.example", 3260, "127.0.0.7");
	dial_know(&t.dial, "b.example", 3260, "127.0.0.8");
	dial_know(&t.dial, "c.example", 3260, "127.0.0.9");
	server->hangs = true;
	assert_int_equal(look_up_name(&t, "b.example"), 8);
	assert_int_equal(look_up_name(&t, "c.example"), 9);
	server->hangs = false;
	server->says = 1;
	assert_int_equal(look_up_name(&t, "a.example"), 1); /* it had to be asked for */
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_addresses_serve_when_no_name_server_answers),
		cmocka_unit_test(the_address_of_an_adopted_session_is_known),
		cmocka_unit_test(two_names_are_known),
	};

	server = mmap(NULL, sizeof(*server), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (server == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
