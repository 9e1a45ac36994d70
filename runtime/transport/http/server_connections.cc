#include "runtime/transport/http/server_connections.h"

#include <utility>

namespace policy::transport {
namespace {

// A connection on its way to another loop.
struct Parcel {
  std::unique_ptr<ServerConnection> connection;
  std::shared_ptr<HttpExchange> exchange;  // destroyed first, for it refers to the connection
};

}  // namespace

ServerConnections::ServerConnections(EventLoop& loop, HttpServerOptions options,
                                     HttpHandler& handler)
    : loop_(loop),
      options_(std::move(options)),
      handler_(handler),
      deadlines_(loop),
      door_(std::make_shared<ServerDoor>(ServerDoor{.loop = &loop, .set = this})),
      list_(loop, [this] { Settled(); }) {
  if (options_.body_budget == nullptr) {
    options_.body_budget = std::make_shared<ByteBudget>(kBodyBudgetBytes);
  }
}

ServerConnections::~ServerConnections() {
  door_->set = nullptr;
  for (std::size_t i = 0; i < list_.size(); ++i) list_[i].Leave();
}

void ServerConnections::Add(TcpStream stream, std::shared_ptr<HttpPeer> peer) {
  Insert(std::make_unique<ServerConnection>(std::move(stream), std::move(peer))).Join(*this);
}

ServerConnection& ServerConnections::Insert(std::unique_ptr<ServerConnection> connection) {
  ServerConnection& inserted = list_.Insert(std::move(connection));
  CountOpen();
  return inserted;
}

void ServerConnections::CountOpen() { counts_.open.store(list_.size(), std::memory_order_relaxed); }

void ServerConnections::Bury(ServerConnection& connection) {
  list_.Bury(connection);
  CountOpen();
}

void ServerConnections::Settled() {
  if (is_draining_ && list_.size() == 0 && on_drained_) std::exchange(on_drained_, nullptr)();
}

void ServerConnections::Drain(std::function<void()> done) {
  is_draining_ = true;
  on_drained_ = std::move(done);
  // Backwards: a connection that ends leaves its place to the last.
  for (std::size_t i = list_.size(); i-- > 0;) list_[i].Drain();
  list_.DeferOnce();
}

void ServerConnections::SendAway(ServerConnection& connection,
                                 std::shared_ptr<HttpExchange> exchange,
                                 const std::shared_ptr<ServerDoor>& door) {
  connection.Leave();
  counts_.moved_away.fetch_add(1, std::memory_order_relaxed);
  // A task must be copyable; what it carries is not.
  auto parcel = std::make_shared<Parcel>(list_.Release(connection), std::move(exchange));
  CountOpen();
  door->loop->Post([parcel, door] {
    if (door->set == nullptr) return;
    door->set->Adopt(std::move(parcel->connection), std::move(parcel->exchange));
  });
}

void ServerConnections::Adopt(std::unique_ptr<ServerConnection> connection,
                              std::shared_ptr<HttpExchange> exchange) {
  Insert(std::move(connection)).Join(*this);
  handler_.OnRequest(std::move(exchange));
}

std::string_view ServerConnections::Date() {
  const std::time_t now = std::time(nullptr);
  if (now == date_time_) return date_;
  date_time_ = now;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  // The process runs in the C locale, as HTTP has it.
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  date_.assign(text.data(), size);
  return date_;
}

}  // namespace policy::transport
