#include "runtime/gateway/admin/admin_server.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "policy/check.h"
#include "runtime/gateway/admin/hex_text.h"
#include "runtime/transport/local_socket.h"

namespace policy::gateway {
namespace {

using nlohmann::json;

constexpr std::string_view kPrefix = "admin-";
constexpr std::string_view kSuffix = ".sock";
constexpr std::chrono::milliseconds kAnswerWait(5'000);

std::string Line(const json& answer) {
  // Names come from policies and calls: what is no UTF-8 is replaced, not thrown at.
  return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

json AdminError(std::string_view what) { return {{"ok", false}, {"error", what}}; }

void AdminServer::Register(std::string command, AdminHandler handler) {
  const bool is_new = handlers_.emplace(std::move(command), std::move(handler)).second;
  CHECK(is_new);
}

std::expected<void, std::string> AdminServer::Listen(transport::EventLoop& loop,
                                                     const StateDirectory& directory) {
  for (const std::string& name : AdminSockets(directory)) {
    transport::RemoveIfDeserted(directory, name);
  }
  std::array<char, 8> random;
  CHECK(getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()));
  std::string name(kPrefix);
  name.append(ToHex({random.data(), random.size()})).append(kSuffix);
  auto server = transport::LineServer::Listen(
      loop, directory, std::move(name),
      [this](const transport::LineServer::Question& question,
             const transport::LineServer::Answer& answer) { Hear(question, answer); });
  if (!server) return std::unexpected(server.error());
  server_ = std::move(*server);
  return {};
}

void AdminServer::Hear(const transport::LineServer::Question& question,
                       const transport::LineServer::Answer& answer) {
  const json request = json::parse(question.line, nullptr, /*allow_exceptions=*/false);
  const auto reply = [answer](json members) {
    if (!members.contains("ok")) members["ok"] = true;
    answer(Line(members));
  };
  if (!request.is_object() || !request.contains("command") || !request["command"].is_string()) {
    return reply(AdminError("a request is a JSON object with a `command`"));
  }
  const auto& command = request["command"].get_ref<const std::string&>();
  const auto handler = handlers_.find(command);
  if (handler == handlers_.end()) {
    return reply(AdminError("this policyd has no command `" + command + "`"));
  }
  try {
    handler->second({.members = request, .process = question.process}, reply);
  } catch (const json::exception&) {
    reply(AdminError("a member of the request is not of the type that it should be"));
  }
}

std::vector<std::string> AdminSockets(const StateDirectory& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory.path(), error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (name.starts_with(kPrefix) && name.ends_with(kSuffix)) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::expected<std::optional<json>, std::string> AskAdmin(const StateDirectory& directory,
                                                         const std::string& socket,
                                                         const json& request) {
  const auto line = transport::AskLine(directory, socket, Line(request), kAnswerWait);
  if (!line) return std::unexpected(line.error());
  if (!*line) return std::nullopt;
  json answer = json::parse(**line, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return std::unexpected(socket + ": the answer cannot be read");
  if (!answer.value("ok", false)) {
    return std::unexpected(answer.value("error", std::string("it refused")));
  }
  return answer;
}

}  // namespace policy::gateway
