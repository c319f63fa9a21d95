# SPDX-License-Identifier: GPL-2.0-only
"""How figures are shown."""

import unittest

from results.text import times


class TextTest(unittest.TestCase):
    def test_ratios(self):
        """What costs nothing beside what costs something, too: no misses of a cache, where others have some."""
        shown = {None: "–", 0: "0", 0.0004: "1/2500", 0.0123: "0.012", 0.1: "0.10", 12.345: "12.35"}
        self.assertEqual({ratio: times(ratio) for ratio in shown}, shown)


if __name__ == "__main__":
    unittest.main()
