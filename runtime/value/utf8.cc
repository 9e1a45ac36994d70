#include "runtime/value/utf8.h"

#include <cstdint>
#include <cstring>

namespace policy {

namespace {

unsigned char ByteAt(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// What a first byte allows: the size, and the range of the second byte, which alone tells overlong
// forms, surrogates and what lies beyond U+10FFFF.
struct Lead {
  std::size_t size = 0;
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
};

Lead LeadOf(unsigned char first) {
  if (first < 0xC2) return {};
  if (first < 0xE0) return {2};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first < 0xF0) return {3};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first < 0xF4) return {4};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

}  // namespace

std::size_t Utf8SequenceSize(std::string_view text) {
  if (text.empty()) return 0;
  if (ByteAt(text, 0) < 0x80) return 1;
  const Lead lead = LeadOf(ByteAt(text, 0));
  if (lead.size == 0 || text.size() < lead.size) return 0;
  if (ByteAt(text, 1) < lead.second_min || ByteAt(text, 1) > lead.second_max) return 0;
  for (std::size_t i = 2; i < lead.size; ++i) {
    if (!IsContinuation(ByteAt(text, i))) return 0;
  }
  return lead.size;
}

bool IsValidUtf8(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  while (!text.empty()) {
    if (text.size() >= 8) {
      std::uint64_t word;
      std::memcpy(&word, text.data(), sizeof(word));
      if ((word & kHighBits) == 0) {
        text.remove_prefix(8);
        continue;
      }
    }
    const std::size_t size = Utf8SequenceSize(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::size_t CountCodePoints(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += !IsContinuation(static_cast<unsigned char>(c));
  return count;
}

char32_t DecodeUtf8(std::string_view sequence) {
  const char32_t first = ByteAt(sequence, 0);
  if (sequence.size() == 1) return first;
  char32_t code_point = first & (0x7Fu >> sequence.size());
  for (std::size_t i = 1; i < sequence.size(); ++i) {
    code_point = code_point << 6 | (ByteAt(sequence, i) & 0x3Fu);
  }
  return code_point;
}

std::size_t EncodeUtf8(char32_t code_point, char* room) {
  const auto continuation = [code_point](int shift) {
    return static_cast<char>(0x80 | (code_point >> shift & 0x3F));
  };
  if (code_point < 0x80) {
    room[0] = static_cast<char>(code_point);
    return 1;
  }
  if (code_point < 0x800) {
    room[0] = static_cast<char>(0xC0 | code_point >> 6);
    room[1] = continuation(0);
    return 2;
  }
  if (code_point < 0x10000) {
    room[0] = static_cast<char>(0xE0 | code_point >> 12);
    room[1] = continuation(6);
    room[2] = continuation(0);
    return 3;
  }
  room[0] = static_cast<char>(0xF0 | code_point >> 18);
  room[1] = continuation(12);
  room[2] = continuation(6);
  room[3] = continuation(0);
  return 4;
}

}  // namespace policy
