// Room for the texts that functions make of a call's values.
#ifndef RUNTIME_VALUE_TEXT_ROOM_H_
#define RUNTIME_VALUE_TEXT_ROOM_H_

#include <cstddef>

namespace policy {

// What one call may make in texts, all functions and list elements together: over it a function is
// unknown.
inline constexpr std::size_t kMadeTextBytesMax = std::size_t{16} << 20;

// Not thread-safe: one for one call at a time.
class TextRoom {
 public:
  virtual ~TextRoom() = default;
  // `bytes` bytes that stay where they are until the call is over; null when the call has had
  // kMadeTextBytesMax.
  virtual char* Reserve(std::size_t bytes) = 0;
};

}  // namespace policy

#endif  // RUNTIME_VALUE_TEXT_ROOM_H_
