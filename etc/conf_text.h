/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of the shipped iscsid.conf and of its manual page, made from the table of settings. For the generator and the test that holds the files to it. */
#ifndef ETC_CONF_TEXT_H
#define ETC_CONF_TEXT_H

#include "base/strbuf.h"

/* strbuf_error() tells whether all of it is there. */
void conf_text_file(struct strbuf *b);
void conf_text_manual(struct strbuf *b);

#endif
