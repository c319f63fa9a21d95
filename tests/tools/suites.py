#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run the unittest modules that test scripts, and print their results as KTAP, without the outermost plan and numbers.

usage: suites.py [GLOB]

A module is a suite, a method a case: those run whose suite/case matches. What a case printed is shown when it fails.
"""

import fnmatch
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SCRIPTS = HERE.parents[1] / "scripts"
PLACES = (HERE, SCRIPTS / "results/tests")


class Result(unittest.TestResult):
    """Prints each case as it ends."""

    def __init__(self):
        super().__init__(descriptions=False)
        self.buffer = True
        self.number = self.bad = 0
        self.subtest_failed = False

    def startTest(self, test):
        super().startTest(test)
        self.subtest_failed = False

    def say(self, test, verdict, more=""):
        self.number += 1
        name = test.id().split(".")[-1].removeprefix("test_")
        print(f"    {verdict} {self.number} {name}{more}", file=sys.__stdout__, flush=True)

    def explain(self, text):
        print("\n".join(f"    # {line}" for line in text.rstrip().splitlines()), file=sys.__stdout__)

    def addSuccess(self, test):
        self.say(test, "ok")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say(test, "ok", f" # SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.bad += 1
        self.explain(self.failures[-1][1])
        self.say(test, "not ok")

    def addError(self, test, err):
        super().addError(test, err)
        self.bad += 1
        self.explain(self.errors[-1][1])
        self.say(test, "not ok", " # ERROR")

    def addSubTest(self, test, subtest, err):
        if err is not None:
            super().addSubTest(test, subtest, err)
            self.subtest_failed = True
            kind = self.failures if issubclass(err[0], test.failureException) else self.errors
            self.explain(f"{subtest}\n{kind[-1][1]}")

    def stopTest(self, test):
        # unittest calls neither addSuccess nor addFailure for a case whose subtest failed.
        if self.subtest_failed:
            self.bad += 1
            self.say(test, "not ok")
        super().stopTest(test)


def cases(suite):
    """All cases in a suite of suites."""
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from cases(each)
        else:
            yield each


def main():
    pattern = sys.argv[1] if len(sys.argv) > 1 else "*"
    for path in (SCRIPTS, SCRIPTS / "guest", *PLACES):
        sys.path.insert(0, str(path))
    bad = 0
    for path in sorted((path for place in PLACES for path in place.glob("*_test.py")), key=lambda path: path.name):
        name = path.stem.removesuffix("_test")
        wanted = [
            case
            for case in cases(unittest.defaultTestLoader.loadTestsFromName(path.stem))
            if fnmatch.fnmatch(f"{name}/{case.id().split('.')[-1].removeprefix('test_')}", pattern)
        ]
        if not wanted:
            continue
        print(f"    KTAP version 1\n    # Subtest: {name}\n    1..{len(wanted)}", flush=True)
        result = Result()
        unittest.TestSuite(wanted).run(result)
        print(f"{'not ok' if result.bad else 'ok'} 0 {name}", flush=True)
        bad += result.bad
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
