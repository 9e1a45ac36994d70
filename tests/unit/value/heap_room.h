// Room for made texts that counts what it gives out, for tests.
#ifndef TESTS_UNIT_VALUE_HEAP_ROOM_H_
#define TESTS_UNIT_VALUE_HEAP_ROOM_H_

#include <memory>
#include <vector>

#include "runtime/value/text_room.h"

namespace policy {

// Each piece is an allocation of its own, so that a sanitizer sees a byte too many.
class HeapRoom : public TextRoom {
 public:
  explicit HeapRoom(std::size_t bytes_max = kMadeTextBytesMax) : bytes_left_(bytes_max) {}
  char* Reserve(std::size_t bytes) override {
    if (bytes > bytes_left_) return nullptr;
    bytes_left_ -= bytes;
    pieces_.push_back(std::make_unique<char[]>(bytes));
    return pieces_.back().get();
  }

 private:
  std::size_t bytes_left_;
  std::vector<std::unique_ptr<char[]>> pieces_;
};

}  // namespace policy

#endif  // TESTS_UNIT_VALUE_HEAP_ROOM_H_
