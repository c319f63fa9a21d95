// SPDX-License-Identifier: GPL-2.0-only
// All recorded runs, newest first, and what each changed.

import { h } from './dom.js';
import { change, day, verdict } from './format.js';
import { commitLink, empty } from './parts.js';
import { choose, link, read } from './state.js';

const PAGE = 100;

export function view(track) {
	const { params } = read();
	const q = (params.get('commit') ?? '').toLowerCase();
	const shown = Number(params.get('n')) || PAGE;
	const picked = (params.get('pick') ?? '').split(',').filter(Boolean);
	const found = [];
	for (let at = track.length - 1; at >= 0; at--) {
		if (!q || track.runs.commit[at].startsWith(q) || track.runs.subject[at].toLowerCase().includes(q))
			found.push(at);
	}
	const pick = (commit, on) => choose({ pick: [...picked.filter((each) => each !== commit), ...(on ? [commit] : [])].slice(-2).join(',') });
	// The older of the two is what the other is compared with.
	const [a, b] = picked.map((commit) => track.find(commit)).filter((at) => at >= 0).sort((x, y) => x - y).map((at) => track.runs.commit[at]);
	return [
		h('h1', 'Commits'),
		h('p.lead', `What each commit changed for ${track.ours} against the one before, in the lane ${track.name}.`),
		h('section.filters', { 'aria-label': 'Filters' },
			h('label.field.grow', h('span', 'Search'), h('input', {
				id: 'search', type: 'search', value: q, placeholder: 'subject, or first digits', autocomplete: 'off', spellcheck: 'false',
				input: (event) => choose({ commit: event.target.value, n: null }),
			})),
			b ? h('a.button.primary', { id: 'compare-picked', href: link('compare', [a, b], { pick: null, commit: null }) }, `Compare ${a.slice(0, 8)} with ${b.slice(0, 8)}`)
				: h('span.muted.hint', 'Choose two to compare them.')),
		h('p.count', { 'aria-live': 'polite' }, `${found.length} of ${track.length} runs`),
		found.length ? table(track, found.slice(0, shown), picked, pick) : empty('No commit matches.'),
		found.length > shown && h('button.button', { id: 'more', type: 'button', click: () => choose({ n: String(shown + PAGE) }) }, `Show ${Math.min(PAGE, found.length - shown)} older`),
	];
}

function table(track, positions, picked, pick) {
	return h('div.scroll', h('table.figures.commits',
		h('caption.hidden', 'Recorded runs'),
		h('thead', h('tr', h('th', { scope: 'col' }, h('span.hidden', 'Choose')), h('th', { scope: 'col' }, 'Commit'),
			h('th.wide', { scope: 'col' }, 'Date'), h('th.num', { scope: 'col', title: 'geometric mean of all benchmarks' }, 'mean'),
			h('th.num.wide', { scope: 'col' }, 'cost more'), h('th.num.wide', { scope: 'col' }, 'cost less'), h('th.num.wide', { scope: 'col' }, 'failed'))),
		h('tbody', positions.map((at) => {
			const run = track.run(at);
			return h('tr', { 'data-row': '' },
				h('td.pick', h('input', { id: `pick-${at}`, type: 'checkbox', checked: picked.includes(run.commit), 'aria-label': `Choose ${run.commit}`, change: (event) => pick(run.commit, event.target.checked) })),
				h('th', { scope: 'row' }, h('span.commit-line', commitLink(run, run.subject || run.commit), ' ',
					h('code.muted', run.commit.slice(0, 8)), run.dirty && h('span.tag', 'uncommitted changes'), run.filter && h('span.tag', 'partial'))),
				h('td.wide.muted', day(run.committed)),
				h(`td.num.change.${verdict(run.mean, 0.001)}`, change(run.mean)),
				h(`td.num.wide.${run.higher ? 'worse' : 'muted'}`, String(run.higher)),
				h(`td.num.wide.${run.lower ? 'better' : 'muted'}`, String(run.lower)),
				h(`td.num.wide.${run.errors ? 'worse' : 'muted'}`, String(run.errors)));
		}))));
}
