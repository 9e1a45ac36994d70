// The server side of a session whose server is reached over Streamable HTTP: a POST for each
// message, and a GET that listens.
#ifndef RUNTIME_GATEWAY_SERVE_HTTP_SERVER_SIDE_H_
#define RUNTIME_GATEWAY_SERVE_HTTP_SERVER_SIDE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "runtime/gateway/serve/http_upstream.h"
#include "runtime/gateway/serve/server_side.h"
#include "runtime/mcp/message.h"
#include "runtime/transport/http/sse.h"

namespace policy::gateway {

// Lives in its worker's loop; not thread-safe.
class HttpServerSide final : public ServerSide {
 public:
  enum class Era : std::uint8_t {
    Legacy,  // one session, which the server knows by an id of its own
    Modern,  // no session: a client that leaves has cancelled
  };

  // `upstream` and `tools` outlive it, and `listener` until End.
  HttpServerSide(HttpUpstream& upstream, Era era, ServeTools& tools, ServerListener& listener);
  ~HttpServerSide() override;

  // Goes on with a session that another process began: `resumption` was its resumption(). false:
  // it is none.
  bool TakeUp(std::string_view resumption);

  void Send(std::string_view bytes, Regarding regarding) override;
  bool TakeBack(std::uint64_t sequence) override;
  bool is_full() const override;
  void SetHeaders(Headers headers) override { next_headers_ = std::move(headers); }
  void Ended(std::uint64_t sequence) override;
  void ClientListens() override;
  void Forget(std::uint64_t sequence) override;
  std::string resumption() const override;
  void End() override;

  const std::string& protocol_version() const { return protocol_version_; }

 private:
  class Call;
  struct Waiting {  // behind a notification that the server has not taken yet
    std::string bytes;
    Regarding regarding;
    Headers headers;
  };
  using CallId = std::uint64_t;

  void Start(std::string_view bytes, Regarding regarding, const Headers& headers);
  void Listen();
  void ListenAgain(std::string_view retry_ms);
  void Resume(std::uint64_t sequence, std::string last_event, std::string_view retry_ms);
  void StartCall(std::shared_ptr<Call> call, std::string_view method, std::string_view body,
                 const Headers& headers);
  void Drop(CallId id);
  void SendWaiting();
  void Lost(std::uint64_t sequence, bool was_sent, int status, std::string text);
  std::shared_ptr<Call> CallOf(std::uint64_t sequence);

  // From calls.
  void OnMessage(Call& call, std::string_view bytes);
  void OnDone(Call& call);
  void OnFailed(Call& call, const transport::HttpFailure& failure);
  void AnswerIsIn(Call& call);
  void StreamIsOver(Call& call);
  void Refused(Call& call);

  HttpUpstream& upstream_;
  Era era_;
  ServeTools& tools_;
  ServerListener* listener_;
  mcp::MessageReader client_reader_{mcp::Direction::FromClient};
  mcp::MessageReader server_reader_{mcp::Direction::FromServer};
  std::string session_id_;  // the server's; empty: it has given none
  std::string protocol_version_;
  std::unordered_map<CallId, std::shared_ptr<Call>> calls_;
  CallId next_call_ = 1;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t notices_in_flight_ = 0;
  std::size_t sent_bytes_ = 0;  // of all calls that have not ended: the client keeps them
  Headers next_headers_;
  bool wants_to_listen_ = false;  // once it is initialized
  bool listens_ = false;          // the GET is there, or due
  bool cannot_be_heard_ = false;  // the server has no GET
  unsigned listen_failures_ = 0;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_HTTP_SERVER_SIDE_H_
