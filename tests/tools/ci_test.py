# SPDX-License-Identifier: GPL-2.0-only
"""The CI recipes: what they name is there."""

import re
import subprocess
import sys
import unittest

from scratch import ROOT, SCRIPTS

sys.path.append(str(SCRIPTS / "check"))
from ci_recipes import RECIPES, Bad, load

CI = ROOT / "docs/ci"
TEXTS = [*CI.iterdir(), ROOT / "docs/results.md"]


def strings(value):
    """All texts in a document."""
    if isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


class RecipeTest(unittest.TestCase):
    def targets(self):
        """The targets of the Makefile."""
        text = (ROOT / "Makefile").read_text()
        return set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))

    def test_they_are_understood(self):
        """Without a machine; scripts/check/ci-recipes-test.sh runs them on one."""
        for name, read in RECIPES.items():
            text = (CI / name).read_text()
            jobs, files = read(text, {"HERE": "/"})
            self.assertIn("make record", "".join(strings(load(text))), name)
            self.assertTrue(all(any(ROOT.glob(pattern)) for pattern in files), name)
            for group in jobs.values():
                for job in group:
                    self.assertIn("apt-get", job.steps[0][0], name)

    def test_a_key_that_stands_twice_is_refused(self):
        with self.assertRaisesRegex(Bad, "a key stands twice"):
            load("a:\n  b: 1\n  b: 2\n")

    def test_targets_that_are_named_exist(self):
        targets = self.targets()
        named = set()
        for path in TEXTS:
            # In prose, what is code: between backticks, or a line that is indented.
            before = r"(?:`|^    |^    .* )" if path.suffix == ".md" else r"(?:^|[^\w-])"
            for words in re.findall(before + r"make((?: +[a-z][a-z-]*(?![\w=-]))+)", path.read_text(), re.MULTILINE):
                named |= set(words.split())
        named |= set(load((CI / "github-actions.yml").read_text())["jobs"]["check"]["strategy"]["matrix"]["target"])
        self.assertGreaterEqual(named, {"bench", "record", "gate", "dashboard", "tools-test"})
        self.assertEqual(named - targets, set())

    def test_files_that_are_named_exist(self):
        named = set()
        for path in TEXTS:
            named |= set(re.findall(r"\b((?:scripts|configs|docs)/[\w./-]+\.\w+)", path.read_text()))
        self.assertIn("scripts/keep/history-branch.sh", named)
        self.assertEqual({name for name in named if not (ROOT / name).exists()}, set())

    def test_they_run_what_readme_names(self):
        image = re.search(r"Debian (\d+)", (ROOT / "README.md").read_text())[1]
        name = {"12": "bookworm", "13": "trixie"}[image]
        for path in CI.glob("*.y*ml"):
            images = set(re.findall(r"\bdebian:(\w+)", path.read_text()))
            self.assertEqual(images, {name}, path)

    def test_shell_in_them_parses(self):
        for path in CI.glob("*.y*ml"):
            for text in strings(load(path.read_text())):
                if re.search(r"\b(make|apt-get|scripts/)", text):
                    text = re.sub(r"\$\{\{.*?\}\}", "x", text)
                    check = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
                    self.assertEqual(check.returncode, 0, f"{text}: {check.stderr}")


if __name__ == "__main__":
    unittest.main()
