# SPDX-License-Identifier: GPL-2.0-only
"""The CI recipes and what they lean on: what they name is there, and histories meet on a branch."""

import pathlib
import re
import subprocess
import unittest
from unittest import mock

import yaml

import history
import repository
from fixtures import ROOT, callgrind, directory, lines, results, write
from run import from_results

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


def git(directory_, *args):
    return subprocess.run(["git", "-C", directory_, "-c", "user.name=a", "-c", "user.email=a@localhost", *args],
                          capture_output=True, text=True, check=True).stdout.strip()


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

    def test_exports_in_the_documentation_work(self):
        found = re.findall(r"^    (scripts/results/export\.py .*) >(\S+)$", (ROOT / "docs/results.md").read_text(), re.MULTILINE)
        self.assertEqual(len(found), 3)
        with directory() as scratch:
            past = scratch / "history.jsonl"
            write(scratch / "icount.json", results())
            write(scratch / "native-insn.json", callgrind())
            history.append([from_results(scratch / "native-insn.json")], past)
            for command, _ in found:
                command = command.replace("results/latest/", f"{scratch}/").replace("results/history.jsonl", str(past))
                run = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
                self.assertEqual(run.returncode, 0, f"{command}: {run.stderr}")
                self.assertTrue(run.stdout)


class BranchTest(unittest.TestCase):
    def setUp(self):
        scratch = directory()
        self.dir = scratch.__enter__()
        self.addCleanup(scratch.__exit__, None, None, None)
        self.remote = self.dir / "remote.git"
        subprocess.run(["git", "init", "-q", "--bare", self.remote], check=True)

    def branch(self, what, path):
        return subprocess.Popen([ROOT / "scripts/keep/history-branch.sh", what, self.remote], stderr=subprocess.PIPE, text=True,
                                env={"PATH": "/usr/bin:/bin", "HOME": str(self.dir), "CACHE": str(self.dir / "cache"),
                                     "HISTORY": str(path)})

    def done(self, process):
        _, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, errors)

    def there(self):
        return git(self.remote, "show", "history:history.jsonl").splitlines()

    def test_machines_meet_on_a_branch(self):
        every = lines(runs=6)
        paths = [self.dir / f"{name}.jsonl" for name in "abc"]
        for at, path in enumerate(paths):
            path.write_text("\n".join(every[at::3]) + "\n")
        # At once: some will be too late and have to try again.
        for process in [self.branch("push", path) for path in paths]:
            self.done(process)
        self.assertEqual(sorted(self.there()), sorted(every))
        self.done(self.branch("pull", paths[0]))
        self.assertEqual(len(history.read(paths[0])[0]), 6)

    def test_what_cannot_be_read_stays_on_the_branch(self):
        path, every = self.dir / "a.jsonl", lines(runs=2)
        work = self.dir / "work"
        subprocess.run(["git", "init", "-q", "-b", "history", work], check=True)
        (work / "history.jsonl").write_text(every[0] + "\n" + every[1][:50])
        git(work, "add", ".")
        git(work, "commit", "-qm", "x")
        git(work, "push", "-q", str(self.remote), "history")
        path.write_text(every[1] + "\n")
        self.done(self.branch("push", path))
        self.assertEqual(self.there(), [every[0], every[1][:50], every[1]])

    def test_pushing_twice_is_one_commit(self):
        path = self.dir / "a.jsonl"
        path.write_text(lines(runs=1)[0] + "\n")
        self.done(self.branch("push", path))
        self.done(self.branch("push", path))
        self.assertEqual(git(self.remote, "rev-list", "--count", "history"), "1")


class StateTest(unittest.TestCase):
    """What is made from results does not make the tree a dirty one; everything else does."""

    def test_state(self):
        with directory() as scratch:
            git(scratch, "init", "-q")
            for name in ("a", "README.md", "results/history.jsonl"):
                path = pathlib.Path(scratch / name)
                path.parent.mkdir(exist_ok=True)
                path.write_text("x")
            git(scratch, "add", ".")
            git(scratch, "commit", "-qm", "x")
            with mock.patch.object(repository, "ROOT", scratch):
                self.assertEqual(repository.state(), {"git_commit": git(scratch, "rev-parse", "HEAD"), "git_dirty": False})
                for name, dirty in (("README.md", False), ("results/history.jsonl", False), ("results/new", False), ("b", True), ("a", True)):
                    (scratch / name).write_text("y")
                    self.assertEqual(repository.state()["git_dirty"], dirty, name)
                    (scratch / "b").unlink(missing_ok=True)

    def test_no_repository_is_dirty(self):
        with directory() as scratch, mock.patch.object(repository, "ROOT", scratch):
            self.assertEqual(repository.state(), {"git_commit": "none", "git_dirty": True})


if __name__ == "__main__":
    unittest.main()
