#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Today's plugins load and keep the rules in a core whose structures have one member more each, as a later one will, and in one with members
# less, as an earlier one had, and in one with an op for sessions without the kernel. Each is built from copies of the headers and of the files that include them: core/plugin and the kit.
src=${srcdir:-.}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0
complain() { echo "$*"; status=1; }
cc='' defs='' libs=''
# shellcheck disable=SC2016 # make's variables
flags=$(env -u MAKEFLAGS -u MFLAGS make -s --no-print-directory --eval='show:;@printf "%s\n" "flags: cc='"'"'$(CC)'"'"' defs='"'"'$(DEFS) $(SAN_CFLAGS)'"'"' libs='"'"'$(core_libs)'"'"'"' show | sed -n 's/^flags: //p')
eval "$flags"
[ -n "$cc" ] || { echo "the Makefile does not show its compiler"; exit 1; }

# a copy of all that knows the plugin's structures
copy() {
	mkdir -p "$dir/$1/core" "$dir/$1/tests"
	cp -r "$src/include" "$dir/$1/include"
	cp -r "$src/core/plugin" "$dir/$1/core/plugin"
	cp -r "$src/tests/kit" "$dir/$1/tests/kit"
	chmod -R u+w "$dir/$1"
	rm -f "$dir/$1"/core/plugin/*_static.c # of another build
	tree=$dir/$1
}

# change FILE EXPRESSION: in the copy; an expression that changes nothing is a mistake of this test
change() {
	sed "$2" "$tree/$1" >"$dir/changed"
	! cmp -s "$dir/changed" "$tree/$1" || complain "$1 has nothing like $2"
	cat "$dir/changed" >"$tree/$1"
}

build() {
	for f in "$tree"/core/plugin/*.c "$tree"/tests/kit/*.c; do echo "$f"; done |
		xargs -P 3 -I@ sh -c "$cc -std=gnu11 -w -O0 $defs -DPLUGINS_DIR='\"/nowhere\"' -DHOME_DIR='\"/nowhere\"' -DDATABASE_DIR='\"/nowhere\"' -I. -I'$tree' -I'$tree/include' -I'$tree/core' -I'$src/core' -c -o \"\${1%.c}.o\" \"\$1\" || exit 255" sh @ ||
		{ complain "the core with $1 does not build"; return 1; }
	# its objects come first, so that those of libcore.a are not used
	# shellcheck disable=SC2086 # words on purpose
	$cc $defs -rdynamic -o "$tree/kit" "$tree"/core/plugin/*.o "$tree"/tests/kit/*.o $libs || { complain "the core with $1 does not link"; return 1; }
	"$tree/kit" --strict "$dir"/plugins/*.so >"$dir/out" || complain "in a core with $1: $(cat "$dir/out")"
	[ "$(grep -c ': keeps the rules$' "$dir/out")" = 3 ] || complain "in a core with $1: $(cat "$dir/out")"
}

mkdir "$dir/plugins"
for plugin in tcp null qla4xxx; do
	cp .libs/$plugin.so "$dir/plugins" || exit 1
done

copy more
for f in "$tree"/include/miscsi/*.h; do
	awk '/^struct miscsi_[a-z_]* \{/ { name = $2; sized = 0 } name && /^\tuint32_t size[,;]/ { sized = 1 }
		/^};/ { if (name && sized) { print "\tvoid (*one_more)(void);"; n++ } name = "" } { print } END { print n > "'"$dir"'/n" }' "$f" >"$dir/changed"
	cat "$dir/changed" >"$f"
done
[ "$(grep -c one_more "$tree"/include/miscsi/ops.h)" -ge 9 ] || complain "the structures of ops.h did not grow"
build "one member more"

# with what a transport without the kernel's initiator would need: an op for its sessions, in a table of its own at the end of the plugin's
# structure, and a kind of binding among the reserved ones
copy session
change include/miscsi/ops.h 's/^#define MISCSI_BINDING_ENDPOINT 2u/&\n#define MISCSI_BINDING_SESSION 3u/; s/^struct miscsi_login_ops {/struct miscsi_session_ops {\n\tuint32_t size, reserved;\n\tint (*start)(struct miscsi_op *op, const struct miscsi_binding *binding);\n};\n\n&/'
change include/miscsi/plugin.h 's/^#define MISCSI_MINOR .*/#define MISCSI_MINOR 99/; s/^	const struct miscsi_field \*fields;.*/&\n\tconst struct miscsi_session_ops *session;/'
change core/plugin/private.h 's/^	struct miscsi_ping_ops ping;/&\n\tstruct miscsi_session_ops session;/'
change core/plugin/abi.c 's/^	TABLE(ping, "ping"),/&\n\tTABLE(session, "own sessions"),/'
change core/plugin/known.c 's/"login\.logout", /&"session.start", /'
build "an op for sessions"
cat >"$dir/later.c" <<'END'
#include <miscsi/plugin.h>
static int start(struct miscsi_op *op, const struct miscsi_binding *binding)
{
	return binding->kind == MISCSI_BINDING_SESSION ? 0 : op->core->set_error(op, MISCSI_ERR_INVAL, "no session of ours");
}
MISCSI_OPS(session, session, .start = start);
static int begin(const struct miscsi_core *core, void **state)
{
	*state = NULL;
	return core->has(core->self, "session.start") == KNOWN && core->minor >= 2 ? 0 :
		core->set_error(core->self, MISCSI_ERR_INTERNAL, "has() is wrong");
}
static const char *const needs[] = { NEEDS NULL };
static const struct miscsi_match match[] = { MISCSI_MATCH(.transport = "later"), MISCSI_END };
MISCSI_PLUGIN(later, .version = "1", .summary = "a plugin of a later header", .match = match, .start = begin, .needs = needs, .session = &session);
END
later() { # whether the core knows it, what the plugin needs
	${CC_FOR_ABI:-cc} -shared -fPIC -fvisibility=hidden -Wall -Wextra -Werror -I"$tree/include" -DKNOWN="$1" -DNEEDS="$2" -Wl,-z,defs -Wl,-z,now \
		-o "$dir/later.so" "$dir/later.c" || complain "later.c does not compile"
}
later 1 '"session.start",'
"$tree/kit" --strict "$dir/later.so" >"$dir/out" || complain "in the core that has the op: $(cat "$dir/out")"
./miscsi-plugin-check "$dir/later.so" >"$dir/out" && complain "a core without the op uses a plugin that needs it"
grep -q 'it needs session\.start, which miscsi .* does not have: upgrade miscsi' "$dir/out" || complain "the op that is missing is not named: $(cat "$dir/out")"
later 0 ''
./miscsi-plugin-check --strict "$dir/later.so" >"$dir/out" || complain "in a core without the op, a plugin that can do without: $(cat "$dir/out")"

# as it was before login.logout, has(), needs, fields and state_dir()
copy less
change include/miscsi/ops.h '/int (\*logout)(struct miscsi_op \*op);/d'
change core/plugin/transport.c 's/t->plugin->ops\.login\.logout/((int (*)(struct miscsi_op *))NULL)/'
change tests/kit/ops.c 's/p->ops\.login\.logout != NULL/false/'
change include/miscsi/core.h '/int (\*has)(struct miscsi_op/,/uint32_t reserved;$/{/^};/!d}'
change include/miscsi/core.h '/(\*state_dir)(/d'
change core/plugin/op.c '/\.has = core_has,/d; /\.minor = MISCSI_MINOR,/d; /\.state_dir = /d'
change core/plugin/known.c 's/"login\.logout", //; s/, "has", "state_dir"//'
change include/miscsi/plugin.h '/const char \*const \*needs;/d'
change core/plugin/abi.c 's/abi->needs/((const char *const *)NULL)/g'
change include/miscsi/plugin.h '/const struct miscsi_field \*fields;/d'
change core/plugin/fields.c 's/p->abi\.fields/NULL/'
change core/plugin/known.c 's/"fields", //'
change core/plugin/op.c 's/if (key && !strncmp(key, PLUGIN_KEY_PREFIX, strlen(PLUGIN_KEY_PREFIX))) {/if (0) {/'
build "members less"
exit $status
