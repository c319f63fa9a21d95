// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs and drivers do to the objects of a world. See ops.h.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>
#include <uapi/linux/vfio.h>

#include "ops.h"

#define MAP_FLAGS \
	(IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | \
	 IOMMU_IOAS_MAP_WRITEABLE)

/* Where in its page an operation has what its structure points to. */
#define DATA_OFFSET	2048

static u64 data_of(const struct actor *actor)
{
	return actor->arg + DATA_OFFSET;
}

static int put_data(const struct actor *actor, const void *data, size_t bytes)
{
	return copy_to_user((void __user *)data_of(actor), data, bytes) ?
	       -EFAULT : 0;
}

static long call(struct actor *actor, unsigned int cmd, void *arg,
		 size_t size_bytes)
{
	*(u32 *)arg = size_bytes;
	if (copy_to_user((void __user *)actor->arg, arg, size_bytes))
		return -EFAULT;
	return iofd_raw_ioctl(&actor->world->rig.iofd, cmd, actor->arg);
}

#define CALL(actor, cmd, arg)	call(actor, cmd, &(arg), sizeof(arg))

static long test_call(struct actor *actor, struct iommu_test_cmd cmd)
{
	return CALL(actor, IOMMU_TEST_CMD, cmd);
}

static long destroy(struct actor *actor, u32 id)
{
	struct iommu_destroy arg = { .id = id };

	return CALL(actor, IOMMU_DESTROY, arg);
}

static long do_nothing(struct actor *actor)
{
	return 0;
}

/* Mapping */

static long map_fd(struct actor *actor, u32 ioas, int fd)
{
	struct iommu_ioas_map_file arg = {
		.flags = MAP_FLAGS,
		.ioas_id = ioas,
		.fd = fd,
		.length = WORLD_BYTES,
		.iova = FREE_IOVA,
	};

	return CALL(actor, IOMMU_IOAS_MAP_FILE, arg);
}

static long do_map(struct actor *actor)
{
	return map_fd(actor, actor->world->rig.ioas, actor->world->fd);
}

static long do_map_other(struct actor *actor)
{
	return map_fd(actor, actor->world->other, actor->world->fd);
}

static long do_map_dmabuf(struct actor *actor)
{
	return map_fd(actor, actor->world->rig.ioas, actor->world->dmabuf_fd);
}

static long do_map_user(struct actor *actor)
{
	struct iommu_ioas_map arg = {
		.flags = MAP_FLAGS,
		.ioas_id = actor->world->rig.ioas,
		.user_va = actor->world->va,
		.length = WORLD_BYTES,
		.iova = FREE_IOVA,
	};

	return CALL(actor, IOMMU_IOAS_MAP, arg);
}

static long copy(struct actor *actor, u32 to, u64 length_bytes)
{
	struct iommu_ioas_copy arg = {
		.flags = MAP_FLAGS,
		.dst_ioas_id = to,
		.src_ioas_id = actor->world->rig.ioas,
		.length = length_bytes,
		.dst_iova = FREE_IOVA,
		.src_iova = MAPPED_IOVA,
	};

	return CALL(actor, IOMMU_IOAS_COPY, arg);
}

static long do_copy(struct actor *actor)
{
	return copy(actor, actor->world->other, WORLD_BYTES);
}

/* Two areas at once, in the same IOAS. */
static long do_copy_both(struct actor *actor)
{
	return copy(actor, actor->world->rig.ioas, 2 * WORLD_BYTES);
}

static long unmap(struct actor *actor, u32 ioas, u64 iova)
{
	struct iommu_ioas_unmap arg = {
		.ioas_id = ioas,
		.iova = iova,
		.length = WORLD_BYTES,
	};

	return CALL(actor, IOMMU_IOAS_UNMAP, arg);
}

static long do_unmap(struct actor *actor)
{
	return unmap(actor, actor->world->rig.ioas, MAPPED_IOVA);
}

static long do_unmap_free(struct actor *actor)
{
	return unmap(actor, actor->world->rig.ioas, FREE_IOVA);
}

static long do_unmap_used(struct actor *actor)
{
	return unmap(actor, actor->world->rig.ioas, USED_IOVA);
}

static long do_unmap_dmabuf(struct actor *actor)
{
	return unmap(actor, actor->world->rig.ioas, DMABUF_IOVA);
}

static long do_unmap_other(struct actor *actor)
{
	return unmap(actor, actor->world->other, USED_IOVA);
}

static long do_revoke(struct actor *actor)
{
	return test_call(actor, (struct iommu_test_cmd){
		.op = IOMMU_TEST_OP_DMABUF_REVOKE,
		.dmabuf_revoke = {
			.dmabuf_fd = actor->world->dmabuf_fd,
			.revoked = 1,
		},
	});
}

static long do_change_process(struct actor *actor)
{
	struct iommu_ioas_change_process arg = {};

	return CALL(actor, IOMMU_IOAS_CHANGE_PROCESS, arg);
}

static long do_track_dirty(struct actor *actor)
{
	struct iommu_hwpt_set_dirty_tracking arg = {
		.flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE,
		.hwpt_id = actor->world->plain,
	};

	return CALL(actor, IOMMU_HWPT_SET_DIRTY_TRACKING, arg);
}

static long do_read_dirty(struct actor *actor)
{
	struct iommu_hwpt_get_dirty_bitmap arg = {
		.hwpt_id = actor->world->plain,
		.iova = MAPPED_IOVA,
		.length = SZ_1M,
		.page_size = PAGE_SIZE,
		.data = data_of(actor),
	};

	return CALL(actor, IOMMU_HWPT_GET_DIRTY_BITMAP, arg);
}

/* IOAS and HWPTs */

static long do_alloc_ioas(struct actor *actor)
{
	struct iommu_ioas_alloc arg = {};

	return CALL(actor, IOMMU_IOAS_ALLOC, arg);
}

static long do_destroy_ioas(struct actor *actor)
{
	return destroy(actor, actor->world->other);
}

static long do_destroy_new(struct actor *actor)
{
	return destroy(actor, actor->world->next);
}

static long do_alloc_hwpt(struct actor *actor)
{
	struct iommu_hwpt_alloc arg = {
		.dev_id = actor->world->rig.dev,
		.pt_id = actor->world->other,
	};

	return CALL(actor, IOMMU_HWPT_ALLOC, arg);
}

static long do_alloc_nested(struct actor *actor)
{
	const struct iommu_hwpt_selftest data = {};
	struct iommu_hwpt_alloc arg = {
		.dev_id = actor->world->rig.dev,
		.pt_id = actor->world->parent,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = data_of(actor),
	};

	if (put_data(actor, &data, sizeof(data)))
		return -EFAULT;
	return CALL(actor, IOMMU_HWPT_ALLOC, arg);
}

static long do_destroy_hwpt(struct actor *actor)
{
	return destroy(actor, actor->world->plain);
}

static long do_destroy_auto(struct actor *actor)
{
	return destroy(actor, actor->world->automatic);
}

static long do_destroy_nested(struct actor *actor)
{
	return destroy(actor, actor->world->nested);
}

/* Devices */

static long attach(struct actor *actor, u32 pt)
{
	return test_call(actor, (struct iommu_test_cmd){
		.op = IOMMU_TEST_OP_MOCK_DOMAIN,
		.id = pt,
	});
}

static long do_attach_ioas(struct actor *actor)
{
	return attach(actor, actor->world->other);
}

static long do_attach_auto(struct actor *actor)
{
	return attach(actor, actor->world->rig.ioas);
}

static long do_attach_hwpt(struct actor *actor)
{
	return attach(actor, actor->world->plain);
}

static long replace(struct actor *actor, u32 pt)
{
	return test_call(actor, (struct iommu_test_cmd){
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
		.id = actor->world->rig.stdev,
		.mock_domain_replace.pt_id = pt,
	});
}

static long do_replace_ioas(struct actor *actor)
{
	return replace(actor, actor->world->other);
}

static long do_replace_auto(struct actor *actor)
{
	return replace(actor, actor->world->rig.ioas);
}

static long do_replace_hwpt(struct actor *actor)
{
	return replace(actor, actor->world->plain);
}

static long do_replace_nested(struct actor *actor)
{
	return replace(actor, actor->world->nested);
}

static long do_leave_nested(struct actor *actor)
{
	return replace(actor, actor->world->parent);
}

static long do_unbind_d(struct actor *actor)
{
	return destroy(actor, actor->world->rig.stdev);
}

static long do_unbind_e(struct actor *actor)
{
	return destroy(actor, actor->world->stdev);
}

static long pasid(struct actor *actor, u32 op, u32 pasid, u32 pt)
{
	return test_call(actor, (struct iommu_test_cmd){
		.op = op,
		.id = actor->world->rig.stdev,
		.pasid_attach = { .pasid = pasid, .pt_id = pt },
	});
}

static long do_attach_pasid(struct actor *actor)
{
	return pasid(actor, IOMMU_TEST_OP_PASID_ATTACH, FREE_PASID,
		     actor->world->plain);
}

static long do_replace_pasid(struct actor *actor)
{
	return pasid(actor, IOMMU_TEST_OP_PASID_REPLACE, WORLD_PASID,
		     actor->world->plain);
}

static long do_detach_pasid(struct actor *actor)
{
	return pasid(actor, IOMMU_TEST_OP_PASID_DETACH, WORLD_PASID, 0);
}

/* Page faults */

static long do_fault(struct actor *actor)
{
	return test_call(actor, (struct iommu_test_cmd){
		.op = IOMMU_TEST_OP_TRIGGER_IOPF,
		.trigger_iopf.dev_id = actor->world->rig.dev,
	});
}

static long do_read_fault(struct actor *actor)
{
	struct file *file = actor->world->queue_file;
	loff_t pos = 0;

	return file->f_op->read(file, (char __user *)data_of(actor),
				sizeof(struct iommu_hwpt_pgfault), &pos);
}

static long do_answer_fault(struct actor *actor)
{
	const struct iommu_hwpt_page_response response = {
		.cookie = actor->world->cookie,
		.code = IOMMUFD_PAGE_RESP_SUCCESS,
	};
	struct file *file = actor->world->queue_file;
	loff_t pos = 0;

	if (put_data(actor, &response, sizeof(response)))
		return -EFAULT;
	return file->f_op->write(file, (const char __user *)data_of(actor),
				 sizeof(response), &pos);
}

/* Guests */

static long do_alloc_viommu(struct actor *actor)
{
	struct iommu_viommu_alloc arg = {
		.type = IOMMU_VIOMMU_TYPE_SELFTEST,
		.dev_id = actor->world->rig.dev,
		.hwpt_id = actor->world->parent,
	};

	return CALL(actor, IOMMU_VIOMMU_ALLOC, arg);
}

static long do_destroy_viommu(struct actor *actor)
{
	return destroy(actor, actor->world->viommu);
}

static long alloc_vdevice(struct actor *actor, u32 dev, u64 virt_id)
{
	struct iommu_vdevice_alloc arg = {
		.viommu_id = actor->world->viommu,
		.dev_id = dev,
		.virt_id = virt_id,
	};

	return CALL(actor, IOMMU_VDEVICE_ALLOC, arg);
}

static long do_alloc_vdevice(struct actor *actor)
{
	return alloc_vdevice(actor, actor->world->rig.dev, FREE_VIRT_ID);
}

static long do_alloc_vdevice_again(struct actor *actor)
{
	return alloc_vdevice(actor, actor->world->dev, VIRT_ID);
}

static long do_destroy_vdevice(struct actor *actor)
{
	return destroy(actor, actor->world->vdevice);
}

static long alloc_queue(struct actor *actor, u32 index)
{
	struct iommu_hw_queue_alloc arg = {
		.viommu_id = actor->world->viommu,
		.type = IOMMU_HW_QUEUE_TYPE_SELFTEST,
		.index = index,
		.nesting_parent_iova = MAPPED_IOVA,
		.length = PAGE_SIZE,
	};

	return CALL(actor, IOMMU_HW_QUEUE_ALLOC, arg);
}

static long do_alloc_queue(struct actor *actor)
{
	return alloc_queue(actor, 0);
}

/* Which is built on the one that is there. */
static long do_alloc_next_queue(struct actor *actor)
{
	return alloc_queue(actor, 1);
}

static long do_destroy_queue(struct actor *actor)
{
	return destroy(actor, actor->world->queue);
}

static long invalidate(struct actor *actor, u32 id, u32 type,
		       const void *request, size_t request_bytes)
{
	struct iommu_hwpt_invalidate arg = {
		.hwpt_id = id,
		.data_uptr = data_of(actor),
		.data_type = type,
		.entry_len = request_bytes,
		.entry_num = 1,
	};

	if (put_data(actor, request, request_bytes))
		return -EFAULT;
	return CALL(actor, IOMMU_HWPT_INVALIDATE, arg);
}

static long do_invalidate_nested(struct actor *actor)
{
	const struct iommu_hwpt_invalidate_selftest request = {};

	return invalidate(actor, actor->world->nested,
			  IOMMU_HWPT_INVALIDATE_DATA_SELFTEST, &request,
			  sizeof(request));
}

static long do_invalidate_viommu(struct actor *actor)
{
	const struct iommu_viommu_invalidate_selftest request = {
		.vdev_id = VIRT_ID,
	};

	return invalidate(actor, actor->world->viommu,
			  IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST, &request,
			  sizeof(request));
}

/* A guest's events */

static long do_alloc_events(struct actor *actor)
{
	struct iommu_veventq_alloc arg = {
		.viommu_id = actor->world->viommu,
		.type = IOMMU_VEVENTQ_TYPE_SELFTEST,
		.veventq_depth = WORLD_DEPTH,
	};
	long rc = CALL(actor, IOMMU_VEVENTQ_ALLOC, arg);

	if (rc)
		return rc;
	if (copy_from_user(&arg, (void __user *)actor->arg, sizeof(arg)))
		return -EFAULT;
	world_close_fd(arg.out_veventq_fd);
	return 0;
}

static long do_destroy_events(struct actor *actor)
{
	return destroy(actor, actor->world->events);
}

static long do_close_events(struct actor *actor)
{
	__fput_sync(actor->world->events_file);
	actor->world->events_file = NULL;
	return 0;
}

static long do_event(struct actor *actor)
{
	return test_call(actor, (struct iommu_test_cmd){
		.op = IOMMU_TEST_OP_TRIGGER_VEVENT,
		.trigger_vevent.dev_id = actor->world->dev,
	});
}

/* There is room for one. */
static long do_read_event(struct actor *actor)
{
	struct file *file = actor->world->events_file;
	loff_t pos = 0;

	return file->f_op->read(file, (char __user *)data_of(actor),
				sizeof(struct iommufd_vevent_header) +
				sizeof(struct iommu_viommu_event_selftest),
				&pos);
}

/* The VFIO container, and options */

static long compat(struct actor *actor, u16 op, u32 ioas)
{
	struct iommu_vfio_ioas arg = { .ioas_id = ioas, .op = op };

	return CALL(actor, IOMMU_VFIO_IOAS, arg);
}

static long do_compat_get(struct actor *actor)
{
	return compat(actor, IOMMU_VFIO_IOAS_GET, 0);
}

static long do_compat_set(struct actor *actor)
{
	return compat(actor, IOMMU_VFIO_IOAS_SET, actor->world->other);
}

static long do_compat_clear(struct actor *actor)
{
	return compat(actor, IOMMU_VFIO_IOAS_CLEAR, 0);
}

static long do_compat_create(struct actor *actor)
{
	return iommufd_vfio_compat_ioas_create(actor->world->rig.iofd.ictx);
}

static long do_no_iommu(struct actor *actor)
{
	return iommufd_vfio_compat_set_no_iommu(actor->world->rig.iofd.ictx);
}

static long container(struct actor *actor, unsigned int cmd, const void *arg,
		      size_t size_bytes)
{
	if (copy_to_user((void __user *)actor->arg, arg, size_bytes))
		return -EFAULT;
	return iofd_raw_ioctl(&actor->world->rig.iofd, cmd, actor->arg);
}

static long do_container_info(struct actor *actor)
{
	const struct vfio_iommu_type1_info arg = { .argsz = sizeof(arg) };

	return container(actor, VFIO_IOMMU_GET_INFO, &arg, sizeof(arg));
}

static long do_container_map(struct actor *actor)
{
	const struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = actor->world->va,
		.iova = FREE_IOVA,
		.size = WORLD_BYTES,
	};

	return container(actor, VFIO_IOMMU_MAP_DMA, &arg, sizeof(arg));
}

/* A half of a mapping. */
static long do_container_unmap(struct actor *actor)
{
	const struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg),
		.iova = USED_IOVA,
		.size = WORLD_BYTES / 2,
	};

	return container(actor, VFIO_IOMMU_UNMAP_DMA, &arg, sizeof(arg));
}

static long do_container_type1(struct actor *actor)
{
	return iofd_raw_ioctl(&actor->world->rig.iofd, VFIO_SET_IOMMU,
			      VFIO_TYPE1_IOMMU);
}

static long set_huge_pages(struct actor *actor, u64 value)
{
	struct iommu_option arg = {
		.option_id = IOMMU_OPTION_HUGE_PAGES,
		.op = IOMMU_OPTION_OP_SET,
		.object_id = actor->world->other,
		.val64 = value,
	};

	return CALL(actor, IOMMU_OPTION, arg);
}

static long do_small_pages(struct actor *actor)
{
	return set_huge_pages(actor, 0);
}

static long do_large_pages(struct actor *actor)
{
	return set_huge_pages(actor, 1);
}

/* Accesses */

static long do_attach_access(struct actor *actor)
{
	return iommufd_access_attach(actor->world->idle_driver.access,
				     actor->world->rig.ioas);
}

static long do_replace_access(struct actor *actor)
{
	return iommufd_access_replace(actor->world->driver.access,
				      actor->world->other);
}

static long do_detach_access(struct actor *actor)
{
	iommufd_access_detach(actor->world->driver.access);
	return 0;
}

static long do_destroy_access(struct actor *actor)
{
	iommufd_access_destroy(actor->world->driver.access);
	actor->world->driver.access = NULL;
	return 0;
}

static long do_pin(struct actor *actor)
{
	struct driver *driver = &actor->world->driver;

	return driver_pin(driver, MAPPED_IOVA, &driver->nr_mapped);
}

static long do_unpin(struct actor *actor)
{
	struct driver *driver = &actor->world->driver;

	driver_unpin(driver, USED_IOVA, &driver->nr_used);
	return 0;
}

static long do_rw(struct actor *actor)
{
	u8 byte = 1;

	return iommufd_access_rw(actor->world->driver.access, MAPPED_IOVA,
				 &byte, sizeof(byte), IOMMUFD_ACCESS_RW_WRITE);
}

/* In groups of ten, as the cells of rows.h are. */
const struct op ops[] = {
	{ "nothing", 0, do_nothing },
	{ "map", ON_IOAS, do_map },
	{ "map-user", ON_IOAS, do_map_user },
	{ "map-other", ON_OTHER, do_map_other },
	{ "map-dmabuf", ON_IOAS | ON_DMABUF, do_map_dmabuf },
	{ "copy", ON_IOAS | ON_OTHER, do_copy },
	{ "copy-both", ON_IOAS, do_copy_both },
	{ "unmap", ON_IOAS, do_unmap },
	{ "unmap-free", ON_IOAS, do_unmap_free },
	{ "unmap-used", ON_IOAS | ON_ACCESS, do_unmap_used },

	{ "unmap-dmabuf", ON_IOAS | ON_DMABUF, do_unmap_dmabuf },
	{ "unmap-other", ON_OTHER, do_unmap_other },
	{ "revoke", ON_IOAS | ON_DMABUF, do_revoke },
	{ "change-process", ON_IOAS | ON_OTHER | ON_IOASES, do_change_process },
	{ "track-dirty", ON_IOAS | ON_PLAIN, do_track_dirty },
	{ "read-dirty", ON_IOAS | ON_PLAIN, do_read_dirty },
	{ "alloc-ioas", ON_IOASES | ON_NEW, do_alloc_ioas },
	{ "destroy-ioas", ON_OTHER | ON_IOASES, do_destroy_ioas },
	{ "destroy-new", ON_NEW, do_destroy_new },
	{ "alloc-hwpt", ON_OTHER | ON_NEW | ON_D, do_alloc_hwpt },

	{ "alloc-nested", ON_PARENT | ON_NEW | ON_D, do_alloc_nested },
	{ "destroy-hwpt", ON_IOAS | ON_PLAIN, do_destroy_hwpt },
	{ "destroy-auto", ON_IOAS | ON_AUTO, do_destroy_auto },
	{ "destroy-nested", ON_NESTED, do_destroy_nested },
	{ "attach-ioas", ON_OTHER | ON_NEW, do_attach_ioas },
	{ "attach-auto", ON_IOAS | ON_AUTO | ON_NEW, do_attach_auto },
	{ "attach-hwpt", ON_IOAS | ON_PLAIN | ON_NEW, do_attach_hwpt },
	{ "replace-ioas", ON_OTHER | ON_D | ON_NEW, do_replace_ioas },
	{ "replace-auto", ON_IOAS | ON_AUTO | ON_D, do_replace_auto },
	{ "replace-hwpt", ON_IOAS | ON_PLAIN | ON_D, do_replace_hwpt },

	{ "replace-nested", ON_NESTED | ON_D, do_replace_nested },
	{ "leave-nested", ON_FAULTS | ON_NESTED | ON_D, do_leave_nested },
	{ "unbind-d", ON_IOAS | ON_D, do_unbind_d },
	{ "unbind-e", ON_IOAS | ON_AUTO | ON_E | ON_VIOMMU | ON_VDEVICE,
	  do_unbind_e },
	{ "attach-pasid", ON_PLAIN | ON_D, do_attach_pasid },
	{ "replace-pasid", ON_PLAIN | ON_TAGGED | ON_D, do_replace_pasid },
	{ "detach-pasid", ON_TAGGED | ON_D, do_detach_pasid },
	{ "fault", ON_FAULTS | ON_NESTED | ON_D, do_fault },
	{ "read-fault", ON_FAULTS, do_read_fault },
	{ "answer-fault", ON_FAULTS, do_answer_fault },

	{ "alloc-viommu", ON_PARENT | ON_D | ON_NEW, do_alloc_viommu },
	{ "destroy-viommu", ON_VIOMMU, do_destroy_viommu },
	{ "alloc-vdevice", ON_VIOMMU | ON_D | ON_NEW, do_alloc_vdevice },
	{ "alloc-vdevice-again", ON_VIOMMU | ON_VDEVICE | ON_E,
	  do_alloc_vdevice_again },
	{ "destroy-vdevice", ON_VIOMMU | ON_VDEVICE | ON_E,
	  do_destroy_vdevice },
	{ "alloc-queue", ON_IOAS | ON_VIOMMU | ON_NEW, do_alloc_queue },
	{ "destroy-queue", ON_IOAS | ON_VIOMMU | ON_QUEUE, do_destroy_queue },
	{ "invalidate-nested", ON_NESTED, do_invalidate_nested },
	{ "invalidate-viommu", ON_VIOMMU | ON_VDEVICE, do_invalidate_viommu },
	{ "attach-access", ON_IOAS | ON_ACCESS, do_attach_access },

	{ "replace-access", ON_IOAS | ON_OTHER | ON_ACCESS, do_replace_access },
	{ "detach-access", ON_IOAS | ON_ACCESS, do_detach_access },
	{ "destroy-access", ON_IOAS | ON_ACCESS, do_destroy_access },
	{ "pin", ON_IOAS | ON_ACCESS, do_pin },
	{ "unpin", ON_IOAS | ON_ACCESS, do_unpin },
	{ "rw", ON_IOAS | ON_ACCESS, do_rw },
	{ "alloc-events", ON_VIOMMU | ON_NEW, do_alloc_events },
	{ "destroy-events", ON_VIOMMU | ON_EVENTS, do_destroy_events },
	{ "close-events", ON_EVENTS | ON_READER, do_close_events },
	{ "event", ON_VIOMMU | ON_VDEVICE | ON_EVENTS, do_event },

	{ "read-event", ON_VIOMMU | ON_EVENTS | ON_READER, do_read_event },
	{ "compat-get", ON_CONTAINER | ON_COMPAT | ON_OTHER, do_compat_get },
	{ "compat-set", ON_CONTAINER | ON_OTHER, do_compat_set },
	{ "compat-clear", ON_CONTAINER | ON_COMPAT | ON_OTHER,
	  do_compat_clear },
	{ "compat-create", ON_CONTAINER | ON_NEW | ON_IOASES,
	  do_compat_create },
	{ "no-iommu", ON_CONTAINER, do_no_iommu },
	{ "container-info", ON_CONTAINER | ON_COMPAT | ON_OTHER,
	  do_container_info },
	{ "container-map", ON_CONTAINER | ON_COMPAT | ON_OTHER,
	  do_container_map },
	{ "container-unmap", ON_CONTAINER | ON_COMPAT | ON_OTHER | ON_SMALL,
	  do_container_unmap },
	{ "container-type1", ON_CONTAINER | ON_COMPAT | ON_OTHER,
	  do_container_type1 },

	{ "small-pages", ON_OTHER, do_small_pages },
	{ "large-pages", ON_OTHER | ON_SMALL, do_large_pages },
	{ "event-early", ON_VIOMMU | ON_VDEVICE, do_event },
	{ "alloc-next-queue", ON_IOAS | ON_VIOMMU | ON_QUEUE | ON_NEW,
	  do_alloc_next_queue },
};

const unsigned int nr_ops = ARRAY_SIZE(ops);
