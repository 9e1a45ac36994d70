#include <memory>
#include <string_view>
#include <vector>

#include "compiler/resolve/resolution.h"
#include "policy/check.h"
#include "runtime/program/regex.h"
#include "runtime/value/value.h"

namespace policy {

namespace {

// A constant as Apply reads it, with the storage it refers to.
struct HeldOperand {
  Operand operand;
  std::vector<std::string_view> strings;
  std::unique_ptr<re2::RE2> regex;
};

struct HoldConstant {
  HeldOperand& held;

  void operator()(std::monostate) const {}
  void operator()(const std::string& text) const { held.operand.text = text; }
  void operator()(const Decimal& number) const { held.operand.number = number; }
  void operator()(bool boolean) const { held.operand.boolean = boolean; }
  void operator()(const ir::TimePoint& time) const { held.operand.nanoseconds = time.nanoseconds; }
  void operator()(const ir::Duration& span) const { held.operand.nanoseconds = span.nanoseconds; }
  void operator()(const ir::RegexText& regex) const {
    held.operand.text = regex.text;
    held.regex = CompileRegex(regex.text);
    held.operand.regex = held.regex.get();
  }
  void operator()(const std::vector<std::string>& set) const {
    held.strings.assign(set.begin(), set.end());
    held.operand.strings = held.strings;
  }
  void operator()(const std::vector<Decimal>& set) const { held.operand.numbers = set; }
  void operator()(const std::vector<bool>& set) const {
    for (const bool member : set) {
      (member ? held.operand.set_has_true : held.operand.set_has_false) = true;
    }
  }
};

}  // namespace

std::optional<Truth> ResolveAbsent(Resolution& resolution, Predicate predicate,
                                   const ir::Constant& operand, const ast::Literal& literal,
                                   Span span) {
  Value value;
  switch (literal.kind) {
    case ast::LiteralKind::Null:
      value.kind = ValueKind::Null;
      break;
    case ast::LiteralKind::Bool:
      value = Value::MakeBool(literal.boolean);
      break;
    case ast::LiteralKind::String:
      value = Value::MakeString(literal.text);
      break;
    case ast::LiteralKind::Duration:
      value = Value::MakeDuration(static_cast<std::int64_t>(literal.seconds) * 1'000'000'000);
      break;
    case ast::LiteralKind::Number: {
      const auto number = ResolveNumber(resolution, literal.text, span);
      if (!number) return std::nullopt;
      value = Value::MakeNumber(*number);
      break;
    }
  }
  HeldOperand held;
  held.operand.kind = OperandOf(predicate);
  std::visit(HoldConstant{held}, operand);
  return Apply(predicate, value, held.operand);
}

}  // namespace policy
