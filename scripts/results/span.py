# SPDX-License-Identifier: GPL-2.0-only
"""Print what one call costs that many threads are at, as a table; and what it would cost for more of them.

usage: main.py span FILE

By shape and number of threads: the instructions of all threads together (work), and of those that are executed one after
another on the longest way through the call (span), in millions. The speedup is how many times of the span the work of one
thread is, were each instruction of the same cost; "at most" what it were if nothing was ever waited for. See docs/span.md.
"""

import dataclasses
import pathlib
import sys

from .e2e import PEERS, measured
from .text import markdown, number, print_table

# In the order of a line of what bench/profile/span.c writes.
COLUMNS = ("helpers", "work", "span", "most", "timer", "others", "rounds")
# What the fit is to foretell, of fewer.
FORETOLD = 64


def add(benchmarks, path):
    """Add to each benchmark of a report what the plugin counted."""
    counted = []
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        match line.split():
            case ["benchmark"]:
                counted.append({})
            case ["kept", *numbers]:
                counted[-1] = dict(zip(COLUMNS, map(int, numbers), strict=True))
    if len(benchmarks) != len(counted):
        sys.exit(f"error: {path} has {len(counted)} benchmarks, the report {len(benchmarks)}")
    for bench, its in zip(benchmarks, counted):
        if not bench.get("error_occurred") and not its:
            sys.exit(f"error: {bench['name']}: {path} says nothing of it")
        bench.update(its)


@dataclasses.dataclass
class Point:
    """What so many threads cost; in instructions."""

    threads: int
    work: int
    span: int
    most: int


class Span:
    """One results file of bench/e2e/span."""

    def __init__(self, path):
        self.context, benchmarks = measured(path, "span")
        self.points = {}
        for bench in benchmarks:
            if not bench.get("error_occurred"):
                _, shape, threads, peer = bench["name"].split("/")
                point = Point(int(threads), bench["work"], bench["span"], bench["most"])
                self.points.setdefault(shape, {}).setdefault(peer, []).append(point)

    def rows(self):
        """Of each shape and peer: the work of one thread, and all points."""
        for shape, peers in self.points.items():
            for peer in sorted(peers, key=PEERS.index):
                points = sorted(peers[peer], key=lambda point: point.threads)
                yield shape, peer, points[0].work if points[0].threads == 1 else None, points


def serial(one, points):
    """The part of the work that no second thread takes a share of, as Amdahl has it: the one that the spans of several threads
    differ from by least, in proportion. None if there is none of several.
    """
    above = below = 0
    for point in points:
        if point.threads > 1:
            share = (1 - 1 / point.threads) * one / point.span
            above += share * (1 - one / point.span / point.threads)
            below += share * share
    return above / below if below else None


def speedup(part, threads):
    """What so many threads are worth where that part of the work is serial."""
    return 1 / (part + (1 - part) / threads)


def million(value):
    """Instructions as they are shown."""
    return number(value / 1e6)


def lines(span):
    """The table, its head first; and how many of its columns are text."""
    table = [["shape", "peer", "threads", "work", "more work", "span", "speedup", "at most", "efficiency"]]
    for shape, peer, one, points in span.rows():
        for point in points:
            line = [shape, peer, str(point.threads), million(point.work)]
            if one is None or point.threads == 1:
                line += ["–", million(point.span), "–", "–", "–"]
            else:
                times = one / point.span
                line += [f"{100 * (point.work / one - 1):+.2f} %", million(point.span), number(times),
                         number(one / point.most), f"{100 * times / point.threads:.0f} %"]
            table.append(line)
    return table, 2


def foretold(span):
    """Of each shape what fewer threads say about many, beside what was measured: lines of text."""
    text = []
    for shape, peer, one, points in span.rows():
        fewer = [point for point in points if point.threads < FORETOLD]
        part = serial(one, fewer) if one else None
        if part is None:
            continue
        found = [number(one / point.span) for point in points if point.threads == FORETOLD]
        text.append(
            f"{shape}, {peer}: {100 * part:.2f} % of the work is serial, as {fewer[-1].threads} threads and fewer have it; for "
            f"{FORETOLD} that is a speedup of {number(speedup(part, FORETOLD))}"
            + (f", measured are {found[0]}" if found else "")
        )
    return text


def document(path):
    """The table and what is foretold, for REPORT.md."""
    span = Span(path)
    context = span.context
    where = (f"In million instructions; Linux {context['kernel']}, lane `{context['lane']}`, "
             f"commit {context['git_commit'][:12]}.")
    return "\n\n".join([where, markdown(*lines(span)), *(f"- {line}." for line in foretold(span))])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    span = Span(sys.argv[1])
    print(f"million instructions, lane {span.context['lane']}, Linux {span.context.get('kernel', '?')}\n")
    print_table(*lines(span))
    print()
    print("\n".join(foretold(span)))
