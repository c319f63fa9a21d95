# SPDX-License-Identifier: GPL-2.0-only
"""The recipes of docs/ci as what their CIs make of them: jobs, each with an image, steps in a shell, and what it leaves.

Imported by scripts/check/ci_recipes_test.py. What only the CI itself has (caches, artifacts, rules, other people's actions) is not
run, but what it names has to exist. Only what the recipes use is understood: anything else is said to be a mistake.
"""

import dataclasses
import re

import yaml

# Where a machine has what a CI would bring: the repository, and a directory for each job.
REPOSITORY = "/srv/repository.git"
TEMPORARY = "/srv/temporary"
BRANCH = "main"

# Actions of other people, and what each takes.
ACTIONS = {
    "actions/checkout@v4": {"fetch-depth"},
    "actions/cache@v4": {"path", "key"},
    "actions/upload-artifact@v4": {"name", "path", "if-no-files-found"},
    "actions/upload-pages-artifact@v3": {"path"},
    "actions/deploy-pages@v4": set(),
}
GITHUB_JOB = {"runs-on", "container", "strategy", "steps", "if", "permissions", "env", "needs", "environment"}
GITHUB_STEP = {"run", "uses", "with", "env", "if", "id"}
GITLAB_JOB = {"stage", "script", "cache", "artifacts", "rules", "extends", "tags", "variables", "resource_group", "interruptible"}
GITLAB_DEFAULT = {"image", "interruptible", "before_script"}
GITLAB_ARTIFACTS = {"when", "paths", "reports"}
CHECKOUT = object()


class Bad(Exception):
    """What is wrong with a recipe."""


@dataclasses.dataclass
class Job:
    """A job: steps are shell, with their environment, or CHECKOUT; after it, each of what it leaves has to be there."""

    image: str
    steps: list
    leaves: list


def known(where, names, allowed):
    """Only what is known may be there."""
    if unknown := sorted(set(map(str, names)) - allowed):
        raise Bad(f"{where}: unknown: {', '.join(unknown)}")


class Loader(yaml.SafeLoader):
    """Strict: yaml itself lets the last of two equal keys win."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.YAMLError(f"a key stands twice in {keys}")
        return super().construct_mapping(node, deep)


def load(text):
    """The document that a recipe is."""
    try:
        return yaml.load(text, Loader)
    except yaml.YAMLError as error:
        raise Bad(" ".join(str(error).split())) from error


def values(text, context, where):
    """A text of GitHub's with what its expressions stand for."""
    def value(match):
        if files := re.fullmatch(r"hashFiles\((.*)\)", match[1]):
            context["files"].extend(re.findall(r"'([^']*)'", files[1]))
            return "hash"
        if match[1] not in context:
            raise Bad(f"{where}: unknown: {match[1]}")
        return context[match[1]]

    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", value, str(text))


def holds(condition, context, where):
    """Whether a condition of GitHub's does: comparisons with a text, joined by &&."""
    for part in condition.split("&&"):
        compared = re.fullmatch(r"([\w.]+) (==|!=) '([^']*)'", part.strip())
        if part.strip() == "always()":
            continue
        if not compared or compared[1] not in context:
            raise Bad(f"{where}: unknown: {part.strip()}")
        if (context[compared[1]] == compared[3]) != (compared[2] == "=="):
            return False
    return True


def github_job(name, job, environment, context):
    """One job, of one combination of a matrix."""
    known(name, job, GITHUB_JOB)
    if not holds(job.get("if", "always()"), context, name):
        raise Bad(f"{name}: would not run on the branch {BRANCH}: {job['if']}")
    container = job["container"]
    environment = environment | {key: values(value, context, name) for key, value in job.get("env", {}).items()}
    found = Job(container if isinstance(container, str) else container["image"], [], [])
    for step in job["steps"]:
        known(name, step, GITHUB_STEP)
        if not holds(step.get("if", "always()"), context, name):
            continue
        if "run" in step:
            its = {key: values(value, context, name) for key, value in step.get("env", {}).items()}
            found.steps.append((values(step["run"], context, name), environment | its))
            continue
        if step["uses"] not in ACTIONS:
            raise Bad(f"{name}: unknown: {step['uses']}")
        options = {key: values(value, context, name) for key, value in step.get("with", {}).items()}
        known(f"{name}, {step['uses']}", options, ACTIONS[step["uses"]])
        if "checkout" in step["uses"]:
            found.steps.append(CHECKOUT)
        elif "upload" in step["uses"]:
            found.leaves += options["path"].split()
    return found


def github(text, environment):
    """Jobs by name, each of all combinations of its matrix; and the files that are named."""
    document, jobs = load(text), {}
    known("it", document, {"name", "True", "permissions", "defaults", "env", "jobs"})
    if document["defaults"]["run"]["shell"] != "bash":
        raise Bad("its shell is not bash, which ends a step when a part of a pipe fails")
    context = {"files": [], "github.ref": f"refs/heads/{BRANCH}", "vars.KVM_RUNNER": "machine-of-ours",
               "steps.pages.outputs.page_url": "pages"}
    environment = environment | {"GITHUB_WORKSPACE": environment["HERE"], "RUNNER_TEMP": TEMPORARY,
                                 "GITHUB_STEP_SUMMARY": f"{TEMPORARY}/summary", **document["env"]}
    for name, job in document["jobs"].items():
        if set(needs := job.get("needs", "").split()) - set(document["jobs"]):
            raise Bad(f"{name}: there is no job {' '.join(needs)}")
        matrix = job.get("strategy", {}).get("matrix", {"": [""]})
        ((variable, combinations),) = matrix.items()
        jobs[name] = [github_job(name, job, environment, context | {f"matrix.{variable}": each}) for each in combinations]
    return jobs, context["files"]


def gitlab(text, environment):
    """The same."""
    document, jobs, files = load(text), {}, []
    default = document.pop("default")
    stages = document.pop("stages")
    known("default", default, GITLAB_DEFAULT)
    environment = environment | {
        "CI_PROJECT_DIR": environment["HERE"], "CI_REPOSITORY_URL": REPOSITORY, "CI_RUNNER_DESCRIPTION": "machine-of-ours",
        "CI_COMMIT_BRANCH": BRANCH, "CI_DEFAULT_BRANCH": BRANCH, "KVM_RUNNERS": "1"}

    def expanded(name, value):
        for variable in re.findall(r"\$(\w+)", str(value)):
            if variable not in environment:
                raise Bad(f"{name}: unknown: ${variable}")
        return re.sub(r"\$(\w+)", lambda match: environment[match[1]], str(value))

    environment |= {key: expanded("variables", value) for key, value in document.pop("variables").items()}
    for name, own in document.items():
        if name.startswith("."):
            continue
        known(name, own, GITLAB_JOB)
        if own.get("extends", name) not in document:
            raise Bad(f"{name}: there is no job {own['extends']}")
        job = document[own.get("extends", name)] | own
        if job["stage"] not in stages:
            raise Bad(f"{name}: there is no stage {job['stage']}")
        for rule in job.get("rules", ()):
            expanded(name, rule["if"])
        files += job["cache"]["key"]["files"]
        known(f"{name}, artifacts", job.get("artifacts", {}), GITLAB_ARTIFACTS)
        its = environment | {key: expanded(name, value) for key, value in job.get("variables", {}).items()}
        script = job["script"] if isinstance(job["script"], list) else [job["script"]]
        reports = job.get("artifacts", {}).get("reports", {}).values()
        jobs[name] = [Job(default["image"], [("\n".join(default["before_script"]), its), CHECKOUT, ("\n".join(script), its)],
                          [*job.get("artifacts", {}).get("paths", ()), *reports])]
    return jobs, files


def lava(text, environment):
    """The same, of the one job that there is. What is in capitals is filled in."""
    text = re.sub(r"\bREPOSITORY\b", REPOSITORY, re.sub(r"\bDEVICE\b", "machine-of-ours", text))
    deploy, _, test = (next(iter(action.values())) for action in load(text)["actions"])
    ((definition,)) = test["definitions"]
    steps = definition["repository"]["run"]["steps"]
    first = [step for step in steps if step.startswith("apt-get ")]
    rest = [step for step in steps if step not in first]
    return {"benchmarks": [Job(deploy["image"], [("\n".join(first), environment), ("\n".join(rest), environment)], [])]}, []


RECIPES = {"github-actions.yml": github, "gitlab-ci.yml": gitlab, "lava-job.yaml": lava}
