#include "runtime/program/frame.h"

#include <algorithm>
#include <utility>

#include "runtime/program/layout.h"

namespace policy {

namespace {
constexpr std::size_t kFirstBlockBytes = 1024;
}

Frame::Frame(std::shared_ptr<const Program> program)
    : program_(std::move(program)),
      slots_(program_->layout().slots().size()),
      memo_(program_->layout().header().memo_cells + std::size_t{1}, kMemoEmpty) {
  filled_.reserve(slots_.size());
}

void Frame::Fill(std::uint32_t index, const Value& value) {
  slots_[index] = value;
  filled_.push_back(index);
}

void Frame::ForgetMemo() {
  for (const std::uint16_t cell : remembered_) memo_[cell] = kMemoEmpty;
  remembered_.clear();
}

void Frame::Clear() {
  for (const std::uint32_t index : filled_) slots_[index] = Value{};
  filled_.clear();
  ForgetMemo();
  // One block as large as all of them, so that the next call of this size needs no more.
  if (arena_.size() > 1) {
    arena_.clear();
    arena_block_bytes_ = std::exchange(arena_bytes_, 0);
    arena_.push_back(std::make_unique<char[]>(arena_block_bytes_));
    arena_bytes_ = arena_block_bytes_;
  }
  arena_used_ = 0;
  tool = {};
  arguments = "{}";
}

char* Frame::Reserve(std::size_t bytes) {
  if (arena_.empty() || arena_block_bytes_ - arena_used_ < bytes) {
    arena_block_bytes_ = std::max({bytes, arena_block_bytes_ * 2, kFirstBlockBytes});
    arena_.push_back(std::make_unique<char[]>(arena_block_bytes_));
    arena_bytes_ += arena_block_bytes_;
    arena_used_ = 0;
  }
  char* const room = arena_.back().get() + arena_used_;
  arena_used_ += bytes;
  return room;
}

}  // namespace policy
