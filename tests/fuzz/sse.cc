// The reader of server-sent events: the same events, however the stream was cut; and what is
// written of them is read as the same.
#include "runtime/transport/http/sse.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using policy::transport::SseEvent;
using policy::transport::SseReader;

constexpr std::size_t kEventBytesMax = 300;

std::string Show(const SseEvent& event) {
  std::string text = "[" + std::string(event.event) + "|";
  text += (event.id ? "=" + std::string(*event.id) : "-") + "|";
  text += (event.has_data ? "=" + std::string(event.data) : "-") + "|";
  return text + (event.retry ? "=" + std::string(*event.retry) : "-") + "]";
}

// The events, and them written anew.
std::string ReadAll(std::string_view bytes, std::size_t piece, std::size_t limit,
                    std::string* anew = nullptr) {
  SseReader reader(limit);
  std::string shown;
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    const bool goes_on = reader.Feed(part, [&](const SseEvent& event) {
      shown += Show(event);
      if (anew != nullptr) AppendSseEvent(*anew, event);
      return true;
    });
    if (!goes_on) return shown + "failed";
  }
  return shown;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4'096) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string anew;
  const std::string whole = ReadAll(bytes, size, kEventBytesMax, &anew);
  if (ReadAll(bytes, 1, kEventBytesMax) != whole || ReadAll(bytes, 7, kEventBytesMax) != whole) {
    std::abort();
  }
  const std::string read = whole.ends_with("failed") ? whole.substr(0, whole.size() - 6) : whole;
  // Written anew it may be longer than what was read: a field's name on each line.
  if (!anew.empty() && ReadAll(anew, anew.size(), 100 * kEventBytesMax) != read) std::abort();
  return 0;
}
