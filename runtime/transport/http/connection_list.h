// The open connections of one server or client: lets each settle what it left for when the handler
// that runs has returned, and destroys those that have died only then.
#ifndef RUNTIME_TRANSPORT_HTTP_CONNECTION_LIST_H_
#define RUNTIME_TRANSPORT_HTTP_CONNECTION_LIST_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/transport/event_loop.h"

namespace policy::transport {

// What a list knows of a member.
struct ListedConnection {
  std::size_t index = 0;  // where it stands
  bool is_dirty = false;  // it has something to settle
  bool is_dead = false;   // it has been buried
};

// `Connection` derives from ListedConnection and has Settle(). Lives in the loop's thread; not
// thread-safe.
template <class Connection>
class ConnectionList final : DeferredWork {
 public:
  // `on_settled` is called after all that was to settle has; it may touch anything of the list.
  ConnectionList(EventLoop& loop, std::function<void()> on_settled)
      : loop_(loop), on_settled_(std::move(on_settled)) {}
  ConnectionList(const ConnectionList&) = delete;  // the loop refers to it
  ConnectionList& operator=(const ConnectionList&) = delete;
  ~ConnectionList() { loop_.DropDeferred(*this); }

  Connection& Insert(std::unique_ptr<Connection> connection) {
    connection->index = open_.size();
    open_.push_back(std::move(connection));
    return *open_.back();
  }

  // Takes it out; what it has to settle goes with it.
  std::unique_ptr<Connection> Release(Connection& connection) {
    if (std::exchange(connection.is_dirty, false)) {
      for (Connection*& dirty : dirty_) {
        if (dirty == &connection) dirty = nullptr;
      }
    }
    const std::size_t index = connection.index;
    std::swap(open_[index], open_.back());
    open_[index]->index = index;
    auto released = std::move(open_.back());
    open_.pop_back();
    return released;
  }

  // Destroys it when what runs has returned.
  void Bury(Connection& connection) {
    connection.is_dead = true;
    buried_.push_back(Release(connection));
    DeferOnce();
  }

  // Settle() will be called.
  void MarkDirty(Connection& connection) {
    if (connection.is_dead || std::exchange(connection.is_dirty, true)) return;
    dirty_.push_back(&connection);
    DeferOnce();
  }

  // `on_settled` will be called.
  void DeferOnce() {
    if (!std::exchange(is_deferred_, true)) loop_.Defer(*this);
  }

  std::size_t size() const { return open_.size(); }
  Connection& operator[](std::size_t index) { return *open_[index]; }

 private:
  void OnDeferred() override {
    // By index: settling one may make others dirty.
    for (std::size_t i = 0; i < dirty_.size(); ++i) {
      if (dirty_[i] == nullptr) continue;
      dirty_[i]->is_dirty = false;
      std::exchange(dirty_[i], nullptr)->Settle();
    }
    dirty_.clear();
    buried_.clear();
    is_deferred_ = false;
    on_settled_();
  }

  EventLoop& loop_;
  std::function<void()> on_settled_;
  std::vector<std::unique_ptr<Connection>> open_;
  std::vector<std::unique_ptr<Connection>> buried_;
  std::vector<Connection*> dirty_;  // null: gone
  bool is_deferred_ = false;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_CONNECTION_LIST_H_
