#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the budgets of the code, the includes between layers, and a few more rules of HACKING.md.

usage: check.py [ROOT]

Each finding is a line "PATH:LINE: RULE: explanation". An exception is a line "RULE PATH[:NAME] reason" in ROOT/tests/style/exceptions; an
exception that excuses nothing is a finding too. The exit status is 1 if there are findings.
"""
import fnmatch
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import csource  # noqa: E402

FILE_MEDIAN, FILE_MAX, HEADER_MAX = 250, 700, 120
FUNCTION_P90, FUNCTION_MAX = 40, 100
DECISIONS_P90, DECISIONS_MAX = 8, 25
COMMENTS_LEAST, COMMENTS_MOST = 12.0, 18.0

CODE_FOLDERS = ('include', 'core', 'plugins', 'cli', 'daemon')
TEST_FOLDERS = ('tests',)
# Licences themselves, and data that has no comments.
NO_LICENCE = ('COPYING', 'packaging/debian/changelog', 'packaging/debian/source/format', '*/COPYING', 'tests/fuzz/corpus/*', 'tests/golden/*.txt', 'tests/unit/record-golden/*')
NO_PLUGIN_NAMES = ('core', 'cli', 'daemon')
KERNEL_TRANSPORTS = {'tcp', 'iser', 'qla4xxx', 'bnx2i', 'cxgb3i', 'cxgb4i', 'be2iscsi', 'qedi', 'ocs'}

# What each layer may include beside itself, <miscsi/...>, config.h and what the system has.
BELOW = {'base': ()}
for _layer in ('proto', 'record', 'kernel'):
    BELOW[_layer] = ('base',)
# Names and portals are proto's, and records are full of them.
BELOW['record'] = ('base', 'proto')
BELOW['plugin'] = ('base', 'proto', 'record', 'kernel')
for _layer, _next in (('object', 'plugin'), ('link', 'plugin'), ('discovery', 'link'), ('session', 'link'), ('ipc', 'session'),
                      ('modes', 'ipc')):
    BELOW[_layer] = BELOW[_next] + (_next,)
    # Sessions are taken over as sysfs shows them; a discovery looks at none.
    if _layer == 'session':
        BELOW[_layer] += ('object',)
BELOW['modes'] += ('discovery',)
for _layer in ('cli', 'daemon'):
    BELOW[_layer] = BELOW['modes'] + ('modes',)

GRAPH_RULES = ('circle', 'upward', 'prefix', 'noun')  # those of graph.py

FORBIDDEN_IN_CORE = re.compile(
    r'(?<![\w.>])(?:printf|vprintf|fprintf|vfprintf|dprintf|puts|fputs|putchar|putc|fputc|perror|psignal|exit|_exit|_Exit|quick_exit'
    r'|system|popen|alarm|setitimer)\s*\(')


class Findings:
    def __init__(self, exceptions):
        self.exceptions = exceptions  # (rule, where) -> reason
        self.used = set()
        self.lines = []

    def add(self, rule, path, line, what, name=None):
        for where in ([f'{path}:{name}'] if name else []) + [path]:
            if (rule, where) in self.exceptions:
                self.used.add((rule, where))
                return
        self.lines.append(f'{path}:{line}: {rule}: {what}')

    def report_unused(self):
        # one of the whole tree may come and go with its size
        for rule, where in sorted(e for e in set(self.exceptions) - self.used if e[1] != '.'):
            self.lines.append(f'tests/style/exceptions:1: unused: "{rule} {where}" excuses nothing')


def read_exceptions(root):
    path = os.path.join(root, 'tests/style/exceptions')
    found = {}
    if os.path.exists(path):
        with open(path, encoding='utf-8') as f:
            for number, line in enumerate(f, 1):
                words = line.split(None, 2)
                if not words or words[0].startswith('#'):
                    continue
                if len(words) < 3:
                    sys.exit(f'{path}:{number}: not an exception of the form "RULE PATH[:NAME] reason"')
                found[words[0], words[1]] = words[2]
    return found


def read_tree(root, folders, endings):
    sources = []
    for folder in folders:
        for where, dirs, names in os.walk(os.path.join(root, folder)):
            dirs[:] = sorted(d for d in dirs if not d.startswith('.') and d != 'corpus')
            for name in sorted(names):
                if name.endswith(endings) and not name.startswith('.'):
                    full = os.path.join(where, name)
                    with open(full, encoding='utf-8') as f:
                        sources.append(csource.Source(os.path.relpath(full, root), f.read()))
    return sources


def tracked(root):
    """The tracked files; every file if there is no git, but none of a tarball, which contains files made by autotools."""
    if os.path.exists(os.path.join(root, '.git')):
        names = subprocess.run(['git', '-C', root, 'ls-files', '-z'], stdout=subprocess.PIPE, text=True, check=True).stdout.split('\0')
        return [n for n in names if n and os.path.exists(os.path.join(root, n))]
    if os.path.exists(os.path.join(root, 'configure')):
        return []
    return sorted(os.path.relpath(os.path.join(where, n), root) for where, _, names in os.walk(root) for n in names)


def check_licences(root, out):
    for path in tracked(root):
        if any(fnmatch.fnmatch(path, pattern) for pattern in NO_LICENCE):
            continue
        with open(os.path.join(root, path), encoding='utf-8') as f:
            head = ''.join(f.readline() for _ in range(3))
        if 'SPDX-License-Identifier: ' not in head:
            out.add('licence', path, 1, 'the first three lines lack "SPDX-License-Identifier: "')


def rank(values, percent):
    """The nearest-rank percentile; 0 of nothing."""
    values = sorted(values)
    return values[max(0, -(-len(values) * percent // 100) - 1)] if values else 0


def layer_of(path):
    parts = path.split('/')
    return parts[1] if parts[0] == 'core' else parts[0]


def check_head(src, out):
    licence = 'LGPL-2.1-or-later' if src.path.startswith(('include/', 'tests/abi/1/')) else 'GPL-2.0-or-later'
    lines = src.text.split('\n') + ['', '']
    if lines[0] != f'/* SPDX-License-Identifier: {licence} */':
        out.add('head', src.path, 1, f'the first line must be "/* SPDX-License-Identifier: {licence} */"')
    if not lines[1].startswith('/*'):
        out.add('head', src.path, 2, 'a comment that describes the file must follow')


def check_size(src, out):
    header = src.path.endswith('.h') and not src.path.startswith('tests/')
    budget = HEADER_MAX if header else FILE_MAX
    rule = 'header-lines' if header else 'file-lines'
    if src.lines > budget:
        out.add(rule, src.path, src.lines, f'{src.lines} lines, {budget} allowed')
    if src.bare.count('{') != src.bare.count('}'):
        out.add('braces', src.path, 1, 'unbalanced braces: the checks cannot parse this file')
    for f in src.functions:
        if f.lines > FUNCTION_MAX:
            out.add('function-lines', src.path, f.line, f'{f.name}() has {f.lines} lines, {FUNCTION_MAX} allowed', f.name)
        if f.decisions > DECISIONS_MAX:
            out.add('decisions', src.path, f.line, f'{f.name}() has {f.decisions} decisions, {DECISIONS_MAX} allowed', f.name)


def check_variables(src, out):
    for line, statement in src.statements:
        name = csource.variable_name(statement)
        if name and not csource.is_constant(statement):
            out.add('mutable-global', src.path, line, f'{name} is a mutable variable of the file or the program', name)
    for f in src.functions:
        for m in re.finditer(r'[{};]\s*static\b([^;]*)', f.body):
            statement = re.sub(r'\{.*', '{}', m.group(1), flags=re.S)
            name = csource.variable_name(statement)
            if name and not csource.is_constant(statement):
                out.add('mutable-global', src.path, f.line, f'{name} in {f.name}() is mutable and static', name)


def check_includes(src, out):
    layer = layer_of(src.path)
    for line, name, quoted in src.includes:
        first = layer_of(name)  # generated ones are found as "core/LAYER/..."
        if name == 'config.h' or (not quoted and first not in BELOW):
            continue
        if name.startswith('../') or '/../' in name:
            out.add('layers', src.path, line, f'"{name}" leads out of its folder')
        elif layer in ('include', 'plugins') and '/' in name:
            out.add('layers', src.path, line, f'{layer}/ may include <miscsi/...> and files of its own folder, not "{name}"')
        elif '/' in name and layer in BELOW and first != layer and first not in BELOW[layer]:
            out.add('layers', src.path, line, f'{layer} may not include "{name}": {first} is not below it')


def check_calls(src, out):
    for m in FORBIDDEN_IN_CORE.finditer(src.bare):
        call = m.group().rstrip('( \t\n')
        out.add('calls', src.path, src.line_of(m.start()), f'core/ may not call {call}()', call)


def check_plugin_names(src, names, out):
    pattern = re.compile(r'(?:^|[\s,|(/\'=])(' + '|'.join(map(re.escape, sorted(names))) + r')(?=$|[\s,|)/\':;])')
    for line, text in src.strings:
        for m in pattern.finditer(text):
            out.add('plugin-names', src.path, line, f'the string "{text}" contains the plugin name {m.group(1)}', m.group(1))


def plugin_names(root):
    folder = os.path.join(root, 'plugins')
    names = {n for n in os.listdir(folder) if os.path.isdir(os.path.join(folder, n))} if os.path.isdir(folder) else set()
    return (names | KERNEL_TRANSPORTS) - {'null'}


def comment_share(sources):
    """The percentage of lines with a comment or a part of one; licence lines do not count."""
    return 100 * sum(len(s.comment_lines) for s in sources) / (sum(s.lines for s in sources) or 1)


def print_folders(code):
    """The comment share of each folder, for information: the budget is that of the whole."""
    folders = {}
    for src in code:
        folders.setdefault(os.path.dirname(src.path), []).append(src)
    print('comment lines by folder: ' + ', '.join(f'{name} {comment_share(s):.1f}' for name, s in sorted(folders.items())))


def check_whole(code, out):
    """Checks the budgets of the whole code, and prints the measurements."""
    files = [s.lines for s in code if s.path.endswith('.c')]
    functions = [f for s in code for f in s.functions]
    total = sum(s.lines for s in code)
    comments = comment_share(code)
    measured = (
        ('file-median', 'lines in a file, median', rank(files, 50), 0, FILE_MEDIAN),
        ('function-p90', 'lines in a function, p90', rank([f.lines for f in functions], 90), 0, FUNCTION_P90),
        ('decisions-p90', 'decisions in a function, p90', rank([f.decisions for f in functions], 90), 0, DECISIONS_P90),
        ('comments', 'comment lines, percent', round(comments, 1), COMMENTS_LEAST, COMMENTS_MOST),
    )
    print(f'{len(code)} files, {len(functions)} functions, {total} lines; longest file {max(files, default=0)}, '
          f'longest function {max((f.lines for f in functions), default=0)}, '
          f'most decisions {max((f.decisions for f in functions), default=0)}')
    print_folders(code)
    for rule, title, value, least, most in measured:
        print(f'{title}: {value} ({least} to {most} allowed)')
        if not least <= value <= most:
            out.add(rule, '.', 1, f'{title}: {value}, {least} to {most} allowed')


def check_tree(root):
    out = Findings({e: reason for e, reason in read_exceptions(root).items() if e[0] not in GRAPH_RULES})
    code = read_tree(root, CODE_FOLDERS, ('.c', '.h'))
    tables = read_tree(root, CODE_FOLDERS, ('.def',))
    tests = read_tree(root, TEST_FOLDERS, ('.c', '.h'))
    names = plugin_names(root)
    for src in code + tables + tests:
        check_head(src, out)
    for src in code + tests:
        check_size(src, out)
    for src in code:
        check_variables(src, out)
    for src in code + tables:
        check_includes(src, out)
        if src.path.startswith('core/'):
            check_calls(src, out)
        if src.path.split('/')[0] in NO_PLUGIN_NAMES:
            check_plugin_names(src, names, out)
    check_licences(root, out)
    check_whole(code, out)
    out.report_unused()
    return out.lines


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    lines = check_tree(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, '../..'))
    for line in lines:
        print(line)
    print(f'{len(lines)} findings')
    return 1 if lines else 0


if __name__ == '__main__':
    sys.exit(main())
