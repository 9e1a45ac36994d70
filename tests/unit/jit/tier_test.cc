// The tier at work: calls go on while code is made, and decide the same before and after.
#include "runtime/jit/tier.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <thread>

#include "runtime/jit/cost_model.h"
#include "runtime/vm/interpreter.h"
#include "tests/unit/jit/compiled_program.h"
#include "tests/unit/jit/scratch_directory.h"

namespace policy::jit {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr auto kPatience = seconds(30);

// Two tools: one as dense as the cost model wants it, one that is not.
std::string DensePolicy() {
  std::string policy = "default allow\ntool dense {\n";
  for (std::uint32_t i = 0; i < kDenseTestsMin; ++i) {
    policy += "deny when args.a" + std::to_string(i) + " starts_with \"no\"\n";
  }
  return policy + "}\ntool thin { deny when args.a3 == \"no\" }\n";
}

class Log {
 public:
  std::function<void(std::string_view)> Writer() {
    return [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      text_ += std::string(line) + '\n';
    };
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

TierOptions Options(TierMode mode, Log& log) {
  return {.mode = mode,
          .module_path = PathBeside("libpolicy_jit.so"),
          .codegen_path = PathBeside("policyd-codegen"),
          .cache_directory = {},
          .say = log.Writer()};
}

std::size_t DenialsOf(Frame& frame, std::string_view tool) {
  frame.Clear();
  frame.set_tool(tool);
  for (std::uint32_t slot = 0; slot < frame.slot_count(); ++slot) {
    frame.Fill(slot, Value::MakeString(slot == 3 ? "no" : "yes"));
  }
  Findings findings;
  Interpret(frame, findings);
  return findings.denials.size();
}

bool IsInstalled(const Program& program, std::string_view tool) {
  const NativeCode* const native = program.native();
  if (native == nullptr) return false;
  const Layout& layout = program.layout();
  return native->IsInstalled(
      static_cast<std::uint32_t>(layout.FindTool(tool) - layout.tools().data()));
}

// Calls until the tool has machine code.
void CallUntilInstalled(const std::shared_ptr<const Program>& program, std::string_view tool) {
  Frame frame(program);
  const auto end = steady_clock::now() + kPatience;
  bool is_right = true;
  while (is_right && !IsInstalled(*program, tool) && steady_clock::now() < end) {
    is_right = DenialsOf(frame, tool) == 1;
  }
  REQUIRE(is_right);
  REQUIRE(IsInstalled(*program, tool));
  REQUIRE(DenialsOf(frame, tool) == 1);
}

TEST_CASE("a tool that is hot and dense gets machine code, another does not") {
  const auto program = ProgramOf(DensePolicy());
  Log log;
  Tier tier(Options(TierMode::Auto, log));
  tier.Take(program);
  CallUntilInstalled(program, "dense");
  Frame frame(program);
  for (std::uint32_t i = 0; i < 2 * kHotCalls; ++i) DenialsOf(frame, "thin");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  REQUIRE_FALSE(IsInstalled(*program, "thin"));
  REQUIRE(log.text().empty());
}

TEST_CASE("a program without a dense tool is left alone") {
  const auto program = ProgramOf("default deny\ntool t { allow when args.a == 1 }\n");
  Log log;
  {
    Tier tier(Options(TierMode::Auto, log));
    tier.Take(program);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  REQUIRE(program->native() == nullptr);
}

TEST_CASE("always: every tool gets machine code") {
  const auto program = ProgramOf(DensePolicy());
  Log log;
  Tier tier(Options(TierMode::Always, log));
  tier.Take(program);
  CallUntilInstalled(program, "dense");
  CallUntilInstalled(program, "thin");
  REQUIRE(tier.counts().installed == 2);
  REQUIRE(tier.counts().from_cache == 0);
}

TEST_CASE("calls of many threads go on while code is made") {
  const auto program = ProgramOf(DensePolicy());
  Log log;
  Tier tier(Options(TierMode::Auto, log));
  std::atomic<std::size_t> wrong = 0;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 3; ++i) {
      callers.emplace_back([&](const std::stop_token& stop) {
        Frame frame(program);
        while (!stop.stop_requested()) {
          if (DenialsOf(frame, "dense") != 1) ++wrong;
        }
      });
    }
    tier.Take(program);
    CallUntilInstalled(program, "dense");
  }
  REQUIRE(wrong == 0);
}

TEST_CASE("what was compiled once is found again") {
  const ScratchDirectory scratch;
  Log log;
  TierOptions options = Options(TierMode::Always, log);
  options.cache_directory = (scratch.path() / "jit").string();
  for (const std::uint64_t found : {0u, 2u}) {
    const auto program = ProgramOf(DensePolicy());
    Tier tier(options);
    tier.Take(program);
    CallUntilInstalled(program, "thin");
    CallUntilInstalled(program, "dense");
    while (tier.counts().installed < 2) std::this_thread::yield();
    REQUIRE(tier.counts().from_cache == found);
  }
  REQUIRE(log.text().empty());
}

TEST_CASE("without its parts the interpreter decides") {
  for (const bool has_module : {false, true}) {
    const auto program = ProgramOf(DensePolicy());
    Log log;
    TierOptions options = Options(TierMode::Always, log);
    if (!has_module) options.module_path = "/nowhere/libpolicy_jit.so";
    options.codegen_path = "/bin/false";
    Tier tier(options);
    tier.Take(program);
    const auto end = steady_clock::now() + kPatience;
    while (log.text().empty() && steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    INFO(log.text());
    REQUIRE(log.text().find(has_module ? "ended with 1" : "/nowhere") != std::string::npos);
    Frame frame(program);
    REQUIRE(DenialsOf(frame, "dense") == 1);
    REQUIRE_FALSE(IsInstalled(*program, "dense"));
  }
}

TEST_CASE("a tier ends at once, and code outlives it") {
  const auto program = ProgramOf(DensePolicy());
  Log log;
  {
    Tier tier(Options(TierMode::Always, log));
    tier.Take(program);
    CallUntilInstalled(program, "dense");
  }
  Frame frame(program);
  REQUIRE(DenialsOf(frame, "dense") == 1);
  for (int i = 0; i < 20; ++i) {  // wherever it is with its work
    const auto other = ProgramOf(DensePolicy());
    Tier tier(Options(TierMode::Always, log));
    tier.Take(other);
    std::this_thread::sleep_for(std::chrono::milliseconds(i));
  }
  REQUIRE(log.text().empty());
}

}  // namespace
}  // namespace policy::jit
