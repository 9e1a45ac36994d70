// One connection of a server: takes requests off it, one at a time, and writes their answers.
#ifndef RUNTIME_TRANSPORT_HTTP_SERVER_CONNECTION_H_
#define RUNTIME_TRANSPORT_HTTP_SERVER_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/transport/deadlines.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/http/chunk_reader.h"
#include "runtime/transport/http/connection_list.h"
#include "runtime/transport/http/head_parser.h"
#include "runtime/transport/http/http_exchange.h"
#include "runtime/transport/tcp_stream.h"

namespace policy::transport {

class ServerConnections;
struct ServerDoor;

// Belongs to a set, and to its loop, but for the time that it moves from one to another. Never
// destroyed by its own functions: the set does it when the handler that runs has returned.
class ServerConnection final : public EventHandler, public Deadline, public ListedConnection {
 public:
  ServerConnection(TcpStream stream, std::shared_ptr<HttpPeer> peer);
  ServerConnection(const ServerConnection&) = delete;  // its loop and exchange refer to it
  ServerConnection& operator=(const ServerConnection&) = delete;
  ~ServerConnection() override;

  // The set's side. Join: from now on it belongs to `set`. Leave: to nobody.
  void Join(ServerConnections& set);
  void Leave();
  // What was left for when the handler has returned: writing, moving, closing, the next request.
  void Settle();
  // No request after the one that is there. Ends it if there is none.
  void Drain();

  // The exchange's side.
  void Respond(const HttpExchange& exchange, int status, std::span<const HttpHeader> headers,
               std::string_view body);
  void BeginStream(const HttpExchange& exchange, int status, std::span<const HttpHeader> headers);
  void WriteChunk(std::string_view bytes);
  void EndStream();
  void Abandon(const HttpExchange& exchange);
  void Move(std::shared_ptr<HttpExchange> exchange, std::shared_ptr<ServerDoor> door);
  bool is_cut() const { return is_cut_; }
  std::size_t queued_bytes() const { return output_.size() - written_; }

 private:
  enum class State : std::uint8_t { Handshake, Reading, Answering, Lingering };
  enum class Wait : std::uint8_t { None, Handshake, Idle, Head, Body, Write, Linger };

  void OnReady(Interest ready) override;
  void OnDeadline() override;

  void ContinueHandshake();
  void ReadMore();
  void Take(std::string_view bytes);
  void ReadHead();
  void BeginRequest(std::size_t head_bytes);
  void TakeBody(std::string_view bytes);
  void TakeChunks(std::string_view bytes);
  bool AddToBody(std::string_view bytes);
  void Dispatch(std::string_view rest);
  void Refuse(int status, std::string_view text);

  void AppendHead(int status, std::span<const HttpHeader> headers);
  void FinishAnswer();
  StreamState Flush();
  void PeerEnded();
  void Die();
  void MarkDirty();
  void WaitForWhatMatters();
  void SetDeadline(Wait wait);

  ServerConnections* set_ = nullptr;  // null: on its way between two
  TcpStream stream_;
  std::shared_ptr<HttpPeer> peer_;
  std::string input_;  // that belongs to no request yet
  std::size_t scanned_ = 0;
  std::shared_ptr<HttpExchange> arriving_;  // its body is not complete
  Framing framing_;
  ChunkReader chunks_;
  HttpExchange* exchange_ = nullptr;  // that is being answered
  std::shared_ptr<HttpExchange> moving_;
  std::shared_ptr<ServerDoor> door_;  // where it moves to; null: it stays
  std::string output_;
  std::size_t written_ = 0;  // bytes at the front of output_
  std::size_t discarded_ = 0;
  State state_ = State::Reading;
  Wait wait_ = Wait::None;
  bool keeps_alive_ = true;
  bool is_head_request_ = false;
  bool is_http_1_0_ = false;
  bool is_streaming_ = false;
  bool ends_after_output_ = false;
  bool is_cut_ = false;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_SERVER_CONNECTION_H_
