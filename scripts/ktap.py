#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Pass a stream of KTAP on, number its outermost results, and sum it up.

usage: ktap.py PLAN FILE < stream

The stream is what follows the outermost plan: results without a number of their own ("ok 0 name"), each behind its
indented subtests. It is printed as it comes and written to FILE, with a version line and the plan 1..PLAN in front.
The last line printed is "N passed, N failed", with ", N skipped" when there are any. Exits with 1 after a failure, or
when nothing passed.
"""

import re
import sys

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

    def __str__(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


def main():
    plan, path = int(sys.argv[1]), sys.argv[2]
    total, number = Sum(), 0
    with open(path, "w", encoding="utf-8") as file:

        def put(line):
            file.write(line + "\n")
            file.flush()
            print(line, flush=True)

        put("KTAP version 1")
        put(f"1..{plan}")
        for line in sys.stdin.buffer:
            line = line.decode("utf-8", "replace").rstrip("\r\n")
            result = RESULT.match(line)
            if result:
                depth = len(result["indent"]) // 2
                total.add(depth, result["verdict"], result["rest"])
                if depth == 0:
                    number += 1
                    line = f"{result['verdict']} {number} {result['rest']}"
            put(line)
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
