#include "compiler/catalog/event_stream.h"

#include <utility>

namespace policy::catalog {

// Lines end with LF, CR LF or CR; a CR at the end of what is there may be half of a CR LF.
std::optional<std::string> EventStream::NextLine() {
  const std::size_t end = rest_.find_first_of("\r\n");
  if (end == std::string::npos) return std::nullopt;
  if (rest_[end] == '\r' && end + 1 == rest_.size()) return std::nullopt;
  std::string line = rest_.substr(0, end);
  rest_.erase(0, end + (rest_.compare(end, 2, "\r\n") == 0 ? 2 : 1));
  return line;
}

std::optional<std::string> EventStream::Next() {
  while (auto line = NextLine()) {
    if (line->empty()) {
      if (!std::exchange(has_data_, false)) continue;
      return std::exchange(data_, {});
    }
    if (!line->starts_with("data:")) continue;
    std::string_view value = std::string_view(*line).substr(5);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  }
  return std::nullopt;
}

}  // namespace policy::catalog
