// How many bytes of bodies all connections of a process hold together, at most.
#ifndef RUNTIME_TRANSPORT_HTTP_BYTE_BUDGET_H_
#define RUNTIME_TRANSPORT_HTTP_BYTE_BUDGET_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace policy::transport {

// Thread-safe.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t bytes_max) : left_(bytes_max) {}
  ByteBudget(const ByteBudget&) = delete;  // shares are given back to the one they came from
  ByteBudget& operator=(const ByteBudget&) = delete;

  // What is taken out of a budget; given back with it. Not thread-safe.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept
        : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept;
    ~Share() { GiveBack(); }

    // false: the budget has not so much left, and nothing was taken.
    bool Take(const std::shared_ptr<ByteBudget>& budget, std::size_t bytes);
    void GiveBack();
    std::size_t bytes() const { return bytes_; }

   private:
    std::shared_ptr<ByteBudget> budget_;
    std::size_t bytes_ = 0;
  };

  std::size_t left() const { return left_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> left_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_BYTE_BUDGET_H_
