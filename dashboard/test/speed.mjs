// SPDX-License-Identifier: GPL-2.0-only
// A long history: the dashboard is built, loaded and drawn fast enough.
//
// usage: speed.mjs GLOB SITE; BUILD_SECONDS says how long CPUs were at work to build the site

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { close, open, run } from './harness.mjs';

const [pattern, site] = process.argv.slice(2);
// 10 is the aim. Of the same build a CPU that others share, beside this machine, took 9.5 to 12.4 s within minutes: what is
// to fail is a build that got slower.
const BUILD_SECONDS = 20;
const FIRST_PAGE_BYTES = 500_000;
const DRAWN_MS = 1000;

// Notes when the table and the first of its small charts have been painted.
const watch = () => {
	const look = () => {
		if (document.querySelector('.spark canvas'))
			requestAnimationFrame(() => setTimeout(() => { globalThis.drawnAt = performance.now(); }));
		else
			requestAnimationFrame(look);
	};
	look();
};

await run('dashboard-speed', {
	async builds_in_time(browser, say) {
		const seconds = Number(process.env.BUILD_SECONDS);
		say(`built in ${seconds.toFixed(1)} s of CPU time`);
		assert.ok(seconds > 0 && seconds < BUILD_SECONDS, `built in ${seconds} s, not under ${BUILD_SECONDS} s`);
	},

	async first_page_is_small(browser, say) {
		const page = await open(browser, site);
		await page.waitForSelector('.spark canvas');
		const rows = await page.locator('tr[data-row]').count();
		const files = [...new Set(page.requests.filter((url) => url.startsWith('file:')).map((url) => url.split('#')[0]))];
		const bytes = files.reduce((sum, url) => sum + statSync(fileURLToPath(url)).size, 0);
		say(`${bytes} bytes in ${files.length} files, ${rows} benchmarks`);
		assert.equal(rows, 150);
		assert.ok(files.length >= 4);
		assert.ok(bytes < FIRST_PAGE_BYTES, `the first page is ${bytes} bytes`);
		await close(page);
	},

	async draws_in_time(browser, say) {
		const times = [];
		for (let round = 0; round < 3; round++) {
			const page = await open(browser, site, '#/', { init: watch });
			times.push(await (await page.waitForFunction(() => globalThis.drawnAt)).jsonValue());
			await close(page);
		}
		times.sort((a, b) => a - b);
		say(`drawn after ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`);
		// Others share the machine, and only ever add time: the best counts.
		assert.ok(times[0] < DRAWN_MS, `drawn after ${times[0].toFixed(0)} ms`);
	},

	async all_runs_of_a_benchmark_draw_in_time(browser, say) {
		const page = await open(browser, site);
		await page.waitForSelector('tr[data-row]');
		const ms = await page.evaluate(() => new Promise((resolve) => {
			const start = performance.now();
			location.hash = '#/benchmark/map/thp/16MiB?range=all';
			const look = () => (document.querySelectorAll('.chart canvas').length === 2 ? resolve(performance.now() - start) : requestAnimationFrame(look));
			look();
		}));
		say(`drawn after ${ms.toFixed(0)} ms`);
		assert.ok(ms < DRAWN_MS, `drawn after ${ms.toFixed(0)} ms`);
		await close(page);
	},
}, pattern);
