/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulation: the daemon's own objects in a world that is made up. README.md describes it.
 *
 * Everything runs in one thread. The daemon runs until it waits for events: that call (os_epoll.c) lets the world go on, one event
 * after the other, until something is ready for the daemon or its timer is due. So the world's clock moves only there.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/loop.h"
#include "kernel/iscsi_if.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- world.c: time, chance, memory, the trace ---- */

#define SIM_TARGETS 3
#define SIM_PORTALS 2 /* of each target */
#define SIM_IDENTITIES (SIM_TARGETS * SIM_PORTALS) /* a target's portal: what a session is known by */
#define SIM_CLIENTS 3
#define SIM_ACTIONS 64

uint64_t sim_now(void); /* ms */
/* A number below n. All of a history's chances come from its seed. */
uint32_t sim_random(uint32_t n);
bool sim_chance(unsigned percent);
/* Memory of the world, zeroed; it ends with the history. */
void *sim_alloc(size_t size);
char *sim_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Lets the world call fn(arg, number) after some time. */
void sim_after(uint64_t ms, void (*fn)(void *arg, uint32_t number), void *arg, uint32_t number);
/* Time until the next thing that the world does: UINT64_MAX: nothing. */
uint64_t sim_next(void);
void sim_step(void); /* does it; the clock moves to it */
void sim_sleep(uint64_t ms); /* the clock moves, and nothing else */
/* A line of the trace; nothing while it is off. */
bool sim_traced(void);
void sim_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The history has failed; the first reason counts. */
void sim_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *sim_failure(void); /* NULL: it has not */

enum sim_step { SIM_START, SIM_LOGIN, SIM_ADOPTION, SIM_LOGOUT, SIM_STEPS };
struct sim_cost { /* of the daemon, without the world */
	unsigned long calls, allocations, cpu_us; /* calls: system calls */
};
struct sim_options {
	uint64_t seed;
	uint64_t skip; /* bit n: the plan's action n is left out */
	unsigned cycles; /* 0, or instead of a plan: as many logins, each with its logout, without a fault */
	unsigned scale; /* 0, or instead of a plan: scale_plan() */
	struct sim_cost *cost;
	enum sim_trace { SIM_QUIET, SIM_HASHED, SIM_PRINTED } trace;
};
struct sim_outcome {
	char why[512]; /* "": the history ended as it must */
	uint64_t hash; /* of its trace, unless that is off */
	unsigned actions; /* in its plan */
	uint64_t took; /* ms of its clock from the end of the faults until all was as wanted */
};
void sim_run(const struct sim_options *options, struct sim_outcome *out);

/* ---- plan.c: what happens in a history ---- */

void plan_make(uint64_t skip); /* schedules all; after the last one the faults end */
void plan_cycles(unsigned n); /* n logins and logouts, after which iscsid has what it had before */
void plan_calmly(void); /* no fault, until plan_end() */
void plan_end(void);
unsigned plan_actions(void);
bool plan_cycles_run(void);
bool plan_over(void); /* nothing follows */
bool plan_calm(void); /* no fault happens */

/* ---- scale.c: many sessions ---- */

/* n logins, the start of another daemon, which adopts them, n logouts; what each step costs. */
void scale_plan(unsigned n, struct sim_cost cost[SIM_STEPS]);

/* ---- daemon.c: the daemon ---- */

struct manager;
void daemon_reset(void);
bool daemon_start(void); /* false: it could not, for lack of memory */
void daemon_run(void); /* until it ends */
void daemon_stop(bool killed); /* killed: nothing that it does from here on is seen by anybody */
bool daemon_dead(void);
int daemon_pid(void);
bool daemon_runs(void);
bool daemon_listens(void); /* it has adopted all sessions */
void daemon_end(bool killed); /* daemon_run() returns soon */
struct manager *daemon_manager(void);
int daemon_accept(int fd); /* a client's connection */
void daemon_wake(void); /* the network changed */

/* ---- os.c, os_epoll.c, os_files.c: the system calls of the daemon ---- */

enum os_kind { OS_EPOLL, OS_EVENT, OS_NETLINK, OS_SOCKET, OS_STREAM, OS_DIR, OS_FILE };
struct os_file {
	enum os_kind kind;
	unsigned refs; /* descriptors, and the kernel's session */
	/* OS_EVENT, OS_NETLINK */
	bool readable;
	/* OS_SOCKET */
	bool connected;
	int error; /* of the connect, errno */
	struct link *link;
	/* OS_STREAM */
	struct client *client;
	/* OS_DIR, OS_FILE */
	const char *path;
	struct listing *listing; /* of a folder, from the first look at it on */
	char *bytes;
	size_t at, len;
	struct os_watch *watches; /* OS_EPOLL */
};
void os_reset(void);
int os_open(enum os_kind kind, struct os_file **out); /* a new descriptor */
struct os_file *os_file(int fd); /* NULL: not one of the world's */
void os_unref(struct os_file *f);
void os_close_all(void); /* as the end of a process does */
unsigned os_count(void); /* descriptors that are open */
long os_blocks(void); /* of memory that are in use */
uint32_t os_ready(const struct os_file *f); /* EPOLLIN … */
unsigned os_files(void); /* in the folder of the sessions' files */
bool os_file_exists(const char *name);
/* What the daemon has used up to now. */
unsigned long os_calls(void);
unsigned long os_allocations(void);
void os_time(bool on); /* measures the CPU time */
unsigned long os_daemon_us(void);

#define OS_SYS "/sim/sys"
#define OS_RUN "/sim/run"

/* ---- kern.c: the kernel's sessions; kern_sys.c: as sysfs shows them; kern_wire.c: requests and events ---- */

enum kern_state { KERN_FREE, KERN_LOGGED_IN, KERN_FAILED };
#define KERN_PARAMS 80
#define KERN_LUNS 2
#define KERN_PAGE_BYTES 20 /* of vpd_pg83 */
#define KERN_HANDLE UINT64_C(18446744072641421312) /* of transport tcp */
struct kern_session {
	struct kern_session *next;
	uint32_t sid, host;
	enum kern_state state;
	bool conn, bound, started;
	const char *conn_state; /* as sysfs shows it */
	bool broken; /* its connection failed, and STOP_CONN has not come */
	bool ended; /* STOP_CONN TERM: the kernel sends no PDU any more, also after another BIND_CONN */
	bool unbinding, unbound, destroying, logout_sent, foreign;
	struct os_file *socket;
	unsigned luns; /* devices that it has */
	struct {
		unsigned disk; /* which one it was when it got its name */
		unsigned page; /* which one it was when the kernel read its page last */
		bool offline, gone;
	} lun[KERN_LUNS];
	unsigned group; /* the portal group of its last login; 0: it had none, or iscsid cannot know */
	unsigned losses; /* how often the connection was lost; a timer of an earlier loss has no effect */
	char *param[KERN_PARAMS];
};
struct kern_session *kern_sessions(void);
struct kern_session *kern_find(uint32_t sid);
void kern_reset(void);
struct kern_session *kern_create(void);
void kern_remove(struct kern_session *s); /* and event 104 */
void kern_lose(struct kern_session *s, uint32_t error); /* the connection fails */
void kern_link_lost(struct link *l, uint32_t error);
void kern_refused(struct link *l); /* the target refuses its credentials */
void kern_receive(struct link *l, const uint8_t *bhs, const void *data, size_t len); /* a PDU for user space */
int kern_scan(uint32_t host);
void kern_unbind(struct kern_session *s);
int kern_request(struct iscsi_uevent *ev, const uint8_t *payload, size_t len); /* 0 and the answer in *ev, or -errno */
void kern_event(const struct iscsi_uevent *ev, const void *data, size_t len); /* to group 1 */
void kern_forget_groups(void); /* iscsid starts: it knows the groups only of what it finds logged in */
void kern_wire_reset(void);
void kern_lose_events(void); /* those that wait are lost, and the reader learns that some were */
/* What is at a path below OS_SYS: 0 nothing, 'd' a folder, 'f' a file, 'l' a link; *text: a file's or link's content. */
int kern_sys(const char *path, const char **text);
/* Calls fn for each name in a folder. */
void kern_sys_list(const char *path, void (*fn)(void *arg, const char *name), void *arg);
int kern_sys_write(const char *path, const char *text);

/* ---- net.c: the network and the targets ---- */

enum net_mode {
	NET_HEALTHY,
	NET_REFUSED, /* nobody listens */
	NET_SILENT, /* packets are dropped */
	NET_HANGS, /* takes connections, answers nothing */
	NET_STATUS, /* answers a login with a status */
	NET_REDIRECT, /* to the target's other portal */
	NET_REDIRECT_FOR_EVER,
	NET_DROPS, /* closes the connection in the login */
	NET_SHORT, /* takes the login, closes the connection soon */
	NET_GARBAGE, /* answers with what is no answer */
	NET_NO_LOGOUT, /* takes the login, does not answer the logout */
	NET_SLOW,
	NET_UNITS, /* takes the login, its units do not tell which they are */
	NET_MODES
};
struct link; /* a TCP connection */
void net_reset(void);
void net_mode(unsigned identity, enum net_mode mode, uint16_t status);
void net_heal(void);
void net_break(unsigned identity); /* resets its connections */
void net_async(unsigned identity, unsigned event); /* an asynchronous message */
int net_connect(struct os_file *socket, unsigned identity); /* -errno */
#define NET_MANY 0x0a01 /* 10.1.x.x: as many targets as are asked for, all like the first */
int net_identity(uint32_t address); /* of an IPv4 address in host order; -1: none */
void net_closed(struct link *l); /* the initiator closed it */
void net_send(struct link *l, const uint8_t *bhs, const void *data, size_t len); /* a PDU of the initiator */
/* The daemon's own session, by its socket: as send() and recv(), -errno. */
ssize_t net_user_sends(struct os_file *socket, const void *bytes, size_t len);
ssize_t net_user_receives(struct os_file *socket, void *bytes, size_t len);
uint32_t net_user_ready(const struct os_file *socket); /* EPOLLIN, or 0 */
bool net_answers(const struct link *l); /* the target sees it and answers */
bool net_logged_in(const struct link *l);
bool net_proved(const struct link *l); /* the target has authenticated itself */
void net_started(struct link *l); /* full feature phase */
bool net_told_another(
	const char *target, unsigned lun, unsigned disk); /* a portal of the target said so when it was last asked */
bool net_redirected(unsigned identity); /* the target has redirected somebody in this history */
const char *net_address(unsigned identity);
const char *net_target(unsigned identity);
unsigned net_link_identity(const struct link *l);

/* ---- target.c: what a target demands and has ---- */

#define SIM_USER "user-of-the-host"
#define SIM_SECRET "first secret"
#define SIM_NAME_IN "user-of-the-target"
#define SIM_SECRET_IN "second secret"
enum target_chap { TARGET_CHAP, TARGET_REFUSES, TARGET_DOES_NOT_PROVE, TARGET_WITHOUT_CHAP, TARGET_CHAPS };
enum target_answer { TARGET_ANSWERS_MORE, TARGET_ANSWERS_ENOUGH, TARGET_ANSWERS_REFUSED };
struct target_login {
	uint8_t id, challenge[16];
	bool tried; /* the initiator has sent a response */
	bool proved; /* the target, too, and a right one */
};
void target_reset(void);
void target_heal(unsigned identity);
unsigned target_group(unsigned identity);
unsigned target_disk(unsigned identity);
const char *target_page83(unsigned disk, unsigned lun); /* KERN_PAGE_BYTES, with one designator: a SCSI name string */
void target_move(unsigned identity, bool moved);
void target_new_disk(unsigned identity);
bool target_demands_chap(unsigned identity);
bool target_demands_both(unsigned identity);
void target_set_chap(unsigned identity, enum target_chap chap);
/* Answers a login in its security stage: text of len bytes; *data_len: of the answer, less than 256. */
enum target_answer target_security(
	unsigned identity, struct target_login *l, const char *text, size_t len, char *data, size_t *data_len);

/* ---- client.c: clients of the daemon ---- */

struct client;
void client_reset(void);
void client_login(unsigned nth, uint32_t identities, bool more);
void client_logout(unsigned nth, unsigned identity, bool by_filter, bool more);
void client_rescan(unsigned nth, unsigned identity);
/* One call for n targets of their own, from the first on; logout: for their sessions. false: not now */
bool client_ask_many(unsigned nth, unsigned first, unsigned n, bool login);
void client_ask(unsigned nth, unsigned what); /* ListSessions, GetStatus, Monitor, nonsense */
void client_leave(unsigned nth); /* disconnects */
void client_stop_reading(unsigned nth, bool stopped);
void client_read_all(void); /* those that had stopped read again */
void client_lost_all(void); /* the daemon is gone */
ssize_t client_received(struct client *c, const void *bytes, size_t len); /* what the daemon sends; -EAGAIN, -EPIPE */
ssize_t client_sends(struct client *c, void *bytes, size_t len); /* what the daemon receives; 0: end; -EAGAIN */
uint32_t client_ready(const struct client *c);
void client_closed(struct client *c); /* the daemon closed the connection */
unsigned client_unanswered(void); /* requests without an answer, on connections that are open */

enum wanted { WANTED_NO, WANTED_YES, WANTED_EITHER };
uint32_t client_sid(unsigned identity); /* of the kernel's session; 0: there is none */
enum wanted client_wants(unsigned identity);
void client_other_program(unsigned identity); /* ended its session */
void client_forget_wants(void); /* nobody knows which requests were done */

/* ---- check.c: what must hold ---- */

bool check_settled(const char **why); /* all is as wanted */
uint64_t check_bound(void); /* ms within which all must be as wanted, when the faults end now */
void check_waits(void); /* no session waits longer than it may */
void check_reset(void);
void check_end(void); /* before the daemon is stopped */
void check_refused(uint32_t sid, unsigned identity); /* a login was refused for its credentials */
bool check_secrets(const void *bytes, size_t len); /* true: there is none in them */

#endif
