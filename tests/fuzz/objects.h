/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef OBJECTS_H
#define OBJECTS_H

/* What there is in an iommufd, by IDs; its accesses, and what they have pinned. */

#include "space.h"

#define NR_OBJECTS	192	/* of an iommufd */
#define NR_PINS		128

struct object {
	__u32 id;
	enum kind kind;
	struct ioas *ioas;		/* it is, or of the domain of a HWPT, or of a vIOMMU's */
	bool automatic;			/* HWPT: goes with the last device */
	unsigned int nr_devices;
	__u32 hwpt;			/* of a device */
	__u32 partner;			/* a bound device's mock device, and back */
	struct range range;		/* of a queue */
};

struct access {
	int fd;				/* -1: none */
	bool pins;
	__u32 ioas;
};

struct pin {
	__u32 id;
	struct access *access;		/* NULL: none */
	__u64 first, last;
};

struct iommufd {
	bool lost;			/* nothing is known of it */
	struct object object[NR_OBJECTS];
	unsigned int nr;
	struct access access[NR_SLOTS];
	struct pin pin[NR_PINS];
};

struct iommufd *iommufd_of(__u64 f);
void iommufd_close(struct iommufd *fd);

/* What a number names, as the call found it: an ID, a descriptor, or what the model has of it. */
__u32 seen_id(__u64 f, enum kind kind, __u64 ref);
int seen_file(__u64 f, enum file_kind kind, __u64 ref);
struct object *object_of(__u64 f, enum kind kind, __u64 ref);
struct ioas *ioas_of(__u64 f, __u64 ref);

struct object *object_find(struct iommufd *fd, __u32 id);

/* IDs that nobody may have twice. Returns NULL, with the iommufd lost, where there are too many. */
struct object *object_add(struct iommufd *fd, __u32 id, enum kind kind);
void object_remove(struct iommufd *fd, struct object *obj);

/* NULL, with the errno that the call must give then. */
struct access *access_of(__u64 f, __u64 ref, int *want);
void access_leave(struct iommufd *fd, struct access *access);

/* The drivers of accesses (NULL: of all) let go of what is unmapped. */
void drop_pins(struct iommufd *fd, struct ioas *ioas, struct access *access, __u64 first,
	       __u64 last);

/* A device is at a HWPT, which may be a new one of an IOAS; or leaves it. */
const char *hwpt_join(struct iommufd *fd, __u32 id, __u32 pt);
void hwpt_leave(struct iommufd *fd, __u32 id);

#endif
