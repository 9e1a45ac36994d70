#include "runtime/program/frame.h"

#include <algorithm>
#include <utility>

#include "runtime/program/layout.h"

namespace policy {

Frame::Frame(std::shared_ptr<const Program> program)
    : program_(std::move(program)),
      slot_count_(program_->layout().slot_count()),
      values_(slot_count_ + program_->layout().derived().size()),
      made_in_(program_->layout().derived().size(), 0),
      memo_(program_->layout().header().memo_cells + std::size_t{1}, kMemoEmpty) {
  filled_.reserve(slot_count_);
}

void Frame::Make(std::uint32_t number, const Value& value) {
  values_[number] = value;
  made_in_[number - slot_count_] = turn_;
}

void Frame::Forget(std::uint32_t first, std::uint32_t end) {
  std::ranges::fill(std::span(made_in_).subspan(first - slot_count_, end - first), 0u);
}

void Frame::ForgetMemo() {
  for (const std::uint16_t cell : remembered_) memo_[cell] = kMemoEmpty;
  remembered_.clear();
}

// Once in four billion: turns that were must not come again.
void Frame::ForgetTurns() {
  std::ranges::fill(made_in_, 0u);
  turn_ = 1;
}

void Frame::Clear() {
  for (const std::uint32_t index : filled_) values_[index] = Value{};
  filled_.clear();
  ForgetMade();
  arena_.Clear();
  set_tool({});
  arguments = "{}";
}

}  // namespace policy
