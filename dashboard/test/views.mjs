// SPDX-License-Identifier: GPL-2.0-only
// The dashboard in a browser: what it shows is what the history says, what is chosen is in the link, every view is
// readable on a desk and on a phone, by light and by dark, with keys and without a pointer.
//
// usage: views.mjs GLOB SITE HISTORY SHOTS

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { close, open, run } from './harness.mjs';
import { audit } from './audit.mjs';
import { command as commandOf, sentence } from '../src/about.js';

const [pattern, site, history, shots] = process.argv.slice(2);
const lines = readFileSync(history, 'utf8').split('\n').filter((line) => line.endsWith('}')).map(JSON.parse);
const track = lines.filter((each) => each.lane === 'icount');
const last = track.at(-1);
const NAMES = [...new Set(Object.keys(last.benchmarks).map((name) => name.split('/').slice(0, 3).join('/')))];
const digits = (each) => each.commit.slice(0, 12);
const cost = (each, name, peer = 'fast') => each.benchmarks[`${name}/${peer}`].insn_per_4k;
const WHERE = 'map/thp/256MiB';
const PLANTED = 'pin_run [iommufd]';
const [LOW, HIGH] = [Math.min, Math.max].map((most) => track.find((each) => cost(each, WHERE) === most(...track.map((any) => cost(any, WHERE)))));
const VIEWS = {
	benchmarks: '#/', benchmark: '#/benchmark/map/thp/256MiB', commits: '#/commits',
	commit: `#/commit/${digits(last)}?rows=all`, compare: `#/compare/${digits(track[0])}/${digits(last)}`,
	where: `#/where/${WHERE}/${digits(HIGH)}/${digits(LOW)}`,
};

// What the history says became of each benchmark, largest change first.
function changes(before, after) {
	return NAMES.map((name) => ({ name, ratio: cost(after, name) / cost(before, name) }))
		.filter(({ ratio }) => ratio > 1.01 || ratio < 1 / 1.01)
		.sort((a, b) => Math.abs(Math.log(b.ratio)) - Math.abs(Math.log(a.ratio)));
}

const rowNames = (page) => page.$$eval('tr[data-row] th .name', (cells) => cells.map((cell) => cell.textContent.trim().replace(/\s+/g, '/')));
// What the page says itself: the browser's own word for it comes later.
const hashOf = (page) => page.evaluate(() => location.hash);
const text = (page, selector) => page.locator(selector).first().innerText();

await run('dashboard', {
	async shows_what_the_history_says(browser) {
		const page = await open(browser, site);
		assert.deepEqual((await rowNames(page)).sort(), [...NAMES].sort());
		const row = page.locator('tr[data-row]', { has: page.locator('a[href*="benchmark/unmap/memfd4k/256MiB"]') });
		const cells = await row.locator('td').allInnerTexts();
		const [fast, type1, floor] = ['fast', 'type1', 'floor'].map((peer) => cost(last, 'unmap/memfd4k/256MiB', peer));
		assert.deepEqual([cells[0], cells[1], cells[3]], [fast, type1, floor].map((value) => value.toFixed(0)));
		assert.equal(cells[4], (fast / type1).toFixed(2));
		assert.match(await text(page, 'tr.group'), /instructions per 4 KiB page/);
		await close(page);
	},

	async filters_by_operation_shape_size_and_words(browser) {
		const page = await open(browser, site);
		const only = async (test) => assert.deepEqual((await rowNames(page)).sort(), NAMES.filter(test).sort());
		await page.selectOption('#c-Operation', 'map');
		await only((name) => name.startsWith('map/'));
		await page.selectOption('#c-Shape', 'thp');
		await only((name) => name.startsWith('map/thp/'));
		await page.click('#clear');
		await page.selectOption('#c-Size', '16MiB');
		await only((name) => name.endsWith('/16MiB'));
		await page.click('#clear');
		await page.fill('#search', 'memfd2m  COPY');
		await only((name) => name.includes('memfd2m') && name.startsWith('copy/'));
		await page.fill('#search', 'nothing has this name');
		await only(() => false);
		assert.match(await text(page, '.empty'), /No benchmark matches/);
		await close(page);
	},

	async filters_by_peer(browser) {
		const page = await open(browser, site);
		await page.click('#c-type1');
		assert.equal(await page.getAttribute('#c-type1', 'aria-pressed'), 'false');
		const heads = await page.locator('thead th').allInnerTexts();
		assert.ok(heads.includes('iommufd') && !heads.some((head) => head.includes('type1')), heads.join());
		await close(page);
	},

	async what_is_chosen_is_in_the_link_and_survives_a_reload(browser) {
		const page = await open(browser, site);
		await page.selectOption('#c-Operation', 'copy');
		await page.fill('#search', 'thp');
		await page.click('#c-floor');
		await page.selectOption('#c-Counts-as-a-change', '0.05');
		const look = async (it) => [await it.inputValue('#c-Operation'), await it.inputValue('#search'), await it.getAttribute('#c-floor', 'aria-pressed'),
			await it.inputValue('#c-Counts-as-a-change'), await rowNames(it)];
		const before = await look(page);
		assert.deepEqual(before.slice(0, 4), ['copy', 'thp', 'false', '0.05']);
		await page.reload();
		await page.waitForSelector('tr[data-row]');
		assert.deepEqual(await look(page), before);
		const other = await open(browser, site, await hashOf(page));
		assert.deepEqual(await look(other), before);
		await close(other);
		await close(page);
	},

	async typing_keeps_the_focus(browser) {
		const page = await open(browser, site);
		await page.click('#search');
		await page.keyboard.type('thp 16', { delay: 5 });
		assert.equal(await page.inputValue('#search'), 'thp 16');
		await close(page);
	},

	async links_lead_to_a_benchmark_and_to_a_commit_and_back(browser) {
		const page = await open(browser, site);
		await page.click('a[href*="benchmark/map/thp/256MiB"]');
		await page.waitForSelector('.chart canvas');
		assert.equal(await page.locator('.chart canvas').count(), 2);
		assert.match(await text(page, 'h1'), /map thp 256MiB/);
		await page.click('.readout a.sha >> nth=1');
		await page.waitForSelector('.facts code');
		assert.equal(await text(page, '.facts code'), digits(last));
		await page.goBack();
		await page.waitForSelector('.chart canvas');
		await page.goBack();
		await page.waitForSelector('#search');
		assert.equal((await rowNames(page)).length, NAMES.length);
		await close(page);
	},

	async a_commit_shows_what_it_changed_largest_first(browser) {
		for (const at of [track.length - 1, 7, 23]) {
			const page = await open(browser, site, `#/commit/${digits(track[at])}?threshold=0.01`);
			const expected = changes(track[at - 1], track[at]);
			assert.deepEqual(await rowNames(page), expected.map(({ name }) => name));
			const shown = await page.$$eval('td.change', (cells) => cells.map((cell) => cell.textContent));
			for (const [row, { ratio }] of expected.entries()) {
				assert.equal(shown[row].startsWith('+'), ratio > 1);
				assert.ok(Math.abs(parseFloat(shown[row].slice(1)) - Math.abs(ratio - 1) * 100) < 0.51, `${shown[row]} for ${ratio}`);
			}
			await close(page);
		}
	},

	async what_is_significant_is_more_than_what_runs_differ_by(browser) {
		const page = await open(browser, site, `#/commit/${digits(track[7])}`);
		const some = await rowNames(page);
		assert.ok(some.length > 0 && some.length < NAMES.length, `${some.length} of ${NAMES.length}`);
		assert.ok(some.includes(changes(track[6], track[7])[0].name), some.join());
		for (const name of some)
			assert.ok(Math.abs(cost(track[7], name) / cost(track[6], name) - 1) > 0.0049, name);
		await page.selectOption('#c-Counts-as-a-change', '0');
		await page.waitForFunction((count) => document.querySelectorAll('tr[data-row]').length > count, some.length);
		await close(page);
	},

	async a_benchmark_shows_where_another_level_begins(browser) {
		// The largest step that is not near others, or near another kernel.
		let best = { size: 0 };
		for (const name of NAMES) {
			const steps = track.map((each, at) => (at ? Math.abs(Math.log(cost(each, name) / cost(track[at - 1], name))) : 0));
			for (let at = 6; at < track.length - 6; at++) {
				const around = [...Array(11).keys()].map((index) => at - 5 + index);
				const alone = around.every((near) => near === at || steps[near] < 0.004);
				const alike = around.every((near) => track[near].environment.config === track[at].environment.config);
				if (alone && alike && steps[at] > best.size)
					best = { size: steps[at], name, at };
			}
		}
		assert.ok(best.size > 0.015, JSON.stringify(best));
		const page = await open(browser, site, `#/benchmark/${best.name}`);
		const table = page.locator('table', { has: page.locator('caption', { hasText: 'Where another level begins' }) });
		const commits = await table.locator('a.sha').allInnerTexts();
		assert.ok(commits.includes(digits(track[best.at])), `${digits(track[best.at])} is not among ${commits}`);
		await close(page);
	},

	async a_benchmark_says_what_it_does_and_how_to_repeat_it(browser) {
		const page = await open(browser, site, '#/benchmark/map/thp/256MiB');
		assert.match(await text(page, '.lead'), /^Maps memory that is there.*: anonymous memory in transparent huge pages, 256MiB\./);
		assert.equal(await text(page, '.command code'), "make bench BENCH_FILTER='^map/thp/256MiB/'");
		await close(page);
	},

	/** Those of the other programs, too, and each of several figures of one. */
	async each_kind_of_benchmark_has_a_sentence_and_a_command() {
		for (const [lane, op, shape, size, does, command] of [
			['icount', 'copy lines', 'thp', '16MiB', /^Maps what another.*16MiB\. Counted are the cache lines/, "make bench BENCH_FILTER='^copy/thp/16MiB/'"],
			['mttcg', 'million map', 'populate4k', '4KiB', /^Maps a page among a million/, "make bench LANE=mttcg BENCH_FILTER='^million/populate4k/4KiB/'"],
			['vm-icount', 'vm end', 'base', '1GiB', /^What a VMM does when a guest ends/, "make vm-start BENCH_FILTER='^vm/base/1GiB/'"],
			['threads-mttcg', 'map by 2 threads', 'fresh_thp', 'helpers', /nobody has touched, one call, .*or with helpers\.$/, "make threads BENCH_FILTER='^fresh_thp/helpers/'"],
			['threads-mttcg', 'destroy p99', 'idle', '', /^Destroys an object.*99 take no longer\.$/, "make threads BENCH_FILTER='^destroy/idle/'"],
			['span-icount', 'map work', 'thp', '16 threads', /16 threads\. Counted is what all/, "make span BENCH_FILTER='^span/thp/16/'"],
			['native', 'iova find p50', 'seq', '10 ranges', /^Finds the mapping at an IOVA: 10 ranges\. Half/, 'make micro'],
			['callgrind', 'extent build', '2MiB', '', /^Makes the runs/, 'make micro-check'],
		]) {
			assert.match(sentence({ op, shape, size }), does);
			assert.equal(commandOf({ lane }, { op, shape, size }), command);
		}
	},

	async the_first_page_says_what_it_is(browser) {
		const page = await open(browser, site);
		assert.match(await text(page, '.about'), /under 1 ours is cheaper[^]*type1\s+VFIO.s own container/);
		await page.selectOption('#c-Operation', 'map');
		assert.doesNotMatch(await text(page, '.about'), /under 1 ours is cheaper/);
		await page.click('.about summary');
		assert.match(await text(page, '.about'), /under 1 ours is cheaper/);
		await close(page);
	},

	async a_change_shows_which_function_made_it(browser) {
		// The step of this benchmark from one commit to the next that is largest: all of it is in one function (synthetic.py).
		const step = (at) => cost(track[at], WHERE) - cost(track[at - 1], WHERE);
		const at = [...track.keys()].slice(1).sort((a, b) => step(b) - step(a))[0];
		const page = await open(browser, site, `#/commit/${digits(track[at])}?threshold=0`);
		await page.click(`a.where[href*="${WHERE}"]`);
		await page.waitForSelector('.flame');
		assert.ok((await hashOf(page)).includes(`where/${WHERE}/${digits(track[at - 1])}/${digits(track[at])}`), await hashOf(page));
		const rows = await page.$$eval('.functions tbody tr', (all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
		assert.deepEqual(rows.map(([name]) => name), [PLANTED, 'all']);
		assert.ok(step(at) > 0.2, `${step(at)}`);
		for (const row of rows)
			assert.equal(row[3], `+${step(at).toFixed(2)}`);
		assert.equal(rows[1][1], cost(track[at - 1], WHERE).toFixed(1));
		assert.equal(rows[1][2], cost(track[at], WHERE).toFixed(1));
		const parts = await page.$$eval('.frame', (all) => all.filter((each) => parseFloat(each.style.getPropertyValue('--part')) > 1).map((each) => [each.textContent, each.className]));
		assert.deepEqual(parts, [[PLANTED, 'frame more']]);
		await page.click('#c-Unchanged-too');
		await page.waitForFunction(() => document.querySelectorAll('.functions tbody tr').length > 5);
		await page.selectOption('#c-From', digits(track[at]));
		await page.waitForFunction(() => document.querySelectorAll('.functions td.change.worse').length === 0);
		await close(page);
	},

	async frames_are_as_wide_as_what_they_cost(browser) {
		const page = await open(browser, site, VIEWS.where);
		const widths = () => page.$$eval('.frame', (all) => Object.fromEntries(all.map((each) => [each.ariaLabel.split(':')[0], parseFloat(each.style.width)])));
		for (const [side, each] of [['after', LOW], ['before', HIGH]]) {
			await page.selectOption('#c-Widths', side);
			const found = await widths();
			assert.equal(found.all, 100);
			// What walks has what it calls in it: 3 of them, and what is planted.
			assert.ok(Math.abs(found['walk [iommufd]'] - 100 * (1 - 3.77 / cost(each, WHERE))) < 0.01, JSON.stringify(found));
		}
		await close(page);
	},

	async a_flame_graph_takes_keys(browser) {
		const page = await open(browser, site, VIEWS.where);
		const focused = () => page.evaluate(() => document.activeElement.ariaLabel.split(':')[0]);
		await page.focus('.frame[tabindex="0"]');
		for (const [key, name] of [['ArrowDown', '[user]'], ['ArrowDown', 'do_syscall_64'], ['ArrowDown', 'ioas_map [iommufd]'],
			['ArrowDown', 'fill_table [iommufd]'], ['ArrowRight', 'walk [iommufd]'], ['ArrowDown', 'follow_pte'], ['ArrowUp', 'walk [iommufd]']]) {
			await page.keyboard.press(key);
			assert.equal(await focused(), name);
		}
		await page.keyboard.press('Enter');
		assert.equal(await page.$eval('.frame:focus', (frame) => frame.style.width), '100%');
		assert.match(await text(page, '.flame-readout'), /^walk \[iommufd\]: .* % of all/);
		await page.keyboard.press('Escape');
		assert.equal(await focused(), 'all');
		await close(page);
	},

	async stacks_are_loaded_when_they_are_asked_for(browser) {
		const page = await open(browser, site);
		const files = () => page.requests.filter((url) => /\/s\d+\.js/.test(url)).length;
		assert.equal(files(), 0);
		await page.goto(`file://${site}/index.html${VIEWS.where}`);
		await page.waitForSelector('.flame');
		assert.equal(files(), 2);
		await page.goto(`file://${site}/index.html#/where/copy/thp/256MiB`);
		await page.waitForSelector('.empty:has-text("no stacks")');
		await close(page);
	},

	async what_is_new_is_counted_and_folded_where_it_is_much(browser) {
		const [first, second, later] = lines.filter((each) => each.lane === 'mttcg' && each.machine.id === 'made-up-1');
		const count = (each) => new Set(Object.keys(each.benchmarks).map((name) => name.split('/').slice(0, 3).join('/'))).size;
		const added = count(second) - count(first);
		assert.ok(added > 20, `${added}`);
		const page = await open(browser, site, `#/compare/${digits(first)}/${digits(second)}?track=mttcg@made-up-1`);
		assert.equal(await text(page, '.named h2'), `New: ${added}`);
		assert.equal(await page.locator('.named li').first().isVisible(), false);
		await page.click('.named summary');
		assert.equal(await page.locator('.named li:visible').count(), added);
		await page.goto(`file://${site}/index.html#/compare/${digits(second)}/${digits(later)}?track=mttcg@made-up-1`);
		await page.waitForFunction(() => !document.querySelector('.named'));
		await close(page);
	},

	async the_first_commit_has_nothing_before_it(browser) {
		const page = await open(browser, site, `#/commit/${digits(track[0])}`);
		assert.match(await text(page, '.empty'), /first run/);
		assert.equal(await page.locator('.cards, table').count(), 0);
		await close(page);
	},

	async a_change_of_the_kernel_is_said(browser) {
		const at = track.findIndex((each, index) => index && each.environment.config !== track[index - 1].environment.config);
		const page = await open(browser, site, `#/commit/${digits(track[at])}`);
		assert.match(await text(page, '.notice'), /config .* → /);
		await close(page);
	},

	async any_two_commits_compare(browser) {
		const page = await open(browser, site, '#/compare?threshold=0.01');
		await page.fill('#from', track[3].commit.slice(0, 8));
		await page.press('#from', 'Enter');
		await page.fill('#to', track[40].commit.slice(0, 8));
		await page.press('#to', 'Enter');
		// The address changes before the page does.
		const compared = (a, b) => page.waitForFunction((both) => {
			const shown = [...document.querySelectorAll('.sides a.sha')].map((each) => each.textContent.slice(0, 8));
			return location.hash.includes(`compare/${both.join('/')}`) && shown.join() === both.join();
		}, [a, b].map((each) => each.commit.slice(0, 8)));
		await compared(track[3], track[40]);
		assert.deepEqual(await rowNames(page), changes(track[3], track[40]).map(({ name }) => name));
		await page.click('#swap');
		await compared(track[40], track[3]);
		assert.deepEqual((await rowNames(page)).sort(), changes(track[40], track[3]).map(({ name }) => name).sort());
		await page.selectOption('#c-Changes-of', 'type1');
		await page.waitForSelector('.empty');
		await page.click('#c-Unchanged-too');
		await page.waitForSelector('tr[data-row]');
		assert.equal((await rowNames(page)).length, NAMES.length);
		await close(page);
	},

	async two_chosen_commits_compare(browser) {
		const page = await open(browser, site, '#/commits');
		// The newer one first: the older one is still what it is compared with.
		await page.check('tr:nth-child(2) input');
		await page.check('tr:nth-child(5) input');
		await page.click('#compare-picked');
		await page.waitForSelector('.sides');
		assert.ok((await hashOf(page)).includes(`compare/${digits(track.at(-5))}/${digits(track.at(-2))}`), await hashOf(page));
		await close(page);
	},

	async commits_are_found_by_subject(browser) {
		const page = await open(browser, site, '#/commits');
		await page.fill('#search', '</script>');
		const found = track.filter((each) => each.subject.includes('</script>'));
		assert.ok(found.length > 0);
		assert.equal(await page.locator('tr[data-row]').count(), found.length);
		// What looks like markup is text.
		assert.ok((await text(page, 'tr[data-row] th')).includes('<b>markup</b> & "quotes"'));
		assert.equal(await page.locator('main b, main script').count(), 0);
		await close(page);
	},

	async a_point_of_the_chart_is_pinned_in_the_link(browser) {
		const page = await open(browser, site, VIEWS.benchmark);
		await page.waitForSelector('.chart canvas');
		const box = await page.locator('.u-over').first().boundingBox();
		await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
		await page.mouse.click(box.x + box.width * 0.4, box.y + 50);
		const pinned = new URLSearchParams((await hashOf(page)).split('?')[1]).get('at');
		assert.ok(track.some((each) => digits(each) === pinned), pinned);
		assert.equal(await text(page, '.readout .sha'), pinned);
		await page.reload();
		await page.waitForSelector('.chart canvas');
		assert.equal(await text(page, '.readout .sha'), pinned);
		await close(page);
	},

	async keys_are_enough(browser) {
		const page = await open(browser, site);
		await page.keyboard.press('/');
		await page.keyboard.type('thp');
		await page.keyboard.press('Tab');
		await page.evaluate(() => document.activeElement.blur());
		await page.keyboard.press('j');
		await page.keyboard.press('j');
		const second = (await rowNames(page))[1];
		await page.keyboard.press('Enter');
		await page.waitForSelector('.chart canvas');
		assert.equal((await text(page, 'h1')).replace(/\s+/g, '/'), second);
		await page.keyboard.press(']');
		await page.waitForFunction((before) => document.querySelector('h1').textContent.trim().replace(/\s+/g, '/') !== before, second);
		await page.waitForSelector('.chart canvas');
		await page.focus('.chart');
		await page.keyboard.press('End');
		await page.keyboard.press('ArrowLeft');
		await page.keyboard.press('ArrowLeft');
		assert.equal(await text(page, '.readout .sha'), digits(track.at(-3)));
		await page.keyboard.press('Enter');
		assert.ok((await hashOf(page)).includes(`at=${digits(track.at(-3))}`), await hashOf(page));
		await page.evaluate(() => document.activeElement.blur());
		await page.keyboard.press('?');
		assert.ok(await page.locator('dialog').isVisible());
		await page.keyboard.press('Escape');
		assert.ok(!await page.locator('dialog').isVisible());
		for (const [key, title] of [['2', 'Commits'], ['3', 'Compare'], ['1', 'Benchmarks']]) {
			await page.keyboard.press(key);
			await page.waitForFunction((wanted) => document.querySelector('h1').textContent === wanted, title);
		}
		await close(page);
	},

	async the_theme_follows_the_system_and_the_key(browser) {
		const page = await open(browser, site, '#/', { scheme: 'dark' });
		const dark = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
		const first = await dark();
		await page.keyboard.press('t');
		const second = await dark();
		assert.notEqual(first, second);
		await page.reload();
		await page.waitForSelector('tr[data-row]');
		assert.equal(await dark(), second);
		await close(page);
	},

	async lanes_that_depend_on_the_machine_are_shown_for_each(browser) {
		const page = await open(browser, site);
		const lanes = await page.locator('#track option').allInnerTexts();
		assert.deepEqual(lanes, ['icount', 'mttcg@made-up-0', 'mttcg@made-up-1']);
		await page.selectOption('#track', 'mttcg@made-up-1');
		await page.keyboard.press('Escape');
		assert.match(await text(page, 'tr.group'), /ns per 4 KiB page/);
		await page.goto(`file://${site}/index.html#/commits?track=mttcg@made-up-1`);
		await page.waitForSelector('tr[data-row] input');
		const own = lines.filter((each) => each.lane === 'mttcg' && each.machine.id === 'made-up-1');
		assert.match(await text(page, '.count'), new RegExp(`^${own.length} of ${own.length} runs`));
		await close(page);
	},

	async lines_that_could_not_be_read_are_said(browser) {
		const page = await open(browser, site);
		assert.match(await text(page, '#foot'), /1 lines? of the history could not be read/);
		await close(page);
	},

	async a_link_to_nothing_says_so(browser) {
		for (const [hash, said] of [['#/nonsense', 'No such page'], ['#/benchmark/map/none/4KiB', 'No such benchmark'], ['#/commit/ffffffffffff', 'No such commit'],
			['#/commit/%E0%A4%A', 'No such commit'], ['#/?track=none&threshold=x&n=-1&peers=,', 'Benchmarks']]) {
			const page = await open(browser, site, hash);
			assert.equal(await text(page, 'h1'), said);
			await close(page);
		}
	},

	async a_file_that_is_missing_is_said(browser) {
		const context = await browser.newContext();
		const page = await context.newPage();
		await page.route(/\/data\/t0\/b/, (route) => route.abort());
		await page.goto(`file://${site}/index.html${VIEWS.benchmark}`);
		await page.waitForSelector('.empty:has-text("missing")');
		assert.match(await text(page, '.empty'), /data\/t0\/b\d+\.js is missing/);
		await context.close();
	},

	...Object.fromEntries([[1280, 900], [390, 844], [320, 640]].flatMap(([width, height]) => ['light', 'dark'].map((scheme) => [
		`readable_at_${width}_${scheme}`, async (browser) => {
			for (const [name, hash] of Object.entries(VIEWS)) {
				const page = await open(browser, site, hash, { width, height, scheme });
				if (name === 'benchmark')
					await page.waitForFunction(() => document.querySelectorAll('.chart canvas').length === 2);
				if (name === 'benchmarks' && width > 720)
					await page.waitForSelector('.spark canvas');
				if (width !== 320)
					await page.screenshot({ path: `${shots}/dashboard-${name}-${width}-${scheme}.png`, fullPage: ['benchmark', 'where'].includes(name) });
				await page.evaluate(() => document.querySelectorAll('details').forEach((each) => { each.open = true; }));
				const found = await page.evaluate(audit);
				assert.deepEqual(found, [], `${name} at ${width}, ${scheme}`);
				await close(page);
			}
		},
	]))),
}, pattern);
