// Room for the texts of one call that do not stand in its bytes.
#ifndef RUNTIME_PROGRAM_TEXT_ARENA_H_
#define RUNTIME_PROGRAM_TEXT_ARENA_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/value/text_room.h"

namespace policy {

// Gives out bytes that stay where they are until Clear. Nothing allocates once it has reached the
// size of the largest call. Not thread-safe.
class TextArena {
 public:
  char* Reserve(std::size_t bytes);
  void Clear();

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t last_bytes_ = 0;  // size of the last block
  std::size_t used_ = 0;        // bytes of it
  std::size_t all_bytes_ = 0;   // of all blocks
};

// The texts that functions make, up to kMadeTextBytesMax.
class MadeTexts final : public TextRoom {
 public:
  char* Reserve(std::size_t bytes) override;
  void Clear() {
    if (left_bytes_ != kMadeTextBytesMax) arena_.Clear();
    left_bytes_ = kMadeTextBytesMax;
    ran_out_ = false;
  }
  // Whether a text was refused.
  bool ran_out() const { return ran_out_; }

 private:
  TextArena arena_;
  std::size_t left_bytes_ = kMadeTextBytesMax;
  bool ran_out_ = false;
};

}  // namespace policy

#endif  // RUNTIME_PROGRAM_TEXT_ARENA_H_
