// What bench/engines/run asks of an engine, the same for every program of the race: load a policy,
// decide calls from inputs made ready or from the request's bytes, be timed.
//
// A program is started as `PROGRAM ENGINE FOLDER`, FOLDER as translate.py writes it. It prints
// {"load_s", "rss_kib", "program_bytes"} and answers each line of its stdin by one line:
//   check MODE SECONDS           0 or 1 a call, of as many calls as it decides in that time, and of
//                                at least kCheckedMin
//   time MODE THREADS CALLS MS   {"ns", "p50_ns", "p99_ns", "p999_ns"}: for a decision, as a thread
//                                sees it, and for a batch of kBatch; over the first CALLS calls
// MODE is `filled` or `bytes`.
#ifndef BENCH_ENGINES_RACE_H_
#define BENCH_ENGINES_RACE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace race {

inline constexpr std::size_t kBatch = 64;
inline constexpr std::size_t kCheckedMin = 16;

// The calls of one thread.
class Worker {
 public:
  virtual ~Worker() = default;
  // How many of `count` calls from `first` on are allowed.
  virtual std::size_t DecideFilled(std::size_t first, std::size_t count) = 0;
  virtual std::size_t DecideBytes(std::size_t first, std::size_t count) = 0;
};

// A loaded policy.
class Engine {
 public:
  virtual ~Engine() = default;
  // The size of what decides, where it can be told; else 0.
  virtual std::size_t ProgramBytes() const { return 0; }
  // Makes the inputs of `requests` ready. The engine and the requests outlive it.
  virtual std::unique_ptr<Worker> MakeWorker(std::span<const std::string> requests) = 0;
};

// Loads the engine named from the folder.
using Loader =
    std::function<std::unique_ptr<Engine>(const std::string& name, const std::string& folder)>;

// main() of a program of the race.
int Run(int argc, char** argv, const Loader& load);

// The text of a file; stops the process where it cannot be read.
std::string ReadFile(const std::string& path);

}  // namespace race

#endif  // BENCH_ENGINES_RACE_H_
