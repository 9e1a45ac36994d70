// Several clients in front of one server: who asked what, under which id.
//
// Every request gets an id that no other has, and so does its progress token; answers, progress and
// what a subscription tells come back under the names their asker gave. No I/O, no clock.
//
//   if (auto sent = ids.Request(asker, *message)) server.Write(*sent);
//   …
//   switch (auto back = ids.FromServer(*message); back.to) { case Recipient::Asker: …
#ifndef RUNTIME_MCP_SHARED_IDS_H_
#define RUNTIME_MCP_SHARED_IDS_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/mcp/message.h"

namespace policy::mcp {

// Whoever sent a request: a number of the owner's, one for each connection, session or HTTP
// request.
using AskerId = std::uint64_t;

enum class Recipient : std::uint8_t {
  Asker,   // the one that asked; `bytes` has its names
  Anyone,  // a notification that names no request: as it came
  Server,  // a request of the server's own: nobody in particular was asked
  Nobody,  // it names a request that is not, or no longer, in flight
};

struct Returned {
  Recipient to = Recipient::Nobody;
  AskerId asker = 0;
  std::string bytes = {};  // for Asker
  bool is_answer = false;  // it ends the request
};

// Not thread-safe.
class SharedIds {
 public:
  enum class AddError : std::uint8_t { InFlight, Full };

  // The request as the server gets it; its answer comes back to `asker`.
  // REQUIRES: `message` is a request that the client's reader has read.
  std::expected<std::string, AddError> Request(AskerId asker, const Message& message);

  // notifications/cancelled as the server gets it; nullopt where the asker has no such request in
  // flight. The request stays: its answer may have crossed.
  std::optional<std::string> Cancellation(AskerId asker, const Message& message);

  // Whom a message of the server's concerns. An answer ends its request.
  Returned FromServer(const Message& message);

  // The asker is gone: what it has in flight is forgotten. Returns, for each, the cancellation that
  // the server is to be told.
  std::vector<std::string> Leave(AskerId asker);

  std::size_t size() const { return flights_.size(); }

 private:
  struct Flight {
    AskerId asker = 0;
    std::string id;     // raw, as the asker wrote it
    std::string token;  // raw; empty: it wants no progress
    std::string key;    // of by_asker_
  };

  std::unordered_map<std::uint64_t, Flight>::iterator Find(std::string_view raw_id);
  void Erase(std::unordered_map<std::uint64_t, Flight>::iterator flight);

  // By the id that the server knows.
  std::unordered_map<std::uint64_t, Flight> flights_;
  std::map<std::pair<AskerId, std::string>, std::uint64_t> by_asker_;
  std::uint64_t next_id_ = 1;
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_SHARED_IDS_H_
