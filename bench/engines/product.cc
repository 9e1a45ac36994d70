// policy itself in the race: the compiler's program, decided by the interpreter (`interpreter`), by
// machine code for all of it (`always`), or by policyd's own choice of the two (`auto`).
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/engines/race.h"
#include "policy/check.h"
#include "policy/compiler.h"
#include "policy/program.h"
#include "runtime/jit/block_shape.h"
#include "runtime/jit/cost_model.h"
#include "runtime/jit/jit.h"
#include "runtime/jit/tier.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/mcp/message.h"
#include "runtime/vm/bound_policy.h"
#include "runtime/vm/decide.h"

namespace policy {
namespace {

constexpr std::int64_t kNow = 1'772'366'400'000'000'000;  // 2026-03-01T12:00:00Z

std::shared_ptr<const Program> Compiled(const std::string& folder) {
  const bool is_text = std::filesystem::exists(folder + "/policy.policy");
  const std::string path = folder + (is_text ? "/policy.policy" : "/policy.json");
  const Source source(path, race::ReadFile(path));
  Diagnostics diagnostics;
  const auto bytes = Compile(source, {}, diagnostics);
  for (const Diagnostic& each : diagnostics.all()) {
    if (each.severity == Severity::Error) std::fprintf(stderr, "%s\n", each.message.c_str());
  }
  CHECK(bytes.has_value());
  auto program = Program::Load(*bytes);
  CHECK(program.has_value());
  return *std::move(program);
}

class ProductWorker : public race::Worker {
 public:
  ProductWorker(const BoundPolicy& policy, const CallContext& context,
                std::span<const std::string> requests)
      : policy_(policy), context_(context), requests_(requests), frame_(policy.program_pointer()) {
    tools_.reserve(requests.size());
    frames_.reserve(requests.size());
    for (const std::string& request : requests) {
      Frame& frame = frames_.emplace_back(policy.program_pointer());
      const auto message = reader_.Read(request, &frame);
      CHECK(message.has_value());
      frame.set_tool(tools_.emplace_back(message->tool));  // past the reader's next call
    }
  }

  std::size_t DecideFilled(std::size_t first, std::size_t count) override {
    std::size_t allowed = 0;
    for (std::size_t i = first; i < first + count; ++i) allowed += Allows(frames_[i]);
    return allowed;
  }

  std::size_t DecideBytes(std::size_t first, std::size_t count) override {
    std::size_t allowed = 0;
    for (std::size_t i = first; i < first + count; ++i) {
      if (reader_.Read(requests_[i], &frame_)) allowed += Allows(frame_);
    }
    return allowed;
  }

 private:
  std::size_t Allows(Frame& frame) {
    const auto result = decider_.Decide(policy_, frame, context_, decision_, reservation_);
    CHECK(result == DecideResult::Decided);
    return decision_.outcome == Outcome::Allow ? 1 : 0;
  }

  const BoundPolicy& policy_;
  const CallContext& context_;
  std::span<const std::string> requests_;
  mcp::MessageReader reader_{mcp::Direction::FromClient};
  Frame frame_;
  std::vector<std::string> tools_;
  std::vector<Frame> frames_;
  Decider decider_;
  Decision decision_;
  Reservation reservation_;
};

// The machine code of one program, and when it is complete.
class MachineCode {
 public:
  MachineCode(jit::TierMode mode, std::shared_ptr<const Program> program)
      : mode_(mode),
        block_count_(jit::BlockCount(program->layout())),
        tier_({.mode = mode,
               .module_path = jit::PathBeside("libpolicy_jit.so"),
               .codegen_path = jit::PathBeside("policyd-codegen"),
               .cache_directory = "",
               .say = [](std::string_view what) {
                 std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
               }}) {
    tier_.Take(std::move(program));
    if (mode == jit::TierMode::Always) Await(block_count_);
  }

  // In mode Auto: makes hot what `worker` calls, and waits for the code of what is dense too. What
  // is dense and never called stays the interpreter's: it is not waited for any longer when nothing
  // has been made for a while.
  void WarmUp(race::Worker& worker, std::size_t calls, const Layout& layout) {
    if (mode_ == jit::TierMode::Always || block_count_ > kHotToolsMax) return;
    const std::size_t decisions = std::size_t{2} * jit::kHotCalls * block_count_;
    for (std::size_t done = 0; done < decisions; done += calls) worker.DecideFilled(0, calls);
    std::uint32_t dense_count = 0;
    for (std::uint32_t block = 0; block < block_count_; ++block) {
      const auto shape = jit::ShapeOf(layout, jit::StartOf(layout, block));
      if (shape && jit::IsDense(*shape)) ++dense_count;
    }
    AwaitAtMost(dense_count);
  }

 private:
  static constexpr std::uint32_t kHotToolsMax = 1000;  // of more tools none gets hot in a race
  static constexpr auto kLookTime = std::chrono::milliseconds(1);
  static constexpr auto kPatience = std::chrono::seconds(5);

  std::uint64_t Done() const {
    const jit::TierCounts counts = tier_.counts();
    return counts.installed + counts.not_compiled + counts.left + counts.disagreed;
  }
  void Await(std::uint32_t blocks) const {
    while (Done() < blocks) std::this_thread::sleep_for(kLookTime);
  }
  void AwaitAtMost(std::uint32_t blocks) const {
    std::uint64_t done = Done();
    auto changed = std::chrono::steady_clock::now();
    while (done < blocks && std::chrono::steady_clock::now() - changed < kPatience) {
      std::this_thread::sleep_for(kLookTime);
      if (Done() == done) continue;
      done = Done();
      changed = std::chrono::steady_clock::now();
    }
  }

  const jit::TierMode mode_;
  const std::uint32_t block_count_;
  jit::Tier tier_;
};

class Product : public race::Engine {
 public:
  Product(const std::string& name, const std::string& folder)
      : policy_(Compiled(folder), counters_, "race"),
        attributes_(race::ReadFile(folder + "/attributes.json")) {
    context_.grant_attributes = attributes_;
    context_.now_ns = kNow;
    malloc_trim(0);  // what only the compiler needed
    if (name == "interpreter") return;
    const auto mode = name == "always" ? jit::TierMode::Always : jit::TierMode::Auto;
    machine_code_ = std::make_unique<MachineCode>(mode, policy_.program_pointer());
  }

  std::size_t ProgramBytes() const override { return policy_.program().bytes().size(); }

  std::unique_ptr<race::Worker> MakeWorker(std::span<const std::string> requests) override {
    auto worker = std::make_unique<ProductWorker>(policy_, context_, requests);
    if (machine_code_ != nullptr)
      machine_code_->WarmUp(*worker, requests.size(), policy_.program().layout());
    return worker;
  }

 private:
  MemoryCounters counters_;
  BoundPolicy policy_;
  std::string attributes_;
  CallContext context_;
  std::unique_ptr<MachineCode> machine_code_;
};

}  // namespace
}  // namespace policy

int main(int argc, char** argv) {
  return race::Run(argc, argv, [](const std::string& name, const std::string& folder) {
    return std::make_unique<policy::Product>(name, folder);
  });
}
