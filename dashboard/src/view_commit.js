// SPDX-License-Identifier: GPL-2.0-only
// One commit: what it changed against the recorded run before.

import { h, select } from './dom.js';
import { minute } from './format.js';
import { commitLink, empty, facts } from './parts.js';
import { comparison, failures } from './comparison.js';
import { choose, link, read } from './state.js';

export async function view(track, [commit]) {
	const newest = track.find(commit ?? '');
	if (newest < 0)
		return [h('h1', 'No such commit'), empty(`The lane ${track.name} has no run of ${commit || 'it'}.`)];
	const siblings = track.siblings(newest);
	const wanted = Number(read().params.get('run'));
	const at = siblings[wanted - 1] ?? newest;
	const run = track.run(at);
	const first = track.run(siblings[0]);
	const before = first.previous < 0 ? null : track.run(first.previous);
	const after = siblings.at(-1) + 1 < track.length ? track.run(siblings.at(-1) + 1) : null;
	return [
		h('div.title', h('h1', run.subject || run.commit), h('nav.step', { 'aria-label': 'Commits' },
			step(before, '‹ before', '[', 'The commit before'), step(after, 'after ›', ']', 'The commit after'))),
		facts([
			['commit', h('span', h('code', run.commit), run.dirty && h('span.tag', 'uncommitted changes'))],
			['committed', minute(run.committed)], ['measured', minute(run.date)],
			['machine', `${run.machine.name || run.machine.id} (${run.machine.cpu}, ${run.machine.cpus} CPUs, ${run.machine.memory_gib} GiB)`],
			...Object.entries(run.environment),
		]),
		siblings.length > 1 && h('div.filters', select('Run', siblings.map((each, index) => [String(index + 1), `${index + 1} of ${siblings.length}, ${minute(track.runs.date[each])}`]),
			String(siblings.indexOf(at) + 1), (value) => choose({ run: value }))),
		before ? h('p.lead', 'Against ', commitLink(before), ` ${before.subject}. `, h('a', { href: link('compare', [before.commit, run.commit]) }, 'Compare with another'))
			: empty('This is the first run: there is nothing to compare it with.'),
		before ? await comparison(track, before, run) : failures(await track.figures(at)),
	];
}

function step(run, text, key, label) {
	return run ? h('a.button', { href: link('commit', [run.commit]), 'data-key': key, 'aria-label': label, title: `${run.subject} (${key})` }, text)
		: h('span.button.off', text);
}
