// The reader of a Redis's replies: whatever comes, in whatever pieces, the same values are read or
// the same refusal is made, within bounds.
#include "runtime/transport/resp.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using policy::transport::RespReader;
using policy::transport::RespValue;

void Describe(const RespValue& value, std::string& text) {
  text += static_cast<char>('a' + static_cast<int>(value.type));
  text += std::to_string(value.integer) + ' ' + value.text + '(';
  for (const RespValue& item : value.items) Describe(item, text);
  text += ')';
}

// All that is read of `bytes`, given in pieces of `size`.
std::string ReadAll(std::string_view bytes, std::size_t size) {
  RespReader reader;
  std::string text;
  while (!bytes.empty()) {
    reader.Append(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
    while (true) {
      const auto value = reader.Take();
      if (!value) return text + "refused";
      if (!*value) break;
      Describe(**value, text);
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = ReadAll(bytes, size);
  if (ReadAll(bytes, 1) != whole || ReadAll(bytes, 7) != whole) std::abort();
  return 0;
}
