// SPDX-License-Identifier: GPL-2.0-only
// The first page: all benchmarks, what each costs now, beside the peers, and how it got there.

import { h } from './dom.js';
import { change, figure, ratio, times, verdict } from './format.js';
import { bar, chosen, limit, matching, others } from './filters.js';
import { benchmarkLink, changeText, commitLine, empty, facts } from './parts.js';
import { peerText } from './about.js';
import { peerColour, spark } from './chart.js';
import { read } from './state.js';

export function view(track) {
	const found = matching(track);
	const last = track.run(track.length - 1);
	return [
		h('h1', 'Benchmarks'),
		h('p.lead', `What ${track.ours} costs in the lane ${track.name}, as of `, commitLine(last), '.',
			found.some((each) => each.row in track.older) && ' That run has not all of them: what is in italics is of an older one.'),
		introduction(track),
		bar(track, { threshold: true }),
		h('p.count', { 'aria-live': 'polite' }, `${found.length} of ${track.benchmarks.length} benchmarks`),
		found.length > 0 && summary(track, found),
		found.length ? tables(track, found) : empty('No benchmark matches.'),
	];
}

// For who is here for the first time.
function introduction(track) {
	// Whoever has chosen something was here before.
	return h('details.about', { open: [...read().params].length === 0 }, h('summary', 'What is this?'),
		h('p', 'iommufd-fast takes the place of the kernel module iommufd, through which a virtual machine or a driver in user space lets a device reach its memory. ',
			'Here stands what that costs: how many instructions, or how much time, the kernel needs to map a page for a device and to unmap it, for kinds of memory and sizes of them.'),
		h('p', 'A ratio is what ours costs divided by what another one costs: under 1 ours is cheaper, 0.50 is half. ',
			'A change is against the recorded run before. It counts as one where it is more than the benchmark differs by from run to run anyway.'),
		facts(track.peers.map((peer) => [peer, peerText(peer)])));
}

// The mean of ratios is their geometric one: it does not depend on which way round they are.
function mean(ratios) {
	const known = ratios.filter((value) => value > 0);
	return known.length ? Math.exp(known.reduce((sum, value) => sum + Math.log(value), 0) / known.length) : null;
}

function summary(track, found) {
	const mine = (each) => track.latest(each.row, track.ours);
	const card = (name, text, mood, note) => h('div.card', h('span.who', name), h(`b.num.${mood}`, text), h('span.muted', note));
	const since = mean(found.map((each) => ratio(mine(each), track.before[each.row])));
	return h('div.cards',
		others(track).map((peer) => {
			const ratios = found.map((each) => ratio(mine(each), track.latest(each.row, peer))).filter((value) => value !== null);
			const value = mean(ratios);
			const above = ratios.filter((each) => verdict(each, 0.003) === 'worse').length;
			// Where there are many others, those that a single benchmark has say nothing of all.
			return ratios.length > (others(track).length > 4 ? 1 : 0) && card(`${track.ours} / ${peer}`, times(value), verdict(value, 0.003), `mean of ${ratios.length}; costs more in ${above}`);
		}),
		since !== null && card('since the run before', change(since), verdict(since, 0.001), 'mean of all shown'));
}

// Operations in their order, in as few tables as have no column that is empty for a whole operation's sake: one that has
// no peer of its own goes where the one before it is.
function sections(track, found) {
	const groups = new Map();
	for (const each of found) {
		if (!groups.has(each.op))
			groups.set(each.op, []);
		groups.get(each.op).push(each);
	}
	const made = [];
	for (const [op, rows] of groups) {
		const peers = new Set(rows.flatMap((each) => each.peers));
		let last = made.at(-1);
		if (!last || ![...peers].every((peer) => last.peers.has(peer)))
			made.push(last = { peers, groups: [] });
		last.groups.push([op, rows]);
	}
	return made;
}

function tables(track, found) {
	return sections(track, found).map((section) => h('div.scroll', table(track, section)));
}

function table(track, section) {
	const { peers } = chosen(track);
	const beside = others(track).filter((peer) => section.peers.has(peer));
	const ours = peers.includes(track.ours) && section.peers.has(track.ours);
	const stroke = peerColour(track.ours, track.peers);
	// On a narrow screen there is room for two ratios, or one.
	const narrow = (at) => ['.edge', '.mid'][at] ?? '.wide';
	return h('table.figures',
		h('caption.hidden', 'What each benchmark costs, by peer'),
		h('thead', h('tr',
			h('th', { scope: 'col' }, 'Benchmark'),
			ours && h('th.num', { scope: 'col' }, track.ours),
			beside.map((peer) => h('th.num.wide', { scope: 'col' }, peer)),
			ours && beside.map((peer, at) => h(`th.num${narrow(at)}`, { scope: 'col', title: `what ${track.ours} costs divided by what ${peer} costs` },
				h('span.wide', `${track.ours} `), `/ ${peer}`)),
			ours && h('th.num', { scope: 'col', title: 'against the recorded run before' }, 'change'),
			ours && h('th.trend.wide', { scope: 'col' }, 'trend'))),
		section.groups.map(([op, rows]) => h('tbody',
			h('tr.group', h('th', { scope: 'rowgroup', colspan: 2 + beside.length * 2 + 2 }, op, h('span.unit', rows[0].unitText))),
			rows.map((each) => row(track, each, { ours, beside, stroke, narrow })))));
}

function row(track, each, { ours, beside, stroke, narrow }) {
	const mine = track.latest(each.row, track.ours);
	return h('tr', { 'data-row': '' },
		h('th', { scope: 'row' }, benchmarkLink(each)),
		ours && (each.row in track.older ? h('td.num.mine.older', { title: `of ${track.measured(each.row).commit}` }, figure(mine, each.unit)) :
			h('td.num.mine', figure(mine, each.unit))),
		beside.map((peer) => h('td.num.wide', figure(track.latest(each.row, peer), each.unit))),
		ours && beside.map((peer, at) => {
			const value = ratio(mine, track.latest(each.row, peer));
			return h(`td.num.ratio.${verdict(value, 0.003)}${narrow(at)}`, times(value));
		}),
		ours && changeText(ratio(mine, track.before[each.row]), limit(track, each.row), 'td'),
		ours && h('td.trend.wide', spark(track.recent[each.row], stroke)));
}
