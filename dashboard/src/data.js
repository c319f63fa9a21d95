// SPDX-License-Identifier: GPL-2.0-only
// What scripts/results/dashboard.py packed. A page that was opened from a file may not fetch, so each file is a script that
// calls put() with its name.

const arrived = new Map();
const wanted = new Map();
let start = () => {};

globalThis.iommufdFast = {
	index: (content) => start(content),
	put: (name, content) => arrived.set(name, content),
};

/** Calls back with the index, once it is there. */
export function onIndex(callback) {
	start = callback;
}

function load(name) {
	if (arrived.has(name))
		return Promise.resolve(arrived.get(name));
	if (!wanted.has(name)) {
		wanted.set(name, new Promise((resolve, reject) => {
			const script = document.createElement('script');
			script.src = `data/${name}.js`;
			script.onload = () => (arrived.has(name) ? resolve(arrived.get(name)) : reject(new Error(`data/${name}.js is damaged`)));
			script.onerror = () => reject(new Error(`data/${name}.js is missing`));
			document.head.append(script);
		}));
	}
	return wanted.get(name);
}

/** A lane's runs (and a machine's, where the lane depends on it), in the order of their commits. */
export class Track {
	constructor(index, number) {
		Object.assign(this, index.tracks[number]);
		this.directory = `t${number}`;
		this.block = index.block;
		this.environments = index.environments;
		this.machines = index.machines;
		this.length = this.runs.commit.length;
		this.benchmarks = this.rows.map(([op, shape, size, per, unit], row) => ({
			row, op, shape, size, per, unit, peers: this.has[row], unitText: unitText(unit, per),
			text: `${op} ${shape} ${size}`.toLowerCase(),
		}));
	}

	/** @returns what is known of a run, without its figures */
	run(at) {
		const { commit, subject, committed, date, environment, machine, benchmarks, errors, dirty, filter } = this.runs;
		return {
			at, commit: commit[at], subject: subject[at], committed: committed[at], date: date[at],
			environment: this.environments[environment[at]], machine: this.machines[machine[at]],
			benchmarks: benchmarks[at], errors: errors[at], dirty: dirty[at] === 1, filter: filter[at],
			previous: this.previous[at],
			mean: this.change[at][0], higher: this.change[at][1], lower: this.change[at][2],
		};
	}

	/** The newest run of a commit, by the first digits; -1 if there is none. */
	find(commit) {
		return commit.length < 4 ? -1 : this.runs.commit.findLastIndex((full) => full.startsWith(commit) || commit.startsWith(full));
	}

	/** All runs of the commit of a run. */
	siblings(at) {
		return [...this.runs.commit.keys()].filter((other) => this.runs.commit[other] === this.runs.commit[at]);
	}

	/** The benchmark that a link names. */
	benchmark(op, shape, size) {
		return this.benchmarks.find((each) => each.op === op && each.shape === shape && each.size === size);
	}

	/** A peer's newest figure of a benchmark. */
	latest(row, peer) {
		return this.newest[peer]?.[row] ?? null;
	}

	/** The run that our newest figure of a benchmark is of: the last one, if that has it. */
	measured(row) {
		return this.run(this.older[row] ?? this.length - 1);
	}

	/** All figures of a benchmark, by peer, over all runs. */
	history(row) {
		return load(`${this.directory}/b${row}`);
	}

	/** Whether a run has the stacks of a benchmark. */
	hasStacks(at, row) {
		return this.stacked[this.stackedOf[at]].includes(row);
	}

	/** The runs that have the stacks of a benchmark, as positions. */
	withStacks(row) {
		return [...this.stackedOf.keys()].filter((at) => this.hasStacks(at, row));
	}

	/** The stacks of a benchmark in a run: its nodes, a caller before its callees. */
	async stacks(at, { op, shape, size }) {
		const { names, benchmarks } = await load(`${this.directory}/s${at}`);
		const flat = benchmarks[`${op}/${shape}/${size}`];
		return Array.from({ length: flat.length / 3 }, (_, node) => ({
			depth: flat[node * 3], name: names[flat[node * 3 + 1]], own: flat[node * 3 + 2],
		}));
	}

	/** All figures of a run, by peer, over all benchmarks; and its errors. */
	async figures(at) {
		const block = Math.floor(at / this.block);
		return (await load(`${this.directory}/r${block}`))[at - block * this.block];
	}
}

function unitText(unit, per) {
	const what = { '4 KiB': 'per 4 KiB page', call: 'per call', operation: 'per operation', GiB: 'per GiB mapped' };
	return `${unit} ${what[per] ?? `per ${per}`}`;
}
