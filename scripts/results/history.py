# SPDX-License-Identifier: GPL-2.0-only
"""The history: results/history.jsonl, a line for each recorded run.

usage: main.py history add [--history FILE] [--allow-dirty] RESULTS...
       main.py history merge [--history FILE] OTHER.jsonl...
       main.py history check [--history FILE]
       main.py history list [--history FILE]
       main.py history missing [--history FILE] [--filter REGEX] <COMMITS

add: record the runs that results files are of, with the stacks beside them (stacks.py); all of them, or none. One that is
there already stays as it is. A run of a tree with uncommitted changes is refused, unless told otherwise.
merge: take over the runs of other histories, e.g. of other machines, that are not in this one, with their stacks.
check: exit with 1 if any line cannot be read.
list: a line for each run, in the order of commits.
missing: of commits, a line each in their order, those that have no run of the lane icount, whole or of that filter; in the
order in which to measure them, if not all are: the newest, the oldest, then what halves the largest gap.

Lines are checked with history.schema.json. One that cannot be read is reported with its number on standard
error and skipped; it stays in the file. A file is replaced as a whole, so a reader sees the old one or the new one.
"""

import argparse
import bisect
import contextlib
import fcntl
import functools
import json
import os
import pathlib
import sys
import tempfile
from typing import NamedTuple

from . import stacks
from .run import SCHEMA, BadRun, Run, from_results

try:
    import fastjsonschema
except ImportError:
    sys.exit("error: Debian's python3-fastjsonschema is not there for this Python; 'make record' installs it")

HERE = pathlib.Path(__file__).resolve().parent
HISTORY = HERE.parents[1] / "results/history.jsonl"


class Problem(NamedTuple):
    """A line that is not a run, and why."""

    path: pathlib.Path
    line: int
    why: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.why}; skipped"


@functools.cache
def validator():
    """The schema, compiled: a history has thousands of lines."""
    return fastjsonschema.compile(json.loads((HERE / "history.schema.json").read_text(encoding="utf-8")))


def no_constant(name):
    """NaN and infinities, which Python would take for JSON."""
    raise ValueError(f"{name} is no figure")


def parse(text):
    """The run that a line is of; BadRun if it is of none."""
    try:
        document = json.loads(text, parse_constant=no_constant)
        if isinstance(document, dict) and document.get("schema", SCHEMA) != SCHEMA:
            raise BadRun(f"its schema is {document['schema']!r}, and this program knows {SCHEMA}")
        return Run.of_line(validator()(document))
    except json.JSONDecodeError as error:
        raise BadRun(f"damaged or half-written ({error.msg} at column {error.colno})") from error
    except fastjsonschema.JsonSchemaException as error:
        raise BadRun(f"not as the schema wants it ({error.message[:160]})") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise BadRun(str(error)) from error


def scan(path=HISTORY):
    """Each line of a history, as a Run or as a Problem; nothing where there is no file. Lines are read one at a time: a
    long history is large.
    """
    path = pathlib.Path(path)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        yield parse(line.decode("utf-8"))
                    except (BadRun, UnicodeDecodeError) as error:
                        yield Problem(path, number, str(error))
    except FileNotFoundError:
        return
    except OSError as error:
        raise BadRun(f"{path}: {error.strerror}") from error


def read(path=HISTORY):
    """The runs of a history in the order of the file, and the problems."""
    found = list(scan(path))
    return [each for each in found if isinstance(each, Run)], [each for each in found if isinstance(each, Problem)]


def report(problems):
    """Say on standard error what could not be read."""
    for problem in problems:
        print(f"warning: {problem}", file=sys.stderr)


def load(path=HISTORY):
    """The runs of a history in the order of commits, with what could not be read reported."""
    runs, problems = read(path)
    report(problems)
    return sorted(runs, key=lambda run: run.order)


@contextlib.contextmanager
def locked(directory):
    """One writer at a time. The directory itself is locked: no file is left behind, and the history may be replaced."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    finally:
        os.close(fd)


def replace(path, content, directory_fd):
    """Put content into the place of a file, at once and to stay."""
    fd, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        pathlib.Path(partial).unlink(missing_ok=True)
        raise
    os.fsync(directory_fd)


def append(runs, path=HISTORY):
    """Add runs to a history, except those that are there; says which were added. What is in the file stays, readable
    or not: behind a line without an end comes one first.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.parent) as directory_fd:
        there, problems = read(path)
        report(problems)
        known = {run.key for run in there}
        added, lines = [], []
        for run in runs:
            line = run.line()
            # What could not be read again is not written.
            parse(line)
            if run.key not in known:
                known.add(run.key)
                lines.append(line)
                added.append(run)
        if added:
            old = path.read_bytes() if path.exists() else b""
            if old and not old.endswith(b"\n"):
                old += b"\n"
            replace(path, old + "".join(f"{line}\n" for line in lines).encode(), directory_fd)
    return added


def said(run):
    """A run, in words."""
    machine = f", machine {run.track[1]}" if run.track[1] else ""
    dirty = " with uncommitted changes" if run.dirty else ""
    some = f" that match '{run.filter}'" if run.filter else ""
    return f"{run.commit[:12]}{dirty}, lane {run.lane}{machine}, {run.date}: {len(run.benchmarks)} benchmarks{some}"


def add(args):
    runs = [from_results(path) for path in args.files]
    for path, run in zip(args.files, runs):
        if run.dirty and not args.allow_dirty:
            raise BadRun(f"{path} was measured on {run.commit[:12]} with uncommitted changes: commit and measure again, "
                         "or record it all the same with DIRTY=1 (--allow-dirty)")
    added = append(runs, args.history)
    for path, run in zip(args.files, runs):
        stacks.keep(stacks.beside(path), run, args.history)
    for run in runs:
        print(f"{'recorded' if run in added else 'already recorded'}: {said(run)}")


def merge(args):
    runs = []
    for path in args.files:
        if not path.is_file():
            raise BadRun(f"{path} is not there")
        its, problems = read(path)
        report(problems)
        runs += its
        for run in its:
            stacks.keep(stacks.kept(run, path), run, args.history)
    added = append(runs, args.history)
    print(f"{len(added)} of {len(runs)} runs are new in {args.history}")


def check(args):
    runs, problems = read(args.history)
    report(problems)
    print(f"{len(runs)} runs, {len(problems)} lines that cannot be read")
    return 1 if problems else 0


def halving(commits, there):
    """Those of commits in their order that are not there, in the order in which each makes the largest gap small."""
    have = [at for at, commit in enumerate(commits) if commit in there]
    order = []

    def take(at):
        bisect.insort(have, at)
        order.append(commits[at])

    for end in (len(commits) - 1, 0):
        if commits and end not in have:
            take(end)
    while len(have) < len(commits):
        # Of gaps of one size the newest.
        left, right = max(zip(have, have[1:]), key=lambda gap: (gap[1] - gap[0], gap[0]))
        take((left + right) // 2)
    return order


def missing(args):
    there = {
        run.commit
        for run in load(args.history)
        if run.lane == "icount" and not run.dirty and run.filter in ("", args.filter)
    }
    for commit in halving([line.strip() for line in sys.stdin if line.strip()], there):
        print(commit)


def show(args):
    for run in load(args.history):
        print(said(run))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, function in {"add": add, "merge": merge, "check": check, "list": show, "missing": missing}.items():
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        command.add_argument("--history", type=pathlib.Path, default=HISTORY)
        if name == "add":
            command.add_argument("--allow-dirty", action="store_true")
        if name == "missing":
            command.add_argument("--filter", default="")
        if name in ("add", "merge"):
            command.add_argument("files", nargs="+", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    try:
        return args.function(args)
    except (BadRun, OSError) as error:
        sys.exit(f"error: {error}")
