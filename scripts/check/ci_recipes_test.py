#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The cases of scripts/check/ci-recipes-test.sh, which says what they are for. Prints KTAP, without the outermost numbers.

usage: ci_recipes_test.py GLOB RELEASE BASE TREE CACHE DIRECTORY

BASE is a root file system of a minimal Debian of that release, TREE the repository as it is now; machines are made in DIRECTORY,
and each is gone after its job. With REALLY in the environment `make` makes what it is told to; else it only has to know it.
"""

import fnmatch
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

from ci_recipes import CHECKOUT, RECIPES, REPOSITORY, TEMPORARY, Bad
from fresh_machine import Failed, Machine
from fresh_test import run_suite, stop

SUITE = "ci-recipes"
# What is really made is cut to one row and one suite, which two targets call by the same variable.
FILTERS = {"BENCH_FILTER": "^map/thp/16MiB/", "PEERS": "fast"}
TEST_FILTERS = {"make test": "map-bad/*", "make tools-test": "dashboard/readable_at_390_light"}
# What targets leave, where nothing is made.
LEAVES = {
    "bench": ("results/latest/icount.json",),
    "test": ("results/latest/test.xml",),
    "gate": ("build/gate/icount.json",),
    "tools-test": ("results/latest/tools.ktap", "build/tools-test/dashboard.png"),
    "dashboard": ("build/dashboard/index.html",),
}
# In the place of make: the real one says whether it knows all that it is told to make.
MAKE = """#!/bin/bash
set -e
/usr/bin/make -n "$@" >/dev/null
for target; do
	case $target in
{cases}
	esac
done
"""
# In the place of LAVA's own helper: NAME --shell COMMAND...
LAVA_TEST_CASE = '#!/bin/bash\n[[ $2 == --shell ]] || exit 2\nshift 2\nexec bash -c "$*"\n'


class Setting:
    """What jobs are run with."""

    def __init__(self, release, base, tree, cache, directory):
        self.release, self.base, self.tree, self.cache, self.directory = release, base, tree, cache, directory
        self.really = bool(os.environ.get("REALLY"))
        self.archives = cache / "fresh/archives-of-ci"
        (self.archives / "partial").mkdir(parents=True, exist_ok=True)
        self.recipes = {name: (tree / "docs/ci" / name).read_text(encoding="utf-8") for name in RECIPES}
        scripts = "".join(path.read_text(encoding="utf-8") for path in sorted(tree.glob("scripts/*/*.sh")))
        self.variables = set(re.findall(r"^#   ([A-Z_]+)=", scripts + (tree / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
        self.variables |= set(re.findall(r"echo ' +([A-Z_]+)=", (tree / "Makefile").read_text(encoding="utf-8")))
        self.repository = self.make_repository()
        self.installed = {}

    def make_repository(self):
        """The repository with one commit more if the tree has changes: what is not committed is tried, too."""
        path = self.directory / "repository.git"
        git(["clone", "-q", "--bare", "--single-branch", self.tree, path])
        git(["symbolic-ref", "HEAD", "refs/heads/main"], path, "--work-tree", self.tree)
        git(["update-ref", "HEAD", git(["rev-parse", "HEAD"], self.tree / ".git")], path)
        git(["read-tree", "HEAD"], path)
        git(["add", "--all"], path, "--work-tree", self.tree)
        git(["-c", "user.name=x", "-c", "user.email=x@localhost", "commit", "-q", "--allow-empty", "-m", "as it is now"], path,
            "--work-tree", self.tree)
        return path

    def machine(self, name, *layers, keep=False):
        return Machine(self.directory / name, [*layers, self.base], keep=keep)

    def layer(self, text):
        """A machine on which a job's first step was run, which installs what the others take: made once for all that have it."""
        if text not in self.installed:
            with self.machine(f"installed-{len(self.installed)}", keep=True) as machine:
                machine.use_archives(self.archives)
                self.run(machine, text, {"GITHUB_WORKSPACE": machine.tree, "CI_PROJECT_DIR": machine.tree})
                self.installed[text] = machine.changes
        return self.installed[text]

    def run(self, machine, text, environment):
        """A step, in the shell that a CI gives it: what fails ends it."""
        before = machine.environment
        if self.really:
            environment = environment | FILTERS | {"TEST_FILTER": suite for command, suite in TEST_FILTERS.items() if command in text}
        machine.environment = before | environment
        (machine.root / "tmp/step").write_text(text, encoding="utf-8")
        machine.do("bash --noprofile --norc -eo pipefail /tmp/step")
        machine.environment = before


def git(args, directory=None, *options):
    where = ["--git-dir", directory] if directory else []
    done = subprocess.run(["git", *where, *options, *args], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"git {args[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def shim():
    """The script in the place of make."""
    cases = "\n".join(f"\t{target}) mkdir -p {' '.join(os.path.dirname(path) for path in paths)} && touch {' '.join(paths)} ;;"
                      for target, paths in LEAVES.items())
    return MAKE.format(cases=cases)


def hand_in_cache(setting, machine, place):
    """The cache, at the place that it was made at: there are absolute links in it. A job's own CACHE is a link to that."""
    at = machine.root / str(setting.cache)[1:]
    machine.hand_in(setting.cache, at)
    machine.cache = at
    if place != at:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(setting.cache)


def run_job(setting, name, job):
    """A job, from an image that has nothing to its end; which of what it is to leave is there."""
    if job.image != f"debian:{setting.release}":
        raise Bad(f"it names the image {job.image}, and README.md Debian's {setting.release}")
    (first, environment), *rest = job.steps
    # What is set for a command has to be what some script takes.
    own = {word for text, its in filter(lambda step: step is not CHECKOUT, job.steps)
           for word in [*re.findall(r"\b([A-Z][A-Z_]+)=", text), *its] if not word.startswith(("CI_", "GITHUB_", "RUNNER_", "GIT_"))}
    if unknown := sorted(own - setting.variables - {"HERE", "KVM_RUNNERS"}):
        raise Bad(f"no script takes {', '.join(unknown)}")
    with setting.machine(name, setting.layer(first)) as machine:
        machine.use_archives(setting.archives)
        here = machine.root / machine.tree[1:]
        for directory in (here, machine.root / TEMPORARY[1:]):
            directory.mkdir(parents=True, exist_ok=True)
        shutil.copytree(setting.repository, machine.root / REPOSITORY[1:])
        put(machine.root / "usr/local/bin/lava-test-case", LAVA_TEST_CASE)
        if not setting.really:
            put(machine.root / "usr/local/bin/make", shim())
        if rest[0] is CHECKOUT:
            setting.run(machine, f"git clone -q {REPOSITORY} {machine.tree}", environment)
            del rest[0]
        if setting.really:
            hand_in_cache(setting, machine, machine.root / environment.get("CACHE", "/root/.cache/iommufd-fast")[1:])
        for text, its in rest:
            setting.run(machine, text, its)
        return {path for path in job.leaves if any(here.glob(path))}


def run_group(setting, recipe, group, text=None):
    """The jobs of a name in a recipe; together they have to leave all that is to be kept of them."""
    here = Machine(setting.directory, []).tree
    jobs, files = RECIPES[recipe](text or setting.recipes[recipe], {"HERE": here})
    for pattern in files:
        if not any(setting.tree.glob(pattern)):
            raise Bad(f"it names {pattern}, which is not there")
    left = set()
    for number, job in enumerate(jobs[group]):
        left |= run_job(setting, f"{recipe}-{group}-{number}", job)
    if missing := sorted({path for job in jobs[group] for path in job.leaves} - left):
        raise Bad(f"it leaves no {', '.join(missing)}")


# Of each kind a typo: recipe, job, what stands there and what instead, what has to be said of it.
TYPOS = {
    "target": ("gitlab-ci.yml", "record", "- make record\n", "- make recrod\n", "No rule to make target 'recrod'"),
    "target-of-a-matrix": ("github-actions.yml", "check", "[lint, tools-test,", "[lint, tool-test,", "No rule to make target 'tool-test'"),
    "variable": ("gitlab-ci.yml", "record", "COUNT=1", "COUTN=1", "no script takes COUTN"),
    "variable-of-a-step": ("github-actions.yml", "check", "FORMAT: markdown", "FROMAT: markdown", "no script takes FROMAT"),
    "path": ("lava-job.yaml", "benchmarks", "keep/history-branch.sh", "keep/history_branch.sh", "history_branch.sh: No such file"),
    "word": ("gitlab-ci.yml", "record", "history-branch.sh push", "history-branch.sh psuh", "usage: "),
    "package": ("gitlab-ci.yml", "lint", "ca-certificates git", "ca-certificats git", "Unable to locate package ca-certificats"),
    "option": ("github-actions.yml", "dashboard", "--no-install-recommends", "--no-instal-recommends", "no-instal-recommends"),
    "package-that-is-missing": ("lava-job.yaml", "benchmarks", "git make python3", "git python3", "make: No such file"),
    "shell": ("gitlab-ci.yml", "gate", "mkdir -p build/gate", "mkdri -p build/gate", "mkdri: command not found"),
    "what-is-made": ("gitlab-ci.yml", "pages", "mv build/dashboard public", "mv build/dashbord public", "cannot stat 'build/dashbord'"),
    "artifact": ("github-actions.yml", "record", "            REPORT.md", "            REPROT.md", "it leaves no REPROT.md"),
    "key": ("gitlab-ci.yml", "test", "  script: make test", "  scirpt: make test", "unknown: scirpt"),
    "action": ("github-actions.yml", "record", "actions/checkout@v4", "actions/chekout@v4", "unknown: actions/chekout@v4"),
    "condition": ("github-actions.yml", "record-kvm", "vars.KVM_RUNNER != ''", "vars.KVM_RUNER != ''", "unknown: vars.KVM_RUNER"),
    "file": ("gitlab-ci.yml", "lint", "packaging/Makefile", "packaging/makefile", "it names packaging/makefile"),
    "image": ("lava-job.yaml", "benchmarks", "debian:bookworm", "debian:bokworm", "it names the image debian:bokworm"),
}


def typo(recipe, group, old, new, said):
    """A case: with the typo the job fails, and says so."""
    def case(setting):
        text = setting.recipes[recipe].replace(old, new)
        if text == setting.recipes[recipe]:
            raise Failed(f"{recipe} has no '{old}' any more to make a typo of")
        try:
            run_group(setting, recipe, group, text)
        except (Bad, Failed) as error:
            if said not in str(error):
                raise Failed(f"it fails, but does not say '{said}':\n{error}") from error
            return
        raise Failed(f"'{new.strip()}' for '{old.strip()}' went unnoticed")

    return case


def job_case(recipe, group):
    """A case: the jobs of a name run to their end."""
    def case(setting):
        try:
            run_group(setting, recipe, group)
        except Bad as error:
            raise Failed(str(error)) from error

    return case


def cases(setting):
    """All, by name."""
    for recipe, read in RECIPES.items():
        try:
            groups, _ = read(setting.recipes[recipe], {"HERE": "/"})
        except (Bad, LookupError, TypeError, ValueError) as error:
            # Of what cannot be read nobody knows the jobs.
            sys.exit(f"error: docs/ci/{recipe}: {type(error).__name__}: {error}")
        for group in groups:
            yield f"{recipe.partition('.')[0]}-{group}", job_case(recipe, group)
    if not setting.really:
        for name, what in TYPOS.items():
            yield f"typo-of-{name}", typo(*what)


def main():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    pattern, release, *paths = sys.argv[1:]
    base, tree, cache, directory = (pathlib.Path(path).resolve() for path in paths)
    setting = Setting(release, base, tree, cache, directory)
    wanted = [(name, case) for name, case in cases(setting) if fnmatch.fnmatch(f"{SUITE}/{name}", pattern)]
    if not wanted:
        sys.exit(f"error: no case matches TEST_FILTER='{pattern}'")
    good = run_suite(setting, SUITE, wanted)
    print(f"{'ok' if good else 'not ok'} 0 {SUITE}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
