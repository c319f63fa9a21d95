# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the results share: results and runs that are made up."""

import contextlib
import io
import json
import subprocess

import synthetic
from results.history import parse, read
from scratch import SCRIPTS

PYTHON = "/usr/bin/python3"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
MACHINE = {"id": "m1", "name": "one", "cpu": "a CPU", "cpus": 2, "memory_gib": 24}
PEERS = {"type1": 24.5, "iommufd": 40.8, "fast": 1.93, "floor": 1.32}


def iteration(name, **counters):
    """A benchmark as Google Benchmark reports it."""
    return {
        "name": name, "family_index": 0, "per_family_instance_index": 0, "run_name": name, "run_type": "iteration",
        "repetitions": 1, "repetition_index": 0, "threads": 1, "iterations": 1000, "real_time": 3574.8,
        "cpu_time": 8595.007, "time_unit": "ns", **counters,
    }


def results(**context):
    """A results file of the guest's benchmarks, as merge writes it."""
    benchmarks = [iteration(f"map/thp/256MiB/{peer}", insn_per_4k=value, runs=1.0) for peer, value in PEERS.items()]
    benchmarks += [
        iteration("small/populate4k/4KiB/fast", insn_map=2898.5, insn_unmap=2561.25, runs=1.0),
        iteration("lookup/none/0/fast", insn_per_call=625.0),
        iteration("map/scatter4k/1MiB/fast", insn_per_4k=467.0, runs=256.0, bytes_per_gib=2097152.0,
                  io_table_bytes_per_gib=2113536.0),
        iteration("copy/thp/256MiB/fast", error_occurred=True, error_message='it "failed"\nhere'),
    ]
    return {
        "context": {
            "date": "2026-11-22T10:39:12+00:00", "host_name": "vm", "machine": MACHINE, "executable": "e2e",
            "clock": "instructions", "kernel": "7.3.4", "lane": "icount", "kernel_config": "3263c783b5d0",
            "qemu": "7.2.22 (Debian 1:7.2)", "guest_cpus": "1", "guest_memory": "6G", "git_commit": COMMIT,
            "git_dirty": False, "filter": "",
            "peers": {"fast": {"modules": {"iommufd.ko": {"sha256": "1bf650698016", "srcversion": "FA0E46"}}}},
            **context,
        },
        "benchmarks": benchmarks,
    }


def callgrind():
    """A results file of the native benchmarks, as micro writes it."""
    names = ("lookup/own/rcu/1", "lookup/own/spin/1", "iova/find/seq/1000/ours", "iova/find/seq/1000/itree",
             "extent/build/2MiB/ours")
    return {
        "context": {"date": "2026-11-22T10:39:12+00:00", "machine": MACHINE, "git_commit": COMMIT, "git_dirty": False,
                    "compiler": "gcc 12.2.0", "tool": "callgrind"},
        "runs": 2,
        "benchmarks": [{"name": name, "ops": 1024, "insn": 1024 * at, "insn_per_op": float(at)}
                       for at, name in enumerate(names, 10)],
    }


def write(path, document):
    """A document as JSON; its path again."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def lines(runs=3, benchmarks=2, seed=1, lanes=("icount",)):
    """Lines of a history."""
    return list(synthetic.lines(runs, benchmarks, seed, lanes))


def made_up_runs(**kwargs):
    """Runs of a history."""
    return [parse(line) for line in lines(**kwargs)]


def load_runs(path):
    """The runs of a history that has no line that cannot be read."""
    runs, problems = read(path)
    assert not problems, problems
    return runs


def command(name, *args, text=None):
    """Run a command of the package, with a text to read; its exit status and what it said."""
    line = [SCRIPTS / "results/main.py", name, *map(str, args)]
    return subprocess.run(line, input=text, capture_output=True, text=True, check=False)


@contextlib.contextmanager
def said():
    """What is said on standard error meanwhile."""
    text = io.StringIO()
    with contextlib.redirect_stderr(text):
        yield text
