#include "runtime/limits/system_clock.h"

#include <catch2/catch.hpp>
#include <vector>

namespace policy {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t wall_ns;
std::int64_t monotonic_ns;

constexpr SystemClock::Source kSource = {.wall_ns = [] { return wall_ns; },
                                         .monotonic_ns = [] { return monotonic_ns; }};

void Pass(SystemClock& clock, std::int64_t seconds) {
  for (std::int64_t i = 0; i < seconds * 10; ++i) {
    wall_ns += kSecond / 10;
    monotonic_ns += kSecond / 10;
    clock.WallNanoseconds();
  }
}

TEST_CASE("steps of the wall clock count only once they stand") {
  wall_ns = 1'000'000 * kSecond;
  monotonic_ns = 5 * kSecond;
  std::vector<ClockStep> steps;
  SystemClock clock([&](ClockStep step) { steps.push_back(step); }, kSource);
  Pass(clock, 1);
  CHECK(clock.WallNanoseconds() == wall_ns);

  wall_ns += kSecond / 2;  // a leap second, slewing
  Pass(clock, 1);
  CHECK(clock.WallNanoseconds() == wall_ns);
  CHECK(steps.empty());

  for (const std::int64_t step_s : {86'400, -3'600}) {
    CAPTURE(step_s);
    steps.clear();
    const std::int64_t before_ns = clock.WallNanoseconds();
    wall_ns += step_s * kSecond;
    Pass(clock, 9);
    CHECK(clock.WallNanoseconds() == before_ns + 9 * kSecond);
    REQUIRE(steps.size() == 1);
    CHECK_FALSE(steps[0].is_adopted);
    CHECK(steps[0].step_ns == step_s * kSecond);
    Pass(clock, 2);
    CHECK(clock.WallNanoseconds() == wall_ns);
    REQUIRE(steps.size() == 2);
    CHECK(steps[1].is_adopted);
  }

  // Forward and back: nothing happened.
  steps.clear();
  wall_ns += 86'400 * kSecond;
  Pass(clock, 5);
  wall_ns -= 86'400 * kSecond;
  Pass(clock, 20);
  CHECK(clock.WallNanoseconds() == wall_ns);
  CHECK(steps.size() == 1);
}

TEST_CASE("the machine's clock goes on") {
  SystemClock clock;
  const std::int64_t first_ns = clock.WallNanoseconds();
  CHECK(first_ns > 1'600'000'000 * kSecond);
  CHECK(clock.WallNanoseconds() >= first_ns);
  CHECK(clock.MonotonicNanoseconds() > 0);
}

}  // namespace
}  // namespace policy
