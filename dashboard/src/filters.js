// SPDX-License-Identifier: GPL-2.0-only
// Which benchmarks are shown, and beside which peers. What is chosen is in the link.

import { h, select, toggle } from './dom.js';
import { choose, read } from './state.js';
import { peerColour } from './chart.js';

export const NARROW = matchMedia('(max-width: 720px)');
const SIGNIFICANT = 'significant';
const THRESHOLDS = [[SIGNIFICANT, 'significant'], ['0', 'all'], ['0.01', '1 %'], ['0.05', '5 %']];

/** What is chosen. */
export function chosen(track) {
	const { params } = read();
	const peers = params.get('peers')?.split(',').filter((peer) => track.peers.includes(peer));
	const threshold = params.has('threshold') ? Number(params.get('threshold')) : NaN;
	return {
		op: params.get('op') ?? '', shape: params.get('shape') ?? '', size: params.get('size') ?? '', q: params.get('q') ?? '',
		peers: peers?.length ? peers : track.peers,
		threshold: threshold >= 0 ? threshold : null,
	};
}

/** What a change of a benchmark has to be more than: what was chosen, or what its own history has for noise. */
export function limit(track, row) {
	return chosen(track).threshold ?? track.noise[row];
}

/** The same in words. */
export function limitText(track) {
	const { threshold } = chosen(track);
	return threshold === null ? 'more than it differs by anyway' : `more than ${threshold * 100} %`;
}

/** The benchmarks that are chosen. */
export function matching(track) {
	const { op, shape, size, q } = chosen(track);
	const words = q.toLowerCase().split(/\s+/).filter(Boolean);
	return track.benchmarks.filter((each) => (!op || each.op === op) && (!shape || each.shape === shape) &&
		(!size || each.size === size) && words.every((word) => each.text.includes(word)));
}

/** The other peers that are chosen: those that ours is compared with. */
export function others(track) {
	return chosen(track).peers.filter((peer) => peer !== track.ours);
}

/** The bar with all filters. */
export function bar(track, { threshold = false } = {}) {
	const now = chosen(track);
	const of = (name) => [['', 'all'], ...[...new Set(track.benchmarks.map((each) => each[name]))]
		.filter(Boolean).map((value) => [value, value])];
	const any = now.op || now.shape || now.size || now.q;
	const some = any || now.peers.length < track.peers.length;
	// Where there is little room, it opens when it is wanted; the style sheet hides the summary where there is enough.
	return h('details.box', { open: Boolean(some) || !NARROW.matches }, h('summary', 'Filters'), h('section.filters', { 'aria-label': 'Filters' },
		h('label.field.grow', h('span', 'Search'), h('input', {
			id: 'search', type: 'search', value: now.q, placeholder: 'map thp 16MiB', autocomplete: 'off', spellcheck: 'false',
			input: (event) => choose({ q: event.target.value }),
		})),
		select('Operation', of('op'), now.op, (op) => choose({ op })),
		select('Shape', of('shape'), now.shape, (shape) => choose({ shape })),
		select('Size', of('size'), now.size, (size) => choose({ size })),
		threshold && select('Counts as a change', THRESHOLDS, String(now.threshold ?? SIGNIFICANT), (value) => choose({ threshold: value === SIGNIFICANT ? null : value })),
		peerChips(track),
		any && h('button.plain', { id: 'clear', type: 'button', click: () => choose({ op: null, shape: null, size: null, q: null }) }, 'Clear')));
}

/** A chip for each peer, in its colour. */
export function peerChips(track) {
	const { peers } = chosen(track);
	return h('div.chips', { role: 'group', 'aria-label': 'Peers' }, track.peers.map((peer) => {
		const chip = toggle(peer, peers.includes(peer), (on) => {
			const left = track.peers.filter((each) => (each === peer ? on : peers.includes(each)));
			choose({ peers: left.length === track.peers.length || !left.length ? null : left.join(',') });
		});
		chip.style.setProperty('--peer', peerColour(peer, track.peers));
		return chip;
	}));
}
