#include "bench/engines/race.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "policy/check.h"

namespace race {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

long ResidentKib() {
  long pages = 0;
  long resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

std::vector<std::string> ReadLines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(std::move(line));
  CHECK(!lines.empty());
  return lines;
}

struct Timing {
  std::uint64_t decisions = 0;
  double seconds = 0;
  std::vector<float> batches_ns;
};

class Race {
 public:
  Race(std::unique_ptr<Engine> engine, const std::string& folder)
      : engine_(std::move(engine)),
        requests_(ReadLines(folder + "/calls.jsonl")),
        answers_(ReadFile(folder + "/answers")) {
    CHECK(answers_.size() == requests_.size());
  }

  std::string Check(bool from_bytes, double seconds) {
    const Clock::time_point begin = Clock::now();
    std::string said;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (i >= kCheckedMin && SecondsSince(begin) >= seconds) break;
      said += Decide(worker(0), from_bytes, i, 1) == 1 ? '1' : '0';
    }
    return said;
  }

  std::string Time(bool from_bytes, std::size_t threads, std::size_t calls, double seconds) {
    std::vector<Timing> timings(threads);
    for (std::size_t i = 0; i < threads; ++i) worker(i);
    std::atomic<std::size_t> waiting = threads;
    std::vector<std::thread> others;
    const auto run = [&](std::size_t i) {
      --waiting;
      while (waiting != 0) {
      }
      timings[i] = TimeOne(worker(i), from_bytes, calls, seconds);
    };
    for (std::size_t i = 1; i < threads; ++i) others.emplace_back(run, i);
    run(0);
    for (std::thread& other : others) other.join();
    return Report(timings);
  }

 private:
  Worker& worker(std::size_t i) {
    while (workers_.size() <= i) workers_.push_back(engine_->MakeWorker(requests_));
    return *workers_[i];
  }

  static std::size_t Decide(Worker& worker, bool from_bytes, std::size_t first, std::size_t count) {
    return from_bytes ? worker.DecideBytes(first, count) : worker.DecideFilled(first, count);
  }

  // Round after round over the first `calls`, a batch at a time. A batch that answers otherwise
  // than it has to ends the race.
  Timing TimeOne(Worker& worker, bool from_bytes, std::size_t calls, double seconds) const {
    std::vector<std::size_t> expected;
    for (std::size_t first = 0; first < calls; first += kBatch) {
      const auto end = static_cast<std::ptrdiff_t>(std::min(first + kBatch, calls));
      expected.push_back(static_cast<std::size_t>(std::count(
          answers_.begin() + static_cast<std::ptrdiff_t>(first), answers_.begin() + end, '1')));
    }
    Timing timing;
    timing.batches_ns.reserve(1 << 20);
    const Clock::time_point begin = Clock::now();
    Clock::time_point before = begin;
    std::size_t batch = 0;
    do {
      const std::size_t first = batch * kBatch;
      const std::size_t count = std::min(kBatch, calls - first);
      CHECK(Decide(worker, from_bytes, first, count) == expected[batch]);
      const Clock::time_point now = Clock::now();
      timing.batches_ns.push_back(std::chrono::duration<float, std::nano>(now - before).count() *
                                  static_cast<float>(kBatch) / static_cast<float>(count));
      timing.decisions += count;
      before = now;
      batch = (batch + 1) % expected.size();
    } while (std::chrono::duration<double>(before - begin).count() < seconds);
    timing.seconds = std::chrono::duration<double>(before - begin).count();
    return timing;
  }

  static std::string Report(std::vector<Timing>& timings) {
    std::vector<float> batches;
    double seconds = 0;
    std::uint64_t decisions = 0;
    for (Timing& timing : timings) {
      batches.insert(batches.end(), timing.batches_ns.begin(), timing.batches_ns.end());
      seconds += timing.seconds;
      decisions += timing.decisions;
    }
    std::ranges::sort(batches);
    const auto at = [&batches](double share) {
      return static_cast<double>(
          batches[static_cast<std::size_t>(share * static_cast<double>(batches.size() - 1))]);
    };
    char line[256];
    std::snprintf(line, sizeof line,
                  R"({"ns": %.2f, "p50_ns": %.0f, "p99_ns": %.0f, "p999_ns": %.0f})",
                  seconds * 1e9 / static_cast<double>(decisions), at(0.5), at(0.99), at(0.999));
    return line;
  }

  std::unique_ptr<Engine> engine_;
  std::vector<std::string> requests_;
  std::string answers_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(2);
  }
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

int Run(int argc, char** argv, const Loader& load) {
  CHECK(argc == 3);
  const std::string folder = argv[2];
  const Clock::time_point begin = Clock::now();
  std::unique_ptr<Engine> engine = load(argv[1], folder);
  const double load_s = SecondsSince(begin);
  std::printf("{\"load_s\": %.6f, \"rss_kib\": %ld, \"program_bytes\": %zu}\n", load_s,
              ResidentKib(), engine->ProgramBytes());
  std::fflush(stdout);
  Race race(std::move(engine), folder);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string verb;
    std::string mode;
    words >> verb >> mode;
    std::size_t threads = 1;
    std::size_t calls = 0;
    double amount = 0;
    if (verb == "time") words >> threads >> calls;
    words >> amount;
    CHECK(words);
    const bool from_bytes = mode == "bytes";
    const std::string said = verb == "check" ? race.Check(from_bytes, amount)
                                             : race.Time(from_bytes, threads, calls, amount / 1e3);
    std::printf("%s\n", said.c_str());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace race
