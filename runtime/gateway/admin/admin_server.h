// What an operator may ask of a policyd that runs: a table of commands behind a Unix socket in a
// state directory, for its user alone.
//
// A request is a line, {"command": "limits.list", …}; the answer is a line, {"ok": true, …} or
// {"ok": false, "error": "a sentence"}. Every process has a socket of its own, `admin-NAME.sock`,
// with a random name.
//
//   AdminServer admin;
//   admin.Register("limits.list", [](const AdminRequest& request, AdminAnswer answer) { … });
//   admin.Listen(loop, directory);
#ifndef RUNTIME_GATEWAY_ADMIN_ADMIN_SERVER_H_
#define RUNTIME_GATEWAY_ADMIN_ADMIN_SERVER_H_

#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/limits/store/state_directory.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/line_server.h"

namespace policy::gateway {

struct AdminRequest {
  const nlohmann::json& members;  // an object; valid during the call
  pid_t process = 0;              // who asks, as the kernel knows it
};

// Called once, in the loop, now or later. `answer` is an object; "ok" is added where it is missing.
using AdminAnswer = std::function<void(nlohmann::json answer)>;
// Runs in the loop and must not block it.
using AdminHandler = std::function<void(const AdminRequest& request, AdminAnswer answer)>;

nlohmann::json AdminError(std::string_view what);

// Lives in the loop's thread. Not thread-safe.
class AdminServer {
 public:
  // One handler a command; before or after Listen.
  void Register(std::string command, AdminHandler handler);

  // Sockets of processes that ended without a word are removed. `loop` and `directory` outlive the
  // server. The error is a sentence.
  std::expected<void, std::string> Listen(transport::EventLoop& loop,
                                          const StateDirectory& directory);

 private:
  void Hear(const transport::LineServer::Question& question,
            const transport::LineServer::Answer& answer);

  std::map<std::string, AdminHandler, std::less<>> handlers_;
  std::unique_ptr<transport::LineServer> server_;  // last: its connections ask the handlers
};

// The sockets of the processes that use the directory, perhaps of some that have ended.
std::vector<std::string> AdminSockets(const StateDirectory& directory);

// Asks a process. nullopt: none listens there. The error is a sentence, the process's own where it
// refused.
std::expected<std::optional<nlohmann::json>, std::string> AskAdmin(const StateDirectory& directory,
                                                                   const std::string& socket,
                                                                   const nlohmann::json& request);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ADMIN_ADMIN_SERVER_H_
