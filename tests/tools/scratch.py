# SPDX-License-Identifier: GPL-2.0-only
"""What all tests of scripts share: where those are, and a directory for each test."""

import contextlib
import pathlib
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"


@contextlib.contextmanager
def directory():
    """A directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="iommufd-fast-") as name:
        yield pathlib.Path(name)


class ScratchTest(unittest.TestCase):
    """Tests that each have a directory, self.dir."""

    def setUp(self):
        scratch = directory()
        self.dir = scratch.__enter__()
        self.addCleanup(scratch.__exit__, None, None, None)
