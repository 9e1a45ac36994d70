// Where a Redis (or Valkey) is, as a URL says it.
//
//   redis://HOST[:PORT][/DATABASE][?pool=NAME]        rediss://… the same over TLS
//   redis+unix:///PATH[?pool=NAME]
//   redis+sentinel://HOST[:PORT],HOST[:PORT]…/MASTER[/DATABASE][?pool=NAME]     rediss+sentinel://…
//
// USER@ may stand before the first host. A password never stands in it: command lines are seen by
// every user of the machine.
#ifndef RUNTIME_TRANSPORT_REDIS_ADDRESS_H_
#define RUNTIME_TRANSPORT_REDIS_ADDRESS_H_

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace policy::transport {

struct RedisNode {
  std::string host;  // or the path of a Unix socket
  std::string port;  // empty: a Unix socket

  friend bool operator==(const RedisNode&, const RedisNode&) = default;
};

struct RedisAddress {
  std::vector<RedisNode> nodes;  // one, or the sentinels
  std::string master;            // the sentinels' name for it; empty: no sentinels
  bool has_tls = false;
  std::string user;
  int database = 0;
  std::string pool = "policyd";  // what the keys begin with: replicas that share it share counters
};

// The error is a sentence.
std::expected<RedisAddress, std::string> ParseRedisAddress(std::string_view url);

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_REDIS_ADDRESS_H_
