#include "runtime/transport/http/client_pool.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "policy/check.h"

namespace policy::transport {
namespace {

// Names may come to mean other addresses.
constexpr std::chrono::seconds kAddressesAgeMax{10};
constexpr std::size_t kKeptRoomBytesMax = std::size_t{64} << 10;

void AppendHeader(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

ClientPool::ClientPool(EventLoop& loop, HttpClientOptions options, HttpUrl url,
                       std::optional<TlsClient> tls)
    : loop_(loop),
      options_(std::move(options)),
      url_(std::move(url)),
      tls_(std::move(tls)),
      deadlines_(loop),
      list_(loop, [this] { AssignCalls(); }) {}

ClientPool::~ClientPool() {
  for (HttpCall* const call : waiting_) {
    call->pool_ = nullptr;
    Deadlines::Clear(*call);
  }
}

std::unique_ptr<HttpCall> ClientPool::Send(const HttpRequest& request,
                                           HttpResponseHandler& handler) {
  std::unique_ptr<HttpCall> call(new HttpCall(handler));  // its constructor is ours alone
  call->bytes_ = Write(request, *call);
  call->is_head_ = request.method == "HEAD";
  call->is_repeatable_ = request.is_repeatable;
  call->first_byte_timeout_ = request.first_byte_timeout.count() != 0 ? request.first_byte_timeout
                                                                      : options_.first_byte_timeout;
  call->silence_timeout_ = request.silence_timeout;
  if (call->trouble_.empty() && waiting_.size() >= kWaitingCallsMax) {
    call->trouble_ = "too many calls wait for a connection to " + url_.authority;
  }
  if (call->trouble_.empty() && waiting_.empty()) {
    if (ClientConnection* const connection = TakeIdle()) {
      connection->Start(*call);
      return call;
    }
  }
  call->pool_ = this;
  deadlines_.Set(*call, options_.connect_timeout);
  waiting_.push_back(call.get());
  list_.DeferOnce();
  return call;
}

// The whole request as it is sent.
std::string ClientPool::Write(const HttpRequest& request, HttpCall& call) {
  std::string bytes = std::exchange(room_, {});
  bytes.clear();
  const std::string_view target = request.target.empty() ? url_.target : request.target;
  if (!IsHeaderName(request.method) || !IsTarget(target)) call.trouble_ = "a malformed request";
  bytes.append(request.method).append(" ").append(target).append(" HTTP/1.1\r\n");
  AppendHeader(bytes, "Host", url_.authority);
  for (const HttpHeader& header : request.headers) {
    if (!IsHeaderName(header.name) || !IsHeaderValue(header.value)) {
      call.trouble_ = "a header of the request cannot be sent";
    }
    AppendHeader(bytes, header.name, header.value);
  }
  bytes.append("Accept-Encoding: identity\r\n");
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    AppendHeader(bytes, "Content-Length", std::to_string(request.body.size()));
  }
  bytes.append("\r\n").append(request.body);
  return bytes;
}

void ClientPool::KeepRoom(std::string room) {
  if (room.capacity() <= kKeptRoomBytesMax) room_ = std::move(room);
}

void ClientPool::Withdraw(HttpCall& call) {
  Deadlines::Clear(call);
  call.pool_ = nullptr;
  std::erase(waiting_, &call);
}

void ClientPool::FailWaiting(HttpCall& call, const std::string& why) {
  Withdraw(call);
  call.handler_.OnFailure({.kind = HttpFailure::Kind::NotSent, .text = why});
}

void ClientPool::WaitedTooLong(HttpCall& call) {
  FailWaiting(call, "no connection to " + url_.authority + " in time");
}

void ClientPool::SendAgain(HttpCall& call, std::string bytes) {
  call.bytes_ = std::move(bytes);
  call.pool_ = this;
  deadlines_.Set(call, options_.connect_timeout);
  waiting_.push_front(&call);
  list_.DeferOnce();
}

// Each connection that cannot be made is one call's.
void ClientPool::CannotConnect(const std::string& why) {
  if (!waiting_.empty()) FailWaiting(*waiting_.front(), why);
}

void ClientPool::Bury(ClientConnection& connection) { list_.Bury(connection); }

void ClientPool::AddIdle(ClientConnection& connection) {
  connection.idle_index = idle_.size();
  idle_.push_back(&connection);
  if (!waiting_.empty()) list_.DeferOnce();
}

void ClientPool::RemoveIdle(ClientConnection& connection) {
  idle_[connection.idle_index] = idle_.back();
  idle_.back()->idle_index = connection.idle_index;
  idle_.pop_back();
}

ClientConnection* ClientPool::TakeIdle() {
  while (!idle_.empty()) {
    ClientConnection& connection = *idle_.back();
    if (connection.IsStale()) continue;  // and has left the list
    RemoveIdle(connection);
    return &connection;
  }
  return nullptr;
}

// Gives calls connections, as far as there are any, and opens those that are missing.
void ClientPool::AssignCalls() {
  for (std::size_t i = waiting_.size(); i-- > 0 && !waiting_.empty();) {
    HttpCall& call = *waiting_.front();
    if (!call.trouble_.empty()) {
      const std::string why = std::move(call.trouble_);
      FailWaiting(call, why);
      continue;
    }
    ClientConnection* const connection = TakeIdle();
    if (connection == nullptr) break;
    Withdraw(call);
    connection->Start(call);
  }
  if (waiting_.empty() || !HasAddresses()) return;
  std::size_t connecting = 0;
  for (std::size_t i = 0; i < list_.size(); ++i) connecting += list_[i].is_connecting() ? 1 : 0;
  while (connecting < waiting_.size() && list_.size() < options_.connections_max) {
    list_.Insert(std::make_unique<ClientConnection>(*this, preferred_address_)).Open();
    ++connecting;
  }
}

// false: they are looked up, and calls assigned when they are found.
bool ClientPool::HasAddresses() {
  const auto now = std::chrono::steady_clock::now();
  if (!addresses_.empty() && now - found_at_ < kAddressesAgeMax) return true;
  if (lookup_ != nullptr) return false;
  lookup_ = std::make_unique<NameLookup>(
      loop_, url_.host, std::to_string(url_.port), [this](NameLookup::Found found) {
        const auto over = std::exchange(lookup_, nullptr);
        if (!found) {
          const std::string why = "cannot find " + url_.host + ": " + found.error();
          for (std::size_t i = waiting_.size(); i-- > 0 && !waiting_.empty();) {
            FailWaiting(*waiting_.front(), why);
          }
          return;
        }
        addresses_ = std::move(*found);
        preferred_address_ = 0;
        found_at_ = std::chrono::steady_clock::now();
        AssignCalls();
      });
  return false;
}

}  // namespace policy::transport
