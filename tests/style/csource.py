# SPDX-License-Identifier: GPL-2.0-or-later
"""C source as the style checks see it: text without comments and strings, functions, top-level statements.

No compiler and no parser: braces are counted in text from which comments, strings and preprocessor lines were blanked, so that
every offset and line number stays that of the file.
"""
import re

TOKEN = re.compile(
    r'(?P<comment>/\*.*?\*/|//[^\n]*)'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<char>'(?:\\.|[^'\\\n])*')", re.S)
DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n\\]|\\.)*(?:\\\n(?:[^\n\\]|\\.)*)*', re.M | re.S)
CPLUSPLUS = re.compile(r'^#ifdef __cplusplus\n.*?^#endif', re.M | re.S)
ELSE = re.compile(r'^[ \t]*#[ \t]*(?:else|elif)\b.*?(?=^[ \t]*#[ \t]*endif)', re.M | re.S)
DECISION = re.compile(r'\b(?:if|for|while|case)\b|\b\w*for_each\w*(?=\s*\()|&&|\|\||\?')


def blank(text):
    """Spaces of the same shape."""
    return re.sub(r'[^\n]', ' ', text)


class Function:
    def __init__(self, name, line, last, body):
        self.name = name
        self.line = line
        self.lines = last - line + 1
        self.body = body
        self.decisions = len(DECISION.findall(body))


class Source:
    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.count('\n')
        self.strings = []  # (line, text without its quotes)
        self.comment_lines = set()
        self.code = self._strip(text)
        self.includes = self._includes()
        bare = DIRECTIVE.sub(lambda m: blank(m.group()), CPLUSPLUS.sub(lambda m: blank(m.group()), self.code))
        if bare.count('{') != bare.count('}'):
            one_way = ELSE.sub(lambda m: blank(m.group()), CPLUSPLUS.sub(lambda m: blank(m.group()), self.code))
            bare = DIRECTIVE.sub(lambda m: blank(m.group()), one_way)
        self.bare = bare
        self.functions = []
        self.statements = []  # (line, top-level declaration with its braces' inside taken out)
        self._walk()

    def line_of(self, offset):
        return self.text.count('\n', 0, offset) + 1

    def _strip(self, text):
        """Blanks comments and the inside of strings, and notes both."""
        include_lines = {m.start() for m in re.finditer(r'^[ \t]*#[ \t]*include\b', text, re.M)}

        def replace(m):
            line = self.line_of(m.start())
            if m.lastgroup == 'comment':
                if 'SPDX-License-Identifier' not in m.group():
                    self.comment_lines.update(range(line, line + m.group().count('\n') + 1))
                return blank(m.group())
            start = text.rfind('\n', 0, m.start()) + 1
            if m.lastgroup == 'string' and start not in include_lines:
                self.strings.append((line, m.group()[1:-1]))
                return '"' + blank(m.group()[1:-1]) + '"'
            return m.group() if start in include_lines else blank(m.group())

        return TOKEN.sub(replace, text)

    def _includes(self):
        found = re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', self.code, re.M)
        return [(self.line_of(m.start()), m.group(2), m.group(1) == '"') for m in found]

    def _walk(self):
        """Cuts the file at its outermost braces and semicolons."""
        depth, start, opened, head = 0, 0, 0, ''
        for m in re.finditer(r'[{};]', self.bare):
            at, c = m.start(), m.group()
            if c == '{':
                if depth == 0:
                    opened = at
                    head += self.bare[start:at]
                depth += 1
            elif c == '}':
                depth -= 1
                if depth == 0:
                    start = at + 1
                    if is_function(head):
                        self._add_function(head, opened, at)
                        head = ''
                    else:
                        head += '{}'
            elif depth == 0:
                head += self.bare[start:at]
                if head.strip():
                    self.statements.append((self.line_of(at), ' '.join(head.split())))
                start, head = at + 1, ''

    def _add_function(self, head, opened, closed):
        name = function_name(head)
        first = self.line_of(opened) - head.strip().count('\n')
        # a head may end on the line before its brace
        tail = head[len(head.rstrip()):]
        first -= tail.count('\n')
        self.functions.append(Function(name, first, self.line_of(closed), self.bare[opened:closed + 1]))


def without_attributes(text):
    """Takes __attribute__((...)) out, whatever is nested in it."""
    out, at = '', 0
    for m in re.finditer(r'\b(?:__attribute__|cleanup|_Alignas|__extension__)\s*\(', text):
        if m.start() < at:
            continue
        depth, i = 1, m.end()
        while i < len(text) and depth:
            depth += {'(': 1, ')': -1}.get(text[i], 0)
            i += 1
        out += text[at:m.start()]
        at = i
    return out + text[at:]


def is_function(head):
    head = without_attributes(head).strip()
    flat, depth = '', 0
    for c in head:
        depth += {'(': 1, ')': -1}.get(c, 0)
        if depth == 0:
            flat += c
    return head.endswith(')') and '=' not in flat


def function_name(head):
    m = re.search(r'(\w+)\s*\(', without_attributes(head))
    return m.group(1) if m else '?'


def variable_name(statement):
    """The name of the variable that a top-level statement defines or declares; None when it is something else."""
    s = without_attributes(statement)
    s = s.split('=')[0].strip()
    if not s or re.match(r'(typedef|_Static_assert|static_assert)\b', s):
        return None
    pointer = re.search(r'\(\s*\*\s*(?:const\s+)?(\w+)', s)
    paren = s.find('(')
    if paren >= 0 and not (pointer and pointer.start() == paren):
        return None  # a prototype, or a macro that is called
    if pointer and pointer.start() == paren:
        return pointer.group(1)
    if s.endswith('{}') or re.fullmatch(r'(struct|union|enum)\s+\w+', s):
        return None
    m = re.search(r'(\w+)\s*(?:\[[^\]]*\]\s*)*$', s)
    return m.group(1) if m else None


def is_constant(statement):
    s = without_attributes(statement).split('=')[0].replace('{}', ' ')
    pointer = re.search(r'\(\s*\*\s*(const\b)?', s)
    if pointer and pointer.start() == s.find('('):
        return pointer.group(1) is not None  # to functions
    if '*' in s:
        return re.match(r'\s*(?:const\b)', s[s.rfind('*') + 1:]) is not None
    return re.search(r'\b(?:const|constexpr)\b', s) is not None
