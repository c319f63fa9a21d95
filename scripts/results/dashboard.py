# SPDX-License-Identifier: GPL-2.0-only
"""Pack a history into what the pages of the dashboard load.

usage: main.py dashboard [--history FILE] [--triage FILE] [--url URL] [--feed FILE] --output DIR

DIR gets index.js, which the first page needs, and for each track (a lane, and a machine where the lane depends on it) a
directory with a file for each benchmark (b<row>.js: all runs), for some runs at a time (r<block>.js: all benchmarks), and for
each run that has stacks (s<run>.js; stacks.py). They are scripts, not JSON: a page that is opened from a file may load nothing else. Figures have six digits. FILE gets the
feed of changes (feed.py), for a site that is at URL.
"""

import argparse
import array
import collections
import dataclasses
import json
import math
import pathlib
import sys

from . import changepoints, feed, stacks, triage
from .changes import Change
from .e2e import OPS, PEERS, SHAPES, rank
from .history import HISTORY, Problem, report, scan
from .run import OURS, BadRun, Key
from .text import bytes_of

# So many runs share a file.
BLOCK = 25
# So many of the newest figures are in the overview.
RECENT = 48
# What counts as a change in the list of commits; the pages themselves let the reader choose.
CHANGE = 0.01
# Of a commit's 40 digits, those that a page has to load; enough to tell a million commits apart.
DIGITS = 12
NONE = "null"


def size_rank(size):
    """Sizes by their number, whatever stands behind it."""
    try:
        return bytes_of(size.split()[0]) if size else 0, size
    except ValueError:
        return math.inf, size


class Track:
    """Runs that can be compared, in the order of their commits."""

    def __init__(self, lane, machine):
        self.lane, self.machine = lane, machine
        self.runs = []
        self.index_of = {}
        self.figures = []

    def add(self, run):
        """Take what a run says; its figures in a form that takes little memory."""
        index_of = self.index_of
        figures = run.figures()
        where = array.array("l", (index_of.setdefault(key, len(index_of)) for key in figures))
        self.figures.append((where, array.array("d", figures.values())))
        self.runs.append((dataclasses.replace(run, benchmarks={}), run.errors(), len(run.benchmarks)))

    def arrange(self):
        """Sort, once all runs are there, and lay figures out: for each row and peer a column over all runs."""
        order = sorted(range(len(self.runs)), key=lambda at: self.runs[at][0].order)
        self.runs = [self.runs[at] for at in order]
        keys = list(self.index_of)
        columns = [[None] * len(order) for _ in keys]
        for position, at in enumerate(order):
            for column, value in zip(*self.figures[at]):
                columns[column][position] = value
        self.figures = None
        self.peers = sorted({key.peer for key in keys}, key=lambda peer: rank(PEERS, peer))
        self.ours = OURS if OURS in self.peers else self.peers[0]
        rows = collections.defaultdict(dict)
        for key, column in zip(keys, columns):
            rows[key[:5]][key.peer] = column
        self.rows = sorted(
            rows.items(),
            key=lambda row: (row[0][4] == "bytes", rank(OPS, row[0][0]), rank(SHAPES, row[0][1]), size_rank(row[0][2])),
        )
        self.environments = [json.dumps(run.environment, sort_keys=True) for run, *_ in self.runs]
        self.levels = [levels(self, columns.get(self.ours, [])) for _, columns in self.rows]
        self.previous = []
        for position, (run, *_) in enumerate(self.runs):
            before = position - 1
            while before >= 0 and self.runs[before][0].commit == run.commit:
                before = self.previous[before]
            self.previous.append(before)

    def changes(self, verdicts):
        """What is said of each level of ours."""
        for (row, columns), (points, _) in zip(self.rows, self.levels):
            key, column = Key(*row, self.ours), columns.get(self.ours, [])
            bounds = [0, *points, len(column)]
            for first, at, last in zip(bounds, points, bounds[2:]):
                run = self.runs[at][0]
                yield Change(key, run, mean(column[first:at]), mean(column[at:last]), last - at,
                             triage.find(verdicts, triage.name_of(key), run.commit))

    @property
    def name(self):
        """Its name in links."""
        return f"{self.lane}@{self.machine}" if self.machine else self.lane

    def change(self, position):
        """What our figures became against the commit before: the mean ratio, how many are higher, how many lower. Nothing where
        something else was another one, too: the kernel, QEMU, the benchmarks.
        """
        before = self.previous[position]
        if before < 0 or self.environments[before] != self.environments[position]:
            return [None, 0, 0]
        logs, higher, lower = [], 0, 0
        for _, columns in self.rows:
            column = columns.get(self.ours)
            now, then = (column[position], column[before]) if column else (None, None)
            if now and then:
                ratio = now / then
                logs.append(math.log(ratio))
                higher += ratio > 1 + CHANGE
                lower += ratio < 1 - CHANGE
        return [round(math.exp(math.fsum(logs) / len(logs)), 5) if logs else None, higher, lower]


def mean(column):
    """Of the figures that are there."""
    known = [value for value in column if value is not None]
    return math.fsum(known) / len(known)


def levels(track, column):
    """Where another level begins, as positions, and what is noise. Only runs of one environment are compared."""
    groups = collections.defaultdict(list)
    for position, value in enumerate(column):
        if value is not None:
            groups[track.environments[position]].append(position)
    points, noise = [], changepoints.LEAST
    for positions in groups.values():
        values = [column[position] for position in positions]
        points += [positions[at] for at in changepoints.points(values)]
        noise = max(noise, changepoints.threshold(values))
    return sorted(points), noise


def short(value):
    """A figure as the pages get it."""
    return NONE if value is None else f"{value:.6g}"


def last(column, skip=0):
    """The newest figure of a column, or the one before it."""
    found = (value for value in reversed(column) if value is not None)
    for _ in range(skip):
        next(found, None)
    return next(found, None)


def older(columns):
    """Of benchmarks whose newest figure is not of the last run, by their numbers: of which run it is."""
    newest = ((row, max((at for at, value in enumerate(column) if value is not None), default=-1)) for row, column in enumerate(columns))
    return {row: at for row, at in newest if 0 <= at < len(columns[row]) - 1}


def literal(value):
    """A value as JavaScript."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def figures(values):
    """Figures as a JavaScript array."""
    return f"[{','.join(values)}]"


def table(pairs):
    """Named arrays as a JavaScript object."""
    return "{" + ",".join(f"{literal(name)}:{values}" for name, values in pairs) + "}"


class Numbers:
    """Numbers for what many runs have alike."""

    def __init__(self):
        self.values = {}

    def of(self, value):
        """The number of a value that may be a dictionary."""
        return self.values.setdefault(literal(value), len(self.values))

    def all(self):
        """The values, by their numbers."""
        return [json.loads(text) for text in self.values]


def pack_stacks(run, rows, history):
    """The stacks of a run, if it has any, and the rows that they are of."""
    try:
        content = stacks.of_run(stacks.kept(run, history), run)
    except BadRun as error:
        print(f"warning: {error}; skipped", file=sys.stderr)
        content = None
    its = content["benchmarks"] if content else {}
    return content, [at for at, (row, _) in enumerate(rows) if row[4] == "instructions" and "/".join(row[:3]) in its]


def write_track(directory, name, track, history):
    """The files of a track, and its part of the index."""
    directory.mkdir(parents=True)

    def put(key, content):
        (directory / f"{key}.js").write_text(f"iommufdFast.put({literal(f'{name}/{key}')},{content});\n", encoding="utf-8")

    texts = [
        {peer: [short(value) for value in column] for peer, column in columns.items()} for _, columns in track.rows
    ]
    for at, by_peer in enumerate(texts):
        put(f"b{at}", table((peer, figures(column)) for peer, column in by_peer.items()))
    empty = [NONE] * len(track.runs)
    by_run = {peer: list(zip(*(row.get(peer, empty) for row in texts))) for peer in track.peers}
    for start in range(0, len(track.runs), BLOCK):
        block = range(start, min(start + BLOCK, len(track.runs)))
        runs = (
            table([
                *((peer, figures(by_run[peer][at])) for peer in track.peers),
                ("errors", literal(track.runs[at][1])),
            ])
            for at in block
        )
        put(f"r{start // BLOCK}", figures(runs))
    ours = [columns.get(track.ours, [None]) for _, columns in track.rows]
    stacked, stacked_of = Numbers(), []
    for at, (run, *_) in enumerate(track.runs):
        content, rows = pack_stacks(run, track.rows, history)
        if rows:
            put(f"s{at}", literal(content))
        stacked_of.append(stacked.of(rows))
    return {
        "name": track.name,
        "lane": track.lane,
        "ours": track.ours,
        "peers": track.peers,
        "rows": [row[0] for row in track.rows],
        "has": [[peer for peer in track.peers if peer in columns] for _, columns in track.rows],
        "newest": {peer: [round_to(last(columns.get(peer, []))) for _, columns in track.rows] for peer in track.peers},
        "before": [round_to(last(column, 1)) for column in ours],
        "older": older(ours),
        "recent": [[round_to(value) for value in column[-RECENT:]] for column in ours],
        "points": [points for points, _ in track.levels],
        "noise": [float(f"{noise:.3g}") for _, noise in track.levels],
        "previous": track.previous,
        "stacked": stacked.all(),
        "stackedOf": stacked_of,
        "change": [track.change(at) for at in range(len(track.runs))],
    }


def round_to(value):
    """Six digits of a figure."""
    return None if value is None else float(f"{value:.6g}")


def describe(tracks):
    """What the index says of each run, and of what they ran on."""
    environments, machines = Numbers(), Numbers()
    runs = []
    for track in tracks:
        columns = collections.defaultdict(list)
        for run, errors, count in track.runs:
            columns["commit"].append(run.commit[:DIGITS])
            columns["subject"].append(run.subject)
            columns["committed"].append(int(run.order[0]))
            columns["date"].append(int(run.order[-1]))
            columns["environment"].append(environments.of(run.environment))
            columns["machine"].append(machines.of(run.machine))
            columns["benchmarks"].append(count)
            columns["errors"].append(len(errors))
            columns["dirty"].append(int(run.dirty))
            columns["filter"].append(run.filter)
        runs.append(columns)
    return runs, environments.all(), machines.all()


def build(history, output, verdicts=(), url="", feed_file=None):
    """All files; says what is in them."""
    tracks, problems = {}, []
    for each in scan(history):
        if isinstance(each, Problem):
            problems.append(each)
        else:
            tracks.setdefault(each.track, Track(*each.track)).add(each)
    report(problems)
    if not tracks:
        raise BadRun(f"{history} has no run that can be shown; 'make record' adds one")
    # The lane that everything is judged by comes first.
    ordered = sorted(tracks.values(), key=lambda track: (track.lane != "icount", track.lane != "callgrind", track.name))
    index = []
    for track in ordered:
        track.arrange()
        index.append(write_track(output / f"t{len(index)}", f"t{len(index)}", track, history))
    runs, environments, machines = describe(ordered)
    for entry, columns in zip(index, runs):
        entry["runs"] = columns
    content = {
        "block": BLOCK,
        "change": CHANGE,
        "tracks": index,
        "environments": environments,
        "machines": machines,
        "skipped": len(problems),
    }
    (output / "index.js").write_text(f"iommufdFast.index({literal(content)});\n", encoding="utf-8")
    if feed_file:
        newest = max((track.runs[-1][0] for track in ordered), key=lambda run: run.order)
        feed.write(feed_file, [change for track in ordered for change in track.changes(verdicts)], newest, url)
    return sum(len(track.runs) for track in ordered), sum(len(track.rows) for track in ordered)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--history", type=pathlib.Path, default=HISTORY)
    parser.add_argument("--triage", type=pathlib.Path, default=triage.TRIAGE)
    parser.add_argument("--url", default="")
    parser.add_argument("--feed", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    args = parser.parse_args()
    try:
        runs, rows = build(args.history, args.output, triage.load(args.triage), args.url, args.feed)
    except (BadRun, OSError) as error:
        sys.exit(f"error: {error}")
    print(f"{runs} runs of {rows} benchmarks")
