#include "runtime/jit/call_maker.h"

#include <array>
#include <utility>

#include "runtime/value/function.h"

namespace policy::jit {
namespace {

constexpr std::array<std::string_view, 3> kArguments = {"{}", R"({"amount":1})",
                                                        R"({"\u0061mount":1,"~":[]})"};

constexpr int kExponentMax = 18;
constexpr std::int64_t kCoefficientMax = 999'999'999'999'999'999;
constexpr std::size_t kSetMembersMax = 64;  // of a large set, so many are tried

bool IsDecimal(std::int64_t coefficient) {
  return coefficient % 10 != 0 && coefficient <= kCoefficientMax && coefficient >= -kCoefficientMax;
}

Value Number(std::int64_t coefficient, int exponent) {
  if (coefficient == 0) exponent = 0;
  return Value::MakeNumber({coefficient, static_cast<std::int8_t>(exponent)});
}

}  // namespace

CallMaker::CallMaker(const Layout& layout, const BlockShape& shape)
    : layout_(layout), seen_(layout.derived().size()) {
  for (const std::uint32_t at : shape.instructions) LookAtInstruction(layout.code()[at]);
  for (auto& [slot, choices] : choices_) AddAny(choices);
}

void CallMaker::LookAtInstruction(const Instruction& instruction) {
  if (instruction.opcode == Opcode::Test) {
    LookAt(instruction.slot, &layout_.operands()[instruction.constant]);
  } else if (instruction.opcode == Opcode::Index) {
    const format::IndexTable& table = layout_.index_tables()[instruction.constant];
    for (const format::IndexEntry& entry :
         layout_.index_entries().subspan(table.first_entry, table.entry_count)) {
      if (entry.constant == format::kNone) continue;
      LookAt(instruction.slot, &layout_.operands()[entry.constant]);
    }
  }
}

// A derived value is made of slots: those are filled, too, with what it is compared with.
void CallMaker::LookAt(std::uint32_t number, const Operand* compared, const format::Derived* made) {
  const format::Derived* const derived = layout_.FindDerived(number);
  if (derived == nullptr) {
    Choices& choices = choices_[number];
    if (made != nullptr) {
      std::vector<Value> usual = choices.usual;
      if (compared != nullptr) AddNear(choices, *compared);
      choices.usual = std::move(usual);
      AddUsual(choices, *made, compared);
    } else if (compared != nullptr) {
      AddNear(choices, *compared);
    }
    return;
  }
  const std::size_t position = number - layout_.slot_count();
  if (seen_[position]) return;
  seen_[position] = true;
  if (derived->kind == format::DerivedKind::Literal ||
      derived->kind == format::DerivedKind::Element) {
    return;
  }
  if (derived->first != format::kNone) LookAt(derived->first, compared, derived);
  if (derived->second != format::kNone) LookAt(derived->second, compared, derived);
  if (derived->kind != format::DerivedKind::Quantified) return;
  for (std::uint32_t at = derived->code; at < derived->code_end; ++at) {
    LookAtInstruction(layout_.code()[at]);
  }
}

void CallMaker::AddNear(Choices& choices, const Operand& operand) {
  std::vector<Value>& near = choices.near;
  switch (operand.kind) {
    case OperandKind::String:
    case OperandKind::Regex:
      AddText(choices, operand.text);
      return;
    case OperandKind::StringSet:
      for (const std::string_view text :
           operand.strings.first(std::min(operand.strings.size(), kSetMembersMax))) {
        AddText(choices, text);
      }
      return;
    case OperandKind::Number:
      AddNumber(choices, operand.number);
      return;
    case OperandKind::NumberSet:
      for (const Decimal number :
           operand.numbers.first(std::min(operand.numbers.size(), kSetMembersMax))) {
        AddNumber(choices, number);
      }
      return;
    case OperandKind::Time:
    case OperandKind::Duration:
      for (const std::int64_t step : {-1, 0, 1}) {
        std::int64_t nanoseconds = 0;
        if (__builtin_add_overflow(operand.nanoseconds, step, &nanoseconds)) continue;
        choices.usual.push_back(operand.kind == OperandKind::Time
                                    ? Value::MakeTime(nanoseconds)
                                    : Value::MakeDuration(nanoseconds));
        near.push_back(Value::MakeTime(nanoseconds));
        near.push_back(Value::MakeDuration(nanoseconds));
      }
      return;
    case OperandKind::Bool:
    case OperandKind::BoolSet:
      for (const bool boolean : {false, true}) {
        choices.usual.push_back(Value::MakeBool(boolean));
        near.push_back(Value::MakeBool(boolean));
      }
      return;
    case OperandKind::None:
      return;
  }
}

void CallMaker::AddUsual(Choices& choices, const format::Derived& made, const Operand* compared) {
  std::vector<Value>& usual = choices.usual;
  std::string text = "example.com";
  if (compared != nullptr && compared->kind == OperandKind::String) text = compared->text;
  if (compared != nullptr && compared->kind == OperandKind::StringSet &&
      !compared->strings.empty()) {
    text = compared->strings.front();
  }
  if (made.kind == format::DerivedKind::Quantified) {
    for (const char* const list : {"[]", "[1]", R"(["a"])", R"(["a","b"])"}) {
      usual.push_back(Raw(ValueKind::List, list));
    }
    return;
  }
  if (made.kind == format::DerivedKind::Applied) {
    switch (static_cast<Function>(made.operation)) {
      case Function::Domain:
        usual.push_back(Text("a@" + text));
        usual.push_back(Text("a@other.example"));
        return;
      case Function::Host:
      case Function::Scheme:
      case Function::Port:
        usual.push_back(Text("https://" + text + "/a"));
        usual.push_back(Text("http://other.example:8080/"));
        return;
      case Function::Time:
        usual.push_back(Text("2026-01-05T12:00:00Z"));
        usual.push_back(Text("2031-07-05T12:00:00Z"));
        return;
      case Function::SqlVerbs:
        usual.push_back(Text("SELECT a FROM b"));
        usual.push_back(Text("DROP TABLE b"));
        return;
      case Function::Join:
      case Function::Element:
        usual.push_back(Raw(ValueKind::List, R"(["a","b"])"));
        usual.push_back(Value::MakeNumber({0, 0}));
        return;
      case Function::Length:
        usual.push_back(Raw(ValueKind::List, "[1,2]"));
        for (const std::size_t length : {0U, 1U, 10U, 100U, 1000U}) {
          usual.push_back(Text(std::string(length, 'a')));
        }
        return;
      case Function::Member:
      case Function::OrElse:
      case Function::Lower:
      case Function::Split:
      case Function::Words:
      case Function::Add:
      case Function::Subtract:
      case Function::Multiply:
        break;
    }
  }
  if (compared != nullptr) AddNear(choices, *compared);
}

// The text, and such as differ from it where a comparison may go wrong: in size, in the first and
// in the last byte.
void CallMaker::AddText(Choices& choices, std::string_view text) {
  choices.usual.push_back(Text(std::string(text)));
  choices.usual.push_back(Text(std::string(text) + "x"));
  choices.usual.push_back(Text("x" + std::string(text)));
  choices.near.push_back(Text(std::string(text)));
  choices.near.push_back(Text(std::string(text)));
  choices.near.push_back(Text(std::string(text) + "x"));
  choices.near.push_back(Text("x" + std::string(text)));
  choices.near.push_back(Raw(ValueKind::List, "[\"x\"]"));
  if (text.empty()) return;
  for (const std::size_t place : {std::size_t{0}, text.size() / 2, text.size() - 1}) {
    std::string other(text);
    other[place] = static_cast<char>(other[place] ^ 1);
    choices.near.push_back(Text(std::move(other)));
  }
  choices.near.push_back(Text(std::string(text.substr(1))));
  choices.near.push_back(Text(std::string(text.substr(0, text.size() - 1))));
}

void CallMaker::AddNumber(Choices& choices, Decimal number) {
  choices.near.push_back(Value::MakeNumber(number));
  choices.usual.push_back(Value::MakeNumber(number));
  for (const std::int64_t step : {-1, 1}) {
    if (IsDecimal(number.coefficient + step)) {
      choices.usual.push_back(Number(number.coefficient + step, number.exponent));
    }
  }
  const auto add = [&](std::int64_t coefficient, int exponent) {
    if (!IsDecimal(coefficient) || exponent < -kExponentMax || exponent > kExponentMax) return;
    choices.near.push_back(Number(coefficient, exponent));
  };
  for (const std::int64_t step : {-1, 1}) {
    add(number.coefficient + step, number.exponent);
    for (const int digits : {1, 2, 6}) {  // a little more, or less: with as many more digits
      std::int64_t coefficient = number.coefficient;
      for (int i = 0; i < digits; ++i) {
        if (__builtin_mul_overflow(coefficient, 10, &coefficient)) coefficient = 0;
      }
      add(coefficient + step, number.exponent - digits);
    }
  }
  add(-number.coefficient, number.exponent);
  add(number.coefficient, number.exponent + 1);
  add(number.coefficient, number.exponent - 1);
}

void CallMaker::AddAny(Choices& choices) {
  std::vector<Value>& any = choices.any;
  any = {Value{},
         Value::MakeBroken(),
         Value::MakeBool(false),
         Value::MakeBool(true),
         Value::MakeNumber({0, 0}),
         Number(1, 0),
         Number(-1, kExponentMax),
         Number(kCoefficientMax, kExponentMax),
         Number(-kCoefficientMax, kExponentMax),
         Number(kCoefficientMax, -kExponentMax),
         Number(3, 9),
         Number(3, 10),
         Number(7, -6),
         Number(7, -7),
         Value::MakeTime(0),
         Value::MakeDuration(0),
         Text(""),
         Text("~"),
         Text(std::string(kPatternSubjectBytesMax + 1, 'a')),
         Raw(ValueKind::List, "[]"),
         Raw(ValueKind::List, R"([1,"a",true,null,{}])"),
         Raw(ValueKind::Record, "{}"),
         Raw(ValueKind::InexactNumber, "1e400")};
  Value null;
  null.kind = ValueKind::Null;
  any.push_back(null);
  any.emplace_back();  // what is left out is the most usual of all
  if (choices.near.empty()) choices.near = any;
  if (choices.usual.empty()) choices.usual = choices.near;
}

Value CallMaker::Text(std::string text) {
  return Value::MakeString(texts_.emplace_back(std::move(text)));
}

Value CallMaker::Raw(ValueKind kind, std::string text) {
  Value value = Text(std::move(text));
  value.kind = kind;
  return value;
}

std::size_t CallMaker::Pick(std::size_t count) { return random_() % count; }

void CallMaker::Fill(Frame& frame) {
  frame.Clear();
  frame.arguments = kArguments[Pick(kArguments.size())];
  const bool is_usual = Pick(2) == 0;
  const std::size_t odd = is_usual && Pick(4) == 0 ? Pick(choices_.size() + 1) : choices_.size();
  std::size_t place = 0;
  for (const auto& [slot, choices] : choices_) {
    const bool is_odd = place++ == odd || (!is_usual && Pick(4) == 0);
    const std::vector<Value>& values = is_odd     ? choices.any
                                       : is_usual ? choices.usual
                                                  : choices.near;
    frame.Fill(slot, values[Pick(values.size())]);
  }
}

}  // namespace policy::jit
