// SPDX-License-Identifier: GPL-2.0-only
// The first page: all benchmarks, what each costs now, beside the peers, and how it got there.

import { h } from './dom.js';
import { figure, ratio, times, verdict } from './format.js';
import { bar, chosen, matching, others } from './filters.js';
import { benchmarkLink, changeText, commitLine, empty } from './parts.js';
import { colour, spark } from './chart.js';

export function view(track) {
	const found = matching(track);
	const last = track.run(track.length - 1);
	return [
		h('h1', 'Benchmarks'),
		h('p.lead', `What ${track.ours} costs in the lane ${track.name}, as of `, commitLine(last), '.'),
		bar(track, { threshold: true }),
		h('p.count', { 'aria-live': 'polite' }, `${found.length} of ${track.benchmarks.length} benchmarks`),
		found.length ? table(track, found) : empty('No benchmark matches.'),
	];
}

function table(track, found) {
	const { peers, threshold } = chosen(track);
	const beside = others(track);
	const ours = peers.includes(track.ours);
	const stroke = colour(`peer-${track.ours}`) || colour('accent');
	const groups = Map.groupBy ? Map.groupBy(found, (each) => each.op) : group(found);
	const columns = 4 + beside.length * 2;
	return h('div.scroll', h('table.figures',
		h('caption.hidden', 'What each benchmark costs, by peer'),
		h('thead', h('tr',
			h('th', { scope: 'col' }, 'Benchmark'),
			ours && h('th.num', { scope: 'col' }, track.ours),
			beside.map((peer) => h('th.num.wide', { scope: 'col' }, peer)),
			ours && beside.map((peer, at) => h(`th.num${at && peer !== 'iommufd' ? '.wide' : ''}`, { scope: 'col', title: `what ${track.ours} costs divided by what ${peer} costs` }, `/ ${peer}`)),
			h('th.num', { scope: 'col', title: 'against the recorded run before' }, 'change'),
			h('th.trend.wide', { scope: 'col' }, 'trend'))),
		[...groups].map(([op, rows]) => h('tbody',
			h('tr.group', h('th', { scope: 'rowgroup', colspan: columns }, op, h('span.unit', rows[0].unitText))),
			rows.map((each) => {
				const mine = track.latest(each.row, track.ours);
				return h('tr', { 'data-row': '' },
					h('th', { scope: 'row' }, benchmarkLink(each)),
					ours && h('td.num.mine', figure(mine, each.unit)),
					beside.map((peer) => h('td.num.wide', figure(track.latest(each.row, peer), each.unit))),
					ours && beside.map((peer, at) => {
						const value = ratio(mine, track.latest(each.row, peer));
						return h(`td.num.ratio.${verdict(value, 0.003)}${at && peer !== 'iommufd' ? '.wide' : ''}`, times(value));
					}),
					changeText(ratio(mine, track.before[each.row]), threshold, 'td'),
					h('td.trend.wide', spark(track.recent[each.row], stroke)));
			})))));
}

function group(found) {
	const groups = new Map();
	for (const each of found)
		groups.set(each.op, [...(groups.get(each.op) ?? []), each]);
	return groups;
}
