#include "runtime/jit/call_maker.h"

#include <array>
#include <utility>

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
void CallMaker::LookAt(std::uint32_t number, const Operand* compared) {
  const format::Derived* const derived = layout_.FindDerived(number);
  if (derived == nullptr) {
    Choices& choices = choices_[number];
    if (compared != nullptr) AddNear(choices, *compared);
    return;
  }
  const std::size_t position = number - layout_.slot_count();
  if (seen_[position]) return;
  seen_[position] = true;
  if (derived->kind == format::DerivedKind::Literal ||
      derived->kind == format::DerivedKind::Element) {
    return;
  }
  if (derived->first != format::kNone) LookAt(derived->first, compared);
  if (derived->second != format::kNone) LookAt(derived->second, compared);
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
        near.push_back(Value::MakeTime(nanoseconds));
        near.push_back(Value::MakeDuration(nanoseconds));
      }
      return;
    case OperandKind::Bool:
    case OperandKind::BoolSet:
      near.push_back(Value::MakeBool(false));
      near.push_back(Value::MakeBool(true));
      return;
    case OperandKind::None:
      return;
  }
}

// The text, and such as differ from it where a comparison may go wrong: in size, in the first and
// in the last byte.
void CallMaker::AddText(Choices& choices, std::string_view text) {
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
  for (const auto& [slot, choices] : choices_) {
    const std::vector<Value>& values = Pick(4) == 0 ? choices.any : choices.near;
    frame.Fill(slot, values[Pick(values.size())]);
  }
}

}  // namespace policy::jit
