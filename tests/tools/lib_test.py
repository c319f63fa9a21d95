# SPDX-License-Identifier: GPL-2.0-only
"""scripts/lib.sh: locks, their order, packages, what is said when a disk is full."""

import os
import pathlib
import re
import signal
import subprocess
import time
import unittest

from scratch import ROOT, SCRIPTS, ScratchTest

# Of real time, before a test gives up: many times what it takes.
PATIENCE_SECONDS = 60


class ShellTest(ScratchTest):
    """Scripts that source scripts/lib.sh, with a cache of their own."""

    def start(self, script, **environment):
        # Who runs these tests may hold locks, and has said what machine a guest is; and a shell that runs them in the background
        # has them ignore SIGINT.
        own = {name: value for name, value in os.environ.items() if name not in ("LOCKS_HELD", "GUEST_ARCH", "PAGES")}
        return subprocess.Popen(["bash", "-c", f"set -euo pipefail; source {SCRIPTS}/lib.sh; {script}"],
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                                start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.dir,
                                env=own | {"CACHE": str(self.dir / "cache"), "HERE": str(self.dir)} | environment)

    def run_script(self, script, **environment):
        """Exit status, standard output, standard error."""
        process = self.start(script, **environment)
        said = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, *said

    def wait_for(self, name):
        end = time.monotonic() + PATIENCE_SECONDS
        while not (self.dir / name).exists():
            self.assertLess(time.monotonic(), end, f"{name} did not come")
            time.sleep(0.05)

    def program(self, name, text):
        """A program that comes before the system's, in a PATH that is returned."""
        path = self.dir / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)
        return {"PATH": f"{path.parent}:{os.environ['PATH']}"}


class LockTest(ShellTest):
    def test_each_lock_of_a_script_has_its_place(self):
        names = set()
        for path in SCRIPTS.rglob("*.sh"):
            names |= set(re.findall(r'^\t*lock "?([a-z][a-z-]*)', path.read_text(), re.MULTILINE))
        self.assertIn("bench", names)
        for name in sorted(names):
            # What ends with a dash is followed by a variable.
            status, _, said = self.run_script(f"lock_rank {name}x" if name.endswith("-") else f"lock_rank {name}")
            self.assertEqual(status, 0, said)

    def test_the_order_holds(self):
        status, _, said = self.run_script("lock test; lock bench; lock packages; unlock packages; lock kernel-source")
        self.assertEqual((status, said), (0, ""))

    def test_against_the_order_is_an_error(self):
        for first, second in (("packages", "initramfs"), ("initramfs", "packages"), ("bench", "test"), ("bench", "bench"),
                              ("packages", "bench"), ("kernel-source", "kernel-bench")):
            status, _, said = self.run_script(f"lock {first}; lock {second}")
            self.assertEqual((status, said), (1, f"error: the lock {second} is asked for while {first} is held: "
                                                 "see LOCK_ORDER in scripts/lib.sh\n"))

    def test_against_the_order_of_who_started_it(self):
        status, _, said = self.run_script(f"lock packages; bash -c 'source {SCRIPTS}/lib.sh; lock initramfs'")
        self.assertEqual(status, 1)
        self.assertIn("initramfs is asked for while packages is held", said)

    def test_an_unknown_lock_is_an_error(self):
        self.assertEqual(self.run_script("lock nothing"), (1, "", "error: the lock nothing has no place in LOCK_ORDER\n"))

    def test_one_at_a_time(self):
        holder = self.start("lock bench; touch held; while [[ ! -e go ]]; do sleep 0.1; done; echo first >>order")
        self.wait_for("held")
        second = self.start("touch asking; lock bench; echo second >>order")
        self.wait_for("asking")
        time.sleep(1)
        (self.dir / "go").touch()
        for process in (holder, second):
            process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual((self.dir / "order").read_text(), "first\nsecond\n")

    def test_unlocked_is_free_for_others(self):
        # What runs on in the background has the descriptor, too.
        holder = self.start("lock packages; sleep 1000 & unlock packages; touch free; wait")
        self.wait_for("free")
        status, _, said = self.run_script("lock packages")
        os.killpg(holder.pid, signal.SIGKILL)
        self.assertEqual((status, said), (0, ""))

    def test_what_runs_in_the_background_has_no_locks(self):
        status, out, said = self.run_script("""
            lock test
            lock bench
            (let_go_of_locks && exec bash -c 'sleep 1000 >/dev/null 2>&1 & echo $!')
        """)
        self.assertEqual(status, 0, said)
        try:
            self.assertEqual(self.run_script("lock test; lock bench"), (0, "", ""))
        finally:
            os.kill(int(out), 9)

    def test_another_file_of_that_number_stays_open(self):
        status, out, said = self.run_script('lock bench; fd=${LOCKS_HELD#*=}; eval "exec $fd<&-; exec $fd>other"; '
                                            'let_go_of_locks; echo x >&"$fd"; cat other')
        self.assertEqual((status, out), (0, "x\n"), said)

    def test_a_ticker_has_no_locks(self):
        # It outlives a script that is killed by a second at most, and must not keep the next one waiting meanwhile.
        holder = self.start("lock bench; run_logged step bash -c 'touch ../here; exec sleep 1000'; :", CACHE=str(self.dir / "cache"))
        end = time.monotonic() + PATIENCE_SECONDS
        held = f"{self.dir}/cache/lock/bench"
        while time.monotonic() < end:
            children = [int(pid) for pid in pathlib.Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()]
            if len(children) == 2:
                break
            time.sleep(0.05)
        time.sleep(0.5)
        with_lock = [pid for pid in children
                     if held in (os.path.realpath(fd) for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir())]
        commands = [pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0] for pid in with_lock]
        holder.kill()
        for pid in children:
            os.kill(pid, 9)
        holder.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(commands, ["sleep"])


class GuestTest(ShellTest):
    SAY = 'echo "$BUILT$LATEST$ARCH_NAME$PAGES_NAME $PAGE_BYTES" | sed "s:$ROOT/:,:g"'
    FRAGMENTS = f'source {SCRIPTS}/build/config.sh; fragments test | sed "s:.*/::"'

    def test_what_it_is(self):
        for told, names in (({}, ",build,results/latest 4096"),
                            ({"ARCH": "arm64"}, ",build/arm64,results/latest/arm64-arm64 4096"),
                            ({"ARCH": "arm64", "PAGES": "4K"}, ",build/arm64,results/latest/arm64-arm64 4096"),
                            ({"ARCH": "arm64", "PAGES": "64K"}, ",build/arm64-64k,results/latest/arm64-64k-arm64-64k 65536")):
            status, out, said = self.run_script(self.SAY, **told)
            self.assertEqual((status, out.strip()), (0, names), said)
            # And so for all that it starts, with what it passes on.
            status, out, said = self.run_script(f"bash -c 'source {SCRIPTS}/lib.sh; {self.SAY}'", **told)
            self.assertEqual((status, out.strip()), (0, names), said)

    def test_there_is_no_such(self):
        for told in ({"ARCH": "arm"}, {"PAGES": "64K"}, {"ARCH": "arm64", "PAGES": "8K"}, {"ARCH": "arm64", "PAGES": "64k"}):
            status, _, said = self.run_script(self.SAY, **told)
            self.assertEqual(status, 1)
            self.assertRegex(said, r"\Aerror: no (ARCH|PAGES) '\w+' .*\n\Z")

    def test_the_last_word_of_a_configuration_is_that_of_its_pages(self):
        plain = self.run_script(self.FRAGMENTS)[1].split()
        self.assertEqual([name for name in plain if "arm64" in name], [])
        arm64 = self.run_script(self.FRAGMENTS, ARCH="arm64")[1].split()
        self.assertIn("base.arm64.config", arm64)
        self.assertEqual(self.run_script(self.FRAGMENTS, ARCH="arm64", PAGES="64K")[1].split(),
                         [*arm64, "base.arm64-64k.config"])


class InterruptTest(ShellTest):
    def test_what_ignores_it_does_not_go_on(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = self.start("bash -c \"trap '' INT TERM; touch here; sleep 1\"; echo goes on")
            self.wait_for("here")
            (self.dir / "here").unlink()
            # To the group, as a terminal does.
            os.killpg(process.pid, number)
            out, _ = process.communicate(timeout=PATIENCE_SECONDS)
            self.assertEqual((process.returncode, out), (status, ""))


class PackagesTest(ShellTest):
    """On a machine that is made up: apt-get writes down what it is told, and installs it."""

    def setUp(self):
        super().setUp()
        (self.dir / "installed").write_text("")
        self.program("dpkg-query", 'shift 2; for each; do ! grep -qx "$each" $HERE/installed || echo "$each install ok installed"; done')
        (self.dir / "half").write_text("")
        self.program("dpkg", '[[ $1 == --audit ]] && cat $HERE/half || echo "dpkg $*" >>$HERE/calls')
        self.path = self.program("apt-get", """
            echo "apt-get $*" >>$HERE/calls
            [[ " $* " != *" install "* ]] || { sleep 1; printf '%s\\n' "${@: -1}" "${@: -2:1}" >>$HERE/installed; }
        """)
        if os.geteuid():
            self.program("sudo", '[[ $1 == -n ]] || exec "$@"')

    def calls(self):
        path = self.dir / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def test_what_was_interrupted_is_ended_first(self):
        (self.dir / "half").write_text("The following packages are only half configured\n")
        status, _, said = self.run_script("need_packages one two", **self.path)
        self.assertEqual(status, 0, said)
        self.assertEqual(self.calls()[0], "dpkg --configure -a --force-confdef --force-confold")
        self.assertTrue(self.calls()[-1].endswith("install -y --no-install-recommends one two"), self.calls())

    def test_dpkg_is_not_asked_for_nothing(self):
        # It does not wait for its lock, which something else may hold on a machine that has just booted.
        status, _, said = self.run_script("need_packages one two", **self.path)
        self.assertEqual(status, 0, said)
        self.assertFalse([call for call in self.calls() if call.startswith("dpkg ")])

    def test_what_is_there_needs_nothing(self):
        (self.dir / "installed").write_text("one\ntwo\n")
        self.assertEqual(self.run_script("need_packages one two", **self.path), (0, "", ""))
        self.assertEqual(self.calls(), [])

    def test_two_at_once_install_once(self):
        both = [self.start("need_packages one two", **self.path) for _ in range(2)]
        for process in both:
            _, said = process.communicate(timeout=PATIENCE_SECONDS)
            self.assertEqual(process.returncode, 0, said)
        self.assertEqual(len([call for call in self.calls() if " install " in call]), 1)

    def test_the_lock_is_given_back(self):
        holder = self.start("need_packages one two; touch done; sleep 1000", **self.path)
        self.wait_for("done")
        status, _, said = self.run_script("lock packages")
        os.killpg(holder.pid, signal.SIGKILL)
        self.assertEqual((status, said), (0, ""))


class FullDiskTest(ShellTest):
    """df says what it is made to say."""

    def full(self):
        return self.program("df", f'printf "Avail File\\n%s {self.dir}/cache\\n9999999 {ROOT}\\n" $(cat $HERE/left)')

    def test_a_step(self):
        (self.dir / "left").write_text("0")
        status, _, said = self.run_script("run_logged step false", **self.full())
        self.assertEqual((status, said), (28, f"error: step: no space left in {self.dir}/cache\n"))

    def test_the_log_knows_of_another_disk(self):
        (self.dir / "left").write_text("5000")
        status, _, said = self.run_script("run_logged step sh -c 'echo x: No space left on device; exit 3'", **self.full())
        self.assertEqual((status, said), (28, f"error: step: no space left in {self.dir}/cache\n"))

    def test_a_guest_may_mean_iovas(self):
        (self.dir / "left").write_text("5000")
        guest = self.dir / "guest.sh"
        guest.write_text("#!/bin/sh\necho x: No space left on device; exit 3\n")
        guest.chmod(0o755)
        status, _, said = self.run_script(f"run_logged step {guest}", **self.full())
        self.assertEqual(status, 1)
        self.assertIn("step failed (exit status 3", said)

    def test_what_failed_has_made_room_since(self):
        (self.dir / "left").write_text("5000")
        status, _, said = self.run_script("run_logged step sh -c 'echo 0 >$HERE/left; sleep 3; echo 5000 >$HERE/left; exit 3'",
                                          **self.full())
        self.assertEqual((status, said), (28, f"error: step: no space left in {self.dir}/cache\n"))

    def test_any_command(self):
        (self.dir / "left").write_text("0")
        status, _, said = self.run_script("(false); echo never", **self.full())
        self.assertEqual((status, said), (28, f"error: no space left in {self.dir}/cache\n"))

    def test_it_is_said_once(self):
        (self.dir / "left").write_text("0")
        status, _, said = self.run_script(f"bash -c 'set -euo pipefail; source {SCRIPTS}/lib.sh; false'", **self.full())
        self.assertEqual((status, said), (28, f"error: no space left in {self.dir}/cache\n"))

    def test_other_failures_are_others(self):
        (self.dir / "left").write_text("5000")
        status, _, said = self.run_script("run_logged step sh -c 'exit 3'", **self.full())
        self.assertEqual(status, 1)
        self.assertIn("step failed (exit status 3", said)
        self.assertEqual(self.run_script("exit 5", **self.full())[0], 5)


if __name__ == "__main__":
    unittest.main()
