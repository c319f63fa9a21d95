# SPDX-License-Identifier: GPL-2.0-only
"""Where the history took another level: steps, drifts, and since when.

usage: main.py changes [--history FILE] [--triage FILE] [--lane LANE] [--peer PEER] [--last N] [--check]

A line for each change point (changepoints.py) of each benchmark, the newest first: the commit that the new level begins
with, the mean of the level before it and of its own, and what has been said of it (triage.py). Only runs of one kernel,
configuration, QEMU and guest are compared. Where a commit was measured more than once the last run counts.

--last N: only those that begin in the last N commits. --check: exit with 1 if one of these is for the worse and nothing
has been said of it.
"""

import argparse
import collections
import dataclasses
import json
import pathlib
import sys

import numpy

from . import changepoints, triage
from .history import HISTORY, load
from .run import OURS, BadRun, Key, Run
from .text import number, print_table


@dataclasses.dataclass(frozen=True)
class Change:
    """A level that begins with a run, and the one before it."""

    key: Key
    run: Run
    before: float
    after: float
    length: int
    verdict: triage.Verdict | None

    @property
    def ratio(self):
        """1.01 costs 1 % more."""
        return changepoints.ratio(numpy.array([self.before]), numpy.array([self.after]))

    @property
    def is_open(self):
        """Worse, and nobody has said why."""
        return self.ratio > 1 and not self.verdict


def series(runs, lane, peer):
    """The runs of each benchmark that can be compared, a run a commit, with their figures."""
    newest = {}
    for run in runs:
        if run.lane == lane:
            newest[run.track, json.dumps(run.environment, sort_keys=True), run.commit] = run
    found = collections.defaultdict(list)
    for (track, environment, _), run in newest.items():
        for key, value in run.figures().items():
            if peer in ("", key.peer):
                found[track, environment, key].append((run, value))
    return {name: sorted(pairs, key=lambda pair: pair[0].order) for name, pairs in found.items()}


def changes(runs, verdicts, lane="icount", peer=OURS):
    """All change points, the newest first, of a commit the largest first."""
    found = []
    for (_, _, key), pairs in series(runs, lane, peer).items():
        values = numpy.array([value for _, value in pairs])
        points = changepoints.points(values)
        bounds = [0, *points, len(values)]
        for first, at, last in zip(bounds, points, bounds[2:]):
            run = pairs[at][0]
            found.append(Change(key, run, float(values[first:at].mean()), float(values[at:last].mean()), last - at,
                                triage.find(verdicts, triage.name_of(key), run.commit)))
    return sorted(found, key=lambda change: (change.run.order, changepoints.size(change.ratio)), reverse=True)


def since(runs, lane, count):
    """The commits of the last so many that a lane has runs of."""
    commits = dict.fromkeys(run.commit for run in runs if run.lane == lane)
    return set(list(commits)[-count:])


def line(change):
    """A line of the table."""
    key = change.key
    said = f"{change.verdict.verdict}: {change.verdict.reason}" if change.verdict else ""
    return [change.run.commit[:12], key.op, key.shape, key.size, key.peer, number(change.before), number(change.after),
            f"{(change.ratio - 1) * 100:+.2f} %", str(change.length), said or change.run.subject]


HEAD = ["commit", "op", "shape", "size", "peer", "before", "after", "change", "runs", "what"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--history", type=pathlib.Path, default=HISTORY)
    parser.add_argument("--triage", type=pathlib.Path, default=triage.TRIAGE)
    parser.add_argument("--lane", default="icount")
    parser.add_argument("--peer", default=OURS)
    parser.add_argument("--last", type=int, default=0, metavar="N")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    try:
        runs = load(args.history)
        if not any(run.lane == args.lane for run in runs):
            raise BadRun(f"{args.history} has no run of the lane '{args.lane}'")
        found = changes(runs, triage.load(args.triage), args.lane, args.peer)
        if args.last > 0:
            commits = since(runs, args.lane, args.last)
            found = [change for change in found if change.run.commit in commits]
    except (BadRun, OSError) as error:
        sys.exit(f"error: {error}")
    if found:
        rows = [HEAD] + [line(change) for change in found]
        # What is said is the last column, and to the left.
        print_table([row[:5] + row[9:] + row[5:9] for row in rows], 6)
        print()
    left = sum(change.is_open for change in found)
    print(f"{len(found)} changes, {sum(change.ratio > 1 for change in found)} for the worse, of {left} of which nothing is said")
    return 1 if args.check and left else 0
