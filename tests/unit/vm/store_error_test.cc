// What is decided while the counters cannot be reached.
#include <catch2/catch.hpp>
#include <string>

#include "policy/compiler.h"
#include "policy/evaluator.h"
#include "runtime/limits/memory_counters.h"

namespace policy {
namespace {

Decision DecideWithoutStore(const std::string& limits) {
  const Source source("policy.json", R"({"version": "1", "default": "deny", "tools": {"send": )"
                                     R"({"limits": [)" +
                                         limits + "]}}}");
  Diagnostics diagnostics;
  const auto bytes = Compile(source, {}, diagnostics);
  REQUIRE(bytes);
  const auto program = Program::Load(*bytes);
  REQUIRE(program);
  MemoryCounters unreachable(CounterLimits{.tables_max = 0});
  Evaluator evaluator(*program, unreachable, "test");
  Decision decision;
  Reservation reservation;
  REQUIRE(evaluator.DecideArguments("send", "{}", {}, decision, reservation) ==
          Evaluator::Result::Decided);
  REQUIRE(!reservation.holds_charges());
  return decision;
}

constexpr const char* kDenying = R"({"counter": "a", "window": "hour", "max": 5})";
constexpr const char* kAllowing =
    R"({"counter": "b", "window": "hour", "max": 5, "on_store_error": "allow"})";

TEST_CASE("without its store a limit denies") {
  const Decision decision = DecideWithoutStore(kDenying);
  CHECK(decision.outcome == Outcome::Deny);
  CHECK(!decision.is_uncounted);
}

TEST_CASE("a limit that allows store errors lets the call through, marked") {
  const Decision decision = DecideWithoutStore(kAllowing);
  CHECK(decision.outcome == Outcome::Allow);
  CHECK(decision.is_uncounted);
}

TEST_CASE("one limit that denies store errors is enough") {
  CHECK(DecideWithoutStore(std::string(kAllowing) + ", " + kDenying).outcome == Outcome::Deny);
}

}  // namespace
}  // namespace policy
