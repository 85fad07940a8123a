/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Standing discoveries: when they ask, and what a portal that misbehaves can do. Real helpers, a portal in the same loop. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/helper.h"
#include "base/worker.h"
#include "daemon/standing.h"
#include "fake-portal.h"
#include "isns-bytes.h"
#include "link/engine.h"
#include "plugin-fixture.h"
#include "standing-base.h"
#include "tests/paths.h"
#include <dirent.h>
#include <time.h>

struct polling {
	struct base *base;
	struct plugin_fixture w;
	struct fake_portal target;
	struct engine engine;
	struct standing_config config;
	struct standing *standing;
	char conf[128], dir[128];
	struct service_discovery seen; /* the last one */
	char error[ERR_TEXT_MAX];
	unsigned discoveries;
	bool nameless; /* the initiator: identify() fails */
	unsigned asked;
	uintptr_t low, high; /* where the stack was then */
};

static uint64_t now_of(void *arg)
{
	return ((struct polling *)arg)->w.now;
}

static int identify(void *arg, const char **name, const char **alias, struct err *err)
{
	struct polling *p = arg;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	p->asked++;
	p->low = !p->low || here < p->low ? here : p->low;
	p->high = here > p->high ? here : p->high;
	if (p->nameless)
		return err_set(err, MISCSI_ERR_INVAL, "no name");
	*name = "iqn.2026-11.com.example:me";
	*alias = NULL;
	return 0;
}

static void no_tidying(void *arg)
{
	(void)arg;
}

static int see(void *arg, const struct service_discovery *d)
{
	struct polling *p = arg;

	p->discoveries++;
	p->seen = *d;
	snprintf(p->error, sizeof(p->error), "%s", d->error ? d->error : "");
	return 0;
}

static void look(struct polling *p)
{
	p->discoveries = 0;
	p->seen.state = "";
	standing_each(p->standing, see, p);
}

/* The portal's record, with more settings. */
static void set_up(struct polling *p, void **state, const char *settings)
{
	char file[64], text[512];

	memset(p, 0, sizeof(*p));
	p->base = *state;
	plugin_fixture_make(&p->w, BUILDDIR "/.libs");
	p->w.now = 1000;
	loop_set_clock(p->w.loop, now_of, p);
	fake_open(&p->target, p->w.loop);
	p->target.answer = "TargetName=" T1 "\nTargetAddress=10.0.0.1:3260,1\n";
	p->engine = (struct engine){ .loop = p->w.loop, .log = &p->w.log, .plugins = p->w.ps };
	assert_int_equal(worker_pool_new(p->w.loop, 1, &p->engine.workers), 0);
	assert_int_equal(helper_pool_new(p->w.loop, NULL, &p->engine.helpers), 0);
	snprintf(p->conf, sizeof(p->conf), "%s/iscsid.conf", p->base->dir.dir);
	snprintf(p->dir, sizeof(p->dir), "%s/discoveries", p->base->dir.dir);
	p->config = (struct standing_config){ .engine = &p->engine,
		.home = p->base->dir.dir,
		.conf = p->conf,
		.socket = "/nonexistent/socket",
		.dir = p->dir,
		.identify = identify,
		.tidy = no_tidying,
		.arg = p };
	snprintf(file, sizeof(file), ADDRESS ",%u", p->target.port);
	snprintf(text, sizeof(text), "# BEGIN RECORD 2.1.8\ndiscovery.sendtargets.use_discoveryd = Yes\n%s# END RECORD\n",
		settings);
	put_record(p->base, text, file);
	assert_int_equal(standing_new(&p->config, &p->standing), 0);
	standing_read(p->standing);
}

static void end(struct polling *p)
{
	standing_free(p->standing);
	fake_end(&p->target);
	worker_pool_free(p->engine.workers);
	helper_pool_free(p->engine.helpers);
	plugin_fixture_free(&p->w);
}

/* Real time for helpers and sockets, while the loop's own clock stands. */
static void settle(struct polling *p)
{
	unsigned quiet = 0;

	for (int i = 0; i < 20000 && quiet < 3; i++) {
		int n = loop_step(p->w.loop, 5);

		look(p);
		quiet = n == 0 && !helper_pending(p->engine.helpers) && (!p->discoveries || !strcmp(p->seen.state, "waiting")) ?
			quiet + 1 :
			0;
	}
	assert_true(quiet >= 3);
}

/* The loop's clock runs on, event by event. */
static void pass(struct polling *p, unsigned seconds)
{
	uint64_t end = p->w.now + seconds * UINT64_C(1000);

	settle(p);
	while (p->w.now < end) {
		p->w.now += p->seen.next_ms > 250 ? (uint64_t)p->seen.next_ms : 250;
		settle(p);
	}
}

static void a_new_target_becomes_a_record_at_the_next_poll(void **state)
{
	struct polling p;

	set_up(&p, state, "discovery.sendtargets.discoveryd_poll_inval = 10\n");
	settle(&p);
	assert_int_equal(records_of(p.base, T1), 1);
	assert_int_equal(p.target.logins, 1);
	assert_in_range(p.seen.next_ms, 8000, 12000);
	p.target.answer = "TargetName=" T1 "\nTargetAddress=10.0.0.1:3260,1\nTargetName=" T2 "\nTargetAddress=10.0.0.1:3260,1\n";
	pass(&p, 1);
	assert_int_equal(records_of(p.base, T2), 1);
	assert_int_equal(p.seen.portals, 2);
	end(&p);
}

/* The order of a list has no meaning; a thousand polls without news write nothing. */
static void an_unchanged_list_touches_no_disk(void **state)
{
	struct stat before, after;
	struct polling p;

	set_up(&p, state, "discovery.sendtargets.discoveryd_poll_inval = 10\n");
	p.target.answer = "TargetName=" T1 "\nTargetAddress=10.0.0.1:3260,1\nTargetName=" T2 "\nTargetAddress=10.0.0.1:3260,1\n";
	settle(&p);
	assert_int_equal(db_node_delete(p.base->db, &(struct db_filter)DB_FILTER_ALL, NULL, NULL, NULL), 0);
	p.target.answer = "TargetName=" T2 "\nTargetAddress=10.0.0.1:3260,1\nTargetName=" T1 "\nTargetAddress=10.0.0.1:3260,1\n";
	assert_int_equal(stat(p.dir, &before), 0);
	pass(&p, 100);
	assert_in_range(p.target.logins, 9, 14);
	assert_int_equal(stat(p.dir, &after), 0);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim));
	assert_int_equal(records_of(p.base, T1) + records_of(p.base, T2), 0);
	end(&p);
}

static void a_portal_that_is_away_is_asked_less_and_less(void **state)
{
	struct polling p;
	unsigned first;

	set_up(&p, state, "discovery.sendtargets.discoveryd_poll_inval = 5\ndiscovery.sendtargets.reopen_max = 1000000\n");
	p.target.hang_up = true;
	pass(&p, 600);
	assert_in_range(p.target.connections, 5, 9); /* after 5, 10, 20, 40, 80, 160, 320 s */
	assert_string_not_equal(p.error, "");
	first = p.target.connections;
	pass(&p, 6000);
	assert_in_range(p.target.connections - first, 9, 14); /* then every 10 minutes */
	p.target.hang_up = false;
	pass(&p, 700);
	assert_string_equal(p.error, "");
	assert_int_equal(records_of(p.base, T1), 1);
	end(&p);
}

static void without_an_interval_it_asks_once(void **state)
{
	struct polling p;

	set_up(&p, state, "discovery.sendtargets.discoveryd_poll_inval = 0\n");
	settle(&p);
	assert_int_equal(p.seen.next_ms, -1);
	p.w.now += 100000000;
	settle(&p);
	assert_int_equal(p.target.logins, 1);
	end(&p);
}

/* An answer without an end costs no more than the most that a list may have, and writes nothing. */
static void an_endless_list_is_refused(void **state)
{
	struct polling p;

	set_up(&p, state, "discovery.max_targets = 50\n");
	p.target.endless = true;
	p.target.answer = "TargetName=" T1 "\nTargetAddress=10.0.0.1:3260,1\nTargetName=" T2 "\nTargetAddress=10.0.0.1:3260,1\n";
	settle(&p);
	assert_string_not_equal(p.error, "");
	assert_int_equal(records_of(p.base, T1), 0);
	end(&p);
}

static void records_that_change_take_effect(void **state)
{
	struct polling p;
	char name[64];

	set_up(&p, state, "");
	settle(&p);
	assert_int_equal(p.discoveries, 1);
	standing_read(p.standing); /* nothing has changed: it is not asked again */
	settle(&p);
	assert_int_equal(p.target.logins, 1);
	snprintf(name, sizeof(name), ADDRESS ",%u", p.target.port);
	put_record(p.base,
		"# BEGIN RECORD 2.1.8\ndiscovery.sendtargets.use_discoveryd = Yes\ndiscovery.max_targets = 9\n# END RECORD\n",
		name);
	standing_read(p.standing);
	settle(&p);
	assert_int_equal(p.target.logins, 2);
	assert_int_equal(db_disc_delete(p.base->db, RECORD_SENDTARGETS, ADDRESS, p.target.port, NULL), 0);
	standing_read(p.standing);
	standing_read(p.standing);
	settle(&p);
	assert_int_equal(p.discoveries, 0);
	end(&p);
}

static unsigned lines_about(const struct polling *p, const char *text)
{
	unsigned n = 0;

	for (const char *at = p->w.lines; (at = strstr(at, text)); at++)
		n++;
	return n;
}

/* Until the state is another one, or is this one. */
static void step_while(struct polling *p, const char *state, bool is)
{
	look(p);
	for (int i = 0; i < 2000 && !strcmp(p->seen.state, state) == is; i++) {
		loop_step(p->w.loop, 5);
		look(p);
	}
	assert_true(!strcmp(p->seen.state, state) != is);
}

/* A reading whose helper has ended. */
static void read_again(struct polling *p, unsigned pending)
{
	standing_read(p->standing);
	for (int i = 0; i < 2000 && helper_pending(p->engine.helpers) > pending; i++)
		loop_step(p->w.loop, 5);
	for (int i = 0; i < 20; i++)
		loop_step(p->w.loop, 5);
}

static void change_record(struct polling *p, const char *settings)
{
	char name[64];

	snprintf(name, sizeof(name), ADDRESS ",%u", p->target.port);
	put_record(p->base, settings, name);
}

/* One writer at a time: the next list is made when the helper has ended, and nothing is written after the files are gone. */
static void a_change_waits_for_the_helper_that_writes(void **state)
{
	struct polling p;
	int lock;

	set_up(&p, state, "");
	assert_int_equal(file_lock(tempdir_path(&p.base->dir, ".miscsi.lock"), 0, &lock), 0);
	step_while(&p, "writing", false);
	change_record(&p,
		"# BEGIN RECORD 2.1.8\ndiscovery.sendtargets.use_discoveryd = Yes\ndiscovery.max_targets = 9\n# END RECORD\n");
	read_again(&p, 1);
	assert_int_equal(p.target.logins, 1);
	file_unlock(&lock);
	settle(&p);
	p.w.now += 1000;
	settle(&p);
	assert_int_equal(p.target.logins, 2);
	assert_int_equal(records_of(p.base, T1), 1);
	assert_string_equal(p.error, "");
	assert_int_equal(lines_about(&p, "failed:"), 0);
	end(&p);
}

static unsigned files_found(const struct polling *p)
{
	DIR *dir = opendir(p->dir);
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n > 2 ? n - 2 : 0;
}

static void what_ends_while_a_helper_writes_leaves_nothing(void **state)
{
	struct polling p;
	int lock;

	set_up(&p, state, "");
	assert_int_equal(file_lock(tempdir_path(&p.base->dir, ".miscsi.lock"), 0, &lock), 0);
	step_while(&p, "writing", false);
	change_record(&p, "# BEGIN RECORD 2.1.8\n# END RECORD\n");
	read_again(&p, 1);
	file_unlock(&lock);
	for (int i = 0; i < 2000 && helper_running(p.engine.helpers); i++)
		loop_step(p.w.loop, 5);
	settle(&p);
	assert_int_equal(p.discoveries, 0);
	assert_int_equal(files_found(&p), 0);
	/* it may come back at once */
	change_record(&p, "# BEGIN RECORD 2.1.8\ndiscovery.sendtargets.use_discoveryd = Yes\n# END RECORD\n");
	standing_read(p.standing);
	settle(&p);
	assert_int_equal(p.target.logins, 2);
	assert_int_equal(p.seen.portals, 1);
	end(&p);
}

static void files_of_no_discovery_are_removed_at_the_start(void **state)
{
	struct polling p;

	set_up(&p, state, "");
	mkdir(p.dir, 0700);
	tempdir_put(&p.base->dir, "discoveries/sendtargets-0123456789abcdef", "default " T1 " 10.0.0.1 3260 1\n");
	tempdir_put(&p.base->dir, "discoveries/sendtargets-0123456789abcdef.done", "default " T1 " 10.0.0.1 3260 1\n");
	tempdir_put(&p.base->dir, "discoveries/.isns-0123456789abcdef.new.abcdefgh.tmp", "default");
	settle(&p);
	assert_int_equal(p.seen.portals, 1);
	assert_int_equal(files_found(&p), 2); /* its own list, and what of it is done */
	end(&p);
}

static void move(const struct base *b, const char *from, const char *to)
{
	int dir = open(b->dir.dir, O_PATH);

	assert_int_equal(renameat(dir, from, dir, to), 0);
	close(dir);
}

/* Deleted when the helper looks, and there again, as it was, when the daemon does. */
static void a_record_that_is_back_is_asked_again(void **state)
{
	struct polling p;
	char name[64];

	set_up(&p, state, "discovery.sendtargets.discoveryd_poll_inval = 10\n");
	settle(&p);
	snprintf(name, sizeof(name), "send_targets/" ADDRESS ",%u", p.target.port);
	move(p.base, name, "away");
	p.target.answer = "TargetName=" T2 "\nTargetAddress=10.0.0.1:3260,1\n";
	p.w.now += 20000;
	step_while(&p, "writing", false);
	step_while(&p, "writing", true);
	move(p.base, "away", name);
	settle(&p);
	assert_int_equal(p.discoveries, 1);
	pass(&p, 60);
	assert_int_equal(records_of(p.base, T2), 1);
	assert_string_equal(p.error, "");
	end(&p);
}

static void a_reading_that_failed_is_repeated(void **state)
{
	struct polling p;

	set_up(&p, state, "discovery.sendtargets.discoveryd_poll_inval = 0\n");
	settle(&p);
	change_record(&p,
		"# BEGIN RECORD 2.1.8\ndiscovery.sendtargets.use_discoveryd = Yes\ndiscovery.max_targets = 9\n# END RECORD\n");
	x_fail_at(1);
	standing_read(p.standing);
	x_fail_at(0);
	settle(&p);
	assert_int_equal(lines_about(&p, "cannot read the discovery records"), 1);
	assert_int_equal(p.target.logins, 1);
	p.w.now += 60000;
	settle(&p);
	assert_int_equal(p.target.logins, 2);
	end(&p);
}

/* However many ifaces there are. */
static void failures_at_once_need_no_more_stack(void **state)
{
	struct polling p;

	set_up(&p, state, "");
	p.nameless = true;
	for (unsigned i = 0; i < 100; i++) {
		char name[64];

		snprintf(name, sizeof(name), "ifaces/e%u", i);
		base_file(p.base, name,
			"# BEGIN RECORD 2.1.8\niface.iscsi_ifacename = x\niface.net_ifacename = lo\niface.transport_name = "
			"tcp\n# END RECORD\n");
	}
	settle(&p);
	assert_string_equal(p.error, "no name");
	assert_true(p.asked >= 100);
	assert_true(p.high - p.low < 32768);
	end(&p);
}

/* At any moment. What a helper does then is not reported to anyone. */
static void it_ends_at_any_step(void **state)
{
	for (unsigned steps = 0; steps < 40; steps++) {
		struct polling p;

		set_up(&p, state, "");
		for (unsigned i = 0; i < steps; i++)
			loop_step(p.w.loop, 1);
		end(&p);
	}
}

/* ---- an iSNS server in the loop ---- */

struct isns_server {
	struct loop *loop;
	struct loop_fd listening, watch;
	uint16_t port, notify_port; /* notify_port: as registered */
	unsigned registrations, scn_registrations, queries;
	bool refuses; /* registrations */
};

static void server_close(struct isns_server *s)
{
	if (!s->watch.active)
		return;
	loop_fd_del(s->loop, &s->watch);
	close(s->watch.fd);
}

/* The value of an attribute of the request; 0: it has none. */
static uint32_t attribute_of(const uint8_t *at, const uint8_t *end, uint32_t tag)
{
	while (end - at >= 8) {
		uint32_t have = (uint32_t)at[2] << 8 | at[3], len = (uint32_t)at[6] << 8 | at[7];

		if (have == tag && len == 4)
			return (uint32_t)at[8] << 24 | (uint32_t)at[9] << 16 | (uint32_t)at[10] << 8 | at[11];
		at += 8 + len;
	}
	return 0;
}

static void server_answer(struct isns_server *s, const uint8_t *request, size_t len)
{
	cleanup(strbuf_free) struct strbuf payload = STRBUF_INIT(0), reply = STRBUF_INIT(0);
	unsigned function = request[3];

	s->registrations += function == 1;
	s->scn_registrations += function == 5;
	s->queries += function == 2;
	if (function == 1)
		s->notify_port = (uint16_t)attribute_of(request + 12, request + len, 23);
	put(&payload, s->refuses && function != 2 ? 3 : 0, 4);
	number(&payload, 33, 1);
	empty(&payload, 0);
	if (function == 2) {
		text(&payload, 32, T1);
		number(&payload, 33, 1);
		put(&payload, 16, 4);
		put(&payload, 16, 4);
		put(&payload, 0, 8);
		put(&payload, 0xffff, 4);
		put(&payload, 0x0a000001, 4);
		number(&payload, 17, 3260);
	}
	put(&reply, 1, 2);
	put(&reply, 0x8000 | function, 2);
	put(&reply, (uint32_t)payload.len, 2);
	put(&reply, 0x4000 | FIRST | LAST, 2);
	strbuf_add(&reply, request + 8, 2);
	put(&reply, 0, 2);
	strbuf_add(&reply, payload.s, payload.len);
	assert_int_equal(send(s->watch.fd, reply.s, reply.len, MSG_NOSIGNAL), reply.len);
}

static void server_ready(void *arg, uint32_t events)
{
	struct isns_server *s = arg;
	uint8_t in[4096];
	ssize_t n = recv(s->watch.fd, in, sizeof(in), MSG_DONTWAIT);

	(void)events;
	if (n <= 0)
		server_close(s);
	else if (n > 12 && n == 12 + (in[4] << 8 | in[5])) /* over lo, a request comes whole */
		server_answer(s, in, (size_t)n);
}

static void server_accept(void *arg, uint32_t events)
{
	struct isns_server *s = arg;

	(void)events;
	server_close(s);
	assert_int_equal(loop_fd_add(s->loop, &s->watch, accept(s->listening.fd, NULL, NULL), EPOLLIN, server_ready, s), 0);
}

/* In place of the portal's record. */
static void server_begin(struct isns_server *s, struct polling *p)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	socklen_t len = sizeof(own);
	char name[64];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(s, 0, sizeof(*s));
	s->loop = p->w.loop;
	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
	s->port = ntohs(own.sin_port);
	assert_int_equal(loop_fd_add(s->loop, &s->listening, fd, EPOLLIN, server_accept, s), 0);
	assert_int_equal(db_disc_delete(p->base->db, RECORD_SENDTARGETS, ADDRESS, p->target.port, NULL), 0);
	mkdir(tempdir_path(&p->base->dir, "isns"), 0700);
	snprintf(name, sizeof(name), "isns/" ADDRESS ",%u", s->port);
	mkdir(tempdir_path(&p->base->dir, name), 0700);
	strcat(name, "/isns_config");
	tempdir_put(&p->base->dir, name, "# BEGIN RECORD 2.1.8\ndiscovery.isns.use_discoveryd = Yes\n# END RECORD\n");
}

static void server_end(struct isns_server *s)
{
	server_close(s);
	loop_fd_del(s->loop, &s->listening);
	close(s->listening.fd);
}

static void notify(const struct isns_server *s, unsigned times)
{
	static const char scn[] = "\0\1\0\x8\0\xc\x4c\0\0\7\0\0\0\0\0\x20\0\0\0\4me\0";
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(s->notify_port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	while (times--)
		assert_int_equal(send(fd, scn, sizeof(scn), 0), sizeof(scn));
	close(fd);
}

static void a_notification_causes_a_query_and_a_flood_few(void **state)
{
	struct isns_server s;
	struct polling p;
	unsigned before;

	set_up(&p, state, "");
	server_begin(&s, &p);
	settle(&p);
	assert_int_equal(s.registrations, 1);
	assert_int_equal(s.scn_registrations, 1);
	assert_int_equal(s.queries, 1);
	assert_int_equal(records_of(p.base, T1), 1);
	p.w.now += 1000;
	before = s.queries;
	notify(&s, 1);
	settle(&p);
	assert_int_equal(s.queries, before + 1);
	assert_int_equal(s.registrations, 1); /* which may cause a notification: not with every query */
	for (unsigned i = 0; i < 20; i++) { /* two seconds of it */
		notify(&s, 50);
		settle(&p);
		p.w.now += 100;
	}
	assert_in_range(s.queries, before + 3, before + 7);
	assert_int_equal(lines_about(&p, "reported a change"), 1);
	server_end(&s);
	end(&p);
}

static void a_registration_is_renewed(void **state)
{
	struct isns_server s;
	struct polling p;

	set_up(&p, state, "");
	server_begin(&s, &p);
	pass(&p, 1000);
	assert_in_range(s.registrations, 3, 5);
	assert_int_equal(s.queries, s.registrations);
	s.refuses = true; /* it is polled all the same */
	pass(&p, 700);
	assert_true(s.queries > 5);
	assert_int_equal(lines_about(&p, "sends no notifications"), 2); /* the first and the second time */
	assert_string_equal(p.error, "");
	server_end(&s);
	end(&p);
}

static void a_port_that_cannot_be_kept_is_used_all_the_same(void **state)
{
	struct isns_server s;
	struct polling p;

	set_up(&p, state, "");
	mkdir(p.dir, 0700);
	mkdir(tempdir_path(&p.base->dir, "discoveries/listener-port"), 0700); /* where its file would be */
	server_begin(&s, &p);
	settle(&p);
	assert_int_equal(lines_about(&p, "discoveries/listener-port, so the next iscsid will listen"), 1);
	assert_int_equal(s.scn_registrations, 1);
	p.w.now += 1000;
	notify(&s, 1);
	settle(&p);
	assert_int_equal(s.queries, 2);
	assert_int_equal(records_of(p.base, T1), 1);
	assert_int_equal(lines_about(&p, "listener-port"), 1);
	server_end(&s);
	end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_base(a_new_target_becomes_a_record_at_the_next_poll),
		in_base(an_unchanged_list_touches_no_disk),
		in_base(a_portal_that_is_away_is_asked_less_and_less),
		in_base(without_an_interval_it_asks_once),
		in_base(an_endless_list_is_refused),
		in_base(records_that_change_take_effect),
		in_base(a_change_waits_for_the_helper_that_writes),
		in_base(what_ends_while_a_helper_writes_leaves_nothing),
		in_base(files_of_no_discovery_are_removed_at_the_start),
		in_base(a_record_that_is_back_is_asked_again),
		in_base(a_reading_that_failed_is_repeated),
		in_base(failures_at_once_need_no_more_stack),
		in_base(it_ends_at_any_step),
		in_base(a_notification_causes_a_query_and_a_flood_few),
		in_base(a_registration_is_renewed),
		in_base(a_port_that_cannot_be_kept_is_used_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
