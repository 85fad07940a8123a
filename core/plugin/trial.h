/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process in which something is tried that could end this one. */
#ifndef PLUGIN_TRIAL_H
#define PLUGIN_TRIAL_H

#include "base/err.h"

/*
 * Runs `run` in a copy of this process, which ends without any of its cleanup, and waits for that, for 11 s at most. 0; -ENOEXEC: it did
 * not return, *err has how it ended ("ended with signal 11 (Segmentation fault)"); -EAGAIN or -ENOMEM: no process could be made, or
 * it was killed, which says nothing.
 */
int trial_run(void (*run)(void *arg), void *arg, struct err *err);

#endif
