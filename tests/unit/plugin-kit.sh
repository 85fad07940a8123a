#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# miscsi-plugin-check: the plugins of the build keep the rules; each rule is found broken where a plugin breaks it; the manual page has the
# rules, and no other.
src=${srcdir:-.}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0
complain() { echo "$*"; status=1; }

for file in .libs/*.so; do
	./miscsi-plugin-check --strict "$file" >"$dir/out" || complain "$(cat "$dir/out")"
	cat "$dir/out"
done

while IFS='|' read -r name number force text; do
	grep -A1 "^\.B $number ($force)" "$src/doc/man/miscsi-plugin-check.1" | sed 's/\\-/-/g' | grep -qiF "$text" ||
		complain "miscsi-plugin-check(1) has another rule $number ($name)"
done <<END
$(sed -n 's/^CLAUSE(\([A-Z_]*\), \([0-9]*\), \([A-Z]*\), "\(.*\)")$/\1|\2|\3|\4/p' "$src/tests/kit/clauses.def" | sed 's/\\"/"/g')
END
[ "$(grep -c '^\.B [0-9]* (' "$src/doc/man/miscsi-plugin-check.1")" = "$(grep -c '^CLAUSE(' "$src/tests/kit/clauses.def")" ] ||
	complain "miscsi-plugin-check(1) has another number of rules"

cat >"$dir/bad.c" <<'END'
#include <miscsi/plugin.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int list(struct miscsi_op *op)
{
	int rc = op->core->result_row(op, 0);
	(void)rc;
#if defined(SURVIVES)
	abort();
#elif defined(SURVIVES_EXIT)
	_exit(3);
#elif defined(SURVIVES_MEMORY)
	return *(char *)strcpy(malloc(10), "x") ? 0 : -EIO;
#elif defined(SURVIVES_SETTING)
	return strlen(op->core->setting(op, "iface.ipaddress")) ? 0 : -EIO;
#elif defined(ENDS)
	return -EINPROGRESS;
#elif defined(ENDS_LOOP)
	for (;;)
		;
#elif defined(NEVER_BLOCKS)
	usleep(1100000);
	return 0;
#elif defined(CALLS)
	op->core->op_done(op, 0);
	op->core->op_done(op, 0);
	return -EINPROGRESS;
#elif defined(SECRETS)
	return op->core->result(op, "host.auth.password", "secret", 0);
#elif defined(DESCRIPTORS)
	return dup(0) < 0 ? -errno : 0;
#elif defined(CALLS_SETTING)
	return op->core->setting(op, "plugin.bad.typo") ? -EIO : 0;
#elif defined(SETTING_VALUE)
	if (strlen(op->core->setting(op, "plugin.bad.text")) > 30)
		abort();
	return 0;
#elif defined(SETTING_WORD)
	if (!strcmp(op->core->setting(op, "plugin.bad.word"), "e"))
		abort();
	return 0;
#elif defined(REASON)
	return -EIO;
#else
	return 0;
#endif
}
MISCSI_OPS(chap, chap, .list = list);
static int start(const struct miscsi_core *core, void **state)
{
	*state = NULL;
#ifdef LOADS
	return core->set_error(core->self, MISCSI_ERR_BUSY, "no device");
#else
	(void)core;
	return 0;
#endif
}
#ifdef BINDING
static int dial(struct miscsi_op *op, const struct miscsi_connect_args *args, struct miscsi_binding *out)
{
	(void)op, (void)args;
	out->kind = MISCSI_BINDING_ENDPOINT;
	return 0;
}
MISCSI_OPS(endpoint, endpoint, .connect = dial);
#endif
#ifdef ONE_SYMBOL
__attribute__((visibility("default"))) int another = 1;
#endif
#ifdef NO_CORE_SYMBOL
extern int miscsi_core_function(void) __attribute__((weak));
int (*const volatile used)(void) = miscsi_core_function;
#endif
static const struct miscsi_field fields[] = {
#ifdef SETTING_VALUE
	MISCSI_FIELD(.kind = MISCSI_FIELD_TEXT, .name = "text", .help = "A text.", .max = 31),
#endif
#if defined(SETTING_WORD) || defined(SETTINGS)
	MISCSI_FIELD(.kind = MISCSI_FIELD_CHOICE, .name = "word", .def = "a", .words = "a b c d e", .help = "A word."),
#endif
#ifdef LOADS_FIELDS
	MISCSI_FIELD(.kind = MISCSI_FIELD_NUMBER, .name = "n", .def = "x", .help = "A number."),
#endif
	MISCSI_FIELD_END,
};
static const struct miscsi_match match[] = { MISCSI_MATCH(.transport = "bad"), MISCSI_END };
MISCSI_PLUGIN(bad,
#ifndef DESCRIBED
	.version = "1", .summary = "a bad plugin",
#endif
	.match = match,
#ifdef BINDING
	.traits = MISCSI_TRAIT_SOCKET,
#endif
	.start = start,
#ifdef BINDING
	.endpoint = &endpoint,
#endif
	.chap = &chap, .fields = fields, );
END
breaks() { # rule, what the compiler is told, its options
	rule=$1 what=$2
	shift 2
	${CC_FOR_ABI:-cc} -shared -fPIC -fvisibility=hidden -I"$src/include" -D"$what" -Wl,-z,now -o "$dir/bad.so" "$dir/bad.c" "$@" ||
		complain "bad.c does not compile with $what"
	./miscsi-plugin-check --tap --timeout 3 "$dir/bad.so" >"$dir/out"
	[ -z "$rule" ] && { grep '^not ok' "$dir/out" && complain "a good plugin breaks a rule"; return; }
	grep -q "^not ok $rule -" "$dir/out" || { cat "$dir/out"; complain "rule $rule is not found broken by $what"; }
}
breaks '' GOOD
breaks 2 ONE_SYMBOL
breaks 3 NO_CORE_SYMBOL
breaks 4 BOUND -Wl,-z,lazy
breaks 5 NO_SEARCH_PATH -Wl,-rpath,/tmp
for what in LOADS LOADS_FIELDS; do breaks 7 $what; done
for what in SURVIVES SURVIVES_EXIT SURVIVES_SETTING SETTING_VALUE SETTING_WORD; do breaks 8 $what; done
# The kit lets a plugin's allocations fail through glibc, whose place AddressSanitizer takes.
grep -q __asan_init miscsi-plugin-check || breaks 8 SURVIVES_MEMORY
breaks 9 ENDS
breaks 9 ENDS_LOOP
breaks 10 NEVER_BLOCKS
for what in CALLS CALLS_SETTING; do breaks 11 $what; done
breaks 12 SECRETS
breaks 14 DESCRIPTORS
breaks 15 BINDING
breaks 16 REASON
breaks 17 DESCRIBED
breaks 18 SETTINGS
head -c 4096 "$dir/bad.so" >"$dir/cut.so"
./miscsi-plugin-check "$dir/cut.so" | grep -q 'rule 1 (MUST)' || complain "rule 1 is not found broken by a file that is cut"

# forms
./miscsi-plugin-check --json .libs/null.so | grep -q '"rule":17,"must":false,"broken":\[\]' || complain "--json has no rule 17"
./miscsi-plugin-check >/dev/null 2>&1
[ $? = 2 ] || complain "without a file the status is not 2"
./miscsi-plugin-check /no/such/file.so >/dev/null 2>&1
[ $? = 1 ] || complain "with a file that is not there the status is not 1"
exit $status
