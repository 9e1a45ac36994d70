// Time as it is handed in: nothing below main asks the system for it.
#ifndef RUNTIME_LIMITS_CLOCK_H_
#define RUNTIME_LIMITS_CLOCK_H_

#include <cstdint>

namespace policy {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t WallNanoseconds() = 0;  // since the Unix epoch
  virtual std::int64_t
  MonotonicNanoseconds() = 0;  // counts suspended time (CLOCK_BOOTTIME); any origin
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_CLOCK_H_
