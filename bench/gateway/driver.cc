// driver OPTION… -- COMMAND…: starts the command, which must behave as bench_echo_server, calls its
// tool in turn and then pipelined, checks every answer, and prints what it measured as one line of
// JSON. Exit: 0 all answers right and no process left, 1 otherwise, 2 could not run.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/gateway/calls.h"
#include "bench/gateway/conversation.h"
#include "bench/gateway/process.h"

namespace {

using policy::bench::Conversation;
using policy::bench::Ending;
using policy::bench::Memory;
using policy::bench::Process;
using std::chrono::steady_clock;

constexpr auto kIdleWait = std::chrono::milliseconds(100);

struct Options {
  std::map<std::string_view, unsigned> numbers = {
      {"--calls", 20'000},      // in turn
      {"--warm-up", 1'000},     // in turn before those, not measured
      {"--pipelined", 50'000},  // after those
      {"--window", 64},         // how many of the pipelined ones are unanswered at a time
      {"--bytes", 288},         // of a request
      {"--driver-cpu", 0},      // where the driver runs
      {"--command-cpu", 0},     // where the command, and what it starts, runs
      {"--seconds-max", 120},   // then the driver is ended
  };
  std::vector<std::string> command;

  unsigned operator[](std::string_view name) const { return numbers.at(name); }
};

bool ReadOptions(const std::vector<std::string_view>& words, Options& options) {
  for (std::size_t index = 0; index + 1 < words.size(); index += 2) {
    const std::string_view word = words[index];
    if (word == "--") {
      options.command.assign(words.begin() + static_cast<std::ptrdiff_t>(index) + 1, words.end());
      return true;
    }
    const auto option = options.numbers.find(word);
    if (option == options.numbers.end()) return false;
    const std::string_view text = words[index + 1];
    const auto end = std::from_chars(text.data(), text.data() + text.size(), option->second);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return false;
  }
  return false;
}

double MillisecondsSince(steady_clock::time_point began) {
  return std::chrono::duration<double, std::milli>(steady_clock::now() - began).count();
}

// Microseconds under which that share of the calls was answered.
double Percentile(const std::vector<std::uint32_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return sorted[rank] / 1e3;
}

double Each(std::int64_t nanoseconds, unsigned calls) {
  return calls == 0 ? 0 : static_cast<double>(nanoseconds) / 1e3 / calls;
}

struct Started {
  double initialized_ms = 0;  // from before the start to the answer to initialize
  double answered_ms = 0;     // and to the answer to the first call
};

Started Open(Conversation& conversation, steady_clock::time_point began) {
  Started started;
  conversation.Ask(policy::bench::InitializeRequest(conversation.next_id()));
  started.initialized_ms = MillisecondsSince(began);
  conversation.Tell(policy::bench::kInitializedNotification);
  conversation.CallInTurn(1);
  started.answered_ms = MillisecondsSince(began);
  conversation.Ask(policy::bench::ToolsListRequest(conversation.next_id()));
  return started;
}

int Measure(const Options& options) {
  const policy::bench::Calls calls(options["--bytes"]);
  const auto began = steady_clock::now();
  Process process =
      policy::bench::Start(options.command, static_cast<int>(options["--command-cpu"]));
  Conversation conversation(process, calls);
  const Started started = Open(conversation, began);
  std::this_thread::sleep_for(kIdleWait);
  const Memory idle = policy::bench::MemoryOf(process);

  conversation.CallInTurn(options["--warm-up"]);
  const std::int64_t at_begin = policy::bench::ProcessorNanoseconds(process);
  std::vector<std::uint32_t> latencies = conversation.CallInTurn(options["--calls"]);
  const std::int64_t at_middle = policy::bench::ProcessorNanoseconds(process);
  const unsigned pipelined = options["--pipelined"];
  const std::int64_t pipelined_ns = conversation.CallPipelined(pipelined, options["--window"]);
  const std::int64_t at_end = policy::bench::ProcessorNanoseconds(process);
  const Memory loaded = policy::bench::MemoryOf(process);
  const Ending ending = policy::bench::End(process);

  std::sort(latencies.begin(), latencies.end());
  fmt::print(
      R"({{"p50_us":{:.3f},"p90_us":{:.3f},"p99_us":{:.3f},"p999_us":{:.3f},"cpu_us":{:.3f},)"
      R"("pipelined_per_s":{:.0f},"pipelined_cpu_us":{:.3f},"idle_kib":{},"loaded_kib":{},)"
      R"("max_kib":{},"initialized_ms":{:.3f},"answered_ms":{:.3f},"wrong":{},"rewritten":{},)"
      R"("status":{},"was_late":{},"left":{}}})"
      "\n",
      Percentile(latencies, 0.5), Percentile(latencies, 0.9), Percentile(latencies, 0.99),
      Percentile(latencies, 0.999), Each(at_middle - at_begin, options["--calls"]),
      pipelined == 0 ? 0 : pipelined * 1e9 / static_cast<double>(pipelined_ns),
      Each(at_end - at_middle, pipelined), idle.resident_kib, loaded.resident_kib,
      loaded.resident_kib_max, started.initialized_ms, started.answered_ms,
      conversation.wrong_count(), conversation.rewritten_count(), ending.status, ending.was_late,
      ending.left);
  const bool is_clean = ending.status == 0 && !ending.was_late && ending.left == 0;
  return is_clean && conversation.wrong_count() == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  if (!ReadOptions({arguments + 1, arguments + count}, options)) {
    std::fputs("usage: bench_driver [--calls N] … -- COMMAND…\n", stderr);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  alarm(options["--seconds-max"]);
  policy::bench::PinTo(static_cast<int>(options["--driver-cpu"]));
  policy::bench::AdoptOrphans();
  return Measure(options);
}
