// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of an IOAS, for those who use them with the CPU, and for hardware that reads
 * and writes them by itself.
 *
 * An area that is pinned, or being read or written, can not be unmapped. Who
 * unmaps it asks them to let go (notify.c). Pages that hardware owns (a guest's
 * queues) are different: nobody can be asked, so unmapping fails.
 *
 * Where memory is can be asked, too: the extents know, and no IO page table is read.
 */
#include <linux/bits.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "area.h"
#include "core/core.h"
#include "core/killed.h"
#include "ioas.h"
#include "memory/memory.h"

/**
 * struct area_pin - pages of an area that accesses have pinned
 * @node: the range of page indexes, in the area's pins
 * @claim: the same range, in the backing's claims
 * @nr: how many times it is pinned
 */
struct area_pin {
	struct interval_tree_node node;
	struct interval_tree_node claim;
	unsigned int nr;
};

/**
 * struct piece - the part of a range of IOVAs that lies in one area
 * @area: the area; in use
 * @start_byte: where the part begins in the backing
 * @length_bytes: its length
 */
struct piece {
	struct area *area;
	unsigned long start_byte;
	unsigned long length_bytes;
};

/* What a piece is used for. */
#define USE_READ	0
#define USE_WRITE	BIT(0)
/* By hardware, until it gives it up itself */
#define USE_OWN		BIT(1)
/* Not the memory, but where it is */
#define USE_FIND	BIT(2)

static unsigned long piece_first_index(const struct piece *piece)
{
	return piece->start_byte >> PAGE_SHIFT;
}

static unsigned long piece_last_index(const struct piece *piece)
{
	return (piece->start_byte + piece->length_bytes - 1) >> PAGE_SHIFT;
}

/* The piece that @first is in, as far as @last; the area is then in use. */
static int get_piece(struct iommufd_ioas *ioas, unsigned long first,
		     unsigned long last, unsigned int use, struct piece *piece)
{
	int prot = use & USE_WRITE ? IOMMU_WRITE : IOMMU_READ;
	struct area *area;
	int rc = 0;

	spin_lock(&ioas->space.lock);
	area = area_of(iova_space_find(&ioas->space, first, first));
	if (!area || area->blocked || area_is_busy(area)) {
		rc = -ENOENT;
	} else if (!(use & USE_FIND) && !backing_has_pages(area->backing)) {
		rc = -EINVAL;
	} else if (!(use & USE_FIND) && !(area->prot & prot)) {
		rc = -EPERM;
	} else {
		area->nr_users++;
		area->nr_owners += !!(use & USE_OWN);
		piece->area = area;
		piece->start_byte = area->start_byte + first - area->node.first;
		piece->length_bytes = min(last, area->node.last) - first + 1;
	}
	spin_unlock(&ioas->space.lock);
	return rc;
}

static void put_piece(struct iommufd_ioas *ioas, const struct piece *piece,
		      unsigned int use)
{
	bool unused;

	spin_lock(&ioas->space.lock);
	piece->area->nr_owners -= !!(use & USE_OWN);
	unused = !--piece->area->nr_users;
	spin_unlock(&ioas->space.lock);
	if (unused)
		wake_up_all(&ioas->unused);
}

/* The pin of exactly these pages. Its area is in use, or going to be. */
static struct area_pin *find_pin(const struct piece *piece)
{
	unsigned long first_index = piece_first_index(piece);
	unsigned long last_index = piece_last_index(piece);
	struct interval_tree_node *node;

	for (node = interval_tree_iter_first(&piece->area->pins, first_index,
					     last_index);
	     node;
	     node = interval_tree_iter_next(node, first_index, last_index)) {
		if (node->start == first_index && node->last == last_index)
			return container_of(node, struct area_pin, node);
	}
	return NULL;
}

/* Pin one piece, or pin it once more. Its area stays in use on success. */
static int pin_piece(const struct piece *piece)
{
	struct backing *backing = piece->area->backing;
	struct area_pin *pin;
	int rc;

	rc = mutex_lock_killable(&backing->pins_lock);
	if (rc)
		return rc;
	pin = find_pin(piece);
	if (pin) {
		pin->nr++;
		goto out_unlock;
	}
	rc = -ENOMEM;
	pin = kmalloc_obj(*pin, GFP_KERNEL_ACCOUNT);
	if (!pin)
		goto out_unlock;
	pin->nr = 1;
	pin->node.start = piece_first_index(piece);
	pin->node.last = piece_last_index(piece);
	rc = backing_claim(backing, &pin->claim, pin->node.start,
			   pin->node.last);
	if (rc < 0) {
		kfree(pin);
		goto out_unlock;
	}
	interval_tree_insert(&pin->node, &piece->area->pins);
	rc = 0;
out_unlock:
	mutex_unlock(&backing->pins_lock);
	return rc;
}

/* Returns false when it was not pinned. */
static bool unpin_piece(const struct piece *piece)
{
	struct backing *backing = piece->area->backing;
	struct area_pin *pin;

	mutex_lock(&backing->pins_lock);
	pin = find_pin(piece);
	if (pin && !--pin->nr) {
		interval_tree_remove(&pin->node, &piece->area->pins);
		backing_unclaim(backing, &pin->claim);
		kfree(pin);
	}
	mutex_unlock(&backing->pins_lock);
	return pin;
}

/*
 * Can the pages of a piece be given to the caller, one for each PAGE_SIZE of
 * IOVAs? Pages and IOVAs do not fit together in the midst of a page; and a page
 * of which only a part is used leaves no place in between, but may be the last.
 */
static bool is_in_pages(const struct piece *piece, bool is_last)
{
	unsigned long end_byte = piece->start_byte + piece->length_bytes;

	return !offset_in_page(piece->start_byte) &&
	       (is_last || !offset_in_page(end_byte));
}

/* Give the pages of a pinned piece to the caller. Returns how many. */
static unsigned long write_pages(const struct piece *piece,
				 struct page **out_pages)
{
	struct backing *backing = piece->area->backing;
	struct backing_walk walk;
	unsigned long nr = 0;

	mutex_lock(&backing->lock);
	backing_walk_start(backing, &walk, piece_first_index(piece),
			   piece_last_index(piece));
	while (walk.npages) {
		out_pages[nr++] = pfn_to_page(walk.pfn);
		backing_walk_skip(&walk, 1);
	}
	mutex_unlock(&backing->lock);
	return nr;
}

/* Undo pins of a range, of which all of the pieces are pinned. */
static void unpin_locked(struct iommufd_ioas *ioas, unsigned long first,
			 unsigned long last, unsigned int use)
{
	struct piece piece;
	struct area *area;
	bool unpinned;

	for (;;) {
		spin_lock(&ioas->space.lock);
		area = area_of(iova_space_find(&ioas->space, first, first));
		spin_unlock(&ioas->space.lock);
		/* A pinned area is not unmapped, so it is there. */
		if (WARN_ON(!area))
			return;
		piece.area = area;
		piece.start_byte = area->start_byte + first - area->node.first;
		piece.length_bytes = min(last, area->node.last) - first + 1;
		unpinned = unpin_piece(&piece);
		race_point("pages:unpinned");
		first = area->node.last + 1;
		if (!WARN_ON(!unpinned))
			put_piece(ioas, &piece, use);
		if (first > last || !first)
			return;
		cond_resched();
	}
}

static __always_inline int pin_pieces(struct iommufd_ioas *ioas,
				      unsigned long first, unsigned long last,
				      struct page **out_pages, unsigned int use,
				      struct trace_op *op)
{
	u64 begin_ns = trace_stage_begin(op);
	unsigned long at = first;
	struct piece piece;
	bool is_last;
	int rc;

	rc = down_read_killable(&ioas->domains_rwsem);
	trace_stage_end(op, TRACE_WAIT, begin_ns);
	if (rc)
		return rc;
	for (;;) {
		rc = get_piece(ioas, at, last, use, &piece);
		if (rc)
			goto err_unpin;
		race_point("pages:in-use");
		is_last = piece.length_bytes > last - at;
		begin_ns = trace_stage_begin(op);
		rc = is_in_pages(&piece, is_last) ? pin_piece(&piece) : -EINVAL;
		trace_stage_end(op, TRACE_PIN, begin_ns);
		if (rc) {
			put_piece(ioas, &piece, use);
			goto err_unpin;
		}
		race_point("pages:pinned");
		out_pages += write_pages(&piece, out_pages);
		if (is_last)
			break;
		at += piece.length_bytes;
		rc = cond_resched_killable();
		if (rc)
			goto err_unpin;
	}
	up_read(&ioas->domains_rwsem);
	return 0;

err_unpin:
	if (at != first)
		unpin_locked(ioas, first, at - 1, use);
	up_read(&ioas->domains_rwsem);
	return rc;
}

static noinline int pin_pages_traced(struct iommufd_ioas *ioas,
				     unsigned long first, unsigned long last,
				     struct page **out_pages, unsigned int use)
{
	struct trace_op op;
	int rc;

	trace_op_begin(&op);
	rc = pin_pieces(ioas, first, last, out_pages, use, &op);
	trace_op_end(&op);
	trace_ioas_pin_pages(ioas->ictx->number, ioas->obj.id, first,
			     last - first + 1, use & USE_WRITE, rc, &op);
	return rc;
}

static int pin_pages(struct iommufd_ioas *ioas, unsigned long first,
		     unsigned long last, struct page **out_pages,
		     unsigned int use)
{
	if (trace_ioas_pin_pages_enabled())
		return pin_pages_traced(ioas, first, last, out_pages, use);
	return pin_pieces(ioas, first, last, out_pages, use, NULL);
}

static void unpin_pages(struct iommufd_ioas *ioas, unsigned long first,
			unsigned long last, unsigned int use)
{
	trace_ioas_unpin_pages(ioas->ictx->number, ioas->obj.id, first,
			       last - first + 1);
	down_read(&ioas->domains_rwsem);
	unpin_locked(ioas, first, last, use);
	up_read(&ioas->domains_rwsem);
}

/**
 * ioas_pin_pages() - pin pages for an access
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA, inclusive
 * @out_pages: set to the pages
 * @write: they will be written to
 *
 * Context: Process; sleeps, faults in user memory.
 * Return: as iommufd_access_pin_pages().
 */
int ioas_pin_pages(struct iommufd_ioas *ioas, unsigned long first,
		   unsigned long last, struct page **out_pages, bool write)
{
	return pin_pages(ioas, first, last, out_pages,
			 write ? USE_WRITE : USE_READ);
}

/**
 * ioas_unpin_pages() - undo ioas_pin_pages()
 * @ioas: the IOAS
 * @first: as it was pinned
 * @last: as it was pinned
 *
 * Context: Process; sleeps.
 */
void ioas_unpin_pages(struct iommufd_ioas *ioas, unsigned long first,
		      unsigned long last)
{
	unpin_pages(ioas, first, last, USE_READ);
}

/**
 * ioas_own_pages() - pin pages that hardware will read and write
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA, inclusive
 * @out_pages: set to the pages
 *
 * They can not be unmapped before ioas_disown_pages(): -EBUSY.
 *
 * Context: Process; sleeps, faults in user memory.
 * Return: as iommufd_access_pin_pages().
 */
int ioas_own_pages(struct iommufd_ioas *ioas, unsigned long first,
		   unsigned long last, struct page **out_pages)
{
	return pin_pages(ioas, first, last, out_pages, USE_WRITE | USE_OWN);
}

/**
 * ioas_disown_pages() - undo ioas_own_pages()
 * @ioas: the IOAS
 * @first: as it was pinned
 * @last: as it was pinned
 *
 * Context: Process; sleeps.
 */
void ioas_disown_pages(struct iommufd_ioas *ioas, unsigned long first,
		       unsigned long last)
{
	unpin_pages(ioas, first, last, USE_OWN);
}

/**
 * ioas_rw() - read or write memory for an access
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA, inclusive
 * @data: where to read to, or write from
 * @write: write
 *
 * Context: Process; sleeps, faults in user memory.
 * Return: as iommufd_access_rw().
 */
int ioas_rw(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
	    void *data, bool write)
{
	struct piece piece;
	int rc;

	rc = down_read_killable(&ioas->domains_rwsem);
	if (rc)
		return rc;
	for (;;) {
		rc = get_piece(ioas, first, last,
			       write ? USE_WRITE : USE_READ, &piece);
		if (rc)
			break;
		race_point("pages:in-use");
		rc = backing_rw(piece.area->backing, piece.start_byte, data,
				piece.length_bytes, write);
		put_piece(ioas, &piece, USE_READ);
		if (rc || piece.length_bytes > last - first)
			break;
		first += piece.length_bytes;
		data += piece.length_bytes;
		rc = cond_resched_killable();
		if (rc)
			break;
	}
	up_read(&ioas->domains_rwsem);
	return rc;
}

/* Is there a domain of devices without an IOMMU? Then all of the IOAS is pinned. */
static bool has_no_table(struct iommufd_ioas *ioas)
{
	struct ioas_domain *member;

	list_for_each_entry(member, &ioas->domains, node) {
		if (member->no_table)
			return true;
	}
	return false;
}

/* The memory of a piece, from its start on as far as it is in one. */
static int find_run(const struct piece *piece, u64 *phys, u64 *length_bytes)
{
	unsigned long skip_bytes = offset_in_page(piece->start_byte);
	struct backing *backing = piece->area->backing;
	struct backing_walk walk;
	int rc;

	if (!backing_has_pages(backing)) {
		if (backing->ops->is_lost(backing))
			return -ENOENT;
		*phys = backing->start + piece->start_byte;
		*length_bytes = piece->length_bytes;
		return 0;
	}
	rc = mutex_lock_killable(&backing->lock);
	if (rc)
		return rc;
	backing_walk_start(backing, &walk, piece_first_index(piece),
			   piece_last_index(piece));
	*phys = PFN_PHYS(walk.pfn) + skip_bytes;
	*length_bytes = min(PFN_PHYS(walk.npages) - skip_bytes,
			    piece->length_bytes);
	mutex_unlock(&backing->lock);
	return 0;
}

static int find_from(struct iommufd_ioas *ioas, unsigned long first,
		     unsigned long last, u64 *phys, u64 *length_bytes)
{
	struct piece piece;
	int rc;

	rc = get_piece(ioas, first, last, USE_FIND, &piece);
	if (rc)
		return rc;
	race_point("pages:in-use");
	rc = find_run(&piece, phys, length_bytes);
	put_piece(ioas, &piece, USE_FIND);
	return rc;
}

/**
 * ioas_find_phys() - where memory is that devices without an IOMMU use
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA, inclusive
 * @phys: set to the address of what is mapped at @first
 * @length_bytes: set to how much follows there, in memory as in IOVAs, also where
 *                that is several mappings; as far as @last
 *
 * It stays there until it is unmapped, or the last such device is detached.
 *
 * Context: Process; sleeps.
 * Return: 0, or
 *
 * * -EOPNOTSUPP: @ioas has no HWPT of a device without an IOMMU
 * * -ENOENT: nothing is mapped at @first, or what was is just being unmapped, or was
 *   revoked by its exporter
 * * -EINTR: a fatal signal while waiting
 */
int ioas_find_phys(struct iommufd_ioas *ioas, unsigned long first,
		   unsigned long last, u64 *phys, u64 *length_bytes)
{
	u64 next_phys, n;
	int rc;

	rc = down_read_killable(&ioas->domains_rwsem);
	if (rc)
		return rc;
	rc = -EOPNOTSUPP;
	if (has_no_table(ioas))
		rc = find_from(ioas, first, last, phys, &n);
	if (rc)
		goto out_unlock;
	for (*length_bytes = n; n <= last - first; *length_bytes += n) {
		first += n;
		rc = cond_resched_killable();
		if (rc)
			goto out_unlock;
		/* What comes next and can not be told is not asked for. */
		if (find_from(ioas, first, last, &next_phys, &n) ||
		    next_phys != *phys + *length_bytes)
			break;
	}
out_unlock:
	up_read(&ioas->domains_rwsem);
	return rc;
}
