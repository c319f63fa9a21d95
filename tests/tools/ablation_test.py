# SPDX-License-Identifier: GPL-2.0-only
"""bench/ablation/: each patch fits the module as it is, and says what it takes away; and the table of what they are worth."""

import json
import subprocess
import unittest

from scratch import ROOT, SCRIPTS, ScratchTest

PATCHES = sorted((ROOT / "bench/ablation").glob("*.patch"))


def results(*figures):
    """A results file, of our module."""
    return {
        "context": {"lane": "icount", "git_commit": "0" * 40, "git_dirty": False, "clock": "instructions", "kernel": "7.3.4",
                    "kernel_config": "abc", "qemu": "7.2", "guest_cpus": "1", "guest_memory": "6G", "filter": "x", "date": "2026-01-01",
                    "machine": {"id": "m", "name": "m", "cpu": "c", "cpus": 1, "memory_gib": 1}, "peers": {"fast": {"modules": {}}}},
        "benchmarks": [{"name": f"{name}/fast", "run_name": f"{name}/fast", "run_type": "iteration", "iterations": 1, "real_time": value,
                        "cpu_time": value, "time_unit": "ns", "insn_per_4k": value, "runs": 1} for name, value in figures],
    }


class AblationTest(ScratchTest):
    def test_there_are_some(self):
        self.assertGreaterEqual(len(PATCHES), 5)

    def test_each_fits(self):
        for patch in PATCHES:
            with self.subTest(patch.name):
                run = subprocess.run(["git", "-C", ROOT, "apply", "--check", patch], capture_output=True, text=True, check=False)
                self.assertEqual(run.returncode, 0, run.stderr)

    def test_each_says_what_it_takes_away(self):
        ideas = [patch.read_text().split("\n\n")[1] for patch in PATCHES]
        self.assertEqual(len(set(ideas)), len(ideas))
        for idea in ideas:
            self.assertRegex(idea, r"^[A-Z].{20,100}[^.]$")

    def test_table(self):
        files = {}
        for name, document in {
            "whole": results(("map/thp/256MiB", 2.0), ("unmap/thp/256MiB", 0.5)),
            "without": results(("map/thp/256MiB", 5.0), ("unmap/thp/256MiB", 0.501)),
        }.items():
            files[name] = self.dir / f"{name}.json"
            files[name].write_text(json.dumps(document))
        patch = self.dir / "some-idea.patch"
        patch.write_text("SPDX-License-Identifier: GPL-2.0-only\n\nA thing is done otherwise\n\ndiff\n")
        out = self.dir / "ablation.json"
        main = SCRIPTS / "results/main.py"
        subprocess.run(["/usr/bin/python3", main, "ablation", "gather", out, files["whole"], f"{patch}={files['without']}"], check=True)
        run = subprocess.run(["/usr/bin/python3", main, "ablation", "table", out], capture_output=True, text=True, check=True)
        lines = run.stdout.splitlines()
        self.assertEqual(lines[0].split(), ["op,", "shape,", "size", "as", "it", "is", "some-idea"])
        self.assertEqual(lines[1].split(), ["map", "thp", "256MiB", "2.00", "×2.5"])
        self.assertEqual(lines[2].split(), ["unmap", "thp", "256MiB", "0.50"])
        self.assertIn("some-idea: a thing is done otherwise.", run.stdout)


if __name__ == "__main__":
    unittest.main()
