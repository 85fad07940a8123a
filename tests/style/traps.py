#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks doc/TRAPS.md: each row names tests, each named test exists and is run, and each test trap_NN_… is named in row NN.

usage: traps.py [ROOT]
"""
import glob
import os
import re
import sys

ROWS = 18


def read(path):
    with open(path, encoding='utf-8') as f:
        return f.read()


def missing(root, test):
    """The reason why a test that the table names does not count; None if it does."""
    where, _, name = test.partition(' ')
    kind, _, file = where.partition('/')
    path = os.path.join(root, 'tests', kind, f'test_{file}.py' if kind == 'vm' else file if '.' in file else file + '.c')
    if kind not in ('unit', 'vm') or not os.path.exists(path):
        return 'the file does not exist'
    listed = read(os.path.join(root, 'tests/unit/local.mk')).replace('\\\n', ' ')
    if kind == 'unit' and not re.search(rf'(unit_tests|unit_scripts) \+?=[^\n]*\btests/unit/{re.escape(file)}(\s|$)', listed):
        return 'tests/unit/local.mk does not run it'
    if '.' in file:
        return 'a script has no functions to name' if name else None
    text = read(path)
    if not re.search(rf'^static void {name}\(void \*\*state\)$' if kind == 'unit' else rf'^def {name}\(', text, re.M):
        return 'the function does not exist'
    return None if len(re.findall(rf'\b{name}\b', text)) > 1 else 'nothing runs it'


def numbered(root):
    """(number, test) of every function called trap_NN_…"""
    for path in sorted(glob.glob(os.path.join(root, 'tests/unit/*.c')) + glob.glob(os.path.join(root, 'tests/vm/test_*.py'))):
        base = os.path.basename(path)
        where = 'vm/' + base[5:-3] if base.endswith('.py') else 'unit/' + base[:-2]
        for name, number in re.findall(r'^(?:static void|def) (trap_(\d\d)_\w+)\(', read(path), re.M):
            yield int(number), f'{where} {name}'


def findings(root):
    rows = {}
    for line in read(os.path.join(root, 'doc/TRAPS.md')).splitlines():
        cells = [c.strip() for c in line.strip('|').split(' | ')]
        if not cells[0].isdigit():
            continue
        rows[int(cells[0])] = tests = re.findall(r'`([^`]+)`', cells[-1])
        if len(cells) != 4 or not tests:
            yield f'row {cells[0]} has no test in its fourth column'
        for test in tests:
            why = missing(root, test)
            if why:
                yield f'row {cells[0]}: {test}: {why}'
    if sorted(rows) != list(range(1, len(rows) + 1)) or len(rows) < ROWS:
        yield f'rows {sorted(rows)}: they must be numbered from 1 without gaps, at least to {ROWS}'
    for number, test in numbered(root):
        if test not in rows.get(number, ()):
            yield f'{test} is missing from row {number}'


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
    found = list(findings(root))
    for line in found:
        print(f'doc/TRAPS.md: {line}')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
