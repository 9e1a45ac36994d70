#include "runtime/gateway/serve/message_parts.h"

#include <charconv>

#include "runtime/mcp/record_text.h"
#include "runtime/value/json_walk.h"

namespace policy::gateway {
namespace {

std::string_view Record(std::string_view message) {
  const std::size_t begin = message.find('{');
  return begin == std::string_view::npos ? std::string_view() : message.substr(begin);
}

}  // namespace

std::string_view ProgressTokenOf(std::string_view message) {
  const std::string_view record = Record(message);
  const std::string_view method = mcp::MemberOf(record, "method");
  if (!method.starts_with('"') || !JsonStringEquals(method, "notifications/progress")) return {};
  return mcp::MemberOf(mcp::MemberOf(record, "params"), "progressToken");
}

std::string NegotiatedVersion(std::string_view answer) {
  const std::string_view version =
      mcp::MemberOf(mcp::MemberOf(Record(answer), "result"), "protocolVersion");
  return mcp::TextOf(version).value_or("");
}

std::optional<int> ErrorCodeOf(std::string_view message) {
  const std::string_view code = mcp::MemberOf(mcp::MemberOf(Record(message), "error"), "code");
  int value = 0;
  const auto read = std::from_chars(code.data(), code.data() + code.size(), value);
  if (code.empty() || read.ec != std::errc()) return std::nullopt;
  return value;
}

}  // namespace policy::gateway
