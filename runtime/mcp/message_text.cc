#include "runtime/mcp/message_text.h"

#include "runtime/mcp/record_text.h"
#include "runtime/value/json_text.h"

namespace policy::mcp {
namespace {

std::string Opening(std::string_view id) {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id.empty() ? "null" : id) + ',';
}

std::string MethodAndParams(std::string_view method, std::string_view params) {
  std::string text = R"("method":)";
  AppendJsonString(method, text);
  if (!params.empty()) text += ',' + MemberText("params", params);
  return text + '}';
}

}  // namespace

std::string ResultText(std::string_view id, std::string_view result) {
  return Opening(id) + MemberText("result", result) + '}';
}

std::string ErrorText(std::string_view id, int code, std::string_view text) {
  std::string error = R"({"code":)" + std::to_string(code) + R"(,"message":)";
  AppendJsonString(text, error);
  return Opening(id) + MemberText("error", error + '}') + '}';
}

std::string RequestText(std::string_view id, std::string_view method, std::string_view params) {
  return Opening(id) + MethodAndParams(method, params);
}

std::string NotificationText(std::string_view method, std::string_view params) {
  return R"({"jsonrpc":"2.0",)" + MethodAndParams(method, params);
}

std::string MemberText(std::string_view key, std::string_view value) {
  std::string text;
  AppendJsonString(key, text);
  text += ':';
  text += value;
  return text;
}

std::string WithMeta(const Message& message, std::string_view members) {
  Splice splice(message.bytes);
  const std::string_view meta = MemberOf(message.params, "_meta");
  if (IsRecord(meta)) {
    splice.AddMembers(meta, members);
    return splice.Text();
  }
  const std::string record = '{' + std::string(members) + '}';
  if (!meta.empty()) {  // something that is no record, where nothing else may stand
    splice.Replace(meta, record);
  } else if (!message.params.empty()) {
    splice.AddMembers(message.params, MemberText("_meta", record));
  } else {
    const std::string_view envelope = message.bytes.substr(message.bytes.find('{'));
    splice.AddMembers(envelope, MemberText("params", '{' + MemberText("_meta", record) + '}'));
  }
  return splice.Text();
}

}  // namespace policy::mcp
