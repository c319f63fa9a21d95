# SPDX-License-Identifier: GPL-2.0-only
"""The CI recipes: what they name is there."""

import re
import subprocess
import unittest

import yaml

from scratch import ROOT

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
    def load(self, name):
        # Strict: yaml itself lets the last of two equal keys win.
        class Loader(yaml.SafeLoader):
            def construct_mapping(self, node, deep=False):
                keys = [key.value for key, _ in node.value]
                if len(keys) != len(set(keys)):
                    raise yaml.YAMLError(f"{name}: a key stands twice in {keys}")
                return super().construct_mapping(node, deep)

        return yaml.load((CI / name).read_text(), Loader)

    def targets(self):
        """The targets of the Makefile."""
        text = (ROOT / "Makefile").read_text()
        return set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))

    def test_gitlab(self):
        document = self.load("gitlab-ci.yml")
        jobs = {name: job for name, job in document.items()
                if name not in ("default", "stages", "variables") and not name.startswith(".")}
        self.assertIn("gate", jobs)
        for name, job in jobs.items():
            job = jobs[job["extends"]] | job if "extends" in job else job
            self.assertIn(job["stage"], document["stages"], name)
            self.assertTrue(job["script"], name)
        self.assertEqual(jobs["pages"]["artifacts"]["paths"], ["public"])

    def test_github(self):
        document = self.load("github-actions.yml")
        # YAML 1.1 reads the key "on" as true.
        self.assertIn(True, document)
        for name, job in document["jobs"].items():
            self.assertTrue(job["runs-on"], name)
            for step in job["steps"]:
                self.assertEqual(len({"run", "uses"} & set(step)), 1, step)
            needed = job.get("needs", [])
            for need in [needed] if isinstance(needed, str) else needed:
                self.assertIn(need, document["jobs"])
        self.assertIn("gate", document["jobs"]["check"]["strategy"]["matrix"]["target"])

    def test_lava(self):
        document = self.load("lava-job.yaml")
        for field in ("job_name", "device_type", "priority", "visibility", "timeouts", "actions"):
            self.assertIn(field, document)
        self.assertEqual([next(iter(action)) for action in document["actions"]], ["deploy", "boot", "test"])
        steps = document["actions"][2]["test"]["definitions"][0]["repository"]["run"]["steps"]
        self.assertTrue(any("make record" in step for step in steps))

    def test_targets_that_are_named_exist(self):
        targets = self.targets()
        named = set()
        for path in TEXTS:
            # In prose, what is code: between backticks, or a line that is indented.
            before = r"(?:`|^    |^    .* )" if path.suffix == ".md" else r"(?:^|[^\w-])"
            for words in re.findall(before + r"make((?: +[a-z][a-z-]*(?![\w=-]))+)", path.read_text(), re.MULTILINE):
                named |= set(words.split())
        named |= set(self.load("github-actions.yml")["jobs"]["check"]["strategy"]["matrix"]["target"])
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
            for text in strings(self.load(path.name)):
                if re.search(r"\b(make|apt-get|scripts/)", text):
                    text = re.sub(r"\$\{\{.*?\}\}", "x", text)
                    check = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
                    self.assertEqual(check.returncode, 0, f"{text}: {check.stderr}")


if __name__ == "__main__":
    unittest.main()
