# SPDX-License-Identifier: GPL-2.0-only
"""Print what two threads do at the same time, as one table.

usage: main.py threads FILE

For each load and place: how many times of one thread's work two threads do in the same time, by peer; and how many
times of each other peer's work two threads of `fast` do. Then how long it takes to destroy an object. What there is in
one run of one guest is compared with what there is in another one's, minutes later: such a ratio has some noise.
"""

import sys

from .e2e import PEERS, measured
from .text import print_table, times

PHASES = ("map", "unmap", "lookup")


class Threads:
    """One results file of bench/e2e/threads."""

    def __init__(self, path):
        self.context, benchmarks = measured(path, "threads")
        self.peers = [peer for peer in PEERS if peer in self.context["peers"]]
        self.by_name = {bench["name"]: bench for bench in benchmarks if not bench.get("error_occurred")}

    def cases(self):
        """Load and place of every benchmark, as they come, each once."""
        return list(dict.fromkeys(tuple(name.split("/")[:2]) for name in self.by_name))

    def get(self, load, place, peer, counter):
        """A figure, None if there is none."""
        return self.by_name.get(f"{load}/{place}/{peer}", {}).get(counter)

    def speedups(self):
        """Of each load, place and phase: by peer, the speedup; and how many times of a peer's work `fast` does."""
        for load, place in self.cases():
            for phase in PHASES:
                speedup = {peer: self.get(load, place, peer, f"{phase}_speedup") for peer in self.peers}
                rate = {peer: self.get(load, place, peer, f"{phase}_per_second_2") for peer in self.peers}
                if any(speedup.values()):
                    ours = rate.get("fast")
                    beside = {
                        peer: ours / theirs if ours and theirs else None
                        for peer, theirs in rate.items()
                        if peer != "fast"
                    }
                    yield load, place, phase, speedup, beside

    def destroying(self):
        """Of each background: by peer, the median and the 99th percentile in ns."""
        for load, place in self.cases():
            if load == "destroy":
                yield place, {
                    peer: [self.get(load, place, peer, counter) for counter in ("p50_ns", "p99_ns")]
                    for peer in self.peers
                }


def us(value):
    """Nanoseconds as microseconds."""
    return "–" if value is None else f"{value / 1000:.1f}"


def tables(threads):
    """Tables of texts, each with how many of its columns are no figures."""
    others = [peer for peer in threads.peers if peer != "fast"]
    lines = [["load", "place", "phase", *threads.peers, *(f"fast/{peer}" for peer in others)]]
    for load, place, phase, speedup, beside in threads.speedups():
        lines.append(
            [load, place, phase]
            + [times(speedup[peer]) for peer in threads.peers]
            + [times(beside.get(peer)) for peer in others]
        )
    if len(lines) > 1:
        yield 3, lines
    with_objects = [peer for peer in threads.peers if threads.get("destroy", "idle", peer, "p50_ns")]
    lines = [["destroy, µs", *(f"{peer} {which}" for peer in with_objects for which in ("p50", "p99"))]]
    for place, by_peer in threads.destroying():
        lines.append([place] + [us(value) for peer in with_objects for value in by_peer[peer]])
    if len(lines) > 1:
        yield 1, lines


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    threads = Threads(sys.argv[1])
    context = threads.context
    print(f"lane {context['lane']}, {context['guest_cpus']} CPUs, Linux {context.get('kernel', '?')}")
    print("two threads: times the work of one; and of what two threads do through another peer")
    for texts, lines in tables(threads):
        print()
        print_table(lines, texts)
