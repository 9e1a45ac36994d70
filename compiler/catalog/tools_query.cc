#include "compiler/catalog/tools_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <utility>

#include "compiler/catalog/canonical_json.h"
#include "compiler/catalog/limits.h"
#include "grammar/json_document.h"
#include "grammar/limits.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy::catalog {

namespace {

constexpr std::string_view kLegacyVersion = "2025-11-25";
constexpr std::string_view kModernVersion = "2026-07-28";
constexpr std::string_view kClientInfo = R"({"name":"policyc pin","version":"1"})";

// A response that was read, and the text that it refers to.
struct Response {
  std::string text;
  json::Value message;

  const json::Value* Find(std::initializer_list<std::string_view> keys) const {
    const json::Value* at = &message;
    for (const std::string_view key : keys) {
      if (at->kind != json::Kind::Record) return nullptr;
      const auto found = std::ranges::find(at->members, key, &json::Member::key);
      if (found == at->members.end()) return nullptr;
      at = &found->value;
    }
    return at;
  }
  std::string_view Raw(const json::Value& value) const {
    return std::string_view(text).substr(value.span.begin, value.span.end - value.span.begin);
  }
};

class Conversation {
 public:
  explicit Conversation(ServerConnection& connection) : connection_(connection) {}

  std::expected<ServerTools, std::string> Run() {
    ServerTools tools;
    auto met = Greet(tools.server);
    if (!met) return std::unexpected(std::move(met.error()));
    auto list = List();
    if (!list) return std::unexpected(std::move(list.error()));
    tools.list = *std::move(list);
    return tools;
  }

 private:
  // `parameters` are members, with a comma in front of each; those of the era come before them.
  std::expected<Response, std::string> Ask(std::string_view method, std::string_view parameters) {
    Question question{.method = method, .id = std::to_string(++last_id_), .text = {}};
    question.text = fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"{}","params":{{{}}}}})",
                                question.id, method, Parameters(parameters));
    auto text = connection_.Ask(question);
    if (!text) return std::unexpected(std::move(text.error()));
    const Source source("answer", *text);
    Diagnostics diagnostics;
    auto message = json::Parse(source, diagnostics, kLockDepthMax);
    if (!message) {
      return std::unexpected(fmt::format("the answer to {} cannot be used: {}", method,
                                         diagnostics.all().front().message));
    }
    return Response{*std::move(text), *std::move(message)};
  }

  std::string Parameters(std::string_view own) const {
    std::string meta;
    if (is_modern_) {
      meta = fmt::format(R"("_meta":{{"io.modelcontextprotocol/protocolVersion":"{}",)"
                         R"("io.modelcontextprotocol/clientInfo":{},)"
                         R"("io.modelcontextprotocol/clientCapabilities":{{}}}})",
                         kModernVersion, kClientInfo);
    }
    if (!meta.empty() && !own.empty()) meta += ',';
    return meta + std::string(own);
  }

  static std::string ErrorOf(const Response& response) {
    const json::Value* message = response.Find({"error", "message"});
    const bool is_text = message != nullptr && message->kind == json::Kind::String;
    return is_text ? ReviewableJsonOf(std::string_view(message->text).substr(0, 200))
                   : "without a reason";
  }

  static std::string NameIn(const Response& response) {
    for (const auto& keys :
         {std::initializer_list<std::string_view>{"result", "serverInfo", "name"},
          {"result", "_meta", "io.modelcontextprotocol/serverInfo", "name"}}) {
      const json::Value* name = response.Find(keys);
      if (name != nullptr && name->kind == json::Kind::String) return name->text;
    }
    return "";
  }

  // A server of the legacy era answers initialize; one of the stateless era only refuses it. A
  // connection that cannot carry the question at all may still carry the other.
  std::expected<void, std::string> Greet(std::string& server) {
    const auto greeting = Ask(
        "initialize", fmt::format(R"("protocolVersion":"{}","capabilities":{{}},"clientInfo":{})",
                                  kLegacyVersion, kClientInfo));
    if (greeting && greeting->Find({"result"}) != nullptr) {
      server = NameIn(*greeting);
      const json::Value* version = greeting->Find({"result", "protocolVersion"});
      const bool is_text = version != nullptr && version->kind == json::Kind::String;
      connection_.Agree(is_text ? version->text : kLegacyVersion);
      return connection_.Tell(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
    }
    is_modern_ = true;
    connection_.Agree(kModernVersion);
    const auto discovered = Ask("server/discover", "");
    if (discovered && discovered->Find({"result"}) != nullptr) {
      server = NameIn(*discovered);
      return {};
    }
    return std::unexpected(
        greeting ? fmt::format("the server refuses initialize: {}", ErrorOf(*greeting))
                 : greeting.error());
  }

  std::expected<std::string, std::string> List() {
    std::string list = R"({"tools":[)";
    std::set<std::string> cursors;
    std::string parameters;
    for (int page = 0; page < kToolPagesMax; ++page) {
      auto response = Ask("tools/list", parameters);
      if (!response) return std::unexpected(std::move(response.error()));
      const json::Value* tools = response->Find({"result", "tools"});
      if (tools == nullptr || tools->kind != json::Kind::List) {
        const bool is_refused = response->Find({"error"}) != nullptr;
        return std::unexpected(is_refused ? "the server refuses tools/list: " + ErrorOf(*response)
                                          : "the answer to tools/list has no list of tools");
      }
      for (const json::Value& tool : tools->items) {
        if (list.back() != '[') list += ',';
        list += response->Raw(tool);
      }
      if (list.size() > kPolicyBytesMax) {
        return std::unexpected(fmt::format("the tools have more than {} bytes", kPolicyBytesMax));
      }
      const json::Value* cursor = response->Find({"result", "nextCursor"});
      if (cursor == nullptr || cursor->kind != json::Kind::String) return list + "]}";
      if (!cursors.insert(cursor->text).second) {
        return std::unexpected("the pages of tools/list go round in a circle");
      }
      parameters = R"("cursor":)" + CanonicalJsonOf(cursor->text);
    }
    return std::unexpected(fmt::format("tools/list has more than {} pages", kToolPagesMax));
  }

  ServerConnection& connection_;
  int last_id_ = 0;
  bool is_modern_ = false;
};

}  // namespace

std::expected<ServerTools, std::string> AskForTools(ServerConnection& connection) {
  return Conversation(connection).Run();
}

}  // namespace policy::catalog
