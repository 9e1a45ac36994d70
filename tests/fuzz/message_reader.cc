// Any bytes as a message: what is accepted is JSON to others too, without keys that could be
// confused, and says to the reference what the reader made of it, slot by slot.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "policy/check.h"
#include "runtime/mcp/message.h"
#include "runtime/program/frame.h"
#include "runtime/program/layout.h"
#include "runtime/value/utf8.h"
#include "tests/fuzz/policies.h"
#include "tests/reference/number.h"
#include "tests/reference/place.h"
#include "tests/reference/text.h"

namespace {

using policy::mcp::Direction;
using policy::mcp::Message;
using policy::mcp::MessageKind;
using reference::Json;

struct NumbersOutOfRange : nlohmann::detail::json_sax_acceptor<nlohmann::json> {
  bool was_range = false;
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
    was_range = error.id == 406;
    return false;
  }
};

bool OthersAccept(std::string_view text) {
  NumbersOutOfRange handler;
  return nlohmann::json::sax_parse(text, &handler) || handler.was_range;
}

void CheckKeys(const Json& json, bool in_call) {
  for (std::size_t i = 0; i < json.members.size(); ++i) {
    const auto& [key, value] = json.members[i];
    CHECK(key != "__proto__");
    for (std::size_t j = 0; j < i; ++j) {
      CHECK(json.members[j].key != key);
      if (in_call) CHECK(!reference::SameButForCase(json.members[j].key, key));
    }
    CheckKeys(value, in_call && key != "_meta");
  }
  for (const Json& item : json.items) CheckKeys(item, in_call);
}

void CheckNoVariant(const Json& record, std::initializer_list<const char*> names) {
  for (const auto& [key, value] : record.members) {
    for (const char* name : names) CHECK(key == name || !reference::SameButForCase(key, name));
  }
}

void CheckId(std::string_view id, const Json& tree) {
  const Json* sent = tree.Find("id");
  CHECK(sent != nullptr && !id.empty());
  if (sent->Is(Json::Kind::String)) return;
  CHECK(sent->Is(Json::Kind::Number));
  CHECK(sent->text.find_first_of(".eE") == std::string::npos);
  CHECK(reference::UsableNumber(sent->text).has_value());
}

// `message` was made of `tree`.
void CheckMessage(const Message& message, const Json& tree) {
  CHECK(tree.Is(Json::Kind::Record));
  const Json* method = tree.Find("method");
  const bool answers = tree.Find("result") != nullptr || tree.Find("error") != nullptr;
  CHECK((method != nullptr) != answers);
  CheckNoVariant(tree, {"jsonrpc", "id", "method", "params", "result", "error"});
  CheckKeys(tree, false);
  if (method == nullptr) {
    CHECK(message.kind == MessageKind::Response && message.method.empty());
  } else {
    CHECK(method->Is(Json::Kind::String) && message.method == method->text);
    CHECK((message.kind == MessageKind::Request) == (tree.Find("id") != nullptr));
  }
  if (message.kind == MessageKind::Request) CheckId(message.id, tree);
}

void CheckCall(const Message& message, const Json& tree) {
  CHECK(message.kind == MessageKind::Request && message.method == "tools/call");
  const Json* params = tree.Find("params");
  CHECK(params != nullptr && params->Is(Json::Kind::Record));
  CheckNoVariant(*params, {"name", "arguments"});
  const Json* name = params->Find("name");
  CHECK(name != nullptr && name->Is(Json::Kind::String) && message.tool == name->text);
  const Json* arguments = params->Find("arguments");
  if (arguments == nullptr) {
    CHECK(message.arguments == "{}");
    return;
  }
  CHECK(arguments->Is(Json::Kind::Record));
  CheckKeys(*arguments, true);
  const auto raw = reference::ParseJson(message.arguments);
  CHECK(raw && ToText(*raw) == ToText(*arguments));
}

void CheckSlot(const policy::Value& value, const reference::Found& found) {
  using policy::ValueKind;
  if (found.kind == reference::Found::Kind::Absent) {
    CHECK(value.kind == ValueKind::Absent);
    return;
  }
  if (found.kind == reference::Found::Kind::Broken) {
    CHECK(value.kind == ValueKind::Broken);
    return;
  }
  switch (found.value->kind) {
    case Json::Kind::Null:
      CHECK(value.kind == ValueKind::Null);
      break;
    case Json::Kind::Bool:
      CHECK(value.kind == ValueKind::Bool && value.boolean == found.value->boolean);
      break;
    case Json::Kind::Number:
      CHECK((value.kind == ValueKind::Number) ==
            reference::UsableNumber(found.value->text).has_value());
      CHECK(value.kind == ValueKind::Number || value.kind == ValueKind::InexactNumber);
      if (value.kind == ValueKind::Number)
        CHECK(reference::ReadDigits(policy::ToText(value.number())) ==
              reference::ReadDigits(found.value->text));
      break;
    case Json::Kind::String:
      CHECK(value.kind == ValueKind::String && value.text() == found.value->text);
      break;
    case Json::Kind::List:
    case Json::Kind::Record: {
      CHECK(value.kind ==
            (found.value->Is(Json::Kind::List) ? ValueKind::List : ValueKind::Record));
      const auto raw = reference::ParseJson(value.text());
      CHECK(raw && ToText(*raw) == ToText(*found.value));
      break;
    }
  }
}

void CheckSlots(const policy::Frame& frame, const Json& tree) {
  const Json empty = Json::Record();
  const Json* arguments = tree.Find("params")->Find("arguments");
  const policy::Layout& layout = frame.program().layout();
  for (std::uint32_t slot = 0; slot < layout.slots().size(); ++slot) {
    const auto path = reference::ReadPath(layout.SlotPath(slot));
    CHECK(path.has_value());
    if (path->root != "args") continue;
    CheckSlot(frame.slot(slot), Walk(arguments == nullptr ? empty : *arguments, path->steps));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static policy::mcp::MessageReader client(Direction::FromClient);
  static policy::mcp::MessageReader server(Direction::FromServer);
  static policy::Frame frame(
      fuzz::LoadCompiled(fuzz::CompileText(fuzz::Policies()[2], /*optimise=*/false)));
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto tree = reference::ParseJson(bytes);
  if (const auto message = client.Read(bytes, &frame)) {
    CHECK(policy::IsValidUtf8(bytes) && OthersAccept(bytes) && tree);
    CheckMessage(*message, *tree);
    CHECK(message->is_tools_call == (message->method == "tools/call"));
    if (message->is_tools_call) {
      CheckCall(*message, *tree);
      CheckSlots(frame, *tree);
    }
  }
  if (const auto message = server.Read(bytes, nullptr)) {
    CHECK(policy::IsValidUtf8(bytes) && OthersAccept(bytes) && tree);
    CheckMessage(*message, *tree);
    const Json* result = tree->Find("result");
    const Json* tools = result == nullptr ? nullptr : result->Find("tools");
    CHECK(!message->result_tools.empty() == (tools != nullptr && tools->Is(Json::Kind::List)));
  }
  return 0;
}
