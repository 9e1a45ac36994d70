#include "runtime/program/text_arena.h"

#include <algorithm>

namespace policy {

namespace {
constexpr std::size_t kFirstBlockBytes = 1024;
}

char* TextArena::Reserve(std::size_t bytes) {
  if (blocks_.empty() || last_bytes_ - used_ < bytes) {
    last_bytes_ = std::max({bytes, last_bytes_ * 2, kFirstBlockBytes});
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(last_bytes_));
    all_bytes_ += last_bytes_;
    used_ = 0;
  }
  char* const room = blocks_.back().get() + used_;
  used_ += bytes;
  return room;
}

void TextArena::Clear() {
  // One block as large as all of them, so that the next call of this size needs no more.
  if (blocks_.size() > 1) {
    blocks_.clear();
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(all_bytes_));
    last_bytes_ = all_bytes_;
  }
  used_ = 0;
}

char* MadeTexts::Reserve(std::size_t bytes) {
  if (bytes > left_bytes_) {
    ran_out_ = true;
    return nullptr;
  }
  left_bytes_ -= bytes;
  return arena_.Reserve(bytes);
}

}  // namespace policy
