// http_driver OPTION…: calls a tool of bench_http_echo_server through whatever listens on a port,
// checks every answer, and prints what it measured as one line of JSON. Exit: 0 all answers right,
// 1 otherwise, 2 could not run.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/gateway/calls.h"
#include "bench/gateway/http/connection.h"
#include "bench/gateway/http/load.h"
#include "bench/gateway/process.h"

namespace {

using policy::bench::Load;
using policy::bench::Measured;

struct Options {
  std::map<std::string_view, unsigned> numbers = {
      {"--port", 0},          {"--connections", 1}, {"--milliseconds", 1'000},
      {"--warm-up", 300},      // milliseconds
      {"--rate", 0},           // calls a second; 0: one after the other
      {"--bytes", 288},        // of a body
      {"--streams", 0},        // instead of calls: so many streams are opened and held
      {"--driver-cpu", 0},     // where the driver runs
      {"--seconds-max", 120},  // then the driver is ended
  };
  std::map<std::string_view, std::string> texts = {{"--path", "/mcp"}, {"--token", ""}};
  std::vector<pid_t> processes;  // whose processor time is taken: --process PID, any number

  unsigned operator[](std::string_view name) const { return numbers.at(name); }
};

bool ReadOptions(const std::vector<std::string_view>& words, Options& options) {
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::string_view text = words[i + 1];
    if (const auto found = options.texts.find(words[i]); found != options.texts.end()) {
      found->second = text;
      continue;
    }
    unsigned number = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return false;
    if (words[i] == "--process") {
      options.processes.push_back(static_cast<pid_t>(number));
      continue;
    }
    const auto found = options.numbers.find(words[i]);
    if (found == options.numbers.end()) return false;
    found->second = number;
  }
  return words.size() % 2 == 0;
}

std::int64_t ProcessorNanoseconds(const Options& options) {
  std::int64_t sum = 0;
  for (const pid_t process : options.processes) {
    sum += policy::bench::ProcessorNanoseconds({.process_id = process});
  }
  return sum;
}

std::int64_t ResidentKib(const Options& options) {
  std::int64_t sum = 0;
  for (const pid_t process : options.processes) {
    sum += policy::bench::MemoryOf({.process_id = process}).resident_kib;
  }
  return sum;
}

// Microseconds under which that share of the calls was answered.
double Percentile(const Measured& measured, double share) {
  const auto& sorted = measured.latencies_ns;
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))] / 1e3;
}

int HoldStreams(const Options& options, const policy::bench::Target& target) {
  const unsigned count = options["--streams"];
  const std::int64_t before = ResidentKib(options);
  std::vector<std::unique_ptr<policy::bench::Connection>> streams;
  for (unsigned i = 0; i < count; ++i) {
    streams.push_back(std::make_unique<policy::bench::Connection>(target));
    streams.back()->OpenSession();
    streams.back()->OpenStream();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const std::int64_t after = ResidentKib(options);
  fmt::print(R"({{"before_kib":{},"after_kib":{},"kib_a_stream":{:.2f}}})"
             "\n",
             before, after, static_cast<double>(after - before) / count);
  return 0;
}

int Measure(const Options& options, const policy::bench::Target& target) {
  const policy::bench::Calls calls(options["--bytes"]);
  Load load;
  load.connections = options["--connections"];
  load.lasts = std::chrono::milliseconds(options["--warm-up"]);
  policy::bench::Apply(load, target, calls);
  load.lasts = std::chrono::milliseconds(options["--milliseconds"]);
  load.rate = options["--rate"];
  std::int64_t before = 0;
  load.begun = [&] { before = ProcessorNanoseconds(options); };
  const Measured measured = policy::bench::Apply(load, target, calls);
  const std::int64_t after = ProcessorNanoseconds(options);
  const auto count = static_cast<double>(measured.latencies_ns.size());
  fmt::print(R"({{"calls":{},"per_s":{:.0f},"p50_us":{:.1f},"p99_us":{:.1f},"p999_us":{:.1f},)"
             R"("cpu_us":{:.3f},"resident_kib":{},"wrong":{},"rewritten":{}}})"
             "\n",
             measured.latencies_ns.size(), count / measured.seconds, Percentile(measured, 0.5),
             Percentile(measured, 0.99), Percentile(measured, 0.999),
             static_cast<double>(after - before) / 1e3 / count, ResidentKib(options),
             measured.wrong, measured.rewritten);
  return measured.wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  if (!ReadOptions({arguments + 1, arguments + count}, options)) {
    std::fputs("usage: bench_http_driver --port N [--connections N] …\n", stderr);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  alarm(options["--seconds-max"]);
  policy::bench::PinTo(static_cast<int>(options["--driver-cpu"]));
  const policy::bench::Target target{.port = static_cast<std::uint16_t>(options["--port"]),
                                     .path = options.texts.at("--path"),
                                     .token = options.texts.at("--token")};
  return options["--streams"] != 0 ? HoldStreams(options, target) : Measure(options, target);
}
