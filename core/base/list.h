/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intrusive doubly linked lists: the node is a member of the listed structure. Each list's owner documents whether it owns the
 * entries.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/mem.h"
#include <stdbool.h>

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(l) \
	{ \
		&(l), &(l) \
	}

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

/* Also true for a zeroed node, which was never on a list. */
static inline bool list_empty(const struct list *l)
{
	return !l->next || l->next == l;
}

static inline void list_insert(struct list *after, struct list *node)
{
	node->prev = after;
	node->next = after->next;
	after->next->prev = node;
	after->next = node;
}

static inline void list_append(struct list *l, struct list *node)
{
	list_insert(l->prev, node);
}

/* Removes a node from its list; a node without a list is allowed. */
static inline void list_remove(struct list *node)
{
	if (list_empty(node))
		return;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first(l, type, member) (list_empty(l) ? (type *)NULL : list_entry((l)->next, type, member))

/*
 * By arithmetic, not by &pos->member: at the end pos is computed from the head, which may be aligned less than entries are.
 */
#define list_node(pos, member) ((struct list *)(void *)((char *)(pos) + offsetof(__typeof__(*(pos)), member)))
#define list_next(pos, member) list_entry(list_node(pos, member)->next, __typeof__(*(pos)), member)

#define list_for_each(pos, l, member) \
	for (pos = list_entry((l)->next, __typeof__(*pos), member); list_node(pos, member) != (l); pos = list_next(pos, member))

/* The body may remove pos. */
#define list_for_each_safe(pos, tmp, l, member) \
	for (pos = list_entry((l)->next, __typeof__(*pos), member), tmp = list_next(pos, member); list_node(pos, member) != (l); \
		pos = tmp, tmp = list_next(pos, member))

#endif
