#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "compiler/catalog/limits.h"
#include "compiler/catalog/tool_lock.h"
#include "grammar/json_fields.h"
#include "runtime/mcp/limits.h"

namespace policy::catalog {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kLockKeys = {"version"sv, "servers"sv, "$schema"sv};
constexpr std::array kServerKeys = {"tools"sv};
constexpr std::array kToolKeys = {"description"sv, "inputSchema"sv, "outputSchema"sv,
                                  "annotations"sv, "category"sv,    "risk"sv,
                                  "hashes"sv};
constexpr std::array kHashKeys = {"name"sv, "description"sv, "inputSchema"sv, "outputSchema"sv};

const json::Value* FindMember(const json::Value& record, std::string_view key) {
  const auto found = std::ranges::find(record.members, key, &json::Member::key);
  return found == record.members.end() ? nullptr : &found->value;
}

// Records are hashed and asked by key, so no key may stand twice anywhere below. The document's
// depth is bounded by its reader.
void CheckDuplicatesBelow(JsonInput input, const json::Value& value) {
  if (value.kind == json::Kind::Record) CheckDuplicateKeys(input, value);
  for (const json::Value& item : value.items) CheckDuplicatesBelow(input, item);
  for (const json::Member& member : value.members) CheckDuplicatesBelow(input, member.value);
}

class Reader {
 public:
  Reader(JsonInput input, std::string_view server) : input_(input), server_(server) {}

  // What the document is shows in its keys.
  void Read(const json::Value& document) {
    if (!Expect(input_, document, json::Kind::Record, "the lock", "an object")) return;
    if (FindMember(document, "servers") != nullptr || FindMember(document, "version") != nullptr) {
      return ReadLock(document);
    }
    for (const std::string_view key : {"toolsList"sv, "result"sv}) {
      const json::Value* inner = FindMember(document, key);
      if (inner != nullptr && inner->kind == json::Kind::Record &&
          FindMember(*inner, "tools") != nullptr) {
        return ReadList(document, *inner);
      }
    }
    if (FindMember(document, "tools") != nullptr) return ReadList(document, document);
    const Span brace{document.span.begin, document.span.begin + 1};
    input_.diagnostics.Report(diag::NoToolLock, input_.source, brace)
        .Help("a lock has `version` and `servers`; a saved tools/list has `tools`");
  }

  ToolLock Take() {
    std::ranges::sort(lock_.servers, {}, &LockedServer::name);
    for (LockedServer& server : lock_.servers) {
      std::ranges::sort(server.tools, {}, &LockedTool::name);
    }
    return std::move(lock_);
  }

 private:
  void ReadLock(const json::Value& document) {
    const Fields fields(input_, document, "a lock", kLockKeys);
    if (const json::Value* version = fields.Require("version")) CheckVersion(*version);
    const json::Value* servers = fields.Require("servers");
    if (servers == nullptr ||
        !Expect(input_, *servers, json::Kind::Record, "servers", "an object of servers") ||
        !CheckCount(input_, *servers, "servers", kLockServersMax)) {
      return;
    }
    CheckDuplicateKeys(input_, *servers);
    for (const json::Member& server : servers->members) ReadServer(server);
  }

  void CheckVersion(const json::Value& version) {
    if (version.kind == json::Kind::Number && version.text == "1") return;
    const std::string_view written =
        input_.source.text().substr(version.span.begin, version.span.end - version.span.begin);
    input_.diagnostics.Report(diag::UnknownLockVersion, input_.source, version.span,
                              written.substr(0, 40));
  }

  void ReadServer(const json::Member& member) {
    if (!CheckName(member.key, member.key_span, "the name of a server")) return;
    if (!Expect(input_, member.value, json::Kind::Record, member.key, "an object")) return;
    const Fields fields(input_, member.value, "a server", kServerKeys);
    const json::Value* tools = fields.Require("tools");
    if (tools == nullptr ||
        !Expect(input_, *tools, json::Kind::Record, "tools", "an object of tools") ||
        !CheckCount(input_, *tools, "tools", kLockToolsMax)) {
      return;
    }
    CheckDuplicateKeys(input_, *tools);
    LockedServer server{.name = member.key, .tools = {}, .span = member.key_span};
    for (const json::Member& tool : tools->members) {
      if (auto read = ReadLockedTool(tool)) server.tools.push_back(*std::move(read));
    }
    lock_.servers.push_back(std::move(server));
  }

  std::optional<LockedTool> ReadLockedTool(const json::Member& member) {
    if (!CheckName(member.key, member.key_span, "the name of a tool")) return std::nullopt;
    if (!Expect(input_, member.value, json::Kind::Record, member.key, "an object")) {
      return std::nullopt;
    }
    const Fields fields(input_, member.value, "a tool", kToolKeys);
    const std::size_t errors_before = input_.diagnostics.error_count();
    LockedTool tool{.name = member.key, .span = member.key_span};
    ReadParts(member.value, tool);
    for (const auto& [key, word] :
         {std::pair("category"sv, &tool.category), {"risk"sv, &tool.risk}}) {
      const json::Value* value = fields.Find(key);
      if (value != nullptr) *word = ReadString(input_, *value, key).value_or("");
    }
    if (const json::Value* hashes = fields.Require("hashes")) {
      if (input_.diagnostics.error_count() == errors_before) CheckHashes(*hashes, tool);
    }
    return tool;
  }

  // What a lock and a list have in common.
  void ReadParts(const json::Value& record, LockedTool& tool) {
    const json::Value* description = FindPart(record, "description");
    if (description != nullptr &&
        Expect(input_, *description, json::Kind::String, "description", "a string")) {
      tool.description = description->text;
    }
    if (const json::Value* schema = FindPart(record, "inputSchema")) {
      if (IsRecord(*schema, "inputSchema", "a JSON Schema")) tool.input_schema = *schema;
    } else {
      const Span brace{record.span.begin, record.span.begin + 1};
      input_.diagnostics.Report(diag::NoInputSchema, input_.source, brace, tool.name);
    }
    if (const json::Value* schema = FindPart(record, "outputSchema")) {
      if (IsRecord(*schema, "outputSchema", "a JSON Schema")) tool.output_schema = *schema;
    }
    if (const json::Value* annotations = FindPart(record, "annotations")) {
      if (IsRecord(*annotations, "annotations", "an object")) tool.annotations = *annotations;
    }
  }

  // Some servers write null for what they leave out.
  const json::Value* FindPart(const json::Value& record, std::string_view key) const {
    const json::Value* value = FindMember(record, key);
    return value != nullptr && value->kind == json::Kind::Null ? nullptr : value;
  }

  bool IsRecord(const json::Value& value, std::string_view key, std::string_view expected) {
    if (!Expect(input_, value, json::Kind::Record, key, expected)) return false;
    CheckDuplicatesBelow(input_, value);
    return true;
  }

  void CheckHashes(const json::Value& record, const LockedTool& tool) {
    if (!Expect(input_, record, json::Kind::Record, "hashes", "an object of hashes")) return;
    const Fields fields(input_, record, "the hashes of a tool", kHashKeys);
    const ToolHashes hashes = HashesOf(tool);
    const std::string* const computed[] = {&hashes.name, &hashes.description, &hashes.input_schema,
                                           &hashes.output_schema};
    for (std::size_t i = 0; i < kHashKeys.size(); ++i) {
      const json::Value* written =
          computed[i]->empty() ? fields.Find(kHashKeys[i]) : fields.Require(kHashKeys[i]);
      if (written == nullptr) continue;
      if (written->kind == json::Kind::String && written->text == *computed[i]) continue;
      input_.diagnostics
          .Report(diag::HashMismatch, input_.source, written->span, kHashKeys[i], tool.name)
          .Help(
              "someone edited the lock by hand: review the tool, and pin it again with `policyc "
              "pin`");
    }
  }

  void ReadList(const json::Value& document, const json::Value& list) {
    const json::Value* tools = FindMember(list, "tools");
    if (!Expect(input_, *tools, json::Kind::List, "tools", "a list of tools") ||
        !CheckCount(input_, *tools, "tools", kLockToolsMax)) {
      return;
    }
    const json::Value* cursor = FindPart(list, "nextCursor");
    if (cursor != nullptr) {
      input_.diagnostics.Report(diag::ListNotWhole, input_.source, cursor->span)
          .Help("`policyc pin` asks the server for every page");
    }
    LockedServer server{.name = ServerOf(document), .tools = {}, .span = tools->span};
    for (const json::Value& tool : tools->items) {
      if (auto read = ReadListedTool(tool)) server.tools.push_back(*std::move(read));
    }
    CheckListedTwice(server);
    lock_.servers.push_back(std::move(server));
  }

  std::string ServerOf(const json::Value& document) const {
    if (!server_.empty()) return std::string(server_);
    const json::Value* at = &document;
    for (const std::string_view key : {"initialize"sv, "serverInfo"sv, "name"sv}) {
      const json::Value* next = FindMember(*at, key);
      if (next != nullptr) at = next;
    }
    return at->kind == json::Kind::String && !at->text.empty() ? at->text : "default";
  }

  std::optional<LockedTool> ReadListedTool(const json::Value& record) {
    if (!Expect(input_, record, json::Kind::Record, "tools", "a list of objects")) {
      return std::nullopt;
    }
    CheckDuplicateKeys(input_, record);
    const json::Value* name = FindMember(record, "name");
    if (name == nullptr || name->kind != json::Kind::String) {
      const Span brace{record.span.begin, record.span.begin + 1};
      input_.diagnostics.Report(diag::ToolWithoutName, input_.source, brace);
      return std::nullopt;
    }
    if (!CheckName(name->text, name->span, "the name of a tool")) return std::nullopt;
    LockedTool tool{.name = name->text, .span = name->span};
    ReadParts(record, tool);
    return tool;
  }

  void CheckListedTwice(LockedServer& server) {
    std::ranges::stable_sort(server.tools, {}, &LockedTool::name);
    for (std::size_t i = 1; i < server.tools.size(); ++i) {
      if (server.tools[i].name != server.tools[i - 1].name) continue;
      input_.diagnostics
          .Report(diag::ToolListedTwice, input_.source, server.tools[i].span, server.tools[i].name)
          .Note(server.tools[i - 1].span, "first here");
    }
  }

  bool CheckName(const std::string& name, Span span, std::string_view what) {
    if (!name.empty() && name.size() <= mcp::kToolNameBytesMax) return true;
    input_.diagnostics.Report(diag::BadNameInLock, input_.source, span, what, name.size(),
                              mcp::kToolNameBytesMax);
    return false;
  }

  JsonInput input_;
  std::string_view server_;
  ToolLock lock_;
};

}  // namespace

std::optional<ToolLock> ReadToolLock(const Source& source, std::string_view server,
                                     Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  const auto document = json::Parse(source, diagnostics, kLockDepthMax);
  if (!document) return std::nullopt;
  Reader reader({source, diagnostics}, server);
  reader.Read(*document);
  if (diagnostics.error_count() != errors_before) return std::nullopt;
  return reader.Take();
}

}  // namespace policy::catalog
