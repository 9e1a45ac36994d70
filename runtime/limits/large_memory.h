// Memory that tables grow in, in huge pages where there is enough of it: a look-up among a million
// keys meets one page after another, and would spend most of its time on finding them.
#ifndef RUNTIME_LIMITS_LARGE_MEMORY_H_
#define RUNTIME_LIMITS_LARGE_MEMORY_H_

#include <cstddef>
#include <memory>

namespace policy {

inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

// Not initialised; aligned to a cache line, from kHugePageBytes on to a huge page.
class LargeMemory {
 public:
  explicit LargeMemory(std::size_t bytes);

  std::byte* data() const { return memory_.get(); }

 private:
  struct Free {
    std::size_t alignment = 0;
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte[], Free> memory_;
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_LARGE_MEMORY_H_
