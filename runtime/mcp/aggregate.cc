#include "runtime/mcp/aggregate.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "policy/check.h"
#include "runtime/mcp/header_value.h"
#include "runtime/mcp/limits.h"
#include "runtime/mcp/message_text.h"
#include "runtime/mcp/record_text.h"
#include "runtime/mcp/session.h"
#include "runtime/value/json_text.h"
#include "runtime/value/json_walk.h"

namespace policy::mcp {
namespace {

// What the merged lists may be together; the rest of the answer is smaller than what is left.
constexpr std::size_t kListBytesMax = kMessageBytesMax - (std::size_t{64} << 10);

bool IsNameByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '-' || c == '_';
}

bool IsServed(std::string_view server, std::span<const std::string> servers) {
  return std::ranges::find(servers, server) != servers.end();
}

std::string Quoted(std::string_view text) {
  std::string json;
  AppendJsonString(text, json);
  return json;
}

Route Refused(int code, std::string text) {
  return {.to = Route::To::Refused, .code = code, .text = std::move(text)};
}

// The message to the server that `raw_name` leads to, with the rest of the name in its place.
Route ToTarget(const Message& message, std::string_view raw_name,
               std::span<const std::string> servers) {
  const auto name = TextOf(raw_name);
  const auto target = name ? TargetOf(*name) : std::nullopt;
  if (!target || !IsServed(target->server, servers)) {
    return Refused(kInvalidParamsCode, "no server has this name");
  }
  Splice splice(message.bytes);
  splice.Replace(raw_name, Quoted(target->name));
  return {.to = Route::To::One, .server = std::string(target->server), .bytes = splice.Text()};
}

Route RouteOfCompletion(const Message& message, std::span<const std::string> servers) {
  const std::string_view ref = MemberOf(message.params, "ref");
  if (TextOf(MemberOf(ref, "type")) != "ref/prompt") {
    return Refused(kMethodNotFoundCode, "resources are served at the endpoint of each server only");
  }
  return ToTarget(message, MemberOf(ref, "name"), servers);
}

// The element of a list under its name in the aggregate; empty: it has no name.
std::string Renamed(std::string_view element, std::string_view server) {
  const std::string_view raw = MemberOf(element, "name");
  const auto name = TextOf(raw);
  if (!name) return {};
  Splice splice(element);
  splice.Replace(raw, Quoted(AggregateName(server, *name)));
  return splice.Text();
}

}  // namespace

bool IsAggregateServer(std::string_view name) {
  return !name.empty() && name.size() <= kAggregateServerBytesMax &&
         std::ranges::all_of(name, IsNameByte) && !name.contains(kAggregateSeparator) &&
         !name.ends_with('_');
}

std::string AggregateName(std::string_view server, std::string_view name) {
  return std::string(server) + std::string(kAggregateSeparator) + std::string(name);
}

std::optional<AggregateTarget> TargetOf(std::string_view name) {
  const std::size_t at = name.find(kAggregateSeparator);
  if (at == std::string_view::npos || !IsAggregateServer(name.substr(0, at))) return std::nullopt;
  return AggregateTarget{.server = name.substr(0, at),
                         .name = name.substr(at + kAggregateSeparator.size())};
}

Route RouteOf(const Message& message, std::span<const std::string> servers) {
  const std::string_view method = message.method;
  if (message.kind == MessageKind::Notification) return {.to = Route::To::All};
  if (message.kind == MessageKind::Response) {
    return Refused(kInvalidRequestCode, "a response is routed by what it answers");
  }
  if (method == "ping") return {.to = Route::To::Here};
  if (method == "initialize" || method == "server/discover") return {.to = Route::To::Merge};
  if (method == "tools/list" || method == "prompts/list") return {.to = Route::To::List};
  if (method == "logging/setLevel") return {.to = Route::To::All};
  if (method == "tools/call" || method == "prompts/get") {
    return ToTarget(message, MemberOf(message.params, "name"), servers);
  }
  if (method == "completion/complete") return RouteOfCompletion(message, servers);
  return Refused(kMethodNotFoundCode, "served at the endpoint of each server only");
}

// -- lists ---------------------------------------------------------------------------------------

// A cursor is base64 of {"server":"its cursor" or null, …}: those that have more.
std::expected<std::vector<ListPage>, std::string> PagesOf(const Message& request,
                                                          std::span<const std::string> servers) {
  std::vector<ListPage> pages;
  const std::string_view raw = MemberOf(request.params, "cursor");
  if (raw.empty()) {
    for (const std::string& server : servers) pages.push_back({.server = server});
    return pages;
  }
  const auto cursor = TextOf(raw);
  auto text =
      cursor && cursor->size() <= kAggregateCursorBytesMax ? DecodeBase64(*cursor) : std::nullopt;
  // The reader of messages is the one that finds out whether it is JSON with one reading.
  const std::string probe = NotificationText("notifications/cursor", text ? *text : "");
  MessageReader reader(Direction::FromClient);
  const auto read = reader.Read(probe, nullptr);
  if (!text || !read || !IsRecord(*text) || read->params != *text) {
    return std::unexpected("no such cursor");
  }
  RecordWalk walk(read->params);
  for (std::string_view key, value; walk.Next(key, value);) {
    const auto server = TextOf(key);
    auto own = TextOf(value);
    if (!IsServed(*server, servers) || (!own && value != "null")) {
      return std::unexpected("no such cursor");
    }
    pages.push_back({.server = *server, .cursor = std::move(own)});
  }
  if (pages.empty()) return std::unexpected("no such cursor");
  return pages;
}

std::string ListRequest(const Message& request, const ListPage& page) {
  Splice splice(request.bytes);
  const std::string_view old = MemberOf(request.params, "cursor");
  if (!old.empty() && page.cursor) {
    splice.Replace(old, Quoted(*page.cursor));
  } else if (!old.empty()) {
    splice.RemoveMembers(request.params, [](std::string_view key) { return key == "cursor"; });
  } else if (page.cursor) {
    const std::string member = MemberText("cursor", Quoted(*page.cursor));
    CHECK(!request.params.empty());  // a cursor came out of the request
    splice.AddMembers(request.params, member);
  }
  return splice.Text();
}

ListMerge::ListMerge(std::string_view method) : member_(method.substr(0, method.find('/'))) {
  CHECK(member_ == "tools" || member_ == "prompts");
}

void ListMerge::Add(const ListPage& page, const Message& answer) {
  const std::string_view list = MemberOf(answer.result, member_);
  if (!list.starts_with('[')) return;
  std::string elements;
  ListWalk walk(list);
  for (std::string_view element; walk.Next(element);) {
    std::string renamed = Renamed(element, page.server);
    if (renamed.empty()) continue;
    if (!elements.empty()) elements += ',';
    elements += renamed;
  }
  ++answers_;
  if (!elements_.empty() && elements_.size() + elements.size() > kListBytesMax) {
    next_[page.server] = page.cursor;
    return;
  }
  if (!elements_.empty() && !elements.empty()) elements_ += ',';
  elements_ += elements;
  // A cursor that leads to where it came from leads nowhere.
  auto next = TextOf(MemberOf(answer.result, "nextCursor"));
  if (next && next != page.cursor) next_[page.server] = std::move(next);
  std::int64_t ttl_ms = 0;
  const std::string_view raw_ttl = MemberOf(answer.result, "ttlMs");
  std::from_chars(raw_ttl.data(), raw_ttl.data() + raw_ttl.size(), ttl_ms);
  ttl_ms_ = std::min(ttl_ms_.value_or(ttl_ms), std::max<std::int64_t>(ttl_ms, 0));
}

std::string ListMerge::Text(std::string_view id, Era era) const {
  std::string result = "{";
  if (era == Era::Modern) {
    result += R"("resultType":"complete","ttlMs":)" + std::to_string(ttl_ms_.value_or(0)) +
              R"(,"cacheScope":"private",)";
  }
  if (!next_.empty()) {
    std::string cursor;
    for (const auto& [server, next] : next_) {
      cursor += (cursor.empty() ? "{" : ",") +
                MemberText(server, next ? Quoted(*next) : std::string("null"));
    }
    result += MemberText("nextCursor", Quoted(EncodeBase64(cursor + '}'))) + ',';
  }
  result += MemberText(member_, '[' + elements_ + ']');
  return ResultText(id, result + '}');
}

// -- what the servers are ------------------------------------------------------------------------

void ServerMerge::Add(std::string_view server, const Message& answer) {
  const std::string_view capabilities = MemberOf(answer.result, "capabilities");
  const auto add = [capabilities](std::string_view name, Feature& feature) {
    const std::string_view raw = MemberOf(capabilities, name);
    feature.is_there |= IsRecord(raw);
    feature.changes |= MemberOf(raw, "listChanged") == "true";
  };
  add("tools", tools_);
  add("prompts", prompts_);
  logs_ |= IsRecord(MemberOf(capabilities, "logging"));
  completes_ |= IsRecord(MemberOf(capabilities, "completions"));
  const auto instructions = TextOf(MemberOf(answer.result, "instructions"));
  if (!instructions || instructions->empty()) return;
  if (!instructions_.empty()) instructions_ += "\n\n";
  instructions_ += "Tools that begin with " + AggregateName(server, "") + ":\n" + *instructions;
}

std::string ServerMerge::Text(std::string_view id, Era era, std::string_view version,
                              std::string_view server_info) const {
  std::string capabilities;
  const auto add = [&capabilities](std::string_view name, const Feature& feature) {
    if (!feature.is_there) return;
    if (!capabilities.empty()) capabilities += ',';
    capabilities += MemberText(name, feature.changes ? R"({"listChanged":true})" : "{}");
  };
  add("tools", tools_);
  add("prompts", prompts_);
  add("logging", {.is_there = logs_});
  add("completions", {.is_there = completes_});
  std::string result = "{";
  if (era == Era::Modern) {
    result += R"("resultType":"complete","ttlMs":0,"cacheScope":"private",)" +
              MemberText("supportedVersions", ModernVersionList()) + ',' +
              MemberText("_meta", '{' + MemberText(kServerInfoMeta, server_info) + '}');
  } else {
    result += MemberText("protocolVersion", Quoted(version)) + ',' +
              MemberText("serverInfo", server_info);
  }
  result += ',' + MemberText("capabilities", '{' + capabilities + '}');
  if (!instructions_.empty()) result += ',' + MemberText("instructions", Quoted(instructions_));
  return ResultText(id, result + '}');
}

}  // namespace policy::mcp
