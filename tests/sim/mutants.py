#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Breaks the daemon on purpose, in one place at a time, and runs the simulation: it has to fail each time.

usage: mutants.py [NAME...]

Each mutant is built in build/mutants from a copy of the sources. A mutant whose text is no longer in the sources is an error. The exit
status is 1 if one is not found.
"""
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, 'build', 'mutants')
SECONDS = '30'

# name: file, text, what it becomes
MUTANTS = {
    'lost-event': ('core/session/manager_events.c', '\t\tconn_event(&s->conn, CONN_EV_LOST);\n}', '\t\treturn;\n}'),
    'lost-destroyed': ('core/session/manager_events.c', '\t\tconn_event(&s->conn, CONN_EV_DESTROYED);\n}', '\t\treturn;\n}'),
    'lost-events-ignored': ('core/session/manager_events.c', '\tlook_at_all(m);\n\tloop_timer_set', '\treturn;\n\tloop_timer_set'),
    'no-retry-timer': ('core/session/session.c', '\tdestination_next(&s->destination, s->attempts);\n\tretry_in(s, in);\n',
                       '\tdestination_next(&s->destination, s->attempts);\n'),
    'no-login-timeout': ('core/session/conn_login.c', '\tconn_arm(c, record_int(s->record, chap ? FIELD_CONN_AUTH_TIMEOUT : '
                         'FIELD_CONN_LOGIN_TIMEOUT));\n', ''),
    'no-logout-timeout': ('core/session/conn_login.c', '\tconn_arm(c, record_int(c->session->record, FIELD_CONN_LOGOUT_TIMEOUT));\n', ''),
    'double-answer': ('core/ipc/batch.c', '\tb->left--;\n', '\tif (place == 0)\n\t\tbatch_add_result(b, place, r);\n\tb->left--;\n'),
    'lost-answer': ('core/session/manager.c', '\tmanager_answer_all(s, MANAGER_UP, NULL);\n', '\tif (s->conn.k.sid % 8)\n'
                    '\t\tmanager_answer_all(s, MANAGER_UP, NULL);\n'),
    'leaked-login': ('core/session/connection.c', '\tlogin_free(c->login);\n', ''),
    'leaked-socket': ('core/kernel/job.c', '\tfor (unsigned i = 0; i < s->n_fds; i++)\n\t\tclose(s->fds[i]);\n', ''),
    'wrong-state': ('core/session/session.def', 'CONN_DOWN,    NULL,             sess_lost,          FAILED, ',
                    'CONN_DOWN,    NULL,             sess_lost,          NEW, '),
    'unlisted-event': ('core/session/connection.def', 'MACHINE_ROW(IN(BINDING) | IN(STARTING),      JOB_FAILED, ',
                       'MACHINE_ROW(IN(BINDING),      JOB_FAILED, '),
    'no-stop': ('core/session/conn_actions.c', 'return c->k.sid ? conn_submitted(c, kconn_stop(&c->k)) : CONN_EV_JOB_DONE;',
                'return CONN_EV_JOB_DONE;'),
    'no-postponing': ('core/session/connection.c', 'if (c->busy || (c->k.job && (OUTSIDE & FSM_IN(event)))) {', 'if (c->busy) {'),
    'two-sessions': ('core/session/manager.c', '\t\t++*present;\n', '\t\t*present += s->run.state != SESS_FAILED;\n'),
    'orphan': ('core/session/conn_actions.c', '\tconn_arm(c, AGAIN_S);\n', ''),
    'file-stays': ('core/session/session.c', '\tstore_remove(s->owner->state_dir, s->conn.k.sid);\n', ''),
    'refused-soon': ('core/session/session.c', '\tif (s->err.code == MISCSI_ERR_LOGIN_AUTH_FAILED)\n\t\tms = ',
                     '\tif (s->err.code == MISCSI_ERR_INVAL)\n\t\tms = '),
    'any-group': ('core/session/conn_login.c', '\treturn s->tpgt;\n', '\treturn -1;\n'),
    'any-disk': ('core/kernel/identity.c', 'IDENTITY_UNKNOWN : IDENTITY_OTHER;', 'IDENTITY_UNKNOWN : IDENTITY_SAME;'),
    'no-unit': ('core/kernel/identity.c', ' || page[0] >> 5 || (page[0] & 31) == NO_DEVICE)', ')'),
    'unproved': ('core/proto/chap.c', '\tif (!digest_equal(want, got, size))\n', '\tif (size == 0)\n'),
    'secret-in-file': ('core/session/store.c', '\twithout_secret(r, FIELD_SESSION_PASSWORD, FIELD_SESSION_PASSWORD_FILE);\n', ''),
    'wait-too-long': ('core/session/session.c', '#define RETRY_HELD_MS 5000', '#define RETRY_HELD_MS 9000'),
    'forgotten-name': ('core/session/conn_params.c', '\tif (!identifies(param))\n', ''),
    'parameters-late': ('core/session/conn_actions.c', '\t\tconn_add_params(c, job);\n'
                        '\t\tjob_add(job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);\n',
                        '\t\tjob_add(job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);\n'
                        '\t\tconn_add_params(c, job);\n'),
}


def run(command, **more):
    return subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def copy_sources():
    os.makedirs(BUILD, exist_ok=True)
    names = run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']).stdout.split('\0')
    for name in filter(None, names):
        path, to = os.path.join(TOP, name), os.path.join(BUILD, 'src', name)
        if not os.path.isfile(path):
            continue
        os.makedirs(os.path.dirname(to), exist_ok=True)
        if not os.path.exists(to) or open(path, 'rb').read() != open(to, 'rb').read():
            shutil.copy(path, to)


def build():
    tree = os.path.join(BUILD, 'src')
    done = subprocess.run(['scripts/build', os.path.join(BUILD, 'out'), 'CFLAGS=-O2 -g -Wno-error'], cwd=tree, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    made = subprocess.run(['make', '-s', '-C', os.path.join(BUILD, 'out'), 'tests/sim/sim'], cwd=tree, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.returncode == 0 and made.returncode == 0, done.stdout + made.stdout


def try_mutant(name):
    path, old, new = MUTANTS[name]
    where = os.path.join(BUILD, 'src', path)
    text = open(where).read()
    if old not in text:
        return f'{path} has no such text any more'
    with open(where, 'w') as f:
        f.write(text.replace(old, new, 1))
    built, output = build()
    found = None
    if built:
        sim = subprocess.run([os.path.join(BUILD, 'out', 'tests/sim/sim'), '--seconds', SECONDS], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors='replace')
        found = re.search(r'fails: .*|has two histories|logins and logouts: (?!nothing).*', sim.stdout)
        if not found and sim.returncode:
            found = re.search(r'.*', f'it ended with {sim.returncode}')
    with open(where, 'w') as f:
        f.write(text)
    if not built:
        return 'it cannot be built: ' + output[-300:]
    print(f'{name}: {"found: " + found.group()[:150] if found else "NOT FOUND"}', flush=True)
    return None if found else f'{name} is not found'


def main():
    names = sys.argv[1:] or list(MUTANTS)
    unknown = [n for n in names if n not in MUTANTS]
    if unknown:
        sys.exit(f'mutants.py: unknown mutant {unknown[0]}; the mutants are {", ".join(MUTANTS)}')
    copy_sources()
    bad = [(n, why) for n in names for why in [try_mutant(n)] if why]
    for name, why in bad:
        print(f'{name}: {why}')
    print(f'{len(names) - len(bad)} of {len(names)} mutants found')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
