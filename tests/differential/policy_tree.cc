#include "tests/differential/policy_tree.h"

#include <string>
#include <utility>

namespace differential {
namespace {

using reference::Digits;
using reference::Expression;
using reference::Json;
using reference::Value;

Json Text(std::string text) { return Json::String(std::move(text)); }

std::string NumberText(const Digits& number) {
  const std::string digits = number.digits.empty() ? "0" : number.digits;
  const std::string exponent = number.exponent == 0 ? "" : "e" + std::to_string(number.exponent);
  return (number.negative ? "-" : "") + digits + exponent;
}

Json Scalar(const Value& value) {
  switch (value.kind) {
    case Value::Kind::Bool:
      return Json::Bool(value.boolean);
    case Value::Kind::Number:
      return Json::Number(NumberText(*value.number));
    case Value::Kind::String:
      return Text(value.text);
    default:
      return Json::Null();
  }
}

std::string PathText(const reference::Path& path) {
  std::string text = path.root;
  for (const reference::Step& step : path.steps)
    text += '[' + (step.index ? std::to_string(*step.index) : reference::Quote(step.name)) + ']';
  return text;
}

Json ExpressionTree(const Expression& e);

Json Operands(const Expression& e) {
  Json list = Json::List({});
  for (const Expression& operand : e.operands) list.items.push_back(ExpressionTree(operand));
  return list;
}

Json Quantifier(const std::string& word, const Expression& e) {
  return Json::Record({{word, Text(e.name)},
                       {"in", ExpressionTree(e.operands.at(0))},
                       {"body", ExpressionTree(e.operands.at(1))}});
}

Json ExpressionTree(const Expression& e) {
  using Kind = Expression::Kind;
  switch (e.kind) {
    case Kind::Literal:
      return Json::Record({{"literal", Scalar(e.literal)}});
    case Kind::List: {
      Json list = Json::List({});
      for (const Expression& item : e.operands) list.items.push_back(Scalar(item.literal));
      return Json::Record({{"list", std::move(list)}});
    }
    case Kind::Path:
      return Json::Record({{"path", Text(PathText(e.path))}});
    case Kind::Not:
      return Json::Record({{"not", ExpressionTree(e.operands.at(0))}});
    case Kind::And:
      return Json::Record({{"and", Operands(e)}});
    case Kind::Or:
      return Json::Record({{"or", Operands(e)}});
    case Kind::Compare:
      return Json::Record({{"op", Text(e.name)},
                           {"left", ExpressionTree(e.operands.at(0))},
                           {"right", ExpressionTree(e.operands.at(1))}});
    case Kind::Has:
      return Json::Record({{"has", Text(PathText(e.operands.at(0).path))}});
    case Kind::IsNull:
      return Json::Record({{"is null", Text(PathText(e.operands.at(0).path))}});
    case Kind::OrElse:
      return Json::Record({{"else", Text(PathText(e.operands.at(0).path))},
                           {"literal", Scalar(e.operands.at(1).literal)}});
    case Kind::Call:
      return Json::Record({{"call", Text(e.name)}, {"operands", Operands(e)}});
    case Kind::Part:
      return Json::Record(
          {{"part", ExpressionTree(e.operands.at(0))},
           {"step", Json::Number(std::to_string(e.path.steps.at(0).index.value_or(0)))}});
    case Kind::Any:
      return Quantifier("any", e);
    case Kind::All:
      return Quantifier("all", e);
    case Kind::Count:
      return Quantifier("count", e);
  }
  return Json::Null();
}

Json Scopes(const reference::Limit& limit) {
  Json each = Json::List({});
  for (const reference::Scope& scope : limit.scopes)
    each.items.push_back(Text(scope.path.steps.empty() ? scope.kind : PathText(scope.path)));
  return each;
}

}  // namespace

Json TreeOf(const reference::Policy& policy) {
  Json blocks = Json::List({});
  for (const reference::Entry& entry : policy.entries) {
    Json patterns = Json::List({});
    for (const std::string& pattern : entry.patterns) patterns.items.push_back(Text(pattern));
    Json rules = Json::List({});
    for (const reference::Rule& rule : entry.rules) {
      Json tree = Json::Record();
      if (rule.condition) tree.members.emplace_back("when", ExpressionTree(*rule.condition));
      if (rule.limit.cost) tree.members.emplace_back("cost", ExpressionTree(*rule.limit.cost));
      tree.members.emplace_back("each", Scopes(rule.limit));
      rules.items.push_back(std::move(tree));
    }
    Json block = Json::Record({{"patterns", std::move(patterns)}, {"rules", std::move(rules)}});
    if (entry.server) block.members.emplace_back("server", Text(*entry.server));
    blocks.items.push_back(std::move(block));
  }
  return Json::Record({{"form", Text("text")}, {"blocks", std::move(blocks)}});
}

}  // namespace differential
