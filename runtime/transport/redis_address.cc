#include "runtime/transport/redis_address.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace policy::transport {
namespace {

constexpr std::string_view kRedisPort = "6379";
constexpr std::string_view kSentinelPort = "26379";
constexpr std::size_t kNodesMax = 16;
constexpr std::size_t kPoolNameBytesMax = 64;
constexpr int kDatabaseMax = 16'383;

std::unexpected<std::string> Refuse(std::string_view why) {
  return std::unexpected(
      "--store: " + std::string(why) +
      "; it is redis://HOST[:PORT][/DATABASE], rediss://…, redis+unix:///PATH or "
      "redis+sentinel://HOST[:PORT],…/MASTER[/DATABASE], each with ?pool=NAME if "
      "it is not `policyd`");
}

// What stands before `separator`, which is taken with it; all of it where there is none.
std::string_view TakeUntil(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view head = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return head;
}

bool IsNumber(std::string_view text, int max, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0 && number <= max;
}

bool IsPoolName(std::string_view name) {
  return !name.empty() && name.size() <= kPoolNameBytesMax && std::ranges::all_of(name, [](char c) {
    return c > ' ' && c < '\x7F' && c != '{' && c != '}' && c != '*' && c != '?' && c != '[' &&
           c != '\\';
  });
}

std::optional<RedisNode> ParseNode(std::string_view text, std::string_view default_port) {
  std::string_view host;
  if (text.starts_with('[')) {  // an IPv6 address
    text.remove_prefix(1);
    if (text.find(']') == std::string_view::npos) return std::nullopt;
    host = TakeUntil(text, ']');
    if (text.starts_with(':')) {
      text.remove_prefix(1);
    } else if (!text.empty()) {
      return std::nullopt;
    }
  } else {
    host = TakeUntil(text, ':');
  }
  int port = 0;
  const std::string_view port_text = text.empty() ? default_port : text;
  if (host.empty() || !IsNumber(port_text, 65'535, port) || port == 0) return std::nullopt;
  return RedisNode{.host = std::string(host), .port = std::string(port_text)};
}

}  // namespace

std::expected<RedisAddress, std::string> ParseRedisAddress(std::string_view url) {
  RedisAddress address;
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return Refuse("not a URL");
  const std::string_view scheme = url.substr(0, scheme_end);
  std::string_view query = url.substr(scheme_end + 3);
  std::string_view rest = TakeUntil(query, '?');
  address.has_tls = scheme.starts_with("rediss");
  const bool is_unix = scheme == "redis+unix";
  const bool has_sentinels = scheme == "redis+sentinel" || scheme == "rediss+sentinel";
  if (!is_unix && !has_sentinels && scheme != "redis" && scheme != "rediss") {
    return Refuse("the scheme is not one of redis, rediss, redis+unix, redis+sentinel");
  }
  if (!query.empty()) {
    if (!query.starts_with("pool=") || !IsPoolName(query.substr(5))) {
      return Refuse("after ? stands pool=NAME: up to 64 visible characters without {}*?[\\");
    }
    address.pool = query.substr(5);
  }
  if (rest.substr(0, rest.find('/')).find('@') != std::string_view::npos) {
    address.user = TakeUntil(rest, '@');
    if (address.user.find(':') != std::string::npos) {
      return Refuse(
          "a password does not stand in the URL, where every user of the machine sees it: use "
          "--store-password-file or POLICYD_STORE_PASSWORD");
    }
  }
  if (is_unix) {
    if (!rest.starts_with('/') || rest.size() < 2)
      return Refuse("the path of the socket is missing");
    address.nodes.push_back({.host = std::string(rest), .port = ""});
    return address;
  }
  std::string_view hosts = TakeUntil(rest, '/');
  do {
    const auto node = ParseNode(TakeUntil(hosts, ','), has_sentinels ? kSentinelPort : kRedisPort);
    if (!node || address.nodes.size() >= kNodesMax) return Refuse("the hosts cannot be read");
    address.nodes.push_back(*node);
  } while (!hosts.empty());
  if (!has_sentinels && address.nodes.size() > 1) return Refuse("several hosts are for sentinels");
  if (has_sentinels) {
    address.master = TakeUntil(rest, '/');
    if (address.master.empty()) return Refuse("the name of the master is missing");
  }
  if (!rest.empty() && !IsNumber(rest, kDatabaseMax, address.database)) {
    return Refuse("the database is a number");
  }
  return address;
}

}  // namespace policy::transport
