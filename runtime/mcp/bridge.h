// What the bridges between the eras of MCP have in common.
//
// A bridge stands where a server of the other era is: its owner gives it what the client's side
// sends, and what the server says, and passes on what comes out. Bridges have no I/O and no clock.
#ifndef RUNTIME_MCP_BRIDGE_H_
#define RUNTIME_MCP_BRIDGE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/mcp/shared_ids.h"

namespace policy::mcp {

inline constexpr std::size_t kBridgedWaitingMax = 256;   // requests before the handshake is over
inline constexpr std::size_t kBridgedQuestionsMax = 64;  // calls that wait for their client
inline constexpr std::size_t kBridgedSubscriptionsMax = 1024;  // URIs, of all listeners together
inline constexpr std::size_t kBridgedRoundsMax = 32;  // of one call that asks again and again
inline constexpr std::int64_t kBridgedQuestionMsMax =
    600'000;  // how long a call waits for its client

// One message that goes out.
struct Bridged {
  enum class To : std::uint8_t { Client, Server };
  To to = To::Client;
  std::string bytes = {};
  AskerId asker = 0;  // to a client: whose request it belongs to; 0: to none. To a server: whose
                      // request it is, or is part of; 0: the bridge's own
  bool is_answer = false;  // the asker's request ends with it
  bool is_retry = false;   // to a server: the asker's request once more; it is decided anew
};

using BridgedMessages = std::vector<Bridged>;

// Whether a server may ask a client, of which `capabilities` (raw) says what it can be asked for,
// with this request. `params` raw; may be empty.
bool MayBeAsked(std::string_view capabilities, std::string_view method, std::string_view params);

// What a client has to declare to be asked this, as capabilities. REQUIRES: a request that can be
// asked at all.
std::string RequiredCapability(std::string_view method, std::string_view params);

// Whether a server may ask, before it answers a request of this method.
bool MayAsk(std::string_view method);

// How state that travels through a client is kept from it. The owner seals: with whom it is for, so
// that no other caller can bring it back.
struct StateSeal {
  std::function<std::string(std::string_view)> seal;                   // any text out
  std::function<std::optional<std::string>(std::string_view)> unseal;  // nullopt: not ours
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_BRIDGE_H_
