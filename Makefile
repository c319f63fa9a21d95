# SPDX-License-Identifier: GPL-2.0-only
#
# Every target sets up what it needs (packages, kernel, modules, guest) and keeps it for the next time.
# What is passed on the command line (BENCH_FILTER=, KERNEL_SRC=, CACHE=, JOBS=) reaches the scripts.

CACHE ?= $(HOME)/.cache/iommufd-fast
export CACHE

.DEFAULT_GOAL := help
.PHONY: help bench bandwidth profile threads span vm-start lockstat slow-start-test test test-kcsan soak kunit selftest \
	clients options coverage fuzz micro estimate ablation micro-check gate baseline compare backfill bisect report record \
	check-history dashboard tools-test ci-recipes-test fresh-test kernel modules module deb package-test test-symvers compat lint doc \
	clean distclean

help:
	@echo 'iommufd-fast: /dev/iommu, rebuilt for speed'
	@echo
	@echo '  make bench      map and unmap through our module and its three peers in a guest; print the table'
	@echo '  make bandwidth  how fast much memory is mapped and unmapped, in GB/s; a program for real machines, docs/host-lane.md'
	@echo '  make profile    where the instructions of one benchmark go: OP=map SHAPE=thp PEER=fast (SIZE=1MiB); a flame graph, too'
	@echo '  make vm-start   what a VMM does when a guest of 1, 2, 4 GiB starts and ends, through every peer; LANE=mttcg for seconds'
	@echo '  make threads    what two threads do at the same time, beside one; how long it takes to destroy an object'
	@echo '  make span       what a map costs that many threads are at, in all and on its longest way: 1 to 64, on a machine of any size'
	@echo '  make lockstat   the same, but print how often each lock was waited for'
	@echo '  make test       prove the module, in guests full of sanitizers: device DMA, bad input, the three below'
	@echo '  make kunit      the KUnit suites of the module, in a guest with a kernel full of sanitizers'
	@echo "  make selftest   the kernel's own selftests of iommufd and VFIO, in the same kernel; SUITE=iommu, SUITE=vfio: one"
	@echo '  make clients    programs of other people on it: a current QEMU with an assigned device, DPDK, docs/clients.md'
	@echo '  make slow-start-test  the commands of docs/slow-start.md, with perf, bpftrace and tracefs, in a guest'
	@echo '  make options    what other kernels are configured to have: /dev/vfio/vfio by iommufd, devices without an IOMMU'
	@echo '  make test-kcsan the tests in which threads meet, in a kernel that looks for data races'
	@echo '  make soak       ten million mappings, a hundred thousand objects, 4000 iommufds, for minutes; what is held for longest'
	@echo '  make coverage   which lines of the module all these tests together execute, and which only one kind of them does'
	@echo '  make fuzz       programs of random calls, with a model of what must be true, docs/fuzz.md; FOR=seconds'
	@echo '  make micro      the portable core, natively: look-ups, IOVA ranges, extents, in ns; against other ways to do it'
	@echo '  make estimate   how far the cycles that are estimated of what is counted can be trusted: timed natively, and counted'
	@echo '  make ablation   what each idea of the core is worth: the module with one of them taken away at a time'
	@echo '  make micro-check  its KUnit suites natively under ASan, UBSan and TSan; its instructions under callgrind'
	@echo '  make gate       count instructions, and fail where something costs more than results/baseline/ says'
	@echo '  make baseline   make that baseline from this commit, and learn how exact it is'
	@echo '  make compare    A=ref B=ref: build and run two commits, and print what differs; COUNT=1: in which functions, too'
	@echo '  make backfill   RANGE=A..B: measure and record commits that have no record; MAX=n of them'
	@echo "  make bisect     BENCH='map/thp/256MiB' GOOD=ref BAD=ref: which commit made it cost more; BY=2%"
	@echo '  make report     REPORT.md, its plots and the table in README.md, from what was measured last'
	@echo '  make record     add what was measured last to results/history.jsonl, see docs/results.md'
	@echo '  make check-history  where that history took another level, and whether it is known why'
	@echo '  make dashboard  a static site from that history, build/dashboard/: trends, commits, comparisons'
	@echo '  make tools-test  the tests of these: history, exports, dashboard (in headless Chromium), CI recipes'
	@echo '  make ci-recipes-test  the jobs of the CI recipes in docs/ci, on machines that have nothing, and all that they make (as root)'
	@echo '  make fresh-test  what README.md says, on a machine that has nothing, and what can go wrong there (as root, a quarter of an hour)'
	@echo '  make kernel     only get the kernel of the benchmarks, and build both stock peers for it (about 2 minutes, once)'
	@echo '  make modules    only build our modules for it, into build/bench/'
	@echo '  make module     ARCH=arm64: cross-build the module for the kernel that Debian has for it, docs/arm64.md'
	@echo '  make deb        the DKMS package, build/deb/: docs/package.md'
	@echo '  make package-test  installs it, boots the kernel of Debian, assigns a device, upgrades and removes it'
	@echo '  make test-symvers  the module under the stock vfio of kernels with symbol versions; builds both kernels'
	@echo '  make compat     compile the module for another kernel that it supports: KERNEL_SRC=dir'
	@echo '  make lint       shellcheck, checkpatch, sparse, Python'
	@echo '  make doc        the kernel-doc of all of kmod/ as pages for a browser, build/doc/html/; checks it, docs/design.md and the manual page'
	@echo '  make clean      remove build/'
	@echo '  make distclean  and the cache: kernels, their source, compiler cache'
	@echo
	@echo '  BENCH_FILTER=regex  of the benchmarks, those whose op/shape/size/peer matches (make bench)'
	@echo '  PEERS="type1 fast"  of the peers, these: type1 iommufd fast floor (make bench)'
	@echo '  LANE=icount         or mttcg, kvm: ratios only, see docs/method.md (make bench)'
	@echo '  TEST_FILTER=glob    of the tests, those whose suite/case matches, e.g. "memlock/*", and no others (make test, make options, make clients)'
	@echo '  SUITE=glob CASE=glob  of the KUnit suites and cases, these, e.g. SUITE=extent; REPEAT=n times (make kunit)'
	@echo '  MICRO_FILTER=regex  of the micro-benchmarks, those whose name matches (make micro); MAX_RANGES=n: more ranges'
	@echo '  HISTORY=file        another history; MACHINE=name: of this machine, in a fleet; DIRTY=1: with uncommitted changes'
	@echo '  LONG=1              also what takes hours: an empty cache, all guests interrupted, a load of 12; TREE=ref: of another commit (make fresh-test)'
	@echo '  SEED=n              the random choices of a run that printed this seed (make test, make kunit, make soak, make fuzz)'
	@echo '  FOR=seconds         of load, by the clock of the guest (make soak; make test: of memory/everything); of fuzzing (make fuzz)'
	@echo '  PEER=iommufd        the tests on the in-tree module: the reference (make test, make selftest, make options, make clients)'
	@echo '  KERNEL_SRC=dir      a clean Linux 7.3 tree to build kernels from, instead of those that Debian packages'
	@echo '  PACKAGE_SERIES=7.2  the other series that Debian packages, with a CACHE of its own (make kernel, make modules)'
	@echo '  ARCH=arm64          in guests of arm64, cross-built (make bench, make kunit, make selftest, make test), docs/arm64.md'
	@echo '  PAGES=64K           of arm64, with base pages of 64 KiB, or of 16K (4K)'
	@echo '  CACHE=dir           where kernels are kept (~/.cache/iommufd-fast)'
	@echo '  JOBS=n              compilers at a time (as many as there are CPUs), and guests (make bench)'

# Who does not know of ARCH= would build for the one and start the other.
other_arch := $(filter-out x86_64 x86 amd64,$(ARCH))
for_one_arch = $(filter-out help bench kunit selftest test module clean distclean,$(MAKECMDGOALS))
ifneq ($(and $(other_arch),$(for_one_arch)),)
$(error make $(firstword $(for_one_arch)): there is no ARCH=$(other_arch) of that, see docs/arm64.md)
endif
for_one_page_size = $(filter-out help bench kunit selftest test clean distclean,$(MAKECMDGOALS))
ifneq ($(and $(PAGES),$(for_one_page_size)),)
$(error make $(firstword $(for_one_page_size)): there is no PAGES=$(PAGES) of that, see docs/arm64.md)
endif

bench:
	@scripts/measure/bench.sh

bandwidth:
	@scripts/measure/bandwidth.sh

profile:
	@scripts/measure/profile.sh

threads:
	@scripts/measure/threads.sh

span:
	@scripts/measure/span.sh

vm-start:
	@scripts/measure/vm-start.sh

lockstat:
	@LOCKSTAT=1 scripts/measure/threads.sh

test:
	@scripts/test/test.sh

test-kcsan:
	@scripts/test/test-kcsan.sh

soak:
	@scripts/test/soak.sh

kunit:
	@scripts/test/kunit.sh

selftest:
	@scripts/test/selftest.sh

clients:
	@scripts/test/clients.sh

slow-start-test:
	@scripts/test/slow-start.sh

options:
	@scripts/test/options.sh

coverage:
	@scripts/test/coverage.sh

fuzz:
	@scripts/test/fuzz.sh

micro:
	@scripts/measure/micro.sh

estimate:
	@scripts/measure/estimate.sh

ablation:
	@scripts/measure/ablation.sh

micro-check:
	@scripts/test/micro-check.sh

gate:
	@scripts/measure/gate.sh

baseline:
	@scripts/measure/baseline.sh

compare:
	@scripts/measure/compare.sh

backfill:
	@scripts/measure/backfill.sh

bisect:
	@scripts/measure/bisect.sh

report:
	@scripts/keep/report.sh

record:
	@scripts/keep/record.sh

check-history:
	@scripts/keep/check-history.sh

dashboard:
	@scripts/keep/dashboard.sh

tools-test:
	@scripts/check/tools-test.sh

# A part of tools-test without REALLY.
ci-recipes-test:
	@REALLY=1 scripts/check/ci-recipes-test.sh

fresh-test:
	@scripts/check/fresh-test.sh

kernel:
	@scripts/build/kernel.sh build bench

modules:
	@scripts/build/modules.sh bench kmod
	@scripts/build/modules.sh bench bench/floor

module:
	@scripts/build/cross.sh

deb:
	@scripts/build/deb.sh

package-test:
	@scripts/test/package-test.sh

test-symvers:
	@scripts/test/test-symvers.sh

compat:
	@scripts/check/compat.sh

lint:
	@scripts/check/lint.sh

doc:
	@scripts/check/doc.sh

clean:
	rm -rf build

# By name: CACHE may be a directory that holds other things too.
distclean: clean
	rm -rf $(addprefix $(CACHE)/,apt apt-* ccache linux-* build-* unpack headers-* objects-* initramfs* kvm-probe* npm* client-root-* package-root-* sysroot-* inside* fresh log lock)
