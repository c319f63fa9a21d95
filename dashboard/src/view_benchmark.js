// SPDX-License-Identifier: GPL-2.0-only
// One benchmark: its trend, beside its peers and the floor, and the commits where it changed.

import { h, select, toggle } from './dom.js';
import { figure, minute, ratio, times, verdict } from './format.js';
import { chosen, limit, limitText, matching, peerChips } from './filters.js';
import { command, sentence } from './about.js';
import { changeText, commitLine, commitLink, empty, facts, whereLink } from './parts.js';
import { choose, link, read } from './state.js';
import { peerColour, trend } from './chart.js';

const RANGES = [['50', 'last 50 runs'], ['200', 'last 200 runs'], ['1000', 'last 1000 runs'], ['all', 'all runs']];
const STEPS = 12;

export async function view(track, [op, shape, size]) {
	const it = track.benchmark(op, shape, size);
	if (!it)
		return [h('h1', 'No such benchmark'), empty(`The lane ${track.name} has no ${[op, shape, size].filter(Boolean).join(' ')}.`)];
	const figures = await track.history(it.row);
	const { params } = read();
	const { peers } = chosen(track);
	const range = params.get('range') ?? '200';
	const log = params.get('scale') !== 'linear';
	const first = range === 'all' ? 0 : Math.max(0, track.length - Number(range));
	const positions = Array.from({ length: track.length - first }, (_, index) => first + index);
	const cut = (peer) => figures[peer].slice(first);
	const pinned = track.find(params.get('at') ?? '');
	const readout = h('div.readout', { 'aria-live': 'polite' });
	const show = (at) => readout.replaceChildren(...readoutOf(track, it, figures, at));
	const pin = (at) => {
		choose({ at: track.runs.commit[at] }, { quiet: true });
		show(at);
	};
	const shared = { track, positions, pinned: pinned < 0 ? null : pinned, onMove: show, onPin: pin };
	const shown = it.peers.filter((peer) => peers.includes(peer));
	show(pinned < 0 ? track.length - 1 : pinned);
	return [
		h('div.title', h('h1', op, ' ', shape !== 'none' && h('span.soft', shape), ' ', h('span.soft', size === '0' ? '' : size)), neighbours(track, it)),
		h('p.lead', sentence(it), ' ', `In ${it.unitText}, lane ${track.name}. Lower is better.`),
		command(track, it) && h('p.command', h('span.muted', 'Again: '), h('code', command(track, it))),
		track.withStacks(it.row).length > 0 && h('p', h('a', { href: link('where', [op, shape, size]) }, 'Where it went'), h('span.muted', ', by function and as a flame graph')),
		cards(track, it),
		h('section.filters', { 'aria-label': 'What the charts show' },
			select('Runs', RANGES, range, (value) => choose({ range: value === '200' ? null : value })),
			peerChips(track),
			toggle('Logarithmic', log, (on) => choose({ scale: on ? null : 'linear' }), { class: 'chip box' })),
		h('div.panels',
			it.peers.includes(track.ours) && panel(`${track.ours} alone`, 'The scale is that of its own changes.',
				trend({ ...shared, marks: track.points[it.row], label: `${track.ours} over commits`, figures: { [track.ours]: cut(track.ours) } })),
			panel('Beside its peers', legend(track, shown),
				trend({ ...shared, log, label: `${shown.join(', ')} over commits`, figures: Object.fromEntries(shown.map((peer) => [peer, cut(peer)])) }))),
		readout,
		h('h2', 'Where it changed'),
		levels(track, it, figures[track.ours] ?? []),
		h('h2', 'From one commit to the next'),
		steps(track, it, figures, first),
	];
}

function panel(title, note, chart) {
	return h('section.panel', h('div.panel-head', h('h2', title), h('span.muted', note)), chart);
}

function legend(track, peers) {
	return h('span.legend', peers.map((peer) => {
		const key = h(`span.key.${['type1', 'iommufd', 'floor'].includes(peer) ? peer : 'plainline'}`, peer);
		key.style.setProperty('--peer', peerColour(peer, track.peers));
		return key;
	}));
}

// Among those that the filters leave, as in the table that the reader came from.
function neighbours(track, it) {
	const list = matching(track);
	const at = list.findIndex((each) => each.row === it.row);
	const to = (each, text, key, label) => (each
		? h('a.button', { href: link('benchmark', [each.op, each.shape, each.size]), 'data-key': key, 'aria-label': label, title: `${label} (${key})` }, text)
		: h('span.button.off', text));
	return h('nav.step', { 'aria-label': 'Benchmarks' }, to(at > 0 && list[at - 1], '‹', '[', 'Previous benchmark'),
		to(at >= 0 && list[at + 1], '›', ']', 'Next benchmark'));
}

function cards(track, it) {
	const mine = track.latest(it.row, track.ours);
	return h('div.cards', it.peers.map((peer) => {
		const value = track.latest(it.row, peer);
		const of = peer === track.ours ? null : ratio(mine, value);
		const card = h('div.card', h('span.who', peer), h('b.num', figure(value, it.unit)),
			peer === track.ours ? h('span.muted', it.unitText) : h(`span.num.${verdict(of, 0.003)}`, `${track.ours} / ${peer} ${times(of)}`));
		card.style.setProperty('--peer', peerColour(peer, track.peers));
		return card;
	}));
}

function readoutOf(track, it, figures, at) {
	const run = track.run(at);
	return [
		h('p', commitLine(run), h('span.muted', `, measured ${minute(run.date)}`)),
		facts(it.peers.map((peer) => [peer, figure(figures[peer][at], it.unit)])),
		h('p', commitLink(run, 'All that this commit changed'), ' ', whereLink(track, it, run.previous, at)),
	];
}

// Where another level begins, by a step or by a drift, the newest first.
function levels(track, it, column) {
	const points = track.points[it.row];
	if (!points.length)
		return empty('It has been on one level.');
	const bounds = [0, ...points, column.length];
	const mean = (from, to) => {
		const known = column.slice(from, to).filter((value) => value !== null);
		return known.reduce((sum, value) => sum + value, 0) / known.length;
	};
	const found = points.map((at, index) => ({ at, before: mean(bounds[index], at), after: mean(at, bounds[index + 2]) })).reverse();
	return changeTable('Where another level begins', 'level before', 'level since', found.map(({ at, before, after }) =>
		({ at, before, after, value: ratio(after, before) })), track, it);
}

function changeTable(caption, was, is, rows, track, it) {
	return h('div.scroll', h('table.figures',
		h('caption.hidden', caption),
		h('thead', h('tr', h('th', { scope: 'col' }, 'Commit'), h('th.num.wide', { scope: 'col' }, was), h('th.num', { scope: 'col' }, is), h('th.num', { scope: 'col' }, 'change'))),
		h('tbody', rows.map(({ at, before, after, value }) => h('tr', { 'data-row': '' },
			h('th', { scope: 'row' }, commitLine(track.run(at)), ' ', whereLink(track, it, track.previous[at], at)),
			h('td.num.wide', figure(before, it.unit)),
			h('td.num', figure(after, it.unit)),
			changeText(value, limit(track, it.row), 'td'))))));
}

// The largest changes from one commit to the next, largest first.
function steps(track, it, figures, first) {
	const column = figures[track.ours] ?? [];
	const found = [];
	for (let at = first; at < column.length; at++) {
		const before = track.previous[at];
		const value = before < 0 ? null : ratio(column[at], column[before]);
		if (verdict(value, limit(track, it.row)) !== 'same')
			found.push({ at, value, before });
	}
	found.sort((a, b) => Math.abs(Math.log(b.value)) - Math.abs(Math.log(a.value)));
	if (!found.length)
		return empty(`No commit among these runs changed it by ${limitText(track)}.`);
	return [
		h('p.count', found.length > STEPS ? `The ${STEPS} largest of ${found.length} changes.` : `${found.length} changes.`),
		changeTable('Commits that changed it', 'before', 'after',
			found.slice(0, STEPS).map(({ at, value, before }) => ({ at, before: column[before], after: column[at], value })), track, it),
	];
}
