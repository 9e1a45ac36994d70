#include <fmt/format.h>

#include <array>
#include <utility>

#include "grammar/limits.h"
#include "grammar/path_syntax.h"
#include "grammar/policy_json_parts.h"
#include "grammar/shared_reports.h"

namespace policy {

namespace {

using json::Kind;
using std::string_view_literals::operator""sv;

constexpr std::array kRuleKeys = {"conditions"sv, "on_deny"sv};
constexpr std::array kApproveRuleKeys = {"conditions"sv, "from"sv, "within"sv, "on_deny"sv};
constexpr std::array kConditionKeys = {"path"sv, "op"sv, "value"sv, "absent"sv};

// Every spelling of `op`; `exists` comes after the operators of operators.def.
constexpr std::array kOperators = {
#define OPERATOR(name, json, text) json##sv,
#define TEXT_OPERATOR(name, text)
#include "grammar/operators.def"
#undef OPERATOR
    "exists"sv,
};
constexpr std::size_t kExists = kOperators.size() - 1;

ast::ExpressionId AddScalar(PolicyJsonReader& reader, const json::Value& value) {
  // An empty string is a value like any other.
  if (!value.text.empty()) {
    CheckText(reader.input.source, reader.input.diagnostics, value.span, value.text, "value");
  }
  ast::Literal literal;
  literal.text = value.text;
  literal.boolean = value.boolean;
  literal.kind = value.kind == Kind::String   ? ast::LiteralKind::String
                 : value.kind == Kind::Number ? ast::LiteralKind::Number
                 : value.kind == Kind::Bool   ? ast::LiteralKind::Bool
                                              : ast::LiteralKind::Null;
  return reader.Add({std::move(literal), value.span});
}

bool IsScalar(const json::Value& value) {
  return value.kind == Kind::String || value.kind == Kind::Number || value.kind == Kind::Bool;
}

// What a condition compares with: a scalar, or a list of scalars.
std::optional<ast::ExpressionId> ReadOperand(PolicyJsonReader& reader, const json::Value& value) {
  if (IsScalar(value)) return AddScalar(reader, value);
  if (value.kind != Kind::List) {
    ReportWrongType(reader.input, value, "value", "a string, number, boolean or list of these");
    return std::nullopt;
  }
  if (!CheckCount(reader.input, value, "value", kSetMembersMax)) return std::nullopt;
  ast::List list;
  for (const json::Value& item : value.items) {
    if (!IsScalar(item)) {
      ReportWrongType(reader.input, item, "value", "a list of strings, numbers or booleans");
      return std::nullopt;
    }
    list.items.push_back(AddScalar(reader, item));
  }
  return reader.Add({std::move(list), value.span});
}

// The path of a condition, with its `absent` value where it has one.
std::optional<ast::ExpressionId> ReadSubject(PolicyJsonReader& reader, const Fields& fields) {
  const json::Value* path_value = fields.Require("path");
  const json::Value* absent = fields.Find("absent");
  if (absent != nullptr && !IsScalar(*absent)) {
    ReportWrongType(reader.input, *absent, "absent", "a string, number or boolean");
    return std::nullopt;
  }
  if (path_value == nullptr) return std::nullopt;
  auto path = ReadPath(reader.input, *path_value, "path", {});
  if (!path) return std::nullopt;
  const ast::ExpressionId path_id = reader.Add({*std::move(path), path_value->span});
  if (absent == nullptr) return path_id;
  const ast::ExpressionId literal_id = AddScalar(reader, *absent);
  return reader.Add({ast::OrElse{path_id, literal_id}, path_value->span});
}

std::optional<ast::ExpressionId> ReadCondition(PolicyJsonReader& reader,
                                               const json::Value& record) {
  const JsonInput input = reader.input;
  if (!Expect(input, record, Kind::Record, "a condition", "an object")) return std::nullopt;
  const Fields fields(input, record, "a condition", kConditionKeys);
  const auto subject = ReadSubject(reader, fields);
  const json::Value* op_value = fields.Require("op");
  const json::Value* value = fields.Require("value");
  std::optional<std::size_t> op;
  if (op_value != nullptr) op = ReadWord(input, *op_value, "op", "an operator", kOperators);
  if (!op || value == nullptr) return std::nullopt;
  if (*op == kExists) {
    if (!Expect(input, *value, Kind::Bool, "value", "`true` or `false`") || !subject) {
      return std::nullopt;
    }
    const ast::ExpressionId has = reader.Add({ast::Has{*subject}, record.span});
    return value->boolean ? has : reader.Add({ast::Not{has}, record.span});
  }
  const auto operand = ReadOperand(reader, *value);
  if (!operand || !subject) return std::nullopt;
  return reader.Add({ast::Comparison{.op = static_cast<ast::Operator>(*op),
                                     .op_span = op_value->span,
                                     .left = *subject,
                                     .right = *operand},
                     record.span});
}

// All conditions of a rule have to hold. A rule without any always holds.
std::optional<ast::ExpressionId> ReadConditions(PolicyJsonReader& reader, const Fields& fields) {
  const json::Value* list = fields.Require("conditions");
  if (list == nullptr) return std::nullopt;
  if (!Expect(reader.input, *list, Kind::List, "conditions", "a list of conditions")) {
    return std::nullopt;
  }
  if (!CheckCount(reader.input, *list, "conditions", kRuleConditionsMax)) return std::nullopt;
  ast::Junction all;
  bool is_whole = true;
  for (const json::Value& item : list->items) {
    if (const auto condition = ReadCondition(reader, item)) {
      all.operands.push_back(*condition);
    } else {
      is_whole = false;
    }
  }
  if (!is_whole) return std::nullopt;
  return reader.Add({std::move(all), list->span});
}

// `reason` is the entry's word; beside `on_deny` it is plain that two messages were meant for one
// rule, and not which.
bool CheckOneMessage(JsonInput input, const json::Value& record) {
  const json::Member* reason = nullptr;
  bool has_on_deny = false;
  for (const json::Member& member : record.members) {
    if (member.key == "reason") reason = &member;
    if (member.key == "on_deny") has_on_deny = true;
  }
  if (reason == nullptr || !has_on_deny) return true;
  input.diagnostics.Report(diag::ReasonWithOnDeny, input.source, reason->key_span)
      .Help("keep `on_deny`: `reason` belongs to the tool's entry");
  return false;
}

// Calls `read(fields, rule pointer, record)` for each rule of the list.
template <typename Read>
void ForEachRule(PolicyJsonReader& reader, const json::Value& list, const std::string& pointer,
                 std::string_view key, std::span<const std::string_view> known, Read read) {
  const JsonInput input = reader.input;
  if (!Expect(input, list, Kind::List, key, "a list of rules")) return;
  if (!CheckCount(input, list, key, kEntryRulesMax)) return;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const json::Value& record = list.items[i];
    if (!Expect(input, record, Kind::Record, key, "a list of objects with `conditions`")) continue;
    if (!CountRule(reader, record.span)) return;
    std::vector<std::string_view> keys(known.begin(), known.end());
    if (!CheckOneMessage(input, record)) keys.emplace_back("reason");  // said once is enough
    const Fields fields(input, record, fmt::format("a rule of `{}`", key), keys);
    const auto conditions = ReadConditions(reader, fields);
    ast::Statement statement;
    statement.id = PointerTo(pointer, i);
    statement.span = record.span;
    if (const json::Value* on_deny = fields.Find("on_deny")) {
      statement.because = ReadTextWord(input, *on_deny, "on_deny");
    }
    read(fields, conditions, std::move(statement));
  }
}

constexpr std::string_view kDurationExpected =
    "whole seconds, or a number with s, m, h or d: `10m`";

// "10m", or whole seconds.
std::optional<ast::Duration> ReadDuration(JsonInput input, const json::Value& value,
                                          std::string_view key) {
  if (value.kind == Kind::Number) {
    const auto seconds = ReadWholeNumber(input, value, key, {1, kApprovalSecondsMax});
    if (!seconds) return std::nullopt;
    return ast::Duration{static_cast<std::uint32_t>(*seconds), {value.text, value.span}};
  }
  if (!Expect(input, value, Kind::String, key, kDurationExpected)) return std::nullopt;
  const std::string& text = value.text;
  const auto seconds = SecondsOf(text, kApprovalSecondsMax);
  if (!seconds) {
    ReportBadDuration(input.source, input.diagnostics, value.span, text, kApprovalSecondsMax);
    return std::nullopt;
  }
  return ast::Duration{*seconds, {text, value.span}};
}

}  // namespace

std::string_view ast::JsonNameOf(ast::Operator op) {
  return kOperators[static_cast<std::size_t>(op)];
}

std::optional<ast::Path> ReadPath(JsonInput input, const json::Value& value, std::string_view key,
                                  std::string_view root) {
  const auto text = ReadString(input, value, key);
  if (!text) return std::nullopt;
  auto path = root.empty() ? ParsePath(*text) : ParsePathBelow(root, *text);
  if (!path) {
    const std::size_t at = std::min(path.error().offset, text->size() - 1);
    ReportInvalidPath(input.source, input.diagnostics, SpanInside(input, value, at, at + 1), *text,
                      path.error().what);
    return std::nullopt;
  }
  path->root.span = root.empty() ? SpanInside(input, value, 0, path->root.text.size()) : value.span;
  return *std::move(path);
}

ast::Approve ReadApproval(PolicyJsonReader& reader, const Fields& fields) {
  ast::Approve approve;
  if (const json::Value* from = fields.Find("from")) {
    approve.from = ReadTextWord(reader.input, *from, "from");
  }
  if (const json::Value* within = fields.Find("within")) {
    approve.within = ReadDuration(reader.input, *within, "within");
  }
  return approve;
}

void ReadRequire(PolicyJsonReader& reader, const json::Value& list, const std::string& pointer,
                 ast::ToolBlock& block) {
  ForEachRule(
      reader, list, pointer, "require", kRuleKeys,
      [&](const Fields&, std::optional<ast::ExpressionId> conditions, ast::Statement statement) {
        if (!conditions) return;
        statement.node = ast::Require{*conditions};
        block.statements.push_back(std::move(statement));
      });
}

void ReadDenyIf(PolicyJsonReader& reader, const json::Value& list, const std::string& pointer,
                ast::ToolBlock& block) {
  ForEachRule(
      reader, list, pointer, "deny_if", kRuleKeys,
      [&](const Fields&, std::optional<ast::ExpressionId> conditions, ast::Statement statement) {
        if (!conditions) return;
        statement.node = ast::Deny{conditions};
        block.statements.push_back(std::move(statement));
      });
}

void ReadApproveIf(PolicyJsonReader& reader, const json::Value& list, const std::string& pointer,
                   ast::ToolBlock& block) {
  ForEachRule(reader, list, pointer, "approve_if", kApproveRuleKeys,
              [&](const Fields& fields, std::optional<ast::ExpressionId> conditions,
                  ast::Statement statement) {
                ast::Approve approve = ReadApproval(reader, fields);
                if (!conditions) return;
                approve.when = conditions;
                statement.node = std::move(approve);
                block.statements.push_back(std::move(statement));
              });
}

}  // namespace policy
