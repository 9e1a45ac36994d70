#include "runtime/gateway/serve/stdio_server.h"

#include <algorithm>
#include <utility>

namespace policy::gateway {

std::expected<std::unique_ptr<StdioServer>, std::string> StdioServer::Start(
    const ServerChild::Options& options, ServeTools& tools, ChildSet& children,
    ServerListener& listener, std::function<void()> on_crash) {
  std::unique_ptr<StdioServer> server(new StdioServer(listener, std::move(on_crash)));
  auto child = ServerChild::Start(options, tools, children, *server);
  if (!child) return std::unexpected(std::move(child.error()));
  server->child_ = std::move(*child);
  return server;
}

// Over HTTP a message may have line ends between its tokens. In strings there are none, for it was
// read strictly: so each is white space, and a space says the same in one line.
void StdioServer::Send(std::string_view bytes, Regarding regarding) {
  if (child_ == nullptr) return;
  const std::uint64_t tag = regarding.said == Said::Request ? regarding.sequence : 0;
  if (bytes.find_first_of("\r\n") == std::string_view::npos) return child_->Write(bytes, tag);
  line_.assign(bytes);
  std::ranges::replace_if(line_, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  child_->Write(line_, tag);
}

void StdioServer::OnEnded(std::string_view why) {
  child_ = nullptr;
  on_crash_();
  listener_.OnServerEnded(why);
}

void StdioServer::End() {
  if (child_ != nullptr) child_->End();
  child_ = nullptr;
}

}  // namespace policy::gateway
