// SPDX-License-Identifier: GPL-2.0-only
// A browser, and results as KTAP: one line a case, indented, for scripts/test/ktap.py to number and sum up.

import { createRequire } from 'node:module';

// node's own search for packages does not look where they are: they are in the cache, not in the tree.
const { chromium } = createRequire(`${process.env.NODE_MODULES}/`)('playwright-core');

/** A page of a site that complains about whatever went wrong in it. */
export async function open(browser, site, hash = '#/', { width = 1280, height = 900, scheme = 'light', init } = {}) {
	const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
	const page = await context.newPage();
	page.problems = [];
	page.requests = [];
	page.on('console', (message) => ['error', 'warning'].includes(message.type()) && page.problems.push(message.text()));
	page.on('pageerror', (error) => page.problems.push(error.message));
	page.on('requestfailed', (request) => page.problems.push(`${request.url()} failed`));
	page.on('request', (request) => page.requests.push(request.url()));
	if (init)
		await page.addInitScript(init);
	await page.goto(`file://${site}/index.html${hash}`);
	await page.waitForSelector('main h1');
	return page;
}

/** Close a page, and fail for what went wrong in it. */
export async function close(page) {
	const problems = [...page.problems];
	const outside = page.requests.filter((url) => !/^(file|data):/.test(url));
	await page.context().close();
	if (problems.length || outside.length)
		throw new Error([...problems, ...outside.map((url) => `${url} is not a file of the site`)].join('\n'));
}

/** Run the cases of a suite whose names match, in one browser. */
export async function run(suite, cases, pattern) {
	const wanted = Object.entries(cases).filter(([name]) => matches(`${suite}/${name}`, pattern));
	if (!wanted.length)
		return;
	console.log(`    KTAP version 1\n    # Subtest: ${suite}\n    1..${wanted.length}`);
	// What is opened is ours; without its sandbox it runs as root and in containers, too.
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
	let bad = 0;
	for (const [at, [name, test]] of wanted.entries()) {
		try {
			await test(browser, (text) => console.log(`    # ${text}`));
			console.log(`    ok ${at + 1} ${name}`);
		} catch (error) {
			bad++;
			console.log(String(error.stack).split('\n').slice(0, 14).map((line) => `    # ${line}`).join('\n'));
			console.log(`    not ok ${at + 1} ${name}`);
		}
	}
	await browser.close();
	console.log(`${bad ? 'not ok' : 'ok'} 0 ${suite}`);
	process.exitCode = bad ? 1 : 0;
}

function matches(text, pattern) {
	const expression = pattern.replace(/[.+^${}()|\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.');
	return new RegExp(`^${expression}$`).test(text);
}
