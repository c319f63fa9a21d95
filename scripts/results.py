# SPDX-License-Identifier: GPL-2.0-only
"""Read what scripts/merge.py wrote. Imported by the scripts that show it."""

import dataclasses
import json
import pathlib
import sys

# The order in which things are shown; what is not named here comes after what is.
PEERS = ("type1", "iommufd", "fast", "floor")
OPS = ("map", "unmap", "small map", "small unmap", "copy", "attach", "lookup")
SHAPES = ("populate4k", "scatter4k", "thp", "hugetlb2m", "hugetlb1g", "memfd4k", "memfd2m", "mapfile")
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

# What a counter's figure is a figure of, in words: for one operation, or for each page of 4 KiB. Where a benchmark has
# two figures, each is a row of its own.
COUNTERS = {
    "per_4k": ("", "4 KiB"),
    "per_call": ("", "call"),
    "map": (" map", "call"),
    "unmap": (" unmap", "call"),
}


@dataclasses.dataclass(frozen=True)
class Figure:
    """One peer's figure; value is None if the benchmark failed or was refused."""

    value: float | None
    runs: int | None = None


@dataclasses.dataclass
class Row:
    """The same operation on the same memory, by peer."""

    op: str
    shape: str
    size: str
    per: str
    figures: dict

    def value(self, peer):
        """The figure of a peer, None if there is none."""
        figure = self.figures.get(peer)
        return figure.value if figure else None

    def ratio(self, peer, to):
        """How many times of the figure of `to` that of `peer` is, None if one of them is missing."""
        mine, other = self.value(peer), self.value(to)
        return mine / other if mine is not None and other else None

    @property
    def bytes(self):
        """The size as a number."""
        return int(self.size.rstrip("KMGiB")) * UNITS.get(self.size.lstrip("0123456789"), 1)

    @property
    def runs(self):
        """The number of runs that the memory lies in (refused if peers disagree, so anybody's), None without memory."""
        counts = [figure.runs for figure in self.figures.values() if figure.runs is not None]
        return counts[0] if counts else None


def rank(order, name):
    """Where a name belongs in an order."""
    return (order.index(name), "") if name in order else (len(order), name)


class Results:
    """One results file."""

    def __init__(self, path):
        try:
            document = json.loads(pathlib.Path(path).read_text())
            self.context = document["context"]
            benchmarks = document["benchmarks"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            sys.exit(f"error: {path} has no results ({error}); run 'make bench'")
        self.unit = "instructions" if self.context.get("clock") == "instructions" else "ns"
        self.by_name = {bench["name"]: bench for bench in benchmarks}
        self._rows = {}
        for bench in benchmarks:
            if bench.get("run_type", "iteration") == "iteration":
                self._add(bench)

    def _add(self, bench):
        op, shape, size, peer = bench["name"].split("/")
        prefix = "insn_" if self.unit == "instructions" else "ns_"
        runs = round(bench["runs"]) if "runs" in bench else None
        bad = bench.get("error_occurred", False)
        found = [name for name in COUNTERS if prefix + name in bench]
        # A benchmark that failed has no counters; its operation tells which it would have had.
        for name in found or {"small": ("map", "unmap"), "lookup": ("per_call",)}.get(op, ("per_4k",)):
            suffix, per = COUNTERS[name]
            row = self._rows.setdefault((op + suffix, shape, size), Row(op + suffix, shape, size, per, {}))
            row.figures[peer] = Figure(None if bad else bench[prefix + name], runs)

    @property
    def peers(self):
        """The peers that ran, in the usual order."""
        return [peer for peer in PEERS if peer in self.context["peers"]]

    def rows(self):
        """All rows: by operation, by shape, by size."""
        return sorted(self._rows.values(), key=lambda row: (rank(OPS, row.op), rank(SHAPES, row.shape), row.bytes))

    def largest(self):
        """Of each operation and shape, the row of the largest size."""
        last = {(row.op, row.shape): row for row in self.rows()}
        return list(last.values())


def number(value):
    """A figure as it is shown: two to four digits that count."""
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:#.2g}"


def times(ratio):
    """A ratio as it is shown: what is very small as a fraction."""
    if ratio is None:
        return "–"
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}" if ratio >= 0.01 else f"1/{1 / ratio:.0f}"


def cell(row, peer):
    """A peer's figure in a table: its number, why there is none, or a dash where the peer has no such operation."""
    figure = row.figures.get(peer)
    return "error" if figure and figure.value is None else number(figure.value if figure else None)
