#include "runtime/transport/http/client_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "policy/check.h"
#include "runtime/transport/http/client_pool.h"

namespace policy::transport {
namespace {

// A connection that was idle for longer is looked at before it is used again.
constexpr std::chrono::milliseconds kLookedAtAfter{500};
// A server that closes after n seconds is not sent a request in the last of them.
constexpr std::chrono::seconds kKeepAliveMargin{1};

// n of "timeout=n" in a Keep-Alive header, or 0.
std::chrono::seconds ReadKeepAlive(std::string_view value) {
  constexpr std::string_view kTimeout = "timeout=";
  const std::size_t at = value.find(kTimeout);
  if (at == std::string_view::npos) return {};
  const std::string_view digits = value.substr(at + kTimeout.size());
  unsigned seconds = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return std::chrono::seconds(std::min(seconds, 86'400U));
}

}  // namespace

ClientConnection::ClientConnection(ClientPool& pool, std::size_t address)
    : pool_(pool), address_(address), kept_for_(pool.options().pool_timeout) {}

ClientConnection::~ClientConnection() {
  if (stream_.is_open()) pool_.loop().Unwatch(stream_.socket().number());
  if (call_ != nullptr) call_->connection_ = nullptr;
}

// ---- connecting

void ClientConnection::Open() {
  pool_.deadlines().Set(*this, pool_.options().connect_timeout);
  NextAddress("");
}

// Tries one address after the other.
void ClientConnection::NextAddress(const std::string& why) {
  std::string reason = why;
  while (addresses_tried_ < pool_.address_count()) {
    const std::size_t address = address_ + addresses_tried_++;
    auto socket = OpenSocket(pool_.Address(address));
    if (!socket) {
      reason = socket.error();
      continue;
    }
    TlsSession session;
    if (pool_.tls() != nullptr) {
      session = pool_.tls()->Connect(*socket, pool_.url().host);
      if (session == nullptr) {
        reason = "TLS cannot begin";
        continue;
      }
    }
    stream_ = TcpStream(std::move(*socket), std::move(session));
    state_ = State::Connecting;
    return WaitForWhatMatters();
  }
  Die();
  pool_.CannotConnect("cannot connect to " + pool_.url().authority + ": " + reason);
}

void ClientConnection::ContinueConnecting() {
  if (const int error = stream_.ConnectError(); error != 0) {
    pool_.loop().Unwatch(stream_.socket().number());
    stream_.Abort();
    return NextAddress(std::strerror(error));
  }
  pool_.PreferAddress(address_ + addresses_tried_ - 1);
  const int on = 1;
  ::setsockopt(stream_.socket().number(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  state_ = State::Handshake;
  ContinueHandshake();
}

void ClientConnection::ContinueHandshake() {
  switch (stream_.Handshake()) {
    case StreamState::Ready:
      return BecomeIdle();
    case StreamState::Blocked:
      return WaitForWhatMatters();
    case StreamState::Ended:
      break;
  }
  const std::string why = stream_.Trouble();
  Die();
  pool_.CannotConnect("cannot connect to " + pool_.url().authority + " over TLS: " + why);
}

void ClientConnection::BecomeIdle() {
  state_ = State::Idle;
  idle_since_ = std::chrono::steady_clock::now();
  pool_.AddIdle(*this);
  pool_.deadlines().Set(*this, kept_for_);
  WaitForWhatMatters();
}

bool ClientConnection::IsStale() {
  if (!was_kept_ || std::chrono::steady_clock::now() - idle_since_ < kLookedAtAfter) return false;
  char byte = 0;
  const ssize_t peeked = ::recv(stream_.socket().number(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  // In TLS there may be a ticket; in the clear nothing is to come.
  const bool is_quiet = peeked < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (is_quiet || (peeked > 0 && stream_.tls() != nullptr)) return false;
  Die();
  return true;
}

// ---- a call

void ClientConnection::Start(HttpCall& call) {
  CHECK(state_ == State::Idle && call_ == nullptr);
  state_ = State::Head;
  call_ = &call;
  call.connection_ = this;
  output_ = std::move(call.bytes_);
  written_ = 0;
  has_first_byte_ = false;
  closes_ = false;
  scanned_ = 0;
  is_paused_ = call.is_paused_;
  pool_.deadlines().Set(*this, call.first_byte_timeout_);
  pool_.MarkDirty(*this);
}

void ClientConnection::Forget() {
  call_->connection_ = nullptr;
  call_ = nullptr;
  state_ = State::Over;
  pool_.MarkDirty(*this);
}

void ClientConnection::SetPaused(bool is_paused) {
  is_paused_ = is_paused;
  if (is_paused) {
    Deadlines::Clear(*this);
  } else if (call_->silence_timeout_.count() != 0) {
    pool_.deadlines().Set(*this, call_->silence_timeout_);
  }
  pool_.MarkDirty(*this);
}

void ClientConnection::Settle() {
  if (state_ == State::Over) return Die();
  if (is_connecting()) return;
  if (Flush() == StreamState::Ended && !has_first_byte_) {
    // It may have answered before it closed. What it said is read first.
    ReadMore();
    if (!is_dead && call_ != nullptr) Ended();
    return;
  }
  if (!is_paused_ && stream_.has_buffered()) ReadMore();
  if (!is_dead) WaitForWhatMatters();
}

StreamState ClientConnection::Flush() {
  while (written_ < output_.size()) {
    const Moved moved = stream_.Write(std::string_view(output_).substr(written_));
    if (moved.state != StreamState::Ready) return moved.state;
    written_ += moved.bytes;
  }
  return StreamState::Ready;
}

void ClientConnection::WaitForWhatMatters() {
  const bool is_opening = state_ == State::Connecting;
  pool_.loop().Watch(stream_.socket().number(),
                     {.readable = !is_opening && !is_paused_,
                      .writable = is_opening || written_ < output_.size() || stream_.wants_write()},
                     *this);
}

void ClientConnection::OnReady(Interest ready) {
  switch (state_) {
    case State::Connecting:
      return ContinueConnecting();
    case State::Handshake:
      return ContinueHandshake();
    case State::Over:
      return;
    case State::Idle:
    case State::Head:
    case State::Body:
      break;
  }
  if (ready.writable) pool_.MarkDirty(*this);
  if (ready.readable || stream_.wants_write()) ReadMore();
  if (!is_dead && !is_dirty) WaitForWhatMatters();
}

void ClientConnection::OnDeadline() {
  const std::string name = pool_.url().authority;
  if (is_connecting()) {
    Die();
    return pool_.CannotConnect("cannot connect to " + name + ": no answer in time");
  }
  if (call_ == nullptr) return Die();
  Fail(has_first_byte_ ? name + " fell silent" : name + " did not answer in time");
}

void ClientConnection::ReadMore() {
  const std::span<char> room = pool_.loop().read_room();
  do {
    const Moved moved = stream_.Read(room);
    if (moved.state == StreamState::Blocked) return;
    if (moved.state == StreamState::Ended) return Ended();
    Take({room.data(), moved.bytes});
  } while (!is_dead && state_ != State::Over && !is_paused_ && stream_.has_buffered());
}

// Nothing more will come.
void ClientConnection::Ended() {
  if (call_ == nullptr) return Die();
  if (state_ == State::Body && delimiter_ == Delimiter::End && stream_.ended_cleanly()) {
    return Finish(false);
  }
  HttpCall& call = *call_;
  const bool may_repeat =
      (call.is_repeatable_ || written_ == 0) && was_kept_ && !has_first_byte_ && !call.is_repeated_;
  if (!may_repeat) return Fail(pool_.url().authority + " closed the connection");
  call.is_repeated_ = true;
  call.connection_ = nullptr;
  call_ = nullptr;
  std::string bytes = std::move(output_);
  Die();
  pool_.SendAgain(call, std::move(bytes));
}

void ClientConnection::Take(std::string_view bytes) {
  if (call_ == nullptr) {
    // An answer to nothing: whose it is nobody can know.
    if (state_ != State::Over) Die();
    return;
  }
  if (!has_first_byte_) {
    has_first_byte_ = true;
    Deadlines::Clear(*this);
  }
  if (call_->silence_timeout_.count() != 0) {
    pool_.deadlines().Set(*this, call_->silence_timeout_);
  }
  std::string held;  // a head that came in pieces, and what came with its end
  if (!input_.empty()) {
    held = std::exchange(input_, {});
    held.append(bytes);
    bytes = held;
  }
  while (state_ == State::Head && !bytes.empty()) {
    bytes = TakeHead(bytes);
  }
  if (state_ == State::Body) TakeBody(bytes);
}

// What stands behind the head that `bytes` begin with. Empty, and all of them kept, while it is not
// complete.
std::string_view ClientConnection::TakeHead(std::string_view bytes) {
  const HeadEnd end = FindHeadEnd(bytes, scanned_);
  const std::size_t head_bytes = end.state == HeadEnd::State::Complete ? end.size : bytes.size();
  const std::string malformed = pool_.url().authority + " sent ";
  if (end.state == HeadEnd::State::Malformed) {
    Fail(malformed + "a malformed head");
    return {};
  }
  if (head_bytes > kHeadBytesMax) {
    Fail(malformed + "a head that is too long");
    return {};
  }
  if (end.state == HeadEnd::State::Incomplete) {
    input_.assign(bytes);
    return {};
  }
  scanned_ = 0;
  const auto parsed = ParseResponseHead(bytes.substr(0, head_bytes), pool_.header_room(),
                                        {.is_answer_to_head = call_->is_head_});
  if (!parsed) {
    Fail(malformed + parsed.error().text);
    return {};
  }
  bytes.remove_prefix(head_bytes);
  if (parsed->head.status < 200 && parsed->head.status != 101) return bytes;
  return BeginBody(*parsed) ? bytes : std::string_view();
}

// false: there is nothing to read any more.
bool ClientConnection::BeginBody(const ParsedResponse& response) {
  const HttpResponseHead& head = response.head;
  const auto encoding = head.headers.Find("content-encoding");
  if (head.status == 101 || (encoding && !SameHeaderText(*encoding, "identity"))) {
    Fail(pool_.url().authority + " answered in an encoding that was not asked for");
    return false;
  }
  const Framing& framing = response.framing;
  closes_ = !framing.keeps_alive;
  delimiter_ = framing.is_chunked   ? Delimiter::Chunks
               : framing.has_length ? Delimiter::Length
                                    : Delimiter::End;
  if (delimiter_ == Delimiter::End) closes_ = true;
  left_ = framing.length;
  chunks_ = {};
  if (!closes_) NoteKeepAlive(head.headers);
  state_ = State::Body;
  call_->handler_.OnHead(head);
  return call_ != nullptr;
}

void ClientConnection::NoteKeepAlive(const HttpHeaders& headers) {
  const auto keep_alive = headers.Find("keep-alive");
  if (!keep_alive) return;
  const std::chrono::seconds timeout = ReadKeepAlive(*keep_alive);
  if (timeout.count() == 0) return;
  if (timeout <= kKeepAliveMargin) {
    closes_ = true;
    return;
  }
  kept_for_ = std::min<std::chrono::milliseconds>(kept_for_, timeout - kKeepAliveMargin);
}

void ClientConnection::TakeBody(std::string_view bytes) {
  switch (delimiter_) {
    case Delimiter::End:
      if (!bytes.empty()) Deliver(bytes);
      return;
    case Delimiter::Length: {
      const std::string_view data =
          bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
      left_ -= data.size();
      if (!data.empty()) Deliver(data);
      // More than it had announced belongs to nothing.
      if (call_ != nullptr && left_ == 0) Finish(bytes.size() == data.size());
      return;
    }
    case Delimiter::Chunks:
      break;
  }
  while (call_ != nullptr) {
    const ChunkReader::Step step = chunks_.Next(bytes);
    switch (step.state) {
      case ChunkReader::State::NeedsMore:
        return;
      case ChunkReader::State::Malformed:
        return Fail(pool_.url().authority + " sent a malformed chunk");
      case ChunkReader::State::End:
        return Finish(bytes.empty());
      case ChunkReader::State::Data:
        Deliver(step.data);
    }
  }
}

void ClientConnection::Deliver(std::string_view bytes) { call_->handler_.OnBody(bytes); }

void ClientConnection::Finish(bool is_reusable) {
  HttpResponseHandler& handler = call_->handler_;
  call_->connection_ = nullptr;
  call_ = nullptr;
  const bool is_written = written_ == output_.size();
  is_paused_ = false;
  if (is_reusable && is_written && !closes_) {
    pool_.KeepRoom(std::exchange(output_, {}));
    written_ = 0;
    was_kept_ = true;
    // First, so that whatever follows from the end may go out on it.
    BecomeIdle();
  } else {
    Die();
  }
  handler.OnEnd();
}

void ClientConnection::Fail(const std::string& text) {
  HttpResponseHandler& handler = call_->handler_;
  const auto kind = written_ == 0 ? HttpFailure::Kind::NotSent : HttpFailure::Kind::Sent;
  call_->connection_ = nullptr;
  call_ = nullptr;
  Die();
  handler.OnFailure({.kind = kind, .text = text});
}

void ClientConnection::Die() {
  if (is_dead) return;
  if (state_ == State::Idle) pool_.RemoveIdle(*this);
  const bool is_halfway = state_ == State::Head || state_ == State::Body;
  state_ = State::Over;
  Deadlines::Clear(*this);
  if (stream_.is_open()) {
    pool_.loop().Unwatch(stream_.socket().number());
    if (is_halfway) {
      stream_.Abort();
    } else {
      stream_.Close();
    }
  }
  pool_.Bury(*this);
}

}  // namespace policy::transport
