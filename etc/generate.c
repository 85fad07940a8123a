/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints iscsid.conf ("conf") or its manual page ("man"). Run it when fields.def has changed; a test
 * compares. */
#include "conf_text.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct strbuf b = STRBUF_INIT(0);

	if (argc == 2 && !strcmp(argv[1], "conf"))
		conf_text_file(&b);
	else if (argc == 2 && !strcmp(argv[1], "man"))
		conf_text_manual(&b);
	else
		fprintf(stderr, "usage: generate conf | man\n");
	if (strbuf_error(&b) || !b.len || fwrite(b.s, 1, b.len, stdout) != b.len || fflush(stdout))
		return 1;
	strbuf_free(&b);
	return 0;
}
