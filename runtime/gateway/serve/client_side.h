// The client of a session as `policyd serve` sees it: requests of HTTP, and their answers.
#ifndef RUNTIME_GATEWAY_SERVE_CLIENT_SIDE_H_
#define RUNTIME_GATEWAY_SERVE_CLIENT_SIDE_H_

#include <cstdint>
#include <string_view>

#include "runtime/gateway/relay_output.h"
#include "runtime/mcp/message.h"

namespace policy::gateway {

// Lives in its worker's loop; not thread-safe.
class ClientSide {
 public:
  virtual ~ClientSide() = default;

  // As RelayOutput.
  virtual void Began(std::uint64_t sequence, const mcp::Message& request) = 0;
  virtual void Send(std::string_view bytes, Regarding regarding) = 0;
  virtual void Ended(std::uint64_t sequence) = 0;
  virtual void Dropped(std::string_view reason) = 0;

  // The answer that comes now lists tools, those that its client may see.
  virtual void ListsTools() {}
  // An answer that comes now came with this status of HTTP.
  virtual void set_answer_status(int /*status*/) {}
  // As ServerListener::OnStreamPaused.
  virtual void Pause(std::uint64_t /*sequence*/, std::string_view /*retry_ms*/) {}
  // The server answered this request with a status of HTTP and no message.
  virtual void Fail(std::uint64_t sequence, int status, std::string_view text) = 0;
  // Called every so often: silent streams get a comment.
  virtual void KeepAlive() = 0;
  // The session is over: whatever is open ends. Where the client could still be told so by a status
  // it is `status`.
  virtual void End(int status, std::string_view text) = 0;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_CLIENT_SIDE_H_
