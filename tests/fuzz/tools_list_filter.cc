// Any list of tools, filtered: what stays is what the reference would keep, and nothing else has
// changed.
#include "runtime/mcp/tools_list_filter.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "policy/check.h"
#include "runtime/mcp/line_framing.h"
#include "runtime/mcp/message.h"
#include "tests/reference/json.h"

namespace {

using reference::Json;

bool IsShown(std::string_view name) { return name.find('x') == std::string_view::npos; }

bool Stays(const Json& tool) {
  const Json* name = tool.Find("name");
  return name != nullptr && name->Is(Json::Kind::String) && IsShown(name->text);
}

void CheckFilter(std::string_view bytes) {
  static policy::mcp::MessageReader reader(policy::mcp::Direction::FromServer);
  const auto message = reader.Read(bytes, nullptr);
  if (!message || message->result_tools.empty()) return;
  std::string filtered;
  policy::mcp::FilterToolsList(*message, IsShown, filtered);

  auto want = reference::ParseJson(bytes);
  CHECK(want.has_value());
  auto& tools = want->Find("result")->Find("tools")->items;
  const std::size_t removed = std::erase_if(tools, [](const Json& tool) { return !Stays(tool); });
  const auto got = reference::ParseJson(filtered);
  CHECK(got && ToText(*got) == ToText(*want));
  if (removed == 0) CHECK(filtered == bytes);
  CHECK(reader.Read(filtered, nullptr).has_value());
}

// However the bytes come in pieces, the same lines come out.
void CheckFraming(std::string_view bytes) {
  const auto lines = [bytes](std::size_t piece) {
    constexpr std::size_t kLineBytesMax = 64;
    policy::mcp::LineFraming framing(kLineBytesMax);
    std::string all;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      framing.Append(bytes.substr(at, piece));
      for (policy::mcp::Line line; framing.Next(line);) {
        CHECK(line.text.size() <= kLineBytesMax);
        CHECK(line.text.find('\n') == std::string_view::npos);
        all += line.is_too_long ? "too long" : line.text;
        all += '\n';
      }
    }
    return all;
  };
  const std::string whole = lines(bytes.size() + 1);
  for (const std::size_t piece : {1U, 2U, 7U}) CHECK(lines(piece) == whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckFilter(bytes);
  CheckFraming(bytes);
  return 0;
}
