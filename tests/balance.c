// SPDX-License-Identifier: GPL-2.0-only
#include "balance.h"
#include "ktap.h"
#include "pins.h"

struct balance balance_take(void)
{
	return (struct balance){
		.pins = pins_held(),
		.vmpin = pins_vmpin(),
		.vmlck = pins_vmlck(),
		.io_tables = pins_vmstat("nr_iommu_pages"),
	};
}

void balance_check(const char *file, int line, const struct balance *before)
{
	struct balance now = balance_take();

	ktap_check_int(file, line, "pins", "==", before->pins == now.pins, before->pins, now.pins);
	ktap_check_int(file, line, "VmPin", "==", before->vmpin == now.vmpin, before->vmpin,
		       now.vmpin);
	ktap_check_int(file, line, "VmLck", "==", before->vmlck == now.vmlck, before->vmlck,
		       now.vmlck);
	ktap_check_int(file, line, "IO page tables", ">=", before->io_tables >= now.io_tables,
		       before->io_tables, now.io_tables);
}
