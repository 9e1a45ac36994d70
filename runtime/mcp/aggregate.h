// Several servers behind one endpoint, as one server.
//
// Tools and prompts are named SERVER__NAME; a call goes to its server under its own name, with
// every other byte as it was. Lists are merged page by page: the first page of the whole is the
// first page of each. Resources are not served so: their URIs stand in texts and results, where
// nobody could rename them, and two servers may have the same.
//
//   const Route route = RouteOf(*message, servers);
//   if (route.to == Route::To::One) relay(route.server, route.bytes);
//
// A policy is asked with the server and its own name of the tool: whoever passes `bytes` on reads
// them first, as any message.
#ifndef RUNTIME_MCP_AGGREGATE_H_
#define RUNTIME_MCP_AGGREGATE_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/mcp/message.h"
#include "runtime/mcp/protocol_version.h"

namespace policy::mcp {

inline constexpr std::string_view kAggregateSeparator = "__";
inline constexpr std::size_t kAggregateServerBytesMax = 64;
inline constexpr std::size_t kAggregateCursorBytesMax = 16'384;

// Whether a server can be part of an aggregate under this name: letters, digits, `.`, `-` and `_`,
// but neither the separator within nor `_` at the end, so that every name has one reading.
bool IsAggregateServer(std::string_view name);

std::string AggregateName(std::string_view server, std::string_view name);

struct AggregateTarget {
  std::string_view server;
  std::string_view name;
};
// Where `name` leads; nullopt: nowhere.
std::optional<AggregateTarget> TargetOf(std::string_view name);

// What becomes of a client's request or notification.
struct Route {
  enum class To : std::uint8_t {
    Here,     // ping: answered by whoever routes
    Merge,    // initialize, server/discover: asked of all, see ServerMerge
    List,     // asked of those that PagesOf says, see ListMerge
    One,      // goes to `server` as `bytes`
    All,      // goes to every server as it is; the first answer counts
    Refused,  // answered with `code` and `text`
  };
  To to = To::Refused;
  std::string server = {};
  std::string bytes = {};
  int code = 0;
  std::string text = {};
};
Route RouteOf(const Message& message, std::span<const std::string> servers);

// One page of one server's list.
struct ListPage {
  std::string server;
  std::optional<std::string> cursor = {};  // nullopt: the first
};
// Which pages a list request asks for. An error: its cursor is none that was given out for these
// servers. A cursor is no secret and no permission: whoever asks may do so of these servers.
std::expected<std::vector<ListPage>, std::string> PagesOf(const Message& request,
                                                          std::span<const std::string> servers);
// The request as that server gets it.
std::string ListRequest(const Message& request, const ListPage& page);

// The answers of the servers to one list request, made one. Not thread-safe.
class ListMerge {
 public:
  // `method`: tools/list or prompts/list.
  explicit ListMerge(std::string_view method);

  // What the server answered, as the policy shows it. An error, or a list that is none, is as if
  // the server had nothing. What would make the whole too long is left for the next page.
  void Add(const ListPage& page, const Message& answer);

  // The answer to the client.
  std::string Text(std::string_view id, Era era) const;

  bool has_any() const { return answers_ != 0; }

 private:
  std::string member_;  // of result
  std::string elements_;
  std::map<std::string, std::optional<std::string>> next_;
  std::size_t answers_ = 0;
  std::optional<std::int64_t> ttl_ms_;
};

// The answers of the servers to initialize (legacy) or server/discover (modern), made one. Servers
// of both eras can be among them. Not thread-safe.
class ServerMerge {
 public:
  void Add(std::string_view server, const Message& answer);

  // `version`: that the client is told, for the legacy era. `server_info`: raw.
  std::string Text(std::string_view id, Era era, std::string_view version,
                   std::string_view server_info) const;

 private:
  struct Feature {
    bool is_there = false;
    bool changes = false;
  };

  Feature tools_;
  Feature prompts_;
  bool logs_ = false;
  bool completes_ = false;
  std::string instructions_;
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_AGGREGATE_H_
