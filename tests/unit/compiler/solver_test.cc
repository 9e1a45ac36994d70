// What the decision procedure claims, held against values: nothing that it calls impossible may
// happen, for any of thousands of policies.
#include "compiler/analyse/solver.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <map>

#include "runtime/value/function.h"
#include "tests/unit/compiler/random_policy.h"

namespace policy {
namespace {

using differential::Random;

constexpr std::array kWanted = {TruthSet::True, TruthSet::NotFalse, TruthSet::NotTrue,
                                TruthSet::False};

const Scene kScene{.patterns = {"tool"}, .server = std::nullopt, .pins = nullptr};

// Enough calls to meet what is claimed impossible: each value at each path, and others at random.
std::vector<Call> CallsFor(Random& random) {
  std::vector<Call> calls;
  for (const Value& value : Values()) {
    Call call = MakeCall(random);
    call.a = value;
    call.x = {};
    if (value.kind == ValueKind::Record) call.x = random.Pick(Values());
    if (value.kind != ValueKind::Record && value.kind != ValueKind::Absent) {
      call.x.kind = ValueKind::Broken;
    }
    calls.push_back(call);
  }
  for (int i = 0; i < 100; ++i) calls.push_back(MakeCall(random));
  return calls;
}

bool Happens(const RandomPolicy& made, std::span<const Wish> wishes, const Call& call) {
  return std::ranges::all_of(wishes, [&](const Wish& wish) {
    return Has(wish.wanted, Evaluate(made.policy, wish.formula_id, call));
  });
}

TEST_CASE("what is impossible never happens") {
  std::size_t claims = 0;
  std::size_t possible = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Random random(seed);
    const RandomPolicy made = MakePolicy(random, 2);
    const std::vector<Call> calls = CallsFor(random);
    Solver solver(made.policy);
    for (const TruthSet first : kWanted) {
      for (const TruthSet second : kWanted) {
        const std::array wishes = {Wish{made.roots[0], first}, Wish{made.roots[1], second}};
        if (!solver.IsImpossible(kScene, wishes)) {
          ++possible;
          continue;
        }
        ++claims;
        const bool happens = std::ranges::any_of(
            calls, [&](const Call& call) { return Happens(made, wishes, call); });
        INFO("seed " << seed);
        REQUIRE(!happens);
      }
    }
  }
  // The generator makes enough of both for this to mean something.
  CHECK(claims > 1'000);
  CHECK(possible > 1'000);
}

TEST_CASE("alternatives say of a formula what its truth tables say") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const RandomPolicy made = MakePolicy(random, 1);
    const std::vector<Call> calls = CallsFor(random);
    const ConditionTable conditions(made.policy);
    for (const TruthSet wanted : kWanted) {
      const auto cubes = CubesOf(conditions, made.roots[0], wanted);
      if (!cubes) continue;
      for (const Call& call : calls) {
        const bool any = std::ranges::any_of(*cubes, [&](const Cube& cube) {
          return std::ranges::all_of(cube, [&](const Literal& literal) {
            const ir::Test& test = made.policy.tests[static_cast<std::size_t>(literal.test_id)];
            return Has(literal.allowed, EvaluateTest(made.policy, test, call));
          });
        });
        INFO("seed " << seed);
        REQUIRE(any == Has(wanted, Evaluate(made.policy, made.roots[0], call)));
      }
    }
  }
}

// The call that found values make up; nullopt: they are of values made of others.
std::optional<Call> CallOf(const RandomPolicy& made, std::span<const Assigned> values,
                           KeptTexts& room) {
  Call call;
  std::map<int, Value> by_path;
  for (const Assigned& each : values) {
    const auto index = static_cast<std::size_t>(each.value_id);
    if (made.policy.values[index].kind != ir::ValueKind::Path) return std::nullopt;
    Value value;
    if (each.sample.form == Form::Broken) {
      value.kind = ValueKind::Broken;
    } else if (each.sample.form != Form::Absent) {
      value = ReadJsonValue(each.sample.json, false, room);
    }
    by_path[static_cast<int>(index)] = value;
  }
  const auto at = [&](int path) { return by_path.contains(path) ? by_path[path] : Value(); };
  call.a = at(0);
  call.b = at(1);
  call.x = at(2);
  return call;
}

TEST_CASE("values that are found make the conditions what they are to be") {
  KeptTexts room;
  std::size_t found_count = 0;
  for (std::uint64_t seed = 0; seed < 1'500; ++seed) {
    Random random(seed);
    const RandomPolicy made = MakePolicy(random, 1);
    Solver solver(made.policy);
    for (const TruthSet wanted : kWanted) {
      const std::array wishes = {Wish{made.roots[0], wanted}};
      for (const Cube& cube : solver.Alternatives(kScene, wishes)) {
        const auto values = solver.FindValues(kScene, cube);
        if (!values) continue;
        const auto call = CallOf(made, *values, room);
        if (!call) continue;
        ++found_count;
        INFO("seed " << seed);
        for (const Literal& literal : cube) {
          const ir::Test& test = made.policy.tests[static_cast<std::size_t>(literal.test_id)];
          REQUIRE(Has(literal.allowed, EvaluateTest(made.policy, test, *call)));
        }
      }
    }
  }
  CHECK(found_count > 1'000);
}

TEST_CASE("a core is impossible, and none of it can be spared") {
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    Random random(seed);
    const RandomPolicy made = MakePolicy(random, 1);
    Solver solver(made.policy);
    const auto cubes = CubesOf(solver.conditions(), made.roots[0], TruthSet::True);
    if (!cubes) continue;
    for (const Cube& cube : *cubes) {
      if (!solver.IsImpossible(kScene, cube)) continue;
      const Cube core = solver.CoreOf(kScene, cube);
      REQUIRE(solver.IsImpossible(kScene, core));
      for (std::size_t i = 0; i < core.size() && core.size() > 1; ++i) {
        Cube without = core;
        without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
        REQUIRE(!solver.IsImpossible(kScene, without));
      }
    }
  }
}

}  // namespace
}  // namespace policy
