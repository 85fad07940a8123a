#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The walks of doc/DESIGN.md: each names at most eight files in ten lines; each file exists and has the functions named after it.

usage: walks.py [ROOT]
"""
import os
import re
import sys

WALKS, FILES, LINES = 3, 8, 10


def read(*path):
    with open(os.path.join(*path), encoding='utf-8') as f:
        return f.read()


def check_walk(root, title, body):
    files, text = [], None
    if len(body.split('\n')) > LINES:
        yield f'{title}: more than {LINES} lines'
    for word in re.findall(r'`([^`]+)`', body):
        if re.fullmatch(r'[a-z]+(/[\w-]+)+\.\w+', word):
            files.append(word)
            text = read(root, word) if os.path.exists(os.path.join(root, word)) else None
            if text is None:
                yield f'{title}: {word} does not exist'
        elif text is not None and word.endswith('()') and not re.search(rf'^\w[^;=]*\b{word[:-2]}\([^;]*$', text, re.M):
            yield f'{title}: {files[-1]} does not define {word}'
    if not 0 < len(set(files)) <= FILES:
        yield f'{title}: {len(set(files))} files, not 1 to {FILES}'


def findings(root):
    section = re.search(r'^## Three walks\n(.*?)(?=^## )', read(root, 'doc/DESIGN.md'), re.M | re.S)
    walks = re.split(r'^### (.*)\n', section.group(1) if section else '', flags=re.M)[1:]
    if len(walks) != 2 * WALKS:
        yield f'{len(walks) // 2} walks, not {WALKS}'
    for title, body in zip(walks[::2], walks[1::2]):
        yield from check_walk(root, title, body.strip())


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
    found = list(findings(root))
    for line in found:
        print(f'doc/DESIGN.md: {line}')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
