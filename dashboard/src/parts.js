// SPDX-License-Identifier: GPL-2.0-only
// Pieces that several views show.

import { h } from './dom.js';
import { change, day, verdict } from './format.js';
import { link } from './state.js';

/** The link to a benchmark's view, with its name. */
export function benchmarkLink({ op, shape, size }) {
	return h('a.name', { href: link('benchmark', [op, shape, size]) }, h('span.op', op), ' ',
		shape !== 'none' && h('span.shape', shape), ' ', size && size !== '0' && h('span.size', size));
}

/** The link to a run's commit. */
export function commitLink(run, text = run.commit) {
	return h('a.sha', { href: link('commit', [run.commit], { run: null }) }, text);
}

/** The link to where the instructions of a benchmark went, from one run to another; null where one of them has no stacks. */
export function whereLink(track, { row, op, shape, size }, from, to) {
	return from >= 0 && track.hasStacks(from, row) && track.hasStacks(to, row)
		? h('a.where', { href: link('where', [op, shape, size, track.runs.commit[from], track.runs.commit[to]]), 'aria-label': `Where it went: ${op} ${shape} ${size}`, title: 'Where it went: the functions that made it' }, 'where')
		: null;
}

/** A change, in its colour and with its sign. */
export function changeText(value, threshold, tag = 'span') {
	return h(`${tag}.num.change.${verdict(value, threshold)}`, change(value));
}

/** The commit of a run in a line: subject, number, day. */
export function commitLine(run) {
	return h('span.commit-line', commitLink(run), ' ', h('span.subject', run.subject || 'unknown commit'), ' ',
		h('span.muted.day', day(run.committed)), run.dirty && h('span.tag', 'uncommitted changes'));
}

/** What two runs did not have alike, in words; null if they are alike. */
export function differences(before, after) {
	const names = [...new Set([...Object.keys(before.environment), ...Object.keys(after.environment)])];
	const found = names.filter((name) => before.environment[name] !== after.environment[name])
		.map((name) => `${name} ${before.environment[name] ?? 'none'} → ${after.environment[name] ?? 'none'}`);
	return found.length ? h('p.notice', h('b', 'Not only the commit differs: '), found.join('; '), '.') : null;
}

/** A message in the place of a view or of a table. */
export function empty(...text) {
	return h('p.empty', text);
}

/** Pairs of a name and a value. */
export function facts(pairs) {
	return h('dl.facts', pairs.filter(([, value]) => value).map(([name, value]) => h('div', h('dt', name), h('dd', value))));
}
