# SPDX-License-Identifier: GPL-2.0-only
"""scripts/test/slow_start.py: the commands of a text, and whether they print what it says."""

import subprocess

from scratch import ROOT, SCRIPTS, ScratchTest

DOC = """# A text

```sh
echo 1 >enable
grep map trace
```

```text
vm-81 [000] ..... 12.345678: ioas_map_end: iommufd=1 iova=0x100000 ns=2543
```

```sh
cat file
```

    not a block
"""
SAID = "         vm_start-4711  [001] d..1.     7.000001: ioas_map_end: iommufd=12 iova=0xfee0 ns=0\n"


class SlowStart(ScratchTest):
    def run_it(self, what, text=DOC):
        doc = self.dir / "doc.md"
        doc.write_text(text)
        done = subprocess.run(
            [SCRIPTS / "test/slow_start.py", what, doc, self.dir], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout.splitlines(), done.stderr

    def leave(self, number, out, status="0"):
        (self.dir / f"{number}.out").write_text(out)
        (self.dir / f"{number}.status").write_text(status + "\n")

    def test_extract(self):
        self.assertEqual(self.run_it("extract")[0], 0)
        self.assertEqual((self.dir / "1.sh").read_text(), "echo 1 >enable\ngrep map trace\n")
        self.assertEqual((self.dir / "2.sh").read_text(), "cat file\n")
        self.assertFalse((self.dir / "3.sh").exists())

    def test_other_numbers(self):
        self.leave(1, SAID)
        self.leave(2, "anything")
        self.assertEqual(self.run_it("check"), (0, ["ok 0 1-grep", "ok 0 2-cat"], ""))

    def test_other_words(self):
        self.leave(1, SAID.replace("iova=", "place="))
        self.leave(2, "")
        status, lines, _ = self.run_it("check")
        self.assertEqual(status, 1)
        self.assertIn("not ok 0 1-grep", lines)
        self.assertIn("ok 0 2-cat", lines)

    def test_failed(self):
        """Commands that fail, and those that were never run."""
        self.leave(1, SAID, "1")
        status, lines, _ = self.run_it("check")
        self.assertEqual(status, 1)
        self.assertEqual([line for line in lines if "ok 0" in line], ["not ok 0 1-grep", "not ok 0 2-cat"])

    def test_no_commands(self):
        status, _, error = self.run_it("extract", "# A text\n")
        self.assertEqual(status, 1)
        self.assertIn("has no commands", error)

    def test_text_alone(self):
        self.assertIn("without commands", self.run_it("extract", "```text\nx\n```\n")[2])

    def test_ours(self):
        """docs/slow-start.md has commands for each of the tools."""
        done = subprocess.run(
            [SCRIPTS / "test/slow_start.py", "extract", ROOT / "docs/slow-start.md", self.dir], check=False
        )
        self.assertEqual(done.returncode, 0)
        all_of_it = "".join(path.read_text() for path in self.dir.glob("*.sh"))
        for tool in ("perf trace", "bpftrace", "/sys/kernel/tracing", "/sys/kernel/debug/iommufd"):
            self.assertIn(tool, all_of_it)
