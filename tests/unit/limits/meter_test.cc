// Sliding windows and buckets against lists of everything that was ever charged.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <vector>

#include "runtime/limits/sliding_window.h"
#include "runtime/limits/token_bucket.h"
#include "runtime/limits/window.h"
#include "tests/unit/limits/hand_clock.h"

namespace policy {
namespace {

using Random = std::mt19937_64;
__extension__ using Signed = __int128;

std::int64_t Below(Random& random, std::int64_t count) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(count));
}

// --- Sliding windows

struct Charged {
  std::int64_t at_ns = 0;
  std::int64_t amount = 0;
};

struct SlidingTrace {
  std::int64_t window_ns = 0;
  std::int64_t unit = 0;  // 0: amounts differ
  int charges_max = 0;    // of those that are outstanding, about
  double void_share = 0;
};

std::int64_t Within(const std::vector<Charged>& all, std::int64_t now_ns, std::int64_t span_ns) {
  std::int64_t sum = 0;
  for (const Charged& charged : all) {
    if (charged.at_ns > now_ns - span_ns && charged.at_ns <= now_ns) sum += charged.amount;
  }
  return sum;
}

// Charges, voids and moves of the clock, back too. After each step the window counts at least what
// lies within the span, and at most what lies within one that is longer by a part; with `is_exact`
// just that.
void RunSliding(const SlidingTrace& trace, std::uint64_t seed, bool is_exact) {
  Random random(seed);
  std::int64_t now_ns = kNoon;
  SlidingWindow window(trace.window_ns, now_ns);
  std::vector<Charged> kept;
  for (int step = 0; step < 3'000; ++step) {
    CAPTURE(seed, step);
    const std::int64_t pace_ns = trace.window_ns * 2 / trace.charges_max;
    now_ns += Below(random, 30) == 0 ? -Below(random, trace.window_ns) : Below(random, pace_ns);
    if (Below(random, 400) == 0) now_ns += trace.window_ns + Below(random, trace.window_ns);
    window.Advance(now_ns);
    const std::int64_t cell_ns = window.now_ns();
    REQUIRE(cell_ns >= now_ns);
    std::erase_if(kept, [&](const Charged& charged) {
      return charged.at_ns <= cell_ns - 2 * trace.window_ns;
    });
    const bool gives_back = static_cast<double>(Below(random, 1'000)) < trace.void_share * 1'000;
    if (gives_back && !kept.empty()) {
      const auto place = kept.begin() + Below(random, static_cast<std::int64_t>(kept.size()));
      window.GiveBack(place->at_ns, place->amount);
      kept.erase(place);
    } else if (!is_exact || Within(kept, cell_ns, trace.window_ns) < 64 * trace.unit) {
      const std::int64_t amount = trace.unit != 0 ? trace.unit : Below(random, 9);
      window.Charge(amount);
      kept.push_back({cell_ns, amount});
    }
    const std::int64_t part_ns = trace.window_ns / SlidingWindow::kParts;
    const std::int64_t least = Within(kept, cell_ns, trace.window_ns);
    const std::int64_t most = Within(kept, cell_ns, trace.window_ns + part_ns);
    REQUIRE(window.used() >= least);
    REQUIRE(window.used() <= (is_exact ? least : most));
    // What is told about the future is so.
    const std::int64_t target = Below(random, window.used() + 1);
    for (const std::int64_t used : {std::int64_t{0}, target}) {
      const std::int64_t free_ns = window.FallsTo(used);
      SlidingWindow later = window;
      later.Advance(free_ns);
      REQUIRE(later.used() <= used);
      if (free_ns == cell_ns) continue;
      SlidingWindow before = window;
      before.Advance(free_ns - 1);
      REQUIRE(before.used() > used);
    }
    REQUIRE(window.EmptyAt() == window.FallsTo(0));
  }
}

TEST_CASE("a sliding window of equal amounts is exact up to 64 of them") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    RunSliding({.window_ns = 60 * kSecond, .unit = 1, .charges_max = 64, .void_share = 0.2}, seed,
               /*is_exact=*/true);
    RunSliding({.window_ns = kSecond, .unit = 100, .charges_max = 20, .void_share = 0.4}, seed,
               /*is_exact=*/true);
  }
}

TEST_CASE("a sliding window never counts less than lies in it, and a part of it more at most") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    RunSliding({.window_ns = 3'600 * kSecond, .unit = 1, .charges_max = 300, .void_share = 0.2},
               seed, /*is_exact=*/false);
    RunSliding({.window_ns = 60 * kSecond, .unit = 0, .charges_max = 20, .void_share = 0.4}, seed,
               /*is_exact=*/false);
    RunSliding({.window_ns = 7 * kSecond, .unit = 0, .charges_max = 1'000, .void_share = 0.1}, seed,
               /*is_exact=*/false);
  }
}

TEST_CASE("a part of what was charged can be given back") {
  SlidingWindow window(64 * kSecond, kNoon);
  window.Charge(10);
  window.Advance(kNoon + 5 * kSecond);
  window.Charge(10);
  window.GiveBack(kNoon, 4);
  CHECK(window.used() == 16);
  window.Advance(kNoon + 66 * kSecond);
  CHECK(window.used() == 10);
  window.GiveBack(kNoon, 6);  // has left
  CHECK(window.used() == 10);
}

TEST_CASE("what left a log is not given back from the parts that follow it") {
  SlidingWindow window(64 * kSecond, kNoon);
  window.Charge(1);  // leaves when 64 seconds have passed; its part would stay for one more
  window.Advance(kNoon + kSecond / 2);
  window.Charge(1);
  window.Advance(kNoon + 64 * kSecond);
  window.Charge(5);  // counted by parts from here on
  REQUIRE(window.used() == 6);
  window.GiveBack(kNoon, 1);
  CHECK(window.used() == 6);
  window.GiveBack(kNoon + kSecond / 2, 1);
  CHECK(window.used() == 5);
}

// Demand without end: each rolling window holds at most max, and the whole time nearly that.
TEST_CASE("saturated, a sliding window lets through 64 of 65 parts of its max") {
  constexpr std::int64_t kMax = 6'500;
  constexpr std::int64_t kWindow = 64 * kSecond;
  SlidingWindow window(kWindow, kNoon);
  std::vector<Charged> all;
  std::int64_t total = 0;
  constexpr int kWindows = 12;
  for (std::int64_t now_ns = kNoon; now_ns < kNoon + kWindows * kWindow; now_ns += 9'999'991) {
    window.Advance(now_ns);
    const std::int64_t room = kMax - window.used();
    const std::int64_t amount = std::min<std::int64_t>(room, 3);
    window.Charge(amount);
    total += amount;
    all.push_back({now_ns, amount});
    if (all.size() % 97 == 0) REQUIRE(Within(all, now_ns, kWindow) <= kMax);
  }
  CHECK(total >= kMax * kWindows * 64 / 65 - kMax / 65);
}

// --- Buckets

// A bucket that nobody gives anything back to: the charges that were kept, one after another.
class Replay {
 public:
  Replay(std::int64_t window_ns, std::int64_t max) : window_ns_(window_ns), max_(max) {}

  void Charge(std::int64_t at_ns, std::int64_t amount) {
    MoveTo(at_ns);
    level_ += Signed{amount} * window_ns_;
  }
  Signed LevelAt(std::int64_t at_ns) {
    MoveTo(at_ns);
    return level_;
  }

 private:
  void MoveTo(std::int64_t at_ns) {
    level_ = std::max<Signed>(0, level_ - Signed{max_} * (at_ns - at_ns_));
    at_ns_ = at_ns;
  }

  std::int64_t window_ns_;
  std::int64_t max_;
  std::int64_t at_ns_ = kNoon;
  Signed level_ = 0;
};

struct HeldInBucket {
  std::int64_t at_ns = 0;
  Wide due = 0;
  std::int64_t amount = 0;
};

std::int64_t UnitsUp(Signed level, std::int64_t window_ns) {
  return static_cast<std::int64_t>((level + window_ns - 1) / window_ns);
}

// Random charges, some given back in whole or in part, whenever. The bucket is never emptier than a
// replay of what was kept, and never fuller than one of everything.
void RunBucket(std::uint64_t seed) {
  Random random(seed);
  const std::int64_t window_ns = kSecond * (1 + Below(random, 100));
  const std::int64_t max = 1 + Below(random, 50);
  const std::int64_t burst = 1 + Below(random, 60);
  TokenBucket bucket(window_ns, kNoon);
  std::vector<HeldInBucket> held;
  std::vector<Charged> kept;  // with what of it is kept in the end
  std::vector<Charged> all;
  std::int64_t now_ns = kNoon;
  std::vector<std::size_t> places;
  for (int step = 0; step < 60; ++step) {
    now_ns += Below(random, window_ns / max * 3 + 1);
    bucket.Advance(now_ns, max);
    const std::int64_t action = Below(random, 5);
    if (action < 3) {
      const std::int64_t amount = Below(random, burst + 1);
      REQUIRE(bucket.FitsAt(amount, burst) >= now_ns);
      REQUIRE(bucket.Fits(amount, burst) == (bucket.FitsAt(amount, burst) == now_ns));
      if (!bucket.Fits(amount, burst)) continue;
      held.push_back({now_ns, bucket.Charge(amount, held.empty()), amount});
      places.push_back(kept.size());
      kept.push_back({now_ns, amount});
      all.push_back({now_ns, amount});
    } else if (!held.empty()) {
      const auto which =
          static_cast<std::size_t>(Below(random, static_cast<std::int64_t>(held.size())));
      // Kept, given back, or given back in part.
      const std::int64_t back =
          action == 3 ? held[which].amount : Below(random, held[which].amount + 1);
      bucket.GiveBack(held[which].at_ns, held[which].due, back);
      kept[places[which]].amount -= back;
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
      places.erase(places.begin() + static_cast<std::ptrdiff_t>(which));
    }
    // With every outstanding charge kept, as it may yet be.
    Replay least(window_ns, max);
    for (const Charged& charge : kept) least.Charge(charge.at_ns, charge.amount);
    Replay most(window_ns, max);
    for (const Charged& charge : all) most.Charge(charge.at_ns, charge.amount);
    CAPTURE(seed, step, window_ns, max, burst);
    REQUIRE(bucket.used() >= UnitsUp(least.LevelAt(now_ns), window_ns));
    REQUIRE(bucket.used() <= UnitsUp(most.LevelAt(now_ns), window_ns));
  }
  TokenBucket empty = bucket;
  empty.Advance(bucket.EmptyAt(), max);
  CHECK(empty.used() == 0);
}

TEST_CASE("a bucket is never emptier than a replay of the charges that were kept") {
  for (std::uint64_t seed = 1; seed <= 4'000; ++seed) RunBucket(seed);
}

TEST_CASE("a plain subtraction would be emptier than that") {
  // 1 a second, 10 at once. 10 are taken, drain, and 10 more are taken; then the first are void.
  TokenBucket bucket(kSecond, kNoon);
  bucket.Advance(kNoon, 1);
  const Wide due = bucket.Charge(10, /*is_first=*/true);
  bucket.Advance(kNoon + 10 * kSecond, 1);
  REQUIRE(bucket.used() == 0);
  bucket.Charge(10, /*is_first=*/false);
  bucket.GiveBack(kNoon, due, 10);
  CHECK(bucket.used() == 10);
}

TEST_CASE("a bucket drains rates that no nanosecond divides, exactly") {
  // 7 in 3 seconds: a unit takes 428,571,428 and 4/7 ns.
  TokenBucket bucket(3 * kSecond, kNoon);
  bucket.Advance(kNoon, 7);
  bucket.Charge(7'000'000, /*is_first=*/true);
  std::int64_t now_ns = kNoon;
  for (int i = 0; i < 1'000'000; ++i) bucket.Advance(now_ns += 3, 7);
  CHECK(bucket.EmptyAt() == kNoon + 3'000'000 * kSecond);
}

TEST_CASE("a bucket lets through its burst and what drains, in any span") {
  Random random(5);
  constexpr std::int64_t kWindow = 10 * kSecond;
  constexpr std::int64_t kMax = 13;
  constexpr std::int64_t kBurst = 5;
  TokenBucket bucket(kWindow, kNoon);
  std::vector<Charged> admitted;
  std::int64_t now_ns = kNoon;
  for (int i = 0; i < 2'000; ++i) {
    now_ns += Below(random, kSecond);
    bucket.Advance(now_ns, kMax);
    const std::int64_t amount = 1 + Below(random, 3);
    if (!bucket.Fits(amount, kBurst)) continue;
    bucket.Charge(amount, /*is_first=*/true);
    admitted.push_back({now_ns, amount});
  }
  REQUIRE(admitted.size() > 300);
  for (std::size_t from = 0; from < admitted.size(); ++from) {
    Signed sum = 0;
    for (std::size_t to = from; to < std::min(from + 60, admitted.size()); ++to) {
      sum += admitted[to].amount;
      const Signed span_ns = admitted[to].at_ns - admitted[from].at_ns;
      REQUIRE(sum * kWindow <= Signed{kBurst} * kWindow + span_ns * kMax);
    }
  }
  // And no less, where demand lasts.
  const Signed span_ns = now_ns - kNoon;
  const std::int64_t total = Within(admitted, now_ns, now_ns);
  CHECK(Signed{total} * kWindow >= span_ns * kMax - Signed{3} * kWindow);
}

TEST_CASE("a new rate counts from when it is seen") {
  TokenBucket bucket(kSecond, kNoon);
  bucket.Advance(kNoon, 1);
  bucket.Charge(10, /*is_first=*/true);
  bucket.Advance(kNoon + 2 * kSecond, 4);
  CHECK(bucket.used() == 8);
  bucket.Advance(kNoon + 3 * kSecond, 4);
  CHECK(bucket.used() == 4);
  bucket.Advance(kNoon + kSecond, 4);  // time does not run backwards
  CHECK(bucket.used() == 4);
  bucket.Advance(kNoon + 3 * kSecond, 0);
  CHECK(bucket.EmptyAt() == kInstantMax);
}

TEST_CASE("the largest amounts and windows do not overflow") {
  TokenBucket bucket(std::int64_t{kKindWindowSecondsMax} * kSecond, kNoon);
  bucket.Advance(kNoon, INT64_MAX);
  CHECK(bucket.Fits(INT64_MAX, INT64_MAX));
  const Wide due = bucket.Charge(INT64_MAX, /*is_first=*/true);
  CHECK(bucket.used() == INT64_MAX);
  CHECK_FALSE(bucket.Fits(1, INT64_MAX));
  bucket.GiveBack(kNoon, due, INT64_MAX);
  CHECK(bucket.used() == 0);
  for (int i = 0; i < 2'000; ++i) bucket.Charge(INT64_MAX, /*is_first=*/false);
  CHECK(bucket.used() == INT64_MAX);
  bucket.Advance(INT64_MAX, INT64_MAX);
  CHECK(bucket.now_ns() == kInstantMax);

  SlidingWindow window(std::int64_t{kKindWindowSecondsMax} * kSecond, INT64_MIN);
  window.Charge(INT64_MAX);
  CHECK(window.used() == INT64_MAX);
  window.Advance(INT64_MAX);
  CHECK(window.used() == 0);
  window.Charge(1);
  CHECK(window.EmptyAt() > kInstantMax);
}

}  // namespace
}  // namespace policy
