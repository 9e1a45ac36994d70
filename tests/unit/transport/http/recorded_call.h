// A call of an HTTP client whose course is written down, for tests that wait for it.
#ifndef TESTS_UNIT_TRANSPORT_HTTP_RECORDED_CALL_H_
#define TESTS_UNIT_TRANSPORT_HTTP_RECORDED_CALL_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/transport/http/http_client.h"
#include "tests/unit/transport/http/loop_thread.h"

namespace policy::transport {

class RecordedCall final : public HttpResponseHandler {
 public:
  // Sent in the loop; waits for nothing.
  RecordedCall(LoopThread& thread, HttpClient& client, const HttpRequest& request)
      : thread_(thread) {
    thread_.Do([&] { call_ = client.Send(request, *this); });
  }
  RecordedCall(const RecordedCall&) = delete;
  RecordedCall& operator=(const RecordedCall&) = delete;
  ~RecordedCall() { Cancel(); }

  void Cancel() {
    thread_.Do([this] { call_.reset(); });
  }
  HttpCall& call() { return *call_; }

  // true: it has ended, one way or the other.
  bool Wait(std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return is_over_; });
  }
  bool WaitForBody(std::size_t bytes) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return body_.size() >= bytes; });
  }

  int status() {
    const std::lock_guard lock(mutex_);
    return status_;
  }
  std::string body() {
    const std::lock_guard lock(mutex_);
    return body_;
  }
  std::size_t body_bytes() {
    const std::lock_guard lock(mutex_);
    return body_.size();
  }
  std::optional<HttpFailure> failure() {
    const std::lock_guard lock(mutex_);
    return failure_;
  }
  std::string failure_text() {
    const auto failed = failure();
    return failed ? failed->text : "";
  }
  void set_on_end(std::function<void()> on_end) { on_end_ = std::move(on_end); }

 private:
  void OnHead(const HttpResponseHead& head) override {
    const std::lock_guard lock(mutex_);
    status_ = head.status;
  }
  void OnBody(std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    body_ += bytes;
    changed_.notify_all();
  }
  void OnEnd() override {
    if (on_end_) on_end_();
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    changed_.notify_all();
  }
  void OnFailure(const HttpFailure& failure) override {
    const std::lock_guard lock(mutex_);
    failure_ = failure;
    is_over_ = true;
    changed_.notify_all();
  }

  LoopThread& thread_;
  std::unique_ptr<HttpCall> call_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int status_ = 0;
  std::string body_;
  std::optional<HttpFailure> failure_;
  bool is_over_ = false;
  std::function<void()> on_end_;
};

// A client in a thread of its own.
class ClientThread {
 public:
  explicit ClientThread(HttpClientOptions options) {
    thread_.Do([&] {
      auto client = HttpClient::Make(thread_.loop(), std::move(options));
      if (client) client_ = std::move(*client);
    });
    REQUIRE(client_ != nullptr);
  }
  explicit ClientThread(std::uint16_t port)
      : ClientThread({.url = "http://127.0.0.1:" + std::to_string(port) + "/mcp"}) {}
  ClientThread(const ClientThread&) = delete;
  ClientThread& operator=(const ClientThread&) = delete;
  ~ClientThread() {
    thread_.Do([this] { client_.reset(); });
  }

  std::unique_ptr<RecordedCall> Send(const HttpRequest& request) {
    return std::make_unique<RecordedCall>(thread_, *client_, request);
  }
  LoopThread& thread() { return thread_; }
  HttpClient& client() { return *client_; }
  std::size_t open() {
    return thread_.Do([this] { return client_->open_connections(); });
  }
  std::size_t idle() {
    return thread_.Do([this] { return client_->idle_connections(); });
  }

 private:
  LoopThread thread_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace policy::transport

#endif  // TESTS_UNIT_TRANSPORT_HTTP_RECORDED_CALL_H_
