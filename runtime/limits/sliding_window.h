// How much was charged within the last span of time, whenever that is asked: never less than it
// was.
//
// Up to kLogEntries charges of one amount are kept with their instants: exact. More, or amounts
// that differ, are kept by parts of the span, kParts of them and one: the oldest, of which some has
// left the span, is counted whole. So demand that lasts gets at least kParts / (kParts + 1) of its
// max. What began to be counted by parts goes on so until nothing is left of it.
//
// An instant is in Unix nanoseconds and taken to lie within [0, kInstantMax]. Time does not run
// backwards: an older instant is taken for the newest that was seen. Not thread-safe.
#ifndef RUNTIME_LIMITS_SLIDING_WINDOW_H_
#define RUNTIME_LIMITS_SLIDING_WINDOW_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace policy {

class SlidingWindow {
 public:
  static constexpr std::int64_t kParts = 64;
  static constexpr int kLogEntries = 64;

  // REQUIRES: 0 < window_ns, a multiple of kParts.
  SlidingWindow(std::int64_t window_ns, std::int64_t now_ns);

  // Moves time on; what has left the span is no longer counted. Gives how much that was.
  std::int64_t Advance(std::int64_t now_ns);

  std::int64_t now_ns() const { return now_ns_; }
  std::int64_t used() const { return used_; }

  // The instant from which nothing is counted any more; now_ns() where nothing is.
  std::int64_t EmptyAt() const;
  // The instant from which at most `used` is counted if nothing is charged. REQUIRES: used >= 0.
  std::int64_t FallsTo(std::int64_t used) const;

  // Counts `amount` at now_ns(). REQUIRES: amount >= 0; used() stays below 2^63.
  void Charge(std::int64_t amount);
  // Takes back what was charged at the instant `mark`, unless it has left the span. REQUIRES: it
  // was charged then and not taken back.
  void GiveBack(std::int64_t mark, std::int64_t amount);

 private:
  std::int64_t PartOf(std::int64_t instant_ns) const { return instant_ns / part_ns_; }
  std::int64_t& SumOf(std::int64_t part) {
    return sums_[static_cast<std::size_t>(part % (kParts + 1))];
  }
  std::int64_t SumOf(std::int64_t part) const {
    return sums_[static_cast<std::size_t>(part % (kParts + 1))];
  }
  std::int64_t& TimeAt(int entry) {
    return times_[static_cast<std::size_t>((first_ + entry) % kLogEntries)];
  }
  std::int64_t TimeAt(int entry) const {
    return times_[static_cast<std::size_t>((first_ + entry) % kLogEntries)];
  }
  std::int64_t AdvanceLog();
  std::int64_t AdvanceParts(std::int64_t from_part);
  void GiveBackFromLog(std::int64_t mark);
  void CountByParts();
  void Forget();

  std::int64_t part_ns_;
  std::int64_t now_ns_;
  std::int64_t used_ = 0;
  std::int64_t parts_from_ns_ = 0;  // what was charged before is in no part
  std::int64_t unit_ = 0;           // the log: of each entry
  int first_ = 0;
  int count_ = 0;
  bool has_log_ = true;
  union {
    std::array<std::int64_t, kLogEntries> times_;  // the log, a ring in order of time
    std::array<std::int64_t, kParts + 1> sums_;    // by number of the part, modulo its size
  };
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_SLIDING_WINDOW_H_
