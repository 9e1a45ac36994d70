// The server side of a session that has a child of its own.
#ifndef RUNTIME_GATEWAY_SERVE_STDIO_SERVER_H_
#define RUNTIME_GATEWAY_SERVE_STDIO_SERVER_H_

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/gateway/serve/server_child.h"
#include "runtime/gateway/serve/server_side.h"

namespace policy::gateway {

// Lives in its worker's loop; not thread-safe.
class StdioServer final : public ServerSide, private ServerChild::Listener {
 public:
  // `tools` and `children` outlive it, and `listener` until End. `on_crash` is called when the
  // child ends by itself. The error is a sentence.
  static std::expected<std::unique_ptr<StdioServer>, std::string> Start(
      const ServerChild::Options& options, ServeTools& tools, ChildSet& children,
      ServerListener& listener, std::function<void()> on_crash);
  ~StdioServer() override { End(); }

  void Send(std::string_view bytes, Regarding regarding) override;
  bool TakeBack(std::uint64_t sequence) override {
    return child_ != nullptr && child_->Remove(sequence);
  }
  bool is_full() const override { return child_ != nullptr && child_->is_full(); }
  void End() override;

 private:
  StdioServer(ServerListener& listener, std::function<void()> on_crash)
      : listener_(listener), on_crash_(std::move(on_crash)) {}
  void OnLine(std::string_view line) override { listener_.OnServerMessage(line, {}); }
  void OnLineTooLong() override { listener_.OnServerMessageTooLong(0); }
  void OnEnded(std::string_view why) override;

  ServerListener& listener_;
  std::function<void()> on_crash_;
  std::shared_ptr<ServerChild> child_;  // null: it has ended
  std::string line_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_STDIO_SERVER_H_
