// Numbers and texts as bytes, little-endian, lengths first: what identities, lease messages and the
// pool file are made of.
#ifndef RUNTIME_LIMITS_WIRE_H_
#define RUNTIME_LIMITS_WIRE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace policy {

// Appends to a string that it refers to.
class WireWriter {
 public:
  explicit WireWriter(std::string& bytes) : bytes_(bytes) {}

  template <typename Integer>
  void Number(Integer value) {
    auto rest = static_cast<std::make_unsigned_t<Integer>>(value);
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
      bytes_.push_back(static_cast<char>(rest & 0xFF));
      if constexpr (sizeof(Integer) > 1) rest >>= 8;
    }
  }
  void Text(std::string_view text) {
    Number(static_cast<std::uint32_t>(text.size()));
    bytes_.append(text);
  }

 private:
  std::string& bytes_;
};

// Takes from the front. The first thing that is not there fails the reader for good; what is read
// then is zero and empty, so that callers ask once, at the end.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  template <typename Integer>
  Integer Number() {
    std::make_unsigned_t<Integer> value = 0;
    if (!Has(sizeof(Integer))) return 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
      value = static_cast<std::make_unsigned_t<Integer>>(
          value | (static_cast<std::make_unsigned_t<Integer>>(static_cast<unsigned char>(rest_[i]))
                   << (8 * i)));
    }
    rest_.remove_prefix(sizeof(Integer));
    return static_cast<Integer>(value);
  }
  // Refers to the bytes that are read.
  std::string_view Text() {
    const auto size = Number<std::uint32_t>();
    if (!Has(size)) return {};
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }

  // Whether everything asked for was there and nothing is left.
  bool IsDone() const { return !failed_ && rest_.empty(); }

 private:
  bool Has(std::size_t bytes) {
    if (rest_.size() < bytes) failed_ = true;
    return !failed_;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_WIRE_H_
