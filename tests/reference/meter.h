// How a counter that is not fixed stands: said anew each time, from all that it was ever charged
// and not given back.
#ifndef TESTS_REFERENCE_METER_H_
#define TESTS_REFERENCE_METER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/reference/policy.h"

namespace reference {

struct Use {
  std::int64_t at_ns = 0;
  std::int64_t amount = 0;
};

struct Standing {
  std::int64_t used = 0;                 // of a bucket rounded up
  bool has_room = false;                 // for the amount that was asked about
  std::optional<std::int64_t> empty_ns;  // when nothing counts any more; none: nothing does now
  std::optional<std::int64_t> free_ns;   // when there will be room; none: that cannot be said
};

bool HasMeter(const Limit& limit);

// REQUIRES: HasMeter(limit), and the uses are in order of time, none after now.
Standing StandingAt(const Limit& limit, const std::vector<Use>& uses, std::int64_t now_ns,
                    std::int64_t amount);

// What can be used at once: the burst of a bucket, else the max.
std::int64_t CapacityOf(const Limit& limit);

}  // namespace reference

#endif  // TESTS_REFERENCE_METER_H_
