/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A simulated iSCSI adapter, for tests: registers transports under the names of real drivers and does in memory what those do in
 * hardware, by the facts that are written down about each. One `struct kind` says what a driver is; everything else asks it.
 */
#ifndef SIM_H
#define SIM_H

#include <linux/module.h>
#include <linux/list.h>
#include <linux/platform_device.h>
#include <linux/socket.h>
#include <linux/in6.h>
#include <net/netlink.h>
#include <asm/unaligned.h>
#include <scsi/scsi_host.h>
#include <scsi/libiscsi.h>
#include <scsi/scsi_transport_iscsi.h>

#define SIM_IQN "iqn.2024-01.org.example:"
#define SIM_CHAPS 128
#define SIM_TEXT 8192

enum {
	HAS_FW_LOGIN = 1 << 0, /* START_CONN logs in; event 109 */
	HAS_FLASH = 1 << 1,
	HAS_CHAP = 1 << 2,
	HAS_STATS = 1 << 3, /* of the host */
	HAS_PING = 1 << 4,
	HAS_IFACES = 1 << 5, /* the large set: applied as one */
	HAS_FEW_IFACES = 1 << 6, /* the small set: applied one by one, found by nla_type */
	HAS_PATH = 1 << 7, /* asks user space for the path */
	PATH_RETRIES = 1 << 8, /* and asks again before it gives up */
	NEEDS_UIO = 1 << 9,
	NEEDS_HOST = 1 << 10, /* an endpoint only through a host */
	SETS_HOST = 1 << 11, /* SET_HOST_PARAM */
	SETS_IP = 1 << 12, /* and IPADDRESS means something */
	POLL_AT_ONCE = 1 << 13, /* ep_poll says 1 before anything is connected */
	POLL_NO_WAIT = 1 << 14, /* ep_poll never waits */
	POLL_NO_ERROR = 1 << 15, /* nor tells that it failed */
	CONNECT_BLOCKS = 1 << 16,
	CLAMPS = 1 << 17,
	CLAMPS_SEGMENT = 1 << 18,
	HAS_BOOT = 1 << 19,
	HAS_BSG = 1 << 20,
};

struct kind {
	const char *name;
	char letter; /* in the tables of what is visible */
	u32 caps, has;
	const char *host; /* visible host parameters, by their numbers */
	umode_t (*visible)(int type, int param);
	struct iscsi_endpoint *(*connect)(struct Scsi_Host *shost, struct sockaddr *to, int flags);
	struct iscsi_transport transport;
	struct scsi_transport_template *template;
	struct scsi_host_template sht;
};

struct chap {
	bool valid;
	u8 type, length;
	char user[ISCSI_CHAP_AUTH_NAME_MAX_LEN], secret[ISCSI_CHAP_AUTH_SECRET_MAX_LEN];
};

/* One side of the net configuration: 0 IPv4, 1 and 2 IPv6. Values by parameter number. */
#define SIM_SIDES 3
#define SIM_NETS 64
struct side {
	struct iscsi_iface *iface; /* NULL: disabled */
	u32 net[SIM_NETS], iscsi[32];
	u8 address[16], subnet[4], gateway[4], link_local[16], router[16];
	char client_id[64], vendor_id[64];
};

struct host {
	struct list_head list;
	struct Scsi_Host *shost;
	struct kind *kind;
	struct platform_device *parent; /* NULL: none of its own */
	struct sim_uio *uio;
	struct iscsi_boot_kset *boot;
	int number; /* of all, from 1 */
	u8 mac[6];
	char ip[64], name[96];
	struct mutex lock; /* flash, chap */
	struct side side[SIM_SIDES];
	struct chap chap[SIM_CHAPS];
	struct list_head flash;
	struct list_head sessions;
	int volatile_index; /* of the flash entry that is not yet kept; -1: none */
};

struct endpoint {
	struct host *host;
	struct iscsi_endpoint *ep;
	struct sockaddr_storage address;
	unsigned long ready; /* jiffies */
	int state; /* 0 waits for its path, 1 connecting, negative errno */
	wait_queue_head_t wait;
};

struct answer {
	struct list_head list;
	struct iscsi_hdr hdr;
	int length;
	char data[];
};

/* What the target knows of who logs in; it takes SIM_USER with SIM_SECRET, and proves itself as SIM_USER_IN with SIM_SECRET_IN. */
#define SIM_USER "bootuser"
#define SIM_SECRET "bootsecret12"
#define SIM_USER_IN "simtarget"
#define SIM_SECRET_IN "simsecret999"
struct auth {
	bool chap, named, answered, proven;
	u8 id, challenge[16], their_id, theirs[128];
};

struct auth_answer {
	char text[128]; /* "key=value" texts, each with its NUL */
	int length;
};

struct conn {
	struct iscsi_conn *conn;
	struct iscsi_cls_conn *cls;
	struct list_head answers;
	spinlock_t lock;
	struct work_struct work; /* sends the answers */
	struct delayed_work login; /* the firmware's */
	struct sockaddr_storage address; /* of the target */
	u32 statsn, logins, texts, logouts, nops;
	bool dead, named;
	struct auth auth;
};

struct session {
	struct list_head list;
	struct host *host;
	struct iscsi_cls_session *cls;
	struct iscsi_cls_conn *conn;
	struct iscsi_endpoint *flash_ep; /* of a session that the driver made */
	int flash_index; /* -1: user space made it */
	int chap_index; /* -1: none */
	struct disk *disk;
};

/* What is written to /proc/miscsi_simhba/log. */
void sim_log(const char *format, ...) __printf(1, 2);
void sim_log_bytes(const char *what, const void *data, size_t length);
int log_start(void);
void log_stop(void);
/* What was written to /proc/miscsi_simhba/do: "link 1 down". */
int sim_command(char *words);

struct host *sim_host(struct Scsi_Host *shost);
struct host *host_by_number(unsigned int host_no);
struct host *host_of_kind(const char *name);
struct session *session_by_sid(int sid);
bool sim_sees(const char *visible_in, char letter);
bool sim_faulty(const struct host *h); /* faults are meant for this host, too */

bool net_sees(char letter, int type, int param);
void net_start(struct host *h);
void net_stop(struct host *h);
int net_get(struct iscsi_iface *iface, enum iscsi_param_type type, int param, char *buf);
int net_set(struct Scsi_Host *shost, void *data, u32 len);

int chap_get(struct Scsi_Host *shost, u16 index, u32 *count, char *buf);
int chap_set(struct Scsi_Host *shost, void *data, int len);
int chap_delete(struct Scsi_Host *shost, u16 index);
void chap_start(struct host *h);

int sim_ping(struct Scsi_Host *shost, u32 num, u32 type, u32 size, u32 pid, struct sockaddr *to);
int sim_host_stats(struct Scsi_Host *shost, char *buf, int len);
void events_stop(void);

void flash_start(struct host *h);
int flash_get(struct iscsi_bus_flash_session *s, int param, char *buf);
int flash_set(struct iscsi_bus_flash_session *s, struct iscsi_bus_flash_conn *c, void *data, int len);
int flash_new(struct Scsi_Host *shost, const char *buf, int len);
int flash_del(struct iscsi_bus_flash_session *s);
int flash_login(struct iscsi_bus_flash_session *s, struct iscsi_bus_flash_conn *c);
int flash_logout(struct iscsi_bus_flash_session *s, struct iscsi_bus_flash_conn *c);
int flash_logout_sid(struct iscsi_cls_session *cls);
bool flash_uses(struct host *h, int chap);

void boot_start(struct host *h);
void boot_stop(struct host *h);

int uio_start(struct host *h);
void uio_stop(struct host *h);
bool uio_is_open(struct host *h);

struct iscsi_endpoint *ep_make(struct host *h, const struct sockaddr *to);
struct iscsi_endpoint *ep_connect(struct Scsi_Host *shost, struct sockaddr *to, int non_blocking);
int ep_poll(struct iscsi_endpoint *ep, int timeout_ms);
void ep_disconnect(struct iscsi_endpoint *ep);
int ep_get(struct iscsi_endpoint *ep, enum iscsi_param param, char *buf);
int ep_path(struct Scsi_Host *shost, struct iscsi_path *path);

void session_ops(struct kind *k);
struct session *session_open(struct host *h, u16 cmds, u16 depth, u32 sn);
void session_close(struct session *s);
int session_flash(struct host *h, struct iscsi_bus_flash_session *f, struct iscsi_bus_flash_conn *c);
void session_end_all(struct host *h);
bool session_sees(char letter, int param);
struct conn *conn_of_cls(struct iscsi_cls_conn *cls);
void conn_answer(struct conn *c, const void *hdr, const void *data, int length);

void auth_reset(struct conn *c);
const char *auth_method(struct conn *c, const char *offered); /* NULL: none will do */
bool auth_key(struct conn *c, const char *key, const char *value, struct auth_answer *a); /* false: none of its */
int auth_status(const struct conn *c, int stage); /* of the login: 0 or 0x0201 */
bool auth_pending(const struct conn *c);

int target_alloc_pdu(struct iscsi_task *task, u8 opcode);
int target_pdu(struct iscsi_task *task);
int disk_command(struct session *s, struct conn *c, struct iscsi_task *task);
void disks_stop(void);

/* Module parameters: faults on demand. */
extern int slow_poll_ms, block_poll_ms, fail_connect, refuse_connect, fail_login, login_ms, keep_conn, chap_busy;
extern int ping_status, ping_ms, flash_ms, sendtargets_ms, fault_host, path_vlan, path_mtu, disk_mb, no_boot, no_answer,
	need_chap;
extern char *redirect;
#endif
