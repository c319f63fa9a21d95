// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of open iommufds under debugfs. See debugfs.h.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "ctx.h"
#include "debugfs.h"
#include "object.h"
#include "race_point.h"

/**
 * struct debugfs_view - see debugfs.h
 * @refs: the iommufd, and those who read
 * @lock: held for reading for a step; for writing as the iommufd ends
 * @ictx: the iommufd; NULL when it has ended
 * @dentry: the file
 * @number: of the iommufd
 * @pid: who opened it
 * @comm: its name
 */
struct debugfs_view {
	struct kref refs;
	struct rw_semaphore lock; /* the end of the iommufd */
	struct iommufd_ctx *ictx;
	struct dentry *dentry;
	u32 number;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

static debugfs_fn ioas_fn;
static struct dentry *views_dir;

static const char *const type_names[IOMMUFD_OBJ_MAX] = {
	[IOMMUFD_OBJ_ACCESS] = "access",
	[IOMMUFD_OBJ_DEVICE] = "device",
	[IOMMUFD_OBJ_FAULT] = "fault-queue",
	[IOMMUFD_OBJ_HWPT_NESTED] = "hwpt-nested",
	[IOMMUFD_OBJ_HWPT_PAGING] = "hwpt",
	[IOMMUFD_OBJ_HW_QUEUE] = "hw-queue",
	[IOMMUFD_OBJ_IOAS] = "ioas",
	[IOMMUFD_OBJ_VDEVICE] = "vdevice",
	[IOMMUFD_OBJ_VEVENTQ] = "event-queue",
	[IOMMUFD_OBJ_VIOMMU] = "viommu",
};

static void free_view(struct kref *refs)
{
	kfree(container_of(refs, struct debugfs_view, refs));
}

/* The next object that is visible. What is not, is on its way in or out. */
static int step_to_object(struct iommufd_ctx *ictx,
			  struct debugfs_reader *reader)
{
	const struct iommufd_object *obj;
	unsigned long id = (unsigned long)reader->id + 1;
	const char *name;

	rcu_read_lock();
	obj = xa_find(&ictx->objects.objects, &id, U32_MAX, XA_PRESENT);
	if (obj) {
		name = type_names[obj->type] ?: "other";
		scnprintf(reader->line, sizeof(reader->line),
			  "%lu %s users=%u\n", id, name,
			  refcount_read(&obj->users) - 1);
		reader->in_object = obj->type == IOMMUFD_OBJ_IOAS;
	}
	rcu_read_unlock();
	if (!obj)
		return DEBUGFS_OVER;
	reader->id = id;
	reader->stage = 0;
	return DEBUGFS_LINE;
}

static int step_in_ioas(struct iommufd_ctx *ictx, struct debugfs_reader *reader)
{
	struct iommufd_object *obj;
	int step = DEBUGFS_OVER;

	/* Another one may have its ID by now. */
	obj = object_get(&ictx->objects, reader->id, IOMMUFD_OBJ_IOAS);
	if (!IS_ERR(obj)) {
		step = ioas_fn(obj, reader);
		object_put(&ictx->objects, obj);
	}
	if (step != DEBUGFS_OVER)
		return step;
	reader->in_object = false;
	return DEBUGFS_MORE;
}

/* With the iommufd there, but for the end of all. */
static int one_step(struct debugfs_reader *reader)
{
	struct debugfs_view *view = reader->view;
	int step = DEBUGFS_OVER;

	down_read(&view->lock);
	race_point("debugfs:locked");
	if (view->ictx)
		step = reader->in_object ? step_in_ioas(view->ictx, reader) :
					   step_to_object(view->ictx, reader);
	up_read(&view->lock);
	return step;
}

/* Make the next line. Returns false at the end, and when the reader is killed. */
static bool make_line(struct debugfs_reader *reader)
{
	int step;

	do {
		step = one_step(reader);
		race_point("debugfs:stepped");
		if (step == DEBUGFS_LATER)
			schedule_timeout_killable(1);
		else
			cond_resched();
		if (fatal_signal_pending(current))
			return false;
	} while (step != DEBUGFS_LINE && step != DEBUGFS_OVER);
	return step == DEBUGFS_LINE;
}

static void make_first_line(struct debugfs_reader *reader)
{
	const struct debugfs_view *view = reader->view;

	reader->id = 0;
	reader->in_object = false;
	scnprintf(reader->line, sizeof(reader->line),
		  "iommufd=%u opened by %d %s\n", view->number, view->pid,
		  view->comm);
}

static void *reader_next(struct seq_file *file, void *v, loff_t *pos)
{
	struct debugfs_reader *reader = file->private;

	++*pos;
	if (make_line(reader))
		return reader;
	reader->line[0] = '\0';
	return NULL;
}

/*
 * Lines come one after the other, or again from the first one on. One that did not fit
 * into what was read is still there, and there is none behind the last.
 */
static void *reader_start(struct seq_file *file, loff_t *pos)
{
	struct debugfs_reader *reader = file->private;

	if (!*pos)
		make_first_line(reader);
	return reader->line[0] ? reader : NULL;
}

static void reader_stop(struct seq_file *file, void *v)
{
}

static int reader_show(struct seq_file *file, void *v)
{
	const struct debugfs_reader *reader = v;

	seq_puts(file, reader->line);
	return 0;
}

static const struct seq_operations reader_ops = {
	.start = reader_start,
	.next = reader_next,
	.stop = reader_stop,
	.show = reader_show,
};

/* The file is there, and with it what it holds of the view. */
static int view_open(struct inode *inode, struct file *file)
{
	struct debugfs_view *view = inode->i_private;
	struct debugfs_reader *reader;

	reader = __seq_open_private(file, &reader_ops, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	kref_get(&view->refs);
	reader->view = view;
	return 0;
}

static int view_release(struct inode *inode, struct file *file)
{
	const struct seq_file *seq = file->private_data;
	const struct debugfs_reader *reader = seq->private;

	kref_put(&reader->view->refs, free_view);
	return seq_release_private(inode, file);
}

static const struct file_operations view_fops = {
	.owner = THIS_MODULE,
	.open = view_open,
	.read_iter = seq_read_iter,
	.llseek = seq_lseek,
	.release = view_release,
};

/**
 * debugfs_set_up() - have a directory for the files of iommufds
 * @show_ioas: makes the lines of an IOAS, but for the first one, which all objects
 *             have
 *
 * Context: Before /dev/iommu can be opened.
 */
void debugfs_set_up(debugfs_fn show_ioas)
{
	ioas_fn = show_ioas;
	views_dir = debugfs_create_dir("iommufd", NULL);
}

/**
 * debugfs_end() - undo debugfs_set_up()
 *
 * Context: No iommufd is open.
 */
void debugfs_end(void)
{
	debugfs_remove(views_dir);
}

/**
 * debugfs_open_view() - have a file for an iommufd
 * @ictx: the iommufd; it has its number, and its table of objects
 *
 * Context: Process; sleeps.
 * Return: for debugfs_close_view(); NULL where there is no memory for it, and no file
 * either.
 */
struct debugfs_view *debugfs_open_view(struct iommufd_ctx *ictx)
{
	struct debugfs_view *view = kzalloc_obj(*view, GFP_KERNEL_ACCOUNT);
	char name[32];

	if (!view)
		return NULL;
	kref_init(&view->refs);
	init_rwsem(&view->lock);
	view->ictx = ictx;
	view->number = ictx->number;
	view->pid = task_tgid_nr(current);
	get_task_comm(view->comm, current);
	scnprintf(name, sizeof(name), "%d-%u", view->pid, view->number);
	/* The view outlives its iommufd: the file needs nothing to protect it. */
	view->dentry = debugfs_create_file_unsafe(name, 0400, views_dir, view,
						  &view_fops);
	return view;
}

/**
 * debugfs_close_view() - the iommufd ends
 * @view: what debugfs_open_view() returned
 *
 * Nobody looks at the iommufd when this returns.
 *
 * Context: Process; waits for the one step that each reader may be in.
 */
void debugfs_close_view(struct debugfs_view *view)
{
	if (!view)
		return;
	race_point("debugfs:closing");
	down_write(&view->lock);
	view->ictx = NULL;
	up_write(&view->lock);
	race_point("debugfs:closed");
	/* Nobody opens it any more. */
	debugfs_remove(view->dentry);
	kref_put(&view->refs, free_view);
}
