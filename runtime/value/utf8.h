// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#ifndef RUNTIME_VALUE_UTF8_H_
#define RUNTIME_VALUE_UTF8_H_

#include <cstddef>
#include <string_view>

namespace policy {

// Bytes of the well-formed sequence that `text` begins with: 1 to 4, or 0 when there is none.
std::size_t Utf8SequenceSize(std::string_view text);

bool IsValidUtf8(std::string_view text);

// Code points of a valid text.
std::size_t CountCodePoints(std::string_view text);

// The code point of one whole, well-formed sequence.
char32_t DecodeUtf8(std::string_view sequence);

// Writes `code_point` to `room` (4 bytes) and returns how many bytes it took. REQUIRES: a Unicode
// scalar value.
std::size_t EncodeUtf8(char32_t code_point, char* room);

}  // namespace policy

#endif  // RUNTIME_VALUE_UTF8_H_
