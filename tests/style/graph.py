#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the uses between source files, and the names of external symbols, as the object files show them.

usage: graph.py [ROOT [BUILD]]      BUILD is the folder of the object files, by default the current one

  circle    two nouns use each other, directly or through others. A noun is NOUN.c with NOUN_….c of the same folder.
  upward    a file uses a layer that is not below its own (BELOW in check.py)
  prefix    an external symbol begins neither with its file's name nor with its noun

Exceptions in the file `exceptions`, each with a reason; an exception that excuses nothing is a finding too:

  circle PATH:NOUN       the file's uses of NOUN are ignored
  upward PATH:SYMBOL     the file may use the symbol
  prefix PATH:PREFIX     symbols of the file, or of the files of the folder PATH, may begin with PREFIX
  noun PATH:NOUN         the file belongs to NOUN, although its name does not begin with it

The exit status is 1 if there are findings, and 77 if the object files have no symbols.
"""
import glob
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check  # noqa: E402

FOLDERS = ('core', 'cli', 'daemon')
SYMBOL = re.compile(r'^(\w+) ([A-Za-z])\b')


def read_symbols(text):
    """(defined, used) of what `nm -P -g` prints. A name that begins with "_" is the compiler's or the C library's."""
    defined, used = set(), set()
    for line in text.splitlines():
        m = SYMBOL.match(line)
        if m and not m.group(1).startswith('_'):
            (used if m.group(2) in 'Uw' else defined).add(m.group(1))
    return defined, used


def read_objects(root, build):
    """{source path: (defined, used)}. NAME_static.c takes the place of NAME.c in another build, the static one."""
    files = {}
    for src in check.read_tree(root, FOLDERS, ('.c',)):
        if src.path.endswith('_static.c'):
            continue
        folder, name = os.path.split(src.path[:-2])
        # automake names an object PROGRAM-NAME.o if the program has flags of its own
        found = glob.glob(os.path.join(build, folder, name + '.o')) or glob.glob(os.path.join(build, folder, '*-' + name + '.o'))
        if not found:
            sys.exit(f'graph.py: no object file of {src.path} in {build}: build it first')
        path = found[0]
        files[src.path] = read_symbols(subprocess.run(['nm', '-P', '-g', path], stdout=subprocess.PIPE, text=True, check=True).stdout)
    return files


def nouns_of(paths, out):
    """{path: noun}, as "core/base/file" for core/base/file.c and core/base/file_lock.c."""
    stems = {path[:-2] for path in paths}
    listed = dict(where.split(':') for rule, where in out.exceptions if rule == 'noun')
    nouns = {}
    for path in paths:
        folder, _, name = path[:-2].rpartition('/')
        words = name.split('_')
        shorter = (f'{folder}/' + '_'.join(words[:n]) for n in range(1, len(words)))
        nouns[path] = next((s for s in shorter if s in stems), path[:-2])
        if path in listed:
            if nouns[path] != f'{folder}/{listed[path]}':
                out.used.add(('noun', f'{path}:{listed[path]}'))
            nouns[path] = f'{folder}/{listed[path]}'
    return nouns


def reachable(edges, start):
    seen, todo = set(), [start]
    while todo:
        for to in edges.get(todo.pop(), ()):
            if to not in seen:
                seen.add(to)
                todo.append(to)
    return seen


def uses_of(files):
    """(path, path of the definition, symbol) of every use across files."""
    home = {symbol: path for path, (defined, _) in files.items() for symbol in defined}
    return sorted((path, home[symbol], symbol) for path, (_, used) in files.items() for symbol in used if home.get(symbol, path) != path)


def circling(uses, nouns):
    """Those uses from which a way leads back to where they begin."""
    edges = {}
    for path, to, _ in uses:
        if nouns[path] != nouns[to]:
            edges.setdefault(nouns[path], set()).add(nouns[to])
    back = {noun: reachable(edges, noun) for noun in edges}
    return [(path, to, symbol) for path, to, symbol in uses if nouns[path] != nouns[to] and nouns[path] in back.get(nouns[to], ())]


def check_circles(uses, nouns, out):
    excused = {where for rule, where in out.exceptions if rule == 'circle'}

    def where(path, to):
        return f'{path}:{os.path.basename(nouns[to])}'

    for path, to, _ in circling(uses, nouns):
        if where(path, to) in excused:
            out.used.add(('circle', where(path, to)))
    left = {}
    for path, to, symbol in circling([u for u in uses if where(u[0], u[1]) not in excused], nouns):
        left.setdefault((path, to), []).append(symbol)
    for (path, to), symbols in left.items():
        out.add('circle', path, 1, f'uses {", ".join(symbols)} of {to}, which uses {os.path.basename(nouns[path])} in turn')


def check_layers(uses, out):
    for path, to, symbol in uses:
        layer, other = check.layer_of(path), check.layer_of(to)
        if layer != other and other not in check.BELOW[layer]:
            out.add('upward', path, 1, f'uses {symbol} of {to}, but {other} is not below {layer}', symbol)


def check_prefixes(files, nouns, out):
    for path, (defined, _) in sorted(files.items()):
        own = {re.sub(r'\W', '_', os.path.basename(stem)) for stem in (path[:-2], nouns[path])}
        excused = {where for rule, where in out.exceptions if rule == 'prefix' and where.split(':')[0] in (path, os.path.dirname(path))}
        for symbol in sorted(defined - {'main'}):
            if any(symbol == name or symbol.startswith(name + '_') for name in own):
                continue
            match = {where for where in excused if symbol.startswith(where.split(':')[1])}
            out.used |= {('prefix', where) for where in match}
            if not match:
                out.add('prefix', path, 1, f'the external symbol {symbol} does not begin with {" or ".join(sorted(n + "_" for n in own))}')


def findings(files, exceptions):
    out = check.Findings({e: reason for e, reason in exceptions.items() if e[0] in check.GRAPH_RULES})
    nouns, uses = nouns_of(files, out), uses_of(files)
    check_circles(uses, nouns, out)
    check_layers(uses, out)
    check_prefixes(files, nouns, out)
    out.report_unused()
    return out.lines


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
    files = read_objects(root, sys.argv[2] if len(sys.argv) > 2 else '.')
    if not any(defined for defined, _ in files.values()):
        print('skipped: the object files have no symbols (link-time optimization?)')
        return 77
    lines = findings(files, check.read_exceptions(root))
    for line in lines:
        print(line)
    print(f'{len(files)} files, {len(lines)} findings')
    return 1 if lines else 0


if __name__ == '__main__':
    sys.exit(main())
