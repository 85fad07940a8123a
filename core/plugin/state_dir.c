/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes and checks the directory of a plugin's own state. */
#include "plugin/state_dir.h"
#include "base/file.h"
#include "plugin/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A link in its place would lead the plugin elsewhere, and a directory of another mode was made by another program. */
static int check_own(const char *path, struct err *err)
{
	cleanup(file_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, MISCSI_ERR_ACCESS, errno, "the state directory %s of the plugin cannot be opened", path);
	if (st.st_uid != geteuid() || st.st_mode & 077)
		return err_set(err, MISCSI_ERR_ACCESS,
			"the state directory %s of the plugin must belong to user %u and have the mode 0700: change it by chown "
			"and chmod",
			path, (unsigned)geteuid());
	return trust_check_dir(path, err);
}

enum reason { REASON_NOT_MADE = 1, REASON_NOT_OWN = 2 };

static bool is_first(struct plugin *p, enum reason why)
{
	bool first = !(p->no_state_dir & why);

	p->no_state_dir |= why;
	return first;
}

/* Again at the next call after a failure: what is in the way may be gone. Logged once, since a plugin may ask at each connect. */
const char *state_dir_of(struct plugin *p)
{
	const struct plugins_config *config = &p->ps->config;
	struct strbuf b = STRBUF_INIT(PATH_MAX);
	struct err err = ERR_INIT;
	int rc;

	if (p->state_dir || !config->state)
		return p->state_dir;
	strbuf_printf(&b, "%s/%s", config->state, p->name);
	rc = strbuf_error(&b) ? -ENOMEM : file_mkdirs(config->state, 0755);
	if (rc == 0 && mkdir(strbuf_str(&b), 0700) < 0 && errno != EEXIST)
		rc = -errno;
	if (rc < 0) { /* a user other than root, a system that is read-only: plugins work without it */
		if (is_first(p, REASON_NOT_MADE))
			log_info(config->log, p->name,
				"the plugin works without its state directory, because %s cannot be made: %s", strbuf_str(&b),
				strerror(-rc));
	} else if (check_own(strbuf_str(&b), &err) < 0) {
		if (is_first(p, REASON_NOT_OWN))
			log_warn(config->log, p->name, "plugin %s works without its state directory: %s", p->name, err.text);
	} else {
		p->state_dir = strbuf_steal(&b);
	}
	strbuf_free(&b);
	return p->state_dir;
}

void state_dir_forget(struct plugin *p)
{
	x_free(p->state_dir);
	p->state_dir = NULL;
}
