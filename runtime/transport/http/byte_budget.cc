#include "runtime/transport/http/byte_budget.h"

namespace policy::transport {

ByteBudget::Share& ByteBudget::Share::operator=(Share&& other) noexcept {
  if (this != &other) {
    GiveBack();
    budget_ = std::move(other.budget_);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

bool ByteBudget::Share::Take(const std::shared_ptr<ByteBudget>& budget, std::size_t bytes) {
  std::size_t left = budget->left_.load(std::memory_order_relaxed);
  do {
    if (left < bytes) return false;
  } while (!budget->left_.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed));
  budget_ = budget;
  bytes_ += bytes;
  return true;
}

void ByteBudget::Share::GiveBack() {
  if (bytes_ != 0) budget_->left_.fetch_add(bytes_, std::memory_order_relaxed);
  bytes_ = 0;
}

}  // namespace policy::transport
