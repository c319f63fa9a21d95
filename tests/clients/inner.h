/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the inner guest have of one another. inner.c says what it is. */
#ifndef INNER_H
#define INNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a multiboot loader tells, as far as it matters here. */
struct multiboot_info {
	uint32_t flags;
	uint32_t lower_kib;
	uint32_t upper_kib;
	uint32_t boot_device;
	const char *command_line;
};

/* Of memory, what neither firmware nor this program uses begins here. */
#define FIRST 0x1000000
#define PAGE 4096U

void start(const struct multiboot_info *info) __attribute__((noreturn));
void interrupt(void);

/* inner_io.c: ports, registers, and what there is to say. */
void out8(uint16_t port, uint8_t value);
void out32(uint16_t port, uint32_t value);
uint32_t in32(uint16_t port);
/* In one access: of many registers a write to the lower half clears the upper. */
void write64(volatile void *reg, uint64_t value);
void say(const char *text);
/* Ends the inner guest, and a QEMU that has -no-reboot. */
void end(const char *last_word) __attribute__((noreturn));
void fail(const char *what, uint32_t where) __attribute__((noreturn));

/* inner_pci.c: what is in the slots of bus 0. @id is the device's and the vendor's. */
uint32_t config_read(uint32_t slot, uint32_t offset);
void config_write(uint32_t slot, uint32_t offset, uint32_t value);
/* From @slot on; 32 without one. */
uint32_t find_device(uint32_t id, uint32_t slot);
uint32_t bar_address(uint32_t slot, unsigned int bar);
void let_master(uint32_t slot);

/*
 * inner_edu.c: the device that is assigned. Memory is @len bytes from FIRST on. Whatever is not as
 * it has to be ends it by fail().
 */
#define EDU_ID 0x11e81234
volatile uint32_t *edu_enable(uint32_t slot);
/* The device copies @bytes from its buffer to memory, or from there. */
void edu_to_memory(volatile uint32_t *edu, uint64_t to, uint32_t bytes);
void edu_from_memory(volatile uint32_t *edu, uint64_t from, uint32_t bytes);
/* Within memory, by the device. */
void edu_copy(volatile uint32_t *edu, uint32_t round, uint32_t len);
/* From memory by way of the device into @bytes that only it can address, and back. */
void edu_copy_there(volatile uint32_t *edu, uint64_t there, uint32_t bytes, uint32_t len);

/* What may happen while the device in @slot is in use; see lives in inner.c. */
/* It reads and writes the registers of the next one. */
void edu_to_edu(uint32_t slot, uint32_t len);
/* inner_plug.c: it is asked for, given back, and there again; memory is plugged in. */
void replug(uint32_t slot, uint32_t len);
void await_memory(uint32_t slot, uint32_t len);
/* inner_virtio.c: memory comes and goes by a device. */
void virtio_balloon(uint32_t slot, uint32_t len);
void virtio_mem(uint32_t slot, uint32_t len);
/* inner_vtd.c: it is behind an IOMMU of the inner guest's own. */
void iommu_maps(uint32_t slot, uint32_t len);

#endif
