/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CHAP table of an adapter: get, set, delete. */
#include "sim.h"

static void put(struct chap *c, int type, const char *user, const char *secret)
{
	memset(c, 0, sizeof(*c));
	c->valid = true;
	c->type = type;
	strscpy(c->user, user, sizeof(c->user));
	strscpy(c->secret, secret, sizeof(c->secret));
	c->length = strlen(c->secret);
}

void chap_start(struct host *h)
{
	put(&h->chap[0], CHAP_TYPE_OUT, "simuser0", "simsecret000");
	put(&h->chap[3], CHAP_TYPE_IN, "simuser3", "simsecret003");
}

/* A driver's own error is lost on the way, so it is told as no entries. */
int chap_get(struct Scsi_Host *shost, u16 index, u32 *count, char *buf)
{
	struct host *h = sim_host(shost);
	struct iscsi_chap_rec *rec = (void *)buf;
	u32 room = *count, n = 0, i;

	sim_log("host%u GET_CHAP from %u room %u", shost->host_no, index, room);
	mutex_lock(&h->lock);
	for (i = index; i < SIM_CHAPS && n < room; i++) {
		if (!h->chap[i].valid)
			continue;
		rec[n].chap_tbl_idx = i;
		rec[n].chap_type = h->chap[i].type;
		memcpy(rec[n].username, h->chap[i].user, sizeof(rec[n].username));
		memcpy(rec[n].password, h->chap[i].secret, sizeof(rec[n].password));
		rec[n].password_length = h->chap[i].length;
		n++;
	}
	mutex_unlock(&h->lock);
	*count = n;
	return 0;
}

static bool busy(struct host *h, int index)
{
	struct session *s;

	if (chap_busy)
		return true;
	list_for_each_entry(s, &h->sessions, list) if (s->chap_index == index) return true;
	return false;
}

/* The record that a request describes, all attributes of it. */
static int parse(struct host *h, void *data, int len, struct chap *c, int *index)
{
	struct nlattr *a;
	int left;

	memset(c, 0, sizeof(*c));
	c->valid = true;
	c->type = CHAP_TYPE_OUT;
	*index = U16_MAX;
	nla_for_each_attr(a, data, len, left)
	{
		struct iscsi_param_info *p = nla_data(a);

		if (nla_len(a) < (int)sizeof(*p) + 1 || p->len > nla_len(a) - sizeof(*p))
			return -EINVAL;
		sim_log("host%u SET_CHAP param %u nla %u len %u", h->shost->host_no, p->param, nla_type(a), p->len);
		sim_log_bytes(" value", p->value, p->len);
		switch (p->param) {
		case ISCSI_CHAP_PARAM_INDEX:
			*index = get_unaligned((u16 *)p->value);
			break;
		case ISCSI_CHAP_PARAM_CHAP_TYPE:
			c->type = p->value[0];
			break;
		case ISCSI_CHAP_PARAM_USERNAME:
			memcpy(c->user, p->value, min_t(size_t, p->len, sizeof(c->user) - 1));
			break;
		case ISCSI_CHAP_PARAM_PASSWORD:
			memcpy(c->secret, p->value, min_t(size_t, p->len, sizeof(c->secret) - 1));
			break;
		case ISCSI_CHAP_PARAM_PASSWORD_LEN:
			c->length = p->value[0];
			break;
		default:
			return -ENOSYS;
		}
	}
	c->secret[c->length] = '\0';
	return 0;
}

static int place(struct host *h, const struct chap *c, int index)
{
	int i;

	if (index < SIM_CHAPS) {
		if (h->chap[index].valid && h->chap[index].type != c->type)
			return -EINVAL;
		return busy(h, index) ? -EBUSY : index;
	}
	for (i = 0; i < SIM_CHAPS; i++)
		if (!h->chap[i].valid)
			return i;
	return -EBUSY;
}

int chap_set(struct Scsi_Host *shost, void *data, int len)
{
	struct host *h = sim_host(shost);
	struct chap *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int index, rc;

	if (!c)
		return -ENOMEM;
	mutex_lock(&h->lock);
	rc = parse(h, data, len, c, &index);
	if (!rc)
		rc = place(h, c, index);
	if (rc >= 0) {
		h->chap[rc] = *c;
		sim_log("host%u SET_CHAP chose %d", shost->host_no, rc);
		rc = 0;
	}
	mutex_unlock(&h->lock);
	kfree(c);
	return rc;
}

int chap_delete(struct Scsi_Host *shost, u16 index)
{
	struct host *h = sim_host(shost);
	int rc = 0;

	sim_log("host%u DELETE_CHAP %u", shost->host_no, index);
	if (index >= SIM_CHAPS)
		return -EINVAL;
	mutex_lock(&h->lock);
	if (busy(h, index))
		rc = -EBUSY;
	else
		h->chap[index].valid = false;
	mutex_unlock(&h->lock);
	return rc;
}
