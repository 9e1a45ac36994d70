// Decides the calls of stdin, one a line, under the policy of a file: the C++ libraries.
//
//   decide_cxx POLICY NOW_SECONDS <calls.jsonl
#include <policy/compiler.h>
#include <policy/evaluator.h>
#include <policy/memory_counters.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

namespace {

// Null where the policy has errors, which are printed.
std::shared_ptr<const policy::Program> ReadProgram(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const policy::Source source(path, {std::istreambuf_iterator<char>(file), {}});
  policy::Diagnostics diagnostics;
  const auto bytes = policy::Compile(source, {}, diagnostics);
  for (const policy::Diagnostic& each : diagnostics.all()) {
    std::cerr << path << ": " << each.code << ": " << each.message << "\n";
  }
  if (!bytes) return nullptr;
  auto program = policy::Program::Load(*bytes);
  if (!program) std::cerr << program.error().what << "\n";
  return program ? *program : nullptr;
}

void Print(const policy::Program& program, const policy::Decision& decision) {
  std::cout << NameOf(decision.outcome);
  for (const auto rule : decision.rules) std::cout << ' ' << program.rule(rule).id;
  for (const policy::Quota& quota : decision.quotas) {
    std::cout << " [" << quota.used << " of " << quota.max << " used]";
  }
  if (!decision.message.empty()) std::cout << ": " << decision.message;
  std::cout << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  const auto program = argc == 3 ? ReadProgram(argv[1]) : nullptr;
  if (program == nullptr) return 2;
  const auto counters = policy::MakeMemoryCounters();
  policy::Evaluator evaluator(program, *counters, "default/agent-1");
  policy::CallContext context;
  context.grant = "agent-1";
  context.now_ns = std::strtoll(argv[2], nullptr, 10) * 1'000'000'000;
  policy::Decision decision;
  for (std::string line; std::getline(std::cin, line);) {
    policy::Reservation reservation;
    // Counters in memory never need a store.
    evaluator.Decide(line, context, decision, reservation);
    // Here an embedder does an allowed call.
    if (decision.outcome == policy::Outcome::Allow) {
      reservation.Settle(policy::Settlement::Commit);
    }
    Print(*program, decision);
  }
}
