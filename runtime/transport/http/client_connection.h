// One connection of a client: connects, writes a request, reads its response, and is kept for the
// next one.
#ifndef RUNTIME_TRANSPORT_HTTP_CLIENT_CONNECTION_H_
#define RUNTIME_TRANSPORT_HTTP_CLIENT_CONNECTION_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/transport/deadlines.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/http/chunk_reader.h"
#include "runtime/transport/http/connection_list.h"
#include "runtime/transport/http/head_parser.h"
#include "runtime/transport/http/http_client.h"
#include "runtime/transport/tcp_stream.h"

namespace policy::transport {

// Belongs to its pool, which destroys it when the handler that runs has returned.
class ClientConnection final : public EventHandler, public Deadline, public ListedConnection {
 public:
  // Begins to connect to the `address`th address of the pool.
  ClientConnection(ClientPool& pool, std::size_t address);
  ClientConnection(const ClientConnection&) = delete;  // the loop and its call refer to it
  ClientConnection& operator=(const ClientConnection&) = delete;
  ~ClientConnection() override;

  void Open();
  // REQUIRES: is_idle.
  void Start(HttpCall& call);
  void Settle();
  // Its call is cancelled.
  void Forget();
  void SetPaused(bool is_paused);
  // It was closed by the other side, without our having been told yet.
  bool IsStale();

  bool is_idle() const { return state_ == State::Idle; }
  bool is_connecting() const { return state_ == State::Connecting || state_ == State::Handshake; }

  std::size_t idle_index = 0;  // in the pool's list of idle ones, if it is one

 private:
  enum class State : std::uint8_t { Connecting, Handshake, Idle, Head, Body, Over };
  enum class Delimiter : std::uint8_t { Length, Chunks, End };

  void OnReady(Interest ready) override;
  void OnDeadline() override;

  void ContinueConnecting();
  void ContinueHandshake();
  void NextAddress(const std::string& why);
  void BecomeIdle();
  void ReadMore();
  void Ended();
  void Take(std::string_view bytes);
  std::string_view TakeHead(std::string_view bytes);
  bool BeginBody(const ParsedResponse& response);
  void NoteKeepAlive(const HttpHeaders& headers);
  void TakeBody(std::string_view bytes);
  void Deliver(std::string_view bytes);
  void Finish(bool is_reusable);
  void Fail(const std::string& text);
  void Die();
  StreamState Flush();
  void WaitForWhatMatters();

  ClientPool& pool_;
  std::size_t address_;
  std::size_t addresses_tried_ = 0;
  TcpStream stream_;
  State state_ = State::Connecting;
  HttpCall* call_ = nullptr;
  std::string output_;
  std::size_t written_ = 0;
  std::string input_;  // a head that is not complete
  std::size_t scanned_ = 0;
  Delimiter delimiter_ = Delimiter::Length;
  std::uint64_t left_ = 0;  // of a body with a length
  ChunkReader chunks_;
  std::chrono::milliseconds kept_for_{0};  // idle, at most; the other side may have said less
  std::chrono::steady_clock::time_point idle_since_;
  bool was_kept_ = false;        // the call is not its first
  bool closes_ = false;          // no other call after this one
  bool has_first_byte_ = false;  // of the response
  bool is_paused_ = false;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_CLIENT_CONNECTION_H_
