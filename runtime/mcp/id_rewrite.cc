#include "runtime/mcp/id_rewrite.h"

#include <charconv>

#include "runtime/mcp/protocol_version.h"
#include "runtime/mcp/record_text.h"

namespace policy::mcp {

RequestNames RequestNamesOf(const Message& message) {
  RequestNames names;
  names.id = message.id;
  names.request_id = message.request_id;
  if (message.kind == MessageKind::Response) {
    names.subscription = MemberOf(MemberOf(message.result, "_meta"), kSubscriptionMeta);
    return names;
  }
  if (message.kind == MessageKind::Request) {
    // Whatever stands there: what is no token could still be read as somebody else's.
    names.progress_token = MemberOf(MemberOf(message.params, "_meta"), "progressToken");
    if (names.progress_token == "null") names.progress_token = {};
    return names;
  }
  if (message.method == "notifications/progress") {
    names.progress_token = MemberOf(message.params, "progressToken");
  }
  names.subscription = MemberOf(MemberOf(message.params, "_meta"), kSubscriptionMeta);
  return names;
}

std::optional<std::uint64_t> OwnNumber(std::string_view raw_id) {
  std::uint64_t number = 0;
  const char* const end = raw_id.data() + raw_id.size();
  const auto [stop, error] = std::from_chars(raw_id.data(), end, number);
  if (error != std::errc() || stop != end || raw_id.starts_with('0')) return std::nullopt;
  return number;
}

std::string IdKey(std::string_view raw_id) {
  if (const auto text = TextOf(raw_id)) return '"' + *text;
  return raw_id == "-0" ? "0" : std::string(raw_id);
}

std::string WithNames(const Message& message, const RequestNames& names) {
  const RequestNames old = RequestNamesOf(message);
  Splice splice(message.bytes);
  const auto exchange = [&splice](std::string_view part, std::string_view by) {
    if (!part.empty() && !by.empty()) splice.Replace(part, std::string(by));
  };
  exchange(old.id, names.id);
  exchange(old.request_id, names.request_id);
  exchange(old.progress_token, names.progress_token);
  exchange(old.subscription, names.subscription);
  return splice.Text();
}

}  // namespace policy::mcp
