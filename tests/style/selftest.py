#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of check.py, graph.py, forms.py and manual.py: a good tree passes, and for each rule a tree that breaks only it fails by its name."""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check  # noqa: E402
import csource  # noqa: E402
import forms  # noqa: E402
import graph  # noqa: E402
import manual  # noqa: E402

HEAD = '/* SPDX-License-Identifier: GPL-2.0-or-later */\n/* What this is. */\n'
LGPL = '/* SPDX-License-Identifier: LGPL-2.1-or-later */\n/* What this is. */\n'
MAKE = '# SPDX-License-Identifier: GPL-2.0-or-later\n'
GOOD = HEAD + '''#include "base/good.h"
#include <stdio.h>

static const char *const names[] = { "a{", "b" };

/* Why. */
int good(int a)
{
	if (a) { /* { */
		return '{';
	}
	a = names[0][0];
	a++;
	a--;
	return a;
}
'''
LONG_FUNCTION = 'int f(void)\n{\n' + '\tg();\n' * 99 + '}\n'
BRANCHY = 'int f(int a)\n{\n' + '\tif (a)\n\t\ta++;\n' * 26 + '\treturn a;\n}\n'

# rule, path, what the file holds after its head (or wholly, where it begins with a comment)
BAD = (
    ('head', 'core/base/x.c', '/* no licence */\n/* What. */\n'),
    ('head', 'core/base/x.c', '/* SPDX-License-Identifier: GPL-2.0-or-later */\nint x;\n'),
    ('head', 'include/miscsi/x.h', '/* SPDX-License-Identifier: GPL-2.0-or-later */\n/* What. */\n'),
    ('head', 'tests/unit/x.c', '/* no licence */\n/* What. */\n'),
    ('head', 'core/record/x.def', '/* no licence */\n'),
    ('licence', 'core/base/local.mk', '# no licence\n'),
    ('licence', 'doc/x.md', 'no licence\n'),
    ('file-lines', 'core/base/x.c', 'int f(void);\n' * 700),
    ('file-lines', 'tests/unit/x.c', 'int f(void);\n' * 700),
    ('header-lines', 'core/base/x.h', 'int f(void);\n' * 120),
    ('braces', 'core/base/x.c', 'int f(void)\n{\n'),
    ('function-lines', 'core/base/x.c', LONG_FUNCTION),
    ('decisions', 'core/base/x.c', BRANCHY),
    ('mutable-global', 'core/base/x.c', 'int counter;\n'),
    ('mutable-global', 'core/base/x.c', 'static int counter = 3;\n'),
    ('mutable-global', 'core/base/x.c', 'static struct x list[] = { { 1 }, { 2 } };\n'),
    ('mutable-global', 'core/base/x.c', 'static const char *names[] = { "a" };\n'),
    ('mutable-global', 'core/base/x.c', 'static int (*hook)(void);\n'),
    ('mutable-global', 'core/base/x.h', 'extern char *program_name;\n'),
    ('mutable-global', 'plugins/p/x.c', 'struct s {\n\tint a;\n} state;\n'),
    ('mutable-global', 'core/base/x.c', 'int f(void)\n{\n\tstatic char buf[10];\n\n\treturn buf[0];\n}\n'),
    ('layers', 'core/base/x.c', '#include "proto/pdu.h"\n'),
    ('layers', 'core/proto/x.c', '#include "record/field.h"\n'),
    ('layers', 'core/ipc/x.c', '#include "modes/node.h"\n'),
    ('layers', 'core/record/x.c', '#include <kernel/sysfs.h>\n'),
    ('layers', 'core/record/x.c', '#include "core/kernel/x.inc"\n'),
    ('mutable-global', 'core/base/x.c', 'static void (*handlers[])(struct a *x) = { f, };\n'),
    ('layers', 'core/base/x.c', '#include "../proto/pdu.h"\n'),
    ('layers', 'core/modes/x.c', '#include "cli/opts.h"\n'),
    ('layers', 'plugins/p/x.c', '#include "base/err.h"\n'),
    ('layers', 'include/miscsi/x.h', LGPL + '#include "base/err.h"\n'),
    ('calls', 'core/base/x.c', 'int f(void)\n{\n\tprintf("x");\n}\n'),
    ('calls', 'core/base/x.c', 'int f(void)\n{\n\texit (1);\n}\n'),
    ('calls', 'core/base/x.c', 'int f(void)\n{\n\treturn system("x");\n}\n'),
    ('calls', 'core/base/x.c', 'int f(void)\n{\n\treturn alarm(1);\n}\n'),
    ('plugin-names', 'core/base/x.c', 'const char *const x = "fancyhba";\n'),
    ('plugin-names', 'cli/x.c', 'const char *const x = "transports: fancyhba, other";\n'),
    ('plugin-names', 'daemon/x.c', 'const char *const x = "qla4xxx";\n'),
    ('plugin-names', 'core/record/x.def', 'FIELD(x, "be2iscsi")\n'),
    ('file-median', 'core/base/good.c', 'int f(void);\n' * 300),
    ('function-p90', 'core/base/x.c', ''.join(LONG_FUNCTION.replace('f(', f'f{i}(').replace('\tg();\n' * 50, '') for i in range(12))),
    ('decisions-p90', 'core/base/x.c', ''.join(f'int f{i}(int a)\n{{\n\treturn {"a && " * 9}a;\n}}\n' for i in range(12))),
    ('comments', 'core/base/x.c', 'int f(void);\n' * 100),
    ('comments', 'core/base/x.c', '/* Much ado. */\n' * 100),
)

# What looks like a breach and is none.
FINE = (
    ('core/base/x.c', 'typedef int (*hook)(void);\n'),
    ('core/base/x.c', 'static int f(int (*cb)(void), int b);\n'),
    ('core/base/x.c', 'static const struct { int a; } rows[] = { { 1 }, };\n'),
    ('core/base/x.c', 'static void (*const handlers[])(struct a *x) = { f, };\n'),
    ('core/ipc/x.c', '#include "core/ipc/x.inc"\n'),
    ('core/base/x.c', 'struct a;\nenum b { B };\nunion c {\n\tint d;\n};\n'),
    ('core/base/x.c', '_Static_assert(sizeof(int) == 4, "x");\n'),
    ('core/base/x.c', '/* printf("x") */\nint f(void);\n'),
    ('core/base/x.c', 'int f(void)\n{\n\treturn l->exit(1) + my_exit(2) + x_printf("x");\n}\n'),
    ('core/base/x.c', 'const char *const x = "fancyhbas and tcp_user_timeout";\n'),
    ('plugins/fancyhba/x.c', 'const char *const x = "fancyhba";\n#include "x.h"\n#include <miscsi/plugin.h>\n'),
    ('cli/x.c', '#include "modes/node.h"\n#include "base/err.h"\nint f(void)\n{\n\treturn printf("x");\n}\n'),
    ('core/base/x.c', '#ifdef A\nint f(int a)\n{\n#else\nint f(void)\n{\n#endif\n\treturn 1;\n}\n'),
    ('tests/unit/x.h', 'int f(void);\n' * 200),
    ('tests/fuzz/corpus/x/y', 'any bytes, no licence'),
    ('include/miscsi/COPYING', 'no licence'),
    ('include/miscsi/x.h', LGPL + '#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void);\n#ifdef __cplusplus\n}\n#endif\n'),
)


def rules_broken(files, exceptions=''):
    with tempfile.TemporaryDirectory() as root:
        tree = {'core/base/good.c': GOOD, 'plugins/fancyhba/local.mk': MAKE, 'tests/style/exceptions': MAKE + exceptions, **files}
        for path, text in tree.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, 'w', encoding='utf-8') as f:
                f.write(text)
        return {line.split(': ')[1] for line in check.check_tree(root)}


def whole(text):
    return text if 'no licence' in text or text.startswith('/* no') or text.startswith('/* SPDX') else HEAD + text


class Check(unittest.TestCase):
    def test_good_tree_passes(self):
        self.assertEqual(rules_broken({}), set())

    def test_each_rule_can_fail(self):
        for rule, path, text in BAD:
            with self.subTest(rule=rule, text=text[:60]):
                self.assertIn(rule, rules_broken({path: whole(text)}))

    def test_each_rule_has_a_bad_tree(self):
        with open(check.__file__, encoding='utf-8') as f:
            text = f.read()
        rules = {rule for rule, _, _ in BAD}
        for rule in check.re.findall(r"out\.add\('([\w-]+)'|^        \('([\w-]+)', '", text, check.re.M):
            self.assertIn(rule[0] or rule[1], rules)

    def test_what_is_fine_is_not_reported(self):
        for path, text in FINE:
            with self.subTest(text=text[:60]):
                self.assertLessEqual(rules_broken({path: whole(text)}), {'comments'})

    def test_an_exception_excuses_one_thing(self):
        tree = {'core/base/x.c': HEAD + 'int counter;\nint other;\n'}
        one = 'mutable-global core/base/x.c:counter because\n'
        self.assertIn('mutable-global', rules_broken(tree, one))
        both = one + 'mutable-global core/base/x.c:other because\n'
        self.assertNotIn('mutable-global', rules_broken(tree, both))

    def test_an_exception_that_excuses_nothing_is_reported(self):
        self.assertIn('unused', rules_broken({}, 'decisions core/base/good.c:good long ago\n'))

    def test_an_exception_needs_a_reason(self):
        with self.assertRaises(SystemExit):
            rules_broken({}, 'decisions core/base/good.c:good\n')


def file(path, defined='', used=''):
    return {path: (set(defined.split()), set(used.split()))}


def graph_rules(*files, exceptions=()):
    """The rules that are broken by these files beside a good one."""
    tree = file('core/base/good.c', 'good good_one', 'malloc')
    for f in files:
        tree.update(f)
    return {line.split(': ')[1] for line in graph.findings(tree, {tuple(e.split()): 'because' for e in exceptions})}


class Graph(unittest.TestCase):
    TWO = (file('core/base/a.c', 'a_x', 'b_x'), file('core/base/b.c', 'b_x', 'a_x'))

    def test_good_files_pass(self):
        self.assertEqual(graph_rules(file('core/base/a.c', 'a_x a', 'good_one a_y'), file('core/base/a_more.c', 'a_y a_more_z', 'a_x'),
                                     file('core/proto/p.c', 'p_x', 'a_x'), file('cli/iscsiadm.c', 'main', 'p_x good')), set())

    def test_a_circle_is_found(self):
        self.assertEqual(graph_rules(*self.TWO), {'circle'})
        self.assertEqual(graph_rules(file('core/base/a.c', 'a_x', 'b_x'), file('core/base/b.c', 'b_x', 'c_x'),
                                     file('core/base/c.c', 'c_x', 'a_x')), {'circle'})
        self.assertEqual(graph_rules(file('core/base/a.c', 'a_x'), file('core/base/a_more.c', 'a_more_x', 'b_x'),
                                     file('core/base/b.c', 'b_x', 'a_x')), {'circle'})

    def test_an_upward_use_is_found(self):
        up = (file('core/base/a.c', 'a_x', 'p_x'), file('core/proto/p.c', 'p_x'))
        self.assertEqual(graph_rules(*up), {'upward'})
        self.assertEqual(graph_rules(*up, exceptions=['upward core/base/a.c:p_x']), set())

    def test_a_wrong_prefix_is_found(self):
        for name in 'b_x', 'ax', 'core_a_x':
            self.assertEqual(graph_rules(file('core/base/a.c', name)), {'prefix'})
        self.assertEqual(graph_rules(file('core/base/a.c', 'b_x'), exceptions=['prefix core/base/a.c:b_']), set())
        self.assertEqual(graph_rules(file('core/base/a.c', 'b_x'), exceptions=['prefix core/base:b_']), set())
        self.assertEqual(graph_rules(file('core/base/a.c', 'b_x'), exceptions=['prefix core/proto:b_']), {'prefix', 'unused'})

    def test_a_circle_within_a_noun_is_none(self):
        parts = (file('core/base/a.c', 'a_x', 'a_y'), file('core/base/a_more.c', 'a_y', 'a_x'))
        self.assertEqual(graph_rules(*parts), set())
        self.assertEqual(graph_rules(*self.TWO, exceptions=['noun core/base/b.c:a']), set())

    def test_an_exception_that_excuses_nothing_is_reported(self):
        self.assertEqual(graph_rules(*self.TWO, exceptions=['circle core/base/a.c:b']), set())
        for idle in 'circle core/base/good.c:b', 'upward core/base/good.c:b', 'prefix core/base/good.c:b_', 'noun core/base/good.c:good':
            self.assertEqual(graph_rules(exceptions=[idle]), {'unused'})

    def test_symbols_are_read_from_nm(self):
        text = 'a_x T 0 10\nb_x U         \nrow R 0 8\n_GLOBAL_OFFSET_TABLE_ U\nweak w\na.b D 0 1\n'
        self.assertEqual(graph.read_symbols(text), ({'a_x', 'row'}, {'b_x', 'weak'}))


class Forms(unittest.TestCase):
    FIELDS = ('FIELD(A, N, "node.a", INT(0, 9), "0", 0, NONE, "", "",\n      "How many; 0 is "\n      "the system\'s.")\n'
              'FIELD(B, N | C, "node.b", BOOL, "No", 0, NONE, "", "", "With Yes, it is.")\n'
              'FIELD(C, L, "flash.c", BOOL, "No", 0, NONE, "", "", "With Yes, it is.")\n')
    GOOD = 'node.a 0 unit/x works\nnode.b Yes - why\n'

    READERS = 'int a = FIELD_A + FIELD_B + FIELD_C;\n'

    def found(self, table, code=READERS):
        test = 'static void works(void **state)\n{\n\tset(FIELD_A);\n}\ncmocka_unit_test(works)\n'
        tree = {'core/record/fields.def': self.FIELDS, 'tests/style/forms': table, 'tests/unit/x.c': test,
                'tests/unit/local.mk': 'unit_tests += tests/unit/x\n', 'core/x.c': code}
        with tempfile.TemporaryDirectory() as root:
            for path, text in tree.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), 'w', encoding='utf-8') as f:
                    f.write(text)
            return list(forms.findings(root))

    def test_a_whole_table_passes(self):
        self.assertEqual(self.found(self.GOOD), [])

    def test_each_fault_is_found(self):
        for table in ('node.b Yes - why\n', self.GOOD + 'node.b No - why\n', self.GOOD + 'flash.c Yes - why\n', self.GOOD * 2,
                      self.GOOD.replace('works', 'fails'), self.GOOD.replace('unit/x', 'unit/y'), self.GOOD.replace(' why', ''),
                      self.GOOD.replace('- why', 'unit/x works')):
            self.assertNotEqual(self.found(table), [], table)

    def test_a_setting_that_nothing_reads_is_found(self):
        self.assertEqual(self.found(self.GOOD, 'int a = FIELD_A + FIELD_C;\n'),
                         ['node.b: no code reads it, and its sentence does not say so'])


class Reading(unittest.TestCase):
    def test_functions_are_found_with_their_extent(self):
        text = HEAD + '''struct s { int a; };
static const struct s rows[] = {
	{ 1 }, { 2 },
};
static int __attribute__((format(printf, 1, 2)))
one(const char *fmt, ...)
{
	return '}' + sizeof("}}{");
}

struct s *two(struct s *s,
	int b)
{
	for (int i = 0; i < b && s; i++)
		s = b ? s : NULL;
	list_for_each(s, l, node)
		while (b)
			b--;
	return s;
}
'''
        src = csource.Source('x.c', text)
        self.assertEqual([(f.name, f.line, f.lines, f.decisions) for f in src.functions],
                         [('one', 7, 5, 0), ('two', 13, 10, 5)])

    def test_percentiles_are_by_nearest_rank(self):
        self.assertEqual(check.rank(range(1, 11), 90), 9)
        self.assertEqual(check.rank([3, 1, 2], 50), 2)
        self.assertEqual(check.rank([], 90), 0)


class Manual(unittest.TestCase):
    """A row counts only if its test exists."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        for path, text in (('golden/db.txt', '@ 001 a\n$ -m node\n? 0\n'), ('cli/run', 'def test_a(w):\n    w.run("-m node -l")\n\n\ndef test_b(w):\n    pass\n'),
                           ('unit/a.c', 'static void good(void **state)\ncmocka_unit_test(good)\nstatic void idle(void **state)\n')):
            os.makedirs(os.path.dirname(f'{self.dir.name}/tests/{path}'), exist_ok=True)
            with open(f'{self.dir.name}/tests/{path}', 'w', encoding='utf-8') as f:
                f.write(text)

    def tearDown(self):
        self.dir.cleanup()

    def test_tests_that_exist(self):
        for row in (('golden/db.txt', '$ -m node'), ('golden/db.txt', '@ 001 a'), ('cli/run', 'def test_b'), ('cli/run', 'def test_a -m node -l'), ('unit/a.c', 'good')):
            self.assertIsNone(manual.missing(self.dir.name, *row), row)

    def test_tests_that_do_not(self):
        for row in (('golden/db.txt', '$ -m nod'), ('golden/db.txt', '? 0'), ('golden/none.txt', '$ -m node'), ('cli/run', 'def test_c'), ('cli/run', 'def test_b -m node -l'),
                    ('cli/run', '-m node -l'), ('unit/a.c', 'idle'), ('unit/a.c', 'def good')):
            self.assertIsNotNone(manual.missing(self.dir.name, *row), row)


if __name__ == '__main__':
    sys.stdout = open(os.devnull, 'w', encoding='utf-8')  # what check.py says of each tree; unittest writes to stderr
    unittest.main()
