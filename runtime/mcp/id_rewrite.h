// Ids in messages exchanged in place; every other byte stays as it is.
//
// Clients choose their ids for themselves, so two of them choose the same: whoever lets several
// share one server gives each request an id of its own, and gives what comes back its first one.
#ifndef RUNTIME_MCP_ID_REWRITE_H_
#define RUNTIME_MCP_ID_REWRITE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/mcp/message.h"

namespace policy::mcp {

// Where a message names requests. Raw JSON that lies in its bytes; empty: it does not.
struct RequestNames {
  std::string_view id = {};              // its own, or that of the request it answers
  std::string_view request_id = {};      // notifications/cancelled: params.requestId
  std::string_view progress_token = {};  // of a request that wants progress, or of the progress
  std::string_view subscription = {};    // _meta["io.modelcontextprotocol/subscriptionId"]
};

// REQUIRES: `message` came from MessageReader::Read.
RequestNames RequestNamesOf(const Message& message);

// The number that a raw id is where it is written as the product writes its own: digits, without a
// zero in front. nullopt: it is none of ours.
std::optional<std::uint64_t> OwnNumber(std::string_view raw_id);

// The same for all spellings of one id: texts and numbers stay apart.
std::string IdKey(std::string_view raw_id);

// The message with other names: those that `names` has are exchanged where the message has them.
// Values are raw JSON: a string or an integer.
std::string WithNames(const Message& message, const RequestNames& names);

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_ID_REWRITE_H_
