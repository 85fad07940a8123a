/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One look at a time, and what the last one found. */
#include "config.h"
#include "daemon/identity.h"
#include "base/mem.h"
#include "record/recfile.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define WAIT_KNOWN_MS 1000
#define WAIT_UNKNOWN_MS 10000

/* What a helper found. */
struct names {
	struct err err;
	char name[512], alias[512]; /* alias "": none */
};

struct identity {
	struct identity_config config;
	struct helper_job job;
	struct loop_timer limit;
	struct loop_task failed; /* a look that could not begin */
	bool under_way, waited_for;
	char *name, *alias; /* NULL: not known; none */
	int rc; /* of the last look */
	struct err err;
};

static int copy_name(char *to, size_t size, const char *from, const char *path, struct err *err)
{
	if (strlen(from) >= size)
		return err_set(err, MISCSI_ERR_INVAL,
			"InitiatorName or InitiatorAlias in %s is longer than %zu bytes: shorten it", path, size - 1);
	strcpy(to, from);
	return 0;
}

/* In a helper, or at the start. The request is the path. */
static int identity_run(const void *request, size_t len, void *answer, size_t *answer_len)
{
	cleanup(x_freep) char *name = NULL, *alias = NULL;
	const char *path = request;
	struct names *n = answer;
	int rc;

	(void)len;
	memset(n, 0, sizeof(*n));
	rc = recfile_initiatorname(path, &name, &alias, &n->err);
	if (rc == 0)
		rc = copy_name(n->name, sizeof(n->name), name, path, &n->err);
	if (rc == 0 && alias)
		rc = copy_name(n->alias, sizeof(n->alias), alias, path, &n->err);
	*answer_len = sizeof(*n);
	return rc;
}

/* After a failure the name of an earlier time stays; a disk that fails is no reason not to use it. */
static void take_names(struct identity *i, int result, const struct names *n)
{
	if (i->name && (result == -EIO || !n))
		return;
	i->rc = result;
	if (!n)
		err_sys(&i->err, MISCSI_ERR_INTERNAL, result < 0 ? -result : EIO,
			"cannot read the initiator name (InitiatorName) from %s", i->config.path);
	else
		err_copy(&i->err, &n->err);
	if (result < 0 || !n)
		return;
	if (x_strset(&i->name, n->name) < 0 || x_strset(&i->alias, *n->alias ? n->alias : NULL) < 0)
		i->rc = err_nomem(&i->err, "the initiator name");
}

static void answer_all(struct identity *i)
{
	if (!i->waited_for)
		return;
	i->waited_for = false;
	loop_timer_cancel(i->config.loop, &i->limit);
	i->config.done(i->config.arg);
}

static void identity_looked(struct helper_job *j, int result, const void *answer, size_t len)
{
	struct identity *i = container_of(j, struct identity, job);

	i->under_way = false;
	take_names(i, result, len == sizeof(struct names) ? answer : NULL);
	answer_all(i);
}

static void identity_late(void *arg)
{
	struct identity *i = arg;

	if (!i->name)
		i->rc = err_set(&i->err, MISCSI_ERR_INVAL,
			"cannot read the initiator name from %s within %d s: check the disk or file server that holds it",
			i->config.path, WAIT_UNKNOWN_MS / 1000);
	answer_all(i);
}

static void identity_not_begun(void *arg)
{
	answer_all(arg);
}

int identity_new(const struct identity_config *config, struct identity **out)
{
	cleanup(x_freep) struct names *n = x_new(struct names);
	struct identity *i = n ? x_new(struct identity) : NULL;
	size_t len = 0;

	if (!i)
		return -ENOMEM;
	i->config = *config;
	i->job = (struct helper_job){ .run = identity_run, .done = identity_looked };
	take_names(i, identity_run(config->path, 0, n, &len), n);
	*out = i;
	return 0;
}

void identity_free(struct identity *i)
{
	if (!i)
		return;
	loop_timer_cancel(i->config.loop, &i->limit);
	loop_task_cancel(i->config.loop, &i->failed);
	if (i->under_way)
		helper_cancel(&i->job);
	x_free(i->name);
	x_free(i->alias);
	x_free(i);
}

void identity_look(struct identity *i)
{
	uint64_t limit = i->name ? WAIT_KNOWN_MS : WAIT_UNKNOWN_MS;

	if (i->waited_for)
		return;
	i->waited_for = true;
	if (!i->under_way)
		i->under_way = helper_submit(i->config.helpers, &i->job, i->config.path, strlen(i->config.path) + 1) == 0;
	if (i->under_way)
		loop_timer_set(i->config.loop, &i->limit, limit, identity_late, i);
	else
		loop_defer(i->config.loop, &i->failed, identity_not_begun, i);
}

int identity_get(const struct identity *i, const char **name, const char **alias, struct err *err)
{
	*name = i->name;
	*alias = i->alias;
	if (i->rc < 0 && err)
		err_copy(err, &i->err);
	return i->rc;
}
