// A call as people write it for `policyc eval`: one JSON record a line, read as strictly as a
// message.
//
//   {"tool": "send", "args": {…}, "server": "s", "grant": "g", "session": "s1", "claims": {…},
//    "attributes": {…}, "client": {"name": "n", "version": "v"}, "annotations": {…},
//    "now": "2026-03-01T10:00:00Z"}
//
// Only `tool` is required; keys that are not here are refused.
#ifndef RUNTIME_MCP_CALL_LINE_H_
#define RUNTIME_MCP_CALL_LINE_H_

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>

#include "policy/request.h"
#include "runtime/mcp/message.h"

namespace policy::mcp {

// Raw views are JSON as written; the others are unescaped and live until the reader's next Read.
// Empty: not given.
struct CallLine {
  bool is_message = false;  // it has `jsonrpc` or `method`: read it with MessageReader instead; the
                            // rest is not filled
  std::string_view tool;
  std::string_view arguments = "{}";  // raw
  std::string_view server;
  std::string_view grant;
  std::string_view session;
  std::string_view claims;       // raw
  std::string_view attributes;   // raw
  std::string_view annotations;  // raw
  std::string_view client_name;
  std::string_view client_version;
  std::optional<std::int64_t> now_ns;
};

// Sets what the line says of who calls whom and when; the rest of `context` stays. Its views are
// those of `call`.
void SetContext(const CallLine& call, CallContext& context);

// Reads lines one at a time. Not thread-safe.
class CallLineReader {
 public:
  CallLineReader();
  ~CallLineReader();
  CallLineReader(const CallLineReader&) = delete;  // views into its scratch are handed out
  CallLineReader& operator=(const CallLineReader&) = delete;

  // `bytes` outlive the CallLine.
  std::expected<CallLine, Refusal> Read(std::string_view bytes);

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_CALL_LINE_H_
