// SPDX-License-Identifier: GPL-2.0-only
// Any two commits side by side.

import { h } from './dom.js';
import { empty, commitLine } from './parts.js';
import { comparison } from './comparison.js';
import { day } from './format.js';
import { go, link } from './state.js';

export async function view(track, [a, b]) {
	const newest = track.length - 1;
	if (a === undefined)
		a = track.runs.commit[Math.max(0, track.previous[newest])];
	if (b === undefined)
		b = track.runs.commit[newest];
	const [from, to] = [a, b].map((commit) => track.find(commit));
	const choices = h('datalist', { id: 'commits' });
	const fill = () => choices.childElementCount || choices.append(...track.runs.commit.map((commit, at) => h('option', { value: commit }, `${day(track.runs.committed[at])} ${track.runs.subject[at]}`)).reverse());
	const field = (label, id, value, to) => h('label.field.grow', h('span', label), h('input', {
		id, value, list: 'commits', autocomplete: 'off', spellcheck: 'false', focus: fill,
		change: (event) => go(link('compare', to(event.target.value.trim().toLowerCase()))),
	}));
	return [
		h('h1', 'Compare'),
		h('p.lead', 'Two commits side by side: first digits are enough.'),
		h('section.filters', { 'aria-label': 'Commits' },
			field('From', 'from', a, (value) => [value, b]), field('To', 'to', b, (value) => [a, value]),
			h('a.button', { id: 'swap', href: link('compare', [b, a]) }, 'Swap'), choices),
		from >= 0 && to >= 0 && h('div.sides', h('p', h('b', 'From '), commitLine(track.run(from))), h('p', h('b', 'To '), commitLine(track.run(to)))),
		from < 0 || to < 0 ? empty(`The lane ${track.name} has no run of ${from < 0 ? a || 'no commit' : b || 'no commit'}.`) : await comparison(track, track.run(from), track.run(to)),
	];
}
