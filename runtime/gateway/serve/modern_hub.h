// One server of the legacy era for stateless requests: those of one caller share a session with it,
// which the bridge of runtime/mcp begins and speaks in.
//
// Every request has a server side of its own, as if the server were a modern one.
#ifndef RUNTIME_GATEWAY_SERVE_MODERN_HUB_H_
#define RUNTIME_GATEWAY_SERVE_MODERN_HUB_H_

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/gateway/serve/serve_tools.h"
#include "runtime/gateway/serve/server_side.h"
#include "runtime/gateway/serve/session_seal.h"
#include "runtime/mcp/message.h"
#include "runtime/mcp/modern_over_legacy.h"

namespace policy::gateway {

// Lives in its worker's loop; not thread-safe. Kept by its owner and by the sides that it made.
class ModernHub final : public std::enable_shared_from_this<ModernHub>, private ServerListener {
 public:
  struct Options {
    const SessionSeal& seal;  // of what travels through clients; outlives the hub
    SessionOwner owner;
    std::int64_t start_ms = 0;  // what the server gets to answer initialize in
  };

  // `tools` outlives the hub.
  ModernHub(Options options, ServeTools& tools);
  ModernHub(const ModernHub&) = delete;  // its server refers to it
  ModernHub& operator=(const ModernHub&) = delete;
  ~ModernHub() { End("the session is over"); }

  // What the server is to speak to.
  ServerListener& listener() { return *this; }
  // Begins the session with it. Once, before MakeSide.
  void Start(std::unique_ptr<ServerSide> server);

  // `listener` outlives the side, or its End.
  std::unique_ptr<ServerSide> MakeSide(ServerListener& listener);

  bool is_over() const { return server_ == nullptr; }
  // Nobody waits for anything, for so long.
  std::int64_t idle_ms(std::int64_t now_ms) const;
  // Called every so often.
  void Tick(std::int64_t now_ms);
  void End(std::string_view why);

 private:
  class Side;
  struct Asker {
    Side* side = nullptr;
    std::uint64_t sequence = 0;  // in the side's session
  };

  void FromClient(Side& side, std::string_view bytes, std::uint64_t sequence);
  void Leave(Side& side, std::uint64_t sequence);
  void LeaveAll(Side& side);
  void Deliver(mcp::BridgedMessages messages);
  void DeliverLater(mcp::BridgedMessages messages);
  std::int64_t now_ms() const;

  void OnServerMessage(std::string_view bytes, From from) override;
  void OnServerMessageTooLong(std::uint64_t sequence) override;
  void OnRequestLost(const LostRequest& lost) override;
  void OnStreamPaused(std::uint64_t, std::string_view) override {}
  void OnServerEnded(std::string_view why) override;

  Options options_;
  ServeTools& tools_;
  std::unique_ptr<ServerSide> server_;  // null: it is over
  mcp::ModernOverLegacy bridge_;
  mcp::MessageReader client_reader_{mcp::Direction::FromClient};
  mcp::MessageReader server_reader_{mcp::Direction::FromServer};
  std::map<mcp::AskerId, Asker> askers_;
  mcp::AskerId next_asker_ = 1;
  std::int64_t began_ms_ = 0;
  std::int64_t used_ms_ = 0;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_MODERN_HUB_H_
