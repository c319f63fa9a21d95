# SPDX-License-Identifier: GPL-2.0-only
"""The floors of scripts/README.md: who calls whom is as it says, and nobody calls up."""

import re
import unittest

from scratch import SCRIPTS


def table():
    """Of each folder its floor, and which folders it calls, as README.md says."""
    rows = re.findall(r"^\| (\d) \| \[(\w+)/\]\(\2\) \| .* \| (.*)\|$", (SCRIPTS / "README.md").read_text(), re.MULTILINE)
    return {folder: (int(floor), set(re.findall(r"\w+", calls))) for floor, folder, calls in rows}


def calls(folder):
    """The other folders whose files a folder's scripts name, but for comments."""
    found = set()
    for path in (SCRIPTS / folder).glob("*.*"):
        if path.suffix in (".sh", ".py"):
            code = re.sub(r"^\s*#.*$", "", path.read_text(), flags=re.MULTILINE)
            found |= set(re.findall(r"scripts/(\w+)/", code))
    # A kernel has scripts, too.
    return found & set(table()) - {folder}


class FloorsTest(unittest.TestCase):
    def test_each_folder_has_its_floor(self):
        folders = {path.name for path in SCRIPTS.iterdir() if path.is_dir() and path.name != "__pycache__"}
        self.assertEqual(folders, set(table()))

    def test_what_a_folder_calls_is_said(self):
        for folder, (_, said) in table().items():
            with self.subTest(folder):
                self.assertEqual(calls(folder), said)

    def test_nobody_calls_up(self):
        floors = {folder: floor for folder, (floor, _) in table().items()}
        for folder, floor in floors.items():
            with self.subTest(folder):
                self.assertEqual({other for other in calls(folder) if floors[other] >= floor}, set())


if __name__ == "__main__":
    unittest.main()
