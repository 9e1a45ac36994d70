#include "runtime/vm/derive.h"

#include <array>
#include <string>
#include <string_view>

#include "policy/check.h"
#include "runtime/value/decimal.h"
#include "runtime/value/function.h"
#include "runtime/value/predicate.h"
#include "runtime/vm/condition.h"

namespace policy {
namespace {

using format::Derived;
using format::DerivedKind;

Value LiteralValue(const Operand& literal) {
  switch (literal.kind) {
    case OperandKind::String:
      return Value::MakeString(literal.text);
    case OperandKind::Number:
      return Value::MakeNumber(literal.number);
    case OperandKind::Bool:
      return Value::MakeBool(literal.boolean);
    case OperandKind::Time:
      return Value::MakeTime(literal.nanoseconds);
    case OperandKind::Duration:
      return Value::MakeDuration(literal.nanoseconds);
    default:
      CHECK(false && "Verify lets no other literal through");
      return Value::MakeBroken();
  }
}

Value BoolValue(Truth truth) {
  return truth == Truth::Unknown ? Value::MakeBroken() : Value::MakeBool(truth == Truth::True);
}

Value Applied(const Derived& applied, Frame& frame) {
  const Value first = ValueAt(frame, applied.first);
  const Value second = applied.second == format::kNone ? Value{} : ValueAt(frame, applied.second);
  return ApplyFunction(static_cast<Function>(applied.operation), first, second, frame.made_texts());
}

Value Compared(const Derived& compared, Frame& frame) {
  const Value left = ValueAt(frame, compared.first);
  const Value right = ValueAt(frame, compared.second);
  return BoolValue(ApplyRelation(static_cast<Relation>(compared.operation), left, right));
}

Truth RunBody(const Derived& quantifier, Frame& frame) {
  const Layout& layout = frame.program().layout();
  const Instruction* const code = layout.code().data();
  const Operand* const operands = layout.operands().data();
  std::array<Truth, 256> registers;
  registers.fill(Truth::Unknown);
  for (std::uint32_t at = quantifier.code;;) {
    const Instruction& instruction = code[at];
    Truth& target = registers[instruction.dst];
    switch (instruction.opcode) {
      case Opcode::Test:
        target = Written(instruction, RunTest(instruction, operands, frame), target);
        break;
      case Opcode::Constant:
        target = Written(instruction, static_cast<Truth>(instruction.predicate), target);
        break;
      case Opcode::Combine: {
        const Truth source = registers[instruction.predicate];
        target = Written(instruction, (instruction.flags & kFlagNegate) != 0 ? Not(source) : source,
                         target);
        break;
      }
      case Opcode::Jump:
        at = instruction.target;
        continue;
      case Opcode::End:
        return registers[0];
      default:
        CHECK(false && "Verify lets no other instruction through");
    }
    at = TakesJump(instruction, target) ? instruction.target : at + 1;
  }
}

// Some element holds: true; else unknown where one is unknown. `all` is the mirror image. The walk
// ends with the first element that decides.
Value QuantifyBool(ElementWalk& walk, bool is_any) {
  const Truth decides = is_any ? Truth::True : Truth::False;
  Truth whole = Not(decides);
  for (Truth truth; whole != decides && walk.Next(truth);) {
    whole = is_any ? Or(whole, truth) : And(whole, truth);
  }
  return BoolValue(whole);
}

Value Count(ElementWalk& walk) {
  std::int64_t count = 0;
  for (Truth truth; walk.Next(truth);) {
    if (truth == Truth::Unknown) return Value::MakeBroken();
    count += truth == Truth::True ? 1 : 0;
  }
  return Value::MakeNumber(*ParseDecimal(std::to_string(count)));
}

Value Quantify(const Derived& quantifier, Frame& frame) {
  ElementWalk walk(frame, quantifier);
  if (!walk.is_list()) return Value::MakeBroken();
  const auto kind = static_cast<format::Quantifier>(quantifier.operation);
  if (kind == format::Quantifier::Count) return Count(walk);
  return QuantifyBool(walk, kind == format::Quantifier::Any);
}

Value Derive(const Derived& derived, Frame& frame) {
  switch (derived.kind) {
    case DerivedKind::Literal:
      return LiteralValue(frame.program().layout().operands()[derived.constant]);
    case DerivedKind::Applied:
      return Applied(derived, frame);
    case DerivedKind::Compared:
      return Compared(derived, frame);
    case DerivedKind::Quantified:
      return Quantify(derived, frame);
    case DerivedKind::Element:  // made by the walk over its list
      break;
  }
  CHECK(false && "an element outside of its quantifier");
  return Value::MakeBroken();
}

}  // namespace

const Value& DerivedAt(Frame& frame, std::uint32_t number) {
  if (!frame.IsMade(number)) {
    frame.Make(number, Derive(*frame.program().layout().FindDerived(number), frame));
  }
  return frame.made(number);
}

ElementWalk::ElementWalk(Frame& frame, const Derived& quantifier)
    : frame_(frame), quantifier_(quantifier), list_(ValueAt(frame, quantifier.first)), walk_("[]") {
  // Longer lists are refused before anything is asked of their first elements: what the policy
  // decides does not depend on where it stopped looking.
  is_list_ = list_.kind == ValueKind::List &&
             CountElements(list_.text(), kListElementsMax + 1) <= kListElementsMax;
  if (is_list_) walk_ = ListWalk(list_.text());
}

ElementWalk::~ElementWalk() { frame_.Forget(quantifier_.second, quantifier_.scope_end); }

bool ElementWalk::Next(Truth& truth) {
  std::string_view element;
  if (!walk_.Next(element)) return false;
  ++next_index_;
  frame_.Forget(quantifier_.second, quantifier_.scope_end);
  frame_.Make(quantifier_.second, ReadJsonValue(element, list_.boolean, frame_.made_texts()));
  truth = RunBody(quantifier_, frame_);
  return true;
}

}  // namespace policy
