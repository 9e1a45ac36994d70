// The server of a session as `policyd serve` sees it: a child over stdio, or an upstream over HTTP.
#ifndef RUNTIME_GATEWAY_SERVE_SERVER_SIDE_H_
#define RUNTIME_GATEWAY_SERVE_SERVER_SIDE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/gateway/relay_output.h"

namespace policy::gateway {

// Hears what the server says. Called from the loop, never from within a call of ServerSide.
class ServerListener {
 public:
  // One message. `sequence`: of the client's request that it came with, where each has a stream of
  // its own; else 0. `status`: of HTTP, with which it came.
  struct From {
    std::uint64_t sequence = 0;
    int status = 200;
  };
  virtual void OnServerMessage(std::string_view bytes, From from) = 0;
  virtual void OnServerMessageTooLong(std::uint64_t sequence) = 0;

  // No answer will come to this request.
  struct LostRequest {
    std::uint64_t sequence = 0;
    std::string text;      // for the client, and people
    bool was_sent = true;  // false: not one byte of it was
    int status = 0;        // of HTTP, as the server answered it; 0: it did not
  };
  virtual void OnRequestLost(const LostRequest& lost) = 0;

  // The server has closed the stream of this request before its answer, and said that the stream
  // can be taken up again: the answer will come all the same.
  virtual void OnStreamPaused(std::uint64_t sequence, std::string_view retry_ms) = 0;

  // Nothing more comes, and nothing can be sent. `why` is for people. Called once, last.
  virtual void OnServerEnded(std::string_view why) = 0;

 protected:
  ~ServerListener() = default;
};

// What one session may have with a server over HTTP that does not answer: from here on it is full.
// One message may go past it.
inline constexpr std::size_t kSentBytesMax = std::size_t{16} << 20;

// Lives in its worker's loop; not thread-safe.
class ServerSide {
 public:
  virtual ~ServerSide() = default;

  // As RelayOutput::ToServer.
  virtual void Send(std::string_view bytes, Regarding regarding) = 0;
  virtual bool TakeBack(std::uint64_t sequence) = 0;
  virtual bool is_full() const = 0;

  // Headers of HTTP that go with the next message: name and value, each. Over stdio there are none.
  using Headers = std::vector<std::pair<std::string, std::string>>;
  virtual void SetHeaders(Headers /*headers*/) {}
  // As RelayOutput::Ended: what still comes for this request is of no use.
  virtual void Ended(std::uint64_t /*sequence*/) {}
  // The client listens for what belongs to none of its requests.
  virtual void ClientListens() {}
  // The client wants no answer to this request any more, and said so by leaving.
  virtual void Forget(std::uint64_t /*sequence*/) {}
  // What a session id has to hold so that another process can take up this session; empty: it
  // cannot.
  virtual std::string resumption() const { return {}; }
  // The listener hears nothing more. Whatever is left ends by itself, in the loop.
  virtual void End() = 0;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_SERVER_SIDE_H_
