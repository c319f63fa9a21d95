# SPDX-License-Identifier: GPL-2.0-only
"""What git says of this repository, and histories that meet on a branch of one."""

import subprocess
import unittest
from unittest import mock

import synthetic
from fixtures import lines
from results import history, repository
from scratch import SCRIPTS, ScratchTest, directory


def git(directory_, *args):
    return subprocess.run(["git", "-C", directory_, "-c", "user.name=a", "-c", "user.email=a@localhost", *args],
                          capture_output=True, text=True, check=True).stdout.strip()


class BranchTest(ScratchTest):
    def setUp(self):
        super().setUp()
        self.remote = self.dir / "remote.git"
        subprocess.run(["git", "init", "-q", "--bare", self.remote], check=True)

    def branch(self, what, path):
        return subprocess.Popen([SCRIPTS / "keep/history-branch.sh", what, self.remote], stderr=subprocess.PIPE, text=True,
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

    def test_stacks_go_with_their_runs(self):
        paths = [self.dir / name / "history.jsonl" for name in "ab"]
        for path, line in zip(paths, lines(runs=2, benchmarks=3)):
            path.parent.mkdir()
            path.write_text(line + "\n")
            synthetic.write_stacks(path, line)
            self.done(self.branch("push", path))
        self.done(self.branch("pull", paths[0]))
        there = [sorted((path.parent / "stacks").iterdir()) for path in paths]
        self.assertEqual([len(each) for each in there], [2, 2])
        self.assertEqual(*([path.read_bytes() for path in each] for each in there))
        self.assertEqual(len(git(self.remote, "ls-tree", "-r", "--name-only", "history").splitlines()), 3)

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
                path = scratch / name
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
