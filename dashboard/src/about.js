// SPDX-License-Identifier: GPL-2.0-only
// What benchmarks and peers are, in a sentence each. What has none is shown without.

const PEERS = {
	type1: 'VFIO\u2019s own container, vfio_iommu_type1.ko',
	iommufd: 'the kernel\u2019s iommufd.ko',
	fast: 'the iommufd.ko of this project',
	floor: 'a module that only pins and maps: the least that the kernel\u2019s public calls allow',
};
const OPS = {
	map: 'Maps memory that is there, and that a device is attached to the mappings of',
	unmap: 'Unmaps what was mapped, and lets its pages go',
	fault_in: 'Maps memory that was never touched, so that the kernel has to find and clear it',
	'small map': 'Maps a single page', 'small unmap': 'Unmaps a single page',
	'deep map': 'Maps a page among a thousand other mappings', 'deep unmap': 'Unmaps a page among a thousand other mappings',
	'million map': 'Maps a page among a million others', 'million unmap': 'Unmaps a page among a million others',
	copy: 'Maps what another address space has mapped already (IOMMU_IOAS_COPY)',
	attach: 'Fills the page table of a device that is attached to what is mapped already',
	'vm start': 'What a VMM does when a guest starts: opens and attaches a device, maps the guest\u2019s memory and a BAR',
	'vm end': 'What a VMM does when a guest ends: detaches, unmaps all, and closes',
	lookup: 'Finds an object by its number, as each system call does first',
	metadata: 'What is kept in memory of what is mapped',
	'IO tables': 'The page tables that the IOMMU reads',
};
const SHAPES = {
	populate4k: 'anonymous memory in base pages', base: 'anonymous memory in base pages',
	scatter4k: 'base pages of which no two neighbours are so in memory',
	thp: 'anonymous memory in transparent huge pages', mthp64k: 'anonymous memory in folios of 64 KiB',
	mthp1m: 'anonymous memory in folios of 1 MiB', hugetlb2m: 'hugetlbfs, 2 MiB', hugetlb1g: 'hugetlbfs, 1 GiB',
	memfd4k: 'a memfd in base pages, by its address', memfd64k: 'a memfd in folios of 64 KiB, by its address',
	memfd2m: 'a memfd in huge pages, by its address', mapfile: 'a memfd in huge pages, by its descriptor (IOMMU_IOAS_MAP_FILE)',
	mapfile4k: 'a memfd in base pages, by its descriptor', mapfile64k: 'a memfd in folios of 64 KiB, by its descriptor',
};
const BENCH_LANES = ['icount', 'mttcg', 'kvm', 'host'];
const UNTOUCHED = '_untouched';

/** What a peer is. */
export function peerText(peer) {
	return PEERS[peer] ?? '';
}

/** What a benchmark does, in a sentence; nothing of one that is not known here. */
export function sentence({ op, shape, size }) {
	if (!OPS[op])
		return '';
	const memory = SHAPES[shape.replace(UNTOUCHED, '')] ?? '';
	const of = [memory, shape.endsWith(UNTOUCHED) && 'never touched', size && size !== '0' && size].filter(Boolean).join(', ');
	return `${OPS[op]}${of ? `: ${of}` : ''}.`;
}

/** The command that measures it again. */
export function command(track, { op, shape, size }) {
	if (track.lane === 'callgrind')
		return 'make micro-check';
	const lane = track.lane.replace('vm-', '');
	if (!BENCH_LANES.includes(lane))
		return '';
	const how = lane === 'icount' ? '' : `LANE=${lane} `;
	if (lane !== track.lane)
		return `make vm-start ${how}BENCH_FILTER='^vm/${[shape, size].join('/')}/'`;
	// Two figures of a benchmark are two operations here; what is kept in memory is told by the benchmark that maps.
	const name = ['metadata', 'IO tables'].includes(op) ? 'map' : op.split(' ')[0];
	return `make bench ${how}BENCH_FILTER='^${[name, shape, size].join('/')}/'`;
}
