/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guards and actions that the machines' tables name. An action gets its machine, and gives the event that follows at once, or
 * none; what it is for stands in its row.
 */
#ifndef SESSION_ACTIONS_H
#define SESSION_ACTIONS_H

#include "session/session.h"

/* connection machine */
bool conn_by_firmware(const void *machine);
bool conn_lost_before(const void *machine);
bool conn_has_files(const void *machine); /* of CHAP secrets */
int conn_read(void *machine);
int conn_read_late(void *machine);
int conn_resolve(void *machine);
int conn_connect(void *machine);
int conn_down(void *machine);
int conn_down_late(void *machine);
int conn_bind(void *machine);
int conn_fw_login(void *machine);
int conn_start(void *machine);
int conn_up(void *machine);
int conn_stop(void *machine);
int conn_stop_late(void *machine);
int conn_pdu(void *machine);
int conn_logout_send(void *machine);
int conn_logout_pdu(void *machine);
int conn_unbind(void *machine);
int conn_destroy(void *machine);
int conn_closed(void *machine);
int conn_abandoned(void *machine);

/* session machine */
bool sess_try_again(const void *machine);
int sess_open(void *machine);
int sess_established(void *machine);
int sess_recovered(void *machine);
int sess_wait(void *machine);
int sess_give_up(void *machine);
int sess_lost(void *machine);
int sess_answer(void *machine);
int sess_close(void *machine);
int sess_gone(void *machine);

#endif
