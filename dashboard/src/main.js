// SPDX-License-Identifier: GPL-2.0-only
// From the link to the view, and what all views have around them: lanes, keys, light and dark.

import { Track, onIndex } from './data.js';
import { h } from './dom.js';
import { choose, go, link, read } from './state.js';
import { sweep } from './chart.js';
import { empty } from './parts.js';
import { NARROW } from './filters.js';
import * as benchmarks from './view_benchmarks.js';
import * as benchmark from './view_benchmark.js';
import * as commits from './view_commits.js';
import * as commit from './view_commit.js';
import * as compare from './view_compare.js';
import * as where from './view_where.js';

const VIEWS = { benchmarks, benchmark, commits, commit, compare, where };
const TITLES = { benchmarks: 'Benchmarks', commits: 'Commits', compare: 'Compare' };
const TABS = { benchmark: 'benchmarks', commit: 'commits', where: 'benchmarks' };
const element = (id) => document.getElementById(id);
let tracks = [];
let shown = '';
let turn = 0;

async function render() {
	const mine = ++turn;
	const { view, args, params } = read();
	const track = tracks.find((each) => each.name === params.get('track')) ?? tracks[0];
	let content;
	try {
		content = VIEWS[view] ? await VIEWS[view].view(track, args) : [h('h1', 'No such page'), empty(location.hash)];
	} catch (error) {
		content = [h('h1', 'This cannot be shown'), empty(error.message)];
	}
	// Somebody went elsewhere in the meantime.
	if (mine !== turn)
		return;
	header(track, view);
	put(content, `${view}/${args.join('/')}`);
}

// A view that is made anew keeps the focus, the cursor in a text and the place in the page; another one begins at its top.
function put(content, now) {
	const main = element('main');
	const focus = document.activeElement;
	const selection = focus?.matches('input[type=search], input:not([type])') ? [focus.selectionStart, focus.selectionEnd] : null;
	const id = focus?.id;
	main.replaceChildren(...content.flat(Infinity).filter(Boolean));
	sweep();
	document.title = `${main.querySelector('h1')?.textContent ?? ''}: iommufd-fast`;
	if (now !== shown) {
		if (shown) {
			scrollTo(0, 0);
			main.focus({ preventScroll: true });
		}
		shown = now;
	} else if (id && element(id) && id !== 'main') {
		element(id).focus({ preventScroll: true });
		if (selection)
			element(id).setSelectionRange(...selection);
	}
}

function header(track, view) {
	element('nav').replaceChildren(...Object.entries(TITLES).map(([name, title]) => h('a', {
		href: link(name), 'aria-current': (TABS[view] ?? view) === name ? 'page' : null,
	}, title)));
	element('track').value = track.name;
}

function theme(change) {
	const root = document.documentElement;
	let now = root.dataset.theme;
	try {
		now ??= localStorage.getItem('theme') ?? undefined;
	} catch {
		// A browser may keep nothing for pages from files.
	}
	now ??= matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
	if (change) {
		now = now === 'dark' ? 'light' : 'dark';
		try {
			localStorage.setItem('theme', now);
		} catch {
			// As above: then it lasts as long as the page.
		}
	}
	root.dataset.theme = now;
}

function moveRow(by) {
	const rows = [...document.querySelectorAll('[data-row]')];
	const at = rows.findIndex((row) => row.contains(document.activeElement));
	const next = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by))];
	next?.querySelector('a')?.focus();
	next?.scrollIntoView({ block: 'nearest' });
}

const KEYS = {
	1: () => go(link('benchmarks')), 2: () => go(link('commits')), 3: () => go(link('compare')),
	'/': () => {
		element('search')?.closest('details')?.setAttribute('open', '');
		element('search')?.focus();
	},
	j: () => moveRow(1), k: () => moveRow(-1),
	t: () => { theme(true); render(); },
	'?': () => element('keys').showModal(),
	'[': () => document.querySelector('[data-key="["]')?.click(),
	']': () => document.querySelector('[data-key="]"]')?.click(),
};

function onKey(event) {
	if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input:not([type=checkbox]), select, textarea') || element('keys').open)
		return;
	const action = KEYS[event.key];
	if (action) {
		event.preventDefault();
		action();
	}
}

onIndex((index) => {
	tracks = index.tracks.map((_, number) => new Track(index, number));
	element('track').replaceChildren(...tracks.map((track) => h('option', { value: track.name }, track.name)));
	element('track').addEventListener('change', (event) => choose({ track: event.target.value === tracks[0].name ? null : event.target.value }));
	element('theme').addEventListener('click', () => { theme(true); render(); });
	element('help').addEventListener('click', () => element('keys').showModal());
	element('foot').replaceChildren(
		h('p', `${tracks.reduce((sum, track) => sum + track.length, 0)} recorded runs. `,
			index.skipped > 0 && h('b.worse', `${index.skipped} line${index.skipped > 1 ? 's' : ''} of the history could not be read. `),
			'In the lanes icount, vm-icount, span-icount and callgrind figures are executed instructions, equal on every machine; all others depend on the machine and are shown for each by itself.'),
		h('p', 'GPL-2.0-only. Charts: uPlot, MIT licence, and d3-hierarchy, ISC licence; ', h('a', { href: 'LICENSES.txt' }, 'licences'), '.'));
	addEventListener('hashchange', render);
	addEventListener('keydown', onKey);
	NARROW.addEventListener('change', render);
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
		delete document.documentElement.dataset.theme;
		theme(false);
		render();
	});
	render();
});
theme(false);
