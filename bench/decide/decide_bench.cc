// What a decision costs, from slots that are filled and from a request's bytes, and what others
// take to read the same bytes.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "bench/decide/peers.h"
#include "bench/decide/workload.h"
#include "policy/check.h"
#include "policy/decision.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/mcp/message.h"
#include "runtime/vm/bound_policy.h"
#include "runtime/vm/decide.h"
#include "runtime/vm/interpreter.h"

namespace policy::bench {
namespace {

constexpr std::size_t kCalls = 64;  // each benchmark goes round and round through as many calls
constexpr std::int64_t kNow = 1'772'359'200'000'000'000;  // 2026-03-01T10:00:00Z

// Programs take long to compile: each once.
const std::shared_ptr<const Program>& ProgramOf(std::size_t tools, bool has_limit) {
  static std::map<std::pair<std::size_t, bool>, std::shared_ptr<const Program>> programs;
  std::shared_ptr<const Program>& program = programs[{tools, has_limit}];
  if (program == nullptr) program = MakeProgram(tools, has_limit);
  return program;
}

// Everything that deciding needs, made beforehand.
struct Scene {
  Scene(std::size_t tools, Ending ending, bool has_limit)
      : program(ProgramOf(tools, has_limit)),
        policy(program, counters, "bench"),
        requests(MakeRequests(kCalls, tools, ending)) {}

  MemoryCounters counters;
  std::shared_ptr<const Program> program;
  BoundPolicy policy;
  std::vector<std::string> requests;
  mcp::MessageReader reader{mcp::Direction::FromClient};
  Decider decider;
  Decision decision;
  CallContext context{.now_ns = kNow};

  void Read(const std::string& request, Frame& frame) {
    CHECK(reader.Read(request, &frame).has_value());
  }
  void Decide(Frame& frame) {
    Reservation reservation;
    decider.Decide(policy, frame, context, decision, reservation);
    benchmark::DoNotOptimize(decision.outcome);
    reservation.Settle(Settlement::Commit);
  }
};

// A frame a call, its slots filled.
std::vector<Frame> FilledFrames(Scene& scene) {
  std::vector<Frame> frames;
  for (const std::string& request : scene.requests) {
    frames.emplace_back(scene.program);
    scene.Read(request, frames.back());
  }
  return frames;
}

// The code of the tool alone: which rules fire.
void Interpret(benchmark::State& state) {
  Scene scene(static_cast<std::size_t>(state.range(0)), Ending::Allow, false);
  std::vector<Frame> frames = FilledFrames(scene);
  Findings findings;
  std::size_t at = 0;
  for (auto _ : state) {
    findings.Clear();
    policy::Interpret(frames[at], findings);
    benchmark::DoNotOptimize(findings.allows.data());
    at = (at + 1) % kCalls;
  }
}
BENCHMARK(Interpret)->Arg(200)->Arg(20'000);

// The whole decision, its context and its answer included.
void DecideFilled(benchmark::State& state, Ending ending, bool has_limit) {
  Scene scene(static_cast<std::size_t>(state.range(0)), ending, has_limit);
  std::vector<Frame> frames = FilledFrames(scene);
  std::size_t at = 0;
  for (auto _ : state) {
    scene.Decide(frames[at]);
    at = (at + 1) % kCalls;
  }
}
BENCHMARK_CAPTURE(DecideFilled, allow, Ending::Allow, false)->Arg(200)->Arg(20'000);
BENCHMARK_CAPTURE(DecideFilled, deny, Ending::Deny, false)->Arg(200);
BENCHMARK_CAPTURE(DecideFilled, limit, Ending::Allow, true)->Arg(200);

void DecideBytes(benchmark::State& state, Ending ending, bool has_limit) {
  Scene scene(static_cast<std::size_t>(state.range(0)), ending, has_limit);
  Frame frame(scene.program);
  std::size_t at = 0;
  for (auto _ : state) {
    scene.Read(scene.requests[at], frame);
    scene.Decide(frame);
    at = (at + 1) % kCalls;
  }
}
BENCHMARK_CAPTURE(DecideBytes, allow, Ending::Allow, false)->Arg(200)->Arg(20'000);
BENCHMARK_CAPTURE(DecideBytes, deny, Ending::Deny, false)->Arg(200);
BENCHMARK_CAPTURE(DecideBytes, limit, Ending::Allow, true)->Arg(200);

void ReadAndFill(benchmark::State& state) {
  Scene scene(200, Ending::Allow, false);
  Frame frame(scene.program);
  std::size_t at = 0;
  for (auto _ : state) {
    scene.Read(scene.requests[at], frame);
    at = (at + 1) % kCalls;
  }
}
BENCHMARK(ReadAndFill);

void PeerSimdjson(benchmark::State& state) {
  std::vector<std::string> requests = MakeRequests(kCalls, 200, Ending::Allow);
  for (std::string& request : requests) request.reserve(request.size() + SimdjsonPadding());
  SimdjsonReader reader;
  std::size_t at = 0;
  for (auto _ : state) {
    CHECK(reader.Read(requests[at]) != 0);
    at = (at + 1) % kCalls;
  }
}
BENCHMARK(PeerSimdjson);

void PeerNlohmann(benchmark::State& state) {
  const std::vector<std::string> requests = MakeRequests(kCalls, 200, Ending::Allow);
  std::size_t at = 0;
  for (auto _ : state) {
    CHECK(ReadByNlohmann(requests[at]) != 0);
    at = (at + 1) % kCalls;
  }
}
BENCHMARK(PeerNlohmann);

}  // namespace
}  // namespace policy::bench

BENCHMARK_MAIN();
