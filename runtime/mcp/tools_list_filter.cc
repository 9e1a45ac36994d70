#include "runtime/mcp/tools_list_filter.h"

#include <optional>

#include "policy/check.h"
#include "runtime/value/json_walk.h"

namespace policy::mcp {

namespace {

// The unescaped name of a tool; nullopt: it has none.
std::optional<std::string> NameOf(std::string_view tool) {
  if (!tool.starts_with('{')) return std::nullopt;
  RecordWalk walk(tool);
  for (std::string_view key, value; walk.Next(key, value);) {
    if (!JsonStringEquals(key, "name")) continue;
    if (!value.starts_with('"')) return std::nullopt;
    std::string name(value.size(), '\0');
    name.resize(Unescape(value, name.data()));
    return name;
  }
  return std::nullopt;
}

std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

const char* EndOf(std::string_view text) { return text.data() + text.size(); }

}  // namespace

// Each tool that stays takes along what stands before it: the start of the list for the first, else
// the comma and the space behind its neighbour.
void FilterToolsList(const Message& message, const std::function<bool(std::string_view)>& is_shown,
                     std::string& text) {
  const std::string_view list = message.result_tools;
  CHECK(list.starts_with('['));
  text.clear();
  text.reserve(message.bytes.size());
  text += Between(message.bytes.data(), list.data());

  const char* previous_end = list.data();
  bool is_first = true;
  bool has_kept = false;
  std::string_view opening = list.substr(0, 1);
  ListWalk walk(list);
  for (std::string_view tool; walk.Next(tool); previous_end = EndOf(tool), is_first = false) {
    const std::string_view before = Between(previous_end, tool.data());
    if (is_first) opening = before;
    const auto name = NameOf(tool);
    if (!name || !is_shown(*name)) continue;
    text += has_kept ? before : opening;
    text += tool;
    has_kept = true;
  }
  if (!has_kept) text += opening;
  const char* const rest = is_first ? list.data() + 1 : previous_end;
  text += Between(rest, EndOf(message.bytes));
}

}  // namespace policy::mcp
