# SPDX-License-Identifier: GPL-2.0-only
"""What the benchmarks of bench/e2e measured, as merge wrote it: rows of an operation on some memory, by peer."""

import dataclasses
import json
import pathlib
import sys

from .text import bytes_of, number

# The order in which things are shown; what is not named here comes after what is.
PEERS = ("type1", "iommufd", "fast", "floor")
OPS = ("map", "unmap", "fault_in", "small map", "small unmap", "deep map", "deep unmap", "million map", "million unmap",
       "copy", "attach", "lookup", "vm start", "vm end")
SHAPES = ("populate4k", "populate64k", "scatter4k", "scatter64k", "base", "base_untouched", "mthp64k", "mthp1m",
          "mthp2m", "thp", "thp_untouched", "thp512m", "hugetlb64k", "hugetlb2m", "hugetlb2m_untouched", "hugetlb32m",
          "hugetlb512m", "hugetlb1g", "memfd4k", "memfd4k_untouched", "memfd64k", "memfd2m", "mapfile4k",
          "mapfile4k_untouched", "mapfile64k", "mapfile")
# Of the sizes of a shape, the one that short tables show.
USUAL_SIZE = {"hugetlb1g": "1GiB", "hugetlb512m": "1GiB", "thp512m": "1GiB"}

# What a counter's figure is a figure of, in words: for one operation, or for each page of 4 KiB. Where a benchmark has
# two figures, each is a row of its own.
COUNTERS = {
    "per_4k": ("", "4 KiB"),
    "per_call": ("", "call"),
    "map": (" map", "call"),
    "unmap": (" unmap", "call"),
    "start": (" start", "guest"),
    "end": (" end", "guest"),
}
# A benchmark that failed has no counters; its operation tells which it would have had.
COUNTERS_OF = dict.fromkeys(("small", "deep", "million"), ("map", "unmap")) | {"lookup": ("per_call",), "vm": ("start", "end")}

# What is kept in memory about what is mapped: bytes per GiB of it.
METADATA = "bytes_per_gib"
IO_TABLES = "io_table_bytes_per_gib"


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
        return bytes_of(self.size)

    @property
    def runs(self):
        """The number of runs that the memory lies in (refused if peers disagree, so anybody's), None without memory."""
        counts = [figure.runs for figure in self.figures.values() if figure.runs is not None]
        return counts[0] if counts else None


def rank(order, name):
    """Where a name belongs in an order."""
    return (order.index(name), "") if name in order else (len(order), name)


def measured(path, target):
    """The context and the benchmarks of a results file; the end, with the make target that measures one, where it is none."""
    try:
        document = json.loads(pathlib.Path(path).read_text())
        return document["context"], document["benchmarks"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.exit(f"error: {path} has no results ({error}); run 'make {target}'")


class Results:
    """One results file."""

    def __init__(self, path):
        self.context, benchmarks = measured(path, "bench")
        self.unit = "instructions" if self.context.get("clock") == "instructions" else "ns"
        self.by_name = {bench["name"]: bench for bench in benchmarks}
        self._rows, self._memory = {}, {}
        for bench in benchmarks:
            if bench.get("run_type", "iteration") == "iteration":
                self._add(bench)

    def _add(self, bench):
        op, shape, size, peer = bench["name"].split("/")
        prefix = "insn_" if self.unit == "instructions" else "ns_"
        runs = round(bench["runs"]) if "runs" in bench else None
        bad = bench.get("error_occurred", False)
        found = [name for name in COUNTERS if prefix + name in bench]
        for name in found or COUNTERS_OF.get(op, ("per_4k",)):
            suffix, per = COUNTERS[name]
            row = self._rows.setdefault((op + suffix, shape, size), Row(op + suffix, shape, size, per, {}))
            row.figures[peer] = Figure(None if bad else bench[prefix + name], runs)
        for name in (METADATA, IO_TABLES):
            if name in bench and not bad:
                row = self._memory.setdefault((name, shape, size), Row(name, shape, size, "GiB", {}))
                row.figures[peer] = Figure(bench[name], runs)

    @property
    def peers(self):
        """The peers that ran, in the usual order."""
        return [peer for peer in PEERS if peer in self.context["peers"]]

    def rows(self):
        """All rows: by operation, by shape, by size."""
        return sorted(self._rows.values(), key=lambda row: (rank(OPS, row.op), rank(SHAPES, row.shape), row.bytes))

    def usual(self):
        """Of each operation and shape, the row of the usual size, or else of the largest."""
        found = {}
        for row in self.rows():
            if (row.op, row.shape) not in found or row.bytes <= bytes_of(USUAL_SIZE.get(row.shape, "256MiB")):
                found[row.op, row.shape] = row
        return list(found.values())

    def counted(self, column):
        """Of the usual rows, what is counted beside instructions (counts.py); nothing where it was not."""
        rows = {}
        for bench in self.by_name.values():
            op, shape, size, peer = bench["name"].split("/")
            for name, its in bench.get("counts", {}).items():
                if column in its and not bench.get("error_occurred"):
                    suffix, per = COUNTERS[name]
                    row = rows.setdefault((op + suffix, shape, size), Row(op + suffix, shape, size, per, {}))
                    row.figures[peer] = Figure(its[column], round(bench["runs"]) if "runs" in bench else None)
        return [rows[key] for row in self.usual() if (key := (row.op, row.shape, row.size)) in rows]

    def memory(self, name):
        """What is kept in memory, METADATA or IO_TABLES: by shape, by size."""
        rows = [row for row in self._memory.values() if row.op == name]
        return sorted(rows, key=lambda row: (rank(SHAPES, row.shape), row.bytes))


def cell(row, peer, show=number):
    """A peer's figure in a table: its number, why there is none, or a dash where the peer has no such operation."""
    figure = row.figures.get(peer)
    return "error" if figure and figure.value is None else show(figure.value if figure else None)
