#include "runtime/transport/http/server_connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "policy/check.h"
#include "runtime/transport/http/server_connections.h"
#include "runtime/transport/http/status_text.h"
#include "runtime/transport/tls_server.h"

namespace policy::transport {
namespace {

// An idle connection keeps no more room than this for its next answer.
constexpr std::size_t kKeptOutputBytes = 2'048;
// So much of what a refused client goes on sending is read and thrown away: a client that writes
// into a closed connection loses the answer that says why.
constexpr std::size_t kLingerBytesMax = std::size_t{64} << 20;
// The shared budget is taken from in steps, not for every read.
constexpr std::size_t kBudgetStepBytes = std::size_t{256} << 10;

void AppendNumber(std::string& out, std::uint64_t number, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

void AppendHeader(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

bool HasNoBody(int status) { return status < 200 || status == 204 || status == 304; }

void Count(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

ServerConnection::ServerConnection(TcpStream stream, std::shared_ptr<HttpPeer> peer)
    : stream_(std::move(stream)),
      peer_(std::move(peer)),
      state_(stream_.is_ready() ? State::Reading : State::Handshake) {}

ServerConnection::~ServerConnection() {
  if (exchange_ != nullptr) exchange_->connection_ = nullptr;
}

void ServerConnection::Join(ServerConnections& set) {
  set_ = &set;
  WaitForWhatMatters();
  if (queued_bytes() != 0) MarkDirty();
}

void ServerConnection::Leave() {
  set_->loop().Unwatch(stream_.socket().number());
  Deadlines::Clear(*this);
  wait_ = Wait::None;
  set_ = nullptr;
}

void ServerConnection::MarkDirty() {
  if (set_ != nullptr) set_->MarkDirty(*this);
}

// ---- reading

void ServerConnection::OnReady(Interest ready) {
  if (state_ == State::Handshake) return ContinueHandshake();
  if (ready.writable) MarkDirty();
  if (ready.readable || stream_.wants_write()) ReadMore();
  if (!is_dead && !is_dirty) WaitForWhatMatters();
}

void ServerConnection::ContinueHandshake() {
  switch (stream_.Handshake()) {
    case StreamState::Ended:
      Count(set_->counts().failed_tls);
      return Die();
    case StreamState::Blocked:
      return WaitForWhatMatters();
    case StreamState::Ready:
      break;
  }
  TlsPeerCertificate certificate = PeerCertificate(*stream_.tls());
  peer_->certificate_subject = std::move(certificate.subject);
  peer_->certificate_sha256 = std::move(certificate.sha256);
  state_ = State::Reading;
  // What came with the end of the handshake lies in the session already.
  ReadMore();
  if (!is_dead) WaitForWhatMatters();
}

void ServerConnection::ReadMore() {
  const std::span<char> room = set_->loop().read_room();
  do {
    const Moved moved = stream_.Read(room);
    if (moved.state == StreamState::Blocked) return;
    if (moved.state == StreamState::Ended) return PeerEnded();
    Take({room.data(), moved.bytes});
  } while (!is_dead && stream_.has_buffered());
}

void ServerConnection::PeerEnded() {
  // Who has sent all requests and only reads still gets the answers that are ready.
  const bool is_answered = exchange_ == nullptr && arriving_ == nullptr && queued_bytes() != 0;
  if (!is_answered || !stream_.ended_cleanly()) return Die();
  ends_after_output_ = true;
  state_ = State::Lingering;
  discarded_ = kLingerBytesMax;  // nothing more is read
  MarkDirty();
}

void ServerConnection::Take(std::string_view bytes) {
  if (state_ == State::Lingering) {
    discarded_ += bytes.size();
    if (discarded_ > kLingerBytesMax) Die();
    return;
  }
  if (arriving_ != nullptr) return TakeBody(bytes);
  input_.append(bytes);
  // Who does not take answers gets no more of them.
  if (state_ == State::Reading && queued_bytes() == 0) ReadHead();
}

void ServerConnection::ReadHead() {
  const HeadEnd end = FindHeadEnd(input_, scanned_);
  const std::size_t head_bytes = end.state == HeadEnd::State::Complete ? end.size : input_.size();
  if (end.state == HeadEnd::State::Malformed) return Refuse(400, "a malformed head");
  if (head_bytes > kHeadBytesMax) return Refuse(431, "the head is too long");
  if (end.state == HeadEnd::State::Complete) BeginRequest(head_bytes);
}

void ServerConnection::BeginRequest(std::size_t head_bytes) {
  arriving_.reset(new HttpExchange);  // its constructor is ours alone
  HttpExchange& exchange = *arriving_;
  exchange.bytes_ = std::exchange(input_, {});
  scanned_ = 0;
  const std::string_view bytes = exchange.bytes_;
  const auto parsed = ParseRequestHead(bytes.substr(0, head_bytes), set_->header_room());
  if (!parsed) return Refuse(parsed.error().status, parsed.error().text);
  const std::span<const HttpHeader> headers = parsed->head.headers.all();
  exchange.headers_.assign(headers.begin(), headers.end());
  exchange.head_ = parsed->head;
  exchange.head_.headers = HttpHeaders(exchange.headers_);
  framing_ = parsed->framing;
  if (framing_.has_length && framing_.length > set_->options().body_bytes_max) {
    return Refuse(413, "the body is too long");
  }
  const std::string_view rest = bytes.substr(head_bytes);
  if (framing_.has_length && rest.size() >= framing_.length) {
    const auto length = static_cast<std::size_t>(framing_.length);
    exchange.body_ = rest.substr(0, length);
    return Dispatch(rest.substr(length));
  }
  chunks_ = {};
  if (framing_.expects_continue && rest.empty()) {
    output_.append("HTTP/1.1 100 Continue\r\n\r\n");
    MarkDirty();
  }
  TakeBody(rest);
}

void ServerConnection::TakeBody(std::string_view bytes) {
  if (framing_.is_chunked) return TakeChunks(bytes);
  const std::size_t missing = static_cast<std::size_t>(framing_.length) - arriving_->apart_.size();
  const std::size_t taken = std::min(missing, bytes.size());
  if (!AddToBody(bytes.substr(0, taken))) return;
  if (taken == missing) {
    arriving_->body_ = arriving_->apart_;
    Dispatch(bytes.substr(taken));
  }
}

void ServerConnection::TakeChunks(std::string_view bytes) {
  while (true) {
    const ChunkReader::Step step = chunks_.Next(bytes);
    switch (step.state) {
      case ChunkReader::State::NeedsMore:
        return;
      case ChunkReader::State::Malformed:
        return Refuse(400, "a malformed chunk");
      case ChunkReader::State::End:
        arriving_->body_ = arriving_->apart_;
        return Dispatch(bytes);
      case ChunkReader::State::Data:
        if (arriving_->apart_.size() + step.data.size() > set_->options().body_bytes_max) {
          return Refuse(413, "the body is too long");
        }
        if (!AddToBody(step.data)) return;
    }
  }
}

// false: refused.
bool ServerConnection::AddToBody(std::string_view bytes) {
  HttpExchange& exchange = *arriving_;
  const std::size_t size = exchange.apart_.size() + bytes.size();
  const std::size_t counted = kUncountedBodyBytes + exchange.counted_.bytes();
  if (size > counted) {
    const std::size_t missing = size - counted;
    const std::shared_ptr<ByteBudget>& budget = set_->options().body_budget;
    if (!exchange.counted_.Take(budget, std::max(missing, kBudgetStepBytes)) &&
        !exchange.counted_.Take(budget, missing)) {
      Refuse(503, "too many long requests at once");
      return false;
    }
  }
  exchange.apart_.append(bytes);
  return true;
}

// Hands the request that has arrived to the handler. `rest` stood behind it.
void ServerConnection::Dispatch(std::string_view rest) {
  input_.assign(rest);
  const std::shared_ptr<HttpExchange> taken = std::exchange(arriving_, nullptr);
  HttpExchange& exchange = *taken;
  exchange.connection_ = this;
  exchange.peer_ = peer_;
  exchange_ = &exchange;
  state_ = State::Answering;
  keeps_alive_ = framing_.keeps_alive && !set_->is_draining();
  is_http_1_0_ = exchange.head_.minor_version == 0;
  is_head_request_ = exchange.head_.method == "HEAD";
  is_streaming_ = false;
  Count(set_->counts().requests);
  set_->handler().OnRequest(taken);
}

// ---- answering

void ServerConnection::Refuse(int status, std::string_view text) {
  Count(set_->counts().refused);
  arriving_.reset();
  keeps_alive_ = false;
  is_head_request_ = false;
  is_http_1_0_ = false;
  const std::array<HttpHeader, 1> headers = {{{"Content-Type", "text/plain"}}};
  AppendHead(status, headers);
  AppendHeader(output_, "Content-Length", std::to_string(text.size() + 1));
  output_.append("\r\n").append(text).append("\n");
  FinishAnswer();
}

void ServerConnection::AppendHead(int status, std::span<const HttpHeader> headers) {
  output_.append("HTTP/1.1 ");
  AppendNumber(output_, static_cast<std::uint64_t>(status));
  output_.append(" ").append(StatusText(status)).append("\r\n");
  AppendHeader(output_, "Date", set_->Date());
  for (const HttpHeader& header : headers) {
    if (IsHeaderName(header.name) && IsHeaderValue(header.value)) {
      AppendHeader(output_, header.name, header.value);
    }
  }
  if (!keeps_alive_) AppendHeader(output_, "Connection", "close");
}

void ServerConnection::Respond(const HttpExchange& exchange, int status,
                               std::span<const HttpHeader> headers, std::string_view body) {
  CHECK(&exchange == exchange_ && !is_streaming_);
  AppendHead(status, headers);
  if (!HasNoBody(status)) {
    output_.append("Content-Length: ");
    AppendNumber(output_, body.size());
    output_.append("\r\n\r\n");
    if (!is_head_request_) output_.append(body);
  } else {
    output_.append("\r\n");
  }
  FinishAnswer();
}

void ServerConnection::BeginStream(const HttpExchange& exchange, int status,
                                   std::span<const HttpHeader> headers) {
  CHECK(&exchange == exchange_ && !is_streaming_ && !HasNoBody(status));
  is_streaming_ = true;
  if (is_http_1_0_) keeps_alive_ = false;
  AppendHead(status, headers);
  output_.append(is_http_1_0_ ? "\r\n" : "Transfer-Encoding: chunked\r\n\r\n");
  MarkDirty();
}

void ServerConnection::WriteChunk(std::string_view bytes) {
  CHECK(is_streaming_);
  if (bytes.empty() || is_head_request_) return;
  // What could be sent by now does not count against a client that reads.
  if (queued_bytes() >= kStreamQueueBytesMax && Flush() != StreamState::Ready &&
      queued_bytes() >= kStreamQueueBytesMax) {
    Count(set_->counts().cut_slow);
    is_cut_ = true;
    return MarkDirty();
  }
  if (is_http_1_0_) {
    output_.append(bytes);
  } else {
    AppendNumber(output_, bytes.size(), 16);
    output_.append("\r\n").append(bytes).append("\r\n");
  }
  MarkDirty();
}

void ServerConnection::EndStream() {
  CHECK(is_streaming_);
  if (!is_http_1_0_ && !is_head_request_) output_.append("0\r\n\r\n");
  FinishAnswer();
}

void ServerConnection::FinishAnswer() {
  is_streaming_ = false;
  state_ = keeps_alive_ ? State::Reading : State::Lingering;
  ends_after_output_ = !keeps_alive_;
  MarkDirty();
  if (HttpExchange* const exchange = std::exchange(exchange_, nullptr)) {
    exchange->connection_ = nullptr;
    // What it holds may hold the exchange itself: it goes last.
    const auto unused = std::exchange(exchange->on_closed_, nullptr);
  }
}

void ServerConnection::Abandon(const HttpExchange& exchange) {
  CHECK(&exchange == exchange_);
  if (set_ == nullptr) {
    exchange_ = nullptr;
    return;
  }
  if (is_streaming_) {
    exchange_ = nullptr;
    is_cut_ = true;
    return MarkDirty();
  }
  keeps_alive_ = false;
  const std::array<HttpHeader, 1> headers = {{{"Content-Type", "text/plain"}}};
  Respond(exchange, 500, headers, "the request was dropped\n");
}

void ServerConnection::Move(std::shared_ptr<HttpExchange> exchange,
                            std::shared_ptr<ServerDoor> door) {
  CHECK(exchange.get() == exchange_ && !exchange->has_begun() && moving_ == nullptr);
  moving_ = std::move(exchange);
  door_ = std::move(door);
  MarkDirty();
}

// ---- when the handler has returned

void ServerConnection::Settle() {
  if (is_cut_) return Die();
  if (state_ == State::Handshake) return WaitForWhatMatters();
  if (Flush() == StreamState::Ended) return Die();
  if (door_ != nullptr) {
    // The handler's copy of the reference is gone: nobody here touches the exchange any more.
    CHECK(moving_.use_count() == 1);
    const std::shared_ptr<ServerDoor> door = std::exchange(door_, nullptr);
    std::shared_ptr<HttpExchange> moving = std::exchange(moving_, nullptr);
    return set_->SendAway(*this, std::move(moving), door);
  }
  if (ends_after_output_ && queued_bytes() == 0) {
    if (discarded_ >= kLingerBytesMax) return Die();
    ends_after_output_ = false;
    stream_.FinishWriting();
  }
  // The next request may lie here already.
  const bool is_free = state_ == State::Reading && arriving_ == nullptr && queued_bytes() == 0;
  if (is_free && !input_.empty()) ReadHead();
  if (!is_dead) WaitForWhatMatters();
}

StreamState ServerConnection::Flush() {
  const std::size_t before = written_;
  StreamState state = StreamState::Ready;
  while (written_ < output_.size()) {
    const Moved moved = stream_.Write(std::string_view(output_).substr(written_));
    state = moved.state;
    if (state != StreamState::Ready) break;
    written_ += moved.bytes;
  }
  if (written_ != before && wait_ == Wait::Write) SetDeadline(Wait::Write);
  if (written_ == output_.size()) {
    output_.clear();
    written_ = 0;
    if (output_.capacity() > kKeptOutputBytes) output_.shrink_to_fit();
  } else if (written_ >= output_.size() - written_) {
    output_.erase(0, std::exchange(written_, 0));
  }
  return state;
}

void ServerConnection::WaitForWhatMatters() {
  // Who is told to wait by TLS itself waits for nothing else.
  const bool is_busy = state_ == State::Answering || queued_bytes() != 0;
  const bool is_full = is_busy && arriving_ == nullptr && input_.size() >= kPipelinedBytesMax;
  const bool is_over = state_ == State::Lingering && discarded_ >= kLingerBytesMax;
  set_->loop().Watch(
      stream_.socket().number(),
      {.readable = !is_full && !is_over, .writable = queued_bytes() != 0 || stream_.wants_write()},
      *this);
  Wait wait = Wait::None;
  if (queued_bytes() != 0) {
    wait = Wait::Write;
  } else {
    switch (state_) {
      case State::Handshake:
        wait = Wait::Handshake;
        break;
      case State::Reading:
        wait = arriving_ != nullptr ? Wait::Body : input_.empty() ? Wait::Idle : Wait::Head;
        break;
      case State::Answering:
        break;
      case State::Lingering:
        wait = Wait::Linger;
        break;
    }
  }
  // An idle connection is idle from its last answer on; the others from their beginning.
  if (wait != wait_ || wait == Wait::Idle) SetDeadline(wait);
}

void ServerConnection::SetDeadline(Wait wait) {
  wait_ = wait;
  const HttpServerOptions& options = set_->options();
  Deadlines& deadlines = set_->deadlines();
  switch (wait) {
    case Wait::None:
      return Deadlines::Clear(*this);
    case Wait::Handshake:
    case Wait::Head:
      return deadlines.Set(*this, options.head_timeout);
    case Wait::Idle:
      return deadlines.Set(*this, options.idle_timeout);
    case Wait::Body:
      return deadlines.Set(*this, options.body_timeout);
    case Wait::Write:
      return deadlines.Set(*this, options.write_timeout);
    case Wait::Linger:
      return deadlines.Set(*this, kLingerTimeout);
  }
}

void ServerConnection::OnDeadline() {
  const Wait passed = std::exchange(wait_, Wait::None);
  if (passed != Wait::Linger) Count(set_->counts().timed_out);
  if (passed != Wait::Head && passed != Wait::Body) return Die();
  Refuse(408, "the request took too long");
}

void ServerConnection::Drain() {
  keeps_alive_ = false;
  const bool is_idle = state_ == State::Reading && arriving_ == nullptr && input_.empty();
  if (state_ == State::Handshake || (is_idle && queued_bytes() == 0)) return Die();
  if (is_idle) {
    state_ = State::Lingering;
    ends_after_output_ = true;
  }
}

void ServerConnection::Die() {
  if (is_dead) return;
  set_->loop().Unwatch(stream_.socket().number());
  Deadlines::Clear(*this);
  // A stream that is cut must not look like one that is over.
  if (is_streaming_ || queued_bytes() != 0) {
    stream_.Abort();
  } else {
    stream_.Close();
  }
  arriving_.reset();
  HttpExchange* const exchange = std::exchange(exchange_, nullptr);
  std::function<void()> on_closed;
  if (exchange != nullptr) {
    exchange->connection_ = nullptr;
    on_closed = std::exchange(exchange->on_closed_, nullptr);
  }
  moving_.reset();
  set_->Bury(*this);
  if (on_closed) on_closed();
}

}  // namespace policy::transport
