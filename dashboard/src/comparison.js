// SPDX-License-Identifier: GPL-2.0-only
// Two runs side by side: what changed, largest first. For the view of a commit and for that of any two.

import { h, select, toggle } from './dom.js';
import { change, figure, ratio, times, verdict } from './format.js';
import { bar, chosen, limit, limitText, matching } from './filters.js';
import { benchmarkLink, changeText, differences, empty, facts, whereLink } from './parts.js';
import { choose, read } from './state.js';

// More names than this would be all that is seen of a comparison.
const FEW = 20;

/** What became of each benchmark of a peer from one run to another. */
function changes(track, peer, before, after) {
	const rows = matching(track).filter((each) => each.peers.includes(peer)).map((each) => {
		const then = before[peer]?.[each.row] ?? null;
		const now = after[peer]?.[each.row] ?? null;
		const value = ratio(now, then);
		return { ...each, then, now, value, verdict: verdict(value, limit(track, each.row)) };
	});
	const compared = rows.filter((row) => row.value !== null && row.value > 0);
	// Where significance is asked for, a change is as large as it is against what the benchmark differs by anyway.
	const { threshold } = chosen(track);
	const size = (row) => Math.abs(Math.log(row.value)) / (threshold === null ? track.noise[row.row] : 1);
	const sum = compared.reduce((total, row) => total + Math.log(row.value), 0);
	return {
		changed: compared.filter((row) => row.verdict !== 'same').sort((a, b) => size(b) - size(a)),
		same: compared.filter((row) => row.verdict === 'same').sort((a, b) => size(b) - size(a)),
		added: rows.filter((row) => row.then === null && row.now !== null),
		gone: rows.filter((row) => row.then !== null && row.now === null),
		mean: compared.length ? Math.exp(sum / compared.length) : null,
	};
}

/**
 * @param {Track} track
 * @param {Object} from the run that is compared with
 * @param {Object} to the run that is looked at
 */
export async function comparison(track, from, to) {
	const [before, after] = await Promise.all([track.figures(from.at), track.figures(to.at)]);
	const { params } = read();
	const peer = track.peers.includes(params.get('of')) ? params.get('of') : track.ours;
	const all = params.get('rows') === 'all';
	const found = changes(track, peer, before, after);
	const higher = found.changed.filter((row) => row.verdict === 'worse').length;
	const failed = Object.entries(after.errors);
	const rows = all ? [...found.changed, ...found.same] : found.changed;
	return [
		differences(from, to),
		(to.filter || from.filter) && h('p.notice', h('b', 'Not all benchmarks ran: '), `only those that match ${to.filter || from.filter}.`),
		h('div.cards',
			card('mean change', change(found.mean), verdict(found.mean, 0.001)),
			card('cost more', String(higher), higher ? 'worse' : 'same'),
			card('cost less', String(found.changed.length - higher), found.changed.length - higher ? 'better' : 'same'),
			card('unchanged', String(found.same.length), 'same'),
			found.added.length > 0 && card('new', String(found.added.length), 'same'),
			found.gone.length > 0 && card('vanished', String(found.gone.length), 'worse'),
			failed.length > 0 && card('failed or refused', String(failed.length), 'worse')),
		bar(track, { threshold: true }),
		h('div.filters', select('Changes of', track.peers.map((each) => [each, each]), peer, (of) => choose({ of: of === track.ours ? null : of })),
			toggle('Unchanged, too', all, (on) => choose({ rows: on ? 'all' : null }), { class: 'chip box' })),
		rows.length ? table(track, peer, rows, after, from, to) : empty(`Nothing changed by ${limitText(track)}.`),
		list('New', found.added), list('Vanished', found.gone),
		failures(after),
	];
}

/** The benchmarks of a run that have no figure, and why. */
export function failures(figures) {
	const failed = Object.entries(figures.errors);
	return failed.length > 0 && h('section', h('h2', 'Failed or refused'), facts(failed));
}

function card(name, value, mood) {
	return h('div.card', h('span.who', name), h(`b.num.${mood}`, value));
}

function table(track, peer, rows, after, from, to) {
	const beside = chosen(track).peers.filter((each) => each !== peer);
	return h('div.scroll', h('table.figures',
		h('caption.hidden', `What ${peer} cost before and after`),
		h('thead', h('tr', h('th', { scope: 'col' }, 'Benchmark'), h('th.num.wide', { scope: 'col' }, from.commit.slice(0, 8)),
			h('th.num', { scope: 'col' }, to.commit.slice(0, 8)), h('th.num', { scope: 'col' }, 'change'),
			beside.map((each) => h('th.num.wide', { scope: 'col', title: `what ${peer} costs divided by what ${each} costs` }, `/ ${each}`)),
			h('th.wide', { scope: 'col' }, 'unit'))),
		h('tbody', rows.map((row) => h('tr', { 'data-row': '' },
			h('th', { scope: 'row' }, benchmarkLink(row), ' ', peer === track.ours && whereLink(track, row, from.at, to.at)),
			h('td.num.wide', figure(row.then, row.unit)), h('td.num.mine', figure(row.now, row.unit)),
			changeText(row.value, limit(track, row.row), 'td'),
			beside.map((each) => h('td.num.wide', times(ratio(row.now, after[each]?.[row.row] ?? null)))),
			h('td.muted.wide', row.unitText))))));
}

function list(title, rows) {
	return rows.length > 0 && h('details.named', { open: rows.length <= FEW }, h('summary', h('h2', `${title}: ${rows.length}`)),
		h('ul.names', rows.map((row) => h('li', benchmarkLink(row)))));
}
