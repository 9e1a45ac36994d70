#include "grammar/policy_json_conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "grammar/json_writer.h"
#include "grammar/operator_text.h"

namespace policy {

namespace {

using ast::Operator;

// The operator that says the opposite of every value that `op` knows about.
std::optional<Operator> Opposite(Operator op) {
  switch (op) {
    case Operator::Equal:
      return Operator::NotEqual;
    case Operator::NotEqual:
      return Operator::Equal;
    case Operator::In:
      return Operator::NotIn;
    case Operator::NotIn:
      return Operator::In;
    case Operator::Less:
      return Operator::GreaterOrEqual;
    case Operator::LessOrEqual:
      return Operator::Greater;
    case Operator::Greater:
      return Operator::LessOrEqual;
    case Operator::GreaterOrEqual:
      return Operator::Less;
    default:
      return std::nullopt;
  }
}

bool IsPlainStep(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
  };
  if (name.empty() || !is_letter(name.front())) return false;
  return std::ranges::all_of(
      name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

std::optional<json::Value> ScalarOf(const ast::Literal& literal) {
  switch (literal.kind) {
    case ast::LiteralKind::Bool:
      return json::MakeBool(literal.boolean);
    case ast::LiteralKind::Number:
      return json::MakeNumber(literal.text);
    case ast::LiteralKind::String:
      return json::MakeString(literal.text);
    default:
      return std::nullopt;
  }
}

// A pattern that asks for a beginning or an end alone.
struct LikeWords {
  std::string_view op;
  std::string text;
};
std::optional<LikeWords> LikeAsWords(const std::string& pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string::npos || pattern.find('*', star + 1) != std::string::npos ||
      pattern.size() == 1) {
    return std::nullopt;
  }
  if (star + 1 == pattern.size()) return LikeWords{"starts_with", pattern.substr(0, star)};
  if (star == 0) return LikeWords{"ends_with", pattern.substr(1)};
  return std::nullopt;
}

json::Value Condition() { return json::MakeRecord(); }

}  // namespace

std::string JsonPathText(const ast::Path& path, bool skip_root) {
  std::string text = skip_root ? "" : path.root.text;
  for (const ast::Step& step : path.steps) {
    if (const auto* index = std::get_if<std::uint32_t>(&step)) {
      text += fmt::format("[{}]", *index);
    } else if (const auto& name = std::get<std::string>(step); IsPlainStep(name)) {
      text += (text.empty() ? "" : ".") + name;
    } else {
      text += "[\"";
      for (const char c : name) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
      }
      text += "\"]";
    }
  }
  return text;
}

JsonConditions::JsonConditions(const ast::Policy& policy, const Source& source,
                               Diagnostics& diagnostics)
    : policy_(policy), source_(source), diagnostics_(diagnostics) {
  for (const ast::Let& let : policy.lets) lets_.emplace(let.name.text, let.value_id);
}

void JsonConditions::Refuse(Span span, std::string_view what) const {
  diagnostics_.Report(diag::JsonCannotSay, source_, span, what);
}

ast::ExpressionId JsonConditions::Named(ast::ExpressionId id) const {
  const auto* path = std::get_if<ast::Path>(&ast::At(policy_, id).node);
  if (path == nullptr || !path->steps.empty()) return id;
  const auto let = lets_.find(path->root.text);
  return let == lets_.end() ? id : let->second;
}

std::optional<json::Value> JsonConditions::AllOf(ast::ExpressionId id) const {
  json::Value list = json::MakeList({});
  if (!AppendAll(id, false, list)) return std::nullopt;
  return list;
}

std::optional<std::vector<json::Value>> JsonConditions::AnyOf(ast::ExpressionId id) const {
  const auto* junction = std::get_if<ast::Junction>(&ast::At(policy_, id).node);
  std::vector<ast::ExpressionId> operands = {id};
  if (junction != nullptr && junction->kind == ast::Junction::Kind::Or) {
    operands = junction->operands;
  }
  std::vector<json::Value> lists;
  bool is_whole = true;
  for (const ast::ExpressionId operand : operands) {
    auto list = AllOf(operand);
    is_whole = is_whole && list.has_value();
    if (list) lists.push_back(*std::move(list));
  }
  if (!is_whole) return std::nullopt;
  return lists;
}

// The reader bounds how deep expressions nest.
bool JsonConditions::AppendAll(ast::ExpressionId id, bool negated, json::Value& list) const {
  const ast::Expression& expression = ast::At(policy_, id);
  if (const auto* junction = std::get_if<ast::Junction>(&expression.node)) {
    const auto wanted = negated ? ast::Junction::Kind::Or : ast::Junction::Kind::And;
    if (junction->kind != wanted && junction->operands.size() != 1) {
      Refuse(expression.span, "`or` but between the conditions of a whole deny or approve");
      return false;
    }
    bool is_whole = true;
    for (const ast::ExpressionId operand : junction->operands) {
      is_whole = AppendAll(operand, negated, list) && is_whole;
    }
    return is_whole;
  }
  if (const auto* node = std::get_if<ast::Not>(&expression.node)) {
    return AppendAll(node->operand, !negated, list);
  }
  if (const auto* comparison = std::get_if<ast::Comparison>(&expression.node)) {
    return AppendComparison(expression, *comparison, negated, list);
  }
  if (const auto* has = std::get_if<ast::Has>(&expression.node)) {
    return AppendHas(*has, negated, list);
  }
  if (std::holds_alternative<ast::Path>(expression.node) ||
      std::holds_alternative<ast::OrElse>(expression.node)) {
    return AppendBool(id, negated, list);
  }
  Refuse(expression.span, "this condition");
  return false;
}

bool JsonConditions::AddSubject(ast::ExpressionId id, json::Value& condition) const {
  const ast::Expression* expression = &ast::At(policy_, id);
  const auto* or_else = std::get_if<ast::OrElse>(&expression->node);
  const ast::Expression& at = or_else != nullptr ? ast::At(policy_, or_else->path_id) : *expression;
  const auto* path = std::get_if<ast::Path>(&at.node);
  if (path == nullptr || lets_.contains(path->root.text)) {
    Refuse(at.span, "a condition on anything but a path");
    return false;
  }
  json::Add(condition, "path", json::MakeString(JsonPathText(*path, false)));
  return true;
}

// What stands for the subject's value where it is absent comes last.
bool JsonConditions::AddAbsent(ast::ExpressionId id, json::Value& condition) const {
  const auto* or_else = std::get_if<ast::OrElse>(&ast::At(policy_, id).node);
  if (or_else == nullptr) return true;
  auto absent = Operand(or_else->literal_id);
  if (!absent) return false;
  json::Add(condition, "absent", *std::move(absent));
  return true;
}

std::optional<json::Value> JsonConditions::Operand(ast::ExpressionId id) const {
  const ast::Expression& expression = ast::At(policy_, Named(id));
  if (const auto* literal = std::get_if<ast::Literal>(&expression.node)) {
    if (auto scalar = ScalarOf(*literal)) return scalar;
  }
  if (const auto* list = std::get_if<ast::List>(&expression.node)) {
    std::vector<json::Value> items;
    for (const ast::ExpressionId item : list->items) {
      const auto* literal = std::get_if<ast::Literal>(&ast::At(policy_, Named(item)).node);
      auto scalar = literal != nullptr ? ScalarOf(*literal) : std::nullopt;
      if (!scalar) break;
      items.push_back(*std::move(scalar));
    }
    if (items.size() == list->items.size()) return json::MakeList(std::move(items));
  }
  Refuse(ast::At(policy_, id).span, "a comparison with anything but text, a number or a bool");
  return std::nullopt;
}

bool JsonConditions::AppendComparison(const ast::Expression& expression,
                                      const ast::Comparison& comparison, bool negated,
                                      json::Value& list) const {
  ast::ExpressionId left = comparison.left;
  ast::ExpressionId right = comparison.right;
  std::optional<Operator> op = comparison.op;
  const bool begins_with_literal =
      std::holds_alternative<ast::Literal>(ast::At(policy_, Named(left)).node);
  if (begins_with_literal) {
    std::swap(left, right);
    op = Mirrored(*op);
  }
  if (op && negated) op = Opposite(*op);
  if (!op) {
    Refuse(expression.span, begins_with_literal ? "this comparison" : "`not` before this operator");
    return false;
  }
  json::Value condition = Condition();
  if (!AddSubject(left, condition)) return false;
  auto operand = Operand(right);
  if (!operand) return false;
  std::string op_text(ast::JsonNameOf(*op));
  if (*op == Operator::Like) {
    const auto words = LikeAsWords(operand->text);
    if (!words) {
      Refuse(expression.span, "`like` but for one `*` at the beginning or the end");
      return false;
    }
    op_text = words->op;
    operand->text = words->text;
  }
  json::Add(condition, "op", json::MakeString(std::move(op_text)));
  json::Add(condition, "value", *std::move(operand));
  if (!AddAbsent(left, condition)) return false;
  list.items.push_back(std::move(condition));
  return true;
}

bool JsonConditions::AppendHas(const ast::Has& has, bool negated, json::Value& list) const {
  json::Value condition = Condition();
  if (!AddSubject(has.path_id, condition)) return false;
  json::Add(condition, "op", json::MakeString("exists"));
  json::Add(condition, "value", json::MakeBool(!negated));
  list.items.push_back(std::move(condition));
  return true;
}

// A bool that stands as a condition.
bool JsonConditions::AppendBool(ast::ExpressionId id, bool negated, json::Value& list) const {
  json::Value condition = Condition();
  if (!AddSubject(id, condition)) return false;
  json::Add(condition, "op", json::MakeString("eq"));
  json::Add(condition, "value", json::MakeBool(!negated));
  if (!AddAbsent(id, condition)) return false;
  list.items.push_back(std::move(condition));
  return true;
}

std::optional<json::Value> JsonConditions::Cost(ast::ExpressionId id) const {
  const ast::Expression& expression = ast::At(policy_, id);
  const auto path_text = [&](const ast::Expression& at) -> std::optional<std::string> {
    const auto* path = std::get_if<ast::Path>(&at.node);
    if (path == nullptr || path->root.text != "args") return std::nullopt;
    return JsonPathText(*path, false);
  };
  if (const auto text = path_text(expression)) return json::MakeString(*text);
  const auto* call = std::get_if<ast::Call>(&expression.node);
  if (call != nullptr && call->function.text == "length" && call->arguments.size() == 1) {
    if (const auto text = path_text(ast::At(policy_, call->arguments[0]))) {
      json::Value record = json::MakeRecord();
      json::Add(record, "length", json::MakeString(*text));
      return record;
    }
  }
  Refuse(expression.span, "a charge of anything but an argument or its length");
  return std::nullopt;
}

}  // namespace policy
