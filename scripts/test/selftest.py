#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel's selftests of iommufd and VFIO said in a guest.

usage: selftest.py join SHARE PROGRAM...   print one KTAP of what scripts/test/selftest.sh found in SHARE
       selftest.py table PEER KTAP...      sum PEER's file up, beside those of other peers

A file is named selftest-PEER.ktap. The table has a line per fixture, then what PEER skipped, and its failures. The last line is
"N passed, N failed, N skipped". Exits with 1 when PEER failed something, which what the kernel itself has to say is too.
The in-tree module is the reference: it only has to finish.
"""

import pathlib
import re
import sys

REFERENCE = "iommufd"
# What is checked beside the programs.
CHECKS = ("unload", "kmemleak", "pins", "kernel-log")
# The exit status of a selftest that could not run (KSFT_SKIP).
SKIPPED = "4"

RESULT = re.compile(r"(?P<indent> *)(?P<verdict>ok|not ok) \d+ (?P<name>[^\s#]+)(?P<rest>.*)")
REASON = re.compile(r" *# (\S+:\d+:|\S+: Test terminated)")


def read(path):
    """The lines of a file that a guest should have left; None without it."""
    try:
        return path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return None


def numbered(line, number):
    """An outermost result with a number of its own."""
    return re.sub(r"^(ok|not ok) \d+", rf"\1 {number}", line)


def join_program(name, lines, status):
    """Prints its cases; the result for all of it."""
    failed = False
    for line in lines or []:
        failed |= line.startswith("not ok")
        print(f"  {line}")
    if status is None:
        return f"not ok 0 {name} # ERROR the guest did not get so far"
    # It found nothing to test, and its last words say why.
    if status[0] == SKIPPED and not any(RESULT.match(line) for line in lines or []):
        why = [line for line in lines if line.strip()][-1:]
        return f"ok 0 {name} # SKIP {''.join(why).removeprefix('1..0 # SKIP ')}"
    # 0: all passed; 1: some did not, which the cases say themselves.
    if status[0] != ("1" if failed else "0"):
        return f"not ok 0 {name} # ERROR exit status {status[0]}"
    return f"{'not ok' if failed else 'ok'} 0 {name}"


def join(share, programs):
    print(f"KTAP version 1\n1..{len(programs) + len(CHECKS)}")
    for number, name in enumerate(programs, 1):
        said, status = read(share / f"{name}.tap"), read(share / f"{name}.status")
        print(numbered(join_program(name, said, status), number))
    number = len(programs)
    # What the guest did not get to is as bad.
    lines = read(share / "aftermath") or []
    for name in CHECKS[sum(RESULT.match(line) is not None for line in lines) :]:
        lines.append(f"not ok 0 {name} # ERROR the guest did not get so far")
    for line in lines:
        number += RESULT.match(line) is not None
        print(numbered(line, number))
    return 0


class Fixture:
    """Counts of a fixture's cases, all variants; or of the checks that are not cases."""

    def __init__(self):
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.failures = []
        self.skipped = []

    def add(self, verdict, name, rest, reasons):
        if verdict == "not ok":
            self.counts["failed"] += 1
            self.failures.append((name, reasons))
        elif "# SKIP" in rest:
            self.counts["skipped"] += 1
            self.skipped.append(f"{name}{rest}")
        else:
            self.counts["passed"] += 1

    def __str__(self):
        return "{passed:7}{failed:7}{skipped:8}".format(**self.counts)


class Run:
    """All that one peer's file says."""

    def __init__(self, path):
        self.peer = path.stem.removeprefix("selftest-")
        self.fixtures = {}
        self.finished = True
        reasons, planned, seen = [], 0, 0
        for line in path.read_text(errors="replace").splitlines():
            result = RESULT.match(line)
            if plan := re.match(r" +1\.\.(\d+)", line):
                planned = int(plan[1])
            elif not result:
                if line.startswith("# ") or REASON.match(line):
                    reasons.append(line.strip(" #"))
            elif result["indent"]:
                seen += 1
                self.add(result["name"].split(".")[0], result, reasons[:1])
                reasons = []
            else:
                self.outermost(result, reasons, planned, seen)
                reasons, planned, seen = [], 0, 0

    def outermost(self, result, reasons, planned, seen):
        """A program counts only where its cases do not speak for it: when it did not get to all of them."""
        said = result["rest"].strip(" #")
        unfinished = "ERROR" in said
        if result["name"] in CHECKS:
            self.add("the kernel", result, reasons or [said])
        elif said.startswith("SKIP"):
            self.add("programs", result, [])
        elif unfinished or not planned or seen != planned:
            unfinished = True
            self.fixture("programs").add("not ok", result["name"], "", [f"{seen} of {planned} cases; {said}"])
        self.finished &= not unfinished

    def add(self, fixture, result, reasons):
        self.fixture(fixture).add(result["verdict"], result["name"], result["rest"], reasons)

    def fixture(self, name):
        return self.fixtures.setdefault(name, Fixture())

    def total(self):
        total = Fixture()
        for fixture in self.fixtures.values():
            for key, count in fixture.counts.items():
                total.counts[key] += count
        return total.counts


def table(peer, paths):
    runs = sorted((Run(p) for p in paths), key=lambda r: r.peer != peer)
    run = runs[0]
    if run.peer != peer:
        sys.exit(f"error: there are no results of {peer}")
    names = list(dict.fromkeys(n for r in runs for n in r.fixtures))
    width = max(map(len, names)) + 2
    print(" " * width + "".join(f"  {r.peer:>22}" for r in runs))
    print(" " * width + "   passed failed skipped" * len(runs))
    for name in names:
        cells = "".join(f"  {r.fixtures.get(name, '')!s:>22}" for r in runs)
        print(f"{name:{width}}{cells}".rstrip())
    print()
    for name in names:
        for case in run.fixtures.get(name, Fixture()).skipped:
            print(f"skipped {case}")
    for name in names:
        for case, reasons in run.fixtures.get(name, Fixture()).failures:
            print("\n       ".join([f"not ok {case}", *reasons]))
    total = run.total()
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**total))
    bad = not run.finished if peer == REFERENCE else total["failed"] > 0
    return 1 if bad or not total["passed"] else 0


def main():
    match sys.argv[1:]:
        case ["join", share, *programs] if programs:
            return join(pathlib.Path(share), programs)
        case ["table", peer, *paths] if paths:
            return table(peer, [pathlib.Path(p) for p in paths])
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main())
