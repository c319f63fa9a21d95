#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sum up which lines of a directory were executed, as several guests counted, by kind of test.

usage: coverage.py DIR PERCENT INFO (KIND OBJECTS COUNTS)...

OBJECTS has what the compiler wrote beside the objects (.gcno), COUNTS what a guest counted (.gcda), by the same names; KIND
says what ran there, and several guests may be of one kind. The first table has a line per file: lines that have code, those
that were executed, by whom, and the numbers of those that were not. The second one has, for each kind, the lines that no
other kind executes. Files of the mock IOMMU are listed, but not summed up. INFO gets the counts of all, as lcov writes them.
Exits with 1 when less than PERCENT of all lines were executed.
"""

import collections
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

# The folder of the mock IOMMU.
MOCK = "mock"
# Of a file's lines in one place of a table; INFO has all that were not executed.
RANGES_SHOWN = 12


def run_gcov(objects, counts):
    """What gcov makes of one guest's counts: a dictionary for each object."""
    with tempfile.TemporaryDirectory() as directory:
        names = sorted(path.relative_to(counts) for path in counts.rglob("*.gcda"))
        for name in names:
            copy = pathlib.Path(directory, name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(counts / name, copy)
            shutil.copy((objects / name).with_suffix(".gcno"), copy.parent)
        done = subprocess.run(
            ["gcov", "--json-format", "--stdout", *names], cwd=directory, capture_output=True, text=True, check=False
        )
    if done.returncode:
        sys.exit(f"error: gcov failed for {counts}: {done.stderr.strip()}")
    # It goes on without counts that are not of the object.
    if "stamp mismatch" in done.stderr or "version" in done.stderr:
        sys.exit(f"error: {counts} was not counted with what is in {objects}: {done.stderr.splitlines()[0]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]


class File:
    """The lines of a file that have code: how often each was executed in all, and by which kinds."""

    def __init__(self):
        self.counts = collections.Counter()
        self.kinds = collections.defaultdict(set)

    def add(self, kind, number, count):
        self.counts[number] += count
        if count:
            self.kinds[number].add(kind)

    def executed(self):
        return sum(count > 0 for count in self.counts.values())

    def executed_by(self, kind):
        return sum(kind in kinds for kinds in self.kinds.values())

    def missed(self):
        return sorted(number for number, count in self.counts.items() if not count)

    def only_by(self, kind):
        return sorted(number for number, kinds in self.kinds.items() if kinds == {kind})


def collect(directory, guests):
    """The files below the directory."""
    files = collections.defaultdict(File)
    for kind, objects, counts in guests:
        for unit in run_gcov(objects, counts):
            where = pathlib.Path(unit["current_working_directory"])
            for file in unit["files"]:
                path = (where / file["file"]).resolve()
                if not path.is_relative_to(directory):
                    continue
                for line in file["lines"]:
                    files[path.relative_to(directory)].add(kind, line["line_number"], line["count"])
    return dict(sorted(files.items()))


def ranges(numbers):
    """The numbers, neighbours drawn together: "3 7-9"."""
    found = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    text = [str(a) if a == b else f"{a}-{b}" for a, b in found]
    return " ".join(text[:RANGES_SHOWN] + (["..."] if len(text) > RANGES_SHOWN else []))


def write_info(path, directory, files):
    with open(path, "w", encoding="utf-8") as info:
        for name, file in files.items():
            info.write(f"SF:{directory / name}\n")
            info.writelines(f"DA:{number},{file.counts[number]}\n" for number in sorted(file.counts))
            info.write("end_of_record\n")


def percent(executed, total):
    return 100 * executed / total if total else 100.0


def is_mock(name):
    return name.parts[0] == MOCK


def print_files(files, kinds):
    width = max(len(str(name)) for name in files)
    print(f"{'file':{width}}  lines  executed         {''.join(f'{kind:>10}' for kind in kinds)}  not executed")
    for name, file in files.items():
        total, hit = len(file.counts), file.executed()
        by_kind = "".join(f"{file.executed_by(kind):10}" for kind in kinds)
        mock = "(mock) " if is_mock(name) else ""
        row = f"{name!s:{width}} {total:6} {hit:9} {percent(hit, total):5.1f} % {by_kind}  {mock}{ranges(file.missed())}"
        print(row.rstrip())


def print_only(files, kinds):
    """What would not be executed any more without a kind of test."""
    for kind in kinds:
        only = {name: file.only_by(kind) for name, file in files.items()}
        total = sum(len(numbers) for name, numbers in only.items() if not is_mock(name))
        print(f"\nonly {kind} executes {total} lines{':' if any(only.values()) else ''}")
        width = max(len(str(name)) for name in files)
        for name, numbers in only.items():
            if numbers:
                print(f"{name!s:{width}} {len(numbers):6}  {'(mock) ' if is_mock(name) else ''}{ranges(numbers)}")


def main():
    directory, least, info, *rest = sys.argv[1:] or [""] * 4
    if not rest or len(rest) % 3:
        sys.exit(__doc__)
    directory = pathlib.Path(directory).resolve()
    guests = [(kind, pathlib.Path(objects), pathlib.Path(counts)) for kind, objects, counts in zip(*[iter(rest)] * 3)]
    kinds = list(dict.fromkeys(rest[::3]))
    files = collect(directory, guests)
    if not files:
        sys.exit(f"error: nothing of {directory} was counted")
    write_info(info, directory, files)

    print_files(files, kinds)
    sources = (path.relative_to(directory) for path in directory.rglob("*.c"))
    unseen = sorted(str(path) for path in sources if path not in files)
    if unseen:
        print(f"no lines of their own: {' '.join(unseen)}")
    print_only(files, kinds)

    ours = [file for name, file in files.items() if not is_mock(name)]
    total = sum(len(file.counts) for file in ours)
    executed = sum(file.executed() for file in ours)
    share = percent(executed, total)
    print(f"\n{executed} of {total} lines executed, {share:.1f} %")
    for kind in kinds:
        by_kind = sum(file.executed_by(kind) for file in ours)
        print(f"  by {kind}: {by_kind}, {percent(by_kind, total):.1f} %")
    if share < float(least):
        print(f"error: that is less than {least} %")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
