// What several processes were admitted for, and when: one record in memory that they share.
#ifndef TESTS_UNIT_LIMITS_CHARGE_RECORD_H_
#define TESTS_UNIT_LIMITS_CHARGE_RECORD_H_

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "policy/counters.h"
#include "runtime/limits/clock.h"

namespace policy {

// One counter, and how it is charged: one unit a call, each held for a while.
struct KindDemand {
  CounterKind kind = CounterKind::Fixed;
  std::uint32_t window_seconds = 0;
  std::int64_t max = 0;
  std::int64_t burst = 0;
  int hold_us = 0;
  bool local_share = false;
  std::size_t who = 0;  // who charges: counted apart
};

struct ChargeRecord {
  static constexpr std::size_t kChargesMax = std::size_t{1} << 20;

  // When each unit was taken: not before `from`, and not after `to`, on CLOCK_BOOTTIME.
  struct Taken {
    std::atomic<std::int64_t> from_ns{0};
    std::atomic<std::int64_t> to_ns{0};
    std::atomic<std::int64_t> window_end_ms{0};  // of a fixed counter
  };

  std::int64_t count() const { return taken_count; }

  std::atomic<int> ready{0};
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> store_errors{0};
  std::atomic<std::int64_t> taken_count{0};
  std::array<std::atomic<std::int64_t>, 8> taken_by{};  // by KindDemand::who
  std::atomic<std::int64_t> at_once{0};                 // with those of processes that were killed
  std::atomic<std::int64_t> most_at_once{0};
  std::array<Taken, kChargesMax> taken{};
};

class SharedRecord {
 public:
  SharedRecord();
  ~SharedRecord();
  SharedRecord(const SharedRecord&) = delete;  // unmapped once
  SharedRecord& operator=(const SharedRecord&) = delete;
  ChargeRecord* operator->() { return record_; }
  ChargeRecord& operator*() { return *record_; }

 private:
  ChargeRecord* record_;
};

// `./dev test --full`.
bool IsFullTest();

pid_t Fork(const std::function<int()>& child);
int Wait(pid_t pid);

// Charges as fast as it goes until told to stop; gives 0.
int ChargeUntilStopped(ChargeRecord& record, Counters& counters, Clock& clock,
                       const KindDemand& demand);

// The most units that were surely taken within a span of that length.
std::int64_t MostInAnySpan(ChargeRecord& record, std::uint32_t span_seconds);

// The most units that were taken in one window.
std::int64_t MostInAWindow(ChargeRecord& record);

// How full the bucket surely was at most, rounded down.
std::int64_t HighestLevel(ChargeRecord& record, const KindDemand& demand);

}  // namespace policy

#endif  // TESTS_UNIT_LIMITS_CHARGE_RECORD_H_
