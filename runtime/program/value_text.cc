#include "runtime/program/value_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/program/disassemble.h"
#include "runtime/value/civil_time.h"
#include "runtime/value/function.h"
#include "runtime/value/truth.h"

namespace policy {
namespace {

using format::Derived;
using format::DerivedKind;
using format::kNone;

constexpr std::size_t kTextBytesMax = 400;  // of the whole; what is cut ends in …
constexpr int kValuesMax = 500;             // looked at for one text: shared ones count each time

// How tightly an expression holds together: what stands in a tighter one needs parentheses.
enum class Binding : std::uint8_t { Any, Not, Comparison, Sum, Product, OrElse, Primary };

struct Expression {
  std::string text;
  Binding binding = Binding::Any;
  std::string_view joined_by;  // "and", "or": a group that takes more of the same
};

std::string Within(Expression inner, Binding least) {
  return inner.binding < least ? "(" + inner.text + ")" : std::move(inner.text);
}

bool IsPlainKey(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string MemberStep(std::string_view key) {
  if (IsPlainKey(key)) return "." + std::string(key);
  return "[" + QuotedText(key, kTextBytesMax) + "]";
}

std::string PathText(const Layout& layout, std::uint32_t slot) {
  std::string path;
  AppendSlotPath(layout, slot, path);
  return path;
}

std::string DurationText(std::int64_t nanoseconds) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::pair<std::int64_t, char> kUnits[] = {
      {86'400 * kSecond, 'd'}, {3'600 * kSecond, 'h'}, {60 * kSecond, 'm'}, {kSecond, 's'}};
  for (const auto& [unit, letter] : kUnits) {
    if (nanoseconds != 0 && nanoseconds % unit == 0) {
      return fmt::format("{}{}", nanoseconds / unit, letter);
    }
  }
  return fmt::format("{} ns", nanoseconds);
}

std::string LiteralText(const Layout& layout, std::uint32_t constant) {
  const Operand& operand = layout.operands()[constant];
  if (operand.kind == OperandKind::Duration) return DurationText(operand.nanoseconds);
  if (operand.kind == OperandKind::Time) {
    return "time(\"" + FormatInstant(operand.nanoseconds) + "\")";
  }
  return ConstantText(layout, constant);
}

// The operator of the text form; empty for those that are no operator between two values.
std::string_view OperatorOf(Predicate predicate) {
  const std::string_view name = NameOf(predicate);
  constexpr std::pair<std::string_view, std::string_view> kTexts[] = {
      {"eq", "=="}, {"lt", "<"}, {"lte", "<="}, {"gt", ">"}, {"gte", ">="}, {"regex", "matches"}};
  for (const auto& [json, text] : kTexts) {
    if (name == json) return text;
  }
  return name;
}

class ExpressionWriter {
 public:
  ExpressionWriter(const Layout& layout, std::span<const BoundElement> bound)
      : layout_(layout), bound_(bound) {}

  Expression Write(std::uint32_t number);
  Expression WriteTest(const Instruction& test);

 private:
  std::string Operand(std::uint32_t number, Binding least) { return Within(Write(number), least); }
  Expression WriteDerived(std::uint32_t number, const Derived& derived);
  Expression WriteApplied(const Derived& derived);
  Expression WriteInfix(const Derived& derived, std::string_view sign, Binding binding);
  std::string VariableName(std::uint32_t element) const;
  Expression WriteElement(std::uint32_t element);
  Expression WriteQuantified(const Derived& derived);
  Expression WriteBody(const Derived& derived);

  const Layout& layout_;
  const std::span<const BoundElement> bound_;
  int values_left_ = kValuesMax;
};

Expression ExpressionWriter::Write(std::uint32_t number) {
  // A value of values of values may be as large as 2^depth when it is written out.
  if (--values_left_ < 0) return {"…", Binding::Primary, {}};
  const Derived* const derived = layout_.FindDerived(number);
  if (derived == nullptr) return {PathText(layout_, number), Binding::Primary, {}};
  Expression whole = WriteDerived(number, *derived);
  if (whole.text.size() > kTextBytesMax) {
    std::size_t size = kTextBytesMax;
    while (size > 0 && (static_cast<unsigned char>(whole.text[size]) & 0xC0) == 0x80) --size;
    whole.text.resize(size);
    whole.text += "…";
  }
  return whole;
}

Expression ExpressionWriter::WriteDerived(std::uint32_t number, const Derived& derived) {
  switch (derived.kind) {
    case DerivedKind::Literal:
      return {LiteralText(layout_, derived.constant), Binding::Primary, {}};
    case DerivedKind::Applied:
      return WriteApplied(derived);
    case DerivedKind::Compared:
      return WriteInfix(derived, NameOf(static_cast<Relation>(derived.operation)),
                        Binding::Comparison);
    case DerivedKind::Element:
      return WriteElement(number);
    case DerivedKind::Quantified:
      return WriteQuantified(derived);
  }
  return {};
}

// Of equal signs in a row the left ones are made first; comparisons do not chain.
Expression ExpressionWriter::WriteInfix(const Derived& derived, std::string_view sign,
                                        Binding binding) {
  const auto tighter = static_cast<Binding>(static_cast<int>(binding) + 1);
  const bool chains = binding == Binding::Sum || binding == Binding::Product;
  return {fmt::format("{} {} {}", Operand(derived.first, chains ? binding : tighter), sign,
                      Operand(derived.second, tighter)),
          binding,
          {}};
}

Expression ExpressionWriter::WriteApplied(const Derived& derived) {
  const auto function = static_cast<Function>(derived.operation);
  const std::string_view name = NameOf(function);
  switch (function) {
    case Function::Member: {
      const std::uint32_t key = layout_.FindDerived(derived.second)->constant;
      return {Operand(derived.first, Binding::Primary) + MemberStep(layout_.operands()[key].text),
              Binding::Primary,
              {}};
    }
    case Function::Element:
      return {fmt::format("{}[{}]", Operand(derived.first, Binding::Primary),
                          Operand(derived.second, Binding::Any)),
              Binding::Primary,
              {}};
    case Function::OrElse:
      return WriteInfix(derived, name, Binding::OrElse);
    case Function::Add:
    case Function::Subtract:
      return WriteInfix(derived, name, Binding::Sum);
    case Function::Multiply:
      return WriteInfix(derived, name, Binding::Product);
    default: {
      std::string text = fmt::format("{}({}", name, Operand(derived.first, Binding::Any));
      if (derived.second != kNone) text += ", " + Operand(derived.second, Binding::Any);
      return {text + ")", Binding::Primary, {}};
    }
  }
}

std::string ExpressionWriter::VariableName(std::uint32_t element) const {
  int around = 0;
  for (const Derived& other : layout_.derived()) {
    const bool is_around = other.kind == DerivedKind::Quantified && other.second < element &&
                           element < other.scope_end;
    around += is_around ? 1 : 0;
  }
  return around == 0 ? "r" : "s";
}

Expression ExpressionWriter::WriteElement(std::uint32_t element) {
  const auto bound = std::ranges::find(bound_, element, &BoundElement::element);
  if (bound == bound_.end()) return {VariableName(element), Binding::Primary, {}};
  return {fmt::format("{}[{}]", Operand(bound->list, Binding::Primary), bound->index),
          Binding::Primary,
          {}};
}

Expression ExpressionWriter::WriteQuantified(const Derived& derived) {
  constexpr std::string_view kNames[] = {"any", "all", "count"};
  Expression body = WriteBody(derived);
  if (body.binding == Binding::Any) body.text = "(" + body.text + ")";
  return {fmt::format("{} {} in {}: {}", kNames[derived.operation], VariableName(derived.second),
                      Operand(derived.first, Binding::Sum), body.text),
          Binding::Any,
          {}};
}

void Join(Expression part, WriteMode mode, Expression& whole) {
  if (mode == WriteMode::Set) {
    whole = std::move(part);
    return;
  }
  const std::string_view word = mode == WriteMode::And ? "and" : "or";
  const auto side = [word](Expression& of) {
    return of.joined_by == word ? std::move(of.text) : Within(std::move(of), Binding::Not);
  };
  std::string left = side(whole);
  whole = {fmt::format("{} {} {}", left, word, side(part)), Binding::Any, word};
}

Expression Negated(Expression whole) {
  return {"not " + Within(std::move(whole), Binding::Comparison), Binding::Not, {}};
}

// What short cuts leave out does not change the answer, so they are not followed.
Expression ExpressionWriter::WriteBody(const Derived& derived) {
  constexpr std::string_view kTruths[] = {"false", "unknown", "true"};
  std::map<std::uint8_t, Expression> registers;
  for (std::uint32_t at = derived.code; at < derived.code_end && values_left_ > 0;) {
    const Instruction& instruction = layout_.code()[at++];
    const auto mode = static_cast<WriteMode>(instruction.flags & kFlagModeMask);
    Expression& target = registers[instruction.dst];
    switch (instruction.opcode) {
      case Opcode::Test:
        Join(WriteTest(instruction), mode, target);
        break;
      case Opcode::Constant:
        Join({std::string(kTruths[instruction.predicate]), Binding::Primary, {}}, mode, target);
        break;
      case Opcode::Combine: {
        Expression source = registers[instruction.predicate];
        if ((instruction.flags & kFlagNegate) != 0) source = Negated(std::move(source));
        Join(std::move(source), mode, target);
        break;
      }
      case Opcode::Jump:
        at = instruction.target;
        break;
      default:
        break;
    }
    if (target.text.size() > kTextBytesMax) return {target.text, Binding::Any, {}};
  }
  return values_left_ > 0 ? registers[0] : Expression{"…", Binding::Primary, {}};
}

Expression ExpressionWriter::WriteTest(const Instruction& test) {
  const auto predicate = static_cast<Predicate>(test.predicate);
  const bool negated = (test.flags & kFlagNegate) != 0;
  Expression value = Write(test.slot);
  if (predicate == Predicate::EqualBool && layout_.FindDerived(test.slot) != nullptr) {
    const bool wants_true = layout_.operands()[test.constant].boolean;
    return wants_true == negated ? Negated(std::move(value)) : value;
  }
  std::string left = Within(std::move(value), Binding::Sum);
  if (predicate == Predicate::Exists) {
    return {
        (negated ? "not has " : "has ") + left, negated ? Binding::Not : Binding::Comparison, {}};
  }
  if (predicate == Predicate::IsNull) {
    return {left + (negated ? " is not null" : " is null"), Binding::Comparison, {}};
  }
  std::string_view sign = OperatorOf(predicate);
  const bool has_negation = sign == "==" || sign == "in";
  if (negated && has_negation) sign = sign == "==" ? "!=" : "not in";
  Expression whole = {fmt::format("{} {} {}", left, sign, LiteralText(layout_, test.constant)),
                      Binding::Comparison,
                      {}};
  return negated && !has_negation ? Negated(std::move(whole)) : whole;
}

}  // namespace

void AppendSlotPath(const Layout& layout, std::uint32_t slot, std::string& text) {
  constexpr std::string_view kRootNames[format::kRootCount] = {"args",   "tool", "grant",  "claims",
                                                               "client", "now",  "session"};
  const auto path_nodes = layout.path_nodes();
  std::array<std::uint32_t, format::kPathDepthMax + 1> nodes;
  std::size_t depth = 0;
  for (std::uint32_t id = layout.slots()[slot].node; id != kNone; id = path_nodes[id].parent) {
    nodes[depth++] = id;
  }
  text += kRootNames[nodes[--depth]];
  while (depth > 0) {
    const format::PathNode& node = path_nodes[nodes[--depth]];
    const std::string_view key = layout.text(node.key);
    if (node.index != kNone) {
      const fmt::format_int index(node.index);
      text.append("[").append(index.data(), index.size()).append("]");
    } else if (IsPlainKey(key)) {
      text.append(".").append(key);
    } else {
      text.append("[\"").append(key).append("\"]");
    }
  }
}

std::string ValueText(const Layout& layout, std::uint32_t number,
                      std::span<const BoundElement> bound) {
  return ExpressionWriter(layout, bound).Write(number).text;
}

std::string TestText(const Layout& layout, const Instruction& test) {
  return ExpressionWriter(layout, {}).WriteTest(test).text;
}

}  // namespace policy
