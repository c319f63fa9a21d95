# SPDX-License-Identifier: GPL-2.0-only
"""What hangs is ended; what only has to wait for a CPU is not."""

import os
import pathlib
import signal
import subprocess
import time
import unittest
from unittest import mock

import watch
from scratch import ROOT, ScratchTest

# Of real time, before a test gives up: many times what it takes.
PATIENCE_SECONDS = 60


class ClockTest(ScratchTest):
    """With threads that are made up."""

    def thread(self, number, waited_seconds):
        path = self.dir / str(number)
        path.mkdir(exist_ok=True)
        (path / "schedstat").write_text(f"1 {int(waited_seconds * 1e9)} 1\n")

    def clock(self):
        with mock.patch.object(pathlib, "Path", lambda _: self.dir), mock.patch("time.monotonic", lambda: 100):
            return watch.OwnClock(1)

    def at(self, clock, now):
        with mock.patch("time.monotonic", lambda: now):
            return clock.advance()

    def test_stands_while_a_thread_waits_for_a_cpu(self):
        self.thread(1, 50)
        self.thread(2, 7)
        clock = self.clock()
        self.thread(1, 50.5)
        self.thread(2, 12.5)
        self.assertAlmostEqual(self.at(clock, 106), 0.5)

    def test_goes_on_while_it_runs_or_sleeps(self):
        self.thread(1, 50)
        clock = self.clock()
        self.assertAlmostEqual(self.at(clock, 103), 3)
        self.thread(2, 0)
        self.assertAlmostEqual(self.at(clock, 105), 5)

    def test_is_not_held_up_by_what_a_thread_waited_before(self):
        self.thread(1, 50)
        clock = self.clock()
        self.thread(1, 54)
        self.assertAlmostEqual(self.at(clock, 104), 0)
        self.assertAlmostEqual(self.at(clock, 106), 2)

    def test_a_machine_that_slept_lost_little(self):
        self.thread(1, 0)
        clock = self.clock()
        self.assertAlmostEqual(self.at(clock, 5000), clock.LONGEST_SECONDS)

    def test_without_the_kernel_s_count_it_is_a_clock(self):
        clock = self.clock()
        self.assertAlmostEqual(self.at(clock, 104), 4)


class CommandTest(ScratchTest):
    def start(self, *arguments):
        return subprocess.Popen([ROOT / "scripts/guest/watch.py", *arguments], stderr=subprocess.PIPE, text=True, cwd=self.dir)

    def watch(self, *arguments):
        """Exit status, and what was said."""
        process = self.start(*arguments)
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, said

    def gone(self, pid):
        end = time.monotonic() + PATIENCE_SECONDS
        while pathlib.Path(f"/proc/{pid}").exists():
            self.assertLess(time.monotonic(), end, f"{pid} is still there")
            time.sleep(0.1)

    def written_pid(self, name="pid"):
        end = time.monotonic() + PATIENCE_SECONDS
        while not (self.dir / name).exists() or not (self.dir / name).read_text().strip():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        return int((self.dir / name).read_text())

    def test_passes_the_status_on(self):
        self.assertEqual(self.watch("--stall", "30", self.dir, "sh", "-c", "exit 7"), (7, ""))
        self.assertEqual(self.watch(self.dir, "sh", "-c", "kill -9 $$"), (137, ""))

    def test_no_such_command(self):
        self.assertEqual(self.watch(self.dir, "no-such-command"), (1, "error: no-such-command: No such file or directory\n"))

    def test_what_sleeps_for_ever_is_ended(self):
        self.assertEqual(self.watch("--stall", "2", self.dir, "sleep", "100000"),
                         (124, "watch: made no progress for 2 s of its own time\n"))

    def test_what_spins_for_ever_is_ended(self):
        self.assertEqual(self.watch("--stall", "2", self.dir, "sh", "-c", "while :; do :; done"),
                         (124, "watch: made no progress for 2 s of its own time\n"))

    def test_what_does_not_want_to_end_is_killed(self):
        status, _ = self.watch("--stall", "2", self.dir, "sh", "-c", "trap '' TERM; while :; do :; done")
        self.assertEqual(status, 124)

    def test_what_writes_goes_on(self):
        self.assertEqual(self.watch("--stall", "3", self.dir, "sh", "-c", "for i in 1 2 3 4 5 6; do echo >>a; sleep 1; done"),
                         (0, ""))

    def test_what_writes_for_ever_is_ended(self):
        self.assertEqual(self.watch("--stall", "30", "--timeout", "3", self.dir, "sh", "-c", "while echo >>a; do sleep 1; done"),
                         (124, "watch: took longer than 3 s of its own time\n"))

    def test_a_directory_below_is_not_looked_at(self):
        (self.dir / "below").mkdir()
        status, _ = self.watch("--stall", "2", self.dir, "sh", "-c", "while echo >>below/a; do sleep 1; done")
        self.assertEqual(status, 124)

    def test_nothing_is_left_when_it_is_told_to_end(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            (self.dir / "pid").unlink(missing_ok=True)
            process = self.start(self.dir, "sh", "-c", "echo $$ >pid; exec sleep 1000")
            pid = self.written_pid()
            process.send_signal(number)
            process.communicate(timeout=PATIENCE_SECONDS)
            self.gone(pid)

    def test_nothing_is_left_when_who_started_it_is_killed(self):
        shell = subprocess.Popen(["sh", "-c", f"{ROOT}/scripts/guest/watch.py . sh -c 'echo $$ >pid; exec sleep 1000'; :"], cwd=self.dir)
        pid = self.written_pid()
        shell.kill()
        shell.wait()
        self.gone(pid)


class TicksTest(ScratchTest):
    def setUp(self):
        super().setUp()
        self.ticks = watch.Ticks(self.dir / "ticks")
        self.reader = os.open(self.dir / "ticks.in", os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, self.reader)
        self.addCleanup(os.close, self.ticks.fifo)

    def read(self):
        try:
            return len(os.read(self.reader, 4096))
        except BlockingIOError:
            return 0

    def test_a_byte_for_each_second(self):
        self.ticks.tell(0.9)
        self.assertEqual(self.read(), 0)
        self.ticks.tell(1.1)
        self.assertEqual(self.read(), 1)
        self.ticks.tell(1.9)
        self.assertEqual(self.read(), 0)
        self.ticks.tell(5)
        self.assertEqual(self.read(), 4)

    def test_who_comes_late_is_not_told_what_was(self):
        for seconds in range(1000):
            self.ticks.tell(seconds)
        self.assertEqual(self.read(), 1)
        self.ticks.tell(1000)
        self.assertEqual(self.read(), 1)


if __name__ == "__main__":
    unittest.main()
