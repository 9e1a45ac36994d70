// Constants of the policy run through the functions and predicates that calls run through.
#include <fmt/format.h>

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

struct ScalarValue {
  Value operator()(std::monostate) const { return {}; }
  Value operator()(const std::string& text) const { return Value::MakeString(text); }
  Value operator()(const Decimal& number) const { return Value::MakeNumber(number); }
  Value operator()(bool boolean) const { return Value::MakeBool(boolean); }
  Value operator()(const ir::TimePoint& time) const { return Value::MakeTime(time.nanoseconds); }
  Value operator()(const ir::Duration& span) const { return Value::MakeDuration(span.nanoseconds); }
  template <typename T>
  Value operator()(const T&) const {
    CHECK(false && "sets and expressions are no values");
    return {};
  }
};

ir::Constant ConstantOf(const Value& value) {
  switch (value.kind) {
    case ValueKind::Bool:
      return value.boolean;
    case ValueKind::Number:
      return value.number();
    case ValueKind::String:
      return std::string(value.text());
    case ValueKind::Time:
      return ir::TimePoint{value.coefficient};
    case ValueKind::Duration:
      return ir::Duration{value.coefficient};
    default:
      return {};
  }
}

class FoldingRoom : public TextRoom {
 public:
  char* Reserve(std::size_t bytes) override {
    if (bytes > kMadeTextBytesMax) return nullptr;
    return texts_.emplace_back(std::make_unique<char[]>(bytes + 1)).get();
  }

 private:
  std::vector<std::unique_ptr<char[]>> texts_;
};

struct ConstantKey {
  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(const Decimal& number) const { return ToText(number); }
  std::string operator()(bool boolean) const { return boolean ? "true" : "false"; }
  std::string operator()(const ir::TimePoint& time) const {
    return std::to_string(time.nanoseconds);
  }
  std::string operator()(const ir::Duration& span) const {
    return std::to_string(span.nanoseconds);
  }
  std::string operator()(const ir::RegexText& regex) const { return regex.text; }
  template <typename T>
  std::string operator()(const std::vector<T>& set) const {
    std::string key;
    for (const T& member : set) {
      const std::string text = (*this)(member);
      key += fmt::format("{}:{}", text.size(), text);
    }
    return key;
  }
};

}  // namespace

Truth ApplyToConstant(Predicate predicate, const ir::Constant& operand, const ir::Constant& value) {
  HeldOperand held;
  held.operand.kind = OperandOf(predicate);
  std::visit(HoldConstant{held}, operand);
  return Apply(predicate, std::visit(ScalarValue{}, value), held.operand);
}

ir::Constant ApplyToConstants(Function function, const ir::Constant& first,
                              const ir::Constant& second) {
  FoldingRoom room;
  return ConstantOf(ApplyFunction(function, std::visit(ScalarValue{}, first),
                                  std::visit(ScalarValue{}, second), room));
}

std::string KeyOf(const ir::Constant& constant) {
  return fmt::format("{}:{}", constant.index(), std::visit(ConstantKey{}, constant));
}

}  // namespace policy
