// SPDX-License-Identifier: GPL-2.0-only
// The state is the link: #/view/argument/argument?name=value. Nothing else is kept, so a link shows what its sender saw.

const EMPTY = '~';

/** @returns {{view: string, args: string[], params: URLSearchParams}} what the link says */
export function read() {
	const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
	const [view, ...args] = path.split('/').map(decode);
	return { view: view || 'benchmarks', args, params: new URLSearchParams(query || '') };
}

function decode(part) {
	try {
		part = decodeURIComponent(part);
	} catch {
		// Typed by hand: taken as it is.
	}
	return part === EMPTY ? '' : part;
}

/**
 * A link to a view. What is chosen (lane, filters) goes along, except what belongs to the view that is left.
 * @param {string} view
 * @param {string[]} args
 * @param {Object<string, ?string>} changes to what is chosen; null takes one away
 */
export function link(view, args = [], changes = {}) {
	const params = read().params;
	for (const own of ['at', 'rows', 'run', 'widths'])
		params.delete(own);
	return write(view, args, params, changes);
}

function write(view, args, params, changes) {
	for (const [name, value] of Object.entries(changes)) {
		if (value === null || value === '')
			params.delete(name);
		else
			params.set(name, value);
	}
	const path = [view, ...args].map((part) => encodeURIComponent(part === '' ? EMPTY : part)).join('/');
	const query = params.toString();
	return `#/${path}${query ? `?${query}` : ''}`;
}

/** Change what is chosen and stay in the view. It takes the place of the link in the browser's history. */
export function choose(changes, { quiet = false } = {}) {
	const { view, args, params } = read();
	const hash = write(view, args, params, changes);
	if (hash === location.hash)
		return;
	history.replaceState(null, '', hash);
	if (!quiet)
		dispatchEvent(new HashChangeEvent('hashchange'));
}

/** Go to a link. */
export function go(hash) {
	location.hash = hash;
}
