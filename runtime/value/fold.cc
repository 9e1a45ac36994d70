#include "runtime/value/fold.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "runtime/value/utf8.h"

namespace policy {

namespace {

struct FoldRange {
  char32_t first;
  char32_t last;
  std::int32_t stride;
  std::int32_t delta;
};

constexpr FoldRange kFoldRanges[] = {
#define FOLD(first, last, stride, delta) {first, last, stride, delta},
#include "runtime/value/fold_table.def"
#undef FOLD
};

// One bit for every code point that takes part in folding.
constexpr std::size_t kCasedMax = 0x1E943;
constexpr auto kCased = [] {
  std::array<std::uint64_t, kCasedMax / 64 + 1> bits{};
  const auto set = [&bits](std::size_t c) { bits[c / 64] |= std::uint64_t{1} << (c % 64); };
  for (const FoldRange& range : kFoldRanges) {
    for (std::int64_t c = range.first; c <= range.last; c += range.stride) {
      set(static_cast<std::size_t>(c));
      set(static_cast<std::size_t>(c + range.delta));
    }
  }
  set(0x130);
  set(0x131);
  return bits;
}();

// Takes the next code point off `text`, folded. A byte that is not UTF-8 stands for itself, above
// every code point, so that it equals nothing else.
char32_t TakeFolded(std::string_view& text) {
  constexpr char32_t kStrayByte = 0x110000;
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) {
    text.remove_prefix(1);
    return first >= 'A' && first <= 'Z' ? first + ('a' - 'A') : first;
  }
  const std::size_t size = Utf8SequenceSize(text);
  if (size == 0) {
    text.remove_prefix(1);
    return kStrayByte + first;
  }
  const char32_t code_point = DecodeUtf8(text.substr(0, size));
  text.remove_prefix(size);
  return FoldCodePoint(code_point);
}

}  // namespace

char32_t FoldCodePoint(char32_t code_point) {
  const auto* range = std::upper_bound(std::begin(kFoldRanges), std::end(kFoldRanges), code_point,
                                       [](char32_t c, const FoldRange& r) { return c < r.first; });
  if (range == std::begin(kFoldRanges)) return code_point;
  --range;
  if (code_point > range->last) return code_point;
  if ((code_point - range->first) % static_cast<char32_t>(range->stride) != 0) return code_point;
  return static_cast<char32_t>(static_cast<std::int32_t>(code_point) + range->delta);
}

bool HasCase(char32_t code_point) {
  if (code_point > kCasedMax) return false;
  return (kCased[code_point / 64] >> (code_point % 64) & 1) != 0;
}

bool EqualFolded(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (TakeFolded(a) != TakeFolded(b)) return false;
  }
  return a.empty() && b.empty();
}

void AppendFolded(std::string_view text, std::string& folded) {
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t code_point = TakeFolded(text);
    char room[4];
    if (code_point < 0x110000) {
      folded.append(room, EncodeUtf8(code_point, room));
    } else {
      folded.push_back(before.front());
    }
  }
}

}  // namespace policy
