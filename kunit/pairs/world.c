// SPDX-License-Identifier: GPL-2.0-only
/*
 * A world for two operations to meet in. See world.h.
 */
#include <kunit/test.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd.h>

#include "access/access.h"
#include "device/device.h"
#include "device/fault.h"
#include "device/group.h"
#include "ioas/area.h"
#include "ioas/ioas.h"
#include "viommu/viommu.h"
#include "world.h"

/**
 * driver_pin() - pin a page, and take note of it
 * @driver: the driver
 * @iova: where
 * @nr: how often it has it pinned
 *
 * Return: as iommufd_access_pin_pages().
 */
int driver_pin(struct driver *driver, unsigned long iova, unsigned int *nr)
{
	struct page *page;
	int rc;

	mutex_lock(&driver->lock);
	rc = iommufd_access_pin_pages(driver->access, iova, PAGE_SIZE, &page,
				      IOMMUFD_ACCESS_RW_WRITE);
	if (!rc)
		++*nr;
	mutex_unlock(&driver->lock);
	return rc;
}

static void unpin_locked(struct driver *driver, unsigned long iova,
			 unsigned int *nr)
{
	for (; *nr; --*nr)
		iommufd_access_unpin_pages(driver->access, iova, PAGE_SIZE);
}

/**
 * driver_unpin() - unpin a page, if it is pinned
 * @driver: the driver
 * @iova: where
 * @nr: how often it has it pinned
 */
void driver_unpin(struct driver *driver, unsigned long iova, unsigned int *nr)
{
	mutex_lock(&driver->lock);
	unpin_locked(driver, iova, nr);
	mutex_unlock(&driver->lock);
}

static void driver_unmap(void *data, unsigned long iova, unsigned long length)
{
	struct driver *driver = data;
	unsigned long last = iova + length - 1;

	mutex_lock(&driver->lock);
	if (iova <= MAPPED_IOVA && MAPPED_IOVA <= last)
		unpin_locked(driver, MAPPED_IOVA, &driver->nr_mapped);
	if (iova <= USED_IOVA && USED_IOVA <= last)
		unpin_locked(driver, USED_IOVA, &driver->nr_used);
	mutex_unlock(&driver->lock);
}

static const struct iommufd_access_ops driver_ops = {
	.needs_pin_pages = 1,
	.unmap = driver_unmap,
};

static void start_driver(struct world *world, struct driver *driver)
{
	u32 id;

	mutex_init(&driver->lock);
	driver->access = iommufd_access_create(world->rig.iofd.ictx,
					       &driver_ops, driver, &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(world->test, driver->access);
}

static void end_driver(struct driver *driver)
{
	if (driver->access)
		iommufd_access_destroy(driver->access);
}

/**
 * world_close_fd() - close a file, and have it done when this returns
 * @fd: its descriptor
 */
void world_close_fd(int fd)
{
	struct file *file = fget(fd);

	close_fd(fd);
	__fput_sync(file);
}

/* What needs a nesting parent. */
#define ON_FOR_GUEST \
	(ON_NESTED | ON_FAULTS | ON_VIOMMU | ON_VDEVICE | ON_QUEUE | ON_EVENTS)

static long try_to_map_fd(struct world *world, u32 ioas, int fd, u64 iova)
{
	struct iommu_ioas_map_file map = {
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = ioas,
		.fd = fd,
		.length = WORLD_BYTES,
		.iova = iova,
	};

	return rig_ioctl(&world->rig, IOMMU_IOAS_MAP_FILE, &map, sizeof(map));
}

static void map_fd(struct world *world, u32 ioas, int fd, u64 iova)
{
	KUNIT_ASSERT_EQ(world->test, try_to_map_fd(world, ioas, fd, iova), 0);
}

static u32 must(struct world *world, long id)
{
	KUNIT_ASSERT_GT(world->test, id, 0);
	return id;
}

static void choose_compat(struct world *world)
{
	struct iommu_vfio_ioas set = {
		.op = IOMMU_VFIO_IOAS_SET,
		.ioas_id = world->other,
	};

	KUNIT_ASSERT_EQ(world->test, rig_ioctl(&world->rig, IOMMU_VFIO_IOAS,
					       &set, sizeof(set)), 0);
}

static void make_ioases(struct world *world)
{
	struct iommu_ioas_alloc alloc = {};
	struct mock_rig *rig = &world->rig;

	KUNIT_ASSERT_EQ(world->test, rig_ioctl(rig, IOMMU_IOAS_ALLOC, &alloc,
					       sizeof(alloc)), 0);
	world->other = alloc.out_ioas_id;
	world->ioas = ioas_get(rig->iofd.ictx, rig->ioas);
	ioas_put(world->ioas);
	world->other_ioas = ioas_get(rig->iofd.ictx, world->other);
	ioas_put(world->other_ioas);
	if (world->parts & ON_COMPAT)
		choose_compat(world);
	if (world->parts & ON_SMALL)
		KUNIT_ASSERT_EQ(world->test,
				ioas_set_combine(world->other_ioas, false), 0);
	map_fd(world, rig->ioas, world->fd, MAPPED_IOVA);
	map_fd(world, rig->ioas, world->fd, USED_IOVA);
	map_fd(world, world->other, world->fd, USED_IOVA);
}

static void make_dmabuf(struct world *world)
{
	world->dmabuf_fd = rig_dmabuf(&world->rig, WORLD_BYTES);
	map_fd(world, world->rig.ioas, world->dmabuf_fd, DMABUF_IOVA);
}

static void trigger(struct world *world)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_TRIGGER_IOPF,
		.trigger_iopf.dev_id = world->rig.dev,
	};

	KUNIT_ASSERT_EQ(world->test, rig_test(&world->rig, &cmd), 0);
}

static void make_nested(struct world *world)
{
	struct iommu_hwpt_pgfault event;
	struct mock_rig *rig = &world->rig;

	world->faults = must(world, rig_fault(rig, &world->queue_file));
	world->nested = must(world, rig_nested(rig, world->parent,
					       IOMMU_HWPT_FAULT_ID_VALID |
					       IOMMU_HWPT_ALLOC_PASID,
					       world->faults));
	if (!(world->parts & ON_FAULTS))
		return;
	KUNIT_ASSERT_EQ(world->test, rig_attach(rig, world->nested), 0);
	trigger(world);
	KUNIT_ASSERT_EQ(world->test, rig_read(rig, world->queue_file, &event,
					      sizeof(event)), sizeof(event));
	world->cookie = event.cookie;
	trigger(world);
}

static void make_auto(struct world *world)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN,
		.id = world->rig.ioas,
	};

	KUNIT_ASSERT_EQ(world->test, rig_test(&world->rig, &cmd), 0);
	world->stdev = cmd.mock_domain.out_stdev_id;
	world->dev = cmd.mock_domain.out_idev_id;
	world->automatic = cmd.mock_domain.out_hwpt_id;
}

static void make_plain(struct world *world)
{
	world->plain = must(world, rig_hwpt(&world->rig, world->rig.ioas,
					    IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
					    IOMMU_HWPT_ALLOC_PASID));
}

static void make_hwpts(struct world *world)
{
	struct mock_rig *rig = &world->rig;
	unsigned long parts = world->parts;

	if (parts & (ON_PARENT | ON_D | ON_FOR_GUEST)) {
		world->parent = must(world,
				     rig_hwpt(rig, rig->ioas,
					      IOMMU_HWPT_ALLOC_NEST_PARENT |
					      IOMMU_HWPT_ALLOC_PASID));
		/* With it goes the automatic one. */
		KUNIT_ASSERT_EQ(world->test, rig_attach(rig, world->parent), 0);
	}
	if (parts & (ON_NESTED | ON_FAULTS))
		make_nested(world);
	if (parts & ON_PLAIN)
		make_plain(world);
	if (parts & ON_TAGGED) {
		world->tagged = must(world, rig_hwpt(rig, rig->ioas,
						     IOMMU_HWPT_ALLOC_PASID));
		KUNIT_ASSERT_EQ(world->test,
				rig_pasid(rig, IOMMU_TEST_OP_PASID_ATTACH,
					  WORLD_PASID, world->tagged), 0);
	}
	if (parts & (ON_AUTO | ON_E | ON_VDEVICE))
		make_auto(world);
}

static void make_vdevice(struct world *world)
{
	struct iommu_vdevice_alloc alloc = {
		.viommu_id = world->viommu,
		.dev_id = world->dev,
		.virt_id = VIRT_ID,
	};

	KUNIT_ASSERT_EQ(world->test, rig_ioctl(&world->rig, IOMMU_VDEVICE_ALLOC,
					       &alloc, sizeof(alloc)), 0);
	world->vdevice = alloc.out_vdevice_id;
}

static void make_queue(struct world *world)
{
	struct iommu_hw_queue_alloc alloc = {
		.viommu_id = world->viommu,
		.type = IOMMU_HW_QUEUE_TYPE_SELFTEST,
		.nesting_parent_iova = MAPPED_IOVA,
		.length = PAGE_SIZE,
	};

	KUNIT_ASSERT_EQ(world->test, rig_ioctl(&world->rig,
					       IOMMU_HW_QUEUE_ALLOC, &alloc,
					       sizeof(alloc)), 0);
	world->queue = alloc.out_hw_queue_id;
}

static void add_event(struct world *world)
{
	struct iommu_viommu_event_selftest event = { .virt_id = VIRT_ID };
	struct iommufd_viommu *viommu = viommu_get(world->rig.iofd.ictx,
						   world->viommu);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(world->test, viommu);
	KUNIT_EXPECT_EQ(world->test,
			iommufd_viommu_report_event(viommu,
						    IOMMU_VEVENTQ_TYPE_SELFTEST,
						    &event, sizeof(event)), 0);
	viommu_put(viommu);
}

static void make_events(struct world *world)
{
	struct iommu_veventq_alloc alloc = {
		.viommu_id = world->viommu,
		.type = IOMMU_VEVENTQ_TYPE_SELFTEST,
		.veventq_depth = WORLD_DEPTH,
	};

	KUNIT_ASSERT_EQ(world->test, rig_ioctl(&world->rig, IOMMU_VEVENTQ_ALLOC,
					       &alloc, sizeof(alloc)), 0);
	world->events = alloc.out_veventq_id;
	if (world->parts & ON_READER)
		world->events_file = rig_take_file(&world->rig,
						   alloc.out_veventq_fd);
	else
		world_close_fd(alloc.out_veventq_fd);
	add_event(world);
}

static void make_guest(struct world *world)
{
	if (!(world->parts &
	      (ON_VIOMMU | ON_VDEVICE | ON_QUEUE | ON_EVENTS)))
		return;
	world->viommu = must(world, rig_viommu(&world->rig, world->parent));
	if (world->parts & ON_VDEVICE)
		make_vdevice(world);
	if (world->parts & ON_QUEUE)
		make_queue(world);
	if (world->parts & ON_EVENTS)
		make_events(world);
}

static void make_accesses(struct world *world)
{
	start_driver(world, &world->driver);
	start_driver(world, &world->idle_driver);
	KUNIT_ASSERT_EQ(world->test,
			iommufd_access_attach(world->driver.access,
					      world->rig.ioas), 0);
	KUNIT_ASSERT_EQ(world->test, driver_pin(&world->driver, USED_IOVA,
						&world->driver.nr_used), 0);
}

static struct iommufd_object *take_id(struct world *world)
{
	struct iommufd_object *obj;

	obj = object_alloc(&world->rig.iofd.ictx->objects, sizeof(*obj),
			   IOMMUFD_OBJ_IOAS);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(world->test, obj);
	return obj;
}

static void give_id_back(struct world *world, struct iommufd_object *obj)
{
	object_abort(&world->rig.iofd.ictx->objects, obj);
}

/* Which ID an object gets that is made now. */
static u32 next_id(struct world *world)
{
	struct iommufd_object *obj = take_id(world);
	u32 id = obj->id;

	give_id_back(world, obj);
	return id;
}

/*
 * The lowest IDs are for what operations make: else they would get those of what
 * others have just destroyed, which these may still mean.
 */
#define NR_SPARE_IDS	8

static void take_ids(struct world *world, struct iommufd_object **spare)
{
	for (int i = 0; i < NR_SPARE_IDS; i++)
		spare[i] = take_id(world);
}

static void give_ids_back(struct world *world, struct iommufd_object **spare)
{
	for (int i = 0; i < NR_SPARE_IDS; i++)
		give_id_back(world, spare[i]);
}

static bool is_lost(const struct area *area)
{
	return area->backing->ops->is_lost &&
	       area->backing->ops->is_lost(area->backing);
}

/* Each domain of an IOAS has what is mapped in it, and nothing else. */
static void expect_mirrors(struct world *world, struct iommufd_ioas *ioas)
{
	static const unsigned long places[] = {
		MAPPED_IOVA, USED_IOVA, DMABUF_IOVA, FREE_IOVA,
		FREE_IOVA + WORLD_BYTES,
	};
	struct ioas_domain *member;
	struct area *area;

	down_write(&ioas->domains_rwsem);
	list_for_each_entry(member, &ioas->domains, node) {
		struct iommu_domain *domain = member->domain;

		for_each_area(area, ioas)
			KUNIT_EXPECT_EQ(world->test, !is_lost(area),
					!!iommu_iova_to_phys(domain,
							     area->node.last));
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			unsigned long iova = places[i];

			if (!iova_space_find(&ioas->space, iova, iova))
				KUNIT_EXPECT_EQ(world->test, 0,
						iommu_iova_to_phys(domain, iova));
		}
	}
	up_write(&ioas->domains_rwsem);
}

static void see_ioas(struct world *world, struct iommufd_ioas *ioas,
		     struct sight *sight, int i)
{
	struct area *area;

	down_write(&ioas->domains_rwsem);
	for_each_area(area, ioas) {
		sight->nr_areas[i]++;
		sight->where[i] += area->node.first;
		sight->nr_lost += is_lost(area);
		KUNIT_EXPECT_FALSE(world->test, area->busy);
		KUNIT_EXPECT_FALSE(world->test, area->blocked);
	}
	sight->nr_domains[i] = list_count_nodes(&ioas->domains);
	sight->combine[i] = ioas->combine;
	sight->alignment_bytes[i] = ioas->space.alignment_bytes;
	up_write(&ioas->domains_rwsem);
	expect_mirrors(world, ioas);
}

/* By its ID, but for an automatic one: by its IOAS. */
static u64 name_of(const struct world *world, const struct attachment *at)
{
	if (!at)
		return 0;
	if (!at->hwpt->automatic)
		return at->hwpt->obj.id;
	return BIT_ULL(32) + (at->hwpt->ioas == world->ioas);
}

static u64 see_device(struct world *world, u32 id)
{
	struct iommufd_device *idev = idev_get(world->rig.iofd.ictx, id);
	u64 at;

	if (IS_ERR(idev))
		return 0;
	at = name_of(world, idev->group->attachment);
	idev_put(idev);
	return at;
}

static u64 see_pasid(struct world *world, u32 pasid)
{
	struct iommufd_device *idev = idev_get(world->rig.iofd.ictx,
					       world->rig.dev);
	u64 at;

	if (IS_ERR(idev))
		return 0;
	at = name_of(world, xa_load(&idev->group->pasids, pasid));
	idev_put(idev);
	return at;
}

static void see_faults(struct world *world, struct sight *sight)
{
	struct fault_queue *faults = world->queue_file->private_data;
	unsigned long cookie;
	void *group;

	sight->nr_unread = list_count_nodes(&faults->queue.unread);
	xa_for_each(&faults->read, cookie, group)
		sight->nr_read++;
}

static void see_vdevices(struct world *world, struct sight *sight)
{
	struct iommufd_viommu *viommu = viommu_get(world->rig.iofd.ictx,
						   world->viommu);
	unsigned long virt_id;
	void *vdev;

	if (IS_ERR(viommu))
		return;
	xa_for_each(&viommu->vdevs, virt_id, vdev)
		sight->nr_vdevices++;
	viommu_put(viommu);
}

static void see_events(struct world *world, struct sight *sight)
{
	struct iommufd_viommu *viommu = viommu_get(world->rig.iofd.ictx,
						   world->viommu);
	struct veventq *queue;

	if (IS_ERR(viommu))
		return;
	down_read(&viommu->veventqs_rwsem);
	list_for_each_entry(queue, &viommu->veventqs, node)
		sight->nr_events += queue->nr_events;
	up_read(&viommu->veventqs_rwsem);
	viommu_put(viommu);
}

static void see_compat(struct world *world, struct sight *sight)
{
	struct iommufd_ctx *ictx = world->rig.iofd.ictx;

	sight->no_iommu = ictx->vfio_no_iommu;
	if (!ictx->vfio_ioas_id)
		return;
	if (ictx->vfio_ioas_id == world->rig.ioas)
		sight->compat = 1;
	else
		sight->compat = ictx->vfio_ioas_id == world->other ? 2 : 3;
}

static void see_objects(struct world *world, struct sight *sight)
{
	struct iommufd_object *obj;
	unsigned long id;

	xa_for_each(&world->rig.iofd.ictx->objects.objects, id, obj) {
		sight->nr_objects[obj->type]++;
		sight->nr_uses += refcount_read(&obj->users);
		KUNIT_EXPECT_EQ_MSG(world->test, refcount_read(&obj->wait_cnt),
				    1, "object %lu of type %d is in use", id,
				    obj->type);
	}
}

/**
 * world_see() - look at a world in which nothing is under way
 * @world: the world; what is wrong in any case fails its test
 * @sight: set to what there is
 */
void world_see(struct world *world, struct sight *sight)
{
	struct xarray *objects = &world->rig.iofd.ictx->objects.objects;
	struct balance since = balance_since(&world->before);

	memset(sight, 0, sizeof(*sight));
	see_objects(world, sight);
	see_ioas(world, world->ioas, sight, 0);
	if (xa_load(objects, world->other) == &world->other_ioas->obj)
		see_ioas(world, world->other_ioas, sight, 1);
	sight->dev_at[0] = see_device(world, world->rig.dev);
	if (world->dev)
		sight->dev_at[1] = see_device(world, world->dev);
	sight->tagged_at[0] = see_pasid(world, WORLD_PASID);
	sight->tagged_at[1] = see_pasid(world, FREE_PASID);
	if (world->queue_file)
		see_faults(world, sight);
	if (world->viommu)
		see_vdevices(world, sight);
	see_events(world, sight);
	see_compat(world, sight);
	sight->nr_pins = since.pins;
	sight->nr_charged = since.mm_pinned;
}

/**
 * world_make() - make a world
 * @test: the case
 * @world: set to it
 * @parts: ON_*: what it is made of
 * @fd: of a file to map
 * @va: memory to map
 */
void world_make(struct kunit *test, struct world *world, unsigned long parts,
		int fd, unsigned long va)
{
	struct iommufd_object *spare[NR_SPARE_IDS], *obj;
	unsigned long id;

	*world = (struct world){
		.test = test,
		.parts = parts,
		.before = balance_now(),
		.fd = fd,
		.va = va,
		.dmabuf_fd = -1,
	};
	iofd_open(test, &world->rig.iofd);
	take_ids(world, spare);
	mock_rig_fill(test, &world->rig,
		      parts & ON_D ? MOCK_FLAGS_DEVICE_PASID : 0);
	make_ioases(world);
	make_hwpts(world);
	make_guest(world);
	if (parts & ON_DMABUF)
		make_dmabuf(world);
	if (parts & ON_ACCESS)
		make_accesses(world);
	give_ids_back(world, spare);
	world_see(world, &world->made);
	xa_for_each(&world->rig.iofd.ictx->objects.objects, id, obj)
		__set_bit(id, world->ids);
	world->next = next_id(world);
}

static bool is_visible(struct world *world, u32 id)
{
	return xa_load(&world->rig.iofd.ictx->objects.objects, id);
}

/* What was not there before; devices take what is automatic along. */
static void destroy_strangers(struct world *world)
{
	struct iommufd_object *obj;
	unsigned long id;

	xa_for_each(&world->rig.iofd.ictx->objects.objects, id, obj) {
		if (!test_bit(id, world->ids))
			rig_destroy(&world->rig, id);
	}
}

static bool is_mapped(struct iommufd_ioas *ioas, unsigned long iova)
{
	return iova_space_find(&ioas->space, iova, iova);
}

static void mend_maps(struct world *world)
{
	struct iommufd_ioas *ioases[] = { world->ioas, world->other_ioas };

	for (int i = 0; i < ARRAY_SIZE(ioases); i++) {
		struct iommufd_ioas *ioas = ioases[i];

		ioas_unmap_whole(ioas, FREE_IOVA, FREE_IOVA + SZ_1M - 1);
		if (is_mapped(ioas, USED_IOVA))
			continue;
		/* Of what was cut, the rest. */
		ioas_unmap_whole(ioas, USED_IOVA, USED_IOVA + WORLD_BYTES - 1);
		map_fd(world, ioas->obj.id, world->fd, USED_IOVA);
	}
	if (!is_mapped(world->ioas, MAPPED_IOVA))
		map_fd(world, world->rig.ioas, world->fd, MAPPED_IOVA);
	/* What is revoked is so for good. */
	if (world->dmabuf_fd >= 0 && !is_mapped(world->ioas, DMABUF_IOVA))
		try_to_map_fd(world, world->rig.ioas, world->dmabuf_fd,
			      DMABUF_IOVA);
}

static void mend_compat(struct world *world)
{
	struct iommufd_ctx *ictx = world->rig.iofd.ictx;

	ictx->vfio_no_iommu = false;
	ictx->vfio_ioas_id = world->parts & ON_COMPAT ? world->other : 0;
	ioas_set_combine(world->other_ioas, !(world->parts & ON_SMALL));
}

static void mend_device(struct world *world)
{
	struct mock_rig *rig = &world->rig;

	if (world->parts & ON_TAGGED &&
	    rig_pasid(rig, IOMMU_TEST_OP_PASID_REPLACE, WORLD_PASID,
		      world->tagged))
		rig_pasid(rig, IOMMU_TEST_OP_PASID_ATTACH, WORLD_PASID,
			  world->tagged);
	if (world->parts & ON_D)
		rig_pasid(rig, IOMMU_TEST_OP_PASID_DETACH, FREE_PASID, 0);
	if (world->parent)
		rig_attach(rig, world->parts & ON_FAULTS ? world->nested :
							   world->parent);
}

static void mend_accesses(struct world *world)
{
	struct driver *driver = &world->driver;

	if (world->idle_driver.access->ioas)
		iommufd_access_detach(world->idle_driver.access);
	iommufd_access_replace(driver->access, world->rig.ioas);
	driver_unpin(driver, MAPPED_IOVA, &driver->nr_mapped);
	if (!driver->nr_used)
		driver_pin(driver, USED_IOVA, &driver->nr_used);
}

/**
 * world_mend() - put back what operations have changed
 * @world: the world
 *
 * That is less work than to make another one.
 *
 * Return: false when it is not as it was, and has to be ended.
 */
bool world_mend(struct world *world)
{
	struct sight sight;
	u32 id;

	for_each_set_bit(id, world->ids, 64) {
		if (!is_visible(world, id) && id != world->plain &&
		    id != world->vdevice && id != world->queue)
			return false;
	}
	destroy_strangers(world);
	mend_compat(world);
	mend_maps(world);
	if (world->plain && !is_visible(world, world->plain))
		make_plain(world);
	if (world->vdevice && !is_visible(world, world->vdevice))
		make_vdevice(world);
	if (world->queue && !is_visible(world, world->queue))
		make_queue(world);
	mend_device(world);
	if (world->parts & ON_ACCESS)
		mend_accesses(world);
	world_see(world, &sight);
	return !memcmp(&sight, &world->made, sizeof(sight)) &&
	       next_id(world) == world->next;
}

/**
 * world_end() - end a world, and expect that nothing is left
 * @world: the world
 */
void world_end(struct world *world)
{
	end_driver(&world->driver);
	end_driver(&world->idle_driver);
	if (world->queue_file)
		__fput_sync(world->queue_file);
	if (world->events_file)
		__fput_sync(world->events_file);
	mock_rig_close(&world->rig);
	if (world->dmabuf_fd >= 0)
		world_close_fd(world->dmabuf_fd);
	balance_expect_even(world->test, &world->before);
}
