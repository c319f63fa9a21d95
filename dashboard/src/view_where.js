// SPDX-License-Identifier: GPL-2.0-only
// Where the instructions of a benchmark went in a run, against another one: as a flame graph, and by function.

import { h, select, toggle } from './dom.js';
import { day, number } from './format.js';
import { benchmarkLink, commitLine, differences, empty } from './parts.js';
import { choose, go, link, read } from './state.js';
import { difference, flame, functions, merge } from './flame.js';

const SIDES = [['after', 'as it is after'], ['before', 'as it was before']];
// Of all instructions, what a function has to differ by to be shown: less is a timer interrupt somewhere.
const LEAST = 0.0005;

export async function view(track, [op, shape, size, a, b]) {
	const it = track.benchmark(op, shape, size);
	const known = it ? track.withStacks(it.row) : [];
	if (!known.length)
		return [h('h1', 'Where it went'), empty(`The lane ${track.name} has no stacks of ${[op, shape, size].filter(Boolean).join(' ') || 'a benchmark without a name'}: they are kept of the main benchmarks, where a run counted with COUNT=1.`)];
	const to = b === undefined ? known.at(-1) : track.find(b);
	const from = a === undefined ? known[Math.max(0, known.indexOf(to) - 1)] : track.find(a);
	const { params } = read();
	const side = params.get('widths') === 'before' ? 'before' : 'after';
	const choices = known.map((at) => [track.runs.commit[at], `${day(track.runs.committed[at])} ${track.runs.commit[at].slice(0, 8)} ${track.runs.subject[at]}`]).reverse();
	const pick = (label, at, args) => select(label, choices, track.runs.commit[at], (commit) => go(link('where', [op, shape, size, ...args(commit)])));
	const head = [
		h('h1', 'Where it went: ', benchmarkLink(it)),
		h('p.lead', `Instructions of ${track.ours} ${it.unitText.replace('instructions ', '')}, by function, as an emulator counts each of them.`),
		h('section.filters.sides', { 'aria-label': 'Commits' },
			pick('From', from, (commit) => [commit, track.runs.commit[to] ?? b]), pick('To', to, (commit) => [track.runs.commit[from] ?? a, commit])),
	];
	const without = [[from, a], [to, b]].find(([at]) => !known.includes(at));
	if (without)
		return [...head, empty(`The run of ${without[1]} has no stacks of it.`)];
	const root = merge(...await Promise.all([track.stacks(from, it), track.stacks(to, it)]));
	return [
		...head,
		h('div.sides', h('p', h('b', 'From '), commitLine(track.run(from))), h('p', h('b', 'To '), commitLine(track.run(to)))),
		differences(track.run(from), track.run(to)),
		h('h2', 'By function'),
		table(root, params.get('rows') === 'all'),
		h('h2', 'By call'),
		h('p.muted', 'Each function is as wide as what it and all that it calls cost, below its caller. ', h('span.worse', 'Red'), ': the function itself costs more than before; ', h('span.better', 'green'), ': less.'),
		h('div.filters', select('Widths', SIDES, side, (value) => choose({ widths: value === 'after' ? null : value }))),
		flame(root, side, it.unitText),
	];
}

function table(root, all) {
	const found = functions(root);
	const sum = (side) => found.reduce((total, each) => total + each[side], 0);
	const [before, after] = [sum('before'), sum('after')];
	const shown = all ? found : found.filter((each) => Math.abs(each.after - each.before) >= LEAST * after);
	const row = (each, cell) => h('tr', h(cell, { scope: 'row' }, each.name), h('td.num.mid', number(each.before)), h('td.num', number(each.after)),
		h(`td.num.change.${mood(each.after - each.before, LEAST * after)}`, difference(each.after - each.before)));
	return [
		h('div.filters', toggle('Unchanged, too', all, (on) => choose({ rows: on ? 'all' : null }), { class: 'chip box' })),
		h('div.scroll', h('table.figures.functions',
			h('caption.hidden', 'What each function costs itself, before and after'),
			h('thead', h('tr', h('th', { scope: 'col' }, 'Function'), h('th.num.mid', { scope: 'col' }, 'before'), h('th.num', { scope: 'col' }, 'after'), h('th.num', { scope: 'col' }, 'difference'))),
			h('tbody', shown.map((each) => row(each, 'th')), row({ name: 'all', before, after }, 'th')))),
	];
}

function mood(change, least) {
	if (Math.abs(change) < least)
		return 'same';
	return change > 0 ? 'worse' : 'better';
}
