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
	destroy: 'Destroys an object, and waits for those who may have found it before',
	'iova find': 'Finds the mapping at an IOVA', 'iova insert': 'Adds a mapping at an IOVA', 'iova erase': 'Takes a mapping out',
	'iova alloc': 'Finds a free IOVA', 'iova refill': 'Finds a free IOVA where there is one gap',
	'extent build': 'Makes the runs of a mapping from its pages', 'extent find': 'Finds the run of a page',
	'extent iterate': 'Goes through the runs of a mapping', 'extent split': 'Cuts the runs of a mapping in two',
};
// Behind an operation: which of its figures it is.
const FIGURES = {
	lines: 'Counted are the cache lines that are touched.',
	atomics: 'Counted are the atomic operations.',
	p50: 'Half of the calls take no longer.',
	p99: 'Of a hundred calls 99 take no longer.',
	work: 'Counted is what all threads execute together.',
	span: 'Counted is what is executed one after another, on the longest way through the call.',
	'by 1 thread': 'By one thread alone, or without helpers.',
	'by 2 threads': 'By two threads at the same time, or with helpers.',
};
const SHAPES = {
	populate4k: 'anonymous memory in base pages', base: 'anonymous memory in base pages',
	scatter4k: 'base pages of which no two neighbours are so in memory',
	thp: 'anonymous memory in transparent huge pages', mthp64k: 'anonymous memory in folios of 64 KiB',
	mthp1m: 'anonymous memory in folios of 1 MiB', hugetlb2m: 'hugetlbfs, 2 MiB', hugetlb1g: 'hugetlbfs, 1 GiB',
	memfd4k: 'a memfd in base pages, by its address', memfd64k: 'a memfd in folios of 64 KiB, by its address',
	memfd2m: 'a memfd in huge pages, by its address', mapfile: 'a memfd in huge pages, by its descriptor (IOMMU_IOAS_MAP_FILE)',
	mapfile4k: 'a memfd in base pages, by its descriptor', mapfile64k: 'a memfd in folios of 64 KiB, by its descriptor',
	fresh4k: 'base pages that nobody has touched', fresh_thp: 'transparent huge pages that nobody has touched',
	fresh_huge2m: 'pages of hugetlbfs that nobody has touched', there4k: 'base pages that are there',
	there_thp: 'transparent huge pages that are there', small: 'single pages',
	// What threads share.
	one_ioas: 'in one IO address space', two_ioas: 'in two IO address spaces of one file', two_fds: 'in two files',
	halves: 'a half by each thread', helpers: 'one call, with the helpers of the module', crowd: 'eight calls at the same time',
	busy: 'beside two threads that count',
};
const BENCH_LANES = ['icount', 'mttcg', 'kvm', 'host'];
const UNTOUCHED = '_untouched';

/** What a peer is. */
export function peerText(peer) {
	return PEERS[peer] ?? '';
}

/** What a benchmark does, in a sentence, and in another one which of its figures it is; nothing of one that is not known here. */
export function sentence({ op, shape, size }) {
	const figure = Object.keys(FIGURES).find((name) => op.endsWith(` ${name}`));
	const does = OPS[figure ? op.slice(0, -figure.length - 1) : op];
	if (!does)
		return '';
	const memory = SHAPES[shape.replace(UNTOUCHED, '')] ?? '';
	const of = [memory, shape.endsWith(UNTOUCHED) && 'never touched', size && size !== '0' && (SHAPES[size] ?? size)].filter(Boolean).join(', ');
	return `${does}${of ? `: ${of}` : ''}.${figure ? ` ${FIGURES[figure]}` : ''}`;
}

/** The command that measures it again. */
export function command(track, { op, shape, size }) {
	if (track.lane === 'callgrind')
		return 'make micro-check';
	if (track.lane === 'native')
		return 'make micro';
	if (track.lane.startsWith('threads-'))
		return `make threads BENCH_FILTER='^${(op.startsWith('destroy ') ? ['destroy', shape] : [shape, size]).join('/')}/'`;
	if (track.lane.startsWith('span-'))
		return `make span BENCH_FILTER='^span/${shape}/${size.split(' ')[0]}/'`;
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
