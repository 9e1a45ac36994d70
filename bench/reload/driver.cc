// bench_reload_driver RATE SECONDS -- COMMAND…: starts the command, which must behave as
// bench_echo_server, warms it up, says `measuring`, calls it RATE times a second for so long
// whether or not it answers, and prints what it measured as one line of JSON. Every answer is
// checked. RATE 0: as fast as 64 unanswered calls allow, to find out how fast that is. Exit: 0 all
// answers right and no process left, 1 otherwise, 2 could not run.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/gateway/calls.h"
#include "bench/gateway/conversation.h"
#include "bench/gateway/process.h"

namespace {

using policy::bench::Conversation;
using policy::bench::Ending;
using policy::bench::Memory;
using policy::bench::Process;

constexpr std::size_t kRequestBytes = 288;
constexpr std::size_t kWarmUpCalls = 50'000;
constexpr std::size_t kWindow = 64;
constexpr unsigned kSpareSeconds = 60;
constexpr int kAnyProcessor = -1;

double Percentile(const std::vector<std::uint32_t>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return sorted[rank] / 1e3;
}

void Open(Conversation& conversation) {
  conversation.Ask(policy::bench::InitializeRequest(conversation.next_id()));
  conversation.Tell(policy::bench::kInitializedNotification);
  conversation.CallInTurn(1);
}

int Measure(double rate, double seconds, const std::vector<std::string>& command) {
  const policy::bench::Calls calls(kRequestBytes);
  Process process = policy::bench::Start(command, kAnyProcessor);
  Conversation conversation(process, calls);
  Open(conversation);
  const auto warm_up_ns = static_cast<double>(conversation.CallPipelined(kWarmUpCalls, kWindow));
  const Memory before = policy::bench::MemoryOf(process);
  std::puts("measuring");
  std::fflush(stdout);
  std::vector<std::uint32_t> latencies(1);
  if (rate > 0) {
    latencies = conversation.CallAtRate(static_cast<std::size_t>(rate * seconds), rate);
  }
  const Memory after = policy::bench::MemoryOf(process);
  const Ending ending = policy::bench::End(process);
  std::sort(latencies.begin(), latencies.end());
  fmt::print(R"({{"pipelined_per_s":{:.0f},"calls":{},"p50_us":{:.1f},"p99_us":{:.1f},)"
             R"("p999_us":{:.1f},"max_us":{:.1f},"before_kib":{},"after_kib":{},"wrong":{}}})"
             "\n",
             kWarmUpCalls * 1e9 / warm_up_ns, latencies.size(), Percentile(latencies, 0.5),
             Percentile(latencies, 0.99), Percentile(latencies, 0.999), Percentile(latencies, 1),
             before.resident_kib, after.resident_kib, conversation.wrong_count());
  const bool is_clean = ending.status == 0 && !ending.was_late && ending.left == 0;
  return is_clean && conversation.wrong_count() == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 5 || std::string_view(arguments[3]) != "--") {
    std::fputs("usage: bench_reload_driver RATE SECONDS -- COMMAND…\n", stderr);
    return 2;
  }
  const double seconds = std::atof(arguments[2]);
  signal(SIGPIPE, SIG_IGN);
  alarm(static_cast<unsigned>(seconds) + kSpareSeconds);
  policy::bench::AdoptOrphans();
  return Measure(std::atof(arguments[1]), seconds, {arguments + 4, arguments + count});
}
