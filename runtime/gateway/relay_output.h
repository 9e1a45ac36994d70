// Where a relay puts what it has to say: the two sides of one conversation, as the relay sees them.
//
// Over stdio each side is one queue of lines. Over HTTP a message belongs to a stream, the answer
// to the request that asked; `Regarding` says which.
#ifndef RUNTIME_GATEWAY_RELAY_OUTPUT_H_
#define RUNTIME_GATEWAY_RELAY_OUTPUT_H_

#include <cstdint>
#include <string_view>

#include "runtime/mcp/message.h"

namespace policy::gateway {

enum class Said : std::uint8_t {
  Request,       // wants an answer
  Response,      // is one
  Notification,  // wants none
};

// What a message is about.
struct Regarding {
  Said said = Said::Notification;
  // The client's request that it is, answers, cancels or came with: the number of its exchange, as
  // RelayOutput::Began told. 0: none, or one that was never let in.
  std::uint64_t sequence = 0;
};

// Called by the relay, in its thread. Nothing here calls back into the relay before it returns.
class RelayOutput {
 public:
  // One message without line ending; it lives as long as the call.
  virtual void ToClient(std::string_view bytes, Regarding regarding) = 0;
  // Never called with a call that the policy has not let through.
  virtual void ToServer(std::string_view bytes, Regarding regarding) = 0;

  // Takes back the request that ToServer got as `sequence`. true: not one byte of it was, or will
  // be, written.
  virtual bool TakeBack(std::uint64_t sequence) = 0;

  // The server reads so slowly that errors about its own nonsense are not worth keeping for it.
  virtual bool server_is_full() const = 0;

  // The client's request at hand was let in as `sequence`: it is decided, and answered once.
  virtual void Began(std::uint64_t /*sequence*/, const mcp::Message& /*request*/) {}
  // Nothing more will be said about that request: it was answered, or its answer is not wanted.
  // What ToClient got for it is all that there is. May be called twice.
  virtual void Ended(std::uint64_t /*sequence*/) {}
  // The client has cancelled that request, which the server has; Ended comes once more when it is
  // answered or given up. Until then it holds what it was given.
  virtual void Left(std::uint64_t /*sequence*/) {}
  // The server has listed tools; `answer` is what it said, before anything was left out.
  virtual void Listed(const mcp::Message& /*answer*/) {}
  // The client's message at hand goes nowhere, and as it is no request nobody is answered.
  virtual void Dropped(std::string_view /*reason*/) {}

 protected:
  ~RelayOutput() = default;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_RELAY_OUTPUT_H_
