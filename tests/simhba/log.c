/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the adapters were sent, as lines in /proc/miscsi_simhba/log (writing anything empties it), and /proc/miscsi_simhba/do,
 * which takes a command.
 */
#include "sim.h"
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#define LOG_SIZE (512 * 1024)

static DEFINE_SPINLOCK(log_lock);
static char *text;
static size_t used;
static struct proc_dir_entry *folder;

void sim_log(const char *format, ...)
{
	unsigned long flags;
	va_list ap;

	spin_lock_irqsave(&log_lock, flags);
	if (text && used + 2 < LOG_SIZE) {
		va_start(ap, format);
		used += vscnprintf(text + used, LOG_SIZE - used - 1, format, ap);
		va_end(ap);
		text[used++] = '\n';
	}
	spin_unlock_irqrestore(&log_lock, flags);
}

void sim_log_bytes(const char *what, const void *data, size_t length)
{
	char *hex = kmalloc(2 * length + 1, GFP_ATOMIC);

	if (!hex)
		return;
	bin2hex(hex, data, length);
	hex[2 * length] = '\0';
	sim_log("%s: %s", what, hex);
	kfree(hex);
}

static ssize_t log_read(struct file *file, char __user *to, size_t count, loff_t *at)
{
	char *copy = vmalloc(LOG_SIZE);
	unsigned long flags;
	size_t length;
	ssize_t n;

	if (!copy)
		return -ENOMEM;
	spin_lock_irqsave(&log_lock, flags);
	length = used;
	memcpy(copy, text, used);
	spin_unlock_irqrestore(&log_lock, flags);
	n = simple_read_from_buffer(to, count, at, copy, length);
	vfree(copy);
	return n;
}

static ssize_t log_write(struct file *file, const char __user *from, size_t count, loff_t *at)
{
	unsigned long flags;

	spin_lock_irqsave(&log_lock, flags);
	used = 0;
	spin_unlock_irqrestore(&log_lock, flags);
	return count;
}

static ssize_t do_write(struct file *file, const char __user *from, size_t count, loff_t *at)
{
	char *words = memdup_user_nul(from, min_t(size_t, count, 1024));
	int rc;

	if (IS_ERR(words))
		return PTR_ERR(words);
	rc = sim_command(strim(words));
	kfree(words);
	return rc ? rc : count;
}

static const struct proc_ops log_ops = { .proc_read = log_read, .proc_write = log_write, .proc_lseek = default_llseek };
static const struct proc_ops do_ops = { .proc_write = do_write };

int log_start(void)
{
	text = vmalloc(LOG_SIZE);
	if (!text)
		return -ENOMEM;
	folder = proc_mkdir("miscsi_simhba", NULL);
	if (!folder || !proc_create("log", 0600, folder, &log_ops) || !proc_create("do", 0200, folder, &do_ops)) {
		log_stop();
		return -ENOMEM;
	}
	return 0;
}

void log_stop(void)
{
	unsigned long flags;
	char *was;

	proc_remove(folder);
	spin_lock_irqsave(&log_lock, flags);
	was = text;
	text = NULL;
	spin_unlock_irqrestore(&log_lock, flags);
	vfree(was);
}
