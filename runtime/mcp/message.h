// One JSON-RPC message, read strictly: what a proxy needs to know of it, pointing into its bytes.
//
// A strict reader stands in front of lenient peers: whatever a peer could read differently is
// refused here and never forwarded. One pass validates every byte and fills the slots that the
// program asks for.
#ifndef RUNTIME_MCP_MESSAGE_H_
#define RUNTIME_MCP_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "policy/request.h"
#include "runtime/mcp/limits.h"
#include "runtime/program/frame.h"

namespace policy::mcp {

enum class MessageKind : std::uint8_t { Request, Notification, Response };

// Raw views are JSON texts exactly as sent. Decoded views are unescaped and live as long as the
// reader's scratch: until its next Read.
struct Message {
  MessageKind kind = MessageKind::Request;
  std::string_view bytes;           // the whole message, without line ending
  std::string_view id;              // raw: a string, or an integer within +-(2^53 - 1); empty for
                                    // notifications, and for errors that answer no request
  std::string_view method;          // decoded; empty for responses
  std::string_view params;          // raw; empty when absent
  std::string_view tool;            // decoded params.name of tools/call, else empty
  std::string_view arguments;       // raw params.arguments of tools/call; "{}" when absent
  std::string_view progress_token;  // raw params._meta.progressToken, else empty
  std::string_view
      protocol_version;  // decoded: params.protocolVersion of initialize, or
                         // params._meta["io.modelcontextprotocol/protocolVersion"]; else empty
  std::string_view request_id;   // raw params.requestId of notifications/cancelled, else empty
  std::string_view client_name;  // decoded params.clientInfo.name of initialize, or _meta's
                                 // clientInfo; else empty
  std::string_view client_version;
  std::string_view result;        // raw; empty when absent
  std::string_view error;         // raw; empty when absent
  std::string_view result_tools;  // raw result.tools when it is a list, else empty
  bool result_is_error = false;   // result.isError is true
  bool result_is_final = true;    // false: result.resultType is "input_required" or "task"
  bool is_tools_call = false;
};

// Why a message was refused: -32700 when it is not JSON, else -32600.
struct Refusal {
  int code = -32600;
  std::string id;  // raw id to answer with; empty: answer with null
  bool is_request =
      false;  // it was seen to be a request or cannot be told apart from one: it is answered
  bool is_response = false;
  std::string
      reason;  // "duplicate key `amount` in arguments": lower case, no final period, one line
};

// Which way a message goes. Requests from clients to servers are held to MCP's rules for calls.
//
// Duplicate keys and `__proto__` are refused at every depth, either way. Keys that differ by letter
// case only are refused in the envelope, in params (a client's: at every depth, and where they
// differ so from a name that MCP knows, or in arguments from one that the program asks for), and
// among the members of result and of each listed tool. Deeper in what a server sends they are data.
enum class Direction : std::uint8_t { FromClient, FromServer };

// Reads messages one at a time. Not thread-safe; keeps scratch memory, so one per direction of a
// connection.
class MessageReader {
 public:
  explicit MessageReader(Direction direction);
  ~MessageReader();
  MessageReader(const MessageReader&) = delete;  // views into its scratch are handed out
  MessageReader& operator=(const MessageReader&) = delete;

  // `bytes`: one message without its line ending; they outlive the Message. `frame` may be null:
  // then no slots are filled. Otherwise it is cleared, and for a tools/call filled from the
  // arguments, with its tool and arguments set.
  std::expected<Message, Refusal> Read(std::string_view bytes, Frame* frame);

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

// Fills the slots of the context roots (tool, grant, claims, client, now) that the program asks
// for, anew when they are filled already; tool.name is the frame's. false: one of the raw texts of
// `context` that the program asks for is not strictly readable, or not a record (tags: a list), and
// the call must be denied. Thread-safe with a frame a thread.
bool FillContext(const CallContext& context, Frame& frame);

// Clears the frame and fills it from a raw arguments object that came without a message, as
// strictly as Read does; `raw_arguments` outlives the use of the frame. The caller sets its tool.
std::expected<void, Refusal> FillArguments(std::string_view raw_arguments, Frame& frame);

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_MESSAGE_H_
