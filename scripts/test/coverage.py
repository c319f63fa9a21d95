#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sum up which lines of a directory were executed, as several guests counted.

usage: coverage.py DIR PERCENT INFO (OBJECTS COUNTS)...

OBJECTS has what the compiler wrote beside the objects (.gcno), COUNTS what a guest counted (.gcda), by the same names. The
table has a line per file: lines that have code, those that were executed, and the numbers of those that were not. Files
of the mock IOMMU are listed, but not summed up. INFO gets the counts, as lcov writes them. Exits with 1 when less than
PERCENT of all lines were executed.
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
# Of a file's lines that were not executed; INFO has them all.
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


def collect(directory, pairs):
    """Counts of all lines, by file below the directory."""
    files = collections.defaultdict(collections.Counter)
    for objects, counts in pairs:
        for unit in run_gcov(objects, counts):
            where = pathlib.Path(unit["current_working_directory"])
            for file in unit["files"]:
                path = (where / file["file"]).resolve()
                if not path.is_relative_to(directory):
                    continue
                lines = files[path.relative_to(directory)]
                for line in file["lines"]:
                    lines[line["line_number"]] += line["count"]
    return files


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
        for name, lines in sorted(files.items()):
            info.write(f"SF:{directory / name}\n")
            info.writelines(f"DA:{number},{lines[number]}\n" for number in sorted(lines))
            info.write("end_of_record\n")


def percent(executed, total):
    return 100 * executed / total if total else 100.0


def main():
    directory, least, info, *rest = sys.argv[1:] or [""] * 4
    if not rest or len(rest) % 2:
        sys.exit(__doc__)
    directory = pathlib.Path(directory).resolve()
    pairs = list(zip(map(pathlib.Path, rest[::2]), map(pathlib.Path, rest[1::2])))
    files = collect(directory, pairs)
    write_info(info, directory, files)

    total = executed = 0
    width = max(len(str(name)) for name in files)
    print(f"{'file':{width}}  lines  executed        not executed")
    for name, lines in sorted(files.items()):
        hit = sum(count > 0 for count in lines.values())
        mock = name.parts[0] == MOCK
        if not mock:
            total += len(lines)
            executed += hit
        missed = ranges(sorted(number for number, count in lines.items() if not count))
        share = f"{percent(hit, len(lines)):5.1f} %"
        print(f"{name!s:{width}} {len(lines):6} {hit:9} {share}  {'(mock) ' if mock else ''}{missed}".rstrip())
    sources = (path.relative_to(directory) for path in directory.rglob("*.c"))
    unseen = sorted(str(path) for path in sources if path not in files)
    if unseen:
        print(f"no lines of their own: {' '.join(unseen)}")
    share = percent(executed, total)
    print(f"\n{executed} of {total} lines executed, {share:.1f} %")
    if share < float(least):
        print(f"error: that is less than {least} %")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
