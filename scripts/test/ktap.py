#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Pass a stream of KTAP on, number its outermost results, and sum it up.

usage: ktap.py FILE < stream
       ktap.py sum FILE...

The stream is an outermost plan "1..N", without a version line, and results without a number of their own ("ok 0 name"),
each behind its indented subtests. It is printed as it comes and written to FILE, with a version line in front; results
that did not come although they were planned are failures. The last line printed is "N passed, N failed, N skipped".
Exits with 1 after a failure, or when nothing passed.

With "sum" the files are such streams already, all of which the last line sums up.
"""

import re
import signal
import sys

PLAN = re.compile(r"1\.\.(?P<count>\d+)$")
RESULT = re.compile(r"(?P<indent> *)(?P<verdict>ok|not ok) \d+ (?P<rest>.*)")


class Sum:
    """Counts cases: results that sum up others count only when they fail for a reason of their own."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.last_depth = -1
        self.failed_below = {}

    def add(self, depth, verdict, rest):
        bad = verdict == "not ok"
        if self.last_depth > depth:
            self.failed += bad and not self.failed_below.get(depth)
        elif bad:
            self.failed += 1
        elif "# SKIP" in rest:
            self.skipped += 1
        else:
            self.passed += 1
        for above in range(depth if bad else 0):
            self.failed_below[above] = True
        self.failed_below[depth] = False
        self.last_depth = depth

    def add_line(self, line):
        """What sort of result the line is, or None."""
        result = RESULT.match(line)
        if result:
            self.add(len(result["indent"]) // 2, result["verdict"], result["rest"])
        return result

    def good(self):
        return self.passed > 0 and not self.failed

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


class Stream:
    """The results that come, and where they go."""

    def __init__(self, file):
        self.file = file
        self.total = Sum()
        self.number = self.planned = 0
        self.put("KTAP version 1")

    def put(self, line):
        self.file.write(line + "\n")
        self.file.flush()
        print(line, flush=True)

    def take(self, line):
        result = self.total.add_line(line)
        plan = PLAN.match(line)
        if result and not result["indent"]:
            self.number += 1
            line = f"{result['verdict']} {self.number} {result['rest']}"
        elif plan and not self.planned:
            self.planned = int(plan["count"])
        self.put(line)

    def end(self):
        if self.number < self.planned:
            missing = self.planned - self.number
            self.put(f"# {missing} of {self.planned} results did not come")
            # So that whoever reads this as KTAP sees it too.
            for _ in range(missing):
                self.take("not ok 0 missing # ERROR no result")


def main():
    # An interrupt of a whole pipeline needs no traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    match sys.argv[1:]:
        case ["sum", *paths] if paths:
            total = Sum()
            for path in paths:
                with open(path, encoding="utf-8", errors="replace") as file:
                    for line in file:
                        total.add_line(line.rstrip("\n"))
        case [path]:
            with open(path, "w", encoding="utf-8") as file:
                stream = Stream(file)
                for line in sys.stdin.buffer:
                    stream.take(line.decode("utf-8", "replace").rstrip("\r\n"))
                stream.end()
            total = stream.total
        case _:
            sys.exit(__doc__)
    print(total)
    return 0 if total.good() else 1


if __name__ == "__main__":
    sys.exit(main())
