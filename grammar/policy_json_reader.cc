#include "grammar/policy_json_reader.h"

#include <array>
#include <utility>

#include "grammar/limits.h"
#include "grammar/policy_json_parts.h"
#include "grammar/shared_reports.h"

namespace policy {

namespace {

using json::Kind;
using std::string_view_literals::operator""sv;

constexpr std::array kPolicyKeys = {"version"sv, "default"sv, "tools"sv,   "all_tools"sv,
                                    "hide"sv,    "zone"sv,    "$schema"sv, "description"sv};
constexpr std::array kAllToolsKeys = {"limits"sv};
constexpr std::array kEntryKeys = {"action"sv,  "reason"sv,     "args"sv,
                                   "require"sv, "deny_if"sv,    "approve_if"sv,
                                   "limits"sv,  "rate_limit"sv, "approval"sv};
constexpr std::array kApprovalKeys = {"from"sv, "within"sv};
constexpr std::array kDefaults = {"deny"sv, "allow"sv};
constexpr std::array kActions = {"allow"sv, "deny"sv, "require_approval"sv};
enum class Action { Allow, Deny, RequireApproval };

std::optional<ast::Word> ReadOptionalText(JsonInput input, const Fields& fields,
                                          std::string_view key) {
  const json::Value* value = fields.Find(key);
  if (value == nullptr) return std::nullopt;
  return ReadTextWord(input, *value, key);
}

void ReadVersion(JsonInput input, const Fields& fields) {
  const json::Value* version = fields.Require("version");
  if (version == nullptr || (version->kind == Kind::String && version->text == "1")) return;
  const std::string_view written =
      input.source.text().substr(version->span.begin, version->span.end - version->span.begin);
  auto report = input.diagnostics.Report(diag::UnknownVersion, input.source, version->span,
                                         written.substr(0, written.find('\n')));
  if (version->kind == Kind::Number && version->text == "1") report.Replace(version->span, "\"1\"");
}

void ReadDefault(PolicyJsonReader& reader, const Fields& fields) {
  const json::Value* value = fields.Require("default");
  if (value == nullptr) return;
  reader.policy.default_span = value->span;
  const auto word = ReadWord(reader.input, *value, "default", "a default", kDefaults);
  reader.policy.default_allows = word == 1u;
}

void ReadHides(PolicyJsonReader& reader, const json::Value& list) {
  if (!Expect(reader.input, list, Kind::List, "hide", "a list of tool patterns")) return;
  if (!CheckCount(reader.input, list, "hide", kPolicyHidesMax)) return;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (auto pattern = ReadTextWord(reader.input, list.items[i], "hide")) {
      reader.policy.hides.push_back({PointerTo("/hide", i), *std::move(pattern)});
    }
  }
}

void ReadAllTools(PolicyJsonReader& reader, const json::Value& record) {
  if (!Expect(reader.input, record, Kind::Record, "all_tools", "an object with `limits`")) return;
  const Fields fields(reader.input, record, "all_tools", kAllToolsKeys);
  const json::Value* limits = fields.Require("limits");
  if (limits == nullptr) return;
  ast::ToolBlock block;
  block.patterns.push_back({"*", record.span});
  block.span = record.span;
  ReadLimits(reader, *limits, "/all_tools/limits", block);
  reader.policy.blocks.push_back(std::move(block));
}

void ReadArguments(PolicyJsonReader& reader, const json::Value& list, std::string id,
                   ast::ToolBlock& block) {
  if (!Expect(reader.input, list, Kind::List, "args", "a list of argument names")) return;
  if (!CheckCount(reader.input, list, "args", kArgumentNamesMax)) return;
  ast::CloseArguments close;
  for (const json::Value& item : list.items) {
    if (auto name = ReadTextWord(reader.input, item, "args")) close.names.push_back(*name);
  }
  block.statements.push_back(
      {.id = std::move(id), .node = std::move(close), .because = {}, .span = list.span});
}

// What the entry's action says, as statements.
void AddAction(const json::Value* value, Action action, const std::string& pointer, Span key_span,
               ast::ToolBlock& block) {
  const Span span = value != nullptr ? value->span : key_span;
  const std::string id = PointerTo(pointer, "action");
  if (action == Action::Deny) {
    block.statements.push_back({.id = id, .node = ast::Deny{}, .because = {}, .span = span});
    return;
  }
  block.statements.push_back({.id = pointer,
                              .node = ast::Allow{},
                              .because = {},
                              .implied = value == nullptr || action != Action::Allow,
                              .span = span});
  if (action == Action::RequireApproval) {
    block.statements.push_back({.id = id, .node = ast::Approve{}, .because = {}, .span = span});
  }
}

void ReadApprovalDefaults(PolicyJsonReader& reader, const Fields& fields, Action action,
                          ast::ToolBlock& block) {
  const json::Value* approval = fields.Find("approval");
  if (approval == nullptr) return;
  if (!Expect(reader.input, *approval, Kind::Record, "approval", "an object with `from`")) return;
  const Fields inner(reader.input, *approval, "approval", kApprovalKeys);
  block.approval = ReadApproval(reader, inner);
  if (action != Action::RequireApproval && fields.Find("approve_if") == nullptr) {
    reader.input.diagnostics.Report(diag::ApprovalAlone, reader.input.source, approval->span)
        .Help("write `\"action\": \"require_approval\"`, or `approve_if` with conditions");
  }
}

void ReadEntry(PolicyJsonReader& reader, const json::Member& member) {
  const JsonInput input = reader.input;
  if (!Expect(input, member.value, Kind::Record, member.key, "an object")) return;
  const Fields fields(input, member.value, "a tool entry", kEntryKeys);
  const std::string pointer = PointerTo("/tools", member.key);
  ast::ToolBlock block;
  block.patterns.push_back({member.key, member.key_span});
  block.span = {member.key_span.begin, member.value.span.end};

  Action action = Action::Allow;
  const json::Value* action_value = fields.Find("action");
  if (action_value != nullptr) {
    const auto word = ReadWord(input, *action_value, "action", "an action", kActions);
    action = word ? static_cast<Action>(*word) : Action::Deny;
  }
  CountRule(reader, member.key_span);
  AddAction(action_value, action, pointer, member.key_span, block);
  block.reason = ReadOptionalText(input, fields, "reason");
  ReadApprovalDefaults(reader, fields, action, block);
  for (const json::Member& part : member.value.members) {
    const std::string part_pointer = PointerTo(pointer, part.key);
    if (fields.Find(part.key) != &part.value) continue;  // a duplicate, reported already
    if (part.key == "args") ReadArguments(reader, part.value, part_pointer, block);
    if (part.key == "require") ReadRequire(reader, part.value, part_pointer, block);
    if (part.key == "deny_if") ReadDenyIf(reader, part.value, part_pointer, block);
    if (part.key == "approve_if") ReadApproveIf(reader, part.value, part_pointer, block);
    if (part.key == "limits") ReadLimits(reader, part.value, part_pointer, block);
    if (part.key == "rate_limit") ReadRateLimit(reader, part.value, part_pointer, block);
  }
  reader.policy.blocks.push_back(std::move(block));
}

void ReadTools(PolicyJsonReader& reader, const json::Value& record) {
  const JsonInput input = reader.input;
  if (!Expect(input, record, Kind::Record, "tools", "an object with an entry for each tool"))
    return;
  if (!CheckCount(input, record, "tools", kPolicyToolsMax)) return;
  CheckDuplicateKeys(input, record);
  for (const json::Member& member : record.members) {
    if (member.key.empty() || member.key.size() > kPolicyStringBytesMax) {
      json::Value name;
      name.kind = Kind::String;
      name.span = member.key_span;
      name.text = member.key;
      ReadString(input, name, "a tool pattern");
      continue;
    }
    ReadEntry(reader, member);
  }
}

}  // namespace

ast::ExpressionId PolicyJsonReader::Add(ast::Expression expression) {
  policy.expressions.push_back(std::move(expression));
  return static_cast<ast::ExpressionId>(policy.expressions.size() - 1);
}

std::optional<ast::Word> ReadTextWord(JsonInput input, const json::Value& value,
                                      std::string_view key) {
  auto text = ReadString(input, value, key);
  if (!text) return std::nullopt;
  return ast::Word{*std::move(text), value.span};
}

bool CountRule(PolicyJsonReader& reader, Span span) {
  if (++reader.rule_count <= kPolicyRulesMax) return true;
  if (!std::exchange(reader.has_reported_rule_count, true)) {
    ReportTooManyRules(reader.input.source, reader.input.diagnostics, span);
  }
  return false;
}

std::optional<ast::Policy> ReadPolicyJson(const Source& source, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  const auto document = json::Parse(source, diagnostics);
  if (!document) return std::nullopt;
  PolicyJsonReader reader{.input = {source, diagnostics}, .policy = {}};
  if (!Expect(reader.input, *document, Kind::Record, "a policy", "an object")) return std::nullopt;
  const Fields fields(reader.input, *document, "a policy", kPolicyKeys);
  ReadVersion(reader.input, fields);
  ReadDefault(reader, fields);
  reader.policy.schema = ReadOptionalText(reader.input, fields, "$schema");
  reader.policy.description = ReadOptionalText(reader.input, fields, "description");
  reader.policy.zone = ReadOptionalText(reader.input, fields, "zone");
  if (const json::Value* hides = fields.Find("hide")) ReadHides(reader, *hides);
  if (const json::Value* all_tools = fields.Find("all_tools")) ReadAllTools(reader, *all_tools);
  if (const json::Value* tools = fields.Find("tools")) ReadTools(reader, *tools);
  if (diagnostics.error_count() != errors_before) return std::nullopt;
  return std::move(reader.policy);
}

}  // namespace policy
