# SPDX-License-Identifier: GPL-2.0-only
"""scripts/test/coverage.py: counts of several guests, summed up by line and by kind of test."""

import json
import os
import subprocess

from scratch import SCRIPTS, ScratchTest

# What the real one makes of counts and notes; here the counts are that already.
GCOV = """#!/bin/sh
shift 2
for counts; do
	[ -e "${counts%.gcda}.gcno" ] || exit 1
	cat "$counts"
done
"""


class Coverage(ScratchTest):
    def setUp(self):
        super().setUp()
        self.source = self.dir / "kmod"
        self.guests = []
        bin_dir = self.dir / "bin"
        bin_dir.mkdir()
        (bin_dir / "gcov").write_text(GCOV)
        (bin_dir / "gcov").chmod(0o755)
        self.env = os.environ | {"PATH": f"{bin_dir}:{os.environ['PATH']}"}

    def guest(self, kind, counts):
        """A guest that counted, by object, lines of source files: {"core/a": {"core/a.c": {1: 5}}}."""
        objects = self.dir / f"objects-{len(self.guests)}"
        gcda = self.dir / f"gcda-{len(self.guests)}"
        for name, files in counts.items():
            for directory, text in ((objects, ""), (gcda, self.unit(files))):
                path = directory / f"{name}.{'gcda' if text else 'gcno'}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self.guests.append((kind, objects, gcda))

    def unit(self, files):
        """One line, as gcov has it."""
        unit = {"current_working_directory": str(self.dir), "files": []}
        for name, lines in files.items():
            path = self.dir / name if name.startswith("..") else self.source / name
            if not name.startswith(".."):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            counts = [{"line_number": number, "count": count} for number, count in lines.items()]
            unit["files"].append({"file": str(path), "lines": counts})
        return json.dumps(unit) + "\n"

    def coverage(self, least=0):
        """The exit status, and what it printed: lines, blanks drawn together."""
        arguments = [str(part) for guest in self.guests for part in guest]
        done = subprocess.run(
            [SCRIPTS / "test/coverage.py", self.source, str(least), self.dir / "info", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.stderr, "")
        return done.returncode, [" ".join(line.split()) for line in done.stdout.splitlines()]

    def test_lines_by_kind(self):
        self.guest("KUnit", {"core/a": {"core/a.c": {1: 5, 2: 0, 3: 0, 4: 1, 9: 0}}})
        self.guest("programs", {"core/a": {"core/a.c": {1: 2, 2: 7, 3: 0, 4: 0, 9: 0}}})
        self.guest("programs", {"core/a": {"core/a.c": {1: 0, 2: 0, 3: 1, 4: 0, 9: 0}}})
        status, lines = self.coverage()
        self.assertEqual(status, 0)
        self.assertIn("file lines executed KUnit programs not executed", lines)
        self.assertIn("core/a.c 5 4 80.0 % 2 3 9", lines)
        self.assertIn("4 of 5 lines executed, 80.0 %", lines)
        self.assertIn("by KUnit: 2, 40.0 %", lines)
        self.assertIn("by programs: 3, 60.0 %", lines)

    def test_what_only_one_kind_reaches(self):
        self.guest("KUnit", {"a": {"a.c": {1: 1, 2: 1, 3: 1, 4: 1, 8: 1}}, "b": {"b.c": {1: 1}}})
        self.guest("selftests", {"a": {"a.c": {1: 1, 2: 0, 3: 0, 4: 1, 8: 0}}, "b": {"b.c": {1: 1}}})
        _, lines = self.coverage()
        only = lines.index("only KUnit executes 3 lines:")
        self.assertEqual(lines[only + 1], "a.c 3 2-3 8")
        self.assertEqual(lines[only + 2], "")
        self.assertIn("only selftests executes 0 lines", lines)

    def test_a_header_is_of_all_who_include_it(self):
        self.guest("KUnit", {"a": {"h.h": {1: 1, 2: 0}}, "b": {"h.h": {1: 0, 2: 0, 3: 4}}})
        _, lines = self.coverage()
        self.assertIn("h.h 3 2 66.7 % 2 2", lines)

    def test_folders_are_kept_apart(self):
        self.guest("KUnit", {"core/x": {"core/x.c": {1: 1}}, "ioas/x": {"ioas/x.c": {1: 0}}})
        _, lines = self.coverage()
        self.assertIn("core/x.c 1 1 100.0 % 1", lines)
        self.assertIn("ioas/x.c 1 0 0.0 % 0 1", lines)

    def test_mock_is_listed_and_not_summed_up(self):
        self.guest("KUnit", {"a": {"a.c": {1: 1}}, "mock/m": {"mock/m.c": {1: 0, 2: 1}}})
        _, lines = self.coverage()
        self.assertIn("mock/m.c 2 1 50.0 % 1 (mock) 1", lines)
        self.assertIn("1 of 1 lines executed, 100.0 %", lines)
        self.assertIn("only KUnit executes 1 lines:", lines)

    def test_other_directories_do_not_count(self):
        self.guest("KUnit", {"a": {"a.c": {1: 1}, "../kernel.h": {1: 0}}})
        _, lines = self.coverage()
        self.assertIn("1 of 1 lines executed, 100.0 %", lines)

    def test_too_little_is_an_error(self):
        self.guest("KUnit", {"a": {"a.c": {1: 1, 2: 0}}})
        self.assertEqual(self.coverage(least=50)[0], 0)
        status, lines = self.coverage(least=51)
        self.assertEqual(status, 1)
        self.assertEqual(lines[-1], "error: that is less than 51 %")

    def test_info_has_the_sum_of_all(self):
        self.guest("KUnit", {"a": {"a.c": {1: 5, 2: 0}}})
        self.guest("programs", {"a": {"a.c": {1: 2, 2: 0}}})
        self.coverage()
        info = (self.dir / "info").read_text().splitlines()
        self.assertEqual(info, [f"SF:{self.source / 'a.c'}", "DA:1,7", "DA:2,0", "end_of_record"])
