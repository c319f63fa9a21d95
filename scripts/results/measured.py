# SPDX-License-Identifier: GPL-2.0-only
"""What a benchmark costs at a commit, of what was measured already.

usage: main.py measured COMMIT OP/SHAPE/SIZE FILE

Prints our figure of that benchmark in the lane icount: that of FILE, a results file, if it is of that commit, or else the
newest in the history; but only what was measured by the same benchmarks as those of the commit that is checked out, in the
same kind of guest. Exits with 1 if there is none.
"""

import sys

from .history import load
from .repository import bench_of, state
from .run import OURS, BadRun, from_results


def figure(run, bench):
    """The figure of a benchmark in a run, None if it has none."""
    op, shape, size = bench.split("/")
    for key, value in run.figures().items():
        if (key.op, key.shape, key.size, key.unit, key.peer) == (op, shape, size, "instructions", OURS):
            return value
    return None


def candidates(path):
    """Runs in which it may be, the best first."""
    try:
        yield from_results(path)
    except BadRun:
        pass
    yield from reversed(load())


def find(commit, bench, path):
    """The figure, None if there is none."""
    here = state()
    by = bench_of(here.get("bench_commit", here["git_commit"]))
    for run in candidates(path):
        if run.commit == commit and run.lane == "icount" and not run.dirty:
            its = run.environment.get("bench") or bench_of(commit)
            value = figure(run, bench)
            if its and its == by and value is not None:
                return value
    return None


def main():
    if len(sys.argv) != 4 or sys.argv[2].count("/") != 2:
        sys.exit(__doc__.strip())
    value = find(*sys.argv[1:])
    if value is None:
        return 1
    print(f"{value:.10g}")
    return 0
