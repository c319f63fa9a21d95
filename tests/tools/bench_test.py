# SPDX-License-Identifier: GPL-2.0-only
"""Tests of what `make bench` refuses before it builds anything: a line, and no more."""

import os
import subprocess

from scratch import SCRIPTS, ScratchTest


class RefusalTest(ScratchTest):
    def said(self, **told):
        """What the script says of that, and how it ends."""
        own = {name: value for name, value in os.environ.items() if name not in ("LOCKS_HELD", "ARCH", "GUEST_ARCH", "PAGES")}
        run = subprocess.run([SCRIPTS / "measure/bench.sh"], env=own | {"CACHE": str(self.dir)} | told, capture_output=True,
                             text=True, check=False)
        return run.returncode, run.stdout, run.stderr

    def test_what_the_lane_has_not(self):
        for told in ({"COUNT": "1"}, {"LAYOUT": "1"}):
            status, out, said = self.said(LANE="mttcg", **told)
            self.assertEqual((status, out), (1, ""))
            self.assertRegex(said, rf"\Aerror: {next(iter(told))}=1 is for the lane icount.*\n\Z")

    def test_what_arm64_has_not(self):
        self.assertEqual(self.said(ARCH="arm64", COUNT="1"),
                         (1, "", "error: COUNT=1 is for x86-64: what counts knows the instructions of no other\n"))
        self.assertEqual(self.said(ARCH="arm64", PAGES="16K"), (1, "", "error: PAGES=16K has no shapes (there are: 4K 64K)\n"))

    def test_no_such(self):
        for told in ({"PEERS": "fast slow"}, {"COUNT": "2"}, {"LAYOUT": "x"}):
            status, out, said = self.said(**told)
            self.assertEqual((status, out), (1, ""))
            self.assertRegex(said, r"\Aerror: [^\n]+\n\Z")
