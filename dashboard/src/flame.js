// SPDX-License-Identifier: GPL-2.0-only
// A differential flame graph: callers above callees, as wide as what they cost, in the colour of what the function itself
// costs more or less than before.

import { hierarchy, partition } from 'd3-hierarchy';
import { h } from './dom.js';
import { number } from './format.js';

// Of all, what a frame is at least as wide as to be shown, and to have its name.
const LEAST = 0.002;
const LEAST_NAMED = 0.02;
const ROW_PIXELS = 22;
// Of the colour, at the largest difference; where that is a small part of all, less.
const MOST_PERCENT = 36;
const LEAST_MOST = 0.01;

/**
 * One tree of the stacks of two runs.
 * @param {{depth: number, name: string, own: number}[]} before
 * @param {{depth: number, name: string, own: number}[]} after
 */
export function merge(before, after) {
	const root = { name: 'all', before: 0, after: 0, children: [] };
	for (const [side, nodes] of [['before', before], ['after', after]]) {
		const path = [root];
		for (const { depth, name, own } of nodes) {
			path.length = depth + 1;
			let node = path[depth].children.find((child) => child.name === name);
			if (!node)
				path[depth].children.push(node = { name, before: 0, after: 0, children: [] });
			node[side] += own;
			path.push(node);
		}
	}
	return root;
}

/** By function, what is spent in it itself, before and after; the largest difference first, and of what is alike what costs most. */
export function functions(root) {
	const found = new Map();
	for (const { data } of hierarchy(root)) {
		const its = found.get(data.name) ?? { name: data.name, before: 0, after: 0 };
		its.before += data.before;
		its.after += data.after;
		found.set(data.name, its);
	}
	found.delete(root.name);
	return [...found.values()].sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before) || b.after - a.after || (a.name < b.name ? -1 : 1));
}

/** A difference, with its sign. */
export function difference(value) {
	return value === 0 ? '0' : `${value > 0 ? '+' : '−'}${number(Math.abs(value))}`;
}

/**
 * @param {Object} root what merge() made
 * @param {string} side whose widths: 'before' or 'after'
 * @param {string} unit of the figures, in words
 */
export function flame(root, side, unit) {
	const all = hierarchy(root).sum((data) => data[side]).sort((a, b) => (a.data.name < b.data.name ? -1 : 1));
	// Inclusive figures of both sides; sum() has one.
	all.eachAfter((node) => {
		for (const each of ['before', 'after'])
			node[each] = node.data[each] + (node.children ?? []).reduce((sum, child) => sum + child[each], 0);
	});
	partition()(all);
	const most = Math.max(LEAST_MOST * all[side], ...all.descendants().map(({ data }) => Math.abs(data.after - data.before)));
	const readout = h('p.flame-readout', { 'aria-live': 'polite' });
	const box = h('div.flame', { role: 'group', 'aria-label': 'Flame graph, callers above callees. Arrow keys go from frame to frame, Enter widens one, Escape shows all.' });
	let widened = all;

	const said = (node) => `${node.data.name}: ${number(node[side])} ${unit}, ${(100 * node[side] / (all[side] || 1)).toFixed(1)} % of all; ` +
		`with what it calls ${difference(node.after - node.before)}, itself ${difference(node.data.after - node.data.before)}`;

	function frame(node) {
		const within = widened.x1 - widened.x0;
		const [left, right] = [node.x0, node.x1].map((x) => Math.min(1, Math.max(0, (x - widened.x0) / within)));
		if (right - left < LEAST)
			return null;
		const change = node.data.after - node.data.before;
		const percent = Math.abs(change) / most * MOST_PERCENT;
		const element = h(`button.frame.${change > 0 ? 'more' : 'less'}`, {
			type: 'button', tabindex: node === widened ? 0 : -1, 'aria-label': said(node), title: said(node),
			click: () => widen(node), focus: () => readout.replaceChildren(said(node)), mouseenter: () => readout.replaceChildren(said(node)),
		}, right - left >= LEAST_NAMED && node.data.name);
		element.style.cssText = `left:${left * 100}%;width:${(right - left) * 100}%;top:${node.depth * ROW_PIXELS}px;--part:${percent.toFixed(1)}%`;
		element.node = node;
		return element;
	}

	function draw() {
		const shown = all.descendants().map(frame).filter(Boolean);
		box.style.height = `${(1 + Math.max(...shown.map(({ node }) => node.depth))) * ROW_PIXELS}px`;
		box.replaceChildren(...shown);
		readout.replaceChildren(said(widened));
	}

	function widen(node) {
		widened = node;
		draw();
		[...box.children].find((element) => element.node === node).focus({ preventScroll: true });
	}

	box.addEventListener('keydown', (event) => {
		const { node } = event.target;
		const shown = [...box.children].map((element) => element.node);
		const beside = node?.parent?.children.filter((each) => shown.includes(each)) ?? [node];
		const to = {
			ArrowUp: () => node.parent, ArrowDown: () => node.children?.find((each) => shown.includes(each)),
			ArrowLeft: () => beside[beside.indexOf(node) - 1], ArrowRight: () => beside[beside.indexOf(node) + 1],
		}[event.key];
		if (!node || event.ctrlKey || event.metaKey || event.altKey || (!to && event.key !== 'Escape'))
			return;
		event.preventDefault();
		if (to)
			[...box.children].find((element) => element.node === to())?.focus();
		else
			widen(all);
	});
	draw();
	return [box, readout];
}
