# SPDX-License-Identifier: GPL-2.0-only
"""tests/ktap.c: a case that hangs is ended by the clock that TICKS names, however long it takes by the machine's."""

import os
import re
import signal
import subprocess
import time
import unittest

from scratch import ROOT, ScratchTest

PATIENCE_SECONDS = 60
# Cases of 3 seconds by the machine's clock.
PROGRAM = """
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

#include "ktap.h"

static int start(void)
{
	return 0;
}

static void before(void)
{
}

static int after(void)
{
	return 0;
}

static void sleeps(const void *arg)
{
	(void)arg;
	sleep(3);
}

static void spins(const void *arg)
{
	(void)arg;
	alarm(60);	/* where nothing else ends it */
	for (volatile int i = 1; i;)
		;
}

static void *naps(void *arg)
{
	sleep(60);
	return arg;
}

static void waits(const void *arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, naps, NULL);
	pthread_join(thread, NULL);
	(void)arg;
}

static const struct ktap_case cases[] = { { "sleeps", sleeps }, { "spins", spins }, { "waits", waits }, {} };
static const struct ktap_suite suite = { "clock", cases };

int main(int argc, char **argv)
{
	static const struct ktap_suite *const suites[] = { &suite, NULL };
	const struct ktap_hooks hooks = { start, before, after };

	return ktap_main(argc, argv, &hooks, suites);
}
"""


class CaseTest(ScratchTest):
    def setUp(self):
        super().setUp()
        (self.dir / "main.c").write_text(PROGRAM)
        subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-DCASE_TIMEOUT_SECONDS=1", "-Wno-missing-field-initializers",
                        f"-I{ROOT}/tests", "-o", self.dir / "program", self.dir / "main.c", ROOT / "tests/ktap.c",
                        ROOT / "tests/where.c"], check=True)
        self.ticks = self.dir / "ticks"
        os.mkfifo(self.ticks)
        self.fifo = os.open(self.ticks, os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, self.fifo)

    def run_case(self, case, ticking=False):
        """The case's result, beside a clock that stands, or one that is ten times as fast as the machine's."""
        process = subprocess.Popen([self.dir / "program", f"clock/{case}"], stdout=subprocess.PIPE, text=True,
                                   start_new_session=True, env=os.environ | {"TICKS": str(self.ticks)})
        end = time.monotonic() + PATIENCE_SECONDS
        while process.poll() is None and time.monotonic() < end:
            if ticking:
                os.write(self.fifo, b".")
            time.sleep(0.1)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        self.said = process.communicate()[0]
        return self.said.splitlines()[-2].strip()

    def test_no_limit_for_what_waits_for_a_cpu(self):
        self.assertEqual(self.run_case("sleeps"), "ok 1 sleeps")

    def test_a_limit_by_the_clock_that_is_told(self):
        self.assertEqual(self.run_case("spins", ticking=True), "not ok 1 spins # TIMEOUT 1 seconds")
        self.assertRegex(self.said, r"# thread (\d+) of \1, state R\n")

    def test_where_each_thread_of_it_waits(self):
        self.assertEqual(self.run_case("waits", ticking=True), "not ok 1 waits # TIMEOUT 1 seconds")
        process = re.search(r"# thread (\d+) of \1, state S\n *# +syscall: \d+ ", self.said)
        self.assertIsNotNone(process, self.said)
        self.assertRegex(self.said, rf"# thread (?!{process[1]})\d+ of {process[1]}, state S\n *# +syscall: \d+ ")

    def test_a_limit_by_the_machine_s_clock_without_one(self):
        program = subprocess.run([self.dir / "program", "clock/sleeps"], capture_output=True, text=True, check=False,
                                 env={name: value for name, value in os.environ.items() if name != "TICKS"},
                                 timeout=PATIENCE_SECONDS)
        self.assertIn("not ok 1 sleeps # TIMEOUT 1 seconds", program.stdout)

    def test_no_such_clock(self):
        program = subprocess.run([self.dir / "program"], capture_output=True, text=True, check=False,
                                 env=os.environ | {"TICKS": str(self.dir / "none")}, timeout=PATIENCE_SECONDS)
        self.assertEqual(program.returncode, 1)
        self.assertIn("cannot start: No such file or directory", program.stderr)


if __name__ == "__main__":
    unittest.main()
