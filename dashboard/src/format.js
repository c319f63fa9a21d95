// SPDX-License-Identifier: GPL-2.0-only
// Figures as text: the same digits as in the tables that the scripts print (scripts/results/text.py).

const DASH = '–';
const BYTES = [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]];

/** A figure: two to four digits that count. */
export function number(value) {
	if (value === null || value === undefined)
		return DASH;
	if (value >= 10000)
		return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, '\u202f');
	if (value >= 100)
		return value.toFixed(0);
	if (value >= 10)
		return value.toFixed(1);
	if (value >= 0.1)
		return value.toFixed(2);
	return value === 0 ? '0' : Number(value.toPrecision(2)).toString();
}

/** A figure in its unit. */
export function figure(value, unit) {
	if (unit !== 'bytes' || value === null || value === undefined)
		return number(value);
	for (const [name, size] of BYTES) {
		if (Math.abs(value) >= size)
			return `${Number((value / size).toPrecision(3))} ${name}`;
	}
	return `${Math.round(value)} B`;
}

/** a / b, or null where one is missing. */
export function ratio(a, b) {
	return a === null || a === undefined || !b ? null : a / b;
}

/** A ratio: what is very small as a fraction. */
export function times(value) {
	if (value === null)
		return DASH;
	if (value >= 10)
		return value.toFixed(1);
	if (value >= 0.1)
		return value.toFixed(2);
	return value >= 0.01 ? value.toFixed(3) : value > 0 ? `1/${Math.round(1 / value)}` : '0';
}

/** A ratio as a change: what differs by less than what two boots do is none. */
export function change(value) {
	if (value === null)
		return DASH;
	const percent = (value - 1) * 100;
	if (Math.abs(percent) < 0.05)
		return '0.0 %';
	if (value >= 10)
		return `×${value.toFixed(1)}`;
	return `${percent > 0 ? '+' : '−'}${Math.abs(percent).toFixed(Math.abs(percent) < 9.95 ? 1 : 0)} %`;
}

/** Whether a change is for the better, the worse, or none to speak of, as a class. */
export function verdict(value, threshold) {
	if (value === null || (value <= 1 + threshold && value >= 1 / (1 + threshold)))
		return 'same';
	return value > 1 ? 'worse' : 'better';
}

/** A day, as it is everywhere. */
export function day(seconds) {
	return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** A minute, in UTC. */
export function minute(seconds) {
	return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
