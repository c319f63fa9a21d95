// SPDX-License-Identifier: GPL-2.0-only
// bench.h over Google Benchmark 1.7. The only C++ in the tree.
#include "bench.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <regex>
#include <string>
#include <vector>
#ifdef __x86_64__
#include <sys/io.h>
#endif

struct bench {
	benchmark::State &state;
	double total;
	unsigned long count;
};

bool bench_ticks_are_insns;

namespace {

bool want_list, want_out;
std::vector<std::string> names;
int failures;

// A reporter as it is, but for the name: what the caller registered, and no more.
template <class Base> class Plain : public Base {
 public:
	using Base::Base;
	void ReportRuns(const std::vector<benchmark::BenchmarkReporter::Run> &reports) override
	{
		auto plain = reports;

		for (auto &run : plain) {
			benchmark::BenchmarkName name;

			name.function_name = run.run_name.function_name;
			run.run_name = name;
		}
		Base::ReportRuns(plain);
	}
};

// Says to the emulator, where it has a port for that (BENCH_PORT), that a benchmark has ended: nothing of it is left to be
// done while the next one runs, as with a console. On arm64 it is not a port but a call of Arm's semihosting, SYS_WRITE0.
void tell(const char *name)
{
	[[maybe_unused]] const char *port = getenv("BENCH_PORT");
	std::string line = std::string(name) + " \n";

#ifdef __x86_64__
	if (port && !iopl(3))
		outsb(strtoul(port, nullptr, 0), line.data(), line.size());
#elif defined(__aarch64__)
	register uint64_t call asm("x0") = 0x04;
	register const char *text asm("x1") = line.c_str();

	if (port)
		asm volatile("hlt #0xf000" : "+r"(call) : "r"(text) : "memory");
#endif
}

// Counts too, for there is always exactly one display reporter.
class Display : public Plain<benchmark::ConsoleReporter> {
 public:
	using Plain::Plain;
	void ReportRuns(const std::vector<Run> &reports) override
	{
		for (const auto &run : reports)
			failures += run.error_occurred;
		Plain::ReportRuns(reports);
		GetOutputStream().flush();
		for (const auto &run : reports)
			tell(run.run_name.function_name.c_str());
	}
};

bool flag(const char *arg, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(arg, name, len) && (!arg[len] || arg[len] == '=');
}

// The least of several tries, for an interrupt can come between.
template <typename F> uint64_t least_ticks(F work)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 16; i++) {
		uint64_t start = bench_ticks();

		work();
		least = std::min<uint64_t>(least, bench_ticks() - start);
	}
	return least;
}

bool ticks_are_insns()
{
	uint64_t few = least_ticks([] { asm volatile(".rept 1000\n\tnop\n\t.endr"); });
	uint64_t many = least_ticks([] { asm volatile(".rept 3000\n\tnop\n\t.endr"); });

	return many - few == 2000;
}

// As Google Benchmark reads its filter: empty or "all" is everything, a minus in front negates.
bool wanted(const std::string &name)
{
	std::string filter = benchmark::GetBenchmarkFilter();
	bool negate = !filter.empty() && filter[0] == '-';

	if (filter.empty() || filter == "all")
		return true;
	try {
		return std::regex_search(name, std::regex(filter.substr(negate))) != negate;
	} catch (const std::regex_error &) {
		fprintf(stderr, "error: '%s' is not a regular expression\n", filter.c_str());
		exit(2);
	}
}

} // namespace

void bench_init(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		want_list |= flag(argv[i], "--benchmark_list_tests") && !strstr(argv[i], "=false");
		want_out |= flag(argv[i], "--benchmark_out");
	}
	benchmark::Initialize(argc, argv);
	bench_ticks_are_insns = ticks_are_insns();
}

enum bench_clock bench_clock(void)
{
	return bench_ticks_are_insns ? BENCH_CLOCK_INSN : BENCH_CLOCK_NS;
}

void bench_context(const char *key, const char *value)
{
	benchmark::AddCustomContext(key, value);
}

void bench_register(const char *name, bench_fn fn, void *ctx, unsigned int iterations,
		    unsigned int repetitions)
{
	if (!wanted(name))
		return;
	names.push_back(name);

	auto *b = benchmark::RegisterBenchmark(name, [fn, ctx](benchmark::State &state) {
		struct bench run = { state, 0, 0 };

		fn(&run, ctx);
	});
	b->UseManualTime()->Iterations(iterations);
	if (repetitions)
		b->Repetitions(repetitions);
}

bool bench_listing(void)
{
	return want_list;
}

int bench_run(void)
{
	Display display(benchmark::ConsoleReporter::OO_None);
	Plain<benchmark::JSONReporter> file;

	if (names.empty())
		return -1;
	if (want_list) {
		for (const auto &name : names)
			puts(name.c_str());
		return 0;
	}
	// The filter has been at work already, on the names as they are.
	benchmark::RunSpecifiedBenchmarks(&display, want_out ? &file : nullptr, "all");
	benchmark::Shutdown();
	return failures;
}

bool bench_next(struct bench *b)
{
	return b->state.KeepRunning();
}

void bench_time(struct bench *b, double elapsed)
{
	b->state.SetIterationTime(elapsed * 1e-9);
	b->total += elapsed;
	b->count++;
}

double bench_mean(const struct bench *b)
{
	return b->count ? b->total / b->count : 0;
}

void bench_counter(struct bench *b, const char *name, double value)
{
	b->state.counters[name] = value;
}

void bench_fail(struct bench *b, const char *text)
{
	// The first error is the cause, and Google Benchmark takes only one.
	if (!b->state.error_occurred())
		b->state.SkipWithError(text);
}
