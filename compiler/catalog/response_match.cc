#include "compiler/catalog/response_match.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/catalog/canonical_json.h"
#include "compiler/catalog/limits.h"
#include "grammar/json_document.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy::catalog {

namespace {

const json::Value* FindMember(const json::Value& record, std::string_view key) {
  const auto found = std::ranges::find(record.members, key, &json::Member::key);
  return found == record.members.end() ? nullptr : &found->value;
}

}  // namespace

MatchedMessage MatchMessage(std::string_view message, std::string_view id) {
  const Source source("message", std::string(message));
  Diagnostics diagnostics;
  const auto document = json::Parse(source, diagnostics, kLockDepthMax);
  if (!document || document->kind != json::Kind::Record) return {};
  const json::Value* its_id = FindMember(*document, "id");
  const json::Value* method = FindMember(*document, "method");
  if (its_id == nullptr) return {};
  if (method == nullptr) {
    const bool is_ours = its_id->kind == json::Kind::Number && its_id->text == id;
    return {.role = is_ours ? MessageRole::Response : MessageRole::Other};
  }
  const bool is_ping = method->kind == json::Kind::String && method->text == "ping";
  return {
      .role = MessageRole::Request,
      .answer = fmt::format(
          R"({{"jsonrpc":"2.0","id":{},{}}})", CanonicalJson(*its_id),
          is_ping ? R"("result":{})" : R"("error":{"code":-32601,"message":"Method not found"})")};
}

}  // namespace policy::catalog
