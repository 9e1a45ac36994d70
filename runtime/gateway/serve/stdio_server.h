// The server side of a session that has a child of its own.
#ifndef RUNTIME_GATEWAY_SERVE_STDIO_SERVER_H_
#define RUNTIME_GATEWAY_SERVE_STDIO_SERVER_H_

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/gateway/serve/server_child.h"
#include "runtime/gateway/serve/server_side.h"

namespace policy::gateway {

// Lives in its worker's loop; not thread-safe.
class StdioServer final : public ServerSide, private ServerChild::Listener {
 public:
  // `tools` and `children` outlive it, and `listener` until End. The error is a sentence.
  static std::expected<std::unique_ptr<StdioServer>, std::string> Start(
      const ServerChild::Options& options, ServeTools& tools, ChildSet& children,
      ServerListener& listener);
  ~StdioServer() override { End(); }

  void Send(std::string_view bytes, Regarding regarding) override;
  bool TakeBack(std::uint64_t sequence) override {
    return child_ != nullptr && child_->Remove(sequence);
  }
  bool is_full() const override { return child_ != nullptr && child_->is_full(); }
  void End() override;

 private:
  explicit StdioServer(ServerListener& listener) : listener_(listener) {}
  void OnLine(std::string_view line) override { listener_.OnServerMessage(line, {}); }
  void OnLineTooLong() override { listener_.OnServerMessageTooLong(0); }
  void OnEnded(std::string_view why) override;

  ServerListener& listener_;
  std::shared_ptr<ServerChild> child_;  // null: it has ended
  std::string line_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_STDIO_SERVER_H_
