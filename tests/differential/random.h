// A seeded source of choices, the same on every machine.
#ifndef TESTS_DIFFERENTIAL_RANDOM_H_
#define TESTS_DIFFERENTIAL_RANDOM_H_

#include <cstdint>
#include <random>
#include <vector>

namespace differential {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // 0 .. bound-1. REQUIRES: bound > 0. The standard's distributions differ between libraries; this
  // does not.
  std::uint64_t Below(std::uint64_t bound) { return engine_() % bound; }

  // True `percent` times in a hundred.
  bool Chance(std::uint64_t percent) { return Below(100) < percent; }

  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(high - low + 1)));
  }

  template <typename T>
  const T& Pick(const std::vector<T>& list) {
    return list[Below(list.size())];
  }

  template <typename T>
  void Shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[Below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_RANDOM_H_
