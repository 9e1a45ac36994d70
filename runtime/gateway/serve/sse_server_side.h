// The server side of a session whose server speaks HTTP+SSE, version 2024-11-05: one stream for all
// that it says, and a POST for each message it gets.
#ifndef RUNTIME_GATEWAY_SERVE_SSE_SERVER_SIDE_H_
#define RUNTIME_GATEWAY_SERVE_SSE_SERVER_SIDE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "runtime/gateway/serve/http_upstream.h"
#include "runtime/gateway/serve/server_side.h"

namespace policy::gateway {

// Lives in its worker's loop; not thread-safe.
class SseServerSide final : public ServerSide {
 public:
  // Asks for the stream at once. `upstream` and `tools` outlive it, and `listener` until End.
  SseServerSide(HttpUpstream& upstream, ServeTools& tools, ServerListener& listener);
  ~SseServerSide() override;

  void Send(std::string_view bytes, Regarding regarding) override;
  bool TakeBack(std::uint64_t sequence) override;
  bool is_full() const override;
  void End() override;

 private:
  class Stream;
  class Post;
  struct Waiting {  // for the address to send it to
    std::string bytes;
    std::uint64_t sequence = 0;  // of a request; else 0
  };

  void Start(std::string_view bytes, std::uint64_t sequence);
  // From the stream and the posts.
  void OnEndpoint(std::string_view reference);
  void OnMessage(std::string_view bytes);
  void OnStreamOver(std::string_view why);
  void OnPosted(std::uint64_t number, int status);
  void OnNotPosted(std::uint64_t number, const transport::HttpFailure& failure);
  void Finish(std::uint64_t number, std::string text, bool was_sent, int status);

  HttpUpstream& upstream_;
  ServeTools& tools_;
  ServerListener* listener_;
  std::shared_ptr<Stream> stream_;
  std::string endpoint_;  // path and query; empty: the server has not said it yet
  std::unordered_map<std::uint64_t, std::shared_ptr<Post>> posts_;
  std::uint64_t next_post_ = 1;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_SSE_SERVER_SIDE_H_
