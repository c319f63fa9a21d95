# SPDX-License-Identifier: GPL-2.0-only
"""Compare counted instructions with what they were.

usage: main.py gate check BASELINE RESULTS [AGAIN...]
       main.py gate suspects BASELINE RESULTS
       main.py gate learn BASELINE RESULTS RESULTS...
       main.py gate compare RESULTS RESULTS
       main.py gate same RESULTS RESULTS

check: the results of a lane against the baseline of that lane: what changed by more than the threshold of its benchmark,
largest first; what is new, has vanished, or was refused. Exit status 1 if something costs more, has vanished or was
refused; 2 if the two cannot be compared. AGAIN are results of the same tree, of what looked worse: what does not look so
in all of them is not; nor is what results/triage.toml says of a commit since the baseline's. FORMAT=markdown writes it as
a merge request or the summary of a job shows it. suspects: the names of the benchmarks that look worse, for such a run. learn: make a baseline from
several runs of the same tree. compare: one run against another, in a table; whatever differs by 0.5 % is shown, and the
functions that made it, where both results have stacks beside them (stacks.py). same: exit status 1 unless each figure is
the same to its last digit.

A threshold is learnt: three times of what the runs of a tree differed by, and at least 0.5 %. What a few runs did not show of
one memory they may have shown of another: so it is at least three times of what three quarters of its kind, the same operation
and size of all memory, differed by. What the baseline that is replaced has learnt stays, of the same environment: it may have
been another machine, or another load. Beside it each figure has a floor, in what it counts: one more timer interrupt in all
rounds of its benchmark is no change.
"""

import dataclasses
import json
import math
import os
import pathlib
import re
import sys

from . import stacks, triage
from .repository import commits_between
from .run import PORTABLE_LANES, BadRun, Key, from_results
from .text import markdown, number, print_table

SCHEMA = 1
LEAST = 0.005
SPREADS = 3
# So many changes are shown at first, where not all need be.
TOP = 20
# Runs of a tree that differ by more than this do not repeat: nothing can be compared with them.
MOST = 0.1


class Unfit(Exception):
    """Why two things cannot be compared; its text is one line."""


@dataclasses.dataclass(frozen=True)
class Change:
    """A figure, and what it was."""

    key: Key
    before: float
    after: float
    threshold: float
    floor: float = 0

    @property
    def ratio(self):
        """1.01 costs 1 % more. What cost nothing and now does costs infinitely more."""
        if self.before:
            return self.after / self.before
        return float("inf") if self.after else 1.0

    @property
    def size(self):
        """How much of a change it is, in either direction."""
        return max(self.ratio, 1 / self.ratio if self.ratio else float("inf"))

    @property
    def counts(self):
        """Whether it is more than what a tree differs from itself by."""
        return self.size > 1 + self.threshold and abs(self.after - self.before) > self.floor

    def line(self, verdict):
        """A line of a table."""
        key = self.key
        percent = f"{(self.ratio - 1) * 100:+.2f} %" if self.before else "from nothing"
        return [verdict, key.op, key.shape, key.size, key.peer, f"{key.unit}/{key.per}", number(self.before),
                number(self.after), percent, f"{self.threshold * 100:.2f} %"]


HEAD = ["", "op", "shape", "size", "peer", "unit", "before", "now", "change", "threshold"]


@dataclasses.dataclass(frozen=True)
class Baseline:
    """What figures were, and how exact they are."""

    lane: str
    commit: str
    environment: dict
    figures: dict
    thresholds: dict
    floors: dict

    @classmethod
    def load(cls, path):
        """The baseline in a file."""
        try:
            document = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
            if document["schema"] != SCHEMA:
                raise Unfit(f"{path} is of schema {document['schema']}, this is for {SCHEMA}; run 'make baseline'")
            rows = [(Key(*row["key"]), row["value"], row["threshold"], row.get("floor", 0)) for row in document["figures"]]
            return cls(
                document["lane"],
                document["commit"],
                document["environment"],
                {key: value for key, value, _, _ in rows},
                {key: threshold for key, _, threshold, _ in rows},
                {key: floor for key, _, _, floor in rows},
            )
        except OSError as error:
            raise Unfit(f"no baseline {path} ({error.strerror}); run 'make baseline'") from error
        except (ValueError, KeyError, TypeError) as error:
            raise Unfit(f"{path} is no baseline ({type(error).__name__}: {error}); run 'make baseline'") from error

    @classmethod
    def learn(cls, runs, older=None):
        """What several runs of a tree agree on; with the thresholds of an older baseline, where those are higher."""
        first = runs[0]
        known = older.thresholds if older and older.environment == first.environment else {}
        for run in runs:
            if run.lane not in PORTABLE_LANES:
                raise Unfit(f"the lane '{run.lane}' depends on the machine; it has no baseline")
            if run.dirty:
                raise Unfit("the tree has changes that are not committed: nobody could repeat this baseline")
            if run.errors():
                raise Unfit(f"refused: {', '.join(sorted(run.errors()))}")
            if (run.lane, run.commit, run.environment) != (first.lane, first.commit, first.environment):
                raise Unfit("the runs are not of the same commit, lane and environment")
        all_figures = [run.figures() for run in runs]
        if any(figures.keys() != all_figures[0].keys() for figures in all_figures):
            raise Unfit("the runs do not have the same benchmarks")
        floors = first.floors()
        values, spreads, kinds = {}, {}, {}
        for key in all_figures[0]:
            found = sorted(figures[key] for figures in all_figures)
            middle = found[len(found) // 2]
            spread = (found[-1] - found[0]) / middle if middle else 0
            if spread > MOST and found[-1] - found[0] > floors.get(key, 0):
                raise Unfit(f"{' '.join(key)} does not repeat: {', '.join(number(value) for value in found)}")
            values[key], spreads[key] = middle, spread
            kinds.setdefault(key._replace(shape=""), []).append(spread)
        usual = {kind: sorted(found)[-1 - len(found) // 4] for kind, found in kinds.items()}
        thresholds = {
            key: max(LEAST, SPREADS * max(spread, usual[key._replace(shape="")]), known.get(key, 0))
            for key, spread in spreads.items()
        }
        return cls(first.lane, first.commit, first.environment, values, thresholds, floors)

    def save(self, path):
        """Write it, all or nothing."""
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            json.dumps({"key": list(key), "value": value, "threshold": round(self.thresholds[key], 6),
                        "floor": float(f"{self.floors.get(key, 0):.4g}")})
            for key, value in self.figures.items()
        ]
        head = {"schema": SCHEMA, "lane": self.lane, "commit": self.commit, "environment": self.environment}
        partial = path.with_suffix(".part")
        # One figure a line, so that a difference of two baselines can be read.
        partial.write_text(
            json.dumps(head, indent=1)[:-2] + ',\n "figures": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n", encoding="utf-8"
        )
        os.replace(partial, path)


def name_of(key):
    """A figure in words."""
    return " ".join(word for word in key[:3] + key[5:] if word)


def compare_figures(before, after, thresholds, floors):
    """What is in both, largest change first."""
    changes = [
        Change(key, value, after[key], thresholds.get(key, LEAST), floors.get(key, 0))
        for key, value in before.items() if key in after
    ]
    return sorted((change for change in changes if change.counts), key=lambda change: -change.size)


def verdict_of(change):
    """A word for it."""
    return "WORSE" if is_worse(change) else "better"


def show(changes):
    """The table of changes, if there are any."""
    if changes:
        print_table([HEAD] + [change.line(verdict_of(change)) for change in changes], 6)
        print()


def benchmark_of(key):
    """The name of the benchmark that a figure is of: it begins with the first word of its operation."""
    return "/".join(("map" if key.unit == "bytes" else key.op.split(" ")[0], *key[1:3], key.peer))


def selected(baseline, run):
    """The baseline's figures that a run with a filter, or of some peers only, is about."""
    peers = {key.peer for key in run.figures()} | {name.rpartition("/")[2] for name in run.errors()}

    def wanted(key):
        return key.peer in peers and (not run.filter or re.search(run.filter, benchmark_of(key)))

    return {key: value for key, value in baseline.figures.items() if wanted(key)}


def comparable(baseline, results_path):
    """The run that results are of, if it can be compared with a baseline."""
    run = from_results(results_path)
    if run.lane != baseline.lane:
        raise Unfit(f"the results are of lane {run.lane}, the baseline is of {baseline.lane}")
    for what, was in baseline.environment.items():
        now = run.environment.get(what)
        if now != was:
            raise Unfit(
                f"the {what} is another one (now {now}; {was} of the baseline at {baseline.commit[:12]}), so the "
                "instructions are, too; run 'make baseline' on the commit before"
            )
    return run


def is_worse(change):
    """Whether a change is to fail the gate."""
    return change.ratio > 1


def suspects(baseline_path, results_path):
    """The names of the benchmarks that look worse, each once."""
    baseline = Baseline.load(baseline_path)
    run = comparable(baseline, results_path)
    changes = compare_figures(selected(baseline, run), run.figures(), baseline.thresholds, baseline.floors)
    return sorted({benchmark_of(change.key) for change in changes if is_worse(change)})


def mean_of(before, after):
    """The geometric mean of what all figures changed by that are in both and are not nothing."""
    logs = [math.log(after[key] / value) for key, value in before.items() if value and after.get(key)]
    return math.exp(math.fsum(logs) / len(logs)) if logs else 1.0


def find_said(verdicts, key, commits):
    """What is said of a change by one of these commits; None if nothing is."""
    name = triage.name_of(key)
    return next((said for commit in commits if (said := triage.find(verdicts, name, commit))), None)


class Finding:
    """What the gate found: a run against a baseline."""

    def __init__(self, baseline, run, again, verdicts):
        self.baseline, self.run = baseline, run
        before, after, self.refused = selected(baseline, run), run.figures(), run.errors()
        looked = compare_figures(before, after, baseline.thresholds, baseline.floors)
        # What looked worse is what it was at its best.
        for change in filter(is_worse, looked):
            after[change.key] = min([change.after, *(figures[change.key] for figures in again if change.key in figures)])
        self.before, self.after = before, after
        self.changes = compare_figures(before, after, baseline.thresholds, baseline.floors)
        real = {change.key for change in self.changes}
        self.passed = [change for change in looked if change.key not in real]
        # By any of the commits that may have made it.
        commits = commits_between(baseline.commit, run.commit) or [run.commit] if verdicts else []
        self.said = {change.key: said for change in filter(is_worse, self.changes) if (said := find_said(verdicts, change.key, commits))}
        refused_keys = {tuple(name.split("/")[1:]) for name in self.refused}
        self.vanished = [key for key in before if key not in after and (key.shape, key.size, key.peer) not in refused_keys]
        self.new = [key for key in after if key not in baseline.figures]
        self.worse = [change for change in filter(is_worse, self.changes) if change.key not in self.said]
        self.better = [change for change in self.changes if not is_worse(change)]

    @property
    def failed(self):
        """Whether it is to be looked at before anything else."""
        return bool(self.worse or self.vanished or self.refused)

    def verdict(self, change):
        """A word for a change."""
        return self.said[change.key].verdict if change.key in self.said else verdict_of(change)

    def table(self):
        """The changes, below their head."""
        return [HEAD] + [change.line(self.verdict(change)) for change in self.changes]

    def notes(self):
        """A line for each figure that the table does not have, and for what is said of one that it has."""
        for key, said in self.said.items():
            yield f"{said.verdict}: {name_of(key)}: {said.reason}"
        for change in self.passed:
            yield f"not worse again: {name_of(change.key)}, was {number(change.before)}, once {number(change.after)}"
        for name, why in sorted(self.refused.items()):
            yield f"refused: {name}: {why}"
        for key in self.vanished:
            yield f"vanished: {name_of(key)}, was {number(self.before[key])}"
        for key in self.new:
            yield f"new: {name_of(key)}, {number(self.after[key])}"

    def advice(self):
        """What to do, if there is anything."""
        if self.better or self.new:
            yield f"{len(self.better)} better, {len(self.new)} new: if that is meant to stay, run 'make baseline' and commit it"

    def summary(self):
        """All of it in a line."""
        said = f"{len(self.said)} accepted, " if self.said else ""
        return (f"{self.run.lane}: {len(self.before)} figures against {self.baseline.commit[:12]}: {len(self.worse)} worse, {said}"
                f"{len(self.better)} better, {len(self.new)} new, {len(self.vanished)} vanished, {len(self.refused)} refused; "
                f"geometric mean {(mean_of(self.before, self.after) - 1) * 100:+.2f} %")

    def print_text(self):
        """For a terminal."""
        if self.changes:
            print_table(self.table(), 6)
            print()
        for line in (*self.notes(), *self.advice()):
            print(line)
        print(self.summary())

    def print_markdown(self):
        """For a comment on a merge request: what is to be seen first, and the rest when it is asked for."""
        print(f"**{'Costs more' if self.failed else 'Costs no more'}.** {self.summary()}\n")
        head, *lines = self.table()
        if lines:
            print(markdown([head, *lines[:TOP]], 6), end="\n\n")
        rest = [*(" ".join(line) for line in lines[TOP:]), *self.notes()]
        if rest:
            print(f"<details><summary>{len(rest)} more</summary>\n", *(f"- {line}" for line in rest), "\n</details>\n", sep="\n")
        for line in self.advice():
            print(f"{line}\n")


def check(baseline_path, results_path, again_paths):
    """The gate. Returns its exit status."""
    form = os.environ.get("FORMAT") or "text"
    if form not in ("text", "markdown"):
        raise Unfit(f"no FORMAT '{form}' (there are: text markdown)")
    baseline = Baseline.load(baseline_path)
    run = comparable(baseline, results_path)
    again = [comparable(baseline, path).figures() for path in again_paths]
    finding = Finding(baseline, run, again, triage.load(os.environ.get("TRIAGE") or triage.TRIAGE))
    if form == "markdown":
        finding.print_markdown()
    else:
        finding.print_text()
    return 1 if finding.failed else 0


def older(path):
    """The baseline that is replaced, if there is one that can be read."""
    try:
        return Baseline.load(path)
    except Unfit:
        return None


def answer(args):
    """What is printed and the exit status, by the arguments."""
    match args:
        case ["check", baseline, results, *again]:
            return check(baseline, results, again)
        case ["suspects", baseline, results]:
            for name in suspects(baseline, results):
                print(name)
            return 0
        case ["learn", path, *results] if len(results) > 1:
            baseline = Baseline.learn([from_results(each) for each in results], older(path))
            baseline.save(path)
            loose = sum(threshold > LEAST for threshold in baseline.thresholds.values())
            print(f"{path}: {len(baseline.figures)} figures of {baseline.commit[:12]}, {loose} of them with a threshold over "
                  f"{LEAST * 100} %, the highest {max(baseline.thresholds.values()) * 100:.2f} %")
            return 0
        case ["compare", a, b]:
            before, after = from_results(a), from_results(b)
            if (before.lane, before.environment) != (after.lane, after.environment):
                raise Unfit("the two are not of the same lane, kernel and QEMU")
            changes = compare_figures(before.figures(), after.figures(), {}, {})
            show(changes)
            stacks.show_where(changes, a, b)
            print(f"{after.lane}: {len(after.figures())} figures, {len(changes)} differ by more than {LEAST * 100} %")
            return 0
        case ["same", a, b]:
            before, after = from_results(a).figures(), from_results(b).figures()
            others = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
            for key in others:
                print(f"{name_of(key)}: {before.get(key)}, {after.get(key)}")
            print(f"{len(after)} figures, {len(others)} differ")
            return 1 if others or not after else 0
    sys.exit(__doc__)


def main():
    try:
        return answer(sys.argv[1:])
    except (Unfit, BadRun) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
