#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that each special value that a sentence of core/record/fields.def documents has a test, as tests/style/forms lists them.

usage: forms.py [ROOT]

A setting that no code reads and that is no parameter of the kernel or an adapter must say "without effect" or "ignore".

A special value is the word behind "With", or a number or "empty" at the beginning of a clause; a PATH has the forms file and credential:NAME.
Rows of kind L are ignored: only adapters interpret their values.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from traps import missing, read  # noqa: E402

ROW = re.compile(r'^FIELD\((\w+), ([^,]+), "([^"]+)", (\w+).*?((?:"[^"]*"\s*)+)\)$', re.S | re.M)
FORM = re.compile(r'\b[Ww]ith (Yes|No|[a-z]+)(?=,)|(?:^|[;,:] )(-?\d+|empty)(?= [a-z]|:)')


def promised(text):
    """(setting, its symbol, value) of each form."""
    for symbol, kinds, key, value_type, doc in ROW.findall(text):
        sentence = ''.join(re.findall(r'"([^"]*)"', doc))
        if kinds.strip() == 'L':
            continue
        for words in FORM.findall(sentence):
            yield key, symbol, ''.join(words)
        for form in ('file', 'credential:NAME') if value_type == 'PATH' else ():
            yield key, symbol, form


def untested(root, key, symbol, where, name):
    """The reason why the test does not count; None if it does."""
    path = f'tests/vm/test_{where[3:]}.py' if where.startswith('vm/') else f'tests/{where}' + ('.c' if where.startswith('unit/') else '')
    if not os.path.exists(os.path.join(root, path)):
        return 'the file does not exist'
    text = read(os.path.join(root, path))
    if path == 'tests/cli/run':
        why = None if f'\ndef {name}(' in text else 'the function does not exist'
    else:
        why = missing(root, f'{where} {name}')
    return why or (None if re.search(rf'FIELD_{symbol}\b|{re.escape(key.split(".")[-1])}\b', text) else 'the file does not mention the setting')


def unread(root, text):
    """The settings that no code reads though their sentences promise an effect."""
    code = ''
    for folder, _, names in (w for top in ('core', 'cli', 'daemon', 'plugins') for w in os.walk(os.path.join(root, top))):
        for name in names:
            if name.endswith(('.c', '.h')) or name == 'conn_params.def':
                code += read(os.path.join(folder, name))
    for row in ROW.finditer(text):
        symbol, _, key = row.group(1, 2, 3)
        if 'KEY(' not in row.group(0) and re.search(r',\s+NONE,', row.group(0)) and not re.search(rf'FIELD_{symbol}\b|"{re.escape(key)}"', code):
            if not re.search('without effect|ignore', row.group(0)):
                yield key


def findings(root):
    for key in unread(root, read(os.path.join(root, 'core/record/fields.def'))):
        yield f'{key}: no code reads it, and its sentence does not say so'
    forms, symbols = set(), {}
    for key, symbol, value in promised(read(os.path.join(root, 'core/record/fields.def'))):
        forms.add((key, value))
        symbols[key] = symbol
    listed = set()
    for line in read(os.path.join(root, 'tests/style/forms')).splitlines():
        if line.startswith('#'):
            continue
        key, value, where, rest = (line.split(None, 3) + [''] * 3)[:4]
        if (key, value) in listed:
            yield f'{key} {value}: duplicate line'
        listed.add((key, value))
        why = None if where == '-' and rest else 'the reason is missing' if where == '-' else untested(root, key, symbols.get(key, '-'), where, rest)
        if why:
            yield f'{key} {value}: {where} {rest}: {why}'
    for key, value in sorted(forms - listed):
        yield f'{key} {value}: fields.def documents this value, but no test is listed'
    for key, value in sorted(listed - forms):
        yield f'{key} {value}: fields.def does not document this value'


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
    found = list(findings(root))
    for line in found:
        print(f'tests/style/forms: {line}')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
