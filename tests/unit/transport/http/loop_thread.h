// An event loop in a thread of its own, for tests whose other side blocks.
#ifndef TESTS_UNIT_TRANSPORT_HTTP_LOOP_THREAD_H_
#define TESTS_UNIT_TRANSPORT_HTTP_LOOP_THREAD_H_

#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "runtime/transport/event_loop.h"
#include "runtime/transport/http/http_server.h"

namespace policy::transport {

class LoopThread {
 public:
  LoopThread() : loop_(std::move(*EventLoop::Make())), thread_([this] { loop_->Run(); }) {}
  ~LoopThread() { Stop(); }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  void Stop() {
    if (!thread_.joinable()) return;
    loop_->Post([this] { loop_->Stop(); });
    thread_.join();
  }

  // Runs `task` in the loop and waits for it.
  template <class Task>
  auto Do(Task task) {
    using Result = decltype(task());
    auto promise = std::make_shared<std::promise<Result>>();
    loop_->Post([promise, &task] {
      if constexpr (std::is_void_v<Result>) {
        task();
        promise->set_value();
      } else {
        promise->set_value(task());
      }
    });
    return promise->get_future().get();
  }

  EventLoop& loop() { return *loop_; }

 private:
  std::unique_ptr<EventLoop> loop_;
  std::thread thread_;
};

// A server in a thread of its own, whose handler is a function.
class ServerThread final : HttpHandler {
 public:
  using Handle = std::function<void(std::shared_ptr<HttpExchange>)>;

  explicit ServerThread(Handle handle, HttpServerOptions options = {})
      : handle_(std::move(handle)) {
    thread_.Do([&] {
      auto server = HttpServer::Listen(thread_.loop(), options, *this);
      if (server) server_ = std::move(*server);
    });
    REQUIRE(server_ != nullptr);
  }
  ~ServerThread() {
    thread_.Do([this] { server_.reset(); });
  }
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;

  HttpServer& server() { return *server_; }
  LoopThread& thread() { return thread_; }
  std::uint16_t port() const { return server_->port(); }

 private:
  void OnRequest(std::shared_ptr<HttpExchange> exchange) override { handle_(std::move(exchange)); }

  Handle handle_;
  LoopThread thread_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace policy::transport

#endif  // TESTS_UNIT_TRANSPORT_HTTP_LOOP_THREAD_H_
