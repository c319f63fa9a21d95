# SPDX-License-Identifier: GPL-2.0-only
"""A run: the figures of all benchmarks of one lane, of one commit, on one machine. Imported, never run.

It comes from a results file (from_results), of `make bench`, `make vm-start` or `make micro-check`, or from a line of the history
(history.py); what it is made of is history.schema.json. Every way to read one ends with the same figures(), for the gate,
the exports and the dashboard alike.
"""

import dataclasses
import datetime
import functools
import json
import pathlib
import platform
import re
from typing import NamedTuple

from . import machine
from .counts import RECORDED, TICK
from .e2e import COUNTERS, IO_TABLES, METADATA
from .repository import commit_facts, places
from .text import bytes_of

SCHEMA = 1

# Counted instructions are the same on every machine. All other lanes depend on the machine.
PORTABLE_LANES = ("icount", "vm-icount", "span-icount", "callgrind")
# What comes before the lane of a guest that ran another program than e2e: its benchmarks are others.
LANE_OF = {"vm_start": "vm-", "threads": "threads-", "span": "span-"}
# What runs natively: its lane, its unit and its counters.
NATIVE = {
    "callgrind": ("callgrind", "instructions", ("insn_per_op",)),
    "micro": ("native", "ns", ("best_ns", "p50_ns", "p99_ns")),
}
# The peer that is ours, and what the native benchmarks call it.
OURS = "fast"
NATIVE_OURS = ("ours", "rcu")

# What a counter's figure is: the operation's suffix (or a name of its own), for what, its unit (that of the run where it is
# None).
FIGURES = {
    **{prefix + name: (*what, None) for prefix in ("insn_", "ns_") for name, what in COUNTERS.items()},
    **{f"{unit}_{name}": (f"{suffix} {unit}", per, unit) for unit in RECORDED for name, (suffix, per) in COUNTERS.items()},
    "insn_per_op": ("", "operation", None),
    "best_ns": ("", "operation", None),
    "p50_ns": (" p50", "operation", None),
    "p99_ns": (" p99", "operation", None),
    # What threads do is counted in pages of 4 KiB where more than one is mapped by a call, and in calls.
    **{
        f"{phase}_ns_{nr}": (f"{phase} by {nr} thread" + ("s" if nr > 1 else ""), "page", None)
        for phase in ("map", "unmap", "lookup")
        for nr in (1, 2)
    },
    # What many threads execute, in all and one after another.
    "work": (" work", "call", "instructions"),
    "span": (" span", "call", "instructions"),
    METADATA: ("metadata", "GiB", "bytes"),
    IO_TABLES: ("IO tables", "GiB", "bytes"),
}
# Those that stand for themselves: the operation is only how they were found.
ITS_OWN = (METADATA, IO_TABLES)
# Of Google Benchmark's own fields and what says how memory lay: not figures, not kept or not compared.
NOT_COUNTERS = {"family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations",
                "real_time", "cpu_time", "items_per_second", "bytes_per_second"}


# Operations of one round, where they are many: LOOKUPS of bench/e2e/op_table.c.
MANY = {"per_call": 1000}
# What no call shows, of all that a round has touched: a thousand look-ups share some lines with what was before, by chance. Three
# boots of a tree: 0.077, 0.079 and 0.109 a call.
LEAST_PER_CALL = {"lines": 0.05}


class BadRun(Exception):
    """Why something is no run; its text is one line."""


class Key(NamedTuple):
    """What a figure is a figure of."""

    op: str
    shape: str
    size: str
    per: str
    unit: str
    peer: str


def split_native(name):
    """Operation, shape, size and peer of a native benchmark: there each suite has names of its own kind."""
    match name.split("/"):
        case ["lookup", shape, peer, threads]:
            return "lookup", shape, f"{threads} thread" + ("s" if threads != "1" else ""), peer
        case ["destroy", shape, peer]:
            return "destroy", shape, "", peer
        case ["iova", op, shape, count, peer]:
            return f"iova {op}", shape, f"{count} ranges", peer
        case ["extent", op, shape, peer]:
            return f"extent {op}", shape, "", peer
        case [op, *shape, peer]:
            return op, " ".join(shape), "", peer
    raise BadRun(f"'{name}' is no name of a native benchmark")


@functools.cache
def split_name(name, lane):
    """Operation, shape, size and peer of a benchmark."""
    if lane in ("callgrind", "native"):
        *what, peer = split_native(name)
        return *what, OURS if peer in NATIVE_OURS else peer
    parts = name.split("/")
    # Load, place and peer: what is done with a load, its counters say.
    if lane.startswith("threads-") and len(parts) == 3:
        load, place, peer = parts
        return ("destroy", place, "", peer) if load == "destroy" else ("", load, place, peer)
    if len(parts) != 4:
        raise BadRun(f"'{name}' is not op/shape/size/peer")
    if lane.startswith("span-"):
        _, shape, threads, peer = parts
        return "map", shape, f"{threads} thread" + ("s" if threads != "1" else ""), peer
    return tuple(parts)


@functools.cache
def key_of(name, counter, lane, unit):
    """What a benchmark's counter is a figure of; None if it is none."""
    if counter not in FIGURES:
        return None
    op, shape, size, peer = split_name(name, lane)
    suffix, per, its_unit = FIGURES[counter]
    op = suffix if counter in ITS_OWN else op + suffix
    return Key(op, shape, size, per, its_unit or unit, peer)


@dataclasses.dataclass(frozen=True)
class Run:
    """A recorded run. Its fields are those of the schema."""

    commit: str
    dirty: bool
    subject: str
    committed: str
    date: str
    machine: dict
    lane: str
    unit: str
    environment: dict
    filter: str
    modules: dict
    benchmarks: dict

    @property
    def track(self):
        """Runs of one track can be compared: those of a lane, and of a machine where the lane depends on it."""
        return self.lane, "" if self.lane in PORTABLE_LANES else self.machine["id"]

    @property
    def key(self):
        """What tells a run from all others."""
        return self.commit, self.dirty, self.lane, self.machine["id"], self.date, self.filter

    @property
    def order(self):
        """Runs sorted by it are in the order of their commits, those of one commit in the order they were made: when that was
        committed, its place among those of that second, and when it was measured.
        """
        committed, date = (datetime.datetime.fromisoformat(text).timestamp() for text in (self.committed, self.date))
        return committed, places().get(self.commit, 0), date

    def figures(self):
        """All figures by Key; those of benchmarks that failed or were refused are in errors() instead."""
        found = {}
        for name, counters in self.benchmarks.items():
            if "error" not in counters:
                for counter, value in counters.items():
                    key = key_of(name, counter, self.lane, self.unit)
                    if key:
                        found[key] = value
        return found

    def floors(self):
        """By Key, what a figure may differ by for a timer interrupt more or less in all rounds of its benchmark, or less than
        a call shows. Of lanes without one, and of benchmarks that do not say how many rounds they had, nothing.
        """
        found = {}
        for name, counters in self.benchmarks.items():
            for counter in counters if "rounds" in counters else ():
                key = key_of(name, counter, self.lane, self.unit)
                if key and key.unit in TICK:
                    many = bytes_of(key.size) / 4096 if key.per == "4 KiB" else MANY.get(counter.partition("_")[2], 1)
                    least = 0 if key.per == "4 KiB" else LEAST_PER_CALL.get(key.unit, 0)
                    found[key] = max(TICK[key.unit] / counters["rounds"] / many, least)
        return found

    def errors(self):
        """The names of the benchmarks that failed or were refused, and why."""
        return {name: counters["error"] for name, counters in self.benchmarks.items() if "error" in counters}

    def line(self):
        """The run as a line of the history, without its end."""
        return json.dumps({"schema": SCHEMA} | dataclasses.asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def of_line(cls, document):
        """The run that a line says, once it is known to be as the schema wants it."""
        fields = dict(document)
        del fields["schema"]
        for name in fields["benchmarks"]:
            split_name(name, fields["lane"])
        run = cls(**fields)
        # A date may look like one and be none.
        if not run.order:
            raise BadRun("it has no date")
        return run


def times_of(kept):
    """The counters of a benchmark with rates as times, of which less is better like of all that is recorded."""
    rate = re.compile(r"(.+)_per_second_([12])")
    found = {name: rate.fullmatch(name) for name in kept}
    return {
        f"{match[1]}_ns_{match[2]}" if match else name: 1e9 / kept[name] if match else kept[name]
        for name, match in found.items()
        if not name.endswith("_speedup")
    }


def counters_of(bench):
    """What is kept of a benchmark of a results file."""
    if bench.get("error_occurred"):
        return {"error": bench.get("error_message") or "no reason given"}
    kept = {
        name: value
        for name, value in bench.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and name not in NOT_COUNTERS
    }
    return times_of(kept) | ({"rounds": bench["iterations"]} if "iterations" in bench else {})


def machine_of(context):
    """The machine that results were measured on. Older ones say only the name of the host: this one, or nobody knows."""
    if "machine" in context:
        return context["machine"]
    this = machine.identity()
    if context.get("host_name") not in (None, this["name"], platform.node()):
        raise BadRun("it does not say which machine it is of; record it on that machine")
    return this


def from_results(path):
    """The run that a results file is of: results/latest/<lane>.json, vm-<lane>.json, threads.json, span.json, native.json
    or native-insn.json.
    """
    path = pathlib.Path(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        context, benchmarks = document["context"], document["benchmarks"]
        if context.get("tool") in NATIVE:
            lane, unit, names = NATIVE[context["tool"]]
            environment = {"compiler": context["compiler"]}
            counters = {bench["name"]: {name: bench[name] for name in names if name in bench} for bench in benchmarks}
        else:
            lane = LANE_OF.get(context.get("executable"), "") + context["lane"]
            unit = "instructions" if context.get("clock") == "instructions" else "ns"
            environment = {
                "kernel": context["kernel"],
                "config": context["kernel_config"],
                "qemu": context["qemu"],
                "guest": f"{context['guest_cpus']} CPU, {context['guest_memory']}",
            }
            # Where they are another commit's than the module.
            if "bench" in context:
                environment["bench"] = context["bench"]
            counters = {
                bench["name"]: counters_of(bench)
                for bench in benchmarks
                if bench.get("run_type", "iteration") == "iteration"
            }
        for name in counters:
            split_name(name, lane)
        commit = context["git_commit"]
        if not re.fullmatch("[0-9a-f]{40}", commit):
            raise BadRun(f"it is of no commit ('{commit}')")
        committed, subject = commit_facts(commit)
        return Run(
            commit=commit,
            dirty=context["git_dirty"],
            subject=subject,
            # A commit that is not here sorts by when it was measured.
            committed=committed or context["date"],
            date=context["date"],
            machine=machine_of(context),
            lane=lane,
            unit=unit,
            environment=environment,
            filter=context.get("filter", ""),
            modules={
                peer: {name: facts.get("srcversion", facts.get("sha256", "")) for name, facts in its["modules"].items()}
                for peer, its in context.get("peers", {}).items()
            },
            benchmarks=counters,
        )
    except OSError as error:
        raise BadRun(f"{path}: {error.strerror}") from error
    except BadRun as error:
        raise BadRun(f"{path}: {error}") from error
    except KeyError as error:
        raise BadRun(f"{path}: no results file, or one of an older version: it has no {error}; measure again") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise BadRun(f"{path}: no results file ({type(error).__name__}: {error})") from error
