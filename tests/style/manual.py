#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks tests/style/manual: what open-iscsi's iscsiadm(8) states, each statement with the test that shows it.

usage: manual.py [ROOT]

A row is STATEMENT | FILE below tests | TEXT. The test must exist:

  golden/….txt     TEXT is a whole line of a recorded step ("$ -m node"), or the step's own ("@ 005 empty-node")
  cli/run, vm/….py, machine/….py     TEXT is "def NAME", which is defined there, and may be followed by a text of that function
  unit/….c         TEXT is a function that main() names

Every option, every mode, every operation and every exit status from 0 to 32 must be in some statement.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from traps import read  # noqa: E402

LEAST = 150
OPTIONS = 'aAbcCdhHiIkDlLWmnopPTrRsStuUvVx'
MODES = 'discovery discoverydb node session iface fw host'.split()
OPERATIONS = 'new delete update show nonpersistent apply applyall login logout'.split()


def function(text, name):
    """The text of a Python function; None if it does not exist."""
    m = re.search(rf'^def {name}\(.*?(?=^\S|\Z)', text, re.M | re.S)
    return m and m.group(0)


def missing(root, file, proof):
    """The reason why a test does not count; None if it does."""
    path = os.path.join(root, 'tests', file)
    if not os.path.isfile(path):
        return 'the file does not exist'
    text = read(path)
    if file.startswith('golden/'):
        return None if proof[:1] in '$@' and re.search(rf'^{re.escape(proof)}$', text, re.M) else 'no step of the record has this line'
    if file.startswith('unit/'):
        return None if re.fullmatch(r'\w+', proof) and len(re.findall(rf'\b{proof}\b', text)) > 1 else 'main() names no such test'
    m = re.fullmatch(r'def (\w+)(?: (.+))?', proof)
    body = function(text, m.group(1)) if m else None
    if not body:
        return 'the function does not exist'
    return None if (m.group(2) or '') in body else 'the function does not have this text'


def findings(root):
    rows = [line for line in read(os.path.join(root, 'tests/style/manual')).splitlines() if line and not line.startswith('#')]
    statements = []
    for row in rows:
        cells = row.split(' | ')
        if len(cells) != 3:
            yield f'{row}: a row has three parts'
            continue
        statements.append(cells[0])
        why = missing(root, *cells[1:])
        if why:
            yield f'{cells[0]}: {cells[1]}: {cells[2]}: {why}'
    if len(rows) < LEAST:
        yield f'{len(rows)} statements, of {LEAST} at least'
    yield from (f'{s}: listed twice' for s in sorted(set(statements)) if statements.count(s) > 1)
    text = '\n'.join(statements)
    named = [f'-{o}' for o in OPTIONS] + [f'-m {m}' for m in MODES] + [f'-o {o}' for o in OPERATIONS] + [f'status {n}:' for n in range(33)]
    for what in named:
        if not re.search(rf'(?<![\w-]){re.escape(what)}(?!\w)', text):
            yield f'no statement is about {what}'


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
    found = list(findings(top))
    for f in found:
        print(f'tests/style/manual: {f}')
    sys.exit(bool(found))


if __name__ == '__main__':
    main()
