// SPDX-License-Identifier: GPL-2.0-only
// Charts, all of them uPlot's. Here is how they look, and how keys and links reach them.

import uPlot from 'uplot';
import { day, number } from './format.js';
import { h } from './dom.js';

const live = new Set();

/** A colour of the theme that is on. */
export function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The colour of a peer; those that have none of their own share the others. */
export function peerColour(peer, peers) {
	return colour(`peer-${peer}`) || colour(`other-${peers.indexOf(peer) % 6}`);
}

/** Charts that are no longer shown give back what they hold. */
export function sweep() {
	for (const chart of live) {
		if (!chart.root.isConnected) {
			chart.destroy();
			live.delete(chart);
		}
	}
}

const DASHES = { type1: [8, 4], iommufd: [3, 3], floor: [1, 4] };

function axis(extra) {
	return {
		stroke: colour('muted'), font: '12px system-ui, sans-serif', grid: { stroke: colour('grid'), width: 1 },
		ticks: { stroke: colour('grid'), width: 1, size: 4 }, ...extra,
	};
}

/**
 * A trend over runs.
 * @param {Object} what
 * @param {string} what.label what it shows, for those who do not see it
 * @param {Track} what.track
 * @param {number[]} what.positions the runs, as positions in the track
 * @param {Object<string, number[]>} what.figures by peer, of these runs
 * @param {boolean} [what.log] a logarithmic scale
 * @param {?number} [what.pinned] the position that is marked
 * @param {number[]} [what.marks] positions at which another level begins
 * @param {function(number)} what.onMove told which run the cursor is at
 * @param {function(number)} what.onPin told which run was chosen
 */
export function trend({ label, track, positions, figures, log, pinned, marks = [], onMove, onPin, height = 250 }) {
	const peers = Object.keys(figures);
	const box = h('div.chart', { tabindex: 0, role: 'group', 'aria-label': `${label}. Arrow keys go from run to run, Enter pins one.` });
	const dayOf = (index) => (Number.isInteger(index) && positions[index] !== undefined ? day(track.runs.committed[positions[index]]) : '');
	// A day is said once; of its other runs, which commit it was.
	const text = (index, nr, all) => (dayOf(index) && dayOf(index) === dayOf(all[nr - 1]) ? track.runs.commit[positions[index]].slice(0, 8) : dayOf(index));
	const options = {
		width: 600, height, legend: { show: false }, padding: [null, 36, null, null],
		cursor: { y: false, points: { size: 8 }, focus: { prox: -1 }, sync: { key: 'trend', setSeries: false } },
		scales: { x: { time: false }, y: log ? { distr: 3 } : { range: (u, low, high) => padded(low, high) } },
		axes: [
			axis({ space: 90, size: 30, values: (u, splits) => splits.map(text) }),
			axis({ size: 62, values: (u, splits) => splits.map((value) => (value === null ? '' : number(value))) }),
		],
		series: [{}, ...peers.map((peer) => ({
			label: peer, stroke: peerColour(peer, track.peers), width: peer === track.ours ? 2 : 1.5,
			dash: DASHES[peer], spanGaps: true, points: { show: positions.length < 80, size: 5 },
		}))],
		hooks: { drawAxes: [(u) => drawMarks(u, marks.map((position) => positions.indexOf(position)).filter((index) => index > 0))], setCursor: [(u) => u.cursor.idx !== null && u.cursor.idx !== undefined && onMove(positions[u.cursor.idx])] },
	};
	const data = [positions.map((_, index) => index), ...peers.map((peer) => figures[peer])];
	let chart;
	const at = () => chart.cursor.idx ?? positions.length - 1;
	const moveTo = (index) => {
		index = Math.max(0, Math.min(positions.length - 1, index));
		chart.setCursor({ left: chart.valToPos(index, 'x'), top: 10 });
	};
	const keys = {
		ArrowLeft: () => moveTo(at() - 1), ArrowRight: () => moveTo(at() + 1),
		PageUp: () => moveTo(at() - 10), PageDown: () => moveTo(at() + 10),
		Home: () => moveTo(0), End: () => moveTo(positions.length - 1),
		Enter: () => onPin(positions[at()]),
	};
	box.addEventListener('keydown', (event) => {
		if (keys[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
			event.preventDefault();
			keys[event.key]();
		}
	});
	whenSized(box, (width) => {
		if (chart) {
			chart.setSize({ width, height });
			return;
		}
		chart = new uPlot({ ...options, width }, data, box);
		live.add(chart);
		let from = 0;
		// What was dragged zooms; what was not is a choice.
		chart.over.addEventListener('mousedown', (event) => { from = event.clientX; });
		chart.over.addEventListener('click', (event) => Math.abs(event.clientX - from) < 4 && onPin(positions[at()]));
		// Only behind what uPlot itself has put off does it know where a run is.
		if (pinned !== null && positions.includes(pinned))
			queueMicrotask(() => moveTo(positions.indexOf(pinned)));
	});
	return box;
}

// A line just before the run that a level begins with.
function drawMarks(u, indices) {
	u.ctx.save();
	u.ctx.strokeStyle = colour('muted');
	u.ctx.lineWidth = devicePixelRatio;
	u.ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
	for (const index of indices) {
		const left = u.valToPos(index - 0.5, 'x', true);
		u.ctx.beginPath();
		u.ctx.moveTo(left, u.bbox.top);
		u.ctx.lineTo(left, u.bbox.top + u.bbox.height);
		u.ctx.stroke();
	}
	u.ctx.restore();
}

function padded(low, high) {
	if (low === null || high === null)
		return [0, 1];
	const pad = Math.max((high - low) * 0.12, high * 0.01);
	return [Math.max(0, low - pad), high + pad];
}

// Calls back with the width of an element, now and whenever it changes.
function whenSized(element, callback) {
	let width = 0;
	new ResizeObserver(([entry]) => {
		const now = Math.floor(entry.contentRect.width);
		if (now && now !== width) {
			width = now;
			callback(now);
		}
	}).observe(element);
}

const inView = new IntersectionObserver((entries) => {
	for (const { target, isIntersecting } of entries) {
		if (isIntersecting) {
			inView.unobserve(target);
			target.draw();
		}
	}
}, { rootMargin: '100px' });

/** A small trend without axes, drawn when it comes into view. */
export function spark(values, stroke) {
	const box = h('span.spark', { 'aria-hidden': 'true' });
	if (values.filter((value) => value !== null).length < 2)
		return box;
	box.draw = () => {
		const none = { show: false };
		live.add(new uPlot({
			width: 104, height: 26, legend: none, cursor: none, axes: [none, none], padding: [3, 2, 3, 2],
			scales: { x: { time: false }, y: { range: (u, low, high) => padded(low, high) } },
			series: [{}, { stroke, width: 1.25, points: none, spanGaps: true }],
		}, [values.map((_, index) => index), values], box));
	};
	inView.observe(box);
	return box;
}
